package workspace

import (
	"fmt"
	"slices"
	"strings"

	"headscope/explorer/expr"
	"headscope/explorer/session"
	"headscope/explorer/view"
)

// Pane is one head of the comparison.
type Pane struct {
	Pass        *Pass // not owned; nil until it is there
	Layer, Head int

	scene   *Scene // not owned; where heads are shown in space
	root    *expr.Node
	pointed pointed // what root was made of
}

// Panes are the heads of the comparison as far as they are there.
func (w *Workspace) Panes() []*Pane { return w.panes }

func (w *Workspace) onPane(is func(*Pane) bool) bool { return slices.ContainsFunc(w.panes, is) }

// fillPanes gives a comparison without heads the chosen one and its neighbour. It is no change
// of the user's.
func (w *Workspace) fillPanes() {
	if len(w.doc.Compare.Panes) > 0 || w.pass == nil {
		return
	}
	layer, head := w.Head()
	other := (head + 1) % w.pass.Model.File.Config.Heads
	w.doc.Compare.Panes = []session.Pane{{Head: session.HeadName(layer, head)}, {Head: session.HeadName(layer, other)}}
}

// syncPanes is sync for the comparison.
func (w *Workspace) syncPanes() (changed bool) {
	w.fillPanes()
	specs := w.doc.Compare.Panes
	for len(w.panes) < len(specs) {
		w.panes = append(w.panes, &Pane{})
		changed = true
	}
	if len(w.panes) > len(specs) {
		w.panes = w.panes[:len(specs)]
		changed = true
	}
	for i, spec := range specs {
		p := w.panes[i]
		key := w.source()
		if spec.Model != "" {
			key.model = spec.Model
		}
		if spec.Prompt != "" {
			key.prompt, key.inputs = spec.Prompt, inputKey{}
		}
		e := w.wantPass(key, PanePlace(i), PanePlace(i))
		if !e.ready() {
			continue
		}
		layer, head := w.headOf(spec.Head, e.value)
		if e.value != p.Pass || layer != p.Layer || head != p.Head {
			p.Pass, p.Layer, p.Head = e.value, layer, head
			changed = true
		}
		if w.doc.Compare.Space && w.syncPaneScene(p, PanePlace(i)) {
			changed = true
		}
	}
	if changed {
		w.compare()
	}
	return changed
}

// syncPaneScene is sync for a pane that shows its head in space.
func (w *Workspace) syncPaneScene(p *Pane, place Place) bool {
	at := pointed{w.doc.Root, p.Pass.shape(p.Layer, p.Head)}
	if p.pointed != at {
		s, err := session.Builtin("attngpt2", at.shape)
		if w.treeOf(w.doc.Root).layers != nil {
			own := *w.doc
			own.Root = w.doc.Root.Clone()
			s, err = &own, own.Point(at.shape)
		}
		if w.tell(place, err); err != nil {
			return false
		}
		p.root, p.pointed = s.Root, at
	}
	e := w.wantScene(p.root, p.Pass, place)
	if !e.ready() || e.value == p.scene {
		return false
	}
	p.scene = e.value
	return true
}

// compare hands the panes' patterns to the comparison, when all are there.
func (w *Workspace) compare() {
	panes := make([]view.Pane, 0, len(w.panes))
	for _, p := range w.panes {
		if p.Pass == nil {
			return
		}
		panes = append(panes, view.Pane{
			Title: session.HeadName(p.Layer, p.Head), Subtitle: w.subtitle(p),
			Layer: p.Pass.Layers[p.Layer], Head: p.Head, Tokens: p.Pass.Tokens,
		})
	}
	w.Compare.Panes = panes
	w.notice(AtCompare, w.Compare.Update())
}

// subtitle is the model and the prompt of a pane.
func (w *Workspace) subtitle(p *Pane) string {
	text := p.Pass.key.prompt
	if p.Pass.key.inputs.path != "" {
		text = fmt.Sprintf("sample %d", p.Pass.key.inputs.sample)
	}
	return p.Pass.Model.Name() + " · " + strings.Join(strings.Fields(text), " ")
}
