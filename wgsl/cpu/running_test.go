package cpu

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// A running softmax is the trace of every row's online softmax, and the values weighed by it
// are what that has gathered.
func TestRunningSoftmaxIsTheTrace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, q, k, v := attentionCase(t)
		a.Position = 0
		s := NewMat(q.Rows, k.Rows)
		MatMulT(s, q, k, Epilogue{})
		largest := 0.0
		for i := range s.Data {
			s.Data[i] *= a.Scale
			largest = max(largest, math.Abs(float64(s.Data[i])))
		}
		r := Running{Queries: rapid.IntRange(1, 21).Draw(t, "queries"), Keys: rapid.IntRange(1, 21).Draw(t, "keys"), Causal: a.Causal}
		blocks := (k.Rows + r.Keys - 1) / r.Keys
		r.Passed = rapid.IntRange(1, blocks).Draw(t, "passed")
		weights, state, out, trace := NewMat(s.Rows, s.Cols), NewMat(3, s.Rows), NewMat(q.Rows, v.Cols), NewMat(blocks, 4+v.Cols)
		r.RunningSoftmax(weights, state, s)
		MatMul(out, weights, v, Epilogue{})
		for i := range s.Rows {
			a.Trace(trace, q, k, v, i, r.Keys)
			want := trace.Row(r.Passed - 1)
			if r.Skips(i, s.Rows) {
				want[2] = 0
			}
			got := append([]float32{state.At(0, i), state.At(1, i), state.At(2, i), 0}, out.Row(i)...)
			for n := range got {
				// Scores rounded to float32 move the weights.
				if off := math.Abs(float64(got[n] - want[n])); !(off <= 1e-6*(1+largest)*20) {
					t.Fatalf("row %d, number %d is %v, want %v", i, n, got[n], want[n])
				}
			}
		}
	})
}

// Rows skip the blocks of which none of their block of queries sees a key.
func TestSkips(t *testing.T) {
	for _, c := range []struct {
		r    Running
		row  int
		want bool
	}{
		{Running{Queries: 3, Keys: 3, Causal: true, Passed: 2}, 2, true},
		{Running{Queries: 3, Keys: 3, Causal: true, Passed: 2}, 3, false},
		{Running{Queries: 4, Keys: 3, Causal: true, Passed: 2}, 0, false}, // row 3 sees key 3
		{Running{Queries: 9, Keys: 3, Causal: true, Passed: 3}, 0, true},  // there are rows up to 5
		{Running{Queries: 3, Keys: 3, Passed: 2}, 0, false},
	} {
		if got := c.r.Skips(c.row, 6); got != c.want {
			t.Errorf("%+v: row %d: %v", c.r, c.row, got)
		}
	}
}
