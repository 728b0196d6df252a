package workspace

import (
	"slices"

	"headscope/explorer/expr"
	"headscope/explorer/session"
)

// history is what the document was before each change, and what it was before each undoing.
type history struct {
	past, future []*session.Session
	what         string // of the change that goes on, or ""
	version      int    // counts changes, for those who follow them
}

// maxHistory is how many changes can be undone.
const maxHistory = 500

// Document is what is shown. It is read only: Change changes it.
func (w *Workspace) Document() *session.Session { return w.doc }

// Version grows with every change of the document.
func (w *Workspace) Version() int { return w.history.version }

// Change changes the document, and remembers what it was. Changes that follow one another
// with the same what, such as "camera", are one for Undo, until [Workspace.Settle]; "" is
// always one of its own. After an error nothing has changed.
//
// The tree of a document is never written to, so that documents share it: change may replace
// it (as [session.Session.Edit] does), or goes through [Workspace.ChangeTree].
func (w *Workspace) Change(what string, change func(s *session.Session) error) error {
	h := &w.history
	next := new(session.Session)
	*next = *w.doc
	next.Compare.Panes = slices.Clone(next.Compare.Panes)
	if err := change(next); err != nil {
		return err
	}
	if what == "" || what != h.what || len(h.past) == 0 {
		h.past = append(h.past, w.doc)
		if len(h.past) > maxHistory {
			h.past = h.past[1:]
		}
	}
	h.what, h.future = what, nil
	w.doc = next
	h.version++
	return nil
}

// ChangeTree is Change for the settings of the tree.
func (w *Workspace) ChangeTree(what string, change func(root *expr.Node) error) error {
	return w.Change(what, func(s *session.Session) error {
		s.Root = s.Root.Clone()
		return change(s.Root)
	})
}

// Settle ends a series of changes that count as one, such as a drag.
func (w *Workspace) Settle() { w.history.what = "" }

// Undo takes the last change back, and tells whether there was one.
func (w *Workspace) Undo() bool { return w.travel(&w.history.past, &w.history.future) }

// Redo makes the last change again that was undone, and tells whether there was one.
func (w *Workspace) Redo() bool { return w.travel(&w.history.future, &w.history.past) }

// CanUndo and CanRedo tell whether there is something to undo or to redo.
func (w *Workspace) CanUndo() bool { return len(w.history.past) > 0 }

// CanRedo tells whether a change was undone that can be made again.
func (w *Workspace) CanRedo() bool { return len(w.history.future) > 0 }

func (w *Workspace) travel(back, ahead *[]*session.Session) bool {
	if len(*back) == 0 {
		return false
	}
	last := len(*back) - 1
	*ahead = append(*ahead, w.doc)
	w.doc, *back = (*back)[last], (*back)[:last]
	w.history.what = ""
	w.history.version++
	return true
}
