package eval

import (
	"context"
	"fmt"

	"headscope/explorer/expr"
	"headscope/gpu"
	"headscope/gpu/kernels"
)

// Leaves gives the values of an expression's leaves.
type Leaves interface {
	// Key names a leaf's values: leaves of one key have the same, and are uploaded once.
	Key(n *expr.Node) string
	// Values returns them, [H, W] row-major. Its error says which leaf it is about.
	Values(ctx context.Context, n *expr.Node) ([]float32, error)
}

// Expression holds the matrices of an expression tree on a device: leaves, results and
// their summaries. It belongs to the caller, who releases it before the device.
type Expression struct {
	device   *gpu.Device // not owned
	matrices []*matrix   // owned: of the last Run, children before their parents
	byPath   map[string]*matrix
	whole    bool // the last Run got to its end

	scratch *gpu.Buffer // owned: sums of a product on their way through its epilog
	lse     *gpu.Buffer // owned: what softmaxes write beside their result
	work    *gpu.Buffer // owned: working space of whole-matrix kernels
	sums    *gpu.Buffer // owned: [matrices, 4], of kernels.Reduce
}

// NewExpression makes room for an expression; Run fills it.
func NewExpression(d *gpu.Device) *Expression { return &Expression{device: d} }

// Release frees all matrices. Run may follow.
func (e *Expression) Release() {
	if e == nil {
		return
	}
	for _, m := range e.matrices {
		m.buffer.Release()
	}
	for _, b := range []**gpu.Buffer{&e.scratch, &e.lse, &e.work, &e.sums} {
		(*b).Release()
		*b = nil
	}
	e.matrices, e.byPath, e.whole = nil, nil, false
}

// Run computes the tree at root: it uploads the leaves, records all products with their
// epilogs from the leaves to the root, and the reductions of all matrices, in one
// recording, and submits that. after, if not nil, records more behind it. Run does not
// wait.
//
// What an earlier Run left is used again: leaves of the same key and shape keep their
// values, and other matrices take over buffers of their size. A tree that the device
// cannot hold is refused before anything changes; after another error there are no results
// until the next Run. ctx ends a Run between two matrices.
//
// A result is result[i, j] = sum over k of left[i, k] right[k, j], in float32, then the
// epilog. The sums are within 2e-5 of the sums of the products' sizes, mostly within 1e-6:
// where products cancel out, what is left of them has fewer right digits, and an epilog can
// magnify that (layernorm of nearly equal values, a softmax of scores over 1000).
func (e *Expression) Run(ctx context.Context, root *expr.Node, leaves Leaves, after func(r *gpu.Recorder)) error {
	p, err := e.plan(root, leaves)
	if err != nil {
		return err
	}
	e.whole = false
	if err := e.adopt(p); err != nil {
		return err
	}
	for _, m := range e.matrices {
		if m.isLeaf() && !m.filled {
			if err := e.fill(ctx, m, leaves); err != nil {
				return err
			}
		}
	}
	r := e.device.Record("expression")
	r.Until(ctx)
	for _, m := range e.matrices {
		if err := ctx.Err(); err != nil {
			r.Fail(err)
			break
		}
		if !m.isLeaf() {
			e.product(r, m)
		}
	}
	for i, m := range e.matrices {
		out := e.sums.Tensor(1, len(e.matrices), 4).Part(i, 1, 0, 4)
		kernels.Reduce(r, kernels.Summary{Work: floats(e.work), Out: out}, m.tensor())
	}
	// The results are there for what comes behind them.
	e.whole = r.Err() == nil
	if after != nil && e.whole {
		after(r)
	}
	if err := r.Submit(); err != nil {
		e.whole = false
		return err
	}
	return nil
}

// adopt makes the plan's matrices those of e: with the values or the buffers of the old
// ones where they fit, and new buffers where none does.
func (e *Expression) adopt(p *plan) error {
	leaves := map[string]*matrix{}
	for _, m := range p.matrices {
		if m.isLeaf() {
			leaves[m.key] = m
		}
	}
	spare := map[uint64][]*gpu.Buffer{} // by size
	for _, old := range e.matrices {
		if m := leaves[old.key]; m != nil && old.filled {
			m.buffer, m.filled = old.buffer, true
		} else if old.buffer != nil {
			spare[old.buffer.Size] = append(spare[old.buffer.Size], old.buffer)
		}
	}
	e.matrices, e.byPath = p.matrices, p.byPath
	for _, m := range e.matrices {
		if free := spare[m.bytes()]; m.buffer == nil && len(free) > 0 {
			m.buffer, spare[m.bytes()] = free[0], free[1:]
		}
	}
	for _, buffers := range spare { // before anything is made
		for _, b := range buffers {
			b.Release()
		}
	}
	for _, s := range p.space() {
		b := s.of(e)
		if *b != nil && (*b).Size == max(16, s.bytes) {
			continue
		}
		(*b).Release()
		*b = nil
		if s.bytes == 0 {
			continue
		}
		var err error
		if *b, err = e.device.NewStorage(s.label, s.bytes); err != nil {
			return err
		}
	}
	for _, m := range e.matrices {
		if m.buffer == nil {
			var err error
			if m.buffer, err = e.device.NewStorage(m.String(), m.bytes()); err != nil {
				return err
			}
		}
		m.buffer.Label = m.String()
	}
	return nil
}

// fill uploads the values of a leaf.
func (e *Expression) fill(ctx context.Context, m *matrix, leaves Leaves) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	data, err := leaves.Values(ctx, m.node)
	if err != nil {
		return err
	}
	if len(data) != m.rows*m.cols {
		return fmt.Errorf("%s has %d values; expected %d x %d", m, len(data), m.rows, m.cols)
	}
	if err := e.upload(m.tensor(), data); err != nil {
		return err
	}
	m.filled = true
	return nil
}

// upload copies a matrix to the device: a large one in pieces, since the binding holds a
// copy of what is written in one go.
func (e *Expression) upload(t gpu.Tensor, data []float32) error {
	if t.Rows*t.RowStride <= gpu.PieceFloats {
		return e.device.WriteRows(t, 0, data)
	}
	u, err := e.device.NewUploader(2)
	if err != nil {
		return err
	}
	defer u.Release()
	step := gpu.PieceFloats / t.RowStride
	for first := 0; first < t.Rows; first += step {
		rows := min(step, t.Rows-first)
		piece, err := u.Take(rows * t.RowStride)
		if err != nil {
			return err
		}
		for i := range rows {
			row := piece.Data[i*t.RowStride : (i+1)*t.RowStride]
			clear(row[copy(row, data[(first+i)*t.Cols:(first+i+1)*t.Cols]):])
		}
		if err := u.Send(piece, t.Buffer, first*t.RowStride); err != nil {
			return err
		}
	}
	return nil
}

// product records one matmul and its epilog.
func (e *Expression) product(r *gpu.Recorder, m *matrix) {
	out := m.tensor()
	scratch := gpu.Tensor{}
	if e.scratch != nil {
		scratch = e.scratch.Tensor(1, m.rows, m.cols)
	}
	if m.epilog.then == nil {
		multiply(r, out, scratch, m)
		return
	}
	multiply(r, scratch, out, m)
	m.epilog.then(e, r, out, scratch)
}

// innerPart is how many products a sum takes in one go. A long sum in float32 rounds what it
// adds, always in the same direction if that is always the same; and a thread's loop on a
// software adapter may not be longer than 65535 rounds.
const innerPart = 1024

// multiply records the sums of a matmul, scaled, into out; see sums.
func multiply(r *gpu.Recorder, out, spare gpu.Tensor, m *matrix) {
	sums(r, out, spare, m.left.tensor(), m.right.tensor(), m)
}

// sums records the sums of products of a matmul m, scaled as they are there, into out: of a
// times b, its inputs or some columns of the left and the same rows of the right one. spare, of
// out's shape, is used where they come in several parts.
func sums(r *gpu.Recorder, out, spare, a, b gpu.Tensor, m *matrix) {
	e := kernels.Epilogue{Scale: m.epilog.scale(float64(m.left.cols))}
	parts := (a.Cols + innerPart - 1) / innerPart
	for i := range parts {
		// The sums so far pass to and fro, so that the last are in out.
		to, before := out, spare
		if (parts-1-i)%2 == 1 {
			to, before = spare, out
		}
		if i > 0 {
			e.Residual = before
		}
		at := i * innerPart
		k := min(innerPart, a.Cols-at)
		kernels.MatMul(r, to, a.Part(0, a.Rows, at, k), b.Part(at, k, 0, b.Cols), e)
	}
}

// floats views all of a buffer as one row.
func floats(b *gpu.Buffer) gpu.Tensor { return b.Tensor(1, 1, int(b.Size/4)) }
