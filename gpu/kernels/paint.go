package kernels

import "headscope/gpu"

// Paints says how a matrix' values become colours.
type Paints struct {
	First        int     // of the matrix' colours in the table: see wgsl/cpu.Elements.Table
	Least, Slope float32 // the range: see wgsl/cpu.Elements.Scale
}

// Patch is a part of a matrix: rows and columns from some on.
type Patch struct{ Row, Col, Rows, Cols int }

type paintParams struct {
	Row, Col, Rows, Cols, XOffset, XStride, Palette uint32
	Least, Slope                                    float32
	Unused                                          [3]uint32
}

type shrinkParams struct {
	Width, Height, AboveWidth, AboveHeight uint32
	X, Y, Cols, Rows                       uint32
}

// Paint colours a part of x [1, N, M] in a texture of M x N texels, given by its mip levels,
// and what these show of it. The table holds colours of four bytes, the matrix' own from
// p.First on.
func Paint(r *gpu.Recorder, levels []*gpu.Level, x gpu.Tensor, part Patch, table *gpu.Buffer, p Paints) {
	fits := min(part.Row, part.Col, part.Rows, part.Cols) >= 0 && part.Row <= x.Rows-part.Rows && part.Col <= x.Cols-part.Cols
	if !check(r, x.Batch == 1 && len(levels) > 0 && levels[0].Width == x.Cols && levels[0].Height == x.Rows && fits, "paint", x) {
		return
	}
	paint := paintParams{
		Row: uint32(part.Row), Col: uint32(part.Col), Rows: uint32(part.Rows), Cols: uint32(part.Cols),
		XOffset: uint32(x.Offset), XStride: uint32(x.RowStride),
		Palette: uint32(p.First), Least: p.Least, Slope: p.Slope,
	}
	r.Dispatch("paint", gpu.Uniform(&paint), [3]int{ceil(part.Cols, 8), ceil(part.Rows, 4), 1}, float64(part.Rows*part.Cols*20), x.Buffer, table, levels[0])
	for i, l := range levels[1:] {
		above := levels[i]
		part.Row, part.Rows = shrunk(part.Row, part.Rows, above.Height, l.Height)
		part.Col, part.Cols = shrunk(part.Col, part.Cols, above.Width, l.Width)
		shrink := shrinkParams{
			Width: uint32(l.Width), Height: uint32(l.Height), AboveWidth: uint32(above.Width), AboveHeight: uint32(above.Height),
			X: uint32(part.Col), Y: uint32(part.Row), Cols: uint32(part.Cols), Rows: uint32(part.Rows),
		}
		r.Dispatch("shrink", gpu.Uniform(&shrink), [3]int{ceil(part.Cols, 8), ceil(part.Rows, 4), 1}, float64(part.Rows*part.Cols*60), above, l)
	}
}

// shrunk is the range of the texels of a level, so many a side, that show some of those of
// the level above it.
func shrunk(first, n, above, side int) (from, count int) {
	if n == 0 {
		return 0, 0
	}
	from = first * side / above
	return from, min(side, ceil((first+n)*side, above)) - from
}
