package session

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"headscope/explorer/camera"
	"headscope/explorer/expr"
	"headscope/explorer/layout"
	"headscope/explorer/mmtest"

	"pgregory.net/rapid"
)

func builtinSession(t *testing.T, name string, s Shape) *Session {
	t.Helper()
	made, err := Builtin(name, s)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// plain takes from a link's tree what the built-in sessions leave to others: GUI state, what
// a matmul keeps of its time as a leaf, the place of files, and the values of random leaves.
func plain(root *expr.Node) {
	root.Walk(func(_ string, n *expr.Node) {
		n.Extra = nil
		switch {
		case n.IsMatMul():
			n.Leaf = expr.Leaf{}
		case n.Init == "url":
			n.URL = path.Base(n.URL)
		default:
			n.Init, n.URL, n.Max = "", "", 1
		}
	})
}

// What the article's links show is what the built-in sessions of the same shape are.
func TestBuiltinsAreTheArticlesSessions(t *testing.T) {
	animated := func(root *expr.Node) { // 28 lets the last two products run only; its look is 18's here
		for key, value := range map[string]any{"layout.gap": 10, "deco.legends": 10, "deco.row guides": 0.394, "deco.flow guides": 0.655} {
			if err := root.Set(key, value); err != nil {
				t.Fatal(err)
			}
		}
		for _, path := range []string{"left.left", "left.left.left"} {
			if err := root.At(path).Set("anim.alg", "vmprod"); err != nil {
				t.Fatal(err)
			}
		}
	}
	asLink := func(*expr.Node) {}
	for _, c := range []struct {
		name    string
		shape   Shape
		link    int
		changed func(root *expr.Node)
	}{
		{"attngpt2", Shape{Tokens: 256, Width: 768, HeadWidth: 64, Layer: 0, Head: 2}, 28, animated},
		{"layer", Shape{}, 37, asLink},
		{"blockwise", Shape{}, 40, asLink},
		// The link's mask leaves the token only the first key.
		{"decode", Shape{}, 41, func(root *expr.Node) { root.At("left.left.left.left").Epilog = "softmax(x/sqrt(k))" }},
		{"lora", Shape{}, 42, asLink},
	} {
		got, want := builtinSession(t, c.name, c.shape), open(t, mmtest.Links(t)[c.link-1])
		c.changed(want.Root)
		plain(want.Root)
		plain(got.Root)
		got.Camera, got.Diag = want.Camera, want.Diag
		if d := diff(want, inLink(got)); d != "" {
			t.Errorf("%s is not link %d: %s", c.name, c.link, d)
		}
	}
}

func TestBuiltinLeaves(t *testing.T) {
	head := Shape{Tokens: 9, Width: 192, HeadWidth: 16, Hidden: 700, Layer: 5, Head: 4, Sample: 3}
	for _, c := range []struct {
		name string
		bias bool
		want string
	}{
		{"attngpt2", false, "input_3_5 layer5_input3_9_192.csv, wQ_5_4 layer5_wq4_192_16.csv, wK_t_5_4 layer5_wk_t4_16_192.csv, " +
			"input_t_3_5 layer5_input_t3_192_9.csv, input_3_5 layer5_input3_9_192.csv, wV_5_4 layer5_wv4_192_16.csv, wO_5_4 layer5_wo4_16_192.csv"},
		{"attngpt2", true, "input_3_5 layer5_inputb3_9_193.csv, wQ_5_4 layer5_wqb4_193_16.csv, wK_t_5_4 layer5_wk_tb4_16_193.csv, " +
			"input_t_3_5 layer5_input_tb3_193_9.csv, input_3_5 layer5_inputb3_9_193.csv, wV_5_4 layer5_wvb4_193_16.csv, wO_5_4 layer5_wo4_16_192.csv"},
		{"attnqkov", true, "input_3_5 layer5_inputb3_9_193.csv, wQ_5_4 layer5_wqsb4_193_16.csv, wK_t_5_4 layer5_wk_tb4_16_193.csv, " +
			"input_t_3_5 layer5_input_tb3_193_9.csv, input_3_5 layer5_inputb3_9_193.csv, wV_5_4 layer5_wvb4_193_16.csv, wO_5_4 layer5_wo4_16_192.csv"},
		{"layer", false, "input_3_5 layer5_input3_9_192.csv, wQ_5_4 layer5_wq4_192_16.csv, wK_t_5_4 layer5_wk_t4_16_192.csv, " +
			"input_t_3_5 layer5_input_t3_192_9.csv, input_3_5 layer5_input3_9_192.csv, wV_5_4 layer5_wv4_192_16.csv, wO_5_4 layer5_wo4_16_192.csv, " +
			"FFN_1_5 layer5_fc_192_700.csv, FFN_2_5 layer5_proj_700_192.csv"},
		{"decode", true, "input_3_5 layer5_inputlb3_1_193.csv, wQ_5_4 layer5_wqb4_193_16.csv, K_t_5_4 layer5_k_tb4_16_9.csv, " +
			"V_5_4 layer5_vb4_9_16.csv, wO_5_4 layer5_wo4_16_192.csv, FFN_1_5 layer5_fc_192_700.csv, FFN_2_5 layer5_proj_700_192.csv"},
		{"lora", true, "input_3_5 layer5_input3_9_192.csv, wQ_A pt linear 192 x 8, wQ_B pt linear 8 x 16, wK_t_A pt linear 16 x 8, wK_t_B pt linear 8 x 192, " +
			"input_t_3_5 layer5_input_t3_192_9.csv, input_3_5 layer5_input3_9_192.csv, wV_A pt linear 192 x 8, wV_B pt linear 8 x 16, " +
			"wO_A pt linear 16 x 8, wO_B pt linear 8 x 192"},
	} {
		s := head
		s.Bias = c.bias
		var got []string
		builtinSession(t, c.name, s).Root.Walk(func(_ string, n *expr.Node) {
			switch {
			case n.IsMatMul():
			case n.Init == "url":
				got = append(got, n.Name+" "+n.URL)
				if !strings.HasSuffix(n.URL, fmt.Sprintf("_%d_%d.csv", n.H, n.W)) {
					t.Errorf("%s: %s is %d x %d", c.name, n.URL, n.H, n.W)
				}
			default:
				got = append(got, fmt.Sprintf("%s %s %d x %d", n.Name, n.Init, n.H, n.W))
			}
		})
		if got := strings.Join(got, ", "); got != c.want {
			t.Errorf("%s, bias %v: %s,\nwant %s", c.name, c.bias, got, c.want)
		}
	}
	// Where the epilog's scale is the head's, queries are as they are.
	head.HeadWidth = 64
	if got := builtinSession(t, "attnqkov", head).Root.At("left.left.left.right.left").URL; got != "layer5_wq4_192_64.csv" {
		t.Error(got)
	}
}

func drawShape(t *rapid.T) Shape {
	s := Shape{
		Tokens: rapid.IntRange(1, 300).Draw(t, "tokens"), Width: rapid.IntRange(1, 800).Draw(t, "width"),
		HeadWidth: rapid.IntRange(1, 100).Draw(t, "head width"), Hidden: rapid.IntRange(1, 3100).Draw(t, "hidden"),
		Layer: rapid.IntRange(0, 999).Draw(t, "layer"), Head: rapid.IntRange(0, 999).Draw(t, "head"),
		Sample: rapid.IntRange(0, 12).Draw(t, "sample"), Bias: rapid.Bool().Draw(t, "bias"),
	}
	return rapid.SampledFrom([]Shape{{}, s, s, s}).Draw(t, "shape")
}

func TestBuiltinsComeBackAndAreInView(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(builtins).Draw(t, "session").name
		shape := drawShape(t)
		s, err := Builtin(name, shape)
		if err != nil {
			t.Fatal(err)
		}
		for _, form := range []Form{JSON, Compressed} {
			link, err := s.Link(form)
			if err != nil {
				t.Fatal(err)
			}
			again, err := Open(link, Files) // which checks that the shapes agree
			if err != nil {
				t.Fatal(err)
			}
			if d := diff(inLink(s), again); d != "" {
				t.Fatalf("form %d: %s", form, d)
			}
		}
		file, err := s.File()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Open("f", fake(map[string]string{"f": string(file)}))
		if err != nil {
			t.Fatal(err)
		}
		if d := diff(s, again); d != "" {
			t.Fatal(d)
		}

		scene, err := layout.Layout(s.Root)
		if err != nil {
			t.Fatal(err)
		}
		from := s.Camera.Position.Sub(s.Camera.Target)
		if from[0] >= 0 || from[1] <= 0 || from[2] <= 0 {
			t.Fatalf("the camera looks from %v", from)
		}
		for _, p := range scene.Corners() {
			x, y, depth := s.Camera.Pixel(camera.Viewport{W: 1280, H: 800}, p)
			if x < 0 || x > 1280 || y < 0 || y > 800 || depth < camera.Near || depth > camera.Far {
				t.Fatalf("%s of %+v: a corner is at (%g, %g), depth %g", name, shape, x, y, depth)
			}
		}
	})
}

func TestBuiltinErrors(t *testing.T) {
	ok := Shape{Tokens: 3, Width: 8, HeadWidth: 2, Hidden: 5}
	for _, c := range []struct {
		name  string
		shape func(*Shape)
		want  string
	}{
		{"attngpt", func(*Shape) {}, `"attngpt" is no built-in session, expected one of attngpt2, attnqkov, layer, blockwise, decode, lora`},
		{"layer", func(s *Shape) { s.Tokens = 0 }, "session layer: tokens is 0, expected 1 to 1048576"},
		{"layer", func(s *Shape) { s.Width = expr.MaxDim }, "width is 1048576, expected 1 to 1048575"},
		{"lora", func(s *Shape) { s.HeadWidth = -1 }, "head width is -1, expected 1"},
		{"decode", func(s *Shape) { s.Hidden = 0 }, "hidden width is 0, expected 1"},
		{"attngpt2", func(s *Shape) { s.Hidden = -2 }, "hidden width is -2, expected 0"},
		{"attngpt2", func(s *Shape) { s.Layer = 1000 }, "layer is 1000, expected 0 to 999"},
		{"attngpt2", func(s *Shape) { s.Head = -1 }, "head is -1"},
		{"attngpt2", func(s *Shape) { s.Sample = -1 }, "sample is -1"},
		{"attngpt2", func(s *Shape) { *s = Shape{Bias: true} }, "tokens is 0"},
	} {
		s := ok
		c.shape(&s)
		if _, err := Builtin(c.name, s); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s of %+v: %v, want %s", c.name, s, err, c.want)
		}
	}
	ok.Hidden = 0
	for _, name := range []string{"attngpt2", "attnqkov", "lora"} {
		if _, err := Builtin(name, ok); err != nil {
			t.Error(err)
		}
	}
}

func TestBuiltinsByName(t *testing.T) {
	for _, line := range Builtins() {
		name, about, ok := strings.Cut(line, ": ")
		if !ok || about == "" || strings.Contains(line, "\n") {
			t.Errorf("%q", line)
		}
		if d := diff(builtinSession(t, name, Shape{}), open(t, " "+name+"\n")); d != "" {
			t.Error(d)
		}
	}
	// A file of that name is what is meant.
	s, err := Open("layer", fake(map[string]string{"layer": `{"left": {"name": "A"}, "name": "out"}`}))
	if err != nil || s.Root.String() != "out = A @ R" {
		t.Error(s, err)
	}
	if s := open(t, "layer @ lora"); s.Root.Left.IsMatMul() {
		t.Error(s.Root)
	}
}

// Every setting of the table reaches the node that it names.
func TestBuiltinTable(t *testing.T) {
	for _, b := range builtins {
		s := open(t, b.text)
		for _, c := range slices.Concat(b.look, b.nodes, b.ofModel) {
			if n := find(s.Root, c.node); c.node != "" && n.Name != c.node {
				t.Errorf("%s has no %q", b.name, c.node)
			}
		}
		s.Root.Walk(func(_ string, n *expr.Node) {
			if _, ok := parts[n.Name]; !ok && !n.IsMatMul() {
				t.Errorf("%s: nothing is known of the leaf %s", b.name, n.Name)
			}
		})
	}
	root := builtinSession(t, "layer", Shape{Tokens: 3, Width: 4, HeadWidth: 2, Hidden: 5}).Root
	if attn := root.At("left.left"); root.Epilog != "none" || attn.Epilog != "none" || root.Left.Epilog != "gelu" {
		t.Errorf("a model's layer has the epilogs %s, %s, %s", root.Epilog, attn.Epilog, root.Left.Epilog)
	}
}
