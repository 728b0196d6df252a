package render

import (
	"fmt"

	"headscope/gpu"
	"headscope/gpu/kernels"
)

// cellsParams is Params of cells.wgsl.
type cellsParams struct {
	Layer, Heads, N, Columns uint32
	X, Y                     int32
	Side                     uint32
	PitchX, PitchY           int32
	Width, Height            int32
	XOffset, XStride, XBatch uint32
	Unused                   [2]uint32
}

// instance is struct Instance of shared/instance.wgsl.
type instance struct {
	X, Y                                   int32
	Side, Level, Cells, Base, Stride, Head uint32
}

const instanceSize = 32

// heatmapParams is Params of heatmap.wgsl.
type heatmapParams struct {
	Width, Height     float32
	N, First, Palette uint32
	Range             float32
	Causal, Masked    uint32
}

// check says what does not fit together in the grid and its layers.
func (f *Frame) check() error {
	g, first := f.grid, gpu.Tensor{}
	for _, l := range f.layers {
		if first.Buffer == nil {
			first = l.Values
		}
	}
	if first.Buffer == nil {
		return nil
	}
	if g.Side < 1 || g.Columns < 1 || !(g.Range > 0) || len(g.Ranks) != len(f.layers)*first.Batch {
		return fmt.Errorf("render: a grid of %d columns of %d pixels, range %g, with %d ranks for %d x %d heads", g.Columns, g.Side, g.Range, len(g.Ranks), len(f.layers), first.Batch)
	}
	_, cells := kernels.PyramidLevels(first.Rows, first.Cols)
	for _, l := range f.layers {
		v := l.Values
		if v.Buffer == nil {
			continue
		}
		if v.Batch != first.Batch || v.Rows != first.Rows || v.Rows != v.Cols || v.Len() == 0 {
			return fmt.Errorf("render: layer %s: expected [%d, %d, %d] as in the first layer, with square matrices", v, first.Batch, first.Rows, first.Rows)
		}
		if l.Pyramid == nil || l.Pyramid.Size < uint64(v.Batch*cells)*8 {
			return fmt.Errorf("render: layer %s has no pyramid, or one that is too small", v)
		}
	}
	return nil
}

// cells uploads the order, records the kernel for each layer and returns the layers' draws.
// One buffer holds all instances, a region of heads a layer, one all draw arguments.
func (f *Frame) cells(rec *gpu.Recorder, width, height int) []gpu.Draw {
	if err := f.check(); err != nil {
		rec.Fail(err)
		return nil
	}
	g, d := f.grid, f.renderer.device
	ranks := make([]int32, len(g.Ranks))
	for i, r := range g.Ranks {
		ranks[i] = int32(r)
	}
	order := upload(f, rec, "ranks", ranks)
	b, err := d.NewStorage("heat map instances", uint64(len(ranks)*instanceSize))
	list := f.keep(rec, b, err)
	b, err = d.NewIndirect("heat map draws", uint64(len(f.layers)*16))
	args := f.keep(rec, b, err)
	if rec.Err() != nil {
		return nil
	}
	var draws []gpu.Draw
	for i, l := range f.layers {
		v := l.Values
		if v.Buffer == nil {
			continue
		}
		p := cellsParams{
			Layer: uint32(i), Heads: uint32(v.Batch), N: uint32(v.Rows), Columns: uint32(g.Columns),
			X: int32(g.X), Y: int32(g.Y), Side: uint32(g.Side), PitchX: int32(g.PitchX), PitchY: int32(g.PitchY),
			Width: int32(width), Height: int32(height),
			XOffset: uint32(v.Offset), XStride: uint32(v.RowStride), XBatch: uint32(v.BatchStride),
		}
		rec.Dispatch("cells", gpu.Uniform(&p), [3]int{1, 1, 1}, float64(v.Batch*50), order, list, args)
		h := heatmapParams{
			Width: float32(width), Height: float32(height), N: uint32(v.Rows), First: uint32(i * v.Batch),
			Palette: uint32(g.Palette), Range: g.Range, Masked: pack(g.Masked),
		}
		if g.Causal {
			h.Causal = 1
		}
		draws = append(draws, gpu.Draw{Shader: "heatmap", Params: gpu.Uniform(&h), Bindings: []gpu.Binding{list, v.Buffer, l.Pyramid}, Indirect: args, IndirectIndex: i})
	}
	return draws
}
