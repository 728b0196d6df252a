package cpu

import (
	"fmt"
	"math"
)

// Attention says how scores become attention: scaled and, if causal, query i sees the keys
// up to Position + i only.
type Attention struct {
	Scale    float32
	Causal   bool
	Position int
}

// seen is how many of the keys query row sees.
func (a Attention) seen(row, keys int) int {
	if a.Causal {
		return max(0, min(keys, a.Position+row+1))
	}
	return keys
}

// scores are the scaled scores of query row with the keys it sees.
func (a Attention) scores(q, k Mat, row int) []float64 {
	s := make([]float64, a.seen(row, k.Rows))
	for j := range s {
		s[j] = float64(a.Scale) * dot(q.Row(row), k.Row(j))
	}
	return s
}

// Attend sets dst [n, d] = softmax(Scale q k^T, masked) v and lse[i] to the logarithm of the
// sum of the exponentials of row i's scores; q [n, d], k and v [m, d]. It is the reference
// of all ways to compute attention: two passes over whole rows, in float64. A row that sees
// nothing is 0, its lse Masked. It returns the largest |score| that a row sees.
func (a Attention) Attend(dst Mat, lse []float32, q, k, v Mat) (largest float64) {
	if dst.Rows != q.Rows || dst.Cols != v.Cols || len(lse) != q.Rows || q.Cols != k.Cols || k.Rows != v.Rows {
		panic(fmt.Sprintf("cpu: attention %dx%d with %d sums of %dx%d to %dx%d and %dx%d", dst.Rows, dst.Cols, len(lse), q.Rows, q.Cols, k.Rows, k.Cols, v.Rows, v.Cols))
	}
	tops := make([]float64, q.Rows)
	Parallel(q.Rows, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			s := a.scores(q, k, i)
			top, sum := float64(Masked), 0.0
			for _, x := range s {
				top = max(top, x)
				tops[i] = max(tops[i], math.Abs(x))
			}
			out := make([]float64, v.Cols)
			for j, x := range s {
				p := math.Exp(x - top)
				sum += p
				for c, y := range v.Row(j) {
					out[c] += p * float64(y)
				}
			}
			lse[i] = float32(top)
			if sum > 0 {
				lse[i] = float32(top + math.Log(sum))
			}
			for c, x := range out {
				dst.Row(i)[c] = float32(x / max(sum, 1))
			}
		}
	})
	for _, x := range tops {
		largest = max(largest, x)
	}
	return largest
}

// Trace sets row j of dst [ceil(m / block), 4 + d] to the state of an online softmax of query
// row after key block j: the running maximum m and sum l, the factor c that sum and output so
// far were rescaled with, a 0, and the d values of the output, not yet divided by l. For each
// block (FlashAttention-2)
//
//	m' = max(m, s), c = exp(m - m'), p = exp(s - m'), l' = l c + sum p, o' = o c + p v
func (a Attention) Trace(dst Mat, q, k, v Mat, row, block int) {
	if block < 1 || dst.Rows != (k.Rows+block-1)/block || dst.Cols != 4+v.Cols {
		panic(fmt.Sprintf("cpu: trace %dx%d of %d keys in blocks of %d", dst.Rows, dst.Cols, k.Rows, block))
	}
	s := a.scores(q, k, row)
	top, sum, o := float64(Masked), 0.0, make([]float64, v.Cols)
	for j := range dst.Rows {
		lo, hi := min(j*block, len(s)), min((j+1)*block, len(s))
		before := top
		for _, x := range s[lo:hi] {
			top = max(top, x)
		}
		c := math.Exp(before - top)
		sum *= c
		for i := range o {
			o[i] *= c
		}
		for key, x := range s[lo:hi] {
			p := math.Exp(x - top)
			sum += p
			for i, y := range v.Row(lo + key) {
				o[i] += p * float64(y)
			}
		}
		out := dst.Row(j)
		out[0], out[1], out[2], out[3] = float32(top), float32(sum), float32(c), 0
		for i, x := range o {
			out[4+i] = float32(x)
		}
	}
}

// Region sets the cells of dst [R, 2 C] to mean and maximum of what they cover of rows [row,
// row+rows) and columns [col, col+cols) of the attention matrix exp(score - lse), where a row
// does not see: 0. Cell (i, j) begins at row i*rows/R and column j*cols/C, rounded down, and
// ends where the next begins.
func (a Attention) Region(dst Mat, q, k Mat, lse []float32, row, rows, col, cols int) {
	nr, nc := dst.Rows, dst.Cols/2
	if row < 0 || col < 0 || row+rows > q.Rows || col+cols > k.Rows || nr > rows || nc > cols || len(lse) != q.Rows {
		panic(fmt.Sprintf("cpu: %dx%d cells of %dx%d at (%d, %d) of attention %dx%d", nr, nc, rows, cols, row, col, q.Rows, k.Rows))
	}
	Parallel(nr, func(first, end int) {
		for i := first; i < end; i++ {
			sums, tops := make([]float64, nc), make([]float64, nc)
			lo, hi := i*rows/nr, (i+1)*rows/nr
			for r := row + lo; r < row+hi; r++ {
				s := a.scores(q, k, r)
				for j := range nc {
					for c := col + j*cols/nc; c < min(col+(j+1)*cols/nc, len(s)); c++ {
						x := math.Exp(s[c] - float64(lse[r]))
						sums[j] += x
						tops[j] = max(tops[j], x)
					}
				}
			}
			for j := range nc {
				n := (hi - lo) * ((j+1)*cols/nc - j*cols/nc)
				dst.Row(i)[2*j] = float32(sums[j] / float64(n))
				dst.Row(i)[2*j+1] = float32(tops[j])
			}
		}
	})
}
