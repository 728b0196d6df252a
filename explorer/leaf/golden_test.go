package leaf_test

import (
	"math"
	"strconv"
	"testing"

	"headscope/explorer/leaf"
	"headscope/explorer/leaf/standin"
	"headscope/explorer/mmtest"
	"headscope/explorer/session"
)

// digits7 rounds a value as the recordings do, which have seven significant digits.
func digits7(v float32) float64 {
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(float64(v), 'e', 6, 64), 64)
	return rounded
}

// Of every leaf that is not random, mm's values come out to the last recorded digit, directly and by way of files.
func TestValuesAreMMs(t *testing.T) {
	links := mmtest.Links(t)
	folder := t.TempDir()
	sources := []*leaf.Source{
		{Files: []leaf.Finder{standin.Finder{}}},
		{Files: []leaf.Finder{leaf.Dir(folder)}},
	}
	values := []map[string][]float32{{}, {}} // of each source, by key
	samples := map[string]int{}
	for _, g := range mmtest.Recordings(t) {
		s, err := session.Open(links[g.Link-1], session.Files)
		if err != nil {
			t.Fatalf("link %d: %v", g.Link, err)
		}
		for _, m := range g.Matrices {
			n := s.Root.At(m.Path)
			if m.Kind != "leaf" || leaf.IsRandom(n) {
				continue
			}
			where := strconv.Itoa(g.Link) + " " + m.Path
			for k, s := range sources {
				key := s.Key(n)
				if values[k][key] == nil {
					if n.Init == "url" {
						if err := standin.Write(folder, n.URL); err != nil {
							t.Fatalf("%s: %v", where, err)
						}
					}
					if values[k][key], err = s.Values(t.Context(), n); err != nil {
						t.Fatalf("%s: %v", where, err)
					}
				}
				sum, absMax := 0.0, 0.0
				for _, v := range values[k][key] {
					sum += float64(v)
					absMax = max(absMax, math.Abs(float64(v)))
				}
				if math.Abs(sum-m.Sum) > 1e-6*(1+math.Abs(m.Sum)) || math.Abs(absMax-m.AbsMax) > 1e-6*m.AbsMax {
					t.Errorf("%s: sum %v, largest %v, want %v, %v", where, sum, absMax, m.Sum, m.AbsMax)
				}
				for _, want := range m.Samples {
					samples[n.Init]++
					if got := digits7(values[k][key][want.I*n.W+want.J]); got != want.Value {
						t.Errorf("%s at (%d, %d): %v, want %v", where, want.I, want.J, got, want.Value)
					}
				}
			}
		}
	}
	t.Log("samples compared:", samples)
	for _, init := range []string{"url", "expr", "eye", "row major", "col major"} {
		if samples[init] == 0 {
			t.Errorf("no sample of a leaf with init %s", init)
		}
	}
}
