package session

import (
	"fmt"
	"io"
	"io/fs"
	"math"
	"strings"
	"testing"

	"headscope/explorer/camera"
	"headscope/explorer/expr"
	"headscope/explorer/mmtest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

func open(t testing.TB, text string) *Session {
	t.Helper()
	s, err := Open(text, Files)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// diff compares sessions but for which settings a node was given and which it took over.
func diff(a, b *Session) string { return cmp.Diff(a, b, cmpopts.IgnoreUnexported(expr.Node{})) }

// inLink is what of a session a link holds.
func inLink(s *Session) *Session {
	l := blank()
	l.Root, l.Camera, l.Diag = s.Root, s.Camera, s.Diag
	return l
}

func TestLinksMeanWhatMMShows(t *testing.T) {
	links := mmtest.Links(t)
	for _, want := range mmtest.Recordings(t) {
		s := open(t, links[want.Link-1])
		if got := s.Root.String(); got != want.Expr {
			t.Errorf("link %d is %q, want %q", want.Link, got, want.Expr)
		}
		for k := range 3 {
			if math.Abs(s.Camera.Position[k]-want.Camera.Position[k]) > 1e-3 ||
				math.Abs(s.Camera.Target[k]-want.Camera.Target[k]) > 1e-3 {
				t.Errorf("link %d: camera %v, want %v", want.Link, s.Camera, want.Camera)
			}
		}
		at := 0
		s.Root.Walk(func(path string, n *expr.Node) {
			if at == len(want.Matrices) {
				t.Fatalf("link %d: more than %d matrices", want.Link, at)
			}
			w := want.Matrices[at]
			at++
			kind, init, epilog := "leaf", n.Init, ""
			if n.IsMatMul() {
				kind, init, epilog = "result", "", n.Epilog
			}
			got := []any{path, kind, n.Name, n.Rows(), n.Cols(), [2]int{n.Block.I, n.Block.J}, init, epilog}
			if d := cmp.Diff([]any{w.Path, w.Kind, w.Name, w.H, w.W, w.Blocks, w.Init, w.Epilog}, got); d != "" {
				t.Errorf("link %d: %s", want.Link, d)
			}
		})
		if at != len(want.Matrices) {
			t.Errorf("link %d has %d matrices, want %d", want.Link, at, len(want.Matrices))
		}
	}
}

// What a link says comes back out, in every form.
func TestLinksComeBack(t *testing.T) {
	for i, link := range mmtest.Links(t) {
		s := open(t, link)
		for _, form := range []Form{Auto, JSON, Compressed} {
			out, err := s.Link(form)
			if err != nil {
				t.Fatalf("link %d: %v", i+1, err)
			}
			again := open(t, out)
			if d := diff(s, again); d != "" {
				t.Errorf("link %d, form %d: %s", i+1, form, d)
			}
			if twice, _ := again.Link(form); twice != out {
				t.Errorf("link %d, form %d changes when written twice", i+1, form)
			}
		}
		file, err := s.File()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Open("s.json", fake(map[string]string{"s.json": string(file)}))
		if err != nil {
			t.Fatal(err)
		}
		if d := diff(s, again); d != "" {
			t.Errorf("link %d, file: %s", i+1, d)
		}
		// Every key of the link is in ours, with its value.
		said, err := params(link)
		if err != nil {
			t.Fatal(err)
		}
		says := map[string]string{}
		for _, k := range s.keys() {
			says[strings.Join(k.Path, ".")] = fmt.Sprint(k.Value)
		}
		for key, v := range said {
			if strings.HasSuffix(key, ".expr") && fmt.Sprint(v) == "" {
				continue // an empty expr is the default
			}
			if key != "block.i blocks" && strings.HasSuffix(key, "block.i blocks") || key != "block.j blocks" && strings.HasSuffix(key, "block.j blocks") {
				continue // a child's are its parent's, whatever it says
			}
			if got, ok := says[key]; !ok || got != v {
				t.Errorf("link %d: %s was %s and is %s", i+1, key, v, got)
			}
		}
	}
}

// params are the values that a link says, by dotted key.
func params(link string) (map[string]string, error) {
	_, query, _ := strings.Cut(link, "?")
	pairs := splitQuery(query)
	var object map[string]any
	var err error
	if pairs[0].key == "params" {
		object, err = decode([]byte(pairs[0].value))
	} else {
		object, err = readNumbered(pairs)
	}
	values := map[string]string{}
	var flatten func(prefix string, object map[string]any)
	flatten = func(prefix string, object map[string]any) {
		for key, v := range object {
			if inner, ok := v.(map[string]any); ok {
				flatten(prefix+key+".", inner)
			} else {
				values[prefix+key] = fmt.Sprint(v)
			}
		}
	}
	flatten("", object)
	return values, err
}

// fake is a source of files in memory.
func fake(files map[string]string) Source {
	return func(name string) (io.ReadCloser, error) {
		text, ok := files[name]
		if !ok {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
		return io.NopCloser(strings.NewReader(text)), nil
	}
}

func TestNumbering(t *testing.T) {
	s := open(t, "A @ B @ C")
	link, err := s.Link(Compressed)
	if err != nil {
		t.Fatal(err)
	}
	want := Page + "?0=A%20%40%20B%20%40%20C&1=A%20%40%20B%20%40%20C&2=none&3.1=A%20%40%20B&3.4=true&3.2=none&5.1=A&5.4=false&5.6=32&5.7=32&5.8=row%20major&"
	if !strings.HasPrefix(link, want) {
		t.Errorf("the link begins %.*s, want %s", len(want), link, want)
	}
	if want := "&expr=0&name=1&epilog=2&left=3&matmul=4&left.left=5&h=6&w=7&init=8&url=9&"; !strings.Contains(link, want) {
		t.Errorf("the table of %s has no %s", link, want)
	}
}

func TestAutoIsShort(t *testing.T) {
	auto, _ := Default().Link(Auto)
	long, _ := open(t, "A @ B @ C @ D @ E @ F").Link(Auto)
	if !strings.Contains(auto, "?params=%7B") || len(auto) > maxJSONLink || strings.Contains(long, "params=") {
		t.Errorf("%s\n%s", auto, long)
	}
}

// drawSettings gives a node some settings of its own.
func drawSettings(t *rapid.T, n *expr.Node) {
	number := func(name string) float64 {
		return rapid.OneOf(rapid.Float64Range(-1e6, 1e6), rapid.Map(rapid.IntRange(-9, 99), func(i int) float64 { return float64(i) / 8 })).Draw(t, name)
	}
	set := func(key string, v any) {
		if rapid.Bool().Draw(t, "own "+key) {
			if err := n.Set(key, v); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, key := range []string{"anim.speed", "anim.spin", "layout.gap", "layout.scatter", "layout.molecule", "layout.blast",
		"deco.legends", "deco.spotlight", "deco.row guides", "deco.flow guides", "deco.lens size", "deco.magnification",
		"viz.min size", "viz.min light", "viz.max light", "viz.elem scale", "viz.zero hue", "viz.hue gap", "viz.hue spread"} {
		set(key, number(key))
	}
	for _, key := range []string{"anim.hide inputs", "deco.shape", "deco.interior spotlight", "deco.axes"} {
		set(key, rapid.Bool().Draw(t, key))
	}
	for key, choices := range map[string][]string{
		"anim.fuse": expr.Fuses, "anim.alg": expr.Algs, "layout.scheme": expr.Schemes, "viz.sensitivity": expr.Sensitivities,
		"layout.polarity": {"negative", "positive"}, "layout.left placement": {"left", "right"},
		"layout.right placement": {"top", "bottom"}, "layout.result placement": {"front", "back"},
	} {
		set(key, rapid.SampledFrom(choices).Draw(t, key))
	}
	for _, key := range []string{"block.i blocks", "block.k blocks", "block.j blocks"} {
		set(key, rapid.IntRange(1, 99).Draw(t, key))
	}
	if n.IsMatMul() {
		set("epilog", rapid.SampledFrom(expr.Epilogs).Draw(t, "epilog"))
		return
	}
	set("init", rapid.SampledFrom(expr.Inits).Draw(t, "init"))
	set("url", rapid.String().Draw(t, "url"))
	set("expr", rapid.SampledFrom([]string{"", "i % 2 + j", "a&b=c;d#e?%41+é\n\"\\<", "5", "true"}).Draw(t, "expr"))
	for _, key := range []string{"min", "max", "dropout"} {
		set(key, number(key))
	}
}

func drawSession(t *rapid.T) *Session {
	texts := []string{"A @ B", "L @ R", "A @ B @ C", "A @ (B @ C)", "out = (x = A @ B) @ (C @ (y = A @ D))"}
	s, err := FromExpression(rapid.SampledFrom(texts).Draw(t, "expression"))
	if err != nil {
		t.Fatal(err)
	}
	s.Root.Walk(func(_ string, n *expr.Node) { drawSettings(t, n) })
	s.Root.Resolve()
	for i := range 3 {
		s.Camera.Position[i] = rapid.Float64Range(1, 1e4).Draw(t, "position")
		s.Camera.Target[i] = -rapid.Float64Range(1, 1e4).Draw(t, "target")
	}
	s.Diag.URL = rapid.String().Draw(t, "diag")
	s.Root.Extra = map[string]any{"folder": "open", "compress": true, "diag": map[string]any{"folder": "closed"}}
	s.Root.Left.Extra = map[string]any{"anim": map[string]any{"folder": "open"}, "cam": map[string]any{"y": 0.5}}
	return s
}

func TestRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSession(t)
		compressed, err := s.Link(Compressed)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Open(compressed, Files)
		if err != nil {
			t.Fatal(err)
		}
		if d := diff(s, again); d != "" {
			t.Fatal(d)
		}
		drawRest(t, s)
		file, err := s.File()
		if err != nil {
			t.Fatal(err)
		}
		if again, err = Open("f", fake(map[string]string{"f": string(file)})); err != nil {
			t.Fatal(err)
		}
		if d := diff(s, again); d != "" {
			t.Fatal(d)
		}
		link, err := s.Link(JSON)
		if err != nil {
			t.Fatal(err)
		}
		if again, err = Open(link, Files); err != nil {
			t.Fatal(err)
		}
		if d := diff(inLink(s), again); d != "" {
			t.Fatal(d)
		}
	})
}

func TestEdit(t *testing.T) {
	s := open(t, mmtest.Links(t)[10]) // A @ B @ C
	s.Selection = Selection{"left.right", 1, 95}
	if err := s.Edit("A @ (B @ C)"); err != nil {
		t.Fatal(err)
	}
	if s.Root.Right.Layout.Polarity != "positive" || s.Root.At("right.left").W != 96 || s.Selection != (Selection{}) {
		t.Errorf("%+v, selection %+v", s.Root.Right.Layout, s.Selection)
	}
	before, _ := s.File()
	if err := s.Edit("A @ "); err == nil {
		t.Error("a broken expression is taken")
	}
	if after, _ := s.File(); string(after) != string(before) {
		t.Error("a refused edit changed the session")
	}
}

func TestCamera(t *testing.T) {
	s := open(t, `?params={"cam":{"x":1,"target":{"y":2}}}`)
	if want := (camera.Camera{Position: [3]float64{1, 48, 48}, Target: [3]float64{0, 2, 0}}); s.Camera != want {
		t.Errorf("%v, want %v", s.Camera, want)
	}
	s = open(t, `?params={"cam":{"x":0,"y":0,"z":0}}`)
	if s.Camera.Distance() == 0 {
		t.Error("a camera in its target stays there")
	}
}
