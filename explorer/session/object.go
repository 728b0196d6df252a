package session

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"headscope/explorer/expr"
)

// MaxBytes bounds a link or a file: the largest of mm's have a few thousand.
const MaxBytes = 8 << 20

// decode reads the one JSON object that data is.
func decode(data []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	var v any
	err := d.Decode(&v)
	var syntax *json.SyntaxError
	var number *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return nil, fmt.Errorf("%s: %w", position(data, syntax.Offset-1), err)
	case errors.As(err, &number): // no other type fails to become an any
		digits := strings.TrimPrefix(number.Value, "number ")
		at := bytes.LastIndex(data[:min(number.Offset, int64(len(data)))], []byte(digits)) // Offset is behind it
		return nil, fmt.Errorf("%s: the number %.40s is too large", position(data, int64(at)), digits)
	case err != nil: // the only other one of a reader in memory
		return nil, fmt.Errorf("%s: the JSON ends too early", position(data, int64(len(data))))
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s, expected a JSON object", expr.Show(v))
	}
	behind := d.InputOffset()
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("%s: something follows behind the JSON object", position(data, behind))
	}
	return object, nil
}

// position is the place of a byte for an error.
func position(data []byte, offset int64) string {
	before := data[:min(max(offset, 0), int64(len(data)))]
	line := bytes.Count(before, []byte("\n"))
	column := len([]rune(string(before[bytes.LastIndexByte(before, '\n')+1:])))
	return fmt.Sprintf("line %d, column %d", line+1, column+1)
}

// object is a JSON object whose keys keep their order. Values are as in [expr.Key], or
// *object.
type object struct {
	keys   []string
	values map[string]any
}

// nest makes one object of keys.
func nest(keys []expr.Key) *object {
	root := &object{}
	for _, k := range keys {
		o := root
		last := len(k.Path) - 1
		for _, key := range k.Path[:last] {
			inner, ok := o.values[key].(*object)
			if !ok {
				inner = &object{}
				o.put(key, inner)
			}
			o = inner
		}
		o.put(k.Path[last], k.Value)
	}
	return root
}

func (o *object) put(key string, value any) {
	if o.values == nil {
		o.values = map[string]any{}
	}
	if _, ok := o.values[key]; !ok {
		o.keys = append(o.keys, key)
	}
	o.values[key] = value
}

// write appends the object's JSON to b. A path leads to it, for errors.
func (o *object) write(b *bytes.Buffer, path []string) error {
	b.WriteByte('{')
	for i, key := range o.keys {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := writeValue(b, key, nil); err != nil {
			return err
		}
		b.WriteByte(':')
		at := append(path[:len(path):len(path)], key)
		if inner, ok := o.values[key].(*object); ok {
			if err := inner.write(b, at); err != nil {
				return err
			}
		} else if err := writeValue(b, o.values[key], at); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	return nil
}

// writeValue appends the JSON of what is no object of ours.
func writeValue(b *bytes.Buffer, v any, path []string) error {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("%s is %s, which JSON cannot hold", show(strings.Join(path, ".")), expr.Show(v))
	}
	b.Truncate(b.Len() - 1) // the encoder's newline
	return nil
}
