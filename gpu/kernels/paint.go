package kernels

import (
	"fmt"
	"math"

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

type shrinkParams struct {
	X, Y, Cols, Rows                                                   uint32
	Width0, Height0, Width1, Height1, Width2, Height2, Width3, Height3 uint32
}

// shrinkLevels is how many levels a dispatch makes at most.
const shrinkLevels = 3

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
	r.Dispatch("paint", gpu.Uniform(&paint), [3]int{ceil(part.Cols, 8), ceil(part.Rows, 4), 1}, float64(part.Rows*part.Cols*500), x.Buffer, table, levels[0])
	for len(levels) > 1 {
		n := min(shrinkLevels, len(levels)-1)
		var width, height [1 + shrinkLevels]uint32
		bindings := make([]gpu.Binding, 1+n)
		for i, l := range levels[:1+n] {
			bindings[i] = l
			width[i], height[i] = uint32(l.Width), uint32(l.Height)
			if i > 0 {
				part.Row, part.Rows = shrunk(part.Row, part.Rows, levels[i-1].Height, l.Height)
				part.Col, part.Cols = shrunk(part.Col, part.Cols, levels[i-1].Width, l.Width)
			}
		}
		shrink := shrinkParams{
			X: uint32(part.Col), Y: uint32(part.Row), Cols: uint32(part.Cols), Rows: uint32(part.Rows),
			Width0: width[0], Height0: height[0], Width1: width[1], Height1: height[1],
			Width2: width[2], Height2: height[2], Width3: width[3], Height3: height[3],
		}
		cost := float64(part.Rows*part.Cols) * 200 * math.Pow(4, float64(n))
		r.Dispatch(fmt.Sprintf("shrink_%d", n), gpu.Uniform(&shrink), [3]int{ceil(part.Cols, 8), ceil(part.Rows, 4), 1}, cost, bindings...)
		levels = levels[n:]
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
