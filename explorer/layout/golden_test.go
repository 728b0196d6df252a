package layout_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"headscope/explorer/expr"
	"headscope/explorer/layout"
	"headscope/explorer/session"
)

// golden is what mm computed for a link, as far as it is geometry.
type golden struct {
	Link     int
	Matrices []struct {
		Path, Kind, Name string
		H, W             int
		Blocks           [2]int
		ToWorld          [16]float64   `json:"model_to_world"`
		Corners          [2][3]float64 `json:"corners_world"`
	}
	Box struct{ Min, Max [3]float64 } `json:"bounding_box"`
}

func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func goldens(t *testing.T) []golden {
	t.Helper()
	paths, err := filepath.Glob("../testdata/mm/[0-9]*.json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no recordings in ../testdata/mm: %v", err)
	}
	all := make([]golden, len(paths))
	for i, path := range paths {
		readJSON(t, path, &all[i])
	}
	return all
}

// trees reads the sessions of all links, by their number.
func trees(t *testing.T) map[int]*expr.Node {
	t.Helper()
	var links []struct {
		N   int
		URL string
	}
	readJSON(t, "../testdata/mm/links.json", &links)
	all := map[int]*expr.Node{}
	for _, l := range links {
		s, err := session.Open(l.URL, session.Files)
		if err != nil {
			t.Fatalf("link %d: %v", l.N, err)
		}
		all[l.N] = s.Root
	}
	return all
}

const tolerance = 1e-3

func expect(t *testing.T, what string, got, want []float64) {
	t.Helper()
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= tolerance) {
			t.Errorf("%s is %v, want %v", what, got, want)
			return
		}
	}
}

func TestLayoutIsMMs(t *testing.T) {
	sessions := trees(t)
	for _, g := range goldens(t) {
		t.Run(strconv.Itoa(g.Link), func(t *testing.T) {
			scene, err := layout.Layout(sessions[g.Link])
			if err != nil {
				t.Fatal(err)
			}
			expect(t, "box min", scene.Box.Min[:], g.Box.Min[:])
			expect(t, "box max", scene.Box.Max[:], g.Box.Max[:])
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
				expect(t, m.Path+" to world", m.ToWorld[:], want.ToWorld[:])
				for c, corner := range m.Corners() {
					expect(t, m.Path+" corner", corner[:], want.Corners[c][:])
				}
			}
		})
	}
}

// mm's own sessions name the placements that their scheme gives.
func TestDeriveLeavesMMsSessionsAsTheyAre(t *testing.T) {
	for link, root := range trees(t) {
		derived := root.Clone()
		if err := layout.Derive(derived); err != nil {
			t.Fatalf("link %d: %v", link, err)
		}
		derived.Walk(func(path string, n *expr.Node) {
			if before := root.At(path); n.IsMatMul() {
				if d := cmp.Diff(before.Layout, n.Layout); d != "" {
					t.Errorf("link %d, %s: derived placements differ (- session, + derived):\n%s", link, path, d)
				}
			}
		})
	}
}
