package anim_test

import (
	"context"
	"math"
	"strconv"
	"testing"

	"headscope/explorer/anim"
	"headscope/explorer/expr"
	"headscope/explorer/layout"
	"headscope/explorer/leaf"
	"headscope/explorer/leaf/standin"
	"headscope/explorer/mmtest"
	"headscope/explorer/session"
	"headscope/wgsl/cpu"
)

// evaluator computes the matrices of an expression on stand-in data.
type evaluator struct {
	source leaf.Source
	leaves map[string]cpu.Mat
}

func (e *evaluator) values(t *testing.T, n *expr.Node, into map[*expr.Node]cpu.Mat) cpu.Mat {
	t.Helper()
	if !n.IsMatMul() {
		key := e.source.Key(n)
		if _, ok := e.leaves[key]; !ok {
			v, err := e.source.Values(context.Background(), n)
			if err != nil {
				t.Fatal(err)
			}
			e.leaves[key] = cpu.MatOf(v, n.H, n.W)
		}
		into[n] = e.leaves[key]
		return into[n]
	}
	left, right := e.values(t, n.Left, into), e.values(t, n.Right, into)
	m := cpu.NewMat(left.Rows, right.Cols)
	cpu.MatMul(m, left, right, cpu.Epilogue{})
	epilog(t, m, n.Epilog, left.Cols)
	into[n] = m
	return m
}

// epilog makes a result of its sums. It knows the epilogs of the recorded links.
func epilog(t *testing.T, m cpu.Mat, name string, d int) {
	t.Helper()
	switch name {
	case "none":
	case "softmax(tril(x/sqrt(k)))":
		cpu.Softmax(m, m, float32(1/math.Sqrt(float64(d))), true, nil)
	default:
		t.Fatalf("epilog %s", name)
	}
}

func animate(t interface{ Fatal(...any) }, root *expr.Node) *anim.Animation {
	s, err := layout.Layout(root)
	if err != nil {
		t.Fatal(err)
	}
	a, err := anim.New(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestStepsAreMMs(t *testing.T) {
	links, moving := mmtest.Links(t), 0
	e := evaluator{leaf.Source{Files: []leaf.Finder{standin.Finder{}}}, map[string]cpu.Mat{}}
	for _, g := range mmtest.Recordings(t) {
		if g.Anim == nil {
			continue
		}
		moving++
		t.Run(strconv.Itoa(g.Link), func(t *testing.T) {
			s, err := session.Open(links[g.Link-1], session.Files)
			if err != nil {
				t.Fatal(err)
			}
			root := s.Root
			if root.Anim.Alg != g.Anim.Alg || root.Anim.Fuse != g.Anim.Fuse {
				t.Fatalf("%s %s, want %s %s", root.Anim.Alg, root.Anim.Fuse, g.Anim.Alg, g.Anim.Fuse)
			}
			a := animate(t, root)
			values := map[*expr.Node]cpu.Mat{}
			e.values(t, root, values)
			for _, step := range g.Anim.Steps {
				state := a.At(step.Bump)
				if len(state.Results) != len(step.Results) {
					t.Fatalf("step %d: %d results, want %d", step.Bump, len(state.Results), len(step.Results))
				}
				for n, want := range step.Results {
					got := state.Results[n]
					if got.Path != want.Path {
						t.Fatalf("step %d: %s, want %s", step.Bump, got.Path, want.Path)
					}
					left, right := values[got.Node.Left], values[got.Node.Right]
					if v := visible(t, got, values[got.Node], left, right); v != want.Visible {
						t.Errorf("step %d, %s: %d visible, want %d", step.Bump, got.Path, v, want.Visible)
					}
					if c := got.PlaneCount(); c != want.Intermediates {
						t.Fatalf("step %d, %s: %d planes, want %d", step.Bump, got.Path, c, want.Intermediates)
					}
					for i, w := range want.Planes {
						p := got.Plane(i)
						if p.Rows.N != w.H || p.Cols.N != w.W {
							t.Fatalf("step %d, %s: plane %d is %d x %d, want %d x %d", step.Bump, got.Path, i, p.Rows.N, p.Cols.N, w.H, w.W)
						}
						if at := p.Position(); !at.ApproxEqualThreshold(w.Position, 1e-3) {
							t.Errorf("step %d, %s: plane %d at %v, want %v", step.Bump, got.Path, i, at, w.Position)
						}
						absmax := 0.0
						for r := range w.H {
							for c := range w.W {
								absmax = max(absmax, math.Abs(p.Sum(r, c, left.At, right.At)))
							}
						}
						first, last := p.Sum(0, 0, left.At, right.At), p.Sum(w.H-1, w.W-1, left.At, right.At)
						if !(math.Abs(first-w.First) <= 1e-4*absmax && math.Abs(last-w.Last) <= 1e-4*absmax) {
							t.Errorf("step %d, %s: plane %d from %v to %v, want %v to %v", step.Bump, got.Path, i, first, last, w.First, w.Last)
						}
					}
				}
			}
		})
	}
	if moving == 0 {
		t.Error("no recording has steps")
	}
}

// visible counts the elements of a result that are shown and not 0.
func visible(t *testing.T, r anim.Result, whole, left, right cpu.Mat) (count int) {
	t.Helper()
	m, complete := whole, true
	sums := cpu.NewMat(whole.Rows, whole.Cols)
	for i := range sums.Rows {
		for j := range sums.Cols {
			if r.Shown.Shows(i, j) && r.Shown.Depth(i, j) < r.Shown.BlockK {
				complete = false
			}
		}
	}
	if !complete {
		for i := range sums.Rows {
			for j, row := 0, sums.Row(i); j < len(row); j++ {
				row[j] = float32(r.Shown.Sum(i, j, left.Cols, left.At, right.At))
			}
		}
		epilog(t, sums, r.Node.Epilog, left.Cols)
		m = sums
	}
	for i := range m.Rows {
		for j, x := range m.Row(i) {
			if x != 0 && r.Shown.Shows(i, j) {
				count++
			}
		}
	}
	return count
}
