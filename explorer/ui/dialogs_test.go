package ui

import (
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/AllenDang/cimgui-go/imgui"

	"headscope/explorer/session"
	"headscope/explorer/workspace"
	"headscope/gpu"
	"headscope/gpu/gputest"
	"headscope/models/npy"
)

// newWindow is the whole window on a stage, over a workspace whose work is done.
func newWindow(t *testing.T, width, height int, doc *session.Session) *panelStage {
	t.Helper()
	p := newPanelStage(t, width, height, doc, func(*Shell) {})
	p.panel = func() { p.shell.Frame(width, height, p.scale) }
	p.work()
	return p
}

// keys presses keys, one after the other.
func (p *panelStage) keys(chords ...string) {
	p.t.Helper()
	for _, k := range chords {
		p.press(strings.Split(k, "+")...)
		p.work()
	}
}

// write types a text into the field that has the keyboard, in place of what it holds.
func (p *panelStage) write(text string) {
	p.t.Helper()
	p.press("ctrl", "a")
	p.Feed(Event{Kind: Text, Text: text})
	p.work()
}

// touch writes files, and their folders.
func touch(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// full draws the window, the workspace's picture in it, and gives the picture.
func (p *panelStage) full() *image.NRGBA {
	p.t.Helper()
	p.frames(p.panel)
	width, height := p.picture.Size()
	rec := p.device.Record("frame")
	rec.Render(gpu.Pass{Target: p.picture, Clear: gpu.RGBA(p.w.Look().Background())})
	p.Begin(width, height, p.scale, time.Second/60)
	sight := p.shell.Frame(width, height, p.scale)
	p.w.Draw(rec, p.picture, sight)
	p.End(rec, p.picture)
	if err := rec.Submit(); err != nil {
		p.t.Fatal(err)
	}
	return p.image()
}

// entriesOf are the names that the dialog lists, folders with a slash.
func entriesOf(d *fileDialog) string {
	var names []string
	for _, e := range d.listed() {
		name := e.Name
		if e.Folder {
			name += "/"
		}
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

// Folders are walked by typing, by the arrows and by the buttons; Tab completes.
func TestFileDialogWalks(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"models/gpt2/model.safetensors", "models/gpt2/b.NPZ", "models/gpt2/notes.txt", "models/grün/x.npy", "models/grau/x.npy", "z.csv", ".hidden/x"} {
		touch(t, filepath.Join(dir, name))
	}
	p := newWindow(t, 640, 480, nil)
	d := &p.shell.files
	p.w.Settings.Remember(filepath.Join(dir, "z.csv"))
	p.keys("ctrl+o")
	expect := func(what, text, entries string) {
		t.Helper()
		if got := strings.TrimPrefix(d.text, dir); got != text || entriesOf(d) != entries {
			t.Errorf("%s: %q lists %q, want %q and %q", what, got, entriesOf(d), text, entries)
		}
	}
	if !d.shown || !p.WantsText() {
		t.Fatalf("shown %v, the field has the keyboard %v", d.shown, p.WantsText())
	}
	expect("at first", "/", "models/ z.csv")
	p.write(dir + "/mod")
	expect("a part of a name", "/mod", "models/")
	p.keys("tab")
	expect("completed", "/models/", "gpt2/ grau/ grün/")
	p.Feed(Event{Kind: Text, Text: "GR"})
	p.work()
	expect("in any case of letters", "/models/GR", "grau/ grün/")
	p.write(dir + "/models/g")
	p.keys("down", "down", "down", "down", "up")
	expect("the arrows", "/models/grau", "gpt2/ grau/ grün/")
	p.keys("up", "enter")
	expect("entered", "/models/gpt2/", "b.NPZ model.safetensors notes.txt")
	d.enter(p.shell, filepath.Dir(d.folder))
	p.work()
	expect("up", "/models/", "gpt2/ grau/ grün/")
	p.write(dir + "/.h")
	expect("hidden", "/.h", ".hidden/")
	p.write("nothing such")
	expect("relative", "nothing such", "")
	p.keys("tab", "down", "escape")
	if d.shown || p.WantsText() || p.w.Document().View != "atlas" {
		t.Errorf("after Escape: shown %v, view %s", d.shown, p.w.Document().View)
	}
	p.keys("ctrl+o")
	expect("it comes back to the folder", "/", "models/ z.csv")
}

// A folder of any number of files is listed; the arrows go beyond what is seen of it.
func TestFileDialogLongFolder(t *testing.T) {
	dir := t.TempDir()
	for i := range 300 {
		touch(t, filepath.Join(dir, fmt.Sprintf("%03d.npy", i)))
	}
	p := newWindow(t, 640, 400, nil)
	p.shell.files.folder = dir
	p.keys("ctrl+o")
	for range 65 {
		p.shell.files.step(p.shell.files.listed(), 1)
	}
	p.work()
	if got, want := p.shell.files.text, filepath.Join(dir, "064.npy"); got != want {
		t.Errorf("chosen %s, want %s", got, want)
	}
	p.click(100, 138) // a row of what is seen now
	p.work()
	if got := filepath.Base(p.shell.files.text); got < "055" || got > "064.npy" {
		t.Errorf("clicked on %s, want one shortly before 064", got)
	}
}

// Names that begin alike are completed as far as they do, and never to half a letter.
func TestFileDialogCompletes(t *testing.T) {
	d := &fileDialog{folder: "/m", filter: "w"}
	d.complete(nil, []workspace.Entry{{Name: "weißä"}, {Name: "weißö"}})
	if d.text != "/m/weiß" || d.filter != "weiß" {
		t.Errorf("completed to %q, %q", d.text, d.filter)
	}
	d.complete(nil, nil)
	d.step(nil, 1)
	if d.text != "/m/weiß" {
		t.Errorf("nothing is there, yet the text is %q", d.text)
	}
}

// What is typed or double-clicked is opened; what is wrong with it stays in the dialog.
func TestFileDialogOpens(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "s.json")
	last := headSession()
	last.Head = "L5H4"
	data, err := last.File()
	if err != nil {
		t.Fatal(err)
	}
	touch(t, filepath.Join(dir, "notes.txt"))
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
	p := newWindow(t, 800, 600, nil)
	d := &p.shell.files
	for _, c := range []struct{ text, want string }{
		{filepath.Join(dir, "notes.txt"), "expected a .safetensors"},
		{filepath.Join(dir, "missing.npz"), "missing.npz"},
		{dir, ""}, // it is entered
		{dir + "/", "expected"},
	} {
		p.shell.files.open(p.shell)
		p.work()
		p.write(c.text)
		p.keys("enter")
		if got := p.w.Notice(workspace.AtOpen); !d.shown || !strings.Contains(got, c.want) || (got == "") != (c.want == "") {
			t.Errorf("%s: shown %v, notice %q, want %q", c.text, d.shown, got, c.want)
		}
	}
	// A file is no folder: that is said where its entries would be.
	p.write(file + "/x/")
	if !strings.Contains(d.unread, "not a directory") || !strings.Contains(d.unread, "Go up") {
		t.Errorf("of a folder in a file it is said: %q", d.unread)
	}
	p.write(file)
	p.keys("enter")
	if doc := p.w.Document(); d.shown || doc.Head != "L5H4" || doc.View != "head" {
		t.Errorf("opened: shown %v, %s of %s, notices %v", d.shown, doc.Head, doc.View, p.w.Notices())
	}
	// The first row of the list, below title, field and header.
	p.w.Undo()
	p.keys("ctrl+o")
	for range 2 {
		p.click(200, 138)
		p.work()
	}
	if d.shown || p.w.Document().Head != "L5H4" {
		t.Errorf("double-clicked: shown %v, text %s, head %s", d.shown, d.text, p.w.Document().Head)
	}
}

// A file is written whole, or replaced after a yes; what is wrong stays in the dialog.
func TestSaveDialog(t *testing.T) {
	dir := t.TempDir()
	p := newWindow(t, 800, 600, headSession())
	d := &p.shell.save
	d.folder = dir
	read := func(name string) string {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
		}
		return string(data)
	}
	p.keys("ctrl+s")
	if !d.shown || d.name != "session.json" {
		t.Fatalf("shown %v, name %q", d.shown, d.name)
	}
	p.write("mine") // all of the name was selected
	p.keys("enter")
	if s, err := session.Open(filepath.Join(dir, "mine.json"), session.Files); d.shown || err != nil || s.Head != p.w.Document().Head {
		t.Fatalf("saved: shown %v, %v", d.shown, err)
	}
	touch(t, filepath.Join(dir, "there.json"))
	p.keys("ctrl+s")
	p.write("there.json")
	p.keys("enter", "enter")
	if !d.shown || !d.replace || read("there.json") != "x" {
		t.Errorf("it does not ask: shown %v, asked %v", d.shown, d.replace)
	}
	p.keys("escape")
	if !d.shown || d.replace {
		t.Errorf("no: shown %v, asked %v", d.shown, d.replace)
	}
	p.keys("enter")
	d.accept(p.shell, true)
	p.work()
	if d.shown || read("there.json") != read("mine.json") {
		t.Errorf("yes: shown %v", d.shown)
	}
	for _, c := range []struct{ name, folder, want string }{
		{"  ", dir, "Type a name"},
		{".", dir, "is a folder"},
		{"a.json", filepath.Join(dir, "missing"), "There is no folder"},
		{"a.json", filepath.Join(dir, "mine.json"), "is no folder"},
		{"a.txt", dir, ".json"},
	} {
		p.keys("ctrl+s")
		d.name, d.folder = c.name, c.folder
		d.accept(p.shell, false)
		if !d.shown || !strings.Contains(d.wrong, c.want) {
			t.Errorf("%q in %s: shown %v, said %q, want %q", c.name, c.folder, d.shown, d.wrong, c.want)
		}
	}
	d.folder = dir
	p.keys("escape", "f12")
	if d.name != p.w.Document().Head+".png" {
		t.Errorf("a picture is called %q", d.name)
	}
	d.size, d.width, d.height = len(pictureSizes)-1, 65, 63
	p.write("p.jpg")
	p.keys("enter")
	if got := p.w.Notice(workspace.AtSave); !d.shown || !strings.Contains(got, ".png") {
		t.Errorf("a picture p.jpg: shown %v, notice %q", d.shown, got)
	}
	p.write("p.png")
	p.keys("enter")
	img, err := png.Decode(strings.NewReader(read("p.png")))
	if d.shown || err != nil || img.Bounds() != image.Rect(0, 0, 65, 63) {
		t.Errorf("a picture: shown %v, %v, notices %v", d.shown, err, p.w.Notices())
	}
	p.keys("ctrl+s")
	d.choose(p.shell, saveLink)
	p.keys("enter")
	if s, err := session.Open(p.copied.text, session.Files); err != nil || s.Root.String() != p.w.Document().Root.String() {
		t.Errorf("the link %q: %v", p.copied.text, err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 3 {
		t.Errorf("%d files are there, want 3: none by halves", len(files))
	}
}

// A matrix is exported in the form that its name says, as long as it is on the screen.
func TestSaveDialogExports(t *testing.T) {
	dir := t.TempDir()
	p := newWindow(t, 800, 600, nil)
	d := &p.shell.save
	d.folder = dir
	m, ok := p.w.Pattern(p.w.Pass(), 5, 4)
	if !ok {
		t.Fatal("the pattern is not there")
	}
	d.export(p.shell, m, ".npy")
	p.work()
	p.keys("enter")
	n := len(p.w.Pass().Tokens)
	f, err := npy.Open(filepath.Join(dir, "L5H4.attn.npy"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got := f.Tensors[0].Shape; d.shown || !slices.Equal(got, []int{n, n}) {
		t.Errorf("exported %v: shown %v, notices %v", got, d.shown, p.w.Notices())
	}
	d.export(p.shell, m, ".csv")
	p.w.SetPrompt("Another one")
	p.work()
	p.keys("enter")
	if !d.shown || !strings.Contains(d.wrong, "no longer") {
		t.Errorf("the matrix has gone: shown %v, said %q", d.shown, d.wrong)
	}
	if name := fileName("a/b: \"c\"\n"); name != "a_b_ _c__" {
		t.Errorf("made %q of a name", name)
	}
}

// Every key of the table and every use of the mouse is in the help, under a title.
func TestHelpIsWhole(t *testing.T) {
	lines := map[[2]string]bool{}
	titles := map[string]bool{}
	for _, g := range helpGroups() {
		if g.title == "" || titles[g.title] || len(g.lines) == 0 {
			t.Errorf("group %q has %d lines", g.title, len(g.lines))
		}
		titles[g.title] = true
		for _, l := range g.lines {
			lines[l] = true
		}
	}
	for _, k := range shortcuts {
		if k.key != "" && !lines[[2]string{k.key, k.about}] {
			t.Errorf("%s is not in the help", k.key)
		}
	}
	for _, l := range pointerHelp {
		if !lines[l] {
			t.Errorf("%s is not in the help", l[0])
		}
	}
	if len(titles) != len(helpTitles)+1 {
		t.Errorf("titles %v: a key of %v is not in the table", titles, helpTitles)
	}
}

// F1, Escape and a click beside it close the help; one on it does not.
func TestHelp(t *testing.T) {
	p := newWindow(t, 1280, 800, nil)
	closed := func(how string, do func()) {
		t.Helper()
		p.keys("F1")
		if !p.shell.help {
			t.Fatal("F1 shows no help")
		}
		p.click(640, 400)
		p.work()
		if !p.shell.help {
			t.Fatal("a click on the help closes it")
		}
		do()
		if p.work(); p.shell.help {
			t.Errorf("%s does not close it", how)
		}
	}
	closed("F1", func() { p.keys("F1") })
	closed("Escape", func() { p.keys("escape") })
	view := p.w.Document().View
	closed("a click beside it", func() { p.click(640, 20) })
	if p.w.Document().View != view || p.shell.asking() {
		t.Error("the click went through it")
	}
	// Over a dialog it is closed alone.
	p.keys("ctrl+o", "F1", "escape")
	if p.shell.help || !p.shell.files.shown {
		t.Errorf("help %v, dialog %v", p.shell.help, p.shell.files.shown)
	}
}

// In a window that is too small for two columns there is one, which scrolls.
func TestHelpInSmallWindow(t *testing.T) {
	p := newWindow(t, 256, 256, nil)
	p.scale = 0.5
	p.keys("F1")
	gputest.Golden(t, "help", p.image().SubImage(image.Rect(6, 6, 250, 250)))
}

// The last session is offered until it is taken, turned down, or something is changed.
func TestOffer(t *testing.T) {
	last := headSession()
	last.Head, last.Prompt = "L5H4", "When Mary and John went to the store, John gave a drink to"
	if got, want := describe(last), "head L5H4 of demo, “When Mary and John went to the store, John gave…”"; got != want {
		t.Errorf("described as %q, want %q", got, want)
	}
	p := newWindow(t, 1280, 800, nil)
	offered := func() bool { return p.w.Offered() != nil }
	for _, c := range []struct {
		what string
		do   func()
		head string
	}{
		{"Dismiss", func() { p.click(float64(p.offerEnd())-60, 149) }, workspace.Default().Head},
		{"Continue", func() { p.click(float64(p.offerEnd())-160, 149) }, "L5H4"},
	} {
		p.w.Offer(last)
		if p.work(); !offered() {
			t.Fatalf("%s: nothing is offered", c.what)
		}
		c.do()
		p.work()
		if offered() || p.w.Document().Head != c.head {
			t.Errorf("%s: offered %v, head %s", c.what, offered(), p.w.Document().Head)
		}
	}
	if p.w.Document().Prompt != last.Prompt || p.w.Document().View != "head" {
		t.Errorf("shows %s of %q", p.w.Document().View, p.w.Document().Prompt)
	}
}

// A change of the user's ends the offer. The window is too narrow for its text.
func TestOfferEnds(t *testing.T) {
	p := newWindow(t, 320, 200, nil)
	p.w.Offer(headSession())
	p.work()
	if p.w.Offered() == nil {
		t.Error("nothing is offered")
	}
	p.w.ChooseHead(2, 3)
	if p.work(); p.w.Offered() != nil {
		t.Error("after a change it still is offered")
	}
}

// offerEnd is where the bar of the offer ends.
func (p *panelStage) offerEnd() float32 {
	w := imgui.InternalFindWindowByName("offer")
	return w.Pos().X + w.Size().X
}
