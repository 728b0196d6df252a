package cpu

import (
	"fmt"
	"math"
)

// Running is how far an online softmax is: of scores in blocks, the first blocks of keys have
// passed all blocks of queries.
type Running struct {
	Queries, Keys int  // of a block, but perhaps the last
	Causal        bool // query i sees the keys up to i
	Passed        int  // blocks of keys, 1 or more
}

// Skips tells whether a row's block of queries skips the last block of keys that passed,
// since it sees none of them.
func (r Running) Skips(row, rows int) bool {
	last := min((row/r.Queries+1)*r.Queries, rows) - 1
	return r.Causal && (r.Passed-1)*r.Keys > last
}

// RunningSoftmax sets dst [n, m] to exp(s - max), where max is the running maximum of each row
// of the scores s, and 0 where a row does not see and for the keys that are still to come. The
// columns of state [3, n] are a row's running maximum, its running sum and the factor that
// all before the last block was rescaled with: 0 if there was nothing before, or the row
// skips that block.
func (r Running) RunningSoftmax(dst, state, s Mat) {
	if r.Queries < 1 || r.Keys < 1 || r.Passed < 1 || dst.Rows != s.Rows || dst.Cols != s.Cols || state.Rows != 3 || state.Cols != s.Rows {
		panic(fmt.Sprintf("cpu: running softmax %+v: %dx%d and %dx%d of %dx%d", r, dst.Rows, dst.Cols, state.Rows, state.Cols, s.Rows, s.Cols))
	}
	for i := range s.Rows {
		row := s.Row(i)[:Attention{Causal: r.Causal}.seen(i, s.Cols)]
		top, sum, rescale := float64(Masked), 0.0, 0.0
		for block := range r.Passed {
			part := row[min(block*r.Keys, len(row)):min((block+1)*r.Keys, len(row))]
			before := top
			for _, x := range part {
				top = max(top, float64(x))
			}
			rescale = math.Exp(before - top)
			sum *= rescale
			for _, x := range part {
				sum += math.Exp(float64(x) - top)
			}
		}
		if r.Skips(i, s.Rows) {
			rescale = 0
		}
		for n, x := range []float64{top, sum, rescale} {
			state.Row(n)[i] = float32(x)
		}
		clear(dst.Row(i))
		for j, x := range row[:min(r.Passed*r.Keys, len(row))] {
			dst.Row(i)[j] = float32(math.Exp(float64(x) - top))
		}
	}
}
