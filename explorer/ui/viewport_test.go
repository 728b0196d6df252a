package ui

import (
	"testing"

	"headscope/explorer/camera"
)

// A drag that begins and ends between two frames moves as far as one of many frames.
func TestQuickDrag(t *testing.T) {
	p := newWindow(t, 800, 500, headSession())
	at := func(x, y float64) { p.Feed(Event{Kind: Move, X: x, Y: y}) }
	drag := func(button, steps int) camera.Camera {
		before := p.w.Document().Camera
		at(300, 300)
		p.frames(p.panel)
		p.Feed(Event{Kind: Button, Button: button, Down: true})
		for i := 1; i <= steps; i++ {
			at(300+float64(60*i/steps), 300+float64(20*i/steps))
			if steps > 1 {
				p.frames(p.panel)
			}
		}
		p.Feed(Event{Kind: Button, Button: button})
		p.frames(p.panel)
		moved := p.w.Document().Camera
		if !p.w.CanUndo() {
			t.Errorf("button %d, %d steps: nothing has moved", button, steps)
		}
		p.w.Undo()
		p.frames(p.panel)
		if p.w.Document().Camera != before {
			t.Errorf("button %d, %d steps: one undo does not take it back", button, steps)
		}
		return moved
	}
	const left, right = 0, 1
	for _, button := range []int{left, right} {
		slow, quick := drag(button, 20), drag(button, 1)
		if slow.Position.Sub(quick.Position).Len() > 1e-6*slow.Position.Len() || slow.Target.Sub(quick.Target).Len() > 1e-6*slow.Position.Len() {
			t.Errorf("button %d: a quick drag leads to %v, a slow one to %v", button, quick, slow)
		}
	}
}
