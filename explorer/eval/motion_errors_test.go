package eval

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"headscope/explorer/anim"
	"headscope/explorer/expr"
	"headscope/gpu/gputest"
)

// twoLeaves is L @ R of some sizes in blocks, under an algorithm.
func twoLeaves(t testing.TB, alg string, h, d, w, blocks int) *expr.Node {
	t.Helper()
	root := expr.Default()
	root.Left.H, root.Left.W, root.Right.H, root.Right.W = h, d, d, w
	put(t, root, "anim.alg", alg)
	for _, axis := range []string{"i", "k", "j"} {
		put(t, root, "block."+axis+" blocks", blocks)
	}
	root.Resolve()
	return root
}

// A NaN in an input is seen in what it takes part in, and nowhere and never else: also not
// where its products, not yet reached, would be multiplied by zeros.
func TestMotionOfNaN(t *testing.T) {
	d := gputest.Device(t)
	const h, k, w = 5, 6, 7
	for _, d.Family = range families {
		for _, alg := range expr.Algs[2:] {
			for _, blocks := range []int{1, 2} {
				root := twoLeaves(t, alg, h, k, w, blocks)
				clean := &namedLeaves{}
				spoilt := &namedLeaves{set: map[string][]float32{}}
				for _, leaf := range []*expr.Node{root.Left, root.Right} {
					v, err := clean.Values(context.Background(), leaf)
					if err != nil {
						t.Fatal(err)
					}
					spoilt.set[leaf.Name] = slices.Clone(v)
				}
				nan := float32(math.NaN())
				spoilt.set["L"][2*k+5], spoilt.set["R"][4*w+1] = nan, nan // L[2, 5], R[4, 1]
				a := animate(t, root)
				var of [2][][]float32 // by leaves: every step's result and planes
				var states []anim.State
				for n, leaves := range []*namedLeaves{clean, spoilt} {
					e := NewExpression(d)
					run(t, e, root, leaves)
					m := NewMotion(e, a)
					for step := 1; step <= a.Steps(); step++ {
						show(t, m, step)
						of[n] = append(of[n], shownMatrix(t, m, "root").Data)
						for _, p := range m.Planes() {
							of[n] = append(of[n], shownPlane(t, m, p))
						}
						if n == 0 {
							states = append(states, m.State())
						}
					}
					m.Release()
					e.Release()
				}
				at := 0
				check := func(step int, what string, i int, spoils bool) {
					was, is := of[0][at][i], of[1][at][i]
					if spoils != (is != is) || !spoils && is != was {
						t.Fatalf("%s in %d blocks, step %d, %s: element %d is %v, %v without the NaN", alg, blocks, step, what, i, is, was)
					}
				}
				for _, s := range states {
					res := s.Results[0]
					for i := range h * w {
						depth, spoils := res.Shown.Depth(i/w, i%w), false
						for _, bad := range []struct {
							in bool
							k  int
						}{{i/w == 2, 5}, {i%w == 1, 4}} {
							spoils = spoils || bad.in && bad.k%res.Shown.BlockK < depth
						}
						check(s.Step, "result", i, spoils)
					}
					at++
					for n := range res.PlaneCount() {
						p := res.Plane(n)
						for i := range of[0][at] {
							row, col, ks := p.Terms(i/p.Cols.N, i%p.Cols.N)
							spoils := row == 2 && ks.Lo <= 5 && 5 < ks.Hi || col == 1 && ks.Lo <= 4 && 4 < ks.Hi
							check(s.Step, p.Kind.String(), i, spoils && (p.Kind == anim.Products || p.Shown.Shows(row, col)))
						}
						at++
					}
				}
			}
		}
	}
}

// Where a sum has but one product, those that build up still go through the whole epilog.
func TestMotionOfSingleProducts(t *testing.T) {
	d := gputest.Device(t)
	for _, alg := range expr.Algs[2:] {
		for _, epilog := range []string{"softmax", "layernorm", "sigmoid"} {
			for _, depth := range []int{1, 2} {
				root := twoLeaves(t, alg, 2, depth, 3, depth)
				root.Epilog = epilog
				e := NewExpression(d)
				run(t, e, root, &namedLeaves{})
				a := animate(t, root)
				m := NewMotion(e, a)
				for step := 1; step <= a.Steps(); step++ {
					show(t, m, step)
					checkMotion(t, m)
				}
				m.Release()
				e.Release()
			}
		}
	}
}

func TestMotionErrors(t *testing.T) {
	d := gputest.Device(t)
	root := twoLeaves(t, "axpy", 4, 5, 3, 2)
	a := animate(t, root)
	e := NewExpression(d)
	defer e.Release()
	m := NewMotion(e, a)
	defer m.Release()
	refused := func(what, want string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want an error of %q", what, err, want)
		}
	}
	refused("an expression that did not run", "not run", m.Show(t.Context(), 1))
	run(t, e, root, &namedLeaves{})
	refused("step 0", "expected 1 to 6", m.Show(t.Context(), 0))
	refused("a step beyond the end", "expected 1 to 6", m.Show(t.Context(), 7))
	_, err := m.Matrix("root")
	refused("a matrix before any step", "no step", err)
	show(t, m, 2)
	want := contents(t, m)
	refused("a step beyond the end", "expected 1 to 6", m.Show(t.Context(), 7))
	if m.State().Step != 2 || !slices.Equal(contents(t, m), want) {
		t.Errorf("a step that there is not changes what is shown")
	}
	_, err = m.Matrix("nowhere")
	refused("a matrix that there is not", "nowhere", err)
	_, err = m.ReadPart("root", 3, 0, 2, 1)
	refused("a part outside", "not all in", err)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := m.Show(ended, 3); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled step: %v", err)
	}
	if _, err := m.Matrix("root"); err == nil || len(m.Planes()) > 0 {
		t.Errorf("after a cancelled step there are a result, and %d planes", len(m.Planes()))
	}
	show(t, m, 2)
	if !slices.Equal(contents(t, m), want) || !m.Changed("root") || !m.Changed("left") {
		t.Errorf("after a cancelled step another shows something else")
	}
}

// Planes that the device cannot hold are refused in one line that says what to do.
func TestMotionTooLarge(t *testing.T) {
	d := gputest.Device(t)
	root := twoLeaves(t, "vmprod", 40, 30, 50, 1)
	put(t, root, "block.i blocks", 40)
	root.Resolve()
	e := NewExpression(d)
	defer e.Release()
	run(t, e, root, &namedLeaves{})
	d.Limits.StorageBinding = 1 << 16
	m := NewMotion(e, animate(t, root))
	defer m.Release()
	err := m.Show(t.Context(), 1)
	if err == nil || !strings.Contains(err.Error(), "fewer blocks need less") || strings.Contains(err.Error(), "\n") {
		t.Errorf("planes of %d floats: %v", 40*30*52, err)
	}
}

// What does not move shows the complete matrices, but for inputs that are hidden.
func TestMotionThatRests(t *testing.T) {
	d := gputest.Device(t)
	root := twoLeaves(t, "none", 4, 5, 3, 1)
	e := NewExpression(d)
	defer e.Release()
	run(t, e, root, &namedLeaves{})
	m := NewMotion(e, animate(t, root))
	defer m.Release()
	show(t, m, 1)
	for _, path := range []string{"root", "left", "right"} {
		got, err := m.Matrix(path)
		want, _ := e.Matrix(path)
		if err != nil || got != want {
			t.Errorf("%s is %s, %v; want %s itself", path, got, err, want)
		}
	}
	whole, err := e.Summaries()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		got, err := m.Summaries()
		if err != nil || len(got) != 3 || got["root"] != whole["root"] {
			t.Errorf("summaries %v, %v; want %v", got, err, whole)
		}
	}
	show(t, m, 1)
	if m.Changed("root") || m.Changed("left") {
		t.Errorf("the same step again changes something")
	}
}
