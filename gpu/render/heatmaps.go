package render

import (
	"cmp"
	"fmt"
	"image"
	"math"

	"headscope/gpu"
	"headscope/gpu/kernels"
)

// cellsParams is Params of cells.wgsl.
type cellsParams struct {
	Draw, First, Heads, N, Columns uint32
	X, Y                           int32
	Side                           uint32
	PitchX, PitchY                 int32
	Left, Top, Right, Bottom       int32
	XOffset, XStride, XBatch       uint32
	Unused                         [3]uint32
}

// instance is struct Instance of shared/instance.wgsl.
type instance struct {
	X, Y                                   int32
	Side, Level, Cells, Base, Stride, Head uint32
}

const instanceSize = 32

// heatmapParams is Params of heatmap.wgsl.tmpl.
type heatmapParams struct {
	Width, Height     float32
	N, First, Palette uint32
	Range             float32
	Causal, Masked    uint32
}

// grid is one of a frame's.
type grid struct {
	Grid
	layers []Layer
	clip   image.Rectangle
}

// shape is that of the first layer's values there are; without any it has no buffer.
func (g grid) shape() gpu.Tensor {
	for _, l := range g.layers {
		if l.Values.Buffer != nil {
			return l.Values
		}
	}
	return gpu.Tensor{}
}

// MaxSide is the largest side of a [Grid] of n x n matrices: the shader counts half pixels
// times cells in 31 bits.
func MaxSide(n int) int { return math.MaxInt32 / (2*max(1, n) + 1) }

// check says what does not fit together in the grid and its layers.
func (g grid) check() error {
	first := g.shape()
	if g.Side < 1 || g.Side > MaxSide(first.Rows) || g.Columns < 1 || !(g.Range > 0) || len(g.Ranks) != len(g.layers)*first.Batch {
		return fmt.Errorf("render: a grid of %d columns of %d pixels, at most %d are possible, range %g, with %d ranks for %d x %d heads",
			g.Columns, g.Side, MaxSide(first.Rows), g.Range, len(g.Ranks), len(g.layers), first.Batch)
	}
	_, cells := kernels.PyramidLevels(first.Rows, first.Cols)
	for _, l := range g.layers {
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

// heatmaps uploads the orders, records the kernel for each layer of each grid and returns
// the grids' draws. One buffer holds all instances, a range of heads a layer, one all draw
// arguments.
func (f *Frame) heatmaps(rec *gpu.Recorder, whole image.Rectangle) [][]gpu.Draw {
	var ranks []int32
	draws, layers := make([][]gpu.Draw, len(f.grids)), 0
	for _, g := range f.grids {
		if g.shape().Buffer == nil {
			continue
		}
		if err := g.check(); err != nil {
			rec.Fail(err)
			return nil
		}
		for _, r := range g.Ranks {
			ranks = append(ranks, int32(r))
		}
		layers += len(g.layers)
	}
	if len(ranks) == 0 {
		return draws
	}
	d, l := f.renderer.device, &f.lists
	rec.Fail(cmp.Or(
		store(d, &l.ranks, "ranks", gpu.Words(ranks)),
		reserve(&l.instances, "heat map instances", len(ranks)*instanceSize, d.NewStorage),
		reserve(&l.args, "heat map draws", layers*16, d.NewIndirect),
	))
	first, number := 0, 0
	for i, g := range f.grids {
		if g.shape().Buffer == nil || rec.Err() != nil {
			continue
		}
		clip := bounded(g.clip, whole)
		for _, layer := range g.layers {
			if layer.Values.Buffer != nil {
				draws[i] = append(draws[i], f.layer(rec, g, layer, clip, whole, first, number))
			}
			first += g.shape().Batch
			number++
		}
	}
	return draws
}

// layer records the kernel for one layer, whose heads are those from first on in the lists,
// and returns draw number number.
func (f *Frame) layer(rec *gpu.Recorder, g grid, layer Layer, clip, whole image.Rectangle, first, number int) gpu.Draw {
	v, l := layer.Values, f.lists
	p := cellsParams{
		Draw: uint32(number), First: uint32(first), Heads: uint32(v.Batch), N: uint32(v.Rows), Columns: uint32(g.Columns),
		X: int32(g.X), Y: int32(g.Y), Side: uint32(g.Side), PitchX: int32(g.PitchX), PitchY: int32(g.PitchY),
		Left: int32(clip.Min.X), Top: int32(clip.Min.Y), Right: int32(clip.Max.X), Bottom: int32(clip.Max.Y),
		XOffset: uint32(v.Offset), XStride: uint32(v.RowStride), XBatch: uint32(v.BatchStride),
	}
	rec.Dispatch("cells", gpu.Uniform(&p), [3]int{1, 1, 1}, float64(v.Batch*50), l.ranks, l.instances, l.args)
	h := heatmapParams{
		Width: float32(whole.Max.X), Height: float32(whole.Max.Y), N: uint32(v.Rows), First: uint32(first),
		Palette: uint32(g.Palette), Range: g.Range, Masked: pack(g.Masked),
	}
	if g.Causal {
		h.Causal = 1
	}
	draw := gpu.Draw{Params: gpu.Uniform(&h), Bindings: []gpu.Binding{l.instances, v.Buffer}, Indirect: l.args, IndirectIndex: number}
	switch {
	case g.Side >= v.Rows:
		draw.Shader = "heatmap_near"
	case 2*g.Side > v.Rows+1: // level 0, as in cells.wgsl
		draw.Shader = "heatmap_mid"
	default:
		draw.Shader, draw.Bindings[1] = "heatmap_far", layer.Pyramid
	}
	return draw
}

// reserve makes a buffer anew where it is too small for size bytes.
func reserve(b **gpu.Buffer, label string, size int, make func(label string, size uint64) (*gpu.Buffer, error)) error {
	if *b != nil && (*b).Size >= uint64(size) {
		return nil
	}
	(*b).Release()
	var err error
	*b, err = make(label, uint64(size))
	return err
}
