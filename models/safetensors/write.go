package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf8"

	format "github.com/nlpodyssey/safetensors"
	"headscope/models/tensor"
)

// WriteFile writes the entries, in their order and one after another, as
// elements of type dtype (F32, F16 or BF16; halves are rounded to nearest) to
// path, whole or not at all.
func WriteFile(path string, dtype tensor.Dtype, entries []*tensor.Stored) error {
	header, err := header(dtype, entries)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return tensor.WriteFile(path, func(w io.Writer) error {
		if _, err := w.Write(header); err != nil {
			return err
		}
		for _, s := range entries {
			t, err := s.Tensor()
			if err != nil {
				return err
			}
			if err := tensor.Encode(w, dtype, t.Data); err != nil {
				return err
			}
		}
		return nil
	})
}

// metadataKey is the one key of a header that is no tensor's name.
const metadataKey = "__metadata__"

// header is the length and the JSON text, padded with spaces so that the data
// begins at a multiple of 8 bytes.
func header(dtype tensor.Dtype, entries []*tensor.Stored) ([]byte, error) {
	element, err := format.ParseDType(dtype.String())
	if err != nil {
		return nil, err
	}
	// transformers refuses a file that does not say which library it is for.
	fields := map[string]any{metadataKey: map[string]string{"format": "pt"}}
	end := uint64(0)
	for _, s := range entries {
		if _, ok := fields[s.Name]; ok || !utf8.ValidString(s.Name) {
			return nil, fmt.Errorf("a tensor cannot be named %q: the name is taken, or is no UTF-8", s.Name)
		}
		n, err := tensor.CheckedLen(s.Shape)
		if err != nil {
			return nil, fmt.Errorf("tensor %q: %w", s.Name, err)
		}
		info := format.TensorInfo{DType: element, Shape: make([]uint64, len(s.Shape))}
		for i, d := range s.Shape {
			info.Shape[i] = uint64(d)
		}
		info.DataOffsets[0] = end
		end += uint64(n) * uint64(dtype.Size())
		info.DataOffsets[1] = end
		fields[s.Name] = info
	}
	text, err := json.Marshal(fields)
	if err != nil {
		return nil, err
	}
	text = append(text, bytes.Repeat([]byte{' '}, (8-len(text)%8)%8)...)
	return append(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), text...), nil
}
