package scene

import (
	"math"

	"headscope/explorer/expr"
	"headscope/wgsl/cpu"
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

// Elements is how the elements of one matrix look: as mm draws them with the zero Look, and
// so that they mean the same with any other.
type Elements struct {
	Viz   expr.Viz
	Range Range
	Look  Look
}

// Formula is what sizes and colours are computed by, here and in shaders.
func (e Elements) Formula() cpu.Elements {
	return cpu.Elements{
		MinSize: e.Viz.MinSize, MinLight: e.Viz.MinLight, MaxLight: e.Viz.MaxLight,
		ZeroHue: e.Viz.ZeroHue, HueGap: e.Viz.HueGap, HueSpread: e.Viz.HueSpread,
		RangeMin: e.Range.Min, RangeMax: e.Range.Max,
		Light: e.Look.Light, Safe: e.Look.Safe,
	}
}

// Size is the size of an element of value x in a window whose shorter side has so many
// pixels (times the pixel ratio, if the window counts in others). At view depth d the
// element is size/d pixels wide. A 0 has size 0 and is not drawn; what is no number is as
// large as can be, so that it is seen.
func (e Elements) Size(x, shorterSide float64) float64 {
	return e.Viz.ElemScale * shorterSide * e.Formula().Size(x)
}

// Colour is the colour of an element of value x: the background's for 0, its opposite for
// what is no number, else a full one.
func (e Elements) Colour(x float64) Colour { return opaque(e.Formula().Colour(x)) }

func opaque(c [3]float64) Colour {
	return Colour{float32(c[0]), float32(c[1]), float32(c[2]), 1}
}
