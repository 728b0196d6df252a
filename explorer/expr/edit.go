package expr

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Edit returns the tree of a new expression for a session that showed another one, keeping
// what can be kept:
//
//   - A node whose name is found in the old tree keeps its settings; of several with one
//     name each keeps those of its counterpart, in the order in which they stand.
//   - A leaf that became a matmul keeps its shape as the product's, a matmul that became a
//     leaf its own; a new leaf gets the defaults.
//   - The root keeps the settings of the old root, which are the session's.
//
// Then shapes are propagated, so that every inner dimension agrees: where two disagree,
// the matrix that was there before prevails over the new one and the left over the right.
// Where children lie is still what it was: package layout derives it from the scheme.
// The old tree stays as it is.
//
// A leaf's name that comes several times is to be one matrix: if it would have two shapes,
// that is an error, unless it had them before.
func Edit(old *Node, text string) (*Node, error) {
	root, err := Parse(text)
	if err != nil {
		return nil, err
	}
	if !root.IsMatMul() {
		return nil, &SyntaxError{text, 1, fmt.Sprintf("%s is a single matrix, expected a product such as %[1]s @ B", root.Name)}
	}
	e := editor{old: map[string][]*Node{}, from: map[*Node]*Node{}}
	old.Walk(func(_ string, n *Node) { e.old[n.token()] = append(e.old[n.token()], n) })
	e.keep(root, true)
	e.session(root, old)
	root.Resolve()
	e.propagate(root)
	before := leafShapes(old)
	for name, sizes := range leafShapes(root) {
		if len(sizes) > 1 && len(before[name]) < 2 {
			return nil, fmt.Errorf("%s would be %d x %d in one place and %d x %d in another: give one of them another name, or %[1]s a shape that fits both",
				name, sizes[0][0], sizes[0][1], sizes[1][0], sizes[1][1])
		}
	}
	return root, nil
}

// leafShapes lists the shapes that the leaves of each name have.
func leafShapes(root *Node) map[string][][2]int {
	all := map[string][][2]int{}
	root.Walk(func(_ string, n *Node) {
		if size := [2]int{n.H, n.W}; !n.IsMatMul() && !slices.Contains(all[n.Name], size) {
			all[n.Name] = append(all[n.Name], size)
		}
	})
	return all
}

// Resize changes the shape of a leaf of the tree n, and with it the leaves that share an
// inner dimension with it.
func (n *Node) Resize(leaf *Node, h, w int) error {
	if leaf.IsMatMul() {
		return fmt.Errorf("%s is a product: its shape is that of its factors", leaf.token())
	}
	if min(h, w) < 1 || max(h, w) > MaxDim {
		return fmt.Errorf("%s as %d x %d, expected 1 to %d rows and columns", leaf.token(), h, w, MaxDim)
	}
	leaf.H, leaf.W = h, w
	n.Walk(func(_ string, m *Node) {
		if !m.IsMatMul() {
			return
		}
		left, right := colSide(m.Left), rowSide(m.Right)
		if left.leaf == leaf {
			*right.size() = w
		} else if right.leaf == leaf {
			*left.size() = h
		}
	})
	return nil
}

// Rename gives a node of the tree n a name, and the products that are called by their
// expansion the new one. A product without a name is called by its expansion.
func (n *Node) Rename(m *Node, name string) error {
	if !isName(name) && (name != "" || !m.IsMatMul()) {
		return fmt.Errorf("%.40q is no name: expected a letter, digit or _, then those or %s", name, nameMarks)
	}
	old := m.Name
	m.Name = name
	if longest := n.expand(); longest > maxName {
		m.Name = old
		n.expand()
		return fmt.Errorf("%.40q would make a name of %d letters, expected at most %d: give its products names", name, longest, maxName)
	}
	return nil
}

// expand names anew what is called by its expansion, and returns the length of the longest
// name in the tree.
func (n *Node) expand() int {
	if !n.IsMatMul() {
		return len(n.Name)
	}
	below := max(n.Left.expand(), n.Right.expand())
	if !n.named() {
		n.Name = n.expansion()
	}
	return max(below, len(n.Name))
}

type editor struct {
	old  map[string][]*Node // nodes of the old tree by name, the next to be taken first
	from map[*Node]*Node    // the old counterpart of each new node that has one
}

// keep gives a new node, and those below it, what its counterpart had.
func (e *editor) keep(n *Node, left bool) {
	o := e.take(n.Name)
	switch {
	case o != nil:
		name, l, r := n.Name, n.Left, n.Right
		*n = *o
		n.Name, n.Left, n.Right = name, l, r
		n.own, n.Extra = maps.Clone(o.own), maps.Clone(o.Extra)
		e.from[n] = o
		if o.IsMatMul() != n.IsMatMul() {
			n.turn(o, left)
		}
	case n.IsMatMul():
		n.Epilog = "none"
		n.own = map[string]bool{"anim.alg": true}
		n.Anim.Alg = "inherit"
		n.Block.K = 1
		n.own["block.k blocks"] = true
	default:
		n.Leaf = defaultLeaf(n.Name, left).Leaf
	}
	if n.IsMatMul() {
		e.keep(n.Left, true)
		e.keep(n.Right, false)
	}
}

// take returns the next old node of the name; the last one serves all that follow.
func (e *editor) take(name string) *Node {
	named := e.old[name]
	if len(named) > 1 {
		e.old[name] = named[1:]
	}
	if len(named) == 0 {
		return nil
	}
	return named[0]
}

// turn completes what a matmul kept of a leaf, or a leaf of a matmul o.
func (n *Node) turn(o *Node, left bool) {
	if n.IsMatMul() {
		n.Epilog = "none"
		delete(n.Extra, "left") // what a leaf that was a matmul once may have kept
		delete(n.Extra, "right")
		return
	}
	leaf := defaultLeaf(n.Name, left).Leaf
	leaf.H, leaf.W = o.Rows(), o.Cols()
	n.Leaf, n.Epilog, n.own, n.Extra = leaf, "", nil, nil
}

// session makes the new root carry the old one's settings, and no other node: a node that
// was the root and now is not inherits them.
func (e *editor) session(root, old *Node) {
	oldRootStays := false
	root.Walk(func(_ string, n *Node) {
		if e.from[n] != old {
			return
		}
		oldRootStays = true
		if n != root {
			n.Extra = nil
			maps.DeleteFunc(n.own, func(key string, _ bool) bool { return strings.Contains(key, ".") }) // in a group
		}
	})
	if !oldRootStays && e.from[root] == nil {
		root.Epilog = old.Epilog
	}
	root.Leaf, root.Anim, root.Block, root.Layout, root.Deco, root.Viz =
		old.Leaf, old.Anim, old.Block, old.Layout, old.Deco, old.Viz
	root.own, root.Extra = maps.Clone(old.own), maps.Clone(old.Extra)
}

// side is one dimension of a leaf.
type side struct {
	leaf *Node
	cols bool
}

// The sides that a matrix shows to the outside: its rows, and its columns.
func rowSide(n *Node) side {
	for n.IsMatMul() {
		n = n.Left
	}
	return side{n, false}
}

func colSide(n *Node) side {
	for n.IsMatMul() {
		n = n.Right
	}
	return side{n, true}
}

func (s side) size() *int {
	if s.cols {
		return &s.leaf.W
	}
	return &s.leaf.H
}

// propagate makes the two sides agree that meet in each product. No side meets two.
func (e *editor) propagate(root *Node) {
	given := map[side]bool{} // sides whose size the old tree tells
	root.Walk(func(_ string, n *Node) {
		o := e.from[n]
		if o == nil {
			return
		}
		for s, size := range map[side]int{rowSide(n): o.Rows(), colSide(n): o.Cols()} {
			if e.from[s.leaf] != nil {
				given[s] = true
			} else if !o.IsMatMul() && !given[s] {
				*s.size(), given[s] = size, true
			}
		}
	})
	root.Walk(func(_ string, n *Node) {
		if !n.IsMatMul() {
			return
		}
		left, right := colSide(n.Left), rowSide(n.Right)
		if given[right] && !given[left] {
			*left.size() = *right.size()
		} else {
			*right.size() = *left.size()
		}
	})
}
