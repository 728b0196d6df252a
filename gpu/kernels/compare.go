package kernels

import (
	"headscope/gpu"
	"headscope/wgsl/cpu"
)

type compareParams struct {
	N, Width                                                 uint32
	AOffset, AStride, BOffset, BStride, OutOffset, OutStride uint32
}

// comparePart is how many elements compare.wgsl.tmpl sums before it adds them to the rest.
const comparePart = 64

// Compare subtracts two causal patterns, difference = a - b, all [N, N], and says how far
// apart their rows are: rows [1, 8*N] receives what [DistanceOf] reads. Any strides will do:
// heads of one layer are compared where they lie.
func Compare(r *gpu.Recorder, difference, rows, a, b gpu.Tensor) {
	n := a.Rows
	square := func(t gpu.Tensor) bool { return t.Batch == 1 && t.Rows == n && t.Cols == n }
	ok := square(a) && square(b) && square(difference) && rows.Cols >= 8*n && rows.Offset == 0 && loops(r, n+ceil(n, comparePart)+4)
	if !check(r, ok, "compare", difference, rows, a, b) {
		return
	}
	p := compareParams{
		N: uint32(n), Width: uint32(min(difference.RowStride, gpu.Stride4(n))),
		AOffset: uint32(a.Offset), AStride: uint32(a.RowStride), BOffset: uint32(b.Offset), BStride: uint32(b.RowStride),
		OutOffset: uint32(difference.Offset), OutStride: uint32(difference.RowStride),
	}
	name, height := rowKernel(r, "compare")
	r.Dispatch(name, gpu.Uniform(&p), fold(r, ceil(n, height)), float64(a.Len()*40), a.Buffer, b.Buffer, difference.Buffer, rows.Buffer)
}

// DistanceOf makes the distance of two patterns of the rows that [Compare] wrote, read back.
func DistanceOf(rows []float32) cpu.Distance {
	apart := make([]cpu.RowDistance, len(rows)/8)
	for i := range apart {
		v := rows[8*i:]
		apart[i] = cpu.RowDistance{
			Divergence: float64(v[0]), Dot: float64(v[1]), AA: float64(v[2]), BB: float64(v[3]),
			MaxDiff: float64(v[4]), J: int(v[5]),
		}
	}
	return cpu.Apart(apart)
}

// tryCompare takes patterns that are close, apart and without a common token, from among
// the heads of a layer.
func tryCompare(b *bench, s Shape) {
	n := s.N
	layer := make([]float32, 4*n*n)
	var heads [4]cpu.Mat
	for h := range heads {
		heads[h] = cpu.MatOf(layer[h*n*n:], n, n)
	}
	cpu.Softmax(heads[0], cpu.MatOf(b.random(n*n), n, n), 2, true, nil)
	cpu.Softmax(heads[1], cpu.MatOf(b.random(n*n), n, n), 20, true, nil)
	for i := range n {
		for k := range i + 1 {
			heads[2].Data[i*n+k] = heads[0].At(i, k) * (1 + 1e-3*float32(b.rng.NormFloat64()))
		}
		heads[3].Data[i*n+b.rng.Intn(i+1)] = 1
	}
	in := b.put(4, n, n, layer)
	for _, pair := range [][2]int{{0, 1}, {0, 2}, {1, 3}, {3, 3}} {
		difference, rows := b.room(1, n, n), b.room(1, 1, 8*n)
		b.record(func(r *gpu.Recorder) { Compare(r, difference, rows, in.At(pair[0]), in.At(pair[1])) })
		want := cpu.NewMat(n, n)
		var wantRows []float32
		for _, r := range cpu.Compare(want, heads[pair[0]], heads[pair[1]]) {
			for _, v := range []float64{r.Divergence, r.Dot, r.AA, r.BB, r.MaxDiff, float64(r.J), 0, 0} {
				wantRows = append(wantRows, float32(v))
			}
		}
		b.expect(difference, want.Data)
		b.expect(rows, wantRows)
	}
}
