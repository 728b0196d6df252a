package anim_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"headscope/explorer/anim"
	"headscope/explorer/expr"
	"headscope/explorer/layout"
)

// told is all that a state says, in words.
func told(s anim.State) string {
	var b strings.Builder
	fmt.Fprintln(&b, s.Step)
	for _, r := range s.Results {
		fmt.Fprintln(&b, r.Path, r.Phase, r.Shown, r.Left, r.Right, r.InputsHidden)
		for n := range r.PlaneCount() {
			fmt.Fprintf(&b, "%+v\n", r.Plane(n))
		}
	}
	return b.String()
}

// A step shows the same whichever way one came to it.
func TestStepIsAFunctionOfItsNumber(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		root := anyTree(t)
		a, fresh := animate(t, root), animate(t, root)
		steps := rapid.SliceOfN(rapid.IntRange(-3, 2*a.Steps()+3), 1, 10).Draw(t, "steps")
		var first []string
		for _, step := range steps {
			first = append(first, told(a.At(step)))
		}
		for n := len(steps) - 1; n >= 0; n-- {
			for _, step := range []int{steps[n], steps[n] + a.Steps(), steps[n] - 7*a.Steps()} {
				if again := told(fresh.At(step)); again != first[n] {
					t.Fatalf("step %d shows\n%s\nand then\n%s", step, first[n], again)
				}
			}
		}
	})
}

// depths is the depth of every element.
func depths(r anim.Result, s anim.Sums) (all []int) {
	for i := range r.Node.Rows() {
		for j := range r.Node.Cols() {
			all = append(all, s.Depth(i, j))
		}
	}
	return all
}

// Over a cycle nobody skips an index, sums only grow, where they do not build up they
// appear whole, and everything was shown when a matmul ends.
func TestOverACycle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := animate(t, anyTree(t))
		before := map[string]anim.Result{}
		for step := 1; step <= a.Steps(); step++ {
			state := a.At(step)
			for _, r := range state.Results {
				was := before[r.Path]
				before[r.Path] = r
				if n := r.Count() - was.Count(); n != 0 && n != 1 {
					t.Fatalf("step %d: %s goes through %d indices", step, r.Path, n)
				}
				if was.Phase != anim.Running {
					continue
				}
				_, d, _ := r.Node.Shape()
				shown, wasShown := r.Shown, was.Shown
				if was.PlaneCount() > 0 && was.Plane(0).Kind == anim.Partial {
					wasShown = was.Plane(0).Shown
					if shown = wasShown; r.PlaneCount() > 0 {
						shown = r.Plane(0).Shown
					}
				}
				now, then := depths(r, shown), depths(was, wasShown)
				for n := range now {
					if now[n] < then[n] {
						t.Fatalf("step %d: a sum of %s goes from %d of %d products to %d", step, r.Path, then[n], d, now[n])
					}
					if whole := wasShown.BlockK; r.Phase == anim.Done && then[n] != whole {
						t.Fatalf("step %d: %s ends with %d of %d products of a block", step, r.Path, then[n], whole)
					}
					if wasShown.Rate > 1 && now[n] != 0 && now[n] != shown.BlockK {
						t.Fatalf("step %d: %s shows an element with %d of %d products of a block", step, r.Path, now[n], shown.BlockK)
					}
				}
			}
		}
		if a.Steps() == 0 {
			return
		}
		// The root ends in the step behind the last, which is the first again.
		last := a.At(a.Steps()).Results[0]
		sums := last.Shown
		if p := last.Plane(0); p.Kind == anim.Partial {
			sums = p.Shown
		}
		if slices.Min(depths(last, sums)) < sums.BlockK {
			t.Fatalf("the last step does not show all: %v", last.Shown)
		}
	})
}

// No matmul starts in the step in which a child ends, and without fusion none starts while a
// child runs. With fusion "async" one may join a child in any step, also in its last.
func TestParentsStartAfterTheirChildren(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		root := anyTree(t)
		fuse := rapid.SampledFrom(expr.Fuses).Draw(t, "all fuse")
		uniform(t, root, "anim.fuse", fuse)
		a := animate(t, root)
		started, ended := map[*expr.Node]int{}, map[*expr.Node]int{}
		for step := 1; step <= a.Steps(); step++ {
			for _, r := range a.At(step).Results {
				if _, ok := started[r.Node]; !ok && r.Phase == anim.Running {
					started[r.Node] = step
				}
				if _, ok := ended[r.Node]; !ok && r.Phase == anim.Done {
					ended[r.Node] = step
				}
			}
		}
		root.Walk(func(path string, n *expr.Node) {
			for _, c := range []*expr.Node{n.Left, n.Right} {
				start, end := started[n], ended[c]
				if start == 0 || started[c] == 0 {
					continue // not animated
				}
				if fuse != "async" && start == end || fuse == "none" && start < end {
					t.Fatalf("%s (fuse %s) starts in step %d, %s ends in %d", path, fuse, start, c.Name, end)
				}
			}
		})
	})
}

// The steps in which three matmuls start and end, counted by hand.
func TestFusion(t *testing.T) {
	for _, c := range []struct {
		text, fuse string
		right      string // algorithm of the right child
		depth      int    // of the right child
		steps      int
		starts     int // the root
	}{
		{"A @ B @ C @ D", "none", "", 0, 14, 11},
		{"A @ B @ C @ D", "sync", "", 0, 4, 1},
		{"A @ B @ C @ D", "async", "", 0, 4, 1},
		// The right child ends in step 3, while the left one is at its third index.
		{"A @ B @ (C @ D)", "none", "vvprod", 2, 9, 6},
		{"A @ B @ (C @ D)", "sync", "vvprod", 2, 9, 6},
		{"A @ B @ (C @ D)", "async", "vvprod", 2, 7, 4},
		// One that stays computed holds nobody up.
		{"A @ B @ (C @ D)", "sync", "none", 2, 4, 1},
	} {
		root := product(t, c.text, 4)
		set(t, root, "anim.alg", "vmprod")
		set(t, root, "anim.fuse", c.fuse)
		if c.right != "" {
			set(t, root.Right, "anim.alg", c.right)
			root.Right.Left.W, root.Right.Right.H = c.depth, c.depth
		}
		a := animate(t, root)
		starts := 1
		for a.At(starts).Results[0].Phase == anim.Waiting {
			starts++
		}
		if a.Steps() != c.steps || starts != c.starts {
			t.Errorf("%s, %s, right %s: root starts in step %d, cycle of %d; want %d, %d",
				c.text, c.fuse, c.right, starts, a.Steps(), c.starts, c.steps)
		}
	}
}

// Each algorithm's way through a product of a 2 x 3 and a 3 x 4 matrix.
func TestAlgorithms(t *testing.T) {
	for alg, want := range map[string]struct {
		steps int
		third string // depths after three steps, by row
	}{
		"vmprod":              {2, "3333 0000"}, // after one: three are more than there are
		"mvprod":              {4, "3330 3330"},
		"vvprod":              {3, "3333 3333"},
		"dotprod (row major)": {8, "3330 0000"},
		"dotprod (col major)": {8, "3300 3000"},
		"axpy":                {12, "3000 3000"},
	} {
		root := product(t, "A @ B", 3)
		root.Left.H, root.Right.W = 2, 4
		set(t, root, "anim.alg", alg)
		a := animate(t, root)
		r := a.At(3).Results[0]
		got := ""
		for n, d := range depths(r, r.Shown) {
			if n == 4 {
				got += " "
			}
			got += fmt.Sprint(d)
		}
		if a.Steps() != want.steps || got != want.third {
			t.Errorf("%s: %d steps, the third shows %s; want %d, %s", alg, a.Steps(), got, want.steps, want.third)
		}
	}
}

// Six elements of depth in three blocks: partial results lie beside their blocks, towards
// the result, and the nearest in its plane.
func TestPartialResults(t *testing.T) {
	for _, c := range []struct {
		polarity, result string
		z                [3]float64
	}{
		{"positive", "front", [3]float64{0, 9, 15}},
		{"positive", "back", [3]float64{6, 12, 21}},
		{"negative", "front", [3]float64{15, 9, 0}},
		{"negative", "back", [3]float64{21, 12, 6}},
	} {
		root := product(t, "A @ B", 6)
		set(t, root, "anim.alg", "vmprod")
		set(t, root, "block.k blocks", 3)
		set(t, root, "layout.polarity", c.polarity)
		set(t, root, "layout.result placement", c.result)
		a := animate(t, root)
		r := a.At(2).Results[0]
		if n := r.PlaneCount(); n != 6 {
			t.Fatalf("%d planes, want three of products and three partial results", n)
		}
		left := func(i, k int) float32 { return float32(10*i + k) }
		right := func(k, j int) float32 { return float32(k - j) }
		total := 0.0
		for n, z := range c.z {
			p := r.Plane(n)
			if at := p.Position(); at[0] != 0 || at[1] != 0 || at[2] != z {
				t.Errorf("%s, %s: partial result %d at %v, want z = %v", c.polarity, c.result, n, at, z)
			}
			total += p.Sum(1, 3, left, right)
			if !p.Shown.Shows(1, 3) || p.Shown.Shows(2, 0) || r.Shown.Shows(1, 3) {
				t.Errorf("%s, %s: after two steps partial results have two rows, the result none", c.polarity, c.result)
			}
		}
		whole := anim.Sums{BlockI: 6, BlockK: 2, BlockJ: 6, Rate: 2, Count: 1}
		if want := whole.Sum(1, 3, 6, left, right); total != want {
			t.Errorf("partial results add up to %v, want %v", total, want)
		}
	}
}

// With the inputs hidden, leaves and computed results that are inputs are black.
func TestHiddenInputs(t *testing.T) {
	root := product(t, "A @ B @ (C @ D)", 3)
	set(t, root, "anim.alg", "vmprod")
	set(t, root, "anim.hide inputs", true)
	set(t, root.Right, "anim.alg", "none")
	s := animate(t, root).At(1)
	for n, path := range []string{"root", "left", "right"} {
		r := s.Results[n]
		if r.Path != path || !r.InputsHidden || r.Left != (anim.Highlight{}) || r.Right != (anim.Highlight{}) {
			t.Errorf("%s: inputs hidden %v, highlights %v and %v", r.Path, r.InputsHidden, r.Left, r.Right)
		}
		if shows := r.Shown.Shows(0, 0); shows != (path == "left") {
			t.Errorf("step 1, %s: element (0, 0) is shown: %v", path, shows)
		}
	}
}

// An animation far too long to be played, and one with far too many planes to be listed.
func TestLargeAnimations(t *testing.T) {
	const n = expr.MaxDim
	root := product(t, "A @ B @ C", n)
	set(t, root, "anim.alg", "dotprod (row major)")
	a := animate(t, root)
	if want := 2*n*n + 1; a.Steps() != want {
		t.Fatalf("%d steps, want %d", a.Steps(), want)
	}
	r := a.At(a.Steps() - 1).Results[0]
	if !r.Shown.Shows(n-1, n-2) || r.Shown.Shows(n-1, n-1) {
		t.Error("the last step but one shows all but the last element")
	}
	root = product(t, "A @ B", n)
	set(t, root, "anim.alg", "vvprod")
	for _, axis := range []string{"i", "k", "j"} {
		set(t, root, "block."+axis+" blocks", n)
	}
	r = animate(t, root).At(1).Results[0]
	if want := n * n * n; r.PlaneCount() != want {
		t.Fatalf("%d planes, want %d", r.PlaneCount(), want)
	}
	if i, j, k := r.Plane(r.PlaneCount()-1).Terms(0, 0); i != n-1 || j != n-1 || k.Lo != n-1 {
		t.Errorf("the last plane is product (%d, %v, %d)", i, k, j)
	}
}

func TestNothingMoves(t *testing.T) {
	leaf := expr.Default().Left
	none := product(t, "A @ B @ C", 2)
	set(t, none.Left, "anim.alg", "vmprod") // below one that does not move
	inherit := product(t, "A @ B", 2)
	set(t, inherit, "anim.alg", "inherit")
	for _, root := range []*expr.Node{leaf, none, inherit} {
		a := animate(t, root)
		if a.Steps() != 0 {
			t.Errorf("%s has %d steps", root.Name, a.Steps())
		}
		for _, step := range []int{-5, 0, 1, 99} {
			for _, r := range a.At(step).Results {
				if r.Phase != anim.Done || r.PlaneCount() != 0 || !r.Shown.Shows(0, 0) {
					t.Errorf("%s: %s is %v with %d planes", root.Name, r.Path, r.Phase, r.PlaneCount())
				}
			}
		}
	}
}

func TestUnknownSettings(t *testing.T) {
	for want, spoil := range map[string]func(*expr.Node){
		`anim.alg of A @ B (left) is "sideways": expected one of none, inherit, dotprod (row major)`: func(n *expr.Node) { n.Left.Anim.Alg = "sideways" },
		`anim.fuse of A @ B @ C (root) is "": expected one of none, sync, async`:                     func(n *expr.Node) { n.Anim.Fuse = "" },
	} {
		root := product(t, "A @ B @ C", 2)
		spoil(root)
		s, err := layout.Layout(root)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := anim.New(s); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}
