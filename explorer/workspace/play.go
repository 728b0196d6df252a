package workspace

import (
	"cmp"
	"context"
	"math"
	"time"

	"headscope/explorer/anim"
	"headscope/explorer/eval"
	"headscope/explorer/expr"
)

// Playback is how far the animation of the head tab's scene is, and whether it goes on. It
// is no part of the document: the settings are (algorithm, fusion, speed, spin).
type Playback struct {
	Step, Steps int  // Steps is 0 where no matrix moves; Step is the last one where results are finished
	Playing     bool // steps follow one another, and the camera turns if it is to
}

// playback is a Playback on its way.
type playback struct {
	scene  *Scene       // that it is of
	player *anim.Player // nil: no matrix moves
	steps  int
	shown  int  // the step that the scene shows; 0: none
	paused bool // the user stopped it
	waits  bool // it does not play by itself
	idle   bool // nobody has played it yet: the results are finished
	fresh  bool // the next scene is of another session, and begins at the start
}

// Playback is that of the scene on the screen, and whether anything of it can move: a built-in
// session can even where its root has no algorithm, as playing gives it one.
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
	return b, moves || w.canStart()
}

// canStart tells whether the scene would move if its root had an algorithm, and is meant to.
func (w *Workspace) canStart() bool {
	alg := w.doc.Root.Anim.Alg
	return w.playback.player == nil && w.doc.Form != "" && (alg == "none" || alg == "inherit")
}

// startMoving gives the root of a built-in session an algorithm, at which its chain of
// vector-matrix products runs fused.
func (w *Workspace) startMoving() {
	w.notice(AtPlay, w.ChangeTree("", func(root *expr.Node) error { return root.Set("anim.alg", "vmprod") }))
}

// Playing tells whether what is shown changes with time.
func (w *Workspace) Playing() bool {
	b, _ := w.Playback()
	return b.Playing
}

// Play lets the animation go on, or stops it. What does not play by itself begins at the start.
func (w *Workspace) Play(on bool) {
	b, moves := w.Playback()
	w.playback.paused = !on
	if on && moves && b.Steps == 0 && w.doc.Root.Anim.Spin == 0 {
		w.startMoving()
	}
	if p := &w.playback; p.player != nil {
		if on && p.idle {
			w.Seek(1)
		}
		p.player.Playing = on
	}
}

// MoveStep stops and goes some steps on, or back if n < 0, around the ends.
func (w *Workspace) MoveStep(n int) {
	b, moves := w.Playback()
	if !moves {
		return
	}
	w.Play(false)
	if b.Steps == 0 && w.canStart() {
		w.startMoving()
	}
	if p := &w.playback; p.player != nil {
		p.idle = false
		p.player.Move(n)
	}
}

// Seek shows a step, the nearest that there is.
func (w *Workspace) Seek(step int) {
	if p := &w.playback; p.player != nil {
		p.idle = false
		p.player.Seek(min(max(1, step), p.steps))
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
		w.doc.Camera = w.doc.Camera.Spin(w.doc.Root.Anim.Spin, passed.Seconds())
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
	if p.player == nil || p.idle || p.shown == p.player.Step() {
		return false
	}
	p.shown = p.player.Step()
	err := w.scene.playback.Show(context.Background(), p.shown)
	if err == nil {
		err = w.scene.Space.ShowStep(w.scene.playback)
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
	before := *p
	*p = playback{scene: s, paused: before.paused && !before.fresh && !before.idle}
	switch {
	case s == nil:
		return nil
	case s.playback == nil:
		return s.still
	}
	player, err := anim.NewPlayer(s.playback, eval.Pace(s.playback, s.Root.Anim.Speed))
	if err != nil {
		return err
	}
	p.player, p.steps, p.waits = player, s.playback.Steps(), !eval.Moves(s.playback)
	switch goesOn := before.player != nil && !before.fresh && !before.idle && before.waits == p.waits; {
	case goesOn:
		share := float64(before.player.Step()-1) / float64(before.steps)
		w.Seek(1 + int(math.Round(share*float64(p.steps))))
	case p.waits:
		w.Seek(p.steps)
		p.idle, p.paused = true, p.paused || s.Root.Anim.Spin == 0
	}
	player.Playing = !p.paused && !p.idle
	return nil
}
