package cpu

import "math"

// Elements says how the elements of one matrix look: balls that are larger, and stand out
// more from the background, the larger |x| is, in one hue for positive values and another
// for negative ones. The formulas are those of the visualiser mm; a shader that has them
// must say the same.
//
// v is where |x| lies in the range, (|x| - RangeMin) / (RangeMax - RangeMin), not below 0;
// in a range without a length it is 1.
type Elements struct {
	MinSize            float64 // of an element at v = 0, as a part of the full size
	MinLight, MaxLight float64 // lightness at v = 0 and v = 1, on black
	ZeroHue            float64 // 0 to 1, as the other two: red, green at a third, blue at two thirds
	HueGap             float64 // from ZeroHue to the hue of either sign
	HueSpread          float64 // from v = 0 to v = 1 within a sign, added to the gap
	RangeMin, RangeMax float64 // |x| at v = 0 and v = 1

	Light bool // on white: lightness l becomes 1 - l, black white and white black
	Safe  bool // two hues that do not depend on red and green being told apart
}

// The hues of the safe palette are those of the Okabe-Ito palette's blue (#0072B2) and
// orange (#E69F00).
const (
	safePositive = 0.56
	safeNegative = 0.115
)

// position is v. A value beyond the range, as a partial sum can be, lies beyond 1, but never
// at infinity.
func (e Elements) position(x float64) float64 {
	if !(e.RangeMax > e.RangeMin) {
		return 1
	}
	return min(max((math.Abs(x)-e.RangeMin)/(e.RangeMax-e.RangeMin), 0), math.MaxFloat32)
}

// Size is the size of an element of value x as a part of the full size: 0 for 0, which is
// not drawn, else MinSize + (1-MinSize) sqrt(v), at most 1. What is no number, or infinite,
// has 1, so that it is seen.
func (e Elements) Size(x float64) float64 {
	switch {
	case x == 0:
		return 0
	case notFinite(x):
		return 1
	}
	return unit(e.MinSize + (1-e.MinSize)*math.Sqrt(e.position(x)))
}

// Colour is the colour, red, green and blue as they go into a PNG (0 to 1), of an element of
// value x: the background's for 0, its opposite for what is no number or infinite, else in
// HSL
//
//	hue        = ZeroHue ± (HueGap + HueSpread v), + for x > 0, modulo 1; Safe: 0.56 or 0.115
//	saturation = 1
//	lightness  = MinLight + (MaxLight-MinLight) sqrt(v); Light: 1 less that
func (e Elements) Colour(x float64) [3]float64 {
	hue, lightness := 0.0, 0.0
	switch {
	case x == 0:
	case notFinite(x):
		lightness = 1
	default:
		v := e.position(x)
		hue = e.ZeroHue + math.Copysign(e.HueGap+e.HueSpread*v, x)
		hue -= math.Floor(hue)
		if e.Safe && x > 0 {
			hue = safePositive
		} else if e.Safe {
			hue = safeNegative
		}
		lightness = e.MinLight + (e.MaxLight-e.MinLight)*math.Sqrt(v)
	}
	if e.Light {
		lightness = 1 - lightness
	}
	return fullColour(hue, lightness)
}

// fullColour is the colour of a hue at a lightness, which is kept within 0 to 1, and
// saturation 1.
func fullColour(hue, lightness float64) [3]float64 {
	lightness = unit(lightness)
	chroma := 1 - math.Abs(2*lightness-1)
	colour := [3]float64{math.Abs(6*hue-3) - 1, 2 - math.Abs(6*hue-2), 2 - math.Abs(6*hue-4)}
	for c, share := range colour {
		colour[c] = unit(lightness + chroma*(unit(share)-0.5))
	}
	return colour
}

func notFinite(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) }

func unit(x float64) float64 { return min(max(x, 0), 1) }
