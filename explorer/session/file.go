package session

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"headscope/explorer/expr"
)

// version is the key by which a file of ours is known from mm's. Its value is formatVersion.
const (
	version       = "headscope"
	formatVersion = 1
)

// File returns the whole session as a JSON file of our own: mm's params under that key, and
// beside it what mm does not have. Unknown keys there are refused, unlike those of params.
func (s *Session) File() ([]byte, error) {
	var keys []expr.Key
	put := func(value any, path ...string) { keys = append(keys, expr.Key{Path: path, Value: value}) }
	put(formatVersion, version)
	put(s.Model, "model")
	put(s.Prompt, "prompt")
	put(s.Head, "head")
	put(s.View, "view")
	if s.Selection != (Selection{}) {
		put(s.Selection.Path, "selection", "path")
		put(s.Selection.I, "selection", "i")
		put(s.Selection.J, "selection", "j")
	}
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
	rest := maps.Clone(file)
	if v, err := expr.Number(rest[version]); err != nil || v != formatVersion {
		return nil, fmt.Errorf("%s is %s, expected %d: the file is of another version", version, expr.Show(rest[version]), formatVersion)
	}
	delete(rest, version)
	params, err := take(rest, "params", "params")
	if err != nil {
		return nil, err
	}
	delete(rest, "params")
	s, err := fromParams(params)
	if err != nil {
		return nil, fmt.Errorf("params: %w", err)
	}
	for _, t := range []struct {
		key string
		to  *string
	}{{"model", &s.Model}, {"prompt", &s.Prompt}, {"head", &s.Head}, {"view", &s.View}} {
		if err := takeText(rest, t.key, t.key, t.to); err != nil {
			return nil, err
		}
	}
	if err := s.takeSelection(rest); err != nil {
		return nil, err
	}
	if unknown := slices.Sorted(maps.Keys(rest)); len(unknown) > 0 {
		return nil, fmt.Errorf("unknown key %.40q", unknown[0])
	}
	return s, nil
}

func (s *Session) takeSelection(file map[string]any) error {
	selection, err := take(file, "selection", "selection")
	if err != nil {
		return err
	}
	delete(file, "selection")
	if err := takeText(selection, "path", "selection.path", &s.Selection.Path); err != nil {
		return err
	}
	for _, c := range []struct {
		key string
		to  *int
	}{{"i", &s.Selection.I}, {"j", &s.Selection.J}} {
		v, ok := selection[c.key]
		if !ok {
			continue
		}
		x, err := expr.Number(v)
		if err != nil {
			return fmt.Errorf("selection.%s %w", c.key, err)
		}
		if x < 0 || x >= expr.MaxDim || x != float64(int(x)) {
			return fmt.Errorf("selection.%s is %v, expected a whole number from 0", c.key, v)
		}
		*c.to = int(x)
		delete(selection, c.key)
	}
	if unknown := slices.Sorted(maps.Keys(selection)); len(unknown) > 0 {
		return fmt.Errorf("unknown key %.40q", "selection."+unknown[0])
	}
	return s.Selection.check(s.Root)
}
