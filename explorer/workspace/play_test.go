package workspace

import (
	"bytes"
	"testing"
	"time"

	"headscope/explorer/expr"
	"headscope/explorer/session"
)

// moving is an expression with some settings of its root.
func moving(t *testing.T, text string, settings map[string]any) *session.Session {
	t.Helper()
	s, err := session.Open(text, session.Files)
	if err != nil {
		t.Fatal(err)
	}
	for key, value := range settings {
		if err := s.Root.Set(key, value); err != nil {
			t.Fatal(err)
		}
	}
	s.View = "head"
	return s
}

// playing is what the workspace plays, which must be something.
func playing(t *testing.T, w *Workspace) Playback {
	t.Helper()
	b, ok := w.Playback()
	if !ok {
		t.Fatalf("nothing moves; notices %v", w.Notices())
	}
	return b
}

func set(t *testing.T, w *Workspace, key string, value any) {
	t.Helper()
	if err := w.ChangeTree("", func(root *expr.Node) error { return root.Set(key, value) }); err != nil {
		t.Fatal(err)
	}
	settle(t, w)
}

func TestPlay(t *testing.T) {
	w := open(t, moving(t, "A @ B", map[string]any{"anim.alg": "vmprod", "anim.speed": 10.0}))
	if b, ok := w.Playback(); ok || w.Playing() || w.Advance(time.Second) {
		t.Errorf("before anything is there it plays: %+v", b)
	}
	settle(t, w)
	if b := playing(t, w); b != (Playback{1, 32, true}) || !w.Playing() {
		t.Fatalf("at first: %+v", b)
	}
	first := picture(t, w)
	if w.Advance(90 * time.Millisecond) {
		t.Error("a step came too early")
	}
	if !w.Advance(20*time.Millisecond) || playing(t, w).Step != 2 {
		t.Errorf("after a tenth of a second: %+v", playing(t, w))
	}
	if bytes.Equal(picture(t, w).Pix, first.Pix) {
		t.Error("the next step is the same picture")
	}
	// Playing is no work, and nothing to undo.
	if len(w.Jobs()) > 0 || w.Busy() || w.CanUndo() {
		t.Errorf("jobs %v, can undo %v", w.Jobs(), w.CanUndo())
	}
	w.Play(false)
	if w.Advance(time.Second) || playing(t, w) != (Playback{2, 32, false}) {
		t.Errorf("paused: %+v", playing(t, w))
	}
	w.Play(true)
	for range 30 {
		w.Advance(100 * time.Millisecond)
	}
	if b := playing(t, w); b.Step < 31 {
		t.Errorf("after three seconds: %+v", b)
	}
	w.Seek(32)
	w.MoveStep(1) // around the end
	if w.Step(0); playing(t, w) != (Playback{1, 32, false}) {
		t.Errorf("after the last step: %+v", playing(t, w))
	}
	if !bytes.Equal(picture(t, w).Pix, first.Pix) {
		t.Error("the first step has become another picture")
	}
	w.MoveStep(-1)
	for step, want := range map[int]int{-5: 1, 0: 1, 7: 7, 99: 32} {
		if w.Seek(step); playing(t, w).Step != want {
			t.Errorf("step %d is %d", step, playing(t, w).Step)
		}
	}
	w.Show("atlas")
	if _, ok := w.Playback(); ok || w.Playing() {
		t.Error("it moves in another tab")
	}
}

// Other settings go on at the same share of the cycle; the document decides them.
func TestPlayWithOtherSettings(t *testing.T) {
	w := open(t, moving(t, "A @ B @ C", map[string]any{"anim.alg": "vmprod", "anim.fuse": "none"}))
	settle(t, w)
	w.Play(false)
	steps := playing(t, w).Steps
	w.Seek(1 + steps/2)
	set(t, w, "anim.speed", 40.0)
	if b := playing(t, w); b != (Playback{1 + steps/2, steps, false}) {
		t.Errorf("with another speed: %+v, want step %d of %d", b, 1+steps/2, steps)
	}
	set(t, w, "anim.alg", "mvprod")
	set(t, w, "anim.fuse", "async")
	if b := playing(t, w); b.Steps == steps && b.Step == 1 || b.Step < b.Steps/3 || b.Step > 2*b.Steps/3+1 {
		t.Errorf("with another algorithm: %+v", b)
	}
	set(t, w, "anim.alg", "none")
	finished := picture(t, w)
	if _, ok := w.Playback(); ok {
		t.Error("it moves without an algorithm")
	}
	still := open(t, moving(t, "A @ B @ C", nil))
	settle(t, still)
	if !bytes.Equal(picture(t, still).Pix, finished.Pix) {
		t.Error("without an algorithm it does not show the finished results")
	}
	w.Device.Slices(sliceTime, w.between)
	for w.Undo() {
	}
	settle(t, w)
	if b := playing(t, w); b.Steps != steps {
		t.Errorf("undone: %+v, want %d steps", b, steps)
	}
	// Another session begins at its start, and plays.
	w.Open("X @ Y")
	settle(t, w)
	set(t, w, "anim.alg", "vvprod")
	if b := playing(t, w); b != (Playback{1, 32, true}) {
		t.Errorf("another session: %+v", b)
	}
	set(t, w, "anim.speed", 0.0)
	if _, ok := w.Playback(); ok || w.Notice(AtPlay) == "" {
		t.Errorf("with speed 0: notice %q", w.Notice(AtPlay))
	}
	set(t, w, "anim.speed", 5.0)
	if playing(t, w); w.Notice(AtPlay) != "" {
		t.Errorf("with a speed again: notice %q", w.Notice(AtPlay))
	}
}

// The camera turns while it plays, which is nothing to undo.
func TestSpin(t *testing.T) {
	w := open(t, moving(t, "A @ B", map[string]any{"anim.spin": 2.0}))
	settle(t, w)
	if b := playing(t, w); b != (Playback{0, 0, true}) {
		t.Errorf("what only turns: %+v", b)
	}
	before := w.Document().Camera
	if !w.Advance(time.Second) || w.Document().Camera == before || w.CanUndo() {
		t.Errorf("the camera is %v, can undo: %v", w.Document().Camera, w.CanUndo())
	}
	w.Seek(3)
	w.MoveStep(1)
	before = w.Document().Camera
	if w.Advance(time.Second) || w.Document().Camera != before {
		t.Error("it turns though it is paused")
	}
}

// builtin opens a built-in session of the default model.
func builtin(t *testing.T, form string) *Workspace {
	t.Helper()
	s := Default()
	s.Form, s.View = form, "head"
	w := open(t, s)
	settle(t, w)
	return w
}

// Blockwise attention and decoding wait, finished, to be played, and then begin at the start.
func TestPlayWhatWaits(t *testing.T) {
	for _, form := range []string{"blockwise", "decode"} {
		t.Run(form, func(t *testing.T) {
			w := builtin(t, form)
			steps := 9
			if form == "decode" {
				steps = len(w.Pass().Tokens)
			}
			waiting := Playback{steps, steps, false}
			if b := playing(t, w); b != waiting || w.Playing() || w.Advance(time.Second) {
				t.Fatalf("at first: %+v", b)
			}
			finished := picture(t, w)
			set(t, w, "deco.legends", 3.0)
			if b := playing(t, w); b != waiting {
				t.Errorf("with other legends: %+v", b)
			}
			w.Undo()
			w.Play(true)
			settle(t, w)
			if b := playing(t, w); b != (Playback{1, steps, true}) || bytes.Equal(picture(t, w).Pix, finished.Pix) {
				t.Errorf("played: %+v", b)
			}
			w.Advance(510 * time.Millisecond)
			if b := playing(t, w); form == "blockwise" && b.Step != 2 || form == "decode" && b.Step != 9 {
				t.Errorf("after half a second: %+v", b)
			}
			w.MoveStep(1)
			step := playing(t, w).Step
			set(t, w, "deco.legends", 3.0)
			if b := playing(t, w); b != (Playback{step, steps, false}) {
				t.Errorf("paused, with other legends: %+v", b)
			}
			w.MoveStep(-step)
			if b := playing(t, w); b != waiting {
				t.Errorf("a step back from the first: %+v", b)
			}
			set(t, w, "anim.alg", "vmprod")
			if b := playing(t, w); b == waiting {
				t.Errorf("with an algorithm: %+v", b)
			}
			set(t, w, "anim.alg", "none")
			if b := playing(t, w); b != waiting {
				t.Errorf("without one again: %+v", b)
			}
			w.Seek(5)
			w.Step(0)
			if b := playing(t, w); b.Step != 5 || bytes.Equal(picture(t, w).Pix, finished.Pix) {
				t.Errorf("sought: %+v", b)
			}
		})
	}
}

// Another built-in session is given an algorithm when it is to play, which can be undone. A step
// stops at the first one.
func TestPlayStartsMotion(t *testing.T) {
	for what, start := range map[string]func(w *Workspace){
		"play": func(w *Workspace) { w.Play(true) }, "a step": func(w *Workspace) { w.MoveStep(1) },
	} {
		w := builtin(t, "attngpt2")
		if b := playing(t, w); b != (Playback{}) || w.Advance(time.Second) {
			t.Errorf("at first: %+v", b)
		}
		finished := picture(t, w)
		start(w)
		settle(t, w)
		b := playing(t, w)
		if b.Steps == 0 || b.Step != 1 || b.Playing != (what == "play") || w.Document().Root.Anim.Alg != "vmprod" {
			t.Errorf("after %s: %+v with algorithm %s", what, b, w.Document().Root.Anim.Alg)
		}
		if bytes.Equal(picture(t, w).Pix, finished.Pix) {
			t.Errorf("after %s the picture is finished", what)
		}
		if !w.Undo() || w.CanUndo() {
			t.Errorf("%s is not one change", what)
		}
		settle(t, w)
		if b := playing(t, w); b != (Playback{}) || !bytes.Equal(picture(t, w).Pix, finished.Pix) {
			t.Errorf("%s undone: %+v", what, b)
		}
	}
}
