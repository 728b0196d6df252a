package leaf_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"headscope/explorer/expr"
	"headscope/explorer/leaf"
	"headscope/explorer/leaf/standin"
	"headscope/explorer/session"
)

// golden is what mm computed for a link, as far as it is values.
type golden struct {
	Link     int
	Matrices []struct {
		Path    string
		Kind    string
		Sum     float64
		AbsMax  float64
		Samples []struct {
			I, J  int
			Value float64
		}
	}
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

// digits7 rounds a value as the recordings do, which have seven significant digits.
func digits7(v float32) float64 {
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(float64(v), 'e', 6, 64), 64)
	return rounded
}

// Of every leaf that is not random, mm's values come out to the last recorded digit, directly and by way of files.
func TestValuesAreMMs(t *testing.T) {
	paths, err := filepath.Glob("../testdata/mm/[0-9]*.json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no recordings in ../testdata/mm: %v", err)
	}
	sessions := trees(t)
	folder := t.TempDir()
	sources := []*leaf.Source{
		{Files: []leaf.Finder{standin.Finder{}}},
		{Files: []leaf.Finder{leaf.Dir(folder)}},
	}
	values := []map[string][]float32{{}, {}} // of each source, by key
	samples := map[string]int{}
	for _, path := range paths {
		var g golden
		readJSON(t, path, &g)
		for _, m := range g.Matrices {
			n := sessions[g.Link].At(m.Path)
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
