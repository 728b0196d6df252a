package ui

import (
	"image"
	"strings"
	"testing"

	"headscope/explorer/session"
	"headscope/explorer/workspace"
	"headscope/gpu/gputest"
)

// moving is an expression whose products appear row by row.
func moving(t *testing.T) *session.Session {
	t.Helper()
	s, err := session.Open("A @ B", session.Files)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Root.Set("anim.alg", "vmprod"); err != nil {
		t.Fatal(err)
	}
	s.View = "head"
	return s
}

// at is the playback, which there must be.
func (p *panelStage) playback(want workspace.Playback) {
	p.t.Helper()
	if got, ok := p.w.Playback(); !ok || got != want {
		p.t.Errorf("the playback is %+v, %v, want %+v", got, ok, want)
	}
}

func TestPlayBar(t *testing.T) {
	p := newPanelStage(t, 256, 40, moving(t), func(*Shell) {})
	p.panel = func() {
		p.shell.width, p.shell.height, p.shell.scale, p.shell.play = 256, 40, p.scale, p.region()
		p.shell.playBar()
	}
	p.w.Play(false)
	p.w.Seek(12)
	p.work()
	gputest.Golden(t, "playbar", p.image())
	p.click(40, 20)
	p.work()
	p.playback(workspace.Playback{Step: 12, Steps: 32, Playing: true})
	p.click(121, 20) // a step on
	p.work()
	p.playback(workspace.Playback{Step: 13, Steps: 32})
	p.click(98, 20)
	p.work()
	p.click(98, 20)
	p.work()
	p.playback(workspace.Playback{Step: 11, Steps: 32})
	p.click(240, 20) // the scrubber's end
	p.work()
	p.playback(workspace.Playback{Step: 32, Steps: 32})
}

// The bar is below the picture of what can move, and has the settings of the root where there
// is room.
func TestPlayBarInWindow(t *testing.T) {
	p := newWindow(t, 1280, 640, moving(t))
	bar := p.shell.play
	if bar.Empty() || bar.Min.Y != p.shell.Region().Max.Y || bar.Overlaps(p.shell.Region()) || !bar.In(image.Rect(0, 0, 1280, 640)) {
		t.Fatalf("the bar is at %v, the picture at %v", bar, p.shell.Region())
	}
	p.keys("space")
	p.playback(workspace.Playback{Step: 1, Steps: 32})
	p.keys("s", "s", "s", "shift+s")
	p.playback(workspace.Playback{Step: 3, Steps: 32})
	p.keys("p")
	p.playback(workspace.Playback{Step: 3, Steps: 32, Playing: true})
	p.keys("p")
	y := float64(bar.Min.Y+bar.Max.Y) / 2
	p.click(float64(bar.Max.X)-40, y) // the algorithms
	p.frames(p.panel)
	if t.Failed() || p.w.CanUndo() {
		t.Fatal("playing can be undone")
	}
	p.keys("escape")
	p.keys("1", "space", "s") // nothing moves there
	if !p.shell.play.Empty() {
		t.Error("there is a bar without an animation")
	}
	p.keys("2")
	p.playback(workspace.Playback{Step: 3, Steps: 32})
	p.keys("h")
	if p.shell.Region().Max.Y != 640 {
		t.Errorf("without panels the picture is at %v", p.shell.Region())
	}
}

// A built-in session that has no algorithm has a bar, whose button and keys give it one; one that
// waits to be played begins at the start.
func TestPlayBarStarts(t *testing.T) {
	for _, start := range []string{"space", "p", "s", "bar"} {
		t.Run(start, func(t *testing.T) {
			doc := workspace.Default()
			doc.View = "head"
			p := newWindow(t, 1000, 640, doc)
			p.playback(workspace.Playback{})
			if start == "bar" {
				bar := p.shell.play
				p.click(float64(bar.Min.X)+30, float64(bar.Min.Y+bar.Max.Y)/2)
				p.work()
			} else {
				p.keys(start)
			}
			b, _ := p.w.Playback()
			if alg := p.w.Document().Root.Anim.Alg; alg != "vmprod" || b.Steps == 0 || b.Step != 1 || b.Playing != (start != "s") || !p.w.CanUndo() {
				t.Errorf("%+v with algorithm %s", b, alg)
			}
		})
	}
}

// Beside attention the pointer is told what m, l and c are.
func TestPointAtColumns(t *testing.T) {
	doc := workspace.Default()
	doc.View, doc.Form = "head", "blockwise"
	p := newWindow(t, 1000, 640, doc)
	p.playback(workspace.Playback{Step: 9, Steps: 9})
	p.w.Seek(3)
	p.work()
	c := p.w.Document().Camera
	region := p.shell.Region()
	found := ""
	for y := region.Min.Y; y < region.Max.Y && found == ""; y += 2 {
		for x := region.Min.X; x < region.Max.X; x++ {
			if name, _, ok := p.w.Scene().Space.PickColumn(region, c, float64(x), float64(y)); ok {
				p.Feed(Event{Kind: Move, X: float64(x), Y: float64(y)})
				p.work()
				if found = p.shell.Hover(); !strings.HasPrefix(found, name+" [") || !strings.Contains(found, "running") && !strings.Contains(found, "rescale") {
					t.Errorf("at %s it says %q", name, found)
				}
				break
			}
		}
	}
	if found == "" {
		t.Error("no column can be pointed at")
	}
}
