package cpu

import (
	"math"
	"slices"
	"sort"
)

// Summary is what Reduce says of a slice: of its finite values, but for the count of the
// others.
type Summary struct {
	MaxAbs, MinAbs float32 // largest and smallest |x|
	Sum, Mean      float64
	NotFinite      int // NaNs and infinities
}

// Reduce summarises x. What is no finite number is counted and otherwise left out, of the
// mean's denominator too, so that one of them does not take a colour range away. Where
// nothing is finite, everything else is 0.
func Reduce(x []float32) Summary {
	s := Summary{MinAbs: math.MaxFloat32}
	for _, v := range x {
		a := math.Abs(float64(v))
		if !(a <= math.MaxFloat32) {
			s.NotFinite++
			continue
		}
		s.Sum += float64(v)
		s.MaxAbs, s.MinAbs = max(s.MaxAbs, float32(a)), min(s.MinAbs, float32(a))
	}
	n := len(x) - s.NotFinite
	if n == 0 {
		return Summary{NotFinite: s.NotFinite}
	}
	s.Mean = s.Sum / float64(n)
	return s
}

// Level is one level of a mip pyramid: Rows x Cols cells, each with the mean
// and the largest |x| of the elements it covers.
type Level struct {
	Rows, Cols   int
	Mean, MaxAbs []float32
}

// Pyramid returns the levels above a matrix, from half its size (rounded up in
// both directions) to 1x1; a 1x1 matrix has none. Cell (i, j) of level l,
// counted from 1, covers rows i*2^l ... and columns j*2^l ... of the matrix as
// far as they exist: at an odd edge the mean is over the elements really
// there. A cell that covers a NaN is NaN in both.
func Pyramid(m Mat) []Level {
	rows, cols := m.Rows, m.Cols
	if rows == 0 || cols == 0 {
		return nil
	}
	sum, top := make([]float64, rows*cols), make([]float32, rows*cols)
	for i := range rows {
		for j, v := range m.Row(i) {
			sum[i*cols+j], top[i*cols+j] = float64(v), float32(math.Abs(float64(v)))
		}
	}
	var levels []Level
	for side := 2; rows > 1 || cols > 1; side *= 2 {
		r, c := (rows+1)/2, (cols+1)/2
		nextSum := make([]float64, r*c)
		level := Level{Rows: r, Cols: c, Mean: make([]float32, r*c), MaxAbs: make([]float32, r*c)}
		for i := range rows {
			for j := range cols {
				from, to := i*cols+j, (i/2)*c+j/2
				nextSum[to] += sum[from]
				level.MaxAbs[to] = max(level.MaxAbs[to], top[from])
			}
		}
		for i := range r {
			for j := range c {
				covered := min(side, m.Rows-i*side) * min(side, m.Cols-j*side)
				level.Mean[i*c+j] = float32(nextSum[i*c+j] / float64(covered))
			}
		}
		levels = append(levels, level)
		rows, cols, sum, top = r, c, nextSum, level.MaxAbs
	}
	return levels
}

// TopK returns the k largest values of x, largest first, and where they are;
// of equal values the one at the lower index is first. NaNs are never among
// them. Fewer than k come back when x has fewer.
func TopK(x []float32, k int) (values []float32, indices []int32) {
	for i, v := range x {
		if v != v || len(values) == k && (k == 0 || v <= values[k-1]) {
			continue
		}
		at := sort.Search(len(values), func(n int) bool { return values[n] < v })
		if len(values) == k {
			values, indices = values[:k-1], indices[:k-1]
		}
		values, indices = slices.Insert(values, at, v), slices.Insert(indices, at, int32(i))
	}
	return values, indices
}
