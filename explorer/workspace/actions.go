package workspace

import (
	"fmt"
	"image"

	"headscope/explorer/camera"
	"headscope/explorer/session"
	"headscope/explorer/view"
)

// Show opens a tab: "atlas", "head", "compare" or "bench".
func (w *Workspace) Show(tab string) {
	if w.doc.View == tab {
		return
	}
	w.Change("", func(s *session.Session) error {
		s.View = tab
		return nil
	})
}

// OpenModel shows the model at a path, or the built-in one.
func (w *Workspace) OpenModel(path string) {
	w.notice(AtOpen, w.adopt(opened{model: path}))
}

// PaneScene is the head of a pane in space, or nil.
func (w *Workspace) PaneScene(i int) *Scene {
	if i >= len(w.panes) {
		return nil
	}
	return w.panes[i].scene
}

// Model is the model on the screen, or nil.
func (w *Workspace) Model() *Model { return w.model }

// Pass is the forward pass on the screen, or nil.
func (w *Workspace) Pass() *Pass { return w.pass }

// Scene is what the head tab shows, or nil.
func (w *Workspace) Scene() *Scene { return w.scene }

// Text is the prompt of the document cut into tokens, or nil while it is not.
func (w *Workspace) Text() *Text {
	if e := w.texts.find(textKey{w.doc.Model, w.doc.Prompt}); e.ready() {
		return e.value
	}
	return nil
}

// Samples are the numbers of the recorded samples in use; none where a prompt is.
func (w *Workspace) Samples() []int {
	if e := w.inputs.find(inputKey{w.doc.Inputs, w.doc.Sample}); e.ready() {
		return e.value.samples
	}
	return nil
}

// Head is the chosen head.
func (w *Workspace) Head() (layer, head int) {
	if w.pass == nil {
		layer, head, _ = session.ParseHead(w.doc.Head)
		return layer, head
	}
	return w.headOf(w.doc.Head, w.pass)
}

// ChooseHead chooses a head of the model.
func (w *Workspace) ChooseHead(layer, head int) {
	name := session.HeadName(layer, head)
	if w.pass == nil || name == w.doc.Head {
		return
	}
	c := w.pass.Model.File.Config
	if layer < 0 || layer >= c.Layers || head < 0 || head >= c.Heads {
		return
	}
	w.Change("head", func(s *session.Session) error {
		s.Head = name
		return nil
	})
}

// StepHead goes to a neighbour of the chosen head: on the wall as it stands, or in the
// model's order, by heads to the right and layers down.
func (w *Workspace) StepHead(right, down int) {
	if w.pass == nil {
		return
	}
	layer, head := w.Head()
	if w.doc.View == "atlas" {
		layer, head = w.Wall.Next(layer, head, right, down)
	} else {
		layer, head = layer+down, head+right
	}
	w.ChooseHead(layer, head)
}

// StepSample goes to another recorded sample.
func (w *Workspace) StepSample(by int) {
	samples := w.Samples()
	for i, s := range samples {
		if s == w.doc.Sample && i+by >= 0 && i+by < len(samples) {
			w.Change("", func(s *session.Session) error {
				s.Sample = samples[i+by]
				return nil
			})
			return
		}
	}
}

// ChooseToken chooses a token, or none below 0.
func (w *Workspace) ChooseToken(i int) {
	if i == w.doc.Token || w.pass == nil || i >= len(w.pass.Tokens) {
		return
	}
	w.Change("token", func(s *session.Session) error {
		s.Token = max(-1, i)
		return nil
	})
}

// SetPrompt changes the prompt; it takes the place of recorded activations.
func (w *Workspace) SetPrompt(text string) {
	if text == w.doc.Prompt && w.doc.Inputs == "" {
		return
	}
	w.Change("prompt", func(s *session.Session) error {
		s.Prompt, s.Inputs, s.Token = text, "", -1
		return nil
	})
}

// SetForm shows the chosen head as another of the built-in sessions.
func (w *Workspace) SetForm(form string) {
	if w.pass == nil {
		w.notice(AtHead, fmt.Errorf("%s shows a head of a model: open one first", form))
		return
	}
	layer, head := w.Head()
	err := w.Change("", func(s *session.Session) error {
		built, err := session.Builtin(form, w.pass.shape(layer, head))
		if err == nil {
			s.Root, s.Camera, s.Form = built.Root, built.Camera, form
		}
		return err
	})
	w.notice(AtHead, err)
}

// EditExpression changes the expression of the head tab, keeping what can be kept.
func (w *Workspace) EditExpression(text string) error {
	err := w.Change("", func(s *session.Session) error { return s.Edit(text) })
	w.notice(AtExpression, err)
	return err
}

// Turn lets the camera of scenes in space follow a drag in a region.
func (w *Workspace) Turn(region image.Rectangle, move func(c camera.Camera, v camera.Viewport) camera.Camera) {
	w.Change("camera", func(s *session.Session) error {
		s.Camera = move(s.Camera, viewport(region))
		return nil
	})
}

// Fit moves the camera so that all of the scene is seen in a region.
func (w *Workspace) Fit(region image.Rectangle) {
	w.Change("", func(s *session.Session) error { return s.Fit(viewport(region)) })
}

// MoveWall goes to another place of the atlas, as Wall.Zoomed, Panned and Focus give it.
func (w *Workspace) MoveWall(x, y, zoom float64) {
	if x == w.doc.Atlas.X && y == w.doc.Atlas.Y && zoom == w.doc.Atlas.Zoom {
		return
	}
	w.Change("wall", func(s *session.Session) error {
		s.Atlas.X, s.Atlas.Y, s.Atlas.Zoom = x, y, zoom
		return nil
	})
}

// MoveCompare goes to another place of the compared patterns.
func (w *Workspace) MoveCompare(x, y, zoom float64) {
	w.Change("compare", func(s *session.Session) error {
		s.Compare.X, s.Compare.Y, s.Compare.Zoom = x, y, zoom
		return nil
	})
}

// Sort orders the atlas by a trait.
func (w *Workspace) Sort(by view.Trait) {
	w.Change("", func(s *session.Session) error {
		s.Atlas.Sort = string(by)
		s.Atlas.X, s.Atlas.Y, s.Atlas.Zoom = 0.5, 0.5, 1
		return nil
	})
}

// Filter shows the heads of the atlas whose trait lies in a range; ByLayer shows all.
func (w *Workspace) Filter(f view.Filter) {
	w.Change("filter", func(s *session.Session) error {
		s.Atlas.Trait, s.Atlas.Min, s.Atlas.Max = string(f.Trait), f.Min, f.Max
		return nil
	})
}

// SetPane changes head i of the comparison, or adds it as the last.
func (w *Workspace) SetPane(i int, pane session.Pane) {
	w.Change("", func(s *session.Session) error {
		if i < len(s.Compare.Panes) {
			s.Compare.Panes[i] = pane
		} else if len(s.Compare.Panes) < session.MaxPanes {
			s.Compare.Panes = append(s.Compare.Panes, pane)
		}
		return nil
	})
}

// RemovePane takes head i out of the comparison, which keeps two.
func (w *Workspace) RemovePane(i int) {
	if len(w.doc.Compare.Panes) <= 2 {
		return
	}
	w.Change("", func(s *session.Session) error {
		s.Compare.Panes = append(s.Compare.Panes[:i:i], s.Compare.Panes[i+1:]...)
		return nil
	})
}
