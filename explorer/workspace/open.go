package workspace

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"headscope/explorer/expr"
	"headscope/explorer/leaf"
	"headscope/explorer/session"
	"headscope/models/demo"
	"headscope/models/gpt2"
)

// Open opens what a user pastes, drops or names: a model's file or folder, recorded
// activations, a folder of files that a session's leaves name, a session file, an mm link, or
// an expression. What it is, is found
// out off the frames; what is wrong with it is a notice at AtOpen.
func (w *Workspace) Open(text string) *Job {
	text = strings.TrimSpace(text)
	return w.start("Opening", func(j *Job) error {
		o, err := await(w, j, func(context.Context) (opened, error) { return look(text) })
		if err == nil {
			err = w.adopt(o)
		}
		return err
	}, func(err error) {
		if !errors.Is(err, context.Canceled) {
			w.notice(AtOpen, err)
		}
	})
}

// opened is what something turned out to be.
type opened struct {
	session *session.Session
	file    string // that it was read from, or ""
	model   string // path
	inputs  string // path
	folder  string // path, of files that leaves name
	sample  int
}

// look finds out what a text or a path names.
func look(text string) (o opened, err error) {
	if text == "" {
		return o, errors.New("there is nothing to open: copy or name a link, a path or an expression first")
	}
	path := strings.TrimPrefix(text, "file://")
	info, err := os.Stat(path)
	if err != nil || strings.ContainsAny(text, "\n") {
		s, err := session.Open(text, session.Files)
		if err != nil {
			return o, err
		}
		return opened{session: s}, nil
	}
	if path, err = filepath.Abs(path); err != nil {
		return o, err
	}
	if !info.IsDir() && strings.EqualFold(filepath.Ext(path), ".json") && filepath.Base(path) != "model.safetensors.index.json" {
		s, err := session.Open(path, session.Files)
		return opened{session: s, file: path}, err
	}
	samples, err := gpt2.Samples(path)
	if err != nil {
		return o, err
	}
	if len(samples) > 0 {
		o.inputs, o.sample = path, samples[0]
	}
	m, err := gpt2.Open(path)
	if err == nil {
		m.Close()
		o.model = path
	} else if len(samples) > 0 {
		err = nil // recorded activations alone
	} else if info.IsDir() && holdsMatrices(path) {
		return opened{folder: path}, nil
	}
	if err != nil {
		return o, fmt.Errorf("%w (a model, recorded activations, a folder of CSV or npy files, a session file, an mm link or an expression can be opened)", err)
	}
	return o, nil
}

// holdsMatrices tells whether a folder has files that leaves may name.
func holdsMatrices(folder string) bool {
	for _, pattern := range []string{"*.csv", "*.npy"} {
		if found, _ := filepath.Glob(filepath.Join(folder, pattern)); len(found) > 0 {
			return true
		}
	}
	return false
}

// namesFilesIn tells whether a leaf of the document names a file that is in a folder.
func (w *Workspace) namesFilesIn(folder string) bool {
	found := false
	w.doc.Root.Walk(func(_ string, n *expr.Node) {
		if !found && !n.IsMatMul() && n.Init == "url" {
			_, err := os.Stat(filepath.Join(folder, leaf.BaseName(n.URL)))
			found = err == nil
		}
	})
	return found
}

// adopt makes what was opened part of the document.
func (w *Workspace) adopt(o opened) error {
	if o.session != nil {
		if o.file != "" {
			w.Settings.Remember(o.file)
		}
		return w.adoptSession(o.session)
	}
	if o.model != "" && w.doc.Form == "" && w.namesFilesIn(o.model) {
		o.folder = o.model // what the session on the screen lacks
	}
	if o.folder != "" {
		w.files = append(w.files, leaf.Dir(o.folder))
		return nil
	}
	if o.model == "" && w.doc.Model == "" {
		return fmt.Errorf("%s holds recorded activations: open the model they are of first", o.inputs)
	}
	err := w.Change("", func(s *session.Session) error {
		if o.model != "" {
			s.Model, s.Inputs, s.Token = o.model, "", -1
			if s.Form == "" {
				// Its own heads come first.
				s.Form, s.View, s.Root = "attngpt2", "atlas", expr.Default()
			}
		}
		if o.inputs != "" {
			s.Inputs, s.Sample, s.Token = o.inputs, o.sample, -1
		}
		return nil
	})
	if err == nil && o.model != "" && o.model != demo.Name {
		w.Settings.Remember(o.model)
	}
	return err
}

// adoptSession shows another session. One without a model keeps the present one if its leaves
// name matrices of a model, and are not found elsewhere.
func (w *Workspace) adoptSession(s *session.Session) error {
	w.playback.fresh = true
	return w.Change("", func(now *session.Session) error {
		light, safe := now.Light, now.Safe
		model, prompt, inputs, sample, noBias := now.Model, now.Prompt, now.Inputs, now.Sample, now.NoBias
		*now = *s
		if now.View == "" {
			now.View = "head"
		}
		if now.Model != "" {
			return nil
		}
		now.Light, now.Safe = light, safe
		if layers := w.treeOf(now.Root).layers; layers != nil && len(w.files) == 0 && model != "" {
			now.Model, now.Prompt, now.Inputs, now.Sample, now.NoBias = model, prompt, inputs, sample, noBias
			now.Head = headNamed(now.Root)
		}
		return nil
	})
}

// headNamed is the head that the leaves of a tree name, or the first.
func headNamed(root *expr.Node) string {
	head := session.HeadName(0, 0)
	found := false
	root.Walk(func(_ string, n *expr.Node) {
		if name, ok := session.ParseLeafName(n.URL); ok && name.OfHead() && !found {
			head, found = session.HeadName(name.Layer, name.Number), true
		}
	})
	return head
}
