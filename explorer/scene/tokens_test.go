package scene

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/go-gl/mathgl/mgl64"
	"pgregory.net/rapid"

	"headscope/explorer/camera"
	"headscope/explorer/expr"
	"headscope/explorer/layout"
	"headscope/explorer/session"
)

// headScene is a built-in session of a model, laid out.
func headScene(t interface {
	Helper()
	Fatal(...any)
}, name string, tokens int) (*session.Session, layout.Scene) {
	t.Helper()
	s, err := session.Builtin(name, session.Shape{Tokens: tokens, Width: 24, HeadWidth: 4, Hidden: 10, Layer: 1, Head: 2, Bias: true})
	if err != nil {
		t.Fatal(err)
	}
	laid, err := layout.Layout(s.Root)
	if err != nil {
		t.Fatal(err)
	}
	return s, laid
}

func words(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprint("w", i)
	}
	return list
}

func TestFindTokens(t *testing.T) {
	rows, cols := TokenAxes{Rows: TokenAxis{Of: 9}}, TokenAxes{Cols: TokenAxis{Of: 9}}
	both := TokenAxes{TokenAxis{Of: 9}, TokenAxis{Of: 9}}
	last := TokenAxis{Last: true}
	for name, want := range map[string]map[string]TokenAxes{
		"attngpt2": {"out": rows, "attn @ V": rows, "attn": both, "Q": rows, "input_0_1": rows, "K_t": cols, "input_t_0_1": cols, "V": rows},
		"attnqkov": {"out": rows, "attn @ input_0_1": rows, "attn": both, "inputQK": rows, "input_0_1": rows, "input_t_0_1": cols},
		"decode": {"attn": {last, TokenAxis{Of: 9}}, "Q": {Rows: last}, "input_0_1": {Rows: last}, "K_t_1_2": cols, "V_1_2": rows,
			"attn_out": {Rows: last}, "layer_out": {Rows: last}, "attn @ V_1_2": {Rows: last}, "attn_out @ FFN_1_1": {Rows: last}},
	} {
		_, laid := headScene(t, name, 9)
		for i, got := range FindTokens(laid) {
			if m := laid.Matrices[i]; got != want[m.Node.Name] {
				t.Errorf("%s: %s has %+v, want %+v", name, m.Node.Name, got, want[m.Node.Name])
			}
		}
	}
	// Without a model there are none, and a URL counts only where it is used.
	s, laid := headScene(t, "attngpt2", 9)
	s.Root.Walk(func(_ string, n *expr.Node) {
		if !n.IsMatMul() {
			n.Init = "gaussian"
		}
	})
	for i, got := range FindTokens(laid) {
		if got != (TokenAxes{}) {
			t.Errorf("%s has %+v", laid.Matrices[i].Path, got)
		}
	}
}

func TestTokenText(t *testing.T) {
	for token, want := range map[string]string{
		"": "", "the": "the", " the": "·the", "  ": "··", "\n": `\n`, "\t\x00": `\t\x00`, `\n`: `\n`, "'": "'",
		"<|endoftext|>": "<|endoftext…", "twelve chars": "twelve·chars", "thirteen chars": "thirteen·ch…", "日本": "日本",
		strings.Repeat("\x00", 9): `\x00\x00\x0…`,
	} {
		if got := TokenText(token); got != want {
			t.Errorf("%q is labelled %q, want %q", token, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		text := TokenText(rapid.String().Draw(t, "token"))
		if n := len([]rune(text)); n > tokenLetters || strings.ContainsAny(text, " \n\t") {
			t.Fatalf("%q", text)
		}
	})
}

// near is a camera before the middle of a matrix, on either side of it.
func near(t interface{ Fatal(...any) }, m layout.Matrix, distance, x, y, z float64) camera.Camera {
	middle := m.ToWorld.Mul4x1(mgl64.Vec3{m.Cols.At(m.Cols.N-1) / 2, m.Rows.At(m.Rows.N-1) / 2, 0}.Vec4(1)).Vec3()
	c, err := camera.New(middle.Add(mgl64.TransformNormal(mgl64.Vec3{x, y, z}, m.ToWorld).Normalize().Mul(distance)), middle)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Attention is labelled along both axes, outside, in order, and from every side so that the text
// is not mirrored; nothing else is.
func TestLabelTokens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.SampledFrom([]int{1, 2, 7, 15}).Draw(t, "tokens")
		s, laid := headScene(t, rapid.SampledFrom([]string{"attngpt2", "attnqkov", "blockwise", "decode"}).Draw(t, "session"), n)
		axes := FindTokens(laid)
		chosen := rapid.IntRange(-1, n-1).Draw(t, "chosen")
		at := 0
		for axes[at] != (TokenAxes{axes[at].Rows, TokenAxis{Of: n}}) || !axes[at].both() {
			at++
		}
		m := laid.Matrices[at]
		dir := func(name string) float64 { return rapid.Float64Range(-1, 1).Draw(t, name) }
		side := rapid.SampledFrom([]float64{-1, 1}).Draw(t, "side")
		v := camera.Viewport{W: 1280, H: 800}
		c := near(t, m, 80, dir("x"), dir("y"), side)
		all := LabelTokens(laid, axes, Tokens{Texts: words(n), Chosen: chosen}, c, v, 1e5, Look{})
		for i, g := range all {
			if i != at && (len(g.Labels) > 0 || len(g.Lines) > 0) {
				t.Fatalf("%s has %d labels", laid.Matrices[i].Path, len(g.Labels))
			}
		}
		g := all[at]
		if want := m.Rows.N + m.Cols.N; len(g.Labels) != want {
			t.Fatalf("there are %d labels, want %d", len(g.Labels), want)
		}
		p := planeOf(&m)
		for k, l := range g.Labels {
			i, j := k, 0
			if m.Rows.N == 1 {
				i = n - 1 // of decode, or the only one
			}
			token := i
			if k >= m.Rows.N {
				i, j = 0, k-m.Rows.N
				token = j
			}
			if l.Text != fmt.Sprint("w", token) {
				t.Fatalf("label %d is %s, want w%d", k, l.Text, token)
			}
			// The text runs from start to end in the plane: level with its element, and outside.
			start, end := l.At.Add(l.Right.Mul(l.Shift-0.5)), l.At.Add(l.Right.Mul(l.Shift+0.5))
			for _, q := range []mgl64.Vec3{start, end} {
				x, y := p.local(q)
				level, outside := y-m.Rows.At(min(i, m.Rows.N-1)), min(x, m.Cols.At(m.Cols.N-1)-x)
				if k >= m.Rows.N {
					level, outside = x-m.Cols.At(j), min(y, m.Rows.At(m.Rows.N-1)-y)
				}
				if math.Abs(level) > 1e-9 || outside > -0.5 {
					t.Fatalf("label %d is %g beside its element and %g inside", k, level, outside)
				}
			}
			if l.Right.Cross(l.Up).Dot(l.At.Sub(c.Position)) > 0 {
				t.Fatalf("label %d is mirrored", k)
			}
			if bright := l.Colour == (Look{}).Guide(1); bright != (token == chosen) {
				t.Fatalf("token %d of %s is bright: %v, chosen is %d", token, s.Root, bright, chosen)
			}
		}
		framed := chosen >= 0 && (m.Rows.N > 1 || chosen == n-1)
		if want := map[bool]int{true: 4}[framed]; len(g.Lines) != want {
			t.Fatalf("there are %d lines, want %d", len(g.Lines), want)
		}
		for _, l := range g.Lines {
			if _, y := p.local(l.A); math.Abs(y-m.Rows.At(min(chosen, m.Rows.N-1))) != 0.5 {
				t.Fatalf("the frame of row %d is at %g", chosen, y)
			}
		}
	})
}

// Labels that nobody could read, or see, are left out.
func TestTokenLabelsOutOfView(t *testing.T) {
	const n = 60
	_, laid := headScene(t, "attngpt2", n)
	axes := FindTokens(laid)
	m, _ := laid.Matrix("left.left")
	v := camera.Viewport{W: 1280, H: 800}
	count := func(c camera.Camera, tokens []string, v camera.Viewport) int {
		total := 0
		for _, g := range LabelTokens(laid, axes, Tokens{Texts: tokens, Chosen: -1}, c, v, 1e5, Look{}) {
			total += len(g.Labels)
		}
		return total
	}
	far := v.UnitPixels(1) / tokenPixels
	for _, c := range []struct {
		what     string
		camera   camera.Camera
		tokens   []string
		viewport camera.Viewport
		lo, hi   int
	}{
		{"near enough", near(t, m, 0.95*far, 0, 0, 1), words(n), v, 2 * n, 2 * n},
		{"too far", near(t, m, 1.05*far, 0, 0, 1), words(n), v, 0, 0},
		{"half of them near", near(t, m, 130, 1, 0.3, 0.5), words(n), v, 1, 2*n - 1},
		{"the middle alone", near(t, m, 12, 0, 0, 1), words(n), v, 0, 0},
		{"other tokens", near(t, m, 0.5*far, 0, 0, 1), words(n - 1), v, 0, 0},
		{"no tokens", near(t, m, 0.5*far, 0, 0, 1), nil, v, 0, 0},
		{"no window", near(t, m, 0.5*far, 0, 0, 1), words(n), camera.Viewport{}, 0, 0},
	} {
		if got := count(c.camera, c.tokens, c.viewport); got < c.lo || got > c.hi {
			t.Errorf("%s: %d labels, want %d to %d", c.what, got, c.lo, c.hi)
		}
	}
	if empty := LabelTokens(layout.Scene{}, nil, Tokens{Texts: words(3), Chosen: 1}, camera.Default(), v, 1e5, Look{}); len(empty) != 0 {
		t.Error(empty)
	}
}

// Labels of rows keep clear of what stands beside the matrix in its plane, on their side.
func TestTokenLabelsKeepClear(t *testing.T) {
	const n, away = 15, 7.5
	_, laid := headScene(t, "blockwise", n)
	axes := FindTokens(laid)
	at := slices.IndexFunc(laid.Matrices, func(m layout.Matrix) bool { return m.Node.Name == "attn" })
	m := laid.Matrices[at]
	v := camera.Viewport{W: 1280, H: 800}
	c := near(t, m, 80, 0.1, 0.1, 1)
	labels := func(beside ...layout.Matrix) []Label {
		return LabelTokens(laid, axes, Tokens{Texts: words(n), Chosen: -1, Beside: beside}, c, v, 1e5, Look{})[at].Labels
	}
	column := func(x, y, z float64) layout.Matrix {
		return layout.Matrix{Rows: m.Rows, Cols: layout.NewAxis(1, 1, 0), ToWorld: m.ToWorld.Mul4(mgl64.Translate3D(x, y, z))}
	}
	right := m.Cols.At(n - 1)
	free := labels()
	moved := 0
	for _, x := range []float64{-away, right + away} {
		for i, l := range labels(column(x, 0, 0)) {
			switch d := l.At.Sub(free[i].At).Len(); {
			case d > 1e-9 && i < n && math.Abs(d-away) < 1e-9:
				moved++
			case d > 1e-9:
				t.Errorf("with a column at %v, label %d moves by %v", x, i, d)
			}
		}
	}
	if moved != n {
		t.Errorf("%d labels of %d rows keep clear of a column on one side or the other", moved, n)
	}
	for what, other := range map[string]layout.Matrix{"another plane": column(right+away, 0, 1), "other rows": column(right+away, 3, 0)} {
		if got := labels(other); !slices.Equal(got, free) {
			t.Errorf("labels move for what stands in %s", what)
		}
	}
}
