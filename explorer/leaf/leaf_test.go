package leaf_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"headscope/explorer/expr"
	"headscope/explorer/leaf"
)

// node is a leaf named A with the defaults of a session.
func node(init string, h, w int) *expr.Node {
	return &expr.Node{Name: "A", Leaf: expr.Leaf{H: h, W: w, Init: init, Min: -1, Max: 1}}
}

func values(t rapid.TB, s *leaf.Source, n *expr.Node) []float32 {
	t.Helper()
	v, err := s.Values(context.Background(), n)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// fails expects an error of one line that contains all the given texts.
func fails(t *testing.T, s *leaf.Source, n *expr.Node, texts ...string) {
	t.Helper()
	v, err := s.Values(t.Context(), n)
	if err == nil || v != nil {
		t.Fatalf("%+v has %d values and the error %v, expected an error alone", n.Leaf, len(v), err)
	}
	for _, text := range append(texts, "leaf ") {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("%q: expected %q in it", err, text)
		}
	}
	if strings.ContainsAny(err.Error(), "\n\r") || len(err.Error()) > 700 {
		t.Errorf("%q is not one short line", err)
	}
}

func TestFormulas(t *testing.T) {
	for _, c := range []struct {
		init     string
		h, w     int
		min, max float64
		want     []float32
	}{
		{"rows", 3, 2, -1, 1, []float32{-1, -1, 0, 0, 1, 1}},
		{"rows", 1, 2, -1, 1, []float32{-1, -1}},
		{"cols", 2, 3, 0, 10, []float32{0, 5, 10, 0, 5, 10}},
		{"cols", 2, 1, 3, 10, []float32{3, 3}},
		{"row major", 2, 3, 0, 5, []float32{0, 1, 2, 3, 4, 5}},
		{"col major", 2, 3, 0, 5, []float32{0, 2, 4, 1, 3, 5}},
		{"row major", 1, 1, 0.5, 5, []float32{0.5}},
		{"col major", 1, 1, 0.5, 5, []float32{0.5}},
		{"row major", 2, 2, 3, -3, []float32{3, 3, 3, 3}}, // a span below 0 counts as 0
		{"row major", 1, 4, 0.1, 0.4, []float32{0.1, 0.2, 0.3, 0.4}},
		{"tril mask", 2, 3, 5, 9, []float32{1, 0, 0, 1, 1, 0}},
		{"triu mask", 2, 3, 5, 9, []float32{1, 1, 1, 0, 1, 1}},
		{"eye", 3, 2, 5, 9, []float32{1, 0, 0, 1, 0, 0}},
		{"diff", 4, 2, 5, 9, []float32{1, 0, -1, 1, 0, -1, 0, 0}},
		{"gaussian", 1, 2, 7, 7, []float32{7, 7}},
	} {
		n := node(c.init, c.h, c.w)
		n.Min, n.Max = c.min, c.max
		if got := values(t, &leaf.Source{}, n); !slices.Equal(got, c.want) {
			t.Errorf("%s %d x %d from %v to %v: %v, want %v", c.init, c.h, c.w, c.min, c.max, got, c.want)
		}
	}
}

// oddShape draws a shape that is small, a row or a column.
func oddShape(t *rapid.T) (h, w int) {
	return rapid.SampledFrom([]int{1, 1, 2, 3, 7, 64, 65}).Draw(t, "h"), rapid.SampledFrom([]int{1, 1, 2, 5, 63}).Draw(t, "w")
}

func TestScaledInitsSpanMinToMax(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, w := oddShape(t)
		n := node(rapid.SampledFrom([]string{"rows", "cols", "row major", "col major", "uniform"}).Draw(t, "init"), h, w)
		n.Min, n.Max = rapid.Float64Range(-1e3, 1e3).Draw(t, "min"), rapid.Float64Range(-1e3, 1e3).Draw(t, "max")
		high := max(n.Min, n.Max)
		v := values(t, &leaf.Source{Seed: rapid.Uint64().Draw(t, "seed")}, n)
		if len(v) != h*w {
			t.Fatalf("%d values, want %d x %d", len(v), h, w)
		}
		if slices.Min(v) < float32(n.Min) || float64(slices.Max(v)) > high+1e-4 {
			t.Errorf("values from %v to %v, want within %v to %v", slices.Min(v), slices.Max(v), n.Min, high)
		}
		if n.Init != "uniform" && v[0] != float32(n.Min) {
			t.Errorf("begins with %v, want %v", v[0], n.Min)
		}
	})
}

// Col major of a shape is row major of the transposed shape; every formula says the same of rows
// as of columns.
func TestTransposes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, w := oddShape(t)
		pair := rapid.SampledFrom([][2]string{{"row major", "col major"}, {"rows", "cols"}, {"tril mask", "triu mask"}, {"eye", "eye"}}).Draw(t, "inits")
		a, b := values(t, &leaf.Source{}, node(pair[0], h, w)), values(t, &leaf.Source{}, node(pair[1], w, h))
		for i := range h {
			for j := range w {
				if a[i*w+j] != b[j*h+i] {
					t.Fatalf("%s of %d x %d at (%d, %d) is %v, %s of the transpose %v", pair[0], h, w, i, j, a[i*w+j], pair[1], b[j*h+i])
				}
			}
		}
	})
}

// randomLeaves are leaves of every random kind.
func randomLeaves() []*expr.Node {
	var all []*expr.Node
	for _, init := range []string{"uniform", "gaussian", "pt linear", "expr"} {
		n := node(init, 5, 7)
		n.Expr = "Math.random() + i"
		all = append(all, n)
	}
	for _, init := range []string{"rows", "gaussian", "pt linear"} {
		n := node(init, 5, 7)
		n.Dropout = 0.5
		all = append(all, n)
	}
	return all
}

func TestRandomLeavesFollowFromSeedAndKeyAlone(t *testing.T) {
	leaves := randomLeaves()
	first := map[string][]float32{}
	s := &leaf.Source{Seed: 3}
	for _, n := range leaves {
		if !leaf.IsRandom(n) {
			t.Errorf("%+v does not count as random", n.Leaf)
		}
		if first[s.Key(n)] != nil {
			t.Errorf("%+v has the key %q of another leaf", n.Leaf, s.Key(n))
		}
		first[s.Key(n)] = values(t, s, n)
	}
	slices.Reverse(leaves)
	for _, n := range leaves {
		again := values(t, &leaf.Source{Seed: 3}, n)
		if !slices.Equal(again, first[s.Key(n)]) {
			t.Errorf("%+v: other values in another order", n.Leaf)
		}
		if other := values(t, &leaf.Source{Seed: 4}, n); slices.Equal(other, again) {
			t.Errorf("%+v: the same values with another seed", n.Leaf)
		}
		named := *n
		named.Name = "B"
		if other := values(t, s, &named); slices.Equal(other, again) || s.Key(&named) == s.Key(n) {
			t.Errorf("%+v: the same values under another name", n.Leaf)
		}
	}
}

func TestKeyHoldsWhatDecidesTheValues(t *testing.T) {
	s := &leaf.Source{}
	changes := map[string]func(*expr.Node){
		"h":       func(n *expr.Node) { n.H++ },
		"w":       func(n *expr.Node) { n.W++ },
		"min":     func(n *expr.Node) { n.Min-- },
		"max":     func(n *expr.Node) { n.Max++ },
		"url":     func(n *expr.Node) { n.URL = "b.csv" },
		"expr":    func(n *expr.Node) { n.Expr = "j" },
		"dropout": func(n *expr.Node) { n.Dropout = 0.5 },
		"name":    func(n *expr.Node) { n.Name = "B" },
	}
	for init, want := range map[string][]string{
		"eye":       {"h", "w"},
		"url":       {"h", "w", "url"},
		"expr":      {"h", "w", "expr"},
		"rows":      {"dropout", "h", "w", "min", "max"},
		"gaussian":  {"dropout", "h", "w", "min", "max", "name"},
		"pt linear": {"dropout", "h", "w", "name"},
	} {
		var got []string
		for name, change := range changes {
			n := node(init, 2, 3)
			n.URL, n.Expr = "a.csv", "i"
			before := s.Key(n)
			if change(n); s.Key(n) != before {
				got = append(got, name)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("the key of %s holds %v, want %v", init, got, want)
		}
	}
}

func TestStatistics(t *testing.T) {
	const h, w = 300, 400
	for _, c := range []struct {
		init          string
		mean, dev     float64
		low, high     float64
		min, max      float64
		dropout       float64
		zeros, beyond float64 // shares of the values that are 0, and above mean+dev
	}{
		{init: "uniform", mean: 5, dev: 6 / math.Sqrt(12), low: 2, high: 8, min: 2, max: 8, beyond: 0.5 - 1/math.Sqrt(12)},
		{init: "gaussian", mean: 0.5, dev: 0.5, low: -9, high: 9, min: 0, max: 1, beyond: 0.15866},
		{init: "gaussian", mean: 0, dev: 1, low: -9, high: 9, min: -1, max: 1, beyond: 0.15866},
		{init: "pt linear", mean: 0, dev: 0.05 / math.Sqrt(3), low: -0.05, high: 0.05, min: 5, max: 9, beyond: 0.5 - 0.5/math.Sqrt(3)},
		{init: "rows", mean: 0.75, dev: math.Sqrt(0.1875), low: 0, high: 1, min: 1, max: 1, dropout: 0.25, zeros: 0.25},
		{init: "cols", mean: 0, dev: 0, low: 0, high: 0, min: 1, max: 1, dropout: 1, zeros: 1},
	} {
		n := node(c.init, h, w)
		n.Min, n.Max, n.Dropout = c.min, c.max, c.dropout
		sum, squares, zeros, beyond := 0.0, 0.0, 0.0, 0.0
		for _, v := range values(t, &leaf.Source{Seed: 1}, n) {
			x := float64(v)
			if x < c.low-1e-6 || x > c.high+1e-6 {
				t.Fatalf("%s: %v, want within %v to %v", c.init, x, c.low, c.high)
			}
			sum += x
			squares += (x - c.mean) * (x - c.mean)
			if x == 0 {
				zeros++
			}
			if x > c.mean+c.dev+1e-6 {
				beyond++
			}
		}
		// Six standard errors of 120,000 values, of which a share has at most 0.5/sqrt(N).
		const N = h * w
		if mean := sum / N; math.Abs(mean-c.mean) > 6*c.dev/math.Sqrt(N)+1e-9 {
			t.Errorf("%s: mean %v, want %v", c.init, mean, c.mean)
		}
		if dev := math.Sqrt(squares / N); math.Abs(dev-c.dev) > 6*c.dev/math.Sqrt(N)+1e-9 {
			t.Errorf("%s: deviation %v, want %v", c.init, dev, c.dev)
		}
		if math.Abs(zeros/N-c.zeros) > 3/math.Sqrt(N) || math.Abs(beyond/N-c.beyond) > 3/math.Sqrt(N) {
			t.Errorf("%s: share of zeros %v, beyond %v, want %v, %v", c.init, zeros/N, beyond/N, c.zeros, c.beyond)
		}
	}
}

// Masks, files and JavaScript have no dropout, as in mm.
func TestDropoutIsOfScaledInits(t *testing.T) {
	n := node("eye", 3, 3)
	n.Dropout = 1
	if v := values(t, &leaf.Source{}, n); leaf.IsRandom(n) || v[0] != 1 {
		t.Errorf("eye begins with %v, random %v", v[0], leaf.IsRandom(n))
	}
}

func TestBadLeaves(t *testing.T) {
	s := &leaf.Source{}
	fails(t, s, expr.Default(), "L @ R", "product")
	fails(t, s, node("eye", 0, 3), `leaf "A"`, "0 x 3")
	fails(t, s, node("eye", 3, -1), "3 x -1")
	fails(t, s, node("eye", 1<<62, 1<<62), "expected 1 to 1048576")
	fails(t, s, node("eye", 1<<20, 1<<10), "4 GiB", "smaller")
	fails(t, s, node("zeros", 1, 1), `"zeros"`, "eye")
	long := node("zeros", 1, 1)
	long.Name, long.Init = strings.Repeat("n", 1000), strings.Repeat("z\n", 1000)
	fails(t, s, long)
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, n := range append(randomLeaves(), node("eye", 2, 2)) {
		if _, err := (&leaf.Source{}).Values(ctx, n); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want that it was cancelled", n.Init, err)
		}
	}
}
