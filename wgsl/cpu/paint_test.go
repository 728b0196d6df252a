package cpu

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestPaint(t *testing.T) {
	for _, e := range looks(usual) { // a range from 0 to 4
		for _, c := range []struct{ x, weight, like float64 }{
			{1e-30, EvenWeight, 1e-30},
			{1, EvenWeight + 0.25*(1-EvenWeight), 1},
			{-1, EvenWeight + 0.25*(1-EvenWeight), -1},
			{4, 1, 4},
			{5, 1, 4}, {-math.MaxFloat32, 1, -4}, // beyond the range
			{math.NaN(), 1, math.NaN()},
			{math.Inf(-1), 1, math.NaN()},
		} {
			got, colour := Paint(e, c.x), e.Colour(c.like)
			if math.Abs(got[3]-c.weight) > 1e-12 {
				t.Errorf("the weight of %v is %v, want %v", c.x, got[3], c.weight)
			}
			for i := range 3 {
				if math.Abs(got[i]-colour[i]*got[3]) > 1e-12 {
					t.Errorf("light %v, safe %v: %v is painted %v, want %v times its weight", e.Light, e.Safe, c.x, got, colour)
					break
				}
			}
		}
		for _, zero := range []float64{0, math.Copysign(0, -1)} {
			if got := Paint(e, zero); got != [4]float64{} {
				t.Errorf("a zero is painted %v", got)
			}
		}
	}
	flat := usual
	flat.RangeMin, flat.RangeMax = 3, 3
	if got := Paint(flat, 2); got[3] != 1 {
		t.Errorf("in a range of no length the weight is %v", got[3])
	}
}

// A look-up in the table by the numbers of [Elements.Scale] gives the colour, as nearly as
// there are shades.
func TestTableHasTheColours(t *testing.T) {
	const shades = 256
	rapid.Check(t, func(t *rapid.T) {
		e := rapid.SampledFrom(looks(usual)).Draw(t, "look")
		e.RangeMin = rapid.SampledFrom([]float64{0, 1e-6, 3}).Draw(t, "least")
		e.RangeMax = e.RangeMin + rapid.SampledFrom([]float64{0, 1e-42, 1e-6, 5, 1e30}).Draw(t, "length")
		table := e.Table(shades)
		if len(table) != 2*shades+1 {
			t.Fatalf("%d colours, want %d", len(table), 2*shades+1)
		}
		least, slope := e.Scale()
		if f := float64(slope); notFinite(f) || notFinite(float64(least)) || f < 0 {
			t.Fatalf("scale %v, %v", least, slope)
		}
		length := e.RangeMax - e.RangeMin
		if length == 1e-42 {
			return // less than float32 has digits for: it only must not be infinite
		}
		share := rapid.Float64Range(0, 1).Draw(t, "share")
		x := rapid.SampledFrom([]float64{-1, 1}).Draw(t, "sign") * max(e.RangeMin+share*length, math.SmallestNonzeroFloat64)
		place := 1.0
		if slope != 0 {
			place = math.Sqrt(min(max((math.Abs(x)-float64(least))*float64(slope), 0), 1))
		}
		at := int(place*(shades-1) + 0.5)
		if x < 0 {
			at += shades
		}
		want := e.Colour(x)
		for i, got := range table[at] {
			if math.Abs(got-want[i]) > 2.0/255 {
				t.Fatalf("%v is shade %d, %v; its colour is %v", x, at, table[at], want)
			}
		}
		if table[2*shades] != e.Colour(math.NaN()) {
			t.Fatalf("what is no number is %v", table[2*shades])
		}
	})
}

func TestShrink(t *testing.T) {
	grey := func(values ...float64) (image [][4]float64) {
		for _, v := range values {
			image = append(image, [4]float64{v, 2 * v, 0, 1})
		}
		return image
	}
	for _, c := range []struct {
		rows, cols         int
		image, want        [][4]float64
		wantRows, wantCols int
	}{
		{1, 1, grey(7), grey(7), 1, 1},
		{1, 2, grey(1, 3), grey(2), 1, 1},
		{3, 1, grey(1, 3, 8), grey(4), 1, 1},
		{2, 2, grey(1, 2, 3, 6), grey(3), 1, 1},
		// Two and a half texels each.
		{1, 5, grey(1, 1, 4, 5, 6), grey(4/2.5, 13/2.5), 1, 2},
	} {
		got, rows, cols := Shrink(c.image, c.rows, c.cols)
		if rows != c.wantRows || cols != c.wantCols || len(got) != len(c.want) {
			t.Errorf("%d x %d becomes %d x %d (%d texels), want %d x %d", c.rows, c.cols, rows, cols, len(got), c.wantRows, c.wantCols)
			continue
		}
		for i := range got {
			for k := range 4 {
				if math.Abs(got[i][k]-c.want[i][k]) > 1e-12 {
					t.Errorf("%d x %d: %v, want %v", c.rows, c.cols, got, c.want)
				}
			}
		}
	}
}

// However odd the sides, no level loses or invents anything: the mean stays.
func TestShrinkKeepsTheMean(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, cols := rapid.IntRange(1, 40).Draw(t, "rows"), rapid.IntRange(1, 40).Draw(t, "cols")
		values := rapid.SliceOfN(rapid.Float64Range(0, 1), rows*cols, rows*cols).Draw(t, "values")
		image := make([][4]float64, rows*cols)
		mean := 0.0
		for i, v := range values {
			image[i] = [4]float64{v, 0, 0, 1}
			mean += v / float64(rows*cols)
		}
		for rows*cols > 1 {
			image, rows, cols = Shrink(image, rows, cols)
			got, weight := 0.0, 0.0
			for _, texel := range image {
				got += texel[0] / float64(rows*cols)
				weight += texel[3] / float64(rows*cols)
			}
			if math.Abs(got-mean) > 1e-9 || math.Abs(weight-1) > 1e-9 {
				t.Fatalf("at %d x %d the mean is %v of weight %v, was %v", rows, cols, got, weight, mean)
			}
		}
	})
}
