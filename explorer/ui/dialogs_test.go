package ui

import (
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"headscope/explorer/session"
	"headscope/explorer/workspace"
	"headscope/gpu"
	"headscope/gpu/gputest"
	"headscope/models/demo"
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

func TestLookAtDialogs(t *testing.T) {
	dir := t.TempDir()
	for _, n := range []string{"gpt2/model.safetensors", "gpt2/config.json", "gpt2/merges.txt", "gpt2/vocab.json", "shard.npz", "wte.npy", "layer0_input0_256_768.csv", "notes.txt", "archive.zip", ".hidden/x", "models/a", "runs/b", "a rather long name of a file of weights that somebody has chosen to make life hard.safetensors"} {
		touch(t, filepath.Join(dir, n))
	}
	shot := func(p *panelStage, name string) {
		f, err := os.Create("/tmp/w/dialogs/" + name + ".png")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := png.Encode(f, p.full()); err != nil {
			t.Fatal(err)
		}
	}
	p := newWindow(t, 1280, 800, nil)
	last := workspace.Default()
	last.View, last.Head, last.Model = "head", "L5H4", "gpt2/model.safetensors"
	for _, theme := range []string{"dark", "light"} {
		p.w.Offer(last)
		shot(p, "offer-"+theme)
		p.keys("F1")
		shot(p, "help-"+theme)
		p.keys("F1")
		p.shell.files.folder = dir
		p.keys("ctrl+o")
		shot(p, "open-"+theme)
		p.keys("down", "down", "down", "down")
		shot(p, "open-chosen-"+theme)
		p.write("/etc/hostname")
		p.keys("enter")
		shot(p, "open-wrong-"+theme)
		p.write("/etc/hostname/x/")
		shot(p, "open-unread-"+theme)
		p.keys("escape")
		p.shell.save.folder = dir
		p.keys("ctrl+s")
		shot(p, "save-"+theme)
		p.write("wte.json")
		touch(t, filepath.Join(dir, "wte.json"))
		p.keys("enter")
		shot(p, "save-replace-"+theme)
		p.keys("escape", "escape", "f12")
		p.shell.save.size = 3
		shot(p, "picture-"+theme)
		p.shell.save.choose(p.shell, saveLink)
		p.keys("enter")
		shot(p, "link-"+theme)
		p.keys("escape")
		m, _ := p.w.Pattern(p.w.Pass(), 5, 4)
		p.shell.save.export(p.shell, m, ".npy")
		shot(p, "export-"+theme)
		p.keys("escape")
		p.shell.toggleTheme()
		p.work()
	}
	_, _, _ = gputest.Golden, demo.Name, npy.Write
}
