package ui

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"headscope/explorer/workspace"
)

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
