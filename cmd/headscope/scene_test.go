package main

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"headscope/explorer/expr"
	"headscope/explorer/leaf/standin"
	"headscope/explorer/mmtest"
	"headscope/explorer/session"
)

// standIns writes the stand-in data of all links into a folder.
func standIns(t *testing.T, links []string) string {
	t.Helper()
	dir, done := t.TempDir(), map[string]bool{}
	for i, url := range links {
		s, err := session.Open(url, session.Files)
		if err != nil {
			t.Fatalf("link %d: %v", i+1, err)
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
	links := mmtest.Links(t)
	dir := standIns(t, links)
	recorded := map[int]mmtest.Recording{}
	for _, r := range mmtest.Recordings(t) {
		recorded[r.Link] = r
	}
	for i, link := range links {
		t.Run(fmt.Sprint(i+1), func(t *testing.T) {
			out, _ := must(t, "scene", link, "--data", dir)
			var got mmtest.Recording
			if err := json.Unmarshal([]byte(out), &got); err != nil {
				t.Fatal(err)
			}
			if want, ok := recorded[i+1]; ok {
				compare(t, got, want)
			}
		})
	}
}

// Every recorded step of an animation is mm's.
func TestStepsOfScenesAreMMs(t *testing.T) {
	links := mmtest.Links(t)
	dir := standIns(t, links)
	for _, r := range mmtest.Recordings(t) {
		if r.Anim == nil {
			continue
		}
		for _, want := range r.Anim.Steps {
			t.Run(fmt.Sprintf("%d/%d", r.Link, want.Bump), func(t *testing.T) {
				out, _ := must(t, "scene", links[r.Link-1], "--data", dir, "--step", fmt.Sprint(want.Bump))
				var got struct {
					mmtest.Recording
					Anim struct {
						Alg, Fuse string
						Step      int
						Results   []mmtest.Result
					}
				}
				if err := json.Unmarshal([]byte(out), &got); err != nil {
					t.Fatal(err)
				}
				if want.Bump == 1 { // the matrices stay the complete ones
					compare(t, got.Recording, r)
				}
				if a := got.Anim; a.Alg != r.Anim.Alg || a.Fuse != r.Anim.Fuse || a.Step != want.Bump || len(a.Results) != len(want.Results) {
					t.Fatalf("step %d of %s %s with %d results; want %d of %s %s with %d",
						a.Step, a.Alg, a.Fuse, len(a.Results), want.Bump, r.Anim.Alg, r.Anim.Fuse, len(want.Results))
				}
				for n, w := range want.Results {
					compareResult(t, got.Anim.Results[n], w, got.Matrices)
				}
			})
		}
	}
}

// compareResult compares a matmul at a step with mm's.
func compareResult(t *testing.T, got, want mmtest.Result, matrices []mmtest.Matrix) {
	if got.Path != want.Path || got.Visible != want.Visible || got.Intermediates != want.Intermediates || len(got.Planes) != min(len(want.Planes), 3) {
		t.Fatalf("%+v, want %+v", got, want)
	}
	// No product is larger than the largest elements' is.
	largest := 1.0
	for _, m := range matrices {
		if below := strings.TrimPrefix(want.Path+".", "root."); m.Path == below+"left" || m.Path == below+"right" {
			largest *= m.AbsMax
		}
	}
	for i, g := range got.Planes {
		w := want.Planes[i]
		if g.H != w.H || g.W != w.W {
			t.Errorf("%s: plane %d is %d x %d, want %d x %d", want.Path, i, g.H, g.W, w.H, w.W)
		}
		closeTo(t, fmt.Sprintf("%s: plane %d's position", want.Path, i), 1e-3, g.Position[:], w.Position[:])
		closeTo(t, fmt.Sprintf("%s: plane %d's values", want.Path, i), 1e-4*largest, []float64{g.First, g.Last}, []float64{w.First, w.Last})
	}
}

// A step that is none is refused, with the last one that is.
func TestStepsOfScenesThatAreNone(t *testing.T) {
	moving := `https://bhosmer.github.io/mm/index.html?params={"anim":{"alg":"vvprod"}}`
	if out, _ := must(t, "scene", moving); strings.Contains(out, `"anim"`) {
		t.Errorf("nobody asked for a step: %s", out)
	}
	refusesAs(t, "scene", exitFailed, "last step is 32", "", moving, "--step", "65")
	refusesAs(t, "scene", exitUsage, "from 1 on", "", moving, "--step", "-1")
	refusesAs(t, "scene", exitUsage, "--step", "", moving, "--step", "x")
	refusesAs(t, "scene", exitFailed, "does not move", "", "A @ B", "--step", "3")
}

// closeTo checks numbers to an absolute tolerance.
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

func compare(t *testing.T, got, want mmtest.Recording) {
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
			if want.Link != 16 {
				closeTo(t, what+" size", 1e-3*max(s.Size, 1), []float64{o.Size}, []float64{s.Size})
			}
			closeTo(t, what+" colour", 1e-3, o.RGB, s.RGB)
		}
	}
}
