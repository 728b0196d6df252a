package kernels

import "headscope/gpu"

// Paints says how a matrix' values become colours.
type Paints struct {
	First        int     // of the matrix' colours in the table: see wgsl/cpu.Elements.Table
	Least, Slope float32 // the range: see wgsl/cpu.Elements.Scale
}

type paintParams struct {
	Rows, Cols, XOffset, XStride, Palette uint32
	Least, Slope                          float32
	Unused                                uint32
}

type shrinkParams struct{ Width, Height, AboveWidth, AboveHeight uint32 }

// Paint colours x [1, N, M] into a texture of M x N texels, given by its mip levels, and
// makes these. The table holds colours of four bytes, the matrix' own from p.First on.
func Paint(r *gpu.Recorder, levels []*gpu.Level, x gpu.Tensor, table *gpu.Buffer, p Paints) {
	if !check(r, x.Batch == 1 && len(levels) > 0 && levels[0].Width == x.Cols && levels[0].Height == x.Rows, "paint", x) {
		return
	}
	paint := paintParams{
		Rows: uint32(x.Rows), Cols: uint32(x.Cols), XOffset: uint32(x.Offset), XStride: uint32(x.RowStride),
		Palette: uint32(p.First), Least: p.Least, Slope: p.Slope,
	}
	r.Dispatch("paint", gpu.Uniform(&paint), [3]int{ceil(x.Cols, 8), ceil(x.Rows, 4), 1}, float64(x.Len()*20), x.Buffer, table, levels[0])
	for i, l := range levels[1:] {
		above := levels[i]
		shrink := shrinkParams{Width: uint32(l.Width), Height: uint32(l.Height), AboveWidth: uint32(above.Width), AboveHeight: uint32(above.Height)}
		r.Dispatch("shrink", gpu.Uniform(&shrink), [3]int{ceil(l.Width, 8), ceil(l.Height, 4), 1}, float64(l.Width*l.Height*60), above, l)
	}
}
