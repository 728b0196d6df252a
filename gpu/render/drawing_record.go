package render

import (
	"cmp"
	"fmt"

	"headscope/gpu"
)

// spotSize is that of struct Spot of shared/spot.wgsl.
const spotSize = 32

// Record records the picture: the kernel that makes instances of what is near, then the
// draws over the pass' target, which needs a depth buffer: first the near balls, which hide
// what lies behind them, then matrices and marks in the order in which they were added.
func (d *Drawing) Record(rec *gpu.Recorder, pass gpu.Pass) {
	s := d.space
	if d.full {
		rec.Fail(fmt.Errorf("render: the glyphs of the labels do not fit into one texture of %s", s.renderer.device.Adapter.Name))
	}
	sheet, err := s.renderer.fields.upload(s.renderer.device)
	if err != nil {
		rec.Fail(err)
	}
	smooth, err := s.renderer.device.Smooth()
	if err != nil {
		rec.Fail(err)
	}
	l := &d.lists
	rec.Fail(cmp.Or(
		store(s.renderer.device, &l.order, "order", gpu.Words(d.order)),
		store(s.renderer.device, &l.strokes, "strokes", gpu.Words(d.strokes)),
		store(s.renderer.device, &l.letters, "letters", gpu.Words(d.letters)),
	))
	if rec.Err() != nil {
		return
	}
	view := d.view.params()
	params := gpu.Uniform(&view)
	var draws []gpu.Draw
	if len(d.near) == 0 {
		pass.Depth = nil // nothing would be in it
	} else {
		d.balls(rec)
		draws = append(draws, gpu.Draw{Shader: "balls", Params: params, Depth: gpu.DepthWrite, Bindings: []gpu.Binding{s.places, l.spots}, Indirect: l.args})
	}
	for _, t := range d.steps {
		var bindings []gpu.Binding
		switch t.shader {
		case "strokes":
			bindings = []gpu.Binding{l.strokes}
		case "letters":
			bindings = []gpu.Binding{l.letters, sheet, smooth}
		default:
			p := s.patchOf(d.order[t.lo])
			bindings = []gpu.Binding{s.places, l.order}
			if t.shader == planeNear {
				bindings = append(bindings, s.matrices[p.matrix].Values.Buffer, s.palettes)
			} else {
				bindings = append(bindings, p.texels, smooth)
			}
		}
		draws = append(draws, gpu.Draw{Shader: t.shader, Params: params, Depth: gpu.DepthTest, First: t.lo, Instances: t.hi - t.lo, Bindings: bindings})
	}
	if rec.Err() == nil {
		rec.Render(pass, draws...)
	}
}

// patchOf is the patch at a place of the list of places, or that of a band.
func (s *Space) patchOf(place uint32) patch {
	if n := int(place) - len(s.patches); n >= 0 {
		return s.patches[s.bands[n].patch]
	}
	return s.patches[place]
}

// balls records the kernel near for every part.
func (d *Drawing) balls(rec *gpu.Recorder) {
	s, device, v, l := d.space, d.space.renderer.device, d.view, &d.lists
	capacity := 0
	for _, n := range d.near {
		capacity += n.rows * n.cols
	}
	if limit := int(device.Limits.StorageBinding) / spotSize; capacity > limit {
		capacity = limit
	}
	if l.spots == nil || l.spots.Size < uint64(capacity*spotSize) {
		l.spots.Release()
		var err error
		if l.spots, err = device.NewStorage("near elements", uint64(min(capacity*3/2*spotSize, int(device.Limits.StorageBinding)))); err != nil {
			l.spots = nil
			rec.Fail(err)
			return
		}
	}
	if l.args == nil {
		var err error
		if l.args, err = device.NewIndirect("near draw", 16); err != nil {
			rec.Fail(err)
			return
		}
	}
	rec.Fail(device.Write(l.args, 0, gpu.Words([]uint32{4, 0, 0, 0})))
	for _, n := range d.near {
		m := &s.matrices[s.patches[n.patch].matrix]
		p := nearParams{
			Clip: v.Clip, Eye: v.Eye.Vec4(1), Back: v.Back.Vec4(0),
			Unit: v.Unit, Near: v.Near, Far: v.Far, Balls: v.NearPixels, Ball: v.Ball,
			Margin:   v.Ball * v.Unit / min(v.Width, v.Height),
			Capacity: uint32(capacity), Index: uint32(n.patch),
			Row: uint32(n.row), Col: uint32(n.col), Rows: uint32(n.rows), Cols: uint32(n.cols),
		}
		if lit := m.Lit; !lit.none() {
			p.RowsBlock, p.RowsIndex, p.RowsCount = uint32(lit.Rows.Block), uint32(lit.Rows.Index), uint32(lit.Rows.Count)
			p.ColsBlock, p.ColsIndex, p.ColsCount = uint32(lit.Cols.Block), uint32(lit.Cols.Index), uint32(lit.Cols.Count)
			p.Bright = lit.Bright
		}
		groups := (n.rows*n.cols + 63) / 64
		y := (groups + int(device.Limits.WorkgroupsPerDim) - 1) / int(device.Limits.WorkgroupsPerDim)
		rec.Dispatch("near", gpu.Uniform(&p), [3]int{(groups + y - 1) / y, y, 1}, float64(n.rows*n.cols*40), s.places, m.Values.Buffer, s.palettes, l.spots, l.args)
	}
}
