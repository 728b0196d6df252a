package workspace

import (
	"cmp"
	"context"
	"math"
	"time"

	"headscope/explorer/anim"
	"headscope/explorer/eval"
)

// Playback is how far the animation of the head tab's scene is, and whether it goes on. It
// is no part of the document: the settings are (algorithm, fusion, speed, spin).
type Playback struct {
	Step, Steps int  // Steps is 0 where no matrix moves
	Playing     bool // steps follow one another, and the camera turns if it is to
}

// playback is a Playback on its way.
type playback struct {
	scene  *Scene       // that it is of
	player *anim.Player // nil: no matrix moves
	steps  int
	shown  int  // the step that the scene shows; 0: none
	paused bool // the user stopped it
	fresh  bool // the next scene is of another session, and begins at the start
}

// Playback is that of the scene on the screen, and whether anything of it can move.
func (w *Workspace) Playback() (Playback, bool) {
	if w.scene == nil || w.doc.View != "head" {
		return Playback{}, false
	}
	p, b := &w.playback, Playback{}
	if p.player != nil {
		b.Step, b.Steps = p.player.Step(), p.steps
	}
	moves := b.Steps > 0 || w.doc.Root.Anim.Spin != 0
	b.Playing = moves && !p.paused
	return b, moves
}

// Playing tells whether what is shown changes with time.
func (w *Workspace) Playing() bool {
	b, _ := w.Playback()
	return b.Playing
}

// Play lets the animation go on, or stops it.
func (w *Workspace) Play(on bool) {
	w.playback.paused = !on
	if p := w.playback.player; p != nil {
		p.Playing = on
	}
}

// MoveStep stops and goes some steps on, or back if n < 0, around the ends.
func (w *Workspace) MoveStep(n int) {
	if _, moves := w.Playback(); !moves {
		return
	}
	w.Play(false)
	if p := w.playback.player; p != nil {
		p.Move(n)
	}
}

// Seek shows a step, the nearest that there is.
func (w *Workspace) Seek(step int) {
	if p := w.playback.player; p != nil {
		p.Seek(min(max(1, step), w.playback.steps))
	}
}

// Advance lets time pass for what moves, and reports whether a new frame would show that.
// It is called once a turn of the window; time that passes while nothing plays is nothing.
func (w *Workspace) Advance(passed time.Duration) bool {
	if !w.Playing() {
		return false
	}
	spins := w.doc.Root.Anim.Spin != 0
	if spins { // no change of the user's
		next := *w.doc
		next.Camera = next.Camera.Spin(next.Root.Anim.Spin, passed.Seconds())
		*w.doc = next
	}
	if p := w.playback.player; p != nil {
		p.Advance(passed.Seconds())
	}
	return w.showStep() || spins
}

// showStep lets the scene on the screen show the step that it is at, and reports whether it
// showed another one. Another scene goes on at the same share of its cycle.
func (w *Workspace) showStep() bool {
	p := &w.playback
	if p.scene != w.scene {
		w.notice(AtPlay, w.restart())
	}
	if p.player == nil || p.shown == p.player.Step() {
		return false
	}
	p.shown = p.player.Step()
	err := w.scene.motion.Show(context.Background(), p.shown)
	if err == nil {
		err = w.scene.Space.ShowStep(w.scene.motion)
	}
	if err != nil { // the finished results are there still
		p.player = nil
		err = cmp.Or(w.scene.Space.Show(w.scene.Root, w.scene.head.values), err)
	}
	w.notice(AtPlay, err)
	return true
}

// restart makes the playback that of the scene on the screen.
func (w *Workspace) restart() error {
	p, s := &w.playback, w.scene
	share, paused := 0.0, p.paused && !p.fresh
	if p.player != nil && !p.fresh {
		share = float64(p.player.Step()-1) / float64(p.steps)
	}
	*p = playback{scene: s, paused: paused}
	if s == nil {
		return nil
	}
	a, err := anim.New(s.Space.Scene)
	if err != nil || a.Steps() == 0 {
		return err
	}
	player, err := anim.NewPlayer(a, s.Root.Anim.Speed)
	if err != nil {
		return err
	}
	if s.motion == nil {
		s.motion = eval.NewMotion(s.head.values, a)
	}
	p.player, p.steps = player, a.Steps()
	player.Playing = !p.paused
	w.Seek(1 + int(math.Round(share*float64(p.steps))))
	return nil
}
