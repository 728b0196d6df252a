package kernels

import (
	"headscope/gpu"
	"headscope/wgsl/cpu"
)

type activateParams struct {
	Rows, Cols, Kind                           uint32
	XOffset4, XStride4, OutOffset4, OutStride4 uint32
	Unused                                     uint32
}

// Activate computes out = f(x) element by element; x, out [N, M]. A NaN stays one.
func Activate(r *gpu.Recorder, out, x gpu.Tensor, f cpu.Activation) {
	ok := out.Batch == 1 && x.Batch == 1 && out.Rows == x.Rows && out.Cols == x.Cols && aligned(out, x) && int(f) < len(cpu.Activations)
	if !check(r, ok, "activate", out, x) {
		return
	}
	p := activateParams{
		Rows: uint32(x.Rows), Cols: uint32(x.Cols), Kind: uint32(f),
		XOffset4: uint32(x.Offset / 4), XStride4: uint32(x.RowStride / 4),
		OutOffset4: uint32(out.Offset / 4), OutStride4: uint32(out.RowStride / 4),
	}
	r.Dispatch("activate", gpu.Uniform(&p), grid(r, ceil(x.Cols, 4), x.Rows), float64(x.Len()*100), x.Buffer, out.Buffer)
}
