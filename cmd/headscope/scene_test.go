package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"headscope/explorer/expr"
	"headscope/explorer/leaf/standin"
	"headscope/explorer/session"
)

// recording is what mm computed for a link.
type recording struct {
	Expr   string
	Random bool `json:"random_init"`
	Camera struct{ Position, Target []float64 }
	Box    struct{ Min, Max []float64 } `json:"bounding_box"`

	Matrices []struct {
		Path, Kind, Name, Init, Epilog string
		H, W                           int
		Blocks                         [2]int
		ToWorld                        []float64    `json:"model_to_world"`
		Corners                        [2][]float64 `json:"corners_world"`
		AbsMax                         float64
		GlobalAbsMax                   float64 `json:"global_absmax"`
		Sum                            float64
		Samples                        []struct {
			I, J        int
			Value, Size float64
			RGB         []float64
		}
	}
}

// mmLinks are the article's links, by number.
func mmLinks(t *testing.T) map[int]string {
	t.Helper()
	data, err := os.ReadFile("../../explorer/testdata/mm/links.json")
	if err != nil {
		t.Fatal(err)
	}
	var list []struct {
		N   int
		URL string
	}
	if err := json.Unmarshal(data, &list); err != nil || len(list) != 43 {
		t.Fatalf("%d links, %v", len(list), err)
	}
	links := map[int]string{}
	for _, l := range list {
		links[l.N] = l.URL
	}
	return links
}

// standIns writes the stand-in data of all links into a folder.
func standIns(t *testing.T, links map[int]string) string {
	t.Helper()
	dir, done := t.TempDir(), map[string]bool{}
	for n, url := range links {
		s, err := session.Open(url, session.Files)
		if err != nil {
			t.Fatalf("link %d: %v", n, err)
		}
		s.Root.Walk(func(_ string, node *expr.Node) {
			if !node.IsMatMul() && node.Init == "url" && !done[node.URL] {
				done[node.URL] = true
				if err := standin.Write(dir, node.URL); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	return dir
}

// Every link computes, and those that were recorded are what mm had.
func TestScenesAreMMs(t *testing.T) {
	links := mmLinks(t)
	dir := standIns(t, links)
	compared := 0
	for n := 1; n <= len(links); n++ {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			out, _ := must(t, "scene", links[n], "--data", dir)
			var got recording
			if err := json.Unmarshal([]byte(out), &got); err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(filepath.Join("../../explorer/testdata/mm", fmt.Sprintf("%02d.json", n)))
			if os.IsNotExist(err) {
				return // this one was not recorded
			}
			var want recording
			if err := json.Unmarshal(data, &want); err != nil {
				t.Fatal(err)
			}
			compared++
			compare(t, n, got, want)
		})
	}
	if compared != 31 {
		t.Errorf("%d recordings were compared, there are 31", compared)
	}
}

// close checks numbers to an absolute tolerance.
func closeTo(t *testing.T, what string, tolerance float64, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s is %v, want %v", what, got, want)
		return
	}
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= tolerance) {
			t.Errorf("%s is %v, want %v within %g", what, got, want, tolerance)
			return
		}
	}
}

func compare(t *testing.T, link int, got, want recording) {
	if got.Expr != want.Expr || got.Random != want.Random {
		t.Errorf("%q, random %v, want %q, %v", got.Expr, got.Random, want.Expr, want.Random)
	}
	closeTo(t, "camera", 1e-3, got.Camera.Position, want.Camera.Position)
	closeTo(t, "target", 1e-3, got.Camera.Target, want.Camera.Target)
	closeTo(t, "box", 1e-3, append(got.Box.Min, got.Box.Max...), append(want.Box.Min, want.Box.Max...))
	if len(got.Matrices) != len(want.Matrices) {
		t.Fatalf("%d matrices, want %d", len(got.Matrices), len(want.Matrices))
	}
	// A softmax makes much of small differences, and what follows it has them.
	soft := map[string]bool{}
	for i := len(want.Matrices) - 1; i >= 0; i-- {
		m := want.Matrices[i]
		soft[m.Path] = strings.HasPrefix(m.Epilog, "softmax")
		for path := range soft {
			below := strings.TrimPrefix(m.Path+".", "root.")
			soft[m.Path] = soft[m.Path] || soft[path] && strings.HasPrefix(path, below) && path != m.Path
		}
	}
	for i, w := range want.Matrices {
		g := got.Matrices[i]
		if g.Path != w.Path || g.Kind != w.Kind || g.Name != w.Name || g.H != w.H || g.W != w.W || g.Blocks != w.Blocks || g.Init != w.Init || g.Epilog != w.Epilog {
			t.Errorf("%s is %+v, want %+v", w.Path, g, w)
			continue
		}
		closeTo(t, w.Path+" to world", 1e-3, g.ToWorld, w.ToWorld)
		closeTo(t, w.Path+" first corner", 1e-3, g.Corners[0], w.Corners[0])
		closeTo(t, w.Path+" last corner", 1e-3, g.Corners[1], w.Corners[1])
		if want.Random {
			continue // the values are ours alone
		}
		// Recordings have seven digits.
		tolerance := 1e-6
		switch {
		case soft[w.Path]:
			tolerance = 1e-3
		case w.Kind == "result":
			tolerance = 1e-4
		}
		closeTo(t, w.Path+" absmax", tolerance*w.AbsMax, []float64{g.AbsMax}, []float64{w.AbsMax})
		closeTo(t, w.Path+" global absmax", 1e-3*w.GlobalAbsMax, []float64{g.GlobalAbsMax}, []float64{w.GlobalAbsMax})
		closeTo(t, w.Path+" sum", tolerance*w.AbsMax*math.Sqrt(float64(w.H*w.W))+1e-6*math.Abs(w.Sum), []float64{g.Sum}, []float64{w.Sum})
		if len(g.Samples) != len(w.Samples) {
			t.Errorf("%s has %d samples, want %d", w.Path, len(g.Samples), len(w.Samples))
			continue
		}
		for k, s := range w.Samples {
			o, what := g.Samples[k], fmt.Sprintf("%s[%d,%d]", w.Path, s.I, s.J)
			if o.I != s.I || o.J != s.J {
				t.Errorf("%s is [%d,%d] here", what, o.I, o.J)
			}
			closeTo(t, what, tolerance*w.AbsMax, []float64{o.Value}, []float64{s.Value})
			// In mm the elem scale of link 16's left.left is that of what is drawn after it, too.
			if link != 16 {
				closeTo(t, what+" size", 1e-3*max(s.Size, 1), []float64{o.Size}, []float64{s.Size})
			}
			closeTo(t, what+" colour", 1e-3, o.RGB, s.RGB)
		}
	}
}
