package cpu

import "math"

// Palette is a way to colour values; the numbers are those of shared/colour.wgsl.
type Palette uint32

// The palettes. Paper runs from white to navy for light backgrounds, Ink from near
// black to cream for dark ones; Signed is blue below zero and red above.
const (
	Paper Palette = iota
	Ink
	Signed
)

type rgb [3]float64

var paperRamp = [5]rgb{{0.965, 0.975, 0.985}, {0.73, 0.84, 0.925}, {0.36, 0.61, 0.81}, {0.12, 0.34, 0.62}, {0.03, 0.09, 0.26}}
var inkRamp = [5]rgb{{0.055, 0.06, 0.11}, {0.22, 0.16, 0.45}, {0.60, 0.23, 0.51}, {0.94, 0.48, 0.36}, {1, 0.95, 0.75}}

// Colour is the colour, as it goes into a PNG (0 to 1), of value x where |x| = span gets
// the palette's strongest: the position along the palette is sqrt(|x|/span), at most 1.
func Colour(x, span float64, palette Palette) [3]float64 {
	t := math.Sqrt(min(math.Abs(x)/span, 1))
	switch palette {
	case Ink:
		return ramp(t, inkRamp)
	case Signed:
		end := rgb{0.698, 0.094, 0.169}
		if x < 0 {
			end = rgb{0.129, 0.40, 0.675}
		}
		return mix(rgb{0.97, 0.97, 0.97}, end, t)
	}
	return ramp(t, paperRamp)
}

// Colorize packs the colours of x as red, green, blue, 255 bytes, red lowest.
func Colorize(dst []uint32, x []float32, span float32, palette Palette) {
	for i, v := range x {
		dst[i] = 0xff000000
		for c, f := range Colour(float64(v), float64(span), palette) {
			dst[i] |= uint32(math.Floor(f*255+0.5)) << (8 * c)
		}
	}
}

// ramp runs through five colours at t = 0, 1/4, 1/2, 3/4, 1.
func ramp(t float64, c [5]rgb) rgb {
	i := min(int(4*t), 3)
	return mix(c[i], c[i+1], 4*t-float64(i))
}

func mix(a, b rgb, t float64) rgb {
	for i := range a {
		a[i] += (b[i] - a[i]) * t
	}
	return a
}
