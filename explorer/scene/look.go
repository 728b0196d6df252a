package scene

// Look is how a scene is coloured. The zero Look is mm's, on black.
type Look struct {
	Light bool // white background; what is bright on black is dark on it
	Safe  bool // a palette that does not depend on telling red from green
}

// Background is the colour behind a scene.
func (l Look) Background() Colour { return l.Guide(0) }

// Text is the colour of labels.
func (l Look) Text() Colour { return l.Guide(0.95) }

// InUse is what is added to every channel of the colours of elements that are in use: they
// are brighter or, on a light background, darker.
func (l Look) InUse() float64 {
	if l.Light {
		return -0.5
	}
	return 0.5
}

// Guide is the grey of a brightness, which is kept within 0 to 1: 0 is the background, and 1
// stands out from it most.
func (l Look) Guide(brightness float64) Colour {
	grey := float32(min(max(brightness, 0), 1))
	if l.Light {
		grey = 1 - grey
	}
	return Colour{grey, grey, grey, 1}
}

// primaries are the red, green and blue that tell directions apart: x, y and z, and what
// comes from a right (red) and a left (blue) argument. On a light background they are
// darker. The safe ones are the vermilion, bluish green and blue of the Okabe-Ito palette,
// lighter on black.
func (l Look) primaries() [3]Colour {
	switch {
	case l.Light && l.Safe:
		return [3]Colour{{0.835, 0.369, 0, 1}, {0, 0.52, 0.38, 1}, {0, 0.447, 0.698, 1}}
	case l.Light:
		return [3]Colour{{0.8, 0.1, 0.1, 1}, {0, 0.5, 0.1, 1}, {0.1, 0.2, 0.85, 1}}
	case l.Safe:
		return [3]Colour{{1, 0.47, 0.1, 1}, {0, 0.75, 0.55, 1}, {0.25, 0.6, 0.95, 1}}
	}
	return [3]Colour{{1, 0.25, 0.2, 1}, {0.2, 0.85, 0.3, 1}, {0.3, 0.45, 1, 1}}
}

func (l Look) red() Colour  { return l.primaries()[0] }
func (l Look) blue() Colour { return l.primaries()[2] }
