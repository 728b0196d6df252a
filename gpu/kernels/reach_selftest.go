package kernels

import (
	"math"

	"headscope/gpu"
	"headscope/wgsl/cpu"
)

// reaches are ways to go through a product [n, k] x [k, m]: row by row, column by column,
// element by element either way, and as sums build up; at the start, under way, at the end.
func reaches(n, k, m int) (all []cpu.Reach) {
	i, j, d := (n+1)/2, (m+2)/3, (k+1)/2 // blocks
	for _, r := range []cpu.Reach{
		{PerI: 1, Rate: d, Count: i},
		{PerJ: 1, Rate: d, Count: j},
		{PerI: j, PerJ: 1, Rate: d, Count: i * j},
		{PerI: 1, PerJ: i, Rate: d, Count: i * j},
		{Rate: 1, Count: d},
		{PerJ: d, Rate: 1, Count: j * d},
	} {
		r.BlockI, r.BlockK, r.BlockJ = i, d, j
		for _, count := range []int{0, 1, (r.Count + 1) / 2, r.Count} {
			r.Count = count
			all = append(all, r)
		}
	}
	return all
}

func tryReached(b *bench, s Shape) {
	x := b.random(s.H * s.N * s.M)
	x[len(x)/2] = float32(math.NaN())
	wide := make([]float32, s.H*s.N*(s.M+3)) // with something behind the last column
	for row := range s.H * s.N {
		copy(wide[copy(wide[row*(s.M+3):], x[row*s.M:(row+1)*s.M])+row*(s.M+3):(row+1)*(s.M+3)], b.random(3))
	}
	for _, reach := range reaches(s.N, s.M, s.M) {
		in, out := b.put(s.H, s.N, s.M+3, wide).Part(0, s.N, 0, s.M), b.room(s.H, s.N, s.M)
		b.record(func(r *gpu.Recorder) { Reached(r, out, in, reach) })
		want := make([]float32, len(x))
		for h := range s.H {
			cpu.Reached(cpu.MatOf(want[h*s.N*s.M:], s.N, s.M), cpu.MatOf(x[h*s.N*s.M:], s.N, s.M), reach)
		}
		b.expect(out, want)
	}
}

func trySums(b *bench, s Shape) {
	n, k, m := s.N, s.M+s.H, s.M
	x, y, z := b.random(n*k), b.random(k*m), b.random(n*m)
	for _, reach := range reaches(n, k, m) {
		left, right, whole, out := b.put(1, n, k, x), b.put(1, k, m, y), b.put(1, n, m, z), b.room(1, n, m)
		b.record(func(r *gpu.Recorder) { Sums(r, out, left, right, whole, 0.5, reach) })
		want := cpu.NewMat(n, m)
		cpu.Sums(want, cpu.MatOf(x, n, k), cpu.MatOf(y, k, m), cpu.MatOf(z, n, m), 0.5, reach)
		b.expect(out, want.Data)
	}
}

// tryProducts makes the planes of a product [n, k] x [k, m] that lie across each of its axes,
// one after the other and a last one that is cut short.
func tryProducts(b *bench, s Shape) {
	n, k, m := s.N, s.M, s.N+1
	left, right := b.put(1, n, k, b.random(n*k)), b.put(1, k, m, b.random(k*m))
	if b.err != nil {
		return
	}
	data, err := b.d.Read(left.Part(0, n, 0, left.RowStride), right.Part(0, k, 0, right.RowStride))
	if err != nil {
		b.err = err
		return
	}
	i, j := uint32(left.RowStride), uint32(right.RowStride)
	for _, c := range []struct {
		rows, cols int
		a, b       uint32 // from a plane to the next
		strides    cpu.Strides
	}{
		{k, m, i, 0, cpu.Strides{ADown: 1, BDown: j, BAcross: 1}},
		{n, k, 0, 1, cpu.Strides{ADown: i, AAcross: 1, BAcross: j}},
		{n, m, 1, j, cpu.Strides{ADown: i, BAcross: 1}},
	} {
		count := min(n, k, m, 3)
		planes, flat := make([]cpu.ProductPlane, count), []int32(nil)
		for p := range planes {
			planes[p] = cpu.ProductPlane{AFirst: uint32(p) * c.a, BFirst: uint32(p) * c.b, Rows: uint32(c.rows), Cols: uint32(c.cols)}
			if p == count-1 {
				planes[p].Rows, planes[p].Cols = uint32(c.rows+1)/2, uint32(c.cols+1)/2
			}
			flat = append(flat, int32(planes[p].AFirst), int32(planes[p].BFirst), int32(planes[p].Rows), int32(planes[p].Cols))
		}
		table, out := b.words(flat), b.room(count, c.rows, c.cols)
		b.record(func(r *gpu.Recorder) { Products(r, out, table, left.Buffer, right.Buffer, c.strides) })
		want := make([]float32, count*c.rows*c.cols)
		for p, plane := range planes {
			cpu.Products(cpu.MatOf(want[p*c.rows*c.cols:], c.rows, c.cols), data[0], data[1], plane, c.strides)
		}
		b.expect(out, want)
	}
}
