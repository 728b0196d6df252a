package cpu

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// attentionCase draws a shape and its tensors.
func attentionCase(t *rapid.T) (a Attention, q, k, v Mat) {
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	n, m, d := rapid.IntRange(1, 20).Draw(t, "n"), rapid.IntRange(1, 20).Draw(t, "m"), rapid.IntRange(1, 9).Draw(t, "d")
	a = Attention{Scale: rapid.Float32Range(0.1, 20).Draw(t, "scale"), Causal: rapid.Bool().Draw(t, "causal"), Position: rapid.IntRange(-3, 5).Draw(t, "position")}
	return a, random(r, n, d), random(r, m, d), random(r, m, d)
}

// Attention is the product of scores, their softmax and the values.
func TestAttendIsSoftmaxTimesValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, q, k, v := attentionCase(t)
		a.Position = 0
		out, want, lse, wantLSE := NewMat(q.Rows, v.Cols), NewMat(q.Rows, v.Cols), make([]float32, q.Rows), make([]float32, q.Rows)
		largest := a.Attend(out, lse, q, k, v)
		s := NewMat(q.Rows, k.Rows)
		MatMulT(s, q, k, Epilogue{})
		seen := 0.0
		for i := range s.Rows {
			for _, x := range s.Row(i)[:a.seen(i, k.Rows)] {
				seen = max(seen, math.Abs(float64(a.Scale)*float64(x)))
			}
		}
		near(t, "the largest score", largest, seen)
		Softmax(s, s, a.Scale, a.Causal, wantLSE)
		MatMul(want, s, v, Epilogue{})
		for i := range out.Data {
			// Scores rounded to float32 move the weights.
			if math.Abs(float64(out.Data[i]-want.Data[i])) > 1e-6*(1+seen)*6 {
				t.Fatalf("element %d is %v, want %v", i, out.Data[i], want.Data[i])
			}
		}
		for i := range lse {
			if math.Abs(float64(lse[i]-wantLSE[i])) > 1e-6*(1+seen) {
				t.Fatalf("lse %d is %v, want %v", i, lse[i], wantLSE[i])
			}
		}
	})
}

// Blocks of any size lead to the same end, which is the attention.
func TestTraceEndsInAttention(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, q, k, v := attentionCase(t)
		block := rapid.IntRange(1, k.Rows+2).Draw(t, "block")
		out, lse := NewMat(q.Rows, v.Cols), make([]float32, q.Rows)
		a.Attend(out, lse, q, k, v)
		steps := NewMat((k.Rows+block-1)/block, 4+v.Cols)
		for i := range q.Rows {
			a.Trace(steps, q, k, v, i, block)
			last := steps.Row(steps.Rows - 1)
			if a.seen(i, k.Rows) == 0 {
				if last[1] != 0 || lse[i] != Masked || out.At(i, 0) != 0 {
					t.Fatalf("row %d sees nothing: sum %v, lse %v, out %v", i, last[1], lse[i], out.At(i, 0))
				}
				continue
			}
			near(t, "lse", float64(last[0])+math.Log(float64(last[1])), float64(lse[i]))
			for c, x := range last[4:] {
				near(t, "output", float64(x/last[1]), float64(out.At(i, c)))
			}
			for j := 1; j < steps.Rows; j++ {
				near(t, "rescale factor", float64(steps.At(j, 2)), math.Exp(float64(steps.At(j-1, 0))-float64(steps.At(j, 0))))
			}
		}
	})
}

// Cells of one element are the attention itself, whose rows sum to 1; larger ones its mean
// and maximum.
func TestRegionCoversAttention(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, q, k, v := attentionCase(t)
		a.Position = max(a.Position, 0)
		out, lse := NewMat(q.Rows, v.Cols), make([]float32, q.Rows)
		a.Attend(out, lse, q, k, v)
		whole := NewMat(q.Rows, 2*k.Rows)
		a.Region(whole, q, k, lse, 0, q.Rows, 0, k.Rows)
		for i := range q.Rows {
			sum := 0.0
			for j := range k.Rows {
				sum += float64(whole.At(i, 2*j))
			}
			near(t, "sum of a row", sum, 1)
		}
		rows, cols := rapid.IntRange(1, q.Rows).Draw(t, "rows"), rapid.IntRange(1, k.Rows).Draw(t, "cols")
		row, col := rapid.IntRange(0, q.Rows-rows).Draw(t, "row"), rapid.IntRange(0, k.Rows-cols).Draw(t, "col")
		cells := NewMat(rapid.IntRange(1, rows).Draw(t, "cell rows"), 2*rapid.IntRange(1, cols).Draw(t, "cell columns"))
		a.Region(cells, q, k, lse, row, rows, col, cols)
		var want, got, top, most float64
		for i := row; i < row+rows; i++ {
			for j := col; j < col+cols; j++ {
				want += float64(whole.At(i, 2*j))
				top = max(top, float64(whole.At(i, 2*j+1)))
			}
		}
		for i := range cells.Rows {
			for j := range cells.Cols / 2 {
				area := ((i+1)*rows/cells.Rows - i*rows/cells.Rows) * ((j+1)*cols/(cells.Cols/2) - j*cols/(cells.Cols/2))
				got += float64(area) * float64(cells.At(i, 2*j))
				most = max(most, float64(cells.At(i, 2*j+1)))
			}
		}
		near(t, "sum of the region", got, want)
		near(t, "maximum of the region", most, top)
	})
}
