package kernels

import (
	"fmt"

	"headscope/gpu"
)

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

type shrinkParams struct{ Row, Col, Rows, Cols uint32 }

// madeLevels is how many levels below its first a dispatch makes at most: a kernel can write four
// images. As many variants are in the package wgsl.
const madeLevels = 3

// Paint colours a part of x [1, N, M] in a texture of M x N texels, given by its mip levels,
// and what these show of it. The table holds colours of four bytes, the matrix' own from
// p.First on.
func Paint(r *gpu.Recorder, levels []*gpu.Level, x gpu.Tensor, part Patch, table *gpu.Buffer, p Paints) {
	fits := min(part.Row, part.Col, part.Rows, part.Cols) >= 0 && part.Row <= x.Rows-part.Rows && part.Col <= x.Cols-part.Cols
	if !check(r, x.Batch == 1 && len(levels) > 0 && levels[0].Width == x.Cols && levels[0].Height == x.Rows && fits, "paint", x) {
		return
	}
	halves := 0 // levels whose sides are halves without a rest
	for halves < min(madeLevels, len(levels)-1) && levels[halves].Width == 2*levels[halves+1].Width && levels[halves].Height == 2*levels[halves+1].Height {
		halves++
	}
	part = part.shrunk(levels[:halves+1])
	paint := paintParams{
		Row: uint32(part.Row), Col: uint32(part.Col), Rows: uint32(part.Rows), Cols: uint32(part.Cols),
		XOffset: uint32(x.Offset), XStride: uint32(x.RowStride),
		Palette: uint32(p.First), Least: p.Least, Slope: p.Slope,
	}
	r.Dispatch(fmt.Sprintf("paint_%d", halves), gpu.Uniform(&paint), [3]int{ceil(part.Cols, 8), ceil(part.Rows, 4), 1},
		float64(part.Rows*part.Cols*500<<(2*halves)), append([]gpu.Binding{x.Buffer, table}, bindings(levels[:halves+1])...)...)
	for levels = levels[halves:]; len(levels) > 1; {
		n := min(madeLevels, len(levels)-1)
		part = part.shrunk(levels[:n+1])
		shrink := shrinkParams{Row: uint32(part.Row), Col: uint32(part.Col), Rows: uint32(part.Rows), Cols: uint32(part.Cols)}
		r.Dispatch(fmt.Sprintf("shrink_%d", n), gpu.Uniform(&shrink), [3]int{ceil(part.Cols, 8), ceil(part.Rows, 4), 1},
			float64(part.Rows*part.Cols*200<<(2*n)), bindings(levels[:n+1])...)
		levels = levels[n:]
	}
}

func bindings(levels []*gpu.Level) []gpu.Binding {
	all := make([]gpu.Binding, len(levels))
	for i, l := range levels {
		all[i] = l
	}
	return all
}

// shrunk is the part of the last of some levels that shows something of the part of the first.
func (p Patch) shrunk(levels []*gpu.Level) Patch {
	for i, l := range levels[1:] {
		p.Row, p.Rows = shrunk(p.Row, p.Rows, levels[i].Height, l.Height)
		p.Col, p.Cols = shrunk(p.Col, p.Cols, levels[i].Width, l.Width)
	}
	return p
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
