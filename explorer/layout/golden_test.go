package layout_test

import (
	"math"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"headscope/explorer/expr"
	"headscope/explorer/layout"
	"headscope/explorer/mmtest"
	"headscope/explorer/session"
)

// open reads the session of a link.
func open(t *testing.T, link string) *expr.Node {
	t.Helper()
	s, err := session.Open(link, session.Files)
	if err != nil {
		t.Fatal(err)
	}
	return s.Root
}

const tolerance = 1e-3

func expect(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s is %v, want %v", what, got, want)
		return
	}
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= tolerance) {
			t.Errorf("%s is %v, want %v", what, got, want)
			return
		}
	}
}

func TestLayoutIsMMs(t *testing.T) {
	links := mmtest.Links(t)
	for _, g := range mmtest.Recordings(t) {
		t.Run(strconv.Itoa(g.Link), func(t *testing.T) {
			scene, err := layout.Layout(open(t, links[g.Link-1]))
			if err != nil {
				t.Fatal(err)
			}
			expect(t, "box min", scene.Box.Min[:], g.Box.Min)
			expect(t, "box max", scene.Box.Max[:], g.Box.Max)
			if len(scene.Matrices) != len(g.Matrices) {
				t.Fatalf("%d matrices, want %d", len(scene.Matrices), len(g.Matrices))
			}
			for i, want := range g.Matrices {
				m := scene.Matrices[i]
				if m.Path != want.Path || m.Kind() != want.Kind || m.Node.Name != want.Name {
					t.Fatalf("%s %s %q, want %s %s %q", m.Path, m.Kind(), m.Node.Name, want.Path, want.Kind, want.Name)
				}
				if m.Rows.N != want.H || m.Cols.N != want.W {
					t.Errorf("%s is %d x %d, want %d x %d", m.Path, m.Rows.N, m.Cols.N, want.H, want.W)
				}
				if got := [2]int{m.Rows.Blocks, m.Cols.Blocks}; got != want.Blocks {
					t.Errorf("%s has blocks %v, want %v", m.Path, got, want.Blocks)
				}
				expect(t, m.Path+" to world", m.ToWorld[:], want.ToWorld)
				for c, corner := range m.Corners() {
					expect(t, m.Path+" corner", corner[:], want.Corners[c])
				}
			}
		})
	}
}

// mm's own sessions name the placements that their scheme gives.
func TestDeriveLeavesMMsSessionsAsTheyAre(t *testing.T) {
	for i, link := range mmtest.Links(t) {
		root := open(t, link)
		derived := root.Clone()
		if err := layout.Derive(derived); err != nil {
			t.Fatalf("link %d: %v", i+1, err)
		}
		derived.Walk(func(path string, n *expr.Node) {
			if before := root.At(path); n.IsMatMul() {
				if d := cmp.Diff(before.Layout, n.Layout); d != "" {
					t.Errorf("link %d, %s: derived placements differ (- session, + derived):\n%s", i+1, path, d)
				}
			}
		})
	}
}
