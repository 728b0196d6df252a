package anim_test

import (
	"pgregory.net/rapid"

	"headscope/explorer/expr"
)

// anyTree is a product of some small matrices, animated in any way.
func anyTree(t *rapid.T) *expr.Node {
	n := anyNode(t, 3, rapid.IntRange(1, 5).Draw(t, "h"), rapid.IntRange(1, 5).Draw(t, "w"))
	choose(t, n, "anim.alg", expr.Algs[2:]...)
	n.Resolve()
	return n
}

func anyNode(t *rapid.T, depth, h, w int) *expr.Node {
	if depth < 3 && (depth == 0 || rapid.IntRange(0, 2).Draw(t, "leaf") == 0) {
		n := expr.Default().Left
		n.H, n.W = h, w
		return n
	}
	d := rapid.IntRange(1, 5).Draw(t, "d")
	n := expr.Default()
	n.Left, n.Right = anyNode(t, depth-1, h, d), anyNode(t, depth-1, d, w)
	// Often the algorithms that can join, so that they do.
	choose(t, n, "anim.alg", append([]string{"vmprod", "mvprod", "vmprod", "mvprod", "vvprod", "inherit"}, expr.Algs...)...)
	choose(t, n, "anim.fuse", expr.Fuses...)
	choose(t, n, "layout.polarity", "negative", "positive")
	choose(t, n, "layout.result placement", "front", "back")
	set(t, n, "layout.gap", rapid.IntRange(0, 6).Draw(t, "gap"))
	if rapid.IntRange(0, 3).Draw(t, "hide") == 0 {
		set(t, n, "anim.hide inputs", rapid.Bool().Draw(t, "hides"))
	}
	for _, axis := range []string{"i", "k", "j"} {
		set(t, n, "block."+axis+" blocks", rapid.IntRange(1, 4).Draw(t, axis))
	}
	return n
}

// joinable is a tree whose matmuls join where their fusion lets them: a vmprod over a chain
// of left children or a mvprod over one of right children, or a vvprod over both. Now and
// then one is no matmul's to join with.
func joinable(t *rapid.T) *expr.Node {
	alg := rapid.SampledFrom([]string{"vmprod", "mvprod", "vvprod"}).Draw(t, "alg")
	root := chain(t, alg, 4, rapid.IntRange(1, 4).Draw(t, "h"), rapid.IntRange(1, 4).Draw(t, "w"))
	root.Resolve()
	return root
}

func chain(t *rapid.T, alg string, length, h, w int) *expr.Node {
	n := expr.Default().Left
	n.H, n.W = h, w
	if length == 0 {
		return n
	}
	d := rapid.IntRange(1, 4).Draw(t, "d")
	left, right := *n, *n
	left.W, right.H = d, d
	n = expr.Default()
	n.Left, n.Right = &left, &right
	length = rapid.IntRange(max(0, length-2), length-1).Draw(t, "below")
	switch alg {
	case "vmprod":
		n.Left = chain(t, alg, length, h, d)
	case "mvprod":
		n.Right = chain(t, alg, length, d, w)
	default:
		n.Left = chain(t, "mvprod", length, h, d)
		n.Right = chain(t, "vmprod", rapid.IntRange(0, 2).Draw(t, "below right"), d, w)
	}
	if rapid.IntRange(0, 7).Draw(t, "odd") == 0 {
		alg = rapid.SampledFrom(expr.Algs).Draw(t, "odd alg")
	}
	set(t, n, "anim.alg", alg)
	choose(t, n, "anim.fuse", expr.Fuses...)
	set(t, n, "block.i blocks", rapid.IntRange(1, 2).Draw(t, "i"))
	return n
}

// uniform gives all matmuls of a tree the same setting.
func uniform(t *rapid.T, root *expr.Node, key, value string) {
	root.Walk(func(_ string, n *expr.Node) {
		if n.IsMatMul() {
			set(t, n, key, value)
		}
	})
}

func choose(t *rapid.T, n *expr.Node, key string, choices ...string) {
	set(t, n, key, rapid.SampledFrom(choices).Draw(t, key))
}

func set(t interface{ Fatal(...any) }, n *expr.Node, key string, value any) {
	if err := n.Set(key, value); err != nil {
		t.Fatal(err)
	}
}

// product is the tree of an expression, with all dimensions of one length.
func product(t interface{ Fatal(...any) }, text string, n int) *expr.Node {
	root, err := expr.Edit(expr.Default(), text)
	if err != nil {
		t.Fatal(err)
	}
	root.Walk(func(_ string, m *expr.Node) {
		if !m.IsMatMul() {
			m.H, m.W = n, n
		}
	})
	return root
}
