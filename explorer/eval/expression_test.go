package eval

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"headscope/explorer/expr"
	"headscope/gpu"
	"headscope/gpu/gputest"
	"headscope/models/tensor"

	"pgregory.net/rapid"
)

var families = []gpu.Family{gpu.Registers, gpu.Workgroups}

// namedLeaves are leaves whose values hang on their name and shape: of about 1/cols, so that
// long chains stay in range. It notes what it was asked for.
type namedLeaves struct {
	set   map[string][]float32 // by name, instead
	fail  string               // the name of a leaf that has no values
	asked []string
	then  func() // called with each question
}

func (l *namedLeaves) Key(n *expr.Node) string { return n.Name }

func (l *namedLeaves) Values(_ context.Context, n *expr.Node) ([]float32, error) {
	l.asked = append(l.asked, n.Name)
	if l.then != nil {
		l.then()
	}
	if n.Name == l.fail {
		return nil, fmt.Errorf("leaf %s: no such file", n.Name)
	}
	if v, ok := l.set[n.Name]; ok {
		return v, nil
	}
	seed := uint64(n.H)<<32 | uint64(n.W)
	for _, c := range n.Name {
		seed = seed*31 + uint64(c)
	}
	rng := rand.New(rand.NewPCG(seed, 1))
	v := make([]float32, n.H*n.W)
	for i := range v {
		v[i] = float32(1.5 * rng.NormFloat64() / math.Sqrt(float64(n.W)))
	}
	return v, nil
}

func leaf(name string, h, w int) *expr.Node {
	return &expr.Node{Name: name, Leaf: expr.Leaf{H: h, W: w}}
}

func product(epilog string, left, right *expr.Node) *expr.Node {
	return &expr.Node{Name: "(" + left.Name + " @ " + right.Name + ")", Left: left, Right: right, Epilog: epilog}
}

// run runs a tree that has to succeed.
func run(t rapid.TB, e *Expression, root *expr.Node, leaves Leaves) {
	t.Helper()
	if err := e.Run(context.Background(), root, leaves, nil); err != nil {
		t.Fatal(err)
	}
}

func read(t rapid.TB, e *Expression, path string) tensor.Tensor {
	t.Helper()
	x, err := e.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// reference computes a matmul in float64. off is how far float32 may be: the rounding of the
// sums, times what the epilog makes of it, and of the epilog itself.
func reference(epilog string, h, k, w int, left, right []float64) (out []float64, off float64) {
	x, size := make([]float64, h*w), 0.0
	for i := range h {
		for j := range w {
			var sum float64
			for n := range k {
				x[i*w+j] += left[i*k+n] * right[n*w+j]
				sum += math.Abs(left[i*k+n] * right[n*w+j])
			}
			size = max(size, sum)
		}
	}
	scale := 1.0
	switch {
	case strings.Contains(epilog, "sqrt(k)"):
		scale = 1 / math.Sqrt(float64(k))
	case epilog == "x/k":
		scale = 1 / float64(k)
	case strings.Contains(epilog, "x/8"):
		scale = 1. / 8
	}
	off, size = 1e-6*size*scale, size*scale
	for i := range x {
		x[i] *= scale
	}
	each := func(f func(x float64) float64) {
		for i, v := range x {
			x[i] = f(v)
		}
	}
	switch {
	case epilog == "relu":
		each(func(x float64) float64 { return max(x, 0) })
	case epilog == "gelu":
		each(func(x float64) float64 { return x * (1 + math.Erf(x/math.Sqrt2)) / 2 })
	case epilog == "sigmoid":
		each(func(x float64) float64 { return 1 / (1 + math.Exp(-x)) })
	case epilog == "silu":
		each(func(x float64) float64 { return x / (1 + math.Exp(-x)) })
	case epilog == "tanh":
		each(math.Tanh)
	case epilog == "x**2":
		each(func(x float64) float64 { return x * x })
		off *= 2 * size
	case epilog == "layernorm":
		var mean, variance float64
		for _, v := range x {
			mean += v / float64(len(x))
		}
		for _, v := range x {
			variance += (v - mean) * (v - mean) / float64(len(x))
		}
		f := 1 / math.Sqrt(variance+1e-5)
		each(func(x float64) float64 { return (x - mean) * f })
		off *= f * (2 + largest(x))
	case strings.HasPrefix(epilog, "softmax"):
		for i := range h {
			row := x[i*w : (i+1)*w]
			seen := w
			if strings.Contains(epilog, "tril") {
				seen = min(w, i+1)
			}
			top, sum := slices.Max(row[:seen]), 0.0
			for j := range row {
				row[j] = math.Exp(row[j] - top)
				if j >= seen {
					row[j] = 0
				}
				sum += row[j]
			}
			for j := range row {
				row[j] /= sum
			}
		}
		off = math.Expm1(2*off + 2e-6)
	}
	return x, 1.2*off + 3e-6*largest(x)
}

func largest(x []float64) (top float64) {
	for _, v := range x {
		top = max(top, math.Abs(v))
	}
	return top
}

func doubles(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

// checkMatrices compares every result of the last Run with what its operands give, and every
// summary with the values.
func checkMatrices(t rapid.TB, e *Expression, root *expr.Node) {
	t.Helper()
	values := map[string]tensor.Tensor{}
	root.Walk(func(path string, n *expr.Node) { values[path] = read(t, e, path) })
	summaries, err := e.Summaries()
	if err != nil || len(summaries) != len(values) {
		t.Fatalf("%d summaries of %d matrices, %v", len(summaries), len(values), err)
	}
	root.Walk(func(path string, n *expr.Node) {
		got := doubles(values[path].Data)
		s, sum, all, low := summaries[path], 0.0, 0.0, math.Inf(1)
		for _, v := range got {
			sum, all, low = sum+v, all+math.Abs(v), min(low, math.Abs(v))
		}
		if s.AbsMax != largest(got) || s.AbsMin != low || s.NotFinite != 0 || math.Abs(s.Sum-sum) > 1e-6*all {
			t.Errorf("%s: summary %+v; max %v, min %v, sum %v", path, s, largest(got), low, sum)
		}
		if !n.IsMatMul() {
			return
		}
		h, k, w := n.Shape()
		if !slices.Equal(values[path].Shape, []int{h, w}) {
			t.Errorf("%s is %v, want %d x %d", path, values[path].Shape, h, w)
		}
		prefix := ""
		if path != "root" {
			prefix = path + "."
		}
		want, off := reference(n.Epilog, h, k, w, doubles(values[prefix+"left"].Data), doubles(values[prefix+"right"].Data))
		for i := range want {
			if !(math.Abs(got[i]-want[i]) <= off) {
				t.Fatalf("%s, %d x %d x %d, %s: element %d is %v, want %v to within %v", path, h, k, w, n.Epilog, i, got[i], want[i], off)
			}
		}
	})
}

// Trees of all epilogs and odd shapes, in one Expression that is used again and again.
func TestTreesEqualReference(t *testing.T) {
	d := gputest.Device(t)
	e := NewExpression(d)
	defer e.Release()
	sizes := []int{1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 63, 64, 65}
	var grow func(rng *rand.Rand, h, w, depth int) *expr.Node
	grow = func(rng *rand.Rand, h, w, depth int) *expr.Node {
		if depth == 0 || rng.IntN(5) == 0 {
			return leaf([]string{"A", "B", "C"}[rng.IntN(3)], h, w)
		}
		k := sizes[rng.IntN(len(sizes))]
		left, right := grow(rng, h, k, depth-1), grow(rng, k, w, depth-1)
		epilog := expr.Epilogs[rng.IntN(len(expr.Epilogs))]
		if epilog == "x**2" && (left.IsMatMul() || right.IsMatMul()) {
			epilog = "tanh" // squares of squares leave float32's range
		}
		return product(epilog, left, right)
	}
	for _, d.Family = range families {
		rapid.Check(t, func(t *rapid.T) {
			rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
			root := grow(rng, sizes[rng.IntN(len(sizes))], sizes[rng.IntN(len(sizes))], rapid.IntRange(0, 6).Draw(t, "depth"))
			run(t, e, root, &namedLeaves{})
			checkMatrices(t, e, root)
		})
	}
}

// Every epilog that a session may name, at shapes around a tile, wide and high.
func TestEpilogs(t *testing.T) {
	d := gputest.Device(t)
	e := NewExpression(d)
	defer e.Release()
	for _, d.Family = range families {
		for _, epilog := range expr.Epilogs {
			for _, s := range [][3]int{{1, 1, 1}, {65, 3, 257}, {257, 64, 63}} {
				root := product(epilog, leaf("A", s[0], s[1]), leaf("B", s[1], s[2]))
				run(t, e, root, &namedLeaves{})
				checkMatrices(t, e, root)
			}
		}
	}
}

// A head of attention, and the same with the weights multiplied first, end to end.
func TestAttentionEqualsReference(t *testing.T) {
	d := gputest.Device(t)
	e := NewExpression(d)
	defer e.Release()
	const n, width, dim = 65, 96, 16
	input, q, k, v, o := leaf("input", n, width), leaf("wQ", width, dim), leaf("wK", dim, width), leaf("wV", width, dim), leaf("wO", dim, width)
	transposed := leaf("input_t", width, n)
	for _, root := range []*expr.Node{
		product("none", product("none",
			product("softmax(tril(x/sqrt(k)))", product("none", input, q), product("none", k, transposed)),
			product("none", input, v)), o),
		product("none", product("none",
			product("softmax(tril(x/8))", product("none", input, product("none", q, k)), transposed), input),
			product("none", v, o)),
	} {
		leaves, want := &namedLeaves{}, map[*expr.Node][]float64{}
		var eval func(n *expr.Node)
		eval = func(n *expr.Node) {
			if !n.IsMatMul() {
				x, _ := leaves.Values(t.Context(), n)
				want[n] = doubles(x)
				return
			}
			eval(n.Left)
			eval(n.Right)
			h, k, w := n.Shape()
			want[n], _ = reference(n.Epilog, h, k, w, want[n.Left], want[n.Right])
		}
		eval(root)
		for _, d.Family = range families {
			run(t, e, root, leaves)
			root.Walk(func(path string, n *expr.Node) {
				got := read(t, e, path)
				for i, w := range want[n] {
					if off := math.Abs(float64(got.Data[i]) - w); !(off <= 1e-4*largest(want[n])) {
						t.Fatalf("%s: element %d is %v, want %v", path, i, got.Data[i], w)
					}
				}
			})
		}
	}
}

// A chain of 200 rotations about an axis by one degree each is one of 200 degrees.
func TestDeepChain(t *testing.T) {
	d := gputest.Device(t)
	e := NewExpression(d)
	defer e.Release()
	sin, cos := math.Sincos(math.Pi / 180)
	leaves := &namedLeaves{set: map[string][]float32{"R": {float32(cos), float32(-sin), 0, float32(sin), float32(cos), 0, 0, 0, 1}}}
	root := leaf("R", 3, 3)
	for range 199 {
		root = product("none", root, leaf("R", 3, 3))
	}
	sin, cos = math.Sincos(200 * math.Pi / 180)
	want := []float32{float32(cos), float32(-sin), 0, float32(sin), float32(cos), 0, 0, 0, 1}
	for _, d.Family = range families {
		run(t, e, root, leaves)
		gputest.Close(t, "chain", read(t, e, "root").Data, want, 5e-5, 0)
	}
	if len(leaves.asked) != 1 {
		t.Errorf("%d leaves were filled, want 1", len(leaves.asked))
	}
}

// A sum of more products than a kernel's loop may have rounds, all alike, so that a running
// sum in float32 would lose them.
func TestLongSums(t *testing.T) {
	d := gputest.Device(t)
	e := NewExpression(d)
	defer e.Release()
	for _, c := range []struct{ rows, k int }{{5, innerPart}, {5, innerPart + 1}, {5, 2*innerPart + 3}, {2, 262147}} {
		rows, k := c.rows, c.k
		same := func(n int, v float32) []float32 { return slices.Repeat([]float32{v}, n) }
		leaves := &namedLeaves{set: map[string][]float32{"A": same(rows*k, 0.3), "B": same(3*k, 0.7)}}
		for _, d.Family = range families {
			for epilog, want := range map[string]float64{"none": .21 * float64(k), "x/k": .21, "x**2": .0441 * float64(k) * float64(k)} {
				if k > 1<<18 && epilog == "none" {
					continue // a long column, 64 threads a row, is slow on a software adapter
				}
				run(t, e, product(epilog, leaf("A", rows, k), leaf("B", k, 3)), leaves)
				gputest.Close(t, fmt.Sprintf("%s of %d", epilog, k), read(t, e, "root").Data, same(3*rows, float32(want)), 0, 4e-5)
			}
		}
	}
}
