package mmtest

import (
	"math"
	"strings"
	"testing"
)

func TestLinks(t *testing.T) {
	for i, url := range Links(t) {
		if !strings.HasPrefix(url, "https://bhosmer.github.io/mm/") {
			t.Errorf("link %d is %q", i+1, url)
		}
	}
}

// What is recorded is whole: no field that tests compare was left at zero by a changed name.
func TestRecordingsAreWhole(t *testing.T) {
	animated := 0
	for _, r := range Recordings(t) {
		if r.Expr == "" || len(r.Matrices) < 3 || r.Matrices[0].Path != "root" {
			t.Errorf("link %d: %q with %d matrices", r.Link, r.Expr, len(r.Matrices))
		}
		triples := [][]float64{r.Camera.Position, r.Camera.Target, r.Box.Min, r.Box.Max}
		for _, m := range r.Matrices {
			triples = append(triples, m.Corners[0], m.Corners[1])
			if (m.Kind == "leaf") != (m.Init != "") || (m.Kind == "result") != (m.Epilog != "") {
				t.Errorf("link %d, %s: a %s with init %q and epilog %q", r.Link, m.Path, m.Kind, m.Init, m.Epilog)
			}
			if m.H < 1 || m.W < 1 || m.Blocks[0] < 1 || m.Blocks[1] < 1 || len(m.ToWorld) != 16 || (len(m.Samples) == 0) != r.Random {
				t.Errorf("link %d, %s: %d x %d in blocks %v, %d numbers to world, %d samples",
					r.Link, m.Path, m.H, m.W, m.Blocks, len(m.ToWorld), len(m.Samples))
			}
			if !(m.AbsMax <= m.GlobalAbsMax && math.Abs(m.Sum) <= m.AbsMax*float64(m.H*m.W)*(1+1e-6)) || (m.GlobalAbsMax == 0) != r.Random {
				t.Errorf("link %d, %s: largest %v of %v, sum %v", r.Link, m.Path, m.AbsMax, m.GlobalAbsMax, m.Sum)
			}
			for _, s := range m.Samples {
				triples = append(triples, s.RGB)
				if s.I >= m.H || s.J >= m.W || math.Abs(s.Value) > m.AbsMax || (s.Value == 0) != (s.Size == 0) {
					t.Errorf("link %d, %s: sample %+v", r.Link, m.Path, s)
				}
			}
		}
		for _, v := range triples {
			if len(v) != 3 {
				t.Errorf("link %d: %v is not three numbers", r.Link, v)
			}
		}
		if r.Anim == nil {
			continue
		}
		animated++
		for _, s := range r.Anim.Steps {
			for _, p := range s.Results {
				if p.Path == "" || p.Intermediates != len(p.Planes) {
					t.Errorf("link %d, step %d: %+v", r.Link, s.Bump, p)
				}
			}
		}
	}
	if animated == 0 {
		t.Error("no recording has steps")
	}
}
