package eval

import (
	"context"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"headscope/explorer/anim"
	"headscope/explorer/expr"
	"headscope/explorer/layout"
	"headscope/explorer/partition"
	"headscope/explorer/session"
	"headscope/gpu/gputest"
	"headscope/wgsl/cpu"

	"pgregory.net/rapid"
)

func showStep(t rapid.TB, p Playback, step int) {
	t.Helper()
	if err := p.Show(context.Background(), step); err != nil {
		t.Fatalf("step %d: %v", step, err)
	}
}

// seen is what a playback shows of a matrix.
func seen(t rapid.TB, p Playback, path string) []float32 {
	t.Helper()
	m, err := p.Matrix(path)
	if err != nil {
		t.Fatal(err)
	}
	x, err := p.ReadPart(path, 0, 0, m.Rows, m.Cols)
	if err != nil {
		t.Fatal(err)
	}
	return x.Data
}

func lay(t rapid.TB, root *expr.Node) layout.Scene {
	t.Helper()
	laid, err := layout.Layout(root)
	if err != nil {
		t.Fatal(err)
	}
	return laid
}

// checkSteps shows steps in some order, then the other way round and by a fresh playback:
// each shows the same, bit by bit, and says what changed.
func checkSteps(t rapid.TB, e *Expression, p, fresh Playback, check func(step int)) {
	t.Helper()
	steps := rapid.SliceOfN(rapid.IntRange(1, p.Steps()), 1, 5).Draw(t.(*rapid.T), "steps")
	paths := slices.Sorted(maps.Keys(e.byPath))
	bits := func(p Playback) (bits []uint32) {
		add := func(x []float32) {
			for _, v := range x {
				bits = append(bits, math.Float32bits(v))
			}
		}
		for _, path := range paths {
			add(seen(t, p, path))
		}
		for _, plane := range p.Planes() {
			data, err := e.device.Read(plane.Values)
			if err != nil {
				t.Fatal(err)
			}
			add(data[0])
		}
		return bits
	}
	var first [][]uint32
	last := map[string][]float32{}
	for _, step := range steps {
		showStep(t, p, step)
		check(step)
		first = append(first, bits(p))
		for _, path := range paths {
			now := seen(t, p, path)
			if was, ok := last[path]; !p.Changed(path) && (!ok || !slices.Equal(now, was)) {
				t.Fatalf("step %d: %s changed, and it does not say so", step, path)
			}
			last[path] = now
		}
	}
	for n, step := range slices.Backward(steps) {
		for _, p := range []Playback{p, fresh} {
			showStep(t, p, step)
			if !slices.Equal(bits(p), first[n]) {
				t.Fatalf("step %d shows something else the other way round", step)
			}
		}
	}
}

// attentionTree draws attn @ V, within a larger expression or not, in blocks.
func attentionTree(t *rapid.T) *expr.Node {
	text := rapid.SampledFrom([]string{"(attn = Q @ K_t) @ V", "(attn = Q @ K_t) @ V @ wO", "A @ ((attn = (Q = x @ wQ) @ K_t) @ (V = x @ wV))"}).Draw(t, "expression")
	s, err := session.FromExpression(text)
	if err != nil {
		t.Fatal(err)
	}
	size := func(label string) int { return rapid.IntRange(1, 40).Draw(t, label) }
	n, m, d, w, wide := size("n"), size("m"), size("d"), size("w"), size("wide")
	if strings.Contains(text, "wV") {
		m = n
	}
	shapes := map[string][2]int{"Q": {n, d}, "K_t": {d, m}, "V": {m, w}, "wO": {w, wide}, "A": {wide, n}, "x": {n, wide}, "wQ": {wide, d}, "wV": {wide, w}}
	var product string
	s.Root.Walk(func(path string, node *expr.Node) {
		if shape, ok := shapes[node.Name]; ok && !node.IsMatMul() {
			node.H, node.W = shape[0], shape[1]
		}
		if node.Name == "attn" {
			node.Epilog = rapid.SampledFrom([]string{"softmax", "softmax(x/sqrt(k))", "softmax(tril(x/sqrt(k)))", "softmax(tril(x/8))"}).Draw(t, "epilog")
			product = strings.TrimSuffix(strings.TrimSuffix(path, "left"), ".")
		}
		if err := node.Set("layout.gap", float64(rapid.IntRange(0, 12).Draw(t, "gap"))); err != nil {
			t.Fatal(err)
		}
	})
	if product == "" {
		product = "root"
	}
	for _, axis := range []partition.Axis{partition.I, partition.K} {
		if err := partition.Set(s.Root, product, axis, rapid.IntRange(1, 45).Draw(t, string(axis)+" blocks")); err != nil {
			t.Fatal(err)
		}
	}
	return s.Root
}

// checkOnline compares a step with the online softmax of every row in float64. cancelling
// says that scores may be sums of much larger products, and then as inexact as those.
func checkOnline(t rapid.TB, o *Online, laid layout.Scene, step int, cancelling bool) {
	t.Helper()
	c := laid.Cubes[o.cube]
	n, m, w := c.I.N, c.K.N, c.J.N
	mat := func(path string) cpu.Mat {
		x := read(t, o.e, path)
		return cpu.MatOf(x.Data, x.Rows(), x.Cols())
	}
	q, kt, v := mat(below(o.attn)+"left"), read(t, o.e, below(o.attn)+"right"), mat(below(c.Path)+"right")
	keys := kt.Transposed()
	k := cpu.MatOf(keys.Data, m, q.Cols)
	a := cpu.Attention{Scale: o.e.byPath[o.attn].epilog.scale(float64(q.Cols)), Causal: o.causal}
	logit := a.Attend(cpu.NewMat(n, w), make([]float32, n), q, k, v)
	if cancelling {
		for i := range n {
			for j := range m {
				sum := 0.0
				for x, y := range k.Row(j) {
					sum += math.Abs(float64(q.At(i, x)) * float64(y))
				}
				logit = max(logit, float64(a.Scale)*sum)
			}
		}
	}
	largestV := max(1e-30, largest(doubles(v.Data)))
	near := func(what string, i, j int, got float32, want, size float64) {
		t.Helper()
		if off := 2e-6 * (1 + logit) * size; !(math.Abs(float64(got)-want) <= off) {
			t.Fatalf("step %d: %s of row %d, column %d is %v, want %v within %g (%d x %d in blocks of %d, scores up to %g)", step, what, i, j, got, want, off, n, m, c.K.BlockSize(), logit)
		}
	}

	if step == o.steps {
		for path := range o.e.byPath {
			if !slices.Equal(seen(t, o, path), read(t, o.e, path).Data) {
				t.Fatalf("the last step's %s is not the expression's", path)
			}
		}
	} else {
		for path := range o.e.byPath {
			switch got := seen(t, o, path); {
			case path == o.attn || path == c.Path:
			case slices.Contains(o.waiting, path):
				if largest(doubles(got)) != 0 {
					t.Fatalf("step %d: %s is there before attention is", step, path)
				}
			case !slices.Equal(got, read(t, o.e, path).Data):
				t.Fatalf("step %d: %s is not the expression's", step, path)
			}
		}
	}

	labels, err := o.Labels()
	if err != nil || len(labels) != len(o.planes) {
		t.Fatalf("%d labels of %d planes: %v", len(labels), len(o.planes), err)
	}
	var columns [][]float32
	for _, p := range o.Planes() {
		if p.Shown.Count == 0 {
			t.Fatalf("step %d: a column seems to wait", step)
		}
		columns = append(columns, shownColumn(t, o.e, p))
	}
	if want := 3 - step/o.steps; len(columns) != want {
		t.Fatalf("step %d of %d has %d columns", step, o.steps, len(columns))
	}
	weights, out := seen(t, o, o.attn), seen(t, o, c.Path)
	all, err := o.Summaries()
	if err != nil {
		t.Fatal(err)
	}
	if top := largest(doubles(columns[0])); top > labels[0].AbsMax {
		t.Fatalf("step %d: m reaches %v; its range ends at %v", step, top, labels[0].AbsMax)
	}
	if top := largest(doubles(out)); step >= o.steps-1 && top > all[c.Path].AbsMax || largest(doubles(weights)) > all[o.attn].AbsMax {
		t.Fatalf("step %d: the output reaches %v; the ranges are %+v and %+v", step, top, all[c.Path], all[o.attn])
	}
	trace := cpu.NewMat(c.K.BlockCount(), 4+w)
	passed := min(step, o.steps-1)
	lo, hi := (passed-1)*c.K.BlockSize(), min(passed*c.K.BlockSize(), m)
	for i := range n {
		a.Trace(trace, q, k, v, i, c.K.BlockSize())
		now := trace.Row(passed - 1)
		near("m", i, 0, columns[0][i], float64(now[0]), 1)
		near("l", i, 0, columns[1][i], float64(now[1]), 1+float64(now[1]))
		if step == o.steps {
			continue
		}
		last := min((i/c.I.BlockSize()+1)*c.I.BlockSize(), n) - 1
		if skips := o.causal && lo > last; skips {
			if columns[2][i] != 0 || o.planes[2].Shown.Shows(i, 0) {
				t.Fatalf("step %d: row %d skips the block, and its c is %v", step, i, columns[2][i])
			}
		} else {
			near("c", i, 0, columns[2][i], float64(now[2]), 1)
			if !o.planes[2].Shown.Shows(i, 0) {
				t.Fatalf("step %d: row %d does not skip the block, and its c is not shown", step, i)
			}
		}
		for j := range m {
			want := 0.0
			if j < hi && (!o.causal || j <= i) {
				score := 0.0
				for x, y := range k.Row(j) {
					score += float64(q.At(i, x)) * float64(y)
				}
				want = math.Exp(float64(a.Scale)*score - float64(now[0]))
			}
			near("attn", i, j, weights[i*m+j], want, 1)
		}
		for j := range w {
			near("o", i, j, out[i*w+j], float64(now[4+j]), largestV*(1+float64(now[1])))
		}
	}
	for _, r := range o.State().Results {
		for i := range m {
			used := step < o.steps && lo <= i && i < hi
			wrong := r.Left != anim.Highlight{}
			switch r.Path {
			case o.attn:
				wrong = wrong || r.Right.Has(0, i) != used
			case c.Path:
				wrong = wrong || r.Right.Has(i, 0) != used
			default:
				wrong = wrong || r.Right != anim.Highlight{}
			}
			if wrong {
				t.Fatalf("step %d: whether key %d is in use is not told right by %+v", step, i, r)
			}
		}
	}
}

// shownColumn is what there is of one of the columns.
func shownColumn(t rapid.TB, e *Expression, p MotionPlane) []float32 {
	t.Helper()
	data, err := e.device.Read(p.Values)
	if err != nil {
		t.Fatal(err)
	}
	if p.Values.Rows != p.Rows.N || p.Values.Cols != 1 || p.Cols.N != 1 {
		t.Fatalf("a column of %d has values %s", p.Rows.N, p.Values)
	}
	return data[0]
}

// The steps of any attention are those of the online softmax, on both kernel families, with
// small logits and large ones.
func TestOnlineIsTheOnlineSoftmax(t *testing.T) {
	d := gputest.Device(t)
	for _, d.Family = range families {
		rapid.Check(t, func(t *rapid.T) {
			root := attentionTree(t)
			leaves := &namedLeaves{set: map[string][]float32{}}
			if factor := rapid.SampledFrom([]float32{1, 100, 1000}).Draw(t, "queries times"); factor > 1 {
				root.Walk(func(_ string, n *expr.Node) {
					if !n.IsMatMul() && strings.HasPrefix(strings.TrimPrefix(n.Name, "w"), "Q") {
						x, _ := (&namedLeaves{}).Values(context.Background(), n)
						for i := range x {
							x[i] *= factor
						}
						leaves.set[n.Name] = x
					}
				})
			}
			e := NewExpression(d)
			defer e.Release()
			run(t, e, root, leaves)
			laid := lay(t, root)
			o, err := NewOnline(e, laid)
			if err != nil {
				t.Fatal(err)
			}
			defer o.Release()
			fresh, _ := NewOnline(e, laid)
			defer fresh.Release()
			checkSteps(t, e, o, fresh, func(step int) { checkOnline(t, o, laid, step, true) })
		})
	}
}
