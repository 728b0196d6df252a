package session

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"

	"headscope/explorer/expr"
)

// version is the key by which a file of ours is known from mm's. Its value is formatVersion.
const (
	version       = "headscope"
	formatVersion = 1
)

// File returns the whole session as a JSON file of our own: mm's params under that key, and
// beside it what mm does not have. There, what has its usual value is left out, and on
// reading unknown keys are refused, unlike those of params.
func (s *Session) File() ([]byte, error) {
	var keys []expr.Key
	put := func(value any, path ...string) { keys = append(keys, expr.Key{Path: path, Value: value}) }
	usual := blank()
	own := func(value, usual any, path ...string) {
		if value != usual {
			put(value, path...)
		}
	}
	place := func(p Place, path string) {
		own(p.X, Whole.X, path, "x")
		own(p.Y, Whole.Y, path, "y")
		own(p.Zoom, Whole.Zoom, path, "zoom")
	}
	put(formatVersion, version)
	own(s.Model, "", "model")
	own(s.Prompt, "", "prompt")
	own(s.Inputs, "", "inputs")
	own(s.Sample, 0, "sample")
	own(s.NoBias, false, "no_bias")
	own(s.Head, "", "head")
	own(s.Form, "", "form")
	own(s.View, "", "view")
	own(s.Token, usual.Token, "token")
	if s.Selection != (Selection{}) {
		put(s.Selection.Path, "selection", "path")
		put(s.Selection.I, "selection", "i")
		put(s.Selection.J, "selection", "j")
	}
	own(s.Atlas.Sort, "", "atlas", "sort")
	own(s.Atlas.Trait, "", "atlas", "trait")
	own(s.Atlas.Min, 0.0, "atlas", "min")
	own(s.Atlas.Max, 0.0, "atlas", "max")
	place(s.Atlas.Place, "atlas")
	if len(s.Compare.Panes) > 0 {
		put(s.Compare.Panes, "compare", "panes")
	}
	own(s.Compare.Difference, false, "compare", "difference")
	own(s.Compare.Space, false, "compare", "space")
	place(s.Compare.Place, "compare")
	own(s.Light, false, "light")
	own(s.Safe, false, "safe")
	for _, k := range s.keys() {
		put(k.Value, append([]string{"params"}, k.Path...)...)
	}
	var b, indented bytes.Buffer
	if err := nest(keys).write(&b, nil); err != nil {
		return nil, err
	}
	if err := json.Indent(&indented, b.Bytes(), "", "  "); err != nil {
		return nil, err
	}
	indented.WriteByte('\n')
	return indented.Bytes(), nil
}

// fromFile reads what File wrote.
func fromFile(file map[string]any) (*Session, error) {
	if v, err := expr.Number(file[version]); err != nil || v != formatVersion {
		return nil, fmt.Errorf("%s is %s, expected %d: the file is of another version", version, expr.Show(file[version]), formatVersion)
	}
	rest := maps.Clone(file)
	params, err := take(rest, "params", "params")
	if err != nil {
		return nil, err
	}
	delete(rest, version)
	delete(rest, "params")
	s, err := fromParams(params)
	if err != nil {
		return nil, fmt.Errorf("params: %w", err)
	}
	if err := readFields(rest, "", s.read); err != nil {
		return nil, err
	}
	return s, nil
}

// read takes what File writes beside the params.
func (s *Session) read(f *fields) {
	f.text("model", &s.Model)
	f.text("prompt", &s.Prompt)
	f.text("inputs", &s.Inputs)
	f.whole("sample", &s.Sample, 0, maxSample)
	f.flag("no_bias", &s.NoBias)
	f.head("head", &s.Head)
	f.choice("form", &s.Form, builtinNames())
	f.choice("view", &s.View, Views)
	f.whole("token", &s.Token, -1, expr.MaxDim-1)
	f.object("selection", func(f *fields) {
		f.text("path", &s.Selection.Path)
		f.whole("i", &s.Selection.I, 0, expr.MaxDim-1)
		f.whole("j", &s.Selection.J, 0, expr.MaxDim-1)
	})
	if err := s.Selection.check(s.Root); err != nil && f.err == nil {
		f.err = err
	}
	f.object("atlas", func(f *fields) {
		f.name("sort", &s.Atlas.Sort)
		f.name("trait", &s.Atlas.Trait)
		f.number("min", &s.Atlas.Min)
		f.number("max", &s.Atlas.Max)
		f.place(&s.Atlas.Place)
	})
	f.object("compare", func(f *fields) {
		f.list("panes", MaxPanes, func(f *fields) {
			var p Pane
			f.text("model", &p.Model)
			f.text("prompt", &p.Prompt)
			f.head("head", &p.Head)
			s.Compare.Panes = append(s.Compare.Panes, p)
		})
		f.flag("difference", &s.Compare.Difference)
		f.flag("space", &s.Compare.Space)
		f.place(&s.Compare.Place)
	})
	f.flag("light", &s.Light)
	f.flag("safe", &s.Safe)
}
