package ui

import (
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/AllenDang/cimgui-go/imgui"

	"headscope/explorer/session"
	"headscope/explorer/workspace"
	"headscope/gpu/gputest"
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
