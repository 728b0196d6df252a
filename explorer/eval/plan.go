package eval

import (
	"fmt"

	"headscope/explorer/expr"
	"headscope/gpu"
	"headscope/gpu/kernels"
)

// matrix is a leaf or a result of an expression on the device.
type matrix struct {
	path        string // of the first node that shows it
	node        *expr.Node
	rows, cols  int
	key         string  // of a leaf: what its values and shape are known by
	left, right *matrix // of a result
	epilog      epilog  // of a result
	buffer      *gpu.Buffer
	filled      bool // a leaf whose values are there
}

func (m *matrix) isLeaf() bool { return m.left == nil }

// bytes is what the matrix takes on the device.
func (m *matrix) bytes() uint64 { return uint64(m.rows) * uint64(gpu.Stride4(m.cols)) * 4 }

func (m *matrix) tensor() gpu.Tensor { return m.buffer.Tensor(1, m.rows, m.cols) }

// parts is in how many parts the sums of a product are computed.
func (m *matrix) parts() int { return (m.left.cols + innerPart - 1) / innerPart }

// String says which matrix it is: "attn (left.left)", or where it is if its name, an
// expansion, is long.
func (m *matrix) String() string {
	if len(m.node.Name) > 40 {
		return m.path
	}
	return fmt.Sprintf("%s (%s)", m.node.Name, m.path)
}

// plan lists the matrices of a tree before any of them is there.
type plan struct {
	matrices []*matrix // children before their parents; leaves of one key once
	byPath   map[string]*matrix
}

// plan checks a tree: that its shapes agree and that the device can hold and compute it.
func (e *Expression) plan(root *expr.Node, leaves Leaves) (*plan, error) {
	var nodes []*matrix
	root.Walk(func(path string, n *expr.Node) { nodes = append(nodes, &matrix{path: path, node: n}) })
	p := &plan{byPath: map[string]*matrix{}}
	byKey := map[string]*matrix{}
	for i := len(nodes) - 1; i >= 0; i-- {
		m := nodes[i]
		if err := p.shape(m); err != nil {
			return nil, err
		}
		if m.isLeaf() {
			m.key = fmt.Sprintf("%d x %d %s", m.rows, m.cols, leaves.Key(m.node))
			if same := byKey[m.key]; same != nil {
				same.path, same.node = m.path, m.node
				p.byPath[m.path] = same
				continue
			}
			byKey[m.key] = m
		}
		if err := m.check(e.device); err != nil {
			return nil, err
		}
		p.byPath[m.path] = m
		p.matrices = append(p.matrices, m)
	}
	return p, e.fits(p)
}

// shape gives m its children, shape and epilog.
func (p *plan) shape(m *matrix) error {
	if !m.node.IsMatMul() {
		m.rows, m.cols = m.node.H, m.node.W
		if min(m.rows, m.cols) < 1 || max(m.rows, m.cols) > expr.MaxDim {
			return fmt.Errorf("%s is %d x %d; a matrix has 1 to %d rows and columns", m, m.rows, m.cols, expr.MaxDim)
		}
		return nil
	}
	prefix := ""
	if m.path != "root" {
		prefix = m.path + "."
	}
	m.left, m.right = p.byPath[prefix+"left"], p.byPath[prefix+"right"]
	if m.left.cols != m.right.rows {
		return fmt.Errorf("%s: its left side is %d x %d, its right %d x %d; the inner sizes have to agree", m, m.left.rows, m.left.cols, m.right.rows, m.right.cols)
	}
	m.rows, m.cols = m.left.rows, m.right.cols
	var ok bool
	if m.epilog, ok = epilogOf(m.node.Epilog); !ok {
		return fmt.Errorf("%s: the epilog is %q; expected one of %q", m, m.node.Epilog, expr.Epilogs)
	}
	return nil
}

// check refuses a matrix that the device's kernels cannot have.
func (m *matrix) check(d *gpu.Device) error {
	if m.bytes() > d.Limits.StorageBinding {
		return fmt.Errorf("%s is %d x %d and needs %s; %s allows %s a matrix: make it smaller", m, m.rows, m.cols, gpu.Bytes(m.bytes()), d.Adapter.Name, gpu.Bytes(d.Limits.StorageBinding))
	}
	if limit := kernels.SoftmaxCols(d); m.epilog.wide && m.cols > limit {
		return fmt.Errorf("%s: %s of rows of %d columns; on %s it takes up to %d: make them shorter", m, m.node.Epilog, m.cols, d.Adapter.Name, limit)
	}
	return nil
}

// space is a buffer beside the matrices that a plan needs.
type space struct {
	label string
	bytes uint64
	of    func(e *Expression) **gpu.Buffer
}

// space lists them all.
func (p *plan) space() []space {
	var scratch, lse, work uint64
	for _, m := range p.matrices {
		work = max(work, 4*uint64(kernels.WorkFloats(1, m.rows, m.cols)))
		if m.isLeaf() {
			continue
		}
		if m.epilog.then != nil || m.parts() > 1 {
			scratch = max(scratch, m.bytes())
		}
		if m.epilog.wide {
			lse = max(lse, 4*uint64(m.rows+3)&^15)
		}
	}
	return []space{
		{"sums of a product", scratch, func(e *Expression) **gpu.Buffer { return &e.scratch }},
		{"lse", lse, func(e *Expression) **gpu.Buffer { return &e.lse }},
		{"working space", work, func(e *Expression) **gpu.Buffer { return &e.work }},
		{"summaries", 16 * uint64(len(p.matrices)), func(e *Expression) **gpu.Buffer { return &e.sums }},
	}
}

// fits refuses what a software adapter's machine has no memory for, what e already holds
// counted in.
func (e *Expression) fits(p *plan) error {
	var need, held uint64
	for _, m := range p.matrices {
		need += m.bytes()
	}
	for _, s := range p.space() {
		need += s.bytes
		if b := *s.of(e); b != nil {
			held += b.Size
		}
	}
	for _, m := range e.matrices {
		if m.buffer != nil {
			held += m.buffer.Size
		}
	}
	if free, ok := FreeMemory(); ok && e.device.Adapter.Software() && need > free+held {
		return fmt.Errorf("the expression's %d matrices need %s; this machine has %s free: make them smaller", len(p.matrices), gpu.Bytes(need), gpu.Bytes(free+held))
	}
	return nil
}
