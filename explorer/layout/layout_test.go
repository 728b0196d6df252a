package layout_test

import (
	"math"
	"strings"
	"testing"

	"github.com/go-gl/mathgl/mgl64"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"headscope/explorer/expr"
	"headscope/explorer/layout"
)

// anyTree is a product of up to a dozen matrices of 1 to 9 rows and columns, each matmul
// with settings of its own.
func anyTree(t *rapid.T) *expr.Node {
	n := anyNode(t, 4, rapid.IntRange(1, 9).Draw(t, "h"), rapid.IntRange(1, 9).Draw(t, "w"))
	n.Resolve()
	return n
}

func anyNode(t *rapid.T, depth, h, w int) *expr.Node {
	if depth < 4 && (depth == 0 || rapid.Bool().Draw(t, "leaf")) {
		n := expr.Default().Left
		n.H, n.W = h, w
		return n
	}
	d := rapid.IntRange(1, 9).Draw(t, "d")
	n := expr.Default()
	n.Left, n.Right = anyNode(t, depth-1, h, d), anyNode(t, depth-1, d, w)
	choice := func(key string, choices ...string) { set(t, n, key, rapid.SampledFrom(choices).Draw(t, key)) }
	choice("layout.scheme", expr.Schemes...)
	choice("layout.polarity", "negative", "positive")
	choice("layout.left placement", "left", "right")
	choice("layout.right placement", "top", "bottom")
	choice("layout.result placement", "front", "back")
	set(t, n, "layout.gap", rapid.Float64Range(0, 30).Draw(t, "gap"))
	set(t, n, "layout.scatter", rapid.Float64Range(0, 30).Draw(t, "scatter"))
	set(t, n, "layout.molecule", rapid.IntRange(0, 4).Draw(t, "molecule"))
	set(t, n, "layout.blast", rapid.Float64Range(-2, 2).Draw(t, "blast"))
	for _, axis := range []string{"i", "k", "j"} {
		set(t, n, "block."+axis+" blocks", rapid.IntRange(1, 12).Draw(t, axis))
	}
	return n
}

type fataler interface{ Fatal(...any) }

func set(t fataler, n *expr.Node, key string, value any) {
	if err := n.Set(key, value); err != nil {
		t.Fatal(err)
	}
}

func laidOut(t fataler, root *expr.Node) layout.Scene {
	scene, err := layout.Layout(root)
	if err != nil {
		t.Fatal(err)
	}
	return scene
}

func TestAxis(t *testing.T) {
	for _, c := range []struct {
		n, blocks   int
		size, count int
		length      float64
	}{
		{1, 1, 1, 1, 1}, {1, 5, 1, 1, 1}, {7, 0, 7, 1, 7}, {7, -3, 7, 1, 7}, {0, 0, 1, 1, 1},
		{64, 8, 8, 8, 64 + 7*3}, {7, 3, 3, 3, 7 + 2*3}, {9, 8, 2, 5, 9 + 4*3}, {5, 99, 1, 5, 5 + 4*3},
	} {
		a := layout.NewAxis(c.n, c.blocks, 3)
		if a.BlockSize() != c.size || a.BlockCount() != c.count || a.Length() != c.length {
			t.Errorf("%d in %d blocks: %d blocks of %d, length %v; want %d of %d, %v",
				c.n, c.blocks, a.BlockCount(), a.BlockSize(), a.Length(), c.count, c.size, c.length)
		}
		if last := a.At(a.N - 1); last != c.length-1 {
			t.Errorf("%d in %d blocks: last element at %v, want %v", c.n, c.blocks, last, c.length-1)
		}
	}
}

// The box holds every matrix, touches some on each side, and has the origin in its middle.
func TestBoxHoldsAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := laidOut(t, anyTree(t))
		if s.Box.Center().Len() > 1e-6 {
			t.Fatalf("box %v is not centred", s.Box)
		}
		tight := s.Matrices[0].Box()
		for _, m := range s.Matrices {
			for _, p := range m.Corners() {
				for axis := range p {
					if p[axis] < s.Box.Min[axis]-1e-6 || p[axis] > s.Box.Max[axis]+1e-6 {
						t.Fatalf("%s has a corner at %v, outside %v", m.Path, p, s.Box)
					}
				}
			}
			tight = tight.Union(m.Box())
		}
		if tight.Min.Sub(s.Box.Min).Len() > 1e-6 || tight.Max.Sub(s.Box.Max).Len() > 1e-6 {
			t.Fatalf("box %v, but the matrices take %v", s.Box, tight)
		}
	})
}

// A matrix is turned and moved, never bent or mirrored.
func TestTransformsAreRigid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for _, m := range laidOut(t, anyTree(t)).Matrices {
			if d := m.ToWorld.Det(); math.Abs(d-1) > 1e-9 {
				t.Fatalf("%s has determinant %v", m.Path, d)
			}
			i := rapid.IntRange(0, m.Rows.N-1).Draw(t, "i")
			j := rapid.IntRange(0, m.Cols.N-1).Draw(t, "j")
			plane, world := m.Element(i, j).Len(), m.World(i, j).Sub(m.World(0, 0)).Len()
			if math.Abs(plane-world) > 1e-6 {
				t.Fatalf("%s: (%d, %d) is %v from (0, 0) in its plane and %v in the world", m.Path, i, j, plane, world)
			}
		}
	})
}

// Where gaps agree, the product of L[i, k] and R[k, j] lies straight before L[i, k],
// R[k, j] and result[i, j] at once. This is what a matmul in space is.
func TestProductsMeetInTheCube(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		root := anyTree(t)
		root.Walk(func(_ string, n *expr.Node) { n.Layout.Gap = 3 })
		s := laidOut(t, root)
		at := map[string]layout.Matrix{}
		for _, m := range s.Matrices {
			at[m.Path] = m
		}
		for _, c := range s.Cubes {
			below := strings.TrimPrefix(c.Path+".", "root.")
			i := rapid.IntRange(0, c.I.N-1).Draw(t, "i")
			j := rapid.IntRange(0, c.J.N-1).Draw(t, "j")
			k := rapid.IntRange(0, c.K.N-1).Draw(t, "k")
			frame := c.ToWorld.Inv()
			p := c.Product(i, k, j)
			for across, element := range map[int]mgl64.Vec3{
				0: at[below+"left"].World(i, k), 1: at[below+"right"].World(k, j), 2: at[c.Path].World(i, j),
			} {
				d := mgl64.TransformCoordinate(element, frame).Sub(p)
				d[across] = 0
				if d.Len() > 1e-6 {
					t.Fatalf("%s: product (%d, %d, %d) is %v off line with a factor or result (axis %d)", c.Path, i, k, j, d, across)
				}
			}
		}
	})
}

func TestDeriveTwiceIsDeriveOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		once := anyTree(t)
		if err := layout.Derive(once); err != nil {
			t.Fatal(err)
		}
		twice := once.Clone()
		if err := layout.Derive(twice); err != nil {
			t.Fatal(err)
		}
		once.Walk(func(path string, n *expr.Node) {
			if d := cmp.Diff(n.Layout, twice.At(path).Layout); d != "" {
				t.Fatalf("%s (- once, + twice):\n%s", path, d)
			}
		})
	})
}

// The placements of two generations under each scheme. The left child comes with some of
// its own, which only "custom" keeps.
func TestSchemes(t *testing.T) {
	type want map[string]string
	for scheme, wants := range map[string]want{
		"blocks": {"left": "positive left bottom back", "left.left": "negative left top front"},
		"zigzag": {"left": "positive left top back", "left.left": "negative left top front"},
		"wheel":  {"left": "negative left top front", "left.left": "negative left top front"},
		"custom": {"left": "positive right bottom front", "left.left": "positive right bottom front"},
	} {
		root, err := expr.Edit(expr.Default(), "A @ B @ C @ D")
		if err != nil {
			t.Fatal(err)
		}
		set(t, root.Left, "layout.polarity", "positive")
		set(t, root.Left, "layout.left placement", "right")
		set(t, root.Left, "layout.right placement", "bottom")
		set(t, root, "layout.scheme", scheme)
		if err := layout.Derive(root); err != nil {
			t.Fatal(err)
		}
		for path, want := range wants {
			l := root.At(path).Layout
			if got := strings.Join([]string{l.Polarity, l.Left, l.Right, l.Result}, " "); got != want {
				t.Errorf("%s: %s is %s, want %s", scheme, path, got, want)
			}
		}
	}
}

// Children stand off by the scatter where they have enough matmuls.
func TestScatter(t *testing.T) {
	for _, c := range []struct{ molecule, blast, left float64 }{
		{1, 0, 10}, {2, 0, 10}, {3, 0, 0}, {1, 1, 20}, {1, -1, 10}, {1, 2, 40}, {0, 0, 10},
	} {
		root, err := expr.Edit(expr.Default(), "A @ B @ C @ D")
		if err != nil {
			t.Fatal(err)
		}
		plain := laidOut(t, root)
		set(t, root, "layout.scatter", 10.0)
		set(t, root, "layout.molecule", c.molecule)
		set(t, root, "layout.blast", c.blast)
		// Only the root's left child is a product among its children; look at it alone.
		set(t, root.Left, "layout.scatter", 0.0)
		scattered := laidOut(t, root)
		away := func(s layout.Scene) float64 {
			return s.Matrices[0].World(0, 0)[0] - s.Matrices[1].World(0, 0)[0]
		}
		if got := away(scattered) - away(plain); math.Abs(got-c.left) > 1e-9 {
			t.Errorf("molecule %v, blast %v: the left child stands %v farther off, want %v", c.molecule, c.blast, got, c.left)
		}
	}
}

// A child, with all of its own cube, lies on the side it was put on, off its parent's cube
// by exactly the scatter.
func TestChildrenStandBesideTheCube(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		root := anyTree(t)
		root.Walk(func(_ string, n *expr.Node) { n.Layout.Molecule, n.Layout.Blast = 0, 0 })
		s := laidOut(t, root)
		parents, cubes := map[string]layout.Cube{}, map[string]layout.Cube{}
		for _, c := range s.Cubes {
			below := strings.TrimPrefix(c.Path+".", "root.")
			cubes[c.Path], parents[below+"left"], parents[below+"right"] = c, c, c
		}
		for _, m := range s.Matrices[1:] {
			c := parents[m.Path]
			l := c.Node.Layout
			axis, far := 0, l.Left == "right"
			if m.Node == c.Node.Right {
				axis, far = 1, l.Right == "bottom"
			}
			a, b := m.World(0, 0), m.World(0, 0)
			if cube, ok := cubes[m.Path]; ok {
				a = mgl64.TransformCoordinate(mgl64.Vec3{}, cube.ToWorld)
				b = mgl64.TransformCoordinate(cube.Extent(), cube.ToWorld)
			}
			frame := c.ToWorld.Inv()
			x, y := mgl64.TransformCoordinate(a, frame)[axis], mgl64.TransformCoordinate(b, frame)[axis]
			off := -max(x, y)
			if far {
				off = min(x, y) - c.Extent()[axis]
			}
			if math.Abs(off-l.Scatter) > 1e-6 {
				t.Fatalf("%s stands %v off its parent's cube, want %v", m.Path, off, l.Scatter)
			}
		}
	})
}

func TestOneElement(t *testing.T) {
	root := expr.Default()
	root.Left.H, root.Left.W, root.Right.H, root.Right.W = 1, 1, 1, 1
	set(t, root, "block.k blocks", 1000)
	set(t, root, "layout.gap", 0.0)
	s := laidOut(t, root)
	if s.Box.Min != s.Box.Max {
		t.Errorf("the box of three single elements without gaps is %v", s.Box)
	}
	for _, m := range s.Matrices {
		if m.Rows.Blocks != 1 || m.Cols.Blocks != 1 {
			t.Errorf("%s is in %d x %d blocks", m.Path, m.Rows.Blocks, m.Cols.Blocks)
		}
	}
}

func TestALeafAlone(t *testing.T) {
	s := laidOut(t, expr.Default().Left)
	if len(s.Matrices) != 1 || len(s.Cubes) != 0 || s.Box.Max[0] != (32+2*4-1)/2. {
		t.Errorf("a leaf alone is laid out as %v", s)
	}
}

// Settings that have no geometry are refused by both entries, with the node and the setting.
func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(root *expr.Node)
		says  string
	}{
		"gap NaN":       {func(n *expr.Node) { n.Layout.Gap = math.NaN() }, "layout.gap of L @ R (root) is NaN"},
		"gap negative":  {func(n *expr.Node) { n.Layout.Gap = -1 }, "layout.gap of L @ R (root) is -1"},
		"leaf gap":      {func(n *expr.Node) { n.Left.Layout.Gap = math.Inf(1) }, "layout.gap of L (left) is +Inf"},
		"scatter":       {func(n *expr.Node) { n.Layout.Scatter = math.Inf(-1) }, "layout.scatter"},
		"molecule":      {func(n *expr.Node) { n.Layout.Molecule = math.NaN() }, "layout.molecule"},
		"blast":         {func(n *expr.Node) { n.Layout.Blast = math.NaN() }, "layout.blast"},
		"scheme":        {func(n *expr.Node) { n.Layout.Scheme = "spiral" }, `is "spiral": expected one of blocks, zigzag, wheel, custom`},
		"polarity":      {func(n *expr.Node) { n.Layout.Polarity = "" }, "layout.polarity"},
		"placement":     {func(n *expr.Node) { n.Layout.Result = "top" }, "layout.result placement"},
		"no rows":       {func(n *expr.Node) { n.Left.H = 0 }, "L (left) is 0 x 32"},
		"shapes":        {func(n *expr.Node) { n.Left.W = 7 }, "multiplies 7 columns by 32 rows"},
		"negative cols": {func(n *expr.Node) { n.Right.W = -4 }, "R (right) is 32 x -4"},
	} {
		root := expr.Default()
		c.spoil(root)
		_, layoutErr := layout.Layout(root)
		for entry, err := range map[string]error{"Layout": layoutErr, "Derive": layout.Derive(root)} {
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s, %s: error %v, want one that says %q", name, entry, err, c.says)
			}
		}
	}
}

func TestFarAwayIsRefused(t *testing.T) {
	root, err := expr.Edit(expr.Default(), "A @ B @ C @ D")
	if err != nil {
		t.Fatal(err)
	}
	for key, value := range map[string]float64{"layout.gap": 1e300, "layout.scatter": 1e12, "layout.blast": 1e4} {
		tree := root.Clone()
		set(t, tree, "layout.scatter", 1.0)
		set(t, tree, key, value)
		if _, err := layout.Layout(tree); err == nil || !strings.Contains(err.Error(), "lower gap, scatter or blast") {
			t.Errorf("%s %g: error %v", key, value, err)
		}
	}
}

func TestBlocksOutOfRangeAreBroughtIn(t *testing.T) {
	root := expr.Default()
	plain := laidOut(t, root)
	root.Block = expr.Block{I: 0, K: -5, J: math.MinInt}
	root.Resolve()
	if d := cmp.Diff(plain.Box, laidOut(t, root).Box); d != "" {
		t.Errorf("blocks below 1 change the layout (- 1 block, + fewer):\n%s", d)
	}
	root.Block = expr.Block{I: math.MaxInt, K: math.MaxInt, J: math.MaxInt}
	root.Resolve()
	for _, m := range laidOut(t, root).Matrices {
		if m.Rows.Blocks != 32 || m.Cols.Blocks != 32 {
			t.Errorf("%s is in %d x %d blocks", m.Path, m.Rows.Blocks, m.Cols.Blocks)
		}
	}
}
