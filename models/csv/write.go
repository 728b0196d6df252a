package csv

import (
	"fmt"
	"io"
	"math"
	"strconv"

	"headscope/models/tensor"
)

// Write writes t as a matrix [Rows, Cols], each value in the form %.18e, which
// holds every bit of it.
func Write(w io.Writer, t tensor.Tensor) error {
	if n, err := tensor.CheckedLen(t.Shape); err != nil || n != len(t.Data) || n == 0 {
		return fmt.Errorf("a matrix of shape %v with %d elements cannot be written as CSV", t.Shape, len(t.Data))
	}
	var line []byte
	for r := range t.Rows() {
		line = line[:0]
		for c, v := range t.Row(r) {
			if c > 0 {
				line = append(line, ',')
			}
			line = appendValue(line, float64(v))
		}
		if _, err := w.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return nil
}

// WriteFile writes t to path, whole or not at all.
func WriteFile(path string, t tensor.Tensor) error {
	return tensor.WriteFile(path, func(w io.Writer) error { return Write(w, t) })
}

func appendValue(b []byte, v float64) []byte {
	switch {
	case v != v:
		return append(b, "nan"...)
	case math.IsInf(v, 1):
		return append(b, "inf"...)
	case math.IsInf(v, -1):
		return append(b, "-inf"...)
	}
	return strconv.AppendFloat(b, v, 'e', 18, 64)
}
