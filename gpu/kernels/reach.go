package kernels

import (
	"math"

	"headscope/gpu"
	"headscope/wgsl/cpu"
)

// fitsReach reports whether the kernels can count what a reach counts over [rows, cols].
func fitsReach(reach cpu.Reach, rows, cols int) bool {
	if min(reach.BlockI, reach.BlockK, reach.BlockJ, reach.Rate) < 1 || min(reach.PerI, reach.PerJ) < 0 || max(rows, cols) >= 1<<21 {
		return false
	}
	furthest := math.Abs(float64(reach.Count)) + float64(reach.PerI)*float64(min(reach.BlockI, rows)) + float64(reach.PerJ)*float64(min(reach.BlockJ, cols))
	return max(furthest, float64(reach.BlockK)+float64(reach.Rate)) < math.MaxInt32
}

type reachedParams struct {
	Rows, Cols                        uint32
	BlockI, BlockJ                    uint32
	PerI, PerJ, Count                 int32
	XOffset4, XStride4, XBatch4       uint32
	OutOffset4, OutStride4, OutBatch4 uint32
	Unused                            [3]uint32
}

// Reached copies the elements of matrices x that were reached, and makes the others 0,
// whatever they are; x, out [H, N, M].
func Reached(r *gpu.Recorder, out, x gpu.Tensor, reach cpu.Reach) {
	ok := out.Batch == x.Batch && out.Rows == x.Rows && out.Cols == x.Cols && aligned(out, x) && out.Buffer != x.Buffer &&
		x.Batch <= int(r.Device().Limits.WorkgroupsPerDim) && fitsReach(reach, x.Rows, x.Cols)
	if !check(r, ok, "reached", out, x) {
		return
	}
	p := reachedParams{
		Rows: uint32(x.Rows), Cols: uint32(x.Cols), BlockI: uint32(reach.BlockI), BlockJ: uint32(reach.BlockJ),
		PerI: int32(reach.PerI), PerJ: int32(reach.PerJ), Count: int32(reach.Count),
		XOffset4: uint32(x.Offset / 4), XStride4: uint32(x.RowStride / 4), XBatch4: uint32(x.BatchStride / 4),
		OutOffset4: uint32(out.Offset / 4), OutStride4: uint32(out.RowStride / 4), OutBatch4: uint32(out.BatchStride / 4),
	}
	// Some rows a workgroup: beginning one takes software adapters as long as a row.
	groups := grid(r, ceil(x.Cols, 4), ceil(x.Rows, 8))
	groups[2] = x.Batch
	r.Dispatch("reached", gpu.Uniform(&p), groups, float64(x.Len()*4), x.Buffer, out.Buffer)
}

type sumsParams struct {
	M, N, K, Width           uint32
	Scale                    float32
	BlockI, BlockK, BlockJ   uint32
	PerI, PerJ, Rate, Count  int32
	AOffset, AStride         uint32
	BOffset, BStride         uint32
	WholeOffset, WholeStride uint32
	OutOffset, OutStride     uint32
}

// Sums computes a product under way: out = scale a b, a [N, K], b [K, M], where each sum
// has the products that it was reached for. Those that have them all come from whole, the
// complete sums, times scale; whole, out [N, M]. Few sums should be under way at a time: for
// all of them at once MatMul of a part of k is much faster.
func Sums(r *gpu.Recorder, out, a, b, whole gpu.Tensor, scale float32, reach cpu.Reach) {
	ok := max(out.Batch, a.Batch, b.Batch, whole.Batch) == 1 && a.Rows == out.Rows && a.Cols == b.Rows && b.Cols == out.Cols &&
		whole.Rows == out.Rows && whole.Cols == out.Cols && out.Buffer != a.Buffer && out.Buffer != b.Buffer && out.Buffer != whole.Buffer &&
		fitsReach(reach, out.Rows, out.Cols) && loops(r, a.Cols+ceil(a.Cols, reach.BlockK)+ceil(out.RowStride, int(r.Device().Limits.WorkgroupsPerDim)))
	if !check(r, ok, "sums", out, a, b, whole) {
		return
	}
	p := sumsParams{
		M: uint32(out.Rows), N: uint32(out.Cols), K: uint32(a.Cols), Width: uint32(min(gpu.Stride4(out.Cols), out.RowStride)), Scale: scale,
		BlockI: uint32(reach.BlockI), BlockK: uint32(reach.BlockK), BlockJ: uint32(reach.BlockJ),
		PerI: int32(reach.PerI), PerJ: int32(reach.PerJ), Rate: int32(reach.Rate), Count: int32(reach.Count),
		AOffset: uint32(a.Offset), AStride: uint32(a.RowStride), BOffset: uint32(b.Offset), BStride: uint32(b.RowStride),
		WholeOffset: uint32(whole.Offset), WholeStride: uint32(whole.RowStride), OutOffset: uint32(out.Offset), OutStride: uint32(out.RowStride),
	}
	columns := ceil(out.Cols, reach.BlockJ) // under way at a time, if one a block is
	groups := [3]int{ceil(out.Rows, 64), min(int(p.Width), int(r.Device().Limits.WorkgroupsPerDim)), 1}
	r.Dispatch("sums", gpu.Uniform(&p), groups, float64(out.Len()*4+2*out.Rows*columns*a.Cols), a.Buffer, b.Buffer, whole.Buffer, out.Buffer)
}

type productsParams struct {
	Planes, Rows, Cols4            uint32
	ADown, AAcross, BDown, BAcross uint32
	OutOffset4                     uint32
}

// Products makes planes of single products of the elements of two matrices, in the buffers a
// and b: out [planes, R, C] has room for the largest, and is 0 behind the rows and columns of
// a smaller one. planes holds a [cpu.ProductPlane] each.
func Products(r *gpu.Recorder, out gpu.Tensor, planes, a, b *gpu.Buffer, s cpu.Strides) {
	rows, cols4 := out.Rows, ceil(out.Cols, 4)
	n := out.Batch * rows * cols4
	ok := out.Offset%4 == 0 && out.RowStride == 4*cols4 && (out.Batch == 1 || out.BatchStride == rows*out.RowStride) && n < math.MaxInt32 &&
		planes.Size >= 16*uint64(out.Batch) && out.Buffer != a && out.Buffer != b
	if !check(r, ok, "products", out) || n == 0 {
		return
	}
	p := productsParams{
		Planes: uint32(out.Batch), Rows: uint32(rows), Cols4: uint32(cols4),
		ADown: s.ADown, AAcross: s.AAcross, BDown: s.BDown, BAcross: s.BAcross, OutOffset4: uint32(out.Offset / 4),
	}
	r.Dispatch("products", gpu.Uniform(&p), fold(r, ceil(n, 64)), float64(16*n), planes, a, b, out.Buffer)
}
