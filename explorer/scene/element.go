package scene

import (
	"math"

	"headscope/explorer/expr"
)

// Range is the least and the largest |x| of some values: what sizes and colours run between.
type Range struct{ Min, Max float64 }

// RangeOf is the range that a sensitivity sets for a matrix: its own range is local, and
// global is the largest |x| of the whole expression. Only "superlocal" starts above 0;
// "semilocal" ends at the geometric mean of the matrix' maximum and the global one.
func RangeOf(sensitivity string, local Range, global float64) Range {
	switch sensitivity {
	case "local":
		return Range{0, local.Max}
	case "superlocal":
		return local
	case "semilocal":
		return Range{0, math.Sqrt(local.Max * global)}
	}
	return Range{0, global}
}

// position is where |x| lies in the range, 0 at its start and 1 at its end. In a range
// without a length everything is at the end. A value beyond the range, as a partial sum can
// be, lies beyond the end, but never at infinity.
func (r Range) position(x float64) float64 {
	if !(r.Max > r.Min) {
		return 1
	}
	return min(max((math.Abs(x)-r.Min)/(r.Max-r.Min), 0), math.MaxFloat32)
}

// Elements is how the elements of one matrix look, as mm draws them: balls that are larger
// and lighter the larger |x| is, in one hue for positive values and another for negative
// ones.
type Elements struct {
	Viz   expr.Viz
	Range Range
}

// Size is the size of an element of value x in a window whose shorter side has so many
// pixels (times the pixel ratio, if the window counts in others). At view depth d the
// element is size/d pixels wide. A 0 has size 0 and is not drawn; what is no number is as
// large as can be, so that it is seen.
func (e Elements) Size(x, shorterSide float64) float64 {
	full := e.Viz.ElemScale * shorterSide
	switch {
	case x == 0:
		return 0
	case math.IsNaN(x) || math.IsInf(x, 0):
		return full
	}
	return min(full, full*(e.Viz.MinSize+(1-e.Viz.MinSize)*math.Sqrt(e.Range.position(x))))
}

// Colour is the colour of an element of value x: black for 0, white for what is no number,
// else of full saturation in HSL.
func (e Elements) Colour(x float64) Colour {
	switch {
	case x == 0:
		return Colour{0, 0, 0, 1}
	case math.IsNaN(x) || math.IsInf(x, 0):
		return Colour{1, 1, 1, 1}
	}
	v, viz := e.Range.position(x), e.Viz
	hue := viz.ZeroHue + math.Copysign(viz.HueGap+viz.HueSpread*v, x)
	return fullColour(hue-math.Floor(hue), viz.MinLight+(viz.MaxLight-viz.MinLight)*math.Sqrt(v))
}

// fullColour is the colour of a hue from 0 to 1 (red, green at a third, blue at two thirds)
// at a lightness, which is kept within 0 to 1, and saturation 1.
func fullColour(hue, lightness float64) Colour {
	unit := func(x float64) float64 { return min(max(x, 0), 1) }
	lightness = unit(lightness)
	chroma := 1 - math.Abs(2*lightness-1)
	colour := Colour{3: 1}
	for c, share := range [3]float64{math.Abs(6*hue-3) - 1, 2 - math.Abs(6*hue-2), 2 - math.Abs(6*hue-4)} {
		colour[c] = float32(unit(lightness + chroma*(unit(share)-0.5)))
	}
	return colour
}
