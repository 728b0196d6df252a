package cpu

import (
	"fmt"
	"math"
)

// Epilogue is what a matrix product does with its sums before storing them,
// in this order: add the bias, apply GELU, add the residual.
type Epilogue struct {
	Bias     []float32 // one value a column, or nil
	GELU     bool      // gelu_new, the tanh form
	Residual *Mat      // same shape as the product, may be the destination itself; or nil
}

// MatMul sets dst [m, n] = a [m, k] b [k, n], then the epilogue. dst must not
// overlap a or b.
func MatMul(dst, a, b Mat, e Epilogue) {
	if a.Cols != b.Rows || dst.Rows != a.Rows || dst.Cols != b.Cols {
		panic(fmt.Sprintf("cpu: %dx%d = %dx%d times %dx%d", dst.Rows, dst.Cols, a.Rows, a.Cols, b.Rows, b.Cols))
	}
	e.check(dst)
	Parallel(dst.Rows, func(lo, hi int) {
		// Four rows of a share one walk over b: b is what is too big for the
		// cache, and each of its values is widened to float64 once for the four.
		const tile = 4
		sums := make([]float64, tile*dst.Cols)
		for i := lo; i < hi; i += tile {
			clear(sums)
			rows := min(tile, hi-i)
			if rows == tile {
				fourRows(sums, a, b, i)
			} else {
				for r := range rows {
					oneRow(sums[r*dst.Cols:(r+1)*dst.Cols], a.Row(i+r), b)
				}
			}
			for r := range rows {
				e.store(dst, i+r, sums[r*dst.Cols:(r+1)*dst.Cols])
			}
		}
	})
}

// oneRow adds x b to sum.
func oneRow(sum []float64, x []float32, b Mat) {
	for k, v := range x {
		f := float64(v)
		for j, w := range b.Row(k) {
			sum[j] += f * float64(w)
		}
	}
}

// fourRows adds rows i..i+3 of a b to sums, which holds the four rows one
// after the other.
func fourRows(sums []float64, a, b Mat, i int) {
	n := b.Cols
	s0, s1, s2, s3 := sums[:n], sums[n:2*n], sums[2*n:3*n], sums[3*n:4*n]
	x0, x1, x2, x3 := a.Row(i), a.Row(i+1), a.Row(i+2), a.Row(i+3)
	for k := range b.Rows {
		f0, f1, f2, f3 := float64(x0[k]), float64(x1[k]), float64(x2[k]), float64(x3[k])
		for j, v := range b.Row(k) {
			w := float64(v)
			s0[j] += f0 * w
			s1[j] += f1 * w
			s2[j] += f2 * w
			s3[j] += f3 * w
		}
	}
}

// MatMulT sets dst [m, n] = a [m, k] b^T with b [n, k], then the epilogue.
// dst must not overlap a or b.
func MatMulT(dst, a, b Mat, e Epilogue) {
	if a.Cols != b.Cols || dst.Rows != a.Rows || dst.Cols != b.Rows {
		panic(fmt.Sprintf("cpu: %dx%d = %dx%d times the transpose of %dx%d", dst.Rows, dst.Cols, a.Rows, a.Cols, b.Rows, b.Cols))
	}
	e.check(dst)
	Parallel(dst.Rows, func(lo, hi int) {
		sum := make([]float64, dst.Cols)
		for i := lo; i < hi; i++ {
			x := a.Row(i)
			for j := range sum {
				sum[j] = dot(x, b.Row(j))
			}
			e.store(dst, i, sum)
		}
	})
}

func dot(x, y []float32) float64 {
	var sum float64
	for k, v := range x {
		sum += float64(v) * float64(y[k])
	}
	return sum
}

func (e Epilogue) check(dst Mat) {
	if e.Bias != nil && len(e.Bias) != dst.Cols {
		panic(fmt.Sprintf("cpu: %d biases for %d columns", len(e.Bias), dst.Cols))
	}
	if r := e.Residual; r != nil && (r.Rows != dst.Rows || r.Cols != dst.Cols) {
		panic(fmt.Sprintf("cpu: residual %dx%d for a product %dx%d", r.Rows, r.Cols, dst.Rows, dst.Cols))
	}
}

func (e Epilogue) store(dst Mat, i int, sum []float64) {
	out := dst.Row(i)
	for j, v := range sum {
		if e.Bias != nil {
			v += float64(e.Bias[j])
		}
		if e.GELU {
			v = GELU(v)
		}
		if e.Residual != nil {
			v += float64(e.Residual.At(i, j))
		}
		out[j] = float32(v)
	}
}

// GELU is GPT-2's activation gelu_new: x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715
// x^3))), Hendrycks and Gimpel's approximation of x times the normal
// distribution function.
func GELU(x float64) float64 {
	return 0.5 * x * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
}
