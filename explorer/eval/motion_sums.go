package eval

import (
	"headscope/explorer/anim"
	"headscope/explorer/partition"
	"headscope/gpu"
	"headscope/gpu/kernels"
	"headscope/wgsl/cpu"
)

// moving is a matmul in motion: what the device holds of it beside its complete values.
type moving struct {
	*matrix
	shown *gpu.Buffer // owned: [h, w], the result as far as it is
	held  anim.Sums   // how far that is
	whole *gpu.Buffer // owned: [h, w], the complete sums before the epilog, once they are needed

	partials      *gpu.Buffer // owned: [k blocks, h, w], the complete partial results, once they are needed
	shownPartials *gpu.Buffer // owned: of them what was reached
	heldPartials  anim.Sums   // how far that is

	products *gpu.Buffer        // owned: [planes, rows, columns]
	table    *gpu.Buffer        // owned: planes, for the kernel
	planes   []cpu.ProductPlane // which products that holds
}

func (mm *moving) release() {
	mm.forget()
	for _, b := range []*gpu.Buffer{mm.shown, mm.shownPartials, mm.products, mm.table} {
		b.Release()
	}
}

// forget lets go of what is computed once and of what the buffers that show something hold.
func (mm *moving) forget() {
	mm.whole.Release()
	mm.partials.Release()
	mm.whole, mm.partials = nil, nil
	mm.held, mm.heldPartials, mm.planes = anim.Sums{}, anim.Sums{}, nil
}

// like views a buffer as a matrix of the result's shape.
func (mm *moving) like(b *gpu.Buffer) gpu.Tensor { return b.Tensor(1, mm.rows, mm.cols) }

// buildsUp tells whether the sums of a running matmul grow product by product, which is where
// its planes are parallel to the result.
func buildsUp(res anim.Result) bool {
	p := res.Plane(res.PlaneCount() - 1)
	return p.Down == partition.I && p.Across == partition.J
}

// result records what is shown of the result of a running matmul.
func (m *Motion) result(r *gpu.Recorder, mm *moving, res anim.Result) {
	if mm.held == res.Shown {
		return
	}
	shown, err := m.room(&mm.shown, "results", mm.bytes())
	if err != nil {
		r.Fail(err)
		return
	}
	mm.held = res.Shown
	out, reach := mm.like(shown), cpu.Reach(res.Shown)
	switch {
	case !buildsUp(res):
		kernels.Reached(r, out, mm.tensor(), reach)
	case reach.PerI == 0 && reach.PerJ == 0:
		m.deepen(r, mm, out, reach)
	default:
		m.sweep(r, mm, out, reach)
	}
}

// deepen records sums that are all equally deep, and their epilog.
func (m *Motion) deepen(r *gpu.Recorder, mm *moving, out gpu.Tensor, reach cpu.Reach) {
	spare, _, ok := m.work(r, mm)
	if !ok {
		return
	}
	a, b, depth := mm.left.tensor(), mm.right.tensor(), reach.Depth(0, 0)
	if reach.BlockK >= a.Cols {
		a, b = a.Part(0, a.Rows, 0, depth), b.Part(0, depth, 0, b.Cols)
	} else if a, b, ok = m.cut(r, mm, reach.BlockK, depth); !ok {
		return
	}
	if mm.epilog.then == nil {
		sums(r, out, spare, a, b, mm.matrix)
		return
	}
	sums(r, spare, out, a, b, mm.matrix)
	mm.epilog.then(m.e, r, out, spare)
}

// cut records copies of the inputs without the products of each block of k from a depth on.
func (m *Motion) cut(r *gpu.Recorder, mm *moving, block, depth int) (left, right gpu.Tensor, ok bool) {
	for side, x := range []*matrix{mm.left, mm.right} {
		b, err := m.room(&m.reached[side], "inputs", m.largest())
		if err != nil {
			r.Fail(err)
			return left, right, false
		}
		reach := cpu.Reach{BlockI: 1, BlockK: 1, BlockJ: block, PerJ: 1, Rate: 1, Count: depth}
		if side == 1 {
			reach = cpu.Reach{BlockI: block, BlockK: 1, BlockJ: 1, PerI: 1, Rate: 1, Count: depth}
		}
		kernels.Reached(r, b.Tensor(1, x.rows, x.cols), x.tensor(), reach)
	}
	return m.reached[0].Tensor(1, mm.left.rows, mm.left.cols), m.reached[1].Tensor(1, mm.right.rows, mm.right.cols), true
}

// sweep records sums that are under way in some columns, complete in those before and none in
// those behind, and their epilog.
func (m *Motion) sweep(r *gpu.Recorder, mm *moving, out gpu.Tensor, reach cpu.Reach) {
	before, behind, ok := m.work(r, mm)
	if !ok {
		return
	}
	a, b := mm.left.tensor(), mm.right.tensor()
	if mm.whole == nil {
		whole, err := m.room(&mm.whole, "sums", mm.bytes())
		if err != nil {
			r.Fail(err)
			return
		}
		sums(r, mm.like(whole), before, a, b, mm.matrix)
	}
	scale := mm.epilog.scale(float64(a.Cols))
	if mm.epilog.then == nil {
		kernels.Sums(r, out, a, b, mm.like(mm.whole), scale, reach)
		return
	}
	kernels.Sums(r, before, a, b, mm.like(mm.whole), scale, reach)
	mm.epilog.then(m.e, r, behind, before)
	kernels.Reached(r, out, behind, reach)
}

// work is room for two matrices of the result's shape.
func (m *Motion) work(r *gpu.Recorder, mm *moving) (one, other gpu.Tensor, ok bool) {
	for n := range m.scratch {
		if _, err := m.room(&m.scratch[n], "sums", m.largest()); err != nil {
			r.Fail(err)
			return one, other, false
		}
	}
	return mm.like(m.scratch[0]), mm.like(m.scratch[1]), true
}
