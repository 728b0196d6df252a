package partition_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"headscope/explorer/expr"
	"headscope/explorer/layout"
	"headscope/explorer/partition"
)

const attention = "out = (attn = (Q = input @ wQ) @ (K_t = wK_t @ input_t)) @ (V = input @ wV) @ wO"

func tree(t interface{ Fatal(...any) }, text string) *expr.Node {
	root, err := expr.Edit(expr.Default(), text)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// blocks are the block counts of every matrix, rows and columns, and of every depth.
func blocks(root *expr.Node) map[string]expr.Block {
	all := map[string]expr.Block{}
	root.Walk(func(path string, n *expr.Node) {
		b := n.Block
		if !n.IsMatMul() {
			b.K = 0
		}
		all[path] = b
	})
	return all
}

// changed lists the matrices whose rows (i), depth (k) or columns (j) are in 8 blocks.
func changed(root *expr.Node) string {
	var all []string
	root.Walk(func(path string, n *expr.Node) {
		for _, a := range []struct {
			name   string
			blocks int
		}{{"i", n.Block.I}, {"k", n.Block.K}, {"j", n.Block.J}} {
			if a.blocks == 8 && (a.name != "k" || n.IsMatMul()) {
				all = append(all, path+" "+a.name)
			}
		}
	})
	return strings.Join(all, ", ")
}

func TestBlocksRunDownTheChains(t *testing.T) {
	for _, c := range []struct {
		path string
		axis partition.Axis
		want string
	}{
		{"root", partition.I, "root i, left i, left.left i, left.left.left i, left.left.left.left i"},
		{"root", partition.J, "root j, right j"},
		{"root", partition.K, "root k, left j, left.right j, left.right.right j, right i"},
		{"left.left", partition.K, "left.left k, left.left.left j, left.left.left.right j, left.left.right i, left.left.right.left i"},
		// Set below, a count goes to the matmul that owns it.
		{"left.left.left", partition.I, "root i, left i, left.left i, left.left.left i, left.left.left.left i"},
		{"left.left.right.left", partition.I, "left.left k, left.left.left j, left.left.left.right j, left.left.right i, left.left.right.left i"},
		{"right", partition.J, "root j, right j"},
		{"right", partition.I, "root k, left j, left.right j, left.right.right j, right i"},
		{"left.right", partition.J, "root k, left j, left.right j, left.right.right j, right i"},
	} {
		root := tree(t, attention)
		if err := partition.Set(root, c.path, c.axis, 8); err != nil {
			t.Fatal(err)
		}
		if got := changed(root); got != c.want {
			t.Errorf("%s %c:\n got %s\nwant %s", c.path, c.axis, got, c.want)
		}
	}
}

// Neighbours always agree on the axis they share, in the tree and in its layout, and to set
// a count back is to undo it.
func TestNeighboursAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		root := tree(t, attention)
		var paths []string
		root.Walk(func(path string, _ *expr.Node) { paths = append(paths, path) })
		for range rapid.IntRange(0, 4).Draw(t, "earlier edits") {
			edit(t, root, paths)
		}
		before := blocks(root)
		undo := edit(t, root, paths)
		root.Walk(func(path string, n *expr.Node) {
			if !n.IsMatMul() {
				return
			}
			if n.Left.Block.I != n.Block.I || n.Left.Block.J != n.Block.K || n.Right.Block.I != n.Block.K || n.Right.Block.J != n.Block.J {
				t.Fatalf("%s has %v, its children %v and %v", path, n.Block, n.Left.Block, n.Right.Block)
			}
		})
		scene, err := layout.Layout(root)
		if err != nil {
			t.Fatal(err)
		}
		axes := map[string]layout.Matrix{}
		for _, m := range scene.Matrices {
			axes[m.Path] = m
		}
		for _, c := range scene.Cubes {
			below := strings.TrimPrefix(c.Path+".", "root.")
			l, r := axes[below+"left"], axes[below+"right"]
			if l.Rows != c.I || l.Cols != c.K || r.Rows != c.K || r.Cols != c.J {
				t.Fatalf("%s: cube %v %v %v, left %v %v, right %v %v", c.Path, c.I, c.K, c.J, l.Rows, l.Cols, r.Rows, r.Cols)
			}
		}
		undo()
		if d := cmp.Diff(before, blocks(root)); d != "" {
			t.Fatalf("after undoing (- before, + after):\n%s", d)
		}
	})
}

// edit sets a count somewhere and gives back how to undo it.
func edit(t *rapid.T, root *expr.Node, paths []string) (undo func()) {
	path := rapid.SampledFrom(paths).Draw(t, "path")
	axis := rapid.SampledFrom([]partition.Axis{partition.I, partition.K, partition.J}).Draw(t, "axis")
	if !root.At(path).IsMatMul() && axis == partition.K {
		axis = partition.I
	}
	n := root.At(path)
	old := map[partition.Axis]int{partition.I: n.Block.I, partition.K: n.Block.K, partition.J: n.Block.J}[axis]
	to := func(blocks int) {
		if err := partition.Set(root, path, axis, blocks); err != nil {
			t.Fatal(err)
		}
	}
	to(rapid.IntRange(1, 40).Draw(t, "blocks"))
	return func() { to(old) }
}

func TestSetRefuses(t *testing.T) {
	for _, c := range []struct {
		path   string
		axis   partition.Axis
		blocks int
		says   string
	}{
		{"root", partition.I, 0, "i blocks is 0, expected a whole number from 1"},
		{"root", partition.J, -7, "j blocks is -7, expected"},
		{"root", partition.K, 1 << 30, "k blocks is 1073741824, expected"},
		{"left.middle", partition.I, 2, `no matrix at "left.middle"`},
		{"right", partition.K, 2, "wO (right) has no k blocks"},
		{"root", 'x', 2, "'x' is no axis"},
	} {
		root := tree(t, attention)
		before := blocks(root)
		err := partition.Set(root, c.path, c.axis, c.blocks)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s %c = %d: error %v, want one that says %q", c.path, c.axis, c.blocks, err, c.says)
		}
		if d := cmp.Diff(before, blocks(root)); d != "" {
			t.Errorf("%s %c = %d is refused but changes:\n%s", c.path, c.axis, c.blocks, d)
		}
	}
}

// Blocks lie side by side, cover all elements once, and are where the layout has gaps.
func TestRanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := layout.NewAxis(rapid.IntRange(-1, 300).Draw(t, "n"), rapid.IntRange(-3, 400).Draw(t, "blocks"), 2)
		next := 0
		for b, r := range partition.Ranges(a) {
			if r.Lo != next || r.Len() < 1 || r.Len() > a.BlockSize() {
				t.Fatalf("block %d of %v is %v, after %d", b, a, r, next)
			}
			if r.Len() < a.BlockSize() && r.Hi != a.N {
				t.Fatalf("block %d of %v is short", b, a)
			}
			if b > 0 && a.At(r.Lo)-a.At(r.Lo-1) != 1+a.Gap {
				t.Fatalf("no gap before block %d of %v", b, a)
			}
			next = r.Hi
		}
		if next != a.N {
			t.Fatalf("%v ends at %d", a, next)
		}
	})
}
