package kernels

import "headscope/gpu"

type condenseParams struct {
	N, Side                        uint32
	Range                          float32
	XOffset, XStride, XBatch       uint32
	OutOffset, OutStride, OutBatch uint32
	Width                          uint32
	Unused                         [2]uint32
}

// Condense makes heat maps out [H, S, S] of causal attention matrices [H, n, n] of which only
// cells [H, S, 2 S] are known, as [AttentionRegion] draws them of the whole. span is the value
// that gets the strongest colour.
func Condense(r *gpu.Recorder, out, cells gpu.Tensor, n int, span float32) {
	ok := out.Rows == out.Cols && cells.Rows == out.Rows && cells.Cols == 2*out.Cols && cells.Batch == out.Batch && out.Rows <= n &&
		cells.Offset%2 == 0 && cells.RowStride%2 == 0 && cells.BatchStride%2 == 0 && float64(n)*float64(n) < 1<<32 && out.Buffer != cells.Buffer
	if !check(r, ok, "condense", out, cells) {
		return
	}
	p := condenseParams{
		N: uint32(n), Side: uint32(out.Rows), Range: span,
		XOffset: uint32(cells.Offset / 2), XStride: uint32(cells.RowStride / 2), XBatch: uint32(cells.BatchStride / 2),
		OutOffset: uint32(out.Offset), OutStride: uint32(out.RowStride), OutBatch: uint32(out.BatchStride),
		Width: uint32(min(gpu.Stride4(out.Cols), out.RowStride)),
	}
	r.Dispatch("condense", gpu.Uniform(&p), [3]int{ceil(int(p.Width), 8), out.Rows, out.Batch}, float64(out.Len()*20), cells.Buffer, out.Buffer)
}
