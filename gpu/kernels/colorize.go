package kernels

import (
	"headscope/gpu"
	"headscope/wgsl/cpu"
)

type colorizeParams struct {
	N, Palette uint32
	Range      float32
	Unused     uint32
}

// Colorize writes the colour of each of the n values at the start of x into out, a word
// each: red, green, blue, 255 from the lowest byte up. A value of |x| = span gets the
// palette's strongest colour.
func Colorize(r *gpu.Recorder, out, x *gpu.Buffer, n int, span float32, palette cpu.Palette) {
	if !check(r, span > 0 && min(out.Size, x.Size) >= uint64(n)*4, "colorize") {
		return
	}
	p := colorizeParams{N: uint32(n), Palette: uint32(palette), Range: span}
	r.Dispatch("colorize", gpu.Uniform(&p), fold(r, ceil(n, 64)), float64(n*40), x, out)
}
