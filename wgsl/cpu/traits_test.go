package cpu

import (
	"math"
	"testing"
)

func TestTraitsByHand(t *testing.T) {
	a := MatOf([]float32{
		1, 0, 0, 0,
		.25, .75, 0, 0,
		.5, 0, .5, 0,
		.125, .25, .5, .125,
	}, 4, 4)
	ids := []int32{7, 8, 7, 7}
	rows := Traits(a, ids)

	r := rows[3] // copies of 7 at 0 and 2, so induction looks at 1 and 3
	entropy := .125*math.Log(8)*2 + .25*math.Log(4) + .5*math.Log(2)
	distance := .125*3 + .25*2 + .5
	for _, c := range []struct {
		what      string
		got, want float64
	}{
		{"current", r.Current, .125}, {"previous", r.Previous, .5}, {"first", r.First, .125},
		{"entropy", r.Entropy, entropy}, {"normalized", r.Normalized, entropy / math.Log(4)},
		{"distance", r.Distance, distance},
		{"spread", r.Spread, math.Sqrt(.125*9 + .25*4 + .5 - distance*distance)},
		{"duplicate", r.Duplicate, .625}, {"induction", r.Induction, .375}, {"copies", float64(r.Copies), 2},
	} {
		near(t, c.what, c.got, c.want)
	}
	if r := rows[0]; r.Previous != 0 || r.Normalized != 0 || r.Entropy != 0 || r.First != 1 || r.Copies != 0 {
		t.Errorf("row 0 is %+v", r)
	}
	if r := rows[1]; r.Copies != 0 || r.Duplicate != 0 {
		t.Errorf("row 1 has no earlier copy: %+v", r)
	}

	h := Average(rows)
	near(t, "mean current", h.Current, (1+.75+.5+.125)/4)
	near(t, "mean previous", h.Previous, (.25+0+.5)/3)
	near(t, "mean first", h.First, (.25+.5+.125)/3)
	near(t, "mean duplicate", h.Duplicate, (.5+.625)/2)
	near(t, "mean induction", h.Induction, (0+.375)/2)
	near(t, "mean distance", h.Distance, (0+.25+1+distance)/4)
	second := 0 + .25 + .5*4 + .125*9 + .25*4 + .5
	near(t, "spread", h.Spread, math.Sqrt(second/4-h.Distance*h.Distance))
	if h.Repeats != 2 {
		t.Errorf("%d rows repeat, want 2", h.Repeats)
	}
}

func TestAverageOfFewRows(t *testing.T) {
	if h := Average(nil); h != (HeadTraits{}) {
		t.Errorf("no rows average to %+v", h)
	}
	h := Average(Traits(MatOf([]float32{1}, 1, 1), []int32{3}))
	if h.Current != 1 || h.Previous != 0 || h.Effective != 0 {
		t.Errorf("one row averages to %+v", h)
	}
}

func TestUniformAttentionHasFullEntropy(t *testing.T) {
	const n = 65
	a, ids := NewMat(n, n), make([]int32, n)
	Softmax(a, a, 1, true, nil)
	for i := range ids {
		ids[i] = int32(i)
	}
	h := Average(Traits(a, ids))
	near(t, "normalized entropy", h.Normalized, 1)
	near(t, "effective tokens", h.Effective, (n+2)/2.) // mean of i+1 for i = 1..n-1
	near(t, "distance", h.Distance, (n-1)/4.)
}

func TestRepeatFindsAnInductionHead(t *testing.T) {
	const first, s = 1, 4
	a := NewMat(first+2*s, first+2*s)
	for i := range a.Rows {
		if i >= first+s {
			a.Row(i)[i-s+1] = 1 // what came after this token the first time
		} else {
			a.Row(i)[0] = 1
		}
	}
	r := Repeat(a, first, s)
	near(t, "induction", r.Induction, 1)
	near(t, "compat", r.InductionCompat, 3./4) // the row before the second copy looks elsewhere
	near(t, "duplicate", r.Duplicate, 0)
	near(t, "previous", r.Previous, 1./8) // row 1 looks at 0
}
