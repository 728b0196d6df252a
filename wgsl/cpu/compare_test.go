package cpu

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// patternOf makes a causal pattern, sharper the larger the scale.
func patternOf(t *rapid.T, name string, n int, scale float32) Mat {
	x := NewMat(n, n)
	for i := range x.Data {
		x.Data[i] = rapid.Float32Range(-1, 1).Draw(t, name)
	}
	Softmax(x, x, scale, true, nil)
	return x
}

func TestCompareByHand(t *testing.T) {
	a := MatOf([]float32{
		1, 9, 9,
		.5, .5, 9,
		0, 1, 0,
	}, 3, 3)
	b := MatOf([]float32{
		1, 7, 7,
		1, 0, 7,
		.25, 0, .75,
	}, 3, 3)
	difference := NewMat(3, 3)
	rows := Compare(difference, a, b)
	for i, want := range []float32{0, 0, 0, -.5, .5, 0, -.25, 1, -.75} {
		if difference.Data[i] != want {
			t.Errorf("difference %d is %v, want %v", i, difference.Data[i], want)
		}
	}
	// m = (3/4, 1/4)
	second := .5*(.5*math.Log(2./3)+.5*math.Log(2)) + .5*math.Log(4./3)
	near(t, "one-hot on the same token", rows[0].Divergence, 0)
	near(t, "half on the same token", rows[1].Divergence, second)
	near(t, "no common token", rows[2].Divergence, math.Ln2)

	d := Apart(rows)
	near(t, "mean distance", d.JS, (0+math.Sqrt(second/math.Ln2)+1)/3)
	near(t, "cosine", d.Cosine, 1.5/math.Sqrt(2.5*(2+.0625+.5625)))
	if d.MaxDiff != 1 || d.I != 2 || d.J != 1 {
		t.Errorf("the largest difference is %v at %d, %d; want 1 at 2, 1", d.MaxDiff, d.I, d.J)
	}
	if d := Apart(nil); d != (Distance{}) {
		t.Errorf("no rows are %+v apart", d)
	}
}

// A distance is 0 of a pattern to itself, else above it, the same both ways, at most 1, and
// no longer than by way of a third pattern.
func TestApartIsADistance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "n")
		scale := rapid.Float32Range(0, 60).Draw(t, "scale")
		a, b, c := patternOf(t, "a", n, scale), patternOf(t, "b", n, scale), patternOf(t, "c", n, scale)
		apart := func(a, b Mat) Distance { return Apart(Compare(NewMat(n, n), a, b)) }
		if d := apart(a, a); d.JS != 0 || d.Cosine < 1-1e-12 || d.MaxDiff != 0 {
			t.Fatalf("a pattern is %+v from itself", d)
		}
		ab, ba := apart(a, b), apart(b, a)
		near(t, "both ways", ab.JS, ba.JS)
		near(t, "cosine both ways", ab.Cosine, ba.Cosine)
		if ab.MaxDiff != -ba.MaxDiff || ab.I != ba.I || ab.J != ba.J {
			t.Fatalf("the largest differences are %+v and %+v", ab, ba)
		}
		if ab.JS < 0 || ab.JS > 1 || ab.Cosine < 0 || ab.Cosine > 1 || math.Abs(ab.MaxDiff) > 1 {
			t.Fatalf("two patterns are %+v apart", ab)
		}
		if way := apart(a, c).JS + apart(c, b).JS; ab.JS > way+1e-6 {
			t.Fatalf("%v apart, but %v by way of another", ab.JS, way)
		}
	})
}
