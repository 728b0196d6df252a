package session

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"headscope/explorer/mmtest"

	"pgregory.net/rapid"
)

func TestLeafNamesComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawShape(t)
		s.Tokens, s.Width, s.HeadWidth, s.Hidden = max(s.Tokens, 1), max(s.Width, 1), max(s.HeadWidth, 1), max(s.Hidden, 1)
		var all []string
		for name := range kinds {
			all = append(all, name)
		}
		slices.Sort(all)
		want := s.file(rapid.SampledFrom(all).Draw(t, "kind"), s.Bias)
		got, ok := ParseLeafName("https://x.org/a_b/" + want.String())
		if !ok || got != want {
			t.Fatalf("%s is %+v, want %+v", want, got, want)
		}
	})
}

func TestLeafNameTokens(t *testing.T) {
	for name, want := range map[string][2]bool{
		"layer5_input0_9_192.csv": {true, false}, "layer5_input_tb3_193_9.csv": {false, true}, "layer5_inputl0_1_192.csv": {true, false},
		"layer5_k_t4_16_9.csv": {false, true}, "layer5_v4_9_16.csv": {true, false}, "layer5_wq4_192_16.csv": {}, "layer5_fc_192_700.csv": {},
	} {
		n, ok := ParseLeafName(name)
		if rows, cols := n.Tokens(); !ok || [2]bool{rows, cols} != want {
			t.Errorf("%s: %v, %v", name, rows, cols)
		}
	}
	if rows, cols := (LeafName{}).Tokens(); rows || cols {
		t.Error("no name has tokens")
	}
}

func point(t interface {
	Helper()
	Fatal(...any)
}, s *Session, to Shape) string {
	t.Helper()
	if err := s.Point(to); err != nil {
		t.Fatal(err)
	}
	file, err := s.File()
	if err != nil {
		t.Fatal(err)
	}
	return string(file)
}

// drawModelShape is a shape of a model, of one of few models, whose sizes may be one another's.
func drawModelShape(t *rapid.T, name string) Shape {
	s := Shape{
		Tokens: rapid.SampledFrom([]int{1, 2, 9, 64}).Draw(t, name+" tokens"), Layer: rapid.IntRange(0, 12).Draw(t, name+" layer"),
		Head: rapid.IntRange(0, 12).Draw(t, name+" head"), Sample: rapid.IntRange(0, 3).Draw(t, name+" sample"),
		Bias: rapid.Bool().Draw(t, name+" bias"),
	}
	model := rapid.SampledFrom([][3]int{{192, 16, 768}, {768, 64, 3072}, {64, 64, 64}, {12, 4, 5}}).Draw(t, name+" model")
	s.Width, s.HeadWidth, s.Hidden = model[0], model[1], model[2]
	return s
}

// Where a session was pointed to before does not matter.
func TestPointForgets(t *testing.T) {
	edits := []string{"",
		"out = (attn = (Q = input_0_1 @ wQ_1_1) @ mine) @ other",
		"Z @ wQ_1_1 @ wK_t_1_1 @ input_t_0_1",
		"(A @ B) @ C",
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawModelShape(t, "a"), drawModelShape(t, "b")
		s, err := Builtin(rapid.SampledFrom(builtinNames()).Draw(t, "session"), drawModelShape(t, "first"))
		if err != nil {
			t.Fatal(err)
		}
		point(t, s, Shape{Tokens: 5, Width: 12, HeadWidth: 4, Hidden: 7, Layer: 1, Head: 1})
		if text := rapid.SampledFrom(edits).Draw(t, "edit"); text != "" {
			if err := s.Edit(text); err != nil {
				t.Fatal(err)
			}
		}
		want := point(t, s, a)
		camera := s.Camera
		point(t, s, b)
		if got := point(t, s, a); got != want {
			t.Fatalf("pointed elsewhere and back it is\n%s\nand was\n%s", got, want)
		}
		if s.Camera != camera {
			t.Fatal("the camera moved")
		}
	})
}

// A built-in session pointed to another head is that head's built-in session, but for what is made
// for a size: the camera and the gap.
func TestPointIsTheBuiltin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(builtinNames()).Draw(t, "session")
		a, b := drawModelShape(t, "a"), drawModelShape(t, "b")
		if name == "lora" {
			b.Width, b.HeadWidth = a.Width, a.HeadWidth // factors of a rank
		}
		got, err := Builtin(name, a)
		if err != nil {
			t.Fatal(err)
		}
		want, err := Builtin(name, b)
		if err != nil {
			t.Fatal(err)
		}
		point(t, got, b)
		if err := got.Root.Set("layout.gap", want.Root.Layout.Gap); err != nil {
			t.Fatal(err)
		}
		got.Camera = want.Camera
		if d := diff(want, got); d != "" {
			t.Fatal(d)
		}
	})
}

// describe lists what a session's leaves name.
func describe(s *Session) string {
	var list []string
	for _, n := range leaves(s.Root) {
		list = append(list, fmt.Sprintf("%s %dx%d %s", n.Name, n.H, n.W, n.URL))
	}
	return strings.Join(list, ", ")
}

// The article's own links go from head to head, in the folder of their data.
func TestPointArticlesLink(t *testing.T) {
	s := open(t, mmtest.Links(t)[33]) // its query is of one row of the input
	s.Selection, s.Token = Selection{"root", 0, 767}, 5
	head := Shape{Tokens: 7, Width: 768, HeadWidth: 64, Layer: 11, Head: 10, Sample: 2}
	point(t, s, head)
	const at = "https://raw.githubusercontent.com/bhosmer/testdata/main/weights/gpt2/"
	want := strings.ReplaceAll("input_2_11 1x768 @layer11_input2_7_768.csv, wQ_11_10 768x64 @layer11_wq10_768_64.csv, wK_t_11_10 64x768 @layer11_wk_t10_64_768.csv, "+
		"input_t_2_11 768x7 @layer11_input_t2_768_7.csv, input_2_11 7x768 @layer11_input2_7_768.csv, wV_11_10 768x64 @layer11_wv10_768_64.csv, "+
		"wO_11_10 64x768 @layer11_wo10_64_768.csv", "@", at)
	if got := describe(s); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if s.Head != "L11H10" || s.Sample != 2 || !s.NoBias || s.Selection.J != 767 || s.Token != 5 {
		t.Errorf("%s, sample %d, no bias %v, selected %v, token %d", s.Head, s.Sample, s.NoBias, s.Selection, s.Token)
	}
	// Unnumbered names are the user's.
	s = open(t, mmtest.Links(t)[17])
	head.Tokens = 3
	s.Token = 3
	point(t, s, head)
	if got := describe(s); !strings.HasPrefix(got, "input 3x768 "+at+"layer11_input2_3_768.csv, wQ 768x64 ") || s.Token != -1 {
		t.Errorf("%s, token %d", got, s.Token)
	}
}

func TestPointNames(t *testing.T) {
	s := builtinSession(t, "layer", Shape{Tokens: 3, Width: 8, HeadWidth: 2, Hidden: 5, Layer: 1})
	for path, name := range map[string]string{"right": "FFN_2", "left.right": "my_FFN_1_1", "left.left.right": "wO_1"} {
		if err := s.Root.Rename(s.Root.At(path), name); err != nil {
			t.Fatal(err)
		}
	}
	point(t, s, Shape{Tokens: 3, Width: 8, HeadWidth: 2, Hidden: 5, Layer: 2, Head: 1})
	for path, name := range map[string]string{"right": "FFN_2", "left.right": "my_FFN_1_1", "left.left.right": "wO_1", "left.left.left.right.right": "wV_2_1"} {
		if got := s.Root.At(path).Name; got != name {
			t.Errorf("%s is called %s, want %s", path, got, name)
		}
	}
}

// What is no matrix of a model follows those that are.
func TestPointOthersFollow(t *testing.T) {
	s := builtinSession(t, "attngpt2", Shape{Tokens: 3, Width: 8, HeadWidth: 2, Bias: true})
	if err := s.Edit("X @ wQ_0_0 @ Y"); err != nil {
		t.Fatal(err)
	}
	if s.Form != "" {
		t.Errorf("an expression of its own is of form %s", s.Form)
	}
	point(t, s, Shape{Tokens: 3, Width: 12, HeadWidth: 4, Layer: 1, Head: 1, Bias: true})
	// X has no ones for a bias.
	if got := describe(s); got != "X 32x12 , wQ_1_1 12x4 layer1_wq1_12_4.csv, Y 4x32 " {
		t.Error(got)
	}
}

func TestPointRefuses(t *testing.T) {
	ok := Shape{Tokens: 3, Width: 8, HeadWidth: 2, Hidden: 5}
	unfit := open(t, "wO_0_0 @ fc")
	for i, url := range []string{"layer0_wo0_8_8.csv", "layer0_fc_8_8.csv"} {
		n := leaves(unfit.Root)[i]
		n.Init, n.URL, n.H, n.W = "url", url, 8, 8
	}
	headed := builtinSession(t, "attngpt2", ok)
	for _, c := range []struct {
		s    *Session
		to   Shape
		want string
	}{
		{headed, Shape{}, "tokens is 0, expected 1"},
		{headed, Shape{Tokens: 3, Width: 8, HeadWidth: 2, Layer: 1000}, "layer is 1000, expected 0 to 999"},
		{builtinSession(t, "layer", ok), Shape{Tokens: 3, Width: 8, HeadWidth: 2}, "hidden width is 0, expected 1"},
	} {
		before, _ := c.s.File()
		if err := c.s.Point(c.to); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
		if after, _ := c.s.File(); string(after) != string(before) {
			t.Error("a refusal changed the session")
		}
	}
	if err := headed.Point(Shape{Tokens: 3, Width: 8, HeadWidth: 2}); err != nil {
		t.Errorf("a hidden width is asked for where nothing has one: %v", err)
	}
	point(t, unfit, ok) // a head's output is what an MLP multiplies
	swapped := open(t, "fc @ wO")
	for i, url := range []string{"layer0_fc_8_8.csv", "layer0_wo0_8_8.csv"} {
		n := leaves(swapped.Root)[i]
		n.Init, n.URL, n.H, n.W = "url", url, 8, 8
	}
	before, _ := swapped.File()
	if err := swapped.Point(ok); err == nil || !strings.Contains(err.Error(), "fc would have 5 columns and wO 2 rows") {
		t.Error(err)
	}
	if after, _ := swapped.File(); string(after) != string(before) {
		t.Error("a refusal changed the session")
	}
}
