package app

import (
	"bytes"
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"headscope/explorer/session"
)

// Where things are in a window of 1280 x 800 at scale 1.
var (
	promptField = image.Pt(500, 65)
	sortField   = image.Pt(1167, 97)
	offerButton = image.Pt(726, 149)

	barsAndView = image.Rect(0, 0, 1280, 768) // all but the line with the adapter's name
	middle      = image.Pt(480, 445)          // of the view
	view        = image.Rect(0, 120, 960, 770)
)

const menuLine = 25 // pixels from an item of a menu to the next

// menuItem is item i of the menu that opens at a place, below its title.
func menuItem(at image.Point, i int) image.Point { return at.Add(image.Pt(30, 8+menuLine*(i+1))) }

// comboItem is item i of the list that opens below a field.
func comboItem(field image.Point, i int) image.Point { return field.Add(image.Pt(-60, 30+menuLine*i)) }

// cell is the middle of a head in the atlas of the built-in model, in the model's order.
func cell(layer, head int) image.Point { return image.Pt(213+51*head, 172+51*layer) }

// A user's way through one window, each part from where the one before left it.
func TestWalk(t *testing.T) {
	r := newDisplay(t).open("--size", "1280x800")
	part := func(name string, f func()) {
		t.Run(name, func(t *testing.T) {
			outer := r.t
			r.t = t
			defer func() { r.t = outer }()
			f()
		})
		if t.Failed() {
			t.FailNow()
		}
	}
	first := r.last

	part("start", func() {
		s := r.last
		if s.FirstFrameMS <= 0 || s.FirstAtlasMS < s.FirstFrameMS || s.doc.View != "atlas" || s.doc.Model != "demo" || len(s.Tokens) < 10 {
			r.t.Errorf("the first state: %v", s)
		}
		r.looks("window_atlas", barsAndView)
	})

	part("prompt", func() {
		const text = "The cat sat on the mat, and the dog sat on the cat."
		r.click(promptField, left)
		r.keys("ctrl+a")
		r.typed(text)
		r.until("the tokens of the prompt", func(s seen) bool {
			return s.doc.Prompt == text && strings.HasSuffix(strings.Join(s.Tokens, ""), text)
		})
		r.keys("Return")
	})

	part("arrow keys", func() {
		r.keys("Right", "Right", "Down", "Left")
		r.until("the head", headIs("L6H2"))
	})

	part("sort", func() {
		r.click(sortField, left)
		r.click(comboItem(sortField, 4), left)
		r.until("the order", func(s seen) bool { return s.doc.Atlas.Sort == "entropy" })
		r.move(cell(0, 0))
		r.until("the head under the pointer", func(s seen) bool { return strings.HasPrefix(s.Hover, "L") })
		r.keys("ctrl+z")
		r.until("the model's order", func(s seen) bool { return s.doc.Atlas.Sort == "" })
	})

	part("open a head", func() {
		r.move(cell(4, 7))
		r.until("its name", func(s seen) bool { return strings.HasPrefix(s.Hover, "L4H7") })
		r.click(cell(4, 7), left)
		r.until("the head", func(s seen) bool { return s.doc.View == "head" && s.doc.Head == "L4H7" })
		r.looks("window_head", barsAndView)
	})

	part("turn", func() {
		before := r.last.doc.Camera
		r.drag(image.Pt(300, 300), image.Pt(40, 10), 6)
		r.until("another camera", func(s seen) bool { return s.doc.Camera.Position.Sub(before.Position).Len() > 1 })
	})

	part("come near", func() {
		distance := func(s seen) float64 { return s.doc.Camera.Position.Sub(s.doc.Camera.Target).Len() }
		before := distance(r.last)
		r.click(middle, wheelUp)
		r.click(middle, wheelUp)
		r.until("a nearer camera", func(s seen) bool { return distance(s) < 0.9*before })
	})

	part("magnifier", func() {
		r.move(middle)
		r.until("rest", func(seen) bool { return true })
		before := r.picture()
		r.keys("l")
		r.waitFor("the magnifier", func() bool { return differ(before, r.picture(), view) > 2000 })
		r.keys("l")
		r.waitFor("no magnifier", func() bool { return differ(before, r.picture(), view) < 200 })
	})

	part("select", func() {
		at := image.Pt(440, 250)
		for r.last.Hover == "" && at.X < 900 { // the drag may have been a little shorter
			at.X += 10
			frame := r.last.Frames
			r.move(at)
			r.until("the pointer", func(s seen) bool { return s.Frames > frame })
		}
		r.click(at, left)
		r.until("the element under the pointer", func(s seen) bool {
			name, _, _ := strings.Cut(s.Hover, " [")
			n := s.doc.Root.At(s.doc.Selection.Path)
			return s.doc.Selection.Path != "" && n != nil && n.Name == name
		})
	})

	part("compare", func() {
		r.keys("1")
		r.until("the atlas", func(s seen) bool { return s.doc.View == "atlas" })
		r.click(cell(6, 5), right)
		r.click(menuItem(cell(6, 5), 1), left)
		r.until("two heads", func(s seen) bool {
			p := s.doc.Compare.Panes
			return s.doc.View == "compare" && len(p) == 2 && p[0].Head == "L4H7" && p[1].Head == "L6H5"
		})
		r.keys("d")
		r.until("the difference", func(s seen) bool { return s.doc.Compare.Difference })
		r.looks("window_compare", barsAndView)
	})

	part("undo and redo", func() {
		last := r.last
		r.keys(times(40, "ctrl+z")...)
		r.until("the beginning", func(s seen) bool { return bytes.Equal(s.Session, first.Session) })
		r.keys(times(40, "ctrl+y")...)
		r.until("the end", func(s seen) bool { return bytes.Equal(s.Session, last.Session) })
	})

	part("save and reopen", func() {
		last := r.last
		path := filepath.Join(r.folder, "a session.json")
		r.keys("2")
		r.until("the head", func(s seen) bool { return s.doc.View == "head" })
		before := r.picture()
		r.keys("ctrl+s")
		r.waitFor("the dialog", func() bool { return differ(before, r.picture(), view) > 100_000 })
		r.typed(path)
		r.keys("Return")
		r.waitFor("the file", func() bool { _, err := os.Stat(path); return err == nil })
		r.waitFor("the end of the dialog", func() bool { return differ(before, r.picture(), view) < 200 })
		r.keys("3")
		r.until("the comparison", func(s seen) bool { return s.doc.View == "compare" })
		r.quit()
		r = r.open("--size", "1280x800", path)
		if r.last.doc.View != "head" || r.last.doc.Camera != last.doc.Camera || r.last.doc.Selection != last.doc.Selection || len(r.last.doc.Compare.Panes) != 2 {
			r.t.Errorf("the session that was opened is another one: %v", r.last)
		}
	})

	part("link", func() {
		before := r.last.doc
		r.keys("ctrl+c", "Down", "Left")
		r.until("another head", headIs("L5H6"))
		r.keys("ctrl+v")
		s := r.until("the link's head", headIs("L4H7"))
		if !sameLink(r, s.doc, before) {
			r.t.Errorf("the link that was pasted shows something else: %v", s)
		}
	})

	part("resize", func() {
		for _, size := range []image.Point{{640, 400}, {screenWidth, screenHeight}, {200, 150}, {1, 1}, {1280, 800}} {
			r.resize(size)
			r.until("the size", func(s seen) bool { return s.Width == size.X && s.Height == size.Y })
		}
	})

	part("unmap and map", func() {
		r.xdotool("windowunmap", "--sync", r.window)
		r.xdotool("windowmap", "--sync", r.window)
		r.xdotool("windowfocus", "--sync", r.window)
		r.keys("1")
		r.until("the atlas", func(s seen) bool { return s.doc.View == "atlas" })
	})

	part("close in the middle of work", func() {
		r.click(promptField, left)
		r.typed("x")
		r.quit()
	})

	part("the last session is offered", func() {
		last := r.last
		r = r.open()
		r.quit() // neither taken nor turned down: it is offered once more
		r = r.open()
		if r.last.doc.Head == last.doc.Head {
			r.t.Errorf("the last session is there before it was accepted: %v", r.last)
		}
		r.click(offerButton, left)
		r.until("the last session", func(s seen) bool { return s.doc.Head == last.doc.Head && s.doc.Camera == last.doc.Camera })
		r.quit()
	})
}

func headIs(name string) func(seen) bool {
	return func(s seen) bool { return s.doc.Head == name }
}

// sameLink tells whether two sessions have the same mm link.
func sameLink(r *running, a, b *session.Session) bool {
	r.t.Helper()
	var links [2]string
	for i, s := range []*session.Session{a, b} {
		var err error
		if links[i], err = s.Link(session.Auto); err != nil {
			r.t.Fatal(err)
		}
	}
	return links[0] == links[1]
}

func times(n int, key string) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = key
	}
	return keys
}
