// Package safetensors reads and writes the safetensors format
// (https://huggingface.co/docs/safetensors): the length of a header, the header
// as JSON, then the elements, little-endian and row-major.
//
// A file is mapped. github.com/nlpodyssey/safetensors parses the header's
// entries; this package checks what it leaves open (names that are there twice)
// and, with the tensor's name in the error, that the entries cover the file's
// data exactly, so that every [tensor.Stored] is a slice of the mapping.
package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"

	format "github.com/nlpodyssey/safetensors"
	"headscope/models/tensor"
)

// maxHeader is the format's own limit on the length of the JSON text.
const maxHeader = 100_000_000

// Open maps one file. Its tensors are in the order of their data.
func Open(path string) (*tensor.File, error) {
	f := &tensor.File{}
	if err := add(f, path); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func add(f *tensor.File, path string) error {
	data, err := f.Map(path)
	if err != nil {
		return err
	}
	tensors, err := Parse(data)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	f.Tensors = append(f.Tensors, tensors...)
	return nil
}

// Parse describes the tensors of a whole file in memory, in the order of their data. They
// lie in data.
func Parse(data []byte) ([]*tensor.Stored, error) {
	if len(data) < 8 {
		return nil, errors.New("not a safetensors file: shorter than 8 bytes")
	}
	length := binary.LittleEndian.Uint64(data)
	if length > maxHeader || length > uint64(len(data)-8) {
		return nil, fmt.Errorf("not a safetensors file, or cut off: a header of %d bytes in a file of %d", length, len(data))
	}
	header, data := data[8:8+length], data[8+length:]
	if err := uniqueNames(header); err != nil {
		return nil, fmt.Errorf("safetensors header: %w", err)
	}
	var metadata format.Metadata
	if err := json.Unmarshal(header, &metadata); err != nil {
		return nil, fmt.Errorf("safetensors header: %w", err)
	}

	entries := metadata.Tensors()
	names := slices.SortedFunc(maps.Keys(entries), func(a, b string) int {
		x, y := entries[a].DataOffsets, entries[b].DataOffsets
		return cmp.Or(cmp.Compare(x[0], y[0]), cmp.Compare(x[1], y[1]), cmp.Compare(a, b))
	})
	tensors := make([]*tensor.Stored, len(names))
	end := uint64(0)
	for i, name := range names {
		s, err := stored(name, entries[name], data, end)
		if err != nil {
			return nil, fmt.Errorf("tensor %q: %w", name, err)
		}
		tensors[i] = s
		end += uint64(len(s.Bytes))
	}
	if end != uint64(len(data)) {
		return nil, fmt.Errorf("the tensors take %d bytes of data, %d are there", end, len(data))
	}
	return tensors, nil
}

// stored describes one entry, whose data must begin at byte begin: the format
// allows neither gaps nor overlaps.
func stored(name string, entry *format.TensorInfo, data []byte, begin uint64) (*tensor.Stored, error) {
	dtype, err := tensor.ParseDtype(entry.DType.String())
	if err != nil {
		return nil, err
	}
	shape := make([]int, len(entry.Shape))
	for i, d := range entry.Shape {
		if d > math.MaxInt {
			return nil, fmt.Errorf("%w %v: too many elements", tensor.ErrShape, entry.Shape)
		}
		shape[i] = int(d)
	}
	n, err := tensor.CheckedLen(shape)
	if err != nil {
		return nil, err
	}
	from, to := entry.DataOffsets[0], entry.DataOffsets[1]
	switch want := uint64(n) * uint64(dtype.Size()); {
	case to < from || to-from != want:
		return nil, fmt.Errorf("shape %v of %v needs %d bytes, its data is said to be bytes %d to %d", shape, dtype, want, from, to)
	case to > uint64(len(data)):
		return nil, fmt.Errorf("its data ends at byte %d of %d: the file is cut off, fetch it again", to, len(data))
	case from != begin:
		return nil, fmt.Errorf("its data begins at byte %d, the tensor before it ends at %d", from, begin)
	}
	return &tensor.Stored{Name: name, Shape: shape, Dtype: dtype, Bytes: data[from:to:to]}, nil
}

// uniqueNames refuses JSON whose outermost value is not an object, or that has an
// object with one key twice: decoding would silently keep the last.
func uniqueNames(text []byte) error {
	const maxDepth = 16 // a header has 3 levels
	// For each open object the keys seen so far, nil for an open array. Keys and
	// values alternate; key says whether a key is next.
	var open []map[string]bool
	key := false
	d := json.NewDecoder(bytes.NewReader(text))
	for {
		token, err := d.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if len(open) > maxDepth {
			return errors.New("the JSON is nested too deeply")
		}
		switch token {
		case json.Delim('{'):
			open, key = append(open, map[string]bool{}), true
			continue
		case json.Delim('['):
			open, key = append(open, nil), false
			continue
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
		}
		if len(open) == 0 {
			if token == json.Delim('}') {
				continue
			}
			return errors.New("a JSON object is expected")
		}
		seen := open[len(open)-1]
		if name, ok := token.(string); ok && key {
			if seen[name] {
				return fmt.Errorf("%q is there twice", name)
			}
			seen[name] = true
			key = false
		} else {
			key = seen != nil
		}
	}
}
