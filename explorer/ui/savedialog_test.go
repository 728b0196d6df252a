package ui

import (
	"image"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"headscope/explorer/session"
	"headscope/explorer/workspace"
	"headscope/models/npy"
)

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
