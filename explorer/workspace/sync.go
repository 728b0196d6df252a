package workspace

import (
	"headscope/explorer/expr"
	"headscope/explorer/session"
)

// sync compares what the document needs with what is there: it starts the work that is
// missing, shows what has become ready, and drops what is no longer needed. It reports
// whether what is shown has changed.
func (w *Workspace) sync() (changed bool) {
	doc := w.doc
	show := func(different bool) bool {
		changed = changed || different
		return different
	}
	var pass *Pass
	if doc.Model != "" {
		e := w.wantPass(w.source(), AtModel, AtPrompt)
		if m := w.models.find(doc.Model); m.ready() && show(m.value != w.model) {
			w.model = m.value
		}
		if e.ready() {
			if pass = e.value; show(pass != w.pass) {
				w.pass = pass
			}
			w.point()
		}
	} else if show(w.model != nil) {
		w.model, w.pass = nil, nil
	}
	switch doc.View {
	case "head":
		if root, with, ok := w.head(pass); ok {
			e := w.wantScene(root, with, AtHead)
			if e.ready() && show(e.value != w.scene) {
				w.scene = e.value
			}
			show(w.showStep())
		}
	case "compare":
		show(w.syncPanes())
	}
	w.trim()
	return changed
}

// source is what the document's pass is made of.
func (w *Workspace) source() passKey {
	d := w.doc
	key := passKey{model: d.Model, noBias: d.NoBias}
	if d.Inputs != "" {
		key.inputs = inputKey{d.Inputs, d.Sample}
	} else {
		key.prompt = d.Prompt
	}
	return key
}

// head is the tree that the head tab shows, and the pass that its leaves come from, if any;
// false while that is missing.
func (w *Workspace) head(pass *Pass) (*expr.Node, *Pass, bool) {
	if w.treeOf(w.doc.Root).layers == nil {
		// The sizes of a model's built-in session follow its pass.
		return w.doc.Root, nil, w.doc.Form == "" || w.doc.Model == ""
	}
	return w.doc.Root, pass, pass != nil || w.doc.Model == ""
}

// point makes the document's tree that of its head on the pass: the sizes follow the prompt,
// and a built-in session becomes the model's. It is no change of the user's.
func (w *Workspace) point() {
	layer, head := w.headOf(w.doc.Head, w.pass)
	shape := w.pass.shape(layer, head)
	at := pointed{w.doc.Root, shape}
	if w.pointed == at {
		return
	}
	next := *w.doc
	var err error
	if w.treeOf(w.doc.Root).layers != nil {
		next.Root = w.doc.Root.Clone()
		err = next.Point(shape)
	} else if w.doc.Form != "" {
		var s *session.Session
		if s, err = session.Builtin(w.doc.Form, shape); err == nil {
			next.Root, next.Camera = s.Root, s.Camera
		}
	}
	w.tell(AtHead, err)
	if err == nil {
		next.Head = session.HeadName(layer, head)
		*w.doc = next
		at.root = next.Root
	}
	w.pointed = at
}

// pointed is a tree and what it was pointed to.
type pointed struct {
	root  *expr.Node
	shape session.Shape
}

// headOf reads the name of a head as far as the model has it: the nearest one.
func (w *Workspace) headOf(name string, p *Pass) (layer, head int) {
	layer, head, err := session.ParseHead(name)
	if err != nil {
		return 0, 0
	}
	c := p.Model.File.Config
	return min(layer, c.Layers-1), min(head, c.Heads-1)
}

// trim drops what nothing needs.
func (w *Workspace) trim() {
	w.scenes.trim(func(s *Scene) bool { return s == w.scene || w.onPane(func(p *Pane) bool { return p.scene == s }) })
	w.heads.trim(func(h *Head) bool {
		for _, e := range w.scenes.entries {
			if e.ready() && e.value.head == h {
				return true
			}
		}
		return w.used(h)
	})
	w.passes.trim(func(p *Pass) bool {
		return p == w.pass || w.used(p) || w.onPane(func(o *Pane) bool { return o.Pass == p })
	})
	w.inputs.trim(func(*recorded) bool { return false })
	w.texts.trim(func(*Text) bool { return false })
	w.models.trim(func(m *Model) bool {
		for _, e := range w.passes.entries {
			if e.ready() && e.value.Model == m {
				return true
			}
		}
		return m == w.model || w.used(m)
	})
}
