package cpu

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// usual are mm's default settings.
var usual = Elements{MinSize: 0.2, MinLight: 0.4, MaxLight: 0.7, ZeroHue: 0.77, HueGap: 0.74, HueSpread: 0.04, RangeMax: 4}

// looks are elements with every look.
func looks(e Elements) []Elements {
	all := make([]Elements, 4)
	for i := range all {
		all[i] = e
		all[i].Light, all[i].Safe = i&1 != 0, i&2 != 0
	}
	return all
}

// hsl takes a colour apart.
func hsl(c [3]float64) (hue, saturation, lightness float64) {
	most, least := max(c[0], c[1], c[2]), min(c[0], c[1], c[2])
	lightness = (most + least) / 2
	if most == least {
		return 0, 0, lightness
	}
	switch chroma := most - least; most {
	case c[0]:
		hue = (c[1] - c[2]) / chroma
	case c[1]:
		hue = 2 + (c[2]-c[0])/chroma
	default:
		hue = 4 + (c[0]-c[1])/chroma
	}
	return hue/6 - math.Floor(hue/6), (most - least) / (1 - math.Abs(2*lightness-1)), lightness
}

func TestElementColourInHSL(t *testing.T) {
	for _, c := range []struct {
		x, hue, lightness, safeHue float64
	}{
		{4, 0.55, 0.7, 0.56}, {1, 0.52, 0.55, 0.56}, {1e-9, 0.51, 0.4, 0.56},
		{-4, 0.99, 0.7, 0.115}, {-1, 0.02, 0.55, 0.115}, {-1e-9, 0.03, 0.4, 0.115},
	} {
		for _, e := range looks(usual) {
			want := [3]float64{c.hue, 1, c.lightness}
			if e.Safe {
				want[0] = c.safeHue
			}
			if e.Light {
				want[2] = 1 - c.lightness
			}
			h, s, l := hsl(e.Colour(c.x))
			for i, got := range [3]float64{h, s, l} {
				if math.Abs(got-want[i]) > 1e-4 {
					t.Errorf("light %v, safe %v: %v has HSL %.4f %.4f %.4f, want %v", e.Light, e.Safe, c.x, h, s, l, want)
					break
				}
			}
		}
	}
}

func TestElementsThatStandOut(t *testing.T) {
	black, white := [3]float64{}, [3]float64{1, 1, 1}
	for _, e := range looks(usual) {
		background, opposite := black, white
		if e.Light {
			background, opposite = white, black
		}
		for x, want := range map[float64][3]float64{
			0: background, math.Copysign(0, -1): background,
			math.NaN(): opposite, math.Inf(1): opposite, math.Inf(-1): opposite,
		} {
			if got := e.Colour(x); got != want {
				t.Errorf("light %v: colour of %v is %v, want %v", e.Light, x, got, want)
			}
		}
	}
	for x, want := range map[float64]float64{0: 0, math.NaN(): 1, math.Inf(-1): 1, 4: 1, -400: 1, 1: 0.6, 1e-12: 0.2} {
		if got := usual.Size(x); math.Abs(got-want) > 1e-5 {
			t.Errorf("size of %v is %v, want %v", x, got, want)
		}
	}
}

// Whatever the look, the larger of two values of a sign stands out more from the background,
// and is no smaller.
func TestLargerElementsStandOutMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		small := rapid.Float64Range(0.001, 3.9).Draw(t, "small")
		large := rapid.Float64Range(small, 4).Draw(t, "large")
		sign := rapid.SampledFrom([]float64{-1, 1}).Draw(t, "sign")
		for _, e := range looks(usual) {
			_, _, background := hsl(e.Colour(0))
			_, _, a := hsl(e.Colour(sign * small))
			_, _, b := hsl(e.Colour(sign * large))
			if math.Abs(a-background) > math.Abs(b-background)+1e-12 || e.Size(small) > e.Size(large) {
				t.Fatalf("light %v, safe %v: %v stands out more than %v", e.Light, e.Safe, small, large)
			}
		}
	})
}

// The safe palette keeps the signs apart for those who lack the cones for red or for green.
// To them colours look as the matrices of Viénot, Brettel and Mollon (1999) say, in linear
// light.
func TestSafePaletteIsSafe(t *testing.T) {
	seenBy := map[string][3][3]float64{
		"protanope":   {{0.11238, 0.88762, 0}, {0.11238, 0.88762, 0}, {0.00401, -0.00401, 1}},
		"deuteranope": {{0.29275, 0.70725, 0}, {0.29275, 0.70725, 0}, {-0.02234, 0.02234, 1}},
	}
	for _, e := range looks(usual) {
		if !e.Safe {
			continue
		}
		for _, x := range []float64{0.001, 0.1, 0.5, 1, 2, 4} {
			for who, matrix := range seenBy {
				plus, minus := seen(matrix, e.Colour(x)), seen(matrix, e.Colour(-x))
				d := math.Sqrt(square(plus[0]-minus[0]) + square(plus[1]-minus[1]) + square(plus[2]-minus[2]))
				if d < 0.5 {
					t.Errorf("light %v: to a %s ±%v are %.2f and %.2f, %.2f apart", e.Light, who, x, plus, minus, d)
				}
			}
		}
	}
}

func square(x float64) float64 { return x * x }

// seen is a colour as a matrix in linear light changes it.
func seen(matrix [3][3]float64, c [3]float64) (out [3]float64) {
	for i, row := range matrix {
		for j, share := range row {
			out[i] += share * math.Pow(c[j], 2.2)
		}
		out[i] = math.Pow(max(out[i], 0), 1/2.2)
	}
	return out
}
