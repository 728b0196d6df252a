package cpu

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestReduce(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, c := range []struct {
		x    []float32
		want Summary
	}{
		{nil, Summary{}},
		{[]float32{nan}, Summary{NotFinite: 1}},
		{[]float32{inf, nan, -inf}, Summary{NotFinite: 3}},
		{[]float32{1, -4, nan, 0}, Summary{MaxAbs: 4, Sum: -3, Mean: -1, NotFinite: 1}},
		{[]float32{-3, inf, 2, -inf}, Summary{MaxAbs: 3, MinAbs: 2, Sum: -1, Mean: -.5, NotFinite: 2}},
		{[]float32{math.MaxFloat32}, Summary{MaxAbs: math.MaxFloat32, MinAbs: math.MaxFloat32, Sum: math.MaxFloat32, Mean: math.MaxFloat32}},
	} {
		if got := Reduce(c.x); got != c.want {
			t.Errorf("Reduce(%v) = %+v, want %+v", c.x, got, c.want)
		}
	}
}

func TestPyramidCellsDescribeWhatTheyCover(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		m := random(r, rapid.IntRange(1, 66).Draw(t, "rows"), rapid.IntRange(1, 66).Draw(t, "cols"))
		rows, cols, side := m.Rows, m.Cols, 1
		for n, level := range Pyramid(m) {
			rows, cols, side = (rows+1)/2, (cols+1)/2, side*2
			if level.Rows != rows || level.Cols != cols {
				t.Fatalf("level %d is %dx%d, want %dx%d", n+1, level.Rows, level.Cols, rows, cols)
			}
			for i := range rows {
				for j := range cols {
					sub := m.Sub(i*side, j*side, min(side, m.Rows-i*side), min(side, m.Cols-j*side))
					var all []float32
					for k := range sub.Rows {
						all = append(all, sub.Row(k)...)
					}
					want := Reduce(all)
					near(t, "mean", float64(level.Mean[i*cols+j]), want.Mean)
					if level.MaxAbs[i*cols+j] != want.MaxAbs {
						t.Fatalf("level %d (%d, %d): max|x| %v, want %v", n+1, i, j, level.MaxAbs[i*cols+j], want.MaxAbs)
					}
				}
			}
		}
		if rows != 1 || cols != 1 {
			t.Fatalf("the top level is %dx%d", rows, cols)
		}
	})
}

func TestPyramidShowsNaN(t *testing.T) {
	m := NewMat(3, 5)
	m.Row(2)[4] = float32(math.NaN())
	levels := Pyramid(m)
	top := levels[len(levels)-1]
	if !math.IsNaN(float64(top.Mean[0])) || !math.IsNaN(float64(top.MaxAbs[0])) {
		t.Errorf("the top cell is %v, %v", top.Mean[0], top.MaxAbs[0])
	}
	if levels[0].Mean[0] != 0 {
		t.Errorf("a cell that covers no NaN is %v", levels[0].Mean[0])
	}
	if Pyramid(NewMat(0, 3)) != nil || Pyramid(NewMat(1, 1)) != nil {
		t.Error("an empty matrix and a 1x1 matrix have no levels above them")
	}
}

func TestTopKIsAStableSortsHead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SliceOf(rapid.SampledFrom([]float32{-1, 0, 1, 2, 3, float32(math.Inf(-1)), float32(math.NaN())})).Draw(t, "x")
		k := rapid.IntRange(0, 8).Draw(t, "k")
		var order []int32
		for i, v := range x {
			if v == v {
				order = append(order, int32(i))
			}
		}
		slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(x[b], x[a]) })
		order = order[:min(k, len(order))]
		values, indices := TopK(x, k)
		if !slices.Equal(indices, order) {
			t.Fatalf("TopK(%v, %d) is at %v, want %v", x, k, indices, order)
		}
		for n, i := range indices {
			if values[n] != x[i] {
				t.Fatalf("value %d is %v, x[%d] is %v", n, values[n], i, x[i])
			}
		}
	})
}
