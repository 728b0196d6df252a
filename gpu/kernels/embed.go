package kernels

import "headscope/gpu"

type embedParams struct {
	N, D4, Lo, Hi, Position            uint32
	WteStride4, WpeStride4, OutStride4 uint32
}

// Embed gathers token and position embeddings: out[i] = wte[ids[i]] + wpe[position+i],
// out [N, D]. ids holds N token ids as 32-bit words. wte [V, D] comes in one or more
// parts of consecutive rows, split where the adapter's binding limit asks for it.
func Embed(r *gpu.Recorder, out gpu.Tensor, ids *gpu.Buffer, wte []gpu.Tensor, wpe gpu.Tensor, position int) {
	lo := 0
	for _, part := range wte {
		ok := part.Cols == out.Cols && wpe.Cols == out.Cols && position+out.Rows <= wpe.Rows &&
			part.Offset == 0 && wpe.Offset == 0 && out.Offset == 0 && aligned(part, wpe, out) && ids.Size >= uint64(out.Rows)*4
		if !check(r, ok, "embed", out, part, wpe) {
			return
		}
		p := embedParams{
			N: uint32(out.Rows), D4: uint32(ceil(out.Cols, 4)), Lo: uint32(lo), Hi: uint32(lo + part.Rows), Position: uint32(position),
			WteStride4: uint32(part.RowStride / 4), WpeStride4: uint32(wpe.RowStride / 4), OutStride4: uint32(out.RowStride / 4),
		}
		lo += part.Rows
		r.Dispatch("embed", gpu.Uniform(&p), [3]int{ceil(int(p.D4), 64), out.Rows, 1}, float64(out.Len()*100), ids, part.Buffer, wpe.Buffer, out.Buffer)
	}
}
