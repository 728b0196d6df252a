package cpu

import (
	"fmt"
	"math"
)

// Embed sets row i of dst [len(ids), d] to wte's row ids[i] plus wpe's row i.
// wte is [vocabulary, d], wpe [context, d].
func Embed(dst Mat, ids []int32, wte, wpe Mat) {
	if dst.Rows != len(ids) || dst.Cols != wte.Cols || dst.Cols != wpe.Cols || len(ids) > wpe.Rows {
		panic(fmt.Sprintf("cpu: %dx%d = %d tokens of embeddings %dx%d and %dx%d", dst.Rows, dst.Cols, len(ids), wte.Rows, wte.Cols, wpe.Rows, wpe.Cols))
	}
	for i, id := range ids {
		token, position, out := wte.Row(int(id)), wpe.Row(i), dst.Row(i)
		for j := range out {
			out[j] = token[j] + position[j]
		}
	}
}

// LayerNorm sets each row of dst to (x - mean) / sqrt(variance + eps) * gain +
// bias, with the mean and the biased variance of that row of x. A nil gain is
// 1, a nil bias 0. dst may be x.
func LayerNorm(dst, x Mat, gain, bias []float32, eps float32) {
	if dst.Rows != x.Rows || dst.Cols != x.Cols ||
		gain != nil && len(gain) != x.Cols || bias != nil && len(bias) != x.Cols {
		panic(fmt.Sprintf("cpu: LayerNorm %dx%d from %dx%d with %d gains and %d biases", dst.Rows, dst.Cols, x.Rows, x.Cols, len(gain), len(bias)))
	}
	n := float64(x.Cols)
	for i := range x.Rows {
		row, out := x.Row(i), dst.Row(i)
		var sum, squares float64
		for _, v := range row {
			sum += float64(v)
		}
		mean := sum / n
		for _, v := range row {
			squares += (float64(v) - mean) * (float64(v) - mean)
		}
		scale := 1 / math.Sqrt(squares/n+float64(eps))
		for j, v := range row {
			y := (float64(v) - mean) * scale
			if gain != nil {
				y *= float64(gain[j])
			}
			if bias != nil {
				y += float64(bias[j])
			}
			out[j] = float32(y)
		}
	}
}

// Standardize sets dst to (x - mean) / sqrt(variance + eps), with the mean and the biased
// variance of all of x. A NaN or infinity in x makes all of dst NaN. dst may be x.
func Standardize(dst, x Mat, eps float32) {
	if dst.Rows != x.Rows || dst.Cols != x.Cols {
		panic(fmt.Sprintf("cpu: Standardize %dx%d from %dx%d", dst.Rows, dst.Cols, x.Rows, x.Cols))
	}
	n := float64(x.Rows) * float64(x.Cols)
	var sum, squares float64
	for i := range x.Rows {
		for _, v := range x.Row(i) {
			sum += float64(v)
		}
	}
	mean := sum / n
	for i := range x.Rows {
		for _, v := range x.Row(i) {
			squares += (float64(v) - mean) * (float64(v) - mean)
		}
	}
	scale := 1 / math.Sqrt(squares/n+float64(eps))
	for i := range x.Rows {
		out := dst.Row(i)
		for j, v := range x.Row(i) {
			out[j] = float32((float64(v) - mean) * scale)
		}
	}
}

// Masked is the score of a position that may not be attended to. It is finite,
// because WGSL leaves the arithmetic of infinities open.
const Masked = -1e30

// Softmax sets each row of dst to the softmax of scale*x, and lse[i], if lse is
// not nil, to the row's log-sum-exp, so that any entry is exp(scale*x - lse).
// With causal, row i sees columns 0..i only and the rest of it is 0. A row
// that sees nothing above Masked comes out as zeros with lse Masked. dst may
// be x.
func Softmax(dst, x Mat, scale float32, causal bool, lse []float32) {
	if dst.Rows != x.Rows || dst.Cols != x.Cols || lse != nil && len(lse) != x.Rows {
		panic(fmt.Sprintf("cpu: softmax %dx%d of %dx%d with %d sums", dst.Rows, dst.Cols, x.Rows, x.Cols, len(lse)))
	}
	for i := range x.Rows {
		row, out := x.Row(i), dst.Row(i)
		if causal {
			seen := min(i+1, len(row))
			clear(out[seen:])
			row, out = row[:seen], out[:seen]
		}
		s := softmaxRow(out, row, float64(scale))
		if lse != nil {
			lse[i] = float32(s)
		}
	}
}

func softmaxRow(out, row []float32, scale float64) (lse float64) {
	top := float64(Masked)
	for _, v := range row {
		top = max(top, scale*float64(v)) // the builtin max passes NaN on
	}
	var sum float64
	for _, v := range row {
		sum += math.Exp(scale*float64(v) - top)
	}
	if sum == 0 {
		clear(out)
		return Masked
	}
	for j, v := range row {
		out[j] = float32(math.Exp(scale*float64(v)-top) / sum)
	}
	return top + math.Log(sum)
}

// Add sets dst = a + b, element by element. dst may be a or b.
func Add(dst, a, b []float32) {
	if len(dst) != len(a) || len(dst) != len(b) {
		panic(fmt.Sprintf("cpu: %d sums of %d and %d values", len(dst), len(a), len(b)))
	}
	for i := range dst {
		dst[i] = a[i] + b[i]
	}
}
