package kernels

import "headscope/gpu"

// Level is one level of a mip pyramid: Rows x Cols cells from cell First on, within the
// [PyramidCells] cells that a matrix takes.
type Level struct{ Rows, Cols, First int }

// PyramidLevels lists the levels above a matrix [rows, cols], from half its size (both
// sides rounded up) to 1x1, and how many cells they take together.
func PyramidLevels(rows, cols int) (levels []Level, cells int) {
	for rows > 1 || cols > 1 {
		rows, cols = (rows+1)/2, (cols+1)/2
		levels = append(levels, Level{rows, cols, cells})
		cells += rows * cols
	}
	return levels, cells
}

type pyramidParams struct {
	Level, Rows, Cols        uint32
	XOffset, XStride, XBatch uint32
	Below, Here, OutBatch    uint32
	Unused                   [3]uint32
}

// Pyramid makes the mip pyramids of x [H, N, M] into cells, a buffer of H times
// [PyramidLevels] cells of two floats: mean and max |x| of the elements covered.
func Pyramid(r *gpu.Recorder, cells *gpu.Buffer, x gpu.Tensor) {
	levels, total := PyramidLevels(x.Rows, x.Cols)
	if !check(r, cells.Size >= uint64(x.Batch*total)*8, "pyramid", x) {
		return
	}
	for i, l := range levels {
		one := float64(l.Rows * l.Cols * 1000) // cost of a head
		byHeads(r, x.Batch, one, func(h, n int) {
			p := pyramidParams{
				Level: uint32(i + 1), Rows: uint32(x.Rows), Cols: uint32(x.Cols),
				XOffset: uint32(batches(x, h, n).Offset), XStride: uint32(x.RowStride), XBatch: uint32(x.BatchStride),
				Here: uint32(h*total + l.First), OutBatch: uint32(total),
			}
			if i > 0 {
				p.Below = uint32(h*total + levels[i-1].First)
			}
			r.Dispatch("pyramid", gpu.Uniform(&p), [3]int{ceil(l.Cols, 8), l.Rows, n}, float64(n)*one, x.Buffer, cells)
		})
	}
}

type traitsParams struct {
	Batch, N, AOffset, AStride, ABatch, OutOffset4 uint32
	Unused                                         [2]uint32
}

// Traits says where each row of the causal patterns a [H, N, N] looks, over the token
// ids (N words). out [1, 8*H*N] receives a row's current, previous, first, entropy,
// mean distance, mean squared distance, duplicate, induction: see wgsl/cpu.RowTraits.
func Traits(r *gpu.Recorder, out gpu.Tensor, a gpu.Tensor, ids *gpu.Buffer) {
	ok := a.Rows == a.Cols && loops(r, a.Cols) && out.Cols >= 8*a.Batch*a.Rows && out.Offset == 0 && ids.Size >= uint64(a.Rows)*4
	if !check(r, ok, "traits", out, a) {
		return
	}
	name, rows := rowKernel(r, "traits")
	one := float64(a.Rows * a.Cols * 100) // cost of a head
	byHeads(r, a.Batch, one, func(h, n int) {
		p := traitsParams{
			Batch: uint32(n), N: uint32(a.Rows), AOffset: uint32(batches(a, h, n).Offset), AStride: uint32(a.RowStride), ABatch: uint32(a.BatchStride),
			OutOffset4: uint32(2 * h * a.Rows),
		}
		r.Dispatch(name, gpu.Uniform(&p), fold(r, ceil(n*a.Rows, rows)), float64(n)*one, a.Buffer, ids, out.Buffer)
	})
}
