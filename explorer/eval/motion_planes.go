package eval

import (
	"slices"

	"headscope/explorer/anim"
	"headscope/explorer/partition"
	"headscope/gpu"
	"headscope/gpu/kernels"
	"headscope/wgsl/cpu"
)

// cube records the planes and partial results alive in the cube of result n, and adds them to
// planes.
func (m *Motion) cube(r *gpu.Recorder, planes []MotionPlane, n int, res anim.Result) []MotionPlane {
	first := len(planes)
	for i := range res.PlaneCount() {
		planes = append(planes, MotionPlane{Result: n, Plane: res.Plane(i)})
	}
	own := planes[first:]
	if res.Phase == anim.Waiting {
		for i := range own {
			var err error
			if own[i].Values, err = m.black(own[i].Rows.N, own[i].Cols.N); err != nil {
				r.Fail(err)
			}
		}
		return planes
	}
	products := slices.IndexFunc(own, func(p MotionPlane) bool { return p.Kind == anim.Products })
	if products > 0 {
		m.partials(r, m.matmuls[n], own[:products])
	}
	if products >= 0 {
		m.products(r, m.matmuls[n], own[products:])
	}
	return planes
}

// partials records the partial results of a running matmul: what was reached of the complete
// ones, which are computed once.
func (m *Motion) partials(r *gpu.Recorder, mm *moving, planes []MotionPlane) {
	size := mm.bytes() * uint64(len(planes))
	shown, err := m.room(&mm.shownPartials, "partial results", size)
	if err != nil {
		r.Fail(err)
		return
	}
	out := shown.Tensor(len(planes), mm.rows, mm.cols)
	if mm.partials == nil {
		if _, err := m.room(&mm.partials, "partial results", size); err != nil {
			r.Fail(err)
			return
		}
		m.complete(r, mm, planes, out)
	}
	if reach := planes[0].Shown; mm.heldPartials != reach {
		mm.heldPartials = reach
		kernels.Reached(r, out, mm.partials.Tensor(len(planes), mm.rows, mm.cols), cpu.Reach(reach))
	}
	for i := range planes {
		planes[i].Values = out.At(i)
	}
}

// complete records the complete partial results, through the part of the epilog that takes
// single elements. spare has their shape.
func (m *Motion) complete(r *gpu.Recorder, mm *moving, planes []MotionPlane, spare gpu.Tensor) {
	out := mm.partials.Tensor(spare.Batch, mm.rows, mm.cols)
	to, other := out, spare
	single := mm.epilog.then != nil && !mm.epilog.wide && mm.node.Epilog != "layernorm"
	if single {
		to, other = spare, out
	}
	a, b := mm.left.tensor(), mm.right.tensor()
	for i, p := range planes {
		sums(r, to.At(i), other.At(i), a.Part(0, a.Rows, p.K.Lo, p.K.Len()), b.Part(p.K.Lo, p.K.Len(), 0, b.Cols), mm.matrix)
	}
	if single { // all at once: they lie one behind the other
		mm.epilog.then(m.e, r, out.Buffer.Tensor(1, out.Batch*mm.rows, mm.cols), spare.Buffer.Tensor(1, out.Batch*mm.rows, mm.cols))
	}
}

// products records the planes of products of a running matmul, all at once.
func (m *Motion) products(r *gpu.Recorder, mm *moving, planes []MotionPlane) {
	a, b := mm.left.tensor(), mm.right.tensor()
	table, rows, cols := make([]cpu.ProductPlane, len(planes)), 0, 0
	for i, p := range planes {
		rows, cols = max(rows, p.Rows.N), max(cols, p.Cols.N)
		table[i] = cpu.ProductPlane{
			AFirst: uint32(p.I.Lo*a.RowStride + p.K.Lo), BFirst: uint32(p.K.Lo*b.RowStride + p.J.Lo),
			Rows: uint32(p.Rows.N), Cols: uint32(p.Cols.N),
		}
	}
	out, err := m.room(&mm.products, "planes", 4*uint64(len(planes))*uint64(rows)*uint64(gpu.Stride4(cols)))
	if err != nil {
		r.Fail(err)
		return
	}
	room := out.Tensor(len(planes), rows, cols)
	if !slices.Equal(mm.planes, table) {
		if _, err := m.room(&mm.table, "planes", 16*uint64(len(planes))); err != nil {
			r.Fail(err)
			return
		}
		mm.planes = table
		r.Fail(m.e.device.Write(mm.table, 0, gpu.Words(table)))
		// How far apart the factors of products are that follow one another along an axis.
		left := map[partition.Axis]int{partition.I: a.RowStride, partition.K: 1}
		right := map[partition.Axis]int{partition.K: b.RowStride, partition.J: 1}
		down, across := planes[0].Down, planes[0].Across
		kernels.Products(r, room, mm.table, a.Buffer, b.Buffer, cpu.Strides{
			ADown: uint32(left[down]), AAcross: uint32(left[across]), BDown: uint32(right[down]), BAcross: uint32(right[across]),
		})
	}
	for i, p := range planes {
		planes[i].Values = room.At(i).Part(0, p.Rows.N, 0, p.Cols.N)
	}
}
