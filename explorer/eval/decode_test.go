package eval

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"headscope/explorer/expr"
	"headscope/explorer/layout"
	sources "headscope/explorer/leaf"
	"headscope/explorer/session"
	"headscope/gpu/gputest"
	"headscope/models/tensor"

	"pgregory.net/rapid"
)

// wholeInput asks leaves for the rows of all tokens.
func wholeInput(t rapid.TB, laid layout.Scene, leaves Leaves) tensor.Tensor {
	t.Helper()
	n, err := DecodeInput(laid)
	if err != nil {
		t.Fatal(err)
	}
	x, err := leaves.Values(context.Background(), n)
	if err != nil {
		t.Fatal(err)
	}
	return tensor.Tensor{Shape: []int{n.H, n.W}, Data: x}
}

// checkDecode compares a step with what its token's row, and the keys and values up to it,
// come to in float64.
func checkDecode(t rapid.TB, d *Decode, input tensor.Tensor, step int) {
	t.Helper()
	product := d.laid.Cubes[d.cube].Path
	for path, m := range d.e.byPath {
		got, whole := seen(t, d, path), read(t, d.e, path)
		switch {
		case path == d.leaf:
			if want := input.Row(step - 1); step < d.steps && !slices.Equal(got, want) || step == d.steps && !slices.Equal(got, whole.Data) {
				t.Fatalf("step %d: the query token is %v, want %v", step, got, want)
			}
		case path == below(d.attn())+"right" || path == below(product)+"right":
			for i, x := range got {
				at := i / m.cols
				if path == below(d.attn())+"right" {
					at = i % m.cols
				}
				if at >= step && x != 0 || at < step && x != whole.Data[i] {
					t.Fatalf("step %d: element %d of %s is %v, in the end %v", step, i, path, x, whole.Data[i])
				}
			}
		case !m.isLeaf():
			left, right := doubles(seen(t, d, below(path)+"left")), doubles(seen(t, d, below(path)+"right"))
			h, k, w := m.node.Shape()
			if path == d.attn() { // of the keys so far
				var some []float64
				for i := range k {
					some = append(some, right[i*w:i*w+step]...)
				}
				right, w = some, step
			}
			want, off := reference(m.node.Epilog, h, k, w, left, right)
			off = max(off, 1e-35) // squares of squares leave the range of float32
			for j, x := range got {
				if j >= w && x != 0 || j < w && !(math.Abs(float64(x)-want[j]) <= off) {
					t.Fatalf("step %d: element %d of %s is %v, want %v within %g", step, j, path, x, append(want, make([]float64, len(got))...)[j], off)
				}
			}
		case !slices.Equal(got, whole.Data):
			t.Fatalf("step %d: %s is not the expression's", step, path)
		}
	}
	for _, r := range d.State().Results {
		for i := range d.steps {
			if r.Path == d.attn() && (r.Shown.Shows(0, i) != (i < step) || r.Right.Has(0, i) != (i == step-1)) ||
				r.Path == product && r.Right.Has(i, 0) != (i == step-1) {
				t.Fatalf("step %d: token %d is not told right by %+v", step, i, r)
			}
		}
	}
}

// Every step of decoding is its token's attention to those before, through the rest of the
// layer; the last is the expression.
func TestDecodeIsTokenByToken(t *testing.T) {
	d := gputest.Device(t)
	for _, d.Family = range families {
		rapid.Check(t, func(t *rapid.T) {
			size := func(label string) int { return rapid.IntRange(1, 40).Draw(t, label) }
			s, err := session.Builtin("decode", session.Shape{
				Tokens: size("tokens"), Width: size("width"), HeadWidth: size("head width"), Hidden: size("hidden width"), Bias: rapid.Bool().Draw(t, "bias"),
			})
			if err != nil {
				t.Fatal(err)
			}
			s.Root.Walk(func(path string, n *expr.Node) {
				if n.IsMatMul() && n.Name != "attn" {
					n.Epilog = rapid.SampledFrom([]string{"none", "relu", "gelu", "x**2", "x/k", "x/sqrt(k)", "layernorm"}).Draw(t, "epilog")
				}
			})
			leaves := &namedLeaves{}
			e := NewExpression(d)
			defer e.Release()
			run(t, e, s.Root, leaves)
			laid := lay(t, s.Root)
			input := wholeInput(t, laid, leaves)
			p, err := NewDecode(e, laid, input)
			if err != nil {
				t.Fatal(err)
			}
			defer p.Release()
			fresh, _ := NewDecode(e, laid, input)
			defer fresh.Release()
			checkSteps(t, e, p, fresh, func(step int) { checkDecode(t, p, input, step) })
		})
	}
}

// A model's leaves have the input of all tokens; the last token's row of it is the query's.
func TestDecodeARealHead(t *testing.T) {
	d := gputest.Device(t)
	for _, m := range headModels(t) {
		s, err := session.Builtin("decode", m.shape(m.Config.Layers-1, 1))
		if err != nil {
			t.Fatal(err)
		}
		leaves := &sources.Source{Files: []sources.Finder{m.leaves()}}
		e := NewExpression(d)
		defer e.Release()
		run(t, e, s.Root, leaves)
		laid := lay(t, s.Root)
		input := wholeInput(t, laid, leaves)
		p, err := NewDecode(e, laid, input)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Release()
		if last := read(t, e, p.leaf); !slices.Equal(last.Data, input.Row(p.Steps()-1)) {
			t.Errorf("the last row is %v, the query token %v", input.Row(p.Steps()-1), last.Data)
		}
		for step := 1; step <= p.Steps(); step++ {
			showStep(t, p, step)
			checkDecode(t, p, input, step)
		}
	}
}

// The input of all tokens is asked for as the file that a model has it in.
func TestDecodeInput(t *testing.T) {
	for _, c := range []struct {
		shape session.Shape
		url   string
		h, w  int
	}{
		{session.Shape{}, "", 256, 192},
		{session.Shape{Tokens: 7, Width: 6, HeadWidth: 3, Hidden: 5, Layer: 2}, "layer2_input0_7_6.csv", 7, 6},
		{session.Shape{Tokens: 7, Width: 6, HeadWidth: 3, Hidden: 5, Sample: 4, Bias: true}, "layer0_inputb4_7_7.csv", 7, 7},
	} {
		s, err := session.Builtin("decode", c.shape)
		if err != nil {
			t.Fatal(err)
		}
		n, err := DecodeInput(lay(t, s.Root))
		if err != nil || n.URL != c.url || n.H != c.h || n.W != c.w {
			t.Errorf("%+v: %+v, %v; want %s, %d x %d", c.shape, n, err, c.url, c.h, c.w)
		}
	}
}

// What does not decode is refused, with a word on what would.
func TestDecodeRefuses(t *testing.T) {
	d := gputest.Device(t)
	e := NewExpression(d)
	defer e.Release()
	shape := session.Shape{Tokens: 5, Width: 6, HeadWidth: 4, Hidden: 7}
	open := func(name string) *session.Session {
		s, err := session.Builtin(name, shape)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	masked := open("decode")
	masked.Root.Walk(func(_ string, n *expr.Node) {
		if n.Name == "attn" {
			n.Epilog = "softmax(tril(x/8))"
		}
	})
	none, err := session.FromExpression("A @ B")
	if err != nil {
		t.Fatal(err)
	}
	input := tensor.New(5, 6)
	for _, c := range []struct {
		root  *expr.Node
		input tensor.Tensor
		want  string
	}{
		{none.Root, input, "attn @ V"},
		{open("blockwise").Root, input, "queries of 5 tokens"},
		{masked.Root, input, "without tril"},
		{open("decode").Root, tensor.New(4, 6), "[5, 6]"},
		{open("decode").Root, tensor.Tensor{}, "[5, 6]"},
	} {
		if _, err := NewDecode(e, lay(t, c.root), c.input); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want something with %q", err, c.want)
		}
	}
	s := open("decode")
	p, err := NewDecode(e, lay(t, s.Root), input)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Release()
	ctx := context.Background()
	if err := p.Show(ctx, 1); err == nil || !strings.Contains(err.Error(), "was not run") {
		t.Errorf("nothing was run: %v", err)
	}
	run(t, e, s.Root, &namedLeaves{})
	if err := p.Show(ctx, 6); err == nil || !strings.Contains(err.Error(), "1 to 5") {
		t.Errorf("a step beyond the end: %v", err)
	}
	showStep(t, p, 5)
	showStep(t, p, 2)
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if err := p.Show(ended, 3); err == nil {
		t.Error("an ended Show shows something")
	}
	showStep(t, p, 3)
	p.Release()
	p.Release()
	showStep(t, p, 1)
	if s, err := p.Summaries(); err != nil || s[p.attn()].AbsMax != 1 {
		t.Errorf("attn begins with 1; its range is %+v, %v", s[p.attn()], err)
	}
}
