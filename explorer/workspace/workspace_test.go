package workspace

import (
	"fmt"
	"image"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"headscope/explorer/camera"
	"headscope/explorer/expr"
	"headscope/explorer/session"
	"headscope/explorer/view"
	"headscope/gpu/gputest"
	"headscope/gpu/render"
	"headscope/models/demo"
	"headscope/models/gpt2"
	"headscope/models/npy"
	"headscope/models/tensor"
)

// open makes a workspace on the tests' device.
func open(t *testing.T, s *session.Session) *Workspace {
	t.Helper()
	d := gputest.Device(t)
	r, err := render.New(d)
	if err != nil {
		t.Fatal(err)
	}
	w := New(d, r, s, Options{Seed: 1})
	t.Cleanup(func() {
		w.Release()
		r.Release()
	})
	return w
}

// settle steps until no work is left.
func settle(t *testing.T, w *Workspace) {
	t.Helper()
	for start := time.Now(); ; {
		w.Step(sliceTime)
		if len(w.Jobs()) == 0 && !w.Step(sliceTime) {
			return
		}
		if time.Since(start) > time.Minute {
			t.Fatalf("after a minute there still is work: %+v", w.Jobs()[0])
		}
	}
}

// picture draws the workspace's tab.
func picture(t *testing.T, w *Workspace) *image.NRGBA {
	t.Helper()
	p, err := w.Device.NewPicture(320, 200)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Release()
	r := w.Device.Record("test")
	w.Draw(r, p, Sight{Region: image.Rect(0, 0, 320, 200)})
	if err := r.Submit(); err != nil {
		t.Fatal(err)
	}
	img, err := p.Image()
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// colours counts the different colours of a picture: a picture of nothing has one.
func colours(img *image.NRGBA) int {
	seen := map[[4]byte]bool{}
	for i := 0; i < len(img.Pix); i += 4 {
		seen[[4]byte(img.Pix[i:])] = true
	}
	return len(seen)
}

func TestFirstStart(t *testing.T) {
	w := open(t, nil)
	if n := colours(picture(t, w)); n != 1 {
		t.Errorf("before anything is there the picture has %d colours", n)
	}
	settle(t, w)
	p := w.Pass()
	if p == nil || w.Model().Path != demo.Name || len(w.Notices()) != 0 {
		t.Fatalf("pass %v, notices %v", p, w.Notices())
	}
	if want := w.Model().File.Tokenizer.Prompt(demo.Prompts()[0].Text); len(p.Tokens) != len(want) || len(w.Text().IDs) != len(want) {
		t.Errorf("%d tokens, want %d", len(p.Tokens), len(want))
	}
	if len(p.Layers) != 12 || len(p.Stats) != 144 || len(p.Next) != 5 {
		t.Errorf("%d layers, %d heads, %d next tokens", len(p.Layers), len(p.Stats), len(p.Next))
	}
	for _, tab := range session.Views {
		w.Show(tab)
		settle(t, w)
		if n := colours(picture(t, w)); tab != "bench" && n < 20 {
			t.Errorf("%s: the picture has %d colours", tab, n)
		}
	}
	if w.Scene() == nil || len(w.Compare.Panes) != 2 {
		t.Errorf("scene %v, %d panes", w.Scene(), len(w.Compare.Panes))
	}
}

// Of prompts that follow fast only the last one is run to its end, and it is what a fresh
// workspace shows for it.
func TestTyping(t *testing.T) {
	w := open(t, nil)
	settle(t, w)
	shown := w.Pass()
	text := "A man, a plan, a canal: Panama"
	for i := range text {
		w.SetPrompt(text[:i+1])
		w.Step(0)
		if w.Pass() == nil {
			t.Fatal("while a prompt is typed nothing is shown")
		}
	}
	settle(t, w)
	if w.Pass() == shown || strings.Join(w.Pass().Tokens[1:], "") != text {
		t.Errorf("shows %q", w.Pass().Tokens)
	}
	got := w.DescribeWeight(w.Pass(), 3, 4, 5, 2)
	fresh := open(t, func() *session.Session { s := Default(); s.Prompt = text; return s }())
	settle(t, fresh)
	if want := fresh.DescribeWeight(fresh.Pass(), 3, 4, 5, 2); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	// All of the typing is one change.
	if w.Undo(); w.Document().Prompt != demo.Prompts()[0].Text || w.CanUndo() {
		t.Errorf("after undoing the prompt is %q", w.Document().Prompt)
	}
	if w.Redo(); w.Document().Prompt != text {
		t.Errorf("after redoing the prompt is %q", w.Document().Prompt)
	}
}

func TestPromptThatCannotBeRun(t *testing.T) {
	w := open(t, nil)
	settle(t, w)
	before := w.Pass()
	w.SetPrompt(strings.Repeat("one two three ", 200))
	settle(t, w)
	text := w.Text()
	if text == nil || len(text.IDs) <= text.Limit {
		t.Fatalf("the tokens are not counted: %v", text)
	}
	if n := w.Notice(AtPrompt); !strings.Contains(n, fmt.Sprint(len(text.IDs))) || !strings.Contains(n, fmt.Sprint(text.Limit)) {
		t.Errorf("notice %q", n)
	}
	if w.Pass() != before {
		t.Error("what was shown has gone")
	}
	w.SetPrompt("")
	settle(t, w)
	if n := w.Notice(AtPrompt); n != "" || len(w.Pass().Tokens) != 1 {
		t.Errorf("empty prompt: notice %q, tokens %q", n, w.Pass().Tokens)
	}
}

// Steps to other heads keep camera and settings.
func TestWalkHeads(t *testing.T) {
	w := open(t, nil)
	w.Show("head")
	settle(t, w)
	w.Turn(image.Rect(0, 0, 320, 200), func(c camera.Camera, v camera.Viewport) camera.Camera { return c.Orbit(v, 30, 20) })
	if err := w.ChangeTree("gap", func(root *expr.Node) error { return root.Set("layout.gap", 12.0) }); err != nil {
		t.Fatal(err)
	}
	camera := w.Document().Camera
	for _, step := range []struct{ right, down int }{{1, 0}, {0, 1}, {-1, 0}, {0, -1}, {-9, 0}} {
		w.StepHead(step.right, step.down)
		settle(t, w)
		d := w.Document()
		if d.Camera != camera || d.Root.Layout.Gap != 12 {
			t.Fatalf("%s: camera or settings are lost", d.Head)
		}
		layer, head := w.Head()
		if want := fmt.Sprintf("wQ_%d_%d", layer, head); !strings.Contains(d.Root.String(), want) {
			t.Errorf("%s: the expression %s is without %s", d.Head, d.Root, want)
		}
		if w.Scene().Root != d.Root {
			t.Errorf("%s: the scene is not the document's", d.Head)
		}
		// What is drawn is the model's pattern.
		got, err := w.Scene().Space.Value("left.left", 7, 3)
		if err != nil {
			t.Fatal(err)
		}
		m, _ := w.Pattern(w.Pass(), layer, head)
		want, err := w.Device.Read(m.Tensor.Part(7, 1, 3, 1))
		if err != nil {
			t.Fatal(err)
		}
		gputest.Close(t, d.Head, []float32{got}, want[0], 1e-5, 1e-4)
	}
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	empty := filepath.Join(dir, "empty")
	if err := os.Mkdir(empty, 0o755); err != nil {
		t.Fatal(err)
	}
	w := open(t, nil)
	settle(t, w)
	before := w.Pass()
	for _, c := range []struct{ text, want string }{
		{filepath.Join(dir, "missing.safetensors"), "missing.safetensors"},
		{file("note.txt", "no model"), "note.txt"},
		{file("half.safetensors", "\x10\x00"), "half.safetensors"},
		{file("session.json", `{"headscope": 1, "mdoel": "x"}`), "mdoel"},
		{empty, "empty"},
		{"https://bhosmer.github.io/mm/index.html?params={", "params"},
		{"A @ @ B", "column 5"},
	} {
		w.Open(c.text)
		settle(t, w)
		if n := w.Notice(AtOpen); !strings.Contains(n, c.want) || strings.Contains(n, "\n") {
			t.Errorf("%s: notice %q", c.text, n)
		}
		if w.Pass() != before || w.CanUndo() {
			t.Errorf("%s: something has changed", c.text)
		}
	}
	w.Open("A @ B @ C")
	settle(t, w)
	if d := w.Document(); d.View != "head" || d.Root.String() != "A @ B @ C" || w.Scene() == nil || w.Notice(AtOpen) != "" {
		t.Errorf("an expression: view %s, %s, notice %q", d.View, d.Root, w.Notice(AtOpen))
	}
	if err := w.EditExpression("A @ (B"); err == nil || w.Notice(AtExpression) == "" {
		t.Errorf("a wrong expression: %v, notice %q", err, w.Notice(AtExpression))
	}
	link, ok := w.Link()
	w.Undo()
	settle(t, w)
	if !ok || w.Document().View != "atlas" || w.Pass() == nil {
		t.Fatalf("undone: view %s", w.Document().View)
	}
	w.Open(link)
	settle(t, w)
	if w.Document().Root.String() != "A @ B @ C" {
		t.Errorf("the link shows %s", w.Document().Root)
	}
}

// A built-in session without a model shows its random leaves.
func TestBuiltinWithoutModel(t *testing.T) {
	s, err := session.Builtin("lora", session.Shape{})
	if err != nil {
		t.Fatal(err)
	}
	s.View = "head"
	w := open(t, s)
	settle(t, w)
	if w.Scene() == nil || len(w.Notices()) != 0 {
		t.Errorf("scene %v, notices %v", w.Scene(), w.Notices())
	}
}

// A link whose files are not there says so, and shows them when their folder is opened.
func TestFolderOfFiles(t *testing.T) {
	dir := t.TempDir()
	if err := npy.WriteFile(filepath.Join(dir, "a.npy"), tensor.New(4, 3)); err != nil {
		t.Fatal(err)
	}
	w := open(t, nil)
	settle(t, w)
	s, err := session.FromExpression("A @ B")
	if err != nil {
		t.Fatal(err)
	}
	for key, value := range map[string]any{"init": "url", "url": "https://example.org/data/a.csv"} {
		if err := s.Root.Left.Set(key, value); err != nil {
			t.Fatal(err)
		}
	}
	link, err := s.Link(session.Auto)
	if err != nil {
		t.Fatal(err)
	}
	w.Open(link)
	settle(t, w)
	if n := w.Notice(AtHead); !strings.Contains(n, "a.csv") || !w.OnWeb() {
		t.Errorf("notice %q, on the web %v", n, w.OnWeb())
	}
	w.Open(dir)
	settle(t, w)
	if w.Notice(AtHead) != "" || w.Notice(AtOpen) != "" || w.Scene() == nil {
		t.Errorf("notices %v, scene %v", w.Notices(), w.Scene())
	}
}

// A model on the disk, of other sizes, replaces the one that is shown; one that has moved is
// said, and the rest goes on.
func TestOtherModel(t *testing.T) {
	path := filepath.Join(t.TempDir(), "small.safetensors")
	m := gpt2.Synthetic(gpt2.Config{Layers: 2, Heads: 3, Width: 24, Hidden: 96, Context: 32, Vocab: 50257, Eps: 1e-5}, 1)
	if err := gpt2.Save(t.Context(), m, path, nil); err != nil {
		t.Fatal(err)
	}
	w := open(t, nil)
	settle(t, w)
	w.SetPrompt("Short.")
	w.ChooseHead(11, 11)
	w.Open(path)
	settle(t, w)
	if w.Model().Path != path || w.Document().Head != "L1H2" || len(w.Pass().Stats) != 6 {
		t.Fatalf("model %s, head %s, %d heads; notices %v", w.Model().Path, w.Document().Head, len(w.Pass().Stats), w.Notices())
	}
	if got := w.Settings.Recent; len(got) != 1 || got[0] != path {
		t.Errorf("recent %q", got)
	}
	s := Default()
	s.Model = filepath.Join(t.TempDir(), "moved")
	moved := open(t, s)
	settle(t, moved)
	if n := moved.Notice(AtModel); !strings.Contains(n, "moved") || moved.Model() != nil {
		t.Errorf("notice %q", n)
	}
	moved.OpenModel(demo.Name)
	settle(t, moved)
	if n := moved.Notice(AtModel); n != "" || moved.Pass() == nil {
		t.Errorf("with another model: notice %q, pass %v", n, moved.Pass())
	}
}

func TestRecordedActivations(t *testing.T) {
	dir := t.TempDir()
	for sample := range 2 {
		x := tensor.New(9, 192)
		for i := range x.Data {
			x.Data[i] = rand.Float32() - 0.5
		}
		if err := npy.WriteFile(filepath.Join(dir, fmt.Sprintf("layer1_input%d_9_192.npy", sample)), x); err != nil {
			t.Fatal(err)
		}
	}
	w := open(t, nil)
	settle(t, w)
	w.Open(dir)
	settle(t, w)
	if d := w.Document(); d.Inputs != dir || len(w.Pass().Tokens) != 9 || !slices.Equal(w.Samples(), []int{0, 1}) {
		t.Fatalf("inputs %q, %d tokens, samples %v, notices %v", d.Inputs, len(w.Pass().Tokens), w.Samples(), w.Notices())
	}
	w.Show("head")
	w.ChooseHead(1, 5)
	w.StepSample(1)
	settle(t, w)
	if w.Document().Sample != 1 || w.Scene() == nil || !strings.Contains(w.Document().Root.String(), "input_1_1") {
		t.Errorf("sample %d: %s, notices %v", w.Document().Sample, w.Document().Root, w.Notices())
	}
	w.ChooseHead(2, 5) // a layer that was not recorded
	settle(t, w)
	if n := w.Notice(AtHead); !strings.Contains(n, "layer 2") {
		t.Errorf("notice %q", n)
	}
	w.SetPrompt("Words again")
	settle(t, w)
	if len(w.Pass().Tokens) == 9 || w.Notice(AtHead) != "" {
		t.Errorf("%d tokens, notice %q", len(w.Pass().Tokens), w.Notice(AtHead))
	}
}

func TestPanes(t *testing.T) {
	w := open(t, nil)
	w.Show("compare")
	w.SetPane(0, session.Pane{Head: "L2H3"})
	w.SetPane(1, session.Pane{Head: "L4H5", Prompt: "Short."})
	w.SetPane(2, session.Pane{Head: "L99H0"})
	settle(t, w)
	p := w.Panes()
	if len(p) != 3 || p[0].Pass != w.Pass() || p[1].Pass == w.Pass() || p[2].Layer != 11 {
		t.Fatalf("panes %+v", p)
	}
	if _, ok := w.Compare.Distance(1); ok {
		t.Error("patterns of different lengths are compared")
	}
	if d, ok := w.Compare.Distance(2); !ok || d.JS <= 0 || d.JS > 1 {
		t.Errorf("distance %+v %v", d, ok)
	}
	w.SetPane(1, session.Pane{Head: "L4H5", Model: filepath.Join(t.TempDir(), "gone")})
	settle(t, w)
	if n := w.Notice(PanePlace(1)); !strings.Contains(n, "gone") {
		t.Errorf("notice %q", n)
	}
	w.RemovePane(1)
	if err := w.Change("", func(s *session.Session) error { s.Compare.Space = true; return nil }); err != nil {
		t.Fatal(err)
	}
	settle(t, w)
	if len(w.Panes()) != 2 || w.PaneScene(0) == nil || w.PaneScene(1) == nil || w.PaneScene(0) == w.PaneScene(1) {
		t.Errorf("%d panes, scenes %v %v", len(w.Panes()), w.PaneScene(0), w.PaneScene(1))
	}
	if colours(picture(t, w)) < 20 {
		t.Error("the heads are not drawn")
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	w := open(t, nil)
	settle(t, w)
	w.Sort(view.Previous)
	w.ChooseToken(3)
	w.Save(filepath.Join(dir, "s.json"))
	w.Screenshot(filepath.Join(dir, "p.png"), 200, 100, Sight{})
	m, ok := w.Pattern(w.Pass(), 1, 2)
	if !ok {
		t.Fatal("no pattern")
	}
	w.Export(filepath.Join(dir, "a.npy"), m)
	w.Export(filepath.Join(dir, "a.csv"), m)
	settle(t, w)
	if n := w.Notice(AtSave); n != "" {
		t.Fatal(n)
	}
	s, err := session.Open(filepath.Join(dir, "s.json"), session.Files)
	if err != nil || s.Atlas.Sort != "previous" || s.Token != 3 || s.Prompt != w.Document().Prompt {
		t.Errorf("the session file has %+v, %v", s, err)
	}
	f, err := os.Open(filepath.Join(dir, "p.png"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if img, err := png.Decode(f); err != nil || img.Bounds() != image.Rect(0, 0, 200, 100) {
		t.Errorf("the picture: %v", err)
	}
	back, err := npy.Open(filepath.Join(dir, "a.npy"))
	if err != nil || !slices.Equal(back.Tensors[0].Shape, []int{len(w.Pass().Tokens), len(w.Pass().Tokens)}) {
		t.Errorf("the matrix: %v", err)
	}
	back.Close()
	for _, bad := range []func(){
		func() { w.Save(filepath.Join(dir, "no", "s.json")) },
		func() { w.Screenshot(filepath.Join(dir, "p.gif"), 10, 10, Sight{}) },
		func() { w.Screenshot(filepath.Join(dir, "q.png"), 1<<20, 10, Sight{}) },
		func() { w.Export(filepath.Join(dir, "a.txt"), m) },
	} {
		w.Dismiss(AtSave)
		bad()
		settle(t, w)
		if w.Notice(AtSave) == "" {
			t.Error("a file that cannot be written is not said")
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 4 {
		t.Errorf("there is %q", left)
	}
}

func TestState(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "session.json")
	if s, err := LoadState(path); s != nil || err != nil {
		t.Errorf("a state that is not there: %v, %v", s, err)
	}
	w := open(t, nil)
	settle(t, w)
	w.SetPrompt("Kept")
	if left := w.Autosave(path); left <= 0 || left > autosaveAfter {
		t.Errorf("it wants to be called again in %v", left)
	}
	w.saved.changed = time.Now().Add(-2 * autosaveAfter)
	w.Autosave(path)
	settle(t, w)
	s, err := LoadState(path)
	if err != nil || s == nil || s.Prompt != "Kept" || w.Autosave(path) != 0 {
		t.Fatalf("kept %+v, %v", s, err)
	}
	other := open(t, nil)
	other.Offer(s)
	settle(t, other)
	if other.Accept(); other.Document().Prompt != "Kept" || other.Offered() != nil {
		t.Errorf("accepted: %q", other.Document().Prompt)
	}
	if err := os.WriteFile(path, []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if s, err := LoadState(path); s != nil || err == nil {
		t.Errorf("a broken state: %v, %v", s, err)
	}
}

func TestSettings(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "settings.json")
	s, err := LoadSettings(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		s.Remember(fmt.Sprint(i))
	}
	s.Remember("15")
	s.Light, s.Scale = true, 1.5
	if err := s.Save(); err != nil {
		t.Fatal(err)
	}
	back, err := LoadSettings(path)
	if err != nil || !back.Light || back.Scale != 1.5 || len(back.Recent) != maxRecent || back.Recent[0] != "15" || back.Recent[1] != "19" {
		t.Errorf("read %+v, %v", back, err)
	}
	if err := os.WriteFile(path, []byte("nonsense"), 0o644); err != nil {
		t.Fatal(err)
	}
	if back, err := LoadSettings(path); err == nil || back.Light || !strings.Contains(err.Error(), path) {
		t.Errorf("read %+v, %v", back, err)
	}
}

func TestBench(t *testing.T) {
	w := open(t, nil)
	settle(t, w)
	w.Bench.Options.Lengths, w.Bench.Options.Runs, w.Bench.Head = []int{16, 33}, 2, true
	w.RunBench()
	settle(t, w)
	if len(w.Bench.Rows) != 6 || w.Benching() != nil || w.Notice(AtBench) != "" {
		t.Fatalf("%d rows, notice %q", len(w.Bench.Rows), w.Notice(AtBench))
	}
	if d := w.Bench.Rows[0].Data; d != w.Document().Head+" of demo" {
		t.Errorf("measured on %q", d)
	}
	w.Bench.Options.Lengths = []int{0}
	w.RunBench()
	settle(t, w)
	if w.Notice(AtBench) == "" || len(w.Bench.Rows) != 0 {
		t.Error("a length of 0 is measured")
	}
	// A run that is replaced, and one that goes on when the window is closed.
	w.Bench.Options.Lengths = []int{512, 512, 512, 512}
	w.RunBench()
	w.Step(0)
	w.RunBench()
	w.Step(0)
}

// Whatever is done in whatever order, everything is released in the end, and the same
// document gives the same picture.
func TestAnyOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	w := open(t, nil)
	actions := []func(){
		func() { w.Show(session.Views[random.IntN(4)]) },
		func() { w.StepHead(random.IntN(3)-1, random.IntN(3)-1) },
		func() { w.SetPrompt(strings.Repeat("word ", random.IntN(20))) },
		func() { w.ChooseToken(random.IntN(20) - 1) },
		func() { w.Undo() }, func() { w.Undo() }, func() { w.Redo() },
		func() { w.Sort(view.Traits[random.IntN(len(view.Traits))]) },
		func() {
			w.SetPane(random.IntN(4), session.Pane{Head: session.HeadName(random.IntN(12), random.IntN(12)), Prompt: "a b c"})
		},
		func() { w.RemovePane(0) },
		func() { w.Open("A @ B") },
		func() { w.OpenModel(demo.Name) },
		func() { w.SetForm("attnqkov") },
		func() { w.EditExpression("X @ Y @ Z") },
		func() { w.Fit(image.Rect(0, 0, 300, 200)) },
		func() {
			w.Change("", func(s *session.Session) error { s.NoBias = !s.NoBias; return nil })
		},
		func() {
			w.Change("", func(s *session.Session) error { s.Compare.Space = !s.Compare.Space; return nil })
		},
		func() {
			if jobs := w.Jobs(); len(jobs) > 0 {
				jobs[random.IntN(len(jobs))].Cancel()
			}
		},
	}
	for range 150 {
		actions[random.IntN(len(actions))]()
		for range random.IntN(6) {
			w.Step(0)
		}
		picture(t, w)
	}
	for _, tab := range session.Views[:3] {
		w.Show(tab)
		settle(t, w)
		data, err := w.Document().File()
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "s.json")
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		s, err := session.Open(path, session.Files)
		if err != nil {
			t.Fatal(err)
		}
		want := picture(t, w)
		fresh := New(w.Device, w.Renderer, s, Options{Seed: 1})
		settle(t, fresh)
		got := picture(t, fresh)
		fresh.Release()
		w.Device.Slices(sliceTime, w.between)
		if w.Notice(AtHead) == "" && !slices.Equal(got.Pix, want.Pix) {
			t.Errorf("%s: the same document gives another picture; notices %v", tab, w.Notices())
		}
	}
}

// The work of a pass leaves room for frames, and releasing in the middle leaves nothing.
func TestReleaseWhileWorking(t *testing.T) {
	d := gputest.Device(t)
	r, err := render.New(d)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	before := d.Live()
	for steps := range 12 {
		w := New(d, r, nil, Options{})
		for range steps * steps {
			w.Step(0)
		}
		w.Release()
		w.Release()
		if after := d.Live(); after.Buffers != before.Buffers || after.Textures != before.Textures {
			t.Fatalf("after %d steps: %d buffers and %d textures are left, before there were %d and %d",
				steps*steps, after.Buffers, after.Textures, before.Buffers, before.Textures)
		}
	}
}
