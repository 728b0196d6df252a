// Package npy reads and writes NumPy's arrays: one .npy file ([Open]), a folder
// of them ([OpenDir]), an .npz archive ([OpenNpz]).
//
// A file is mapped, its header is checked against its size, and the elements
// stay where they lie as a [tensor.Stored] named after the file; only members
// of an archive that are compressed are inflated, each time they are decoded.
// Float, integer and boolean arrays of any rank, either byte order and either
// storage order are read; records, strings, complex numbers and objects are
// refused. What is written is row-major and little-endian, and its data starts
// at a multiple of 64 bytes, so that it is read without a copy.
package npy

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"headscope/models/tensor"
)

const extension = ".npy"

// Open maps one .npy file: one tensor, named as the file without .npy.
func Open(path string) (*tensor.File, error) {
	f := &tensor.File{}
	if err := add(f, path); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// OpenDir maps every .npy file of a folder, in the order of their names; other
// files and folders in it are left alone.
func OpenDir(dir string) (*tensor.File, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	f := &tensor.File{}
	for _, e := range entries {
		if e.IsDir() || !strings.HasSuffix(e.Name(), extension) {
			continue
		}
		if err := add(f, filepath.Join(dir, e.Name())); err != nil {
			f.Close()
			return nil, err
		}
	}
	if len(f.Tensors) == 0 {
		return nil, fmt.Errorf("%s holds no .npy file", dir)
	}
	return f, nil
}

func add(f *tensor.File, path string) error {
	data, err := f.Map(path)
	if err != nil {
		return err
	}
	s, _, err := parse(strings.TrimSuffix(filepath.Base(path), extension), data, len(data))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	f.Tensors = append(f.Tensors, s)
	return nil
}

// ReadInts reads a vector of any integer type, such as token ids.
func ReadInts(path string) ([]int, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s := f.Tensors[0]
	if s.Dtype.Float() {
		return nil, fmt.Errorf("%s holds %v, integers are needed: save it with .astype('int32')", path, s.Dtype)
	}
	if len(s.Shape) != 1 {
		return nil, fmt.Errorf("%s has shape %v, a vector is needed: save it with .reshape(-1)", path, s.Shape)
	}
	ids, err := s.Ints()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return ids, nil
}

// Write writes t as an .npy file of '<f4'.
func Write(w io.Writer, t tensor.Tensor) error {
	if n, err := tensor.CheckedLen(t.Shape); err != nil || n != len(t.Data) {
		return fmt.Errorf("shape %v does not fit %d elements", t.Shape, len(t.Data))
	}
	if err := writeHeader(w, "<f4", t.Shape); err != nil {
		return err
	}
	return tensor.Encode(w, tensor.F32, t.Data)
}

// WriteFile writes t to path, whole or not at all.
func WriteFile(path string, t tensor.Tensor) error {
	return tensor.WriteFile(path, func(w io.Writer) error { return Write(w, t) })
}

// WriteInts writes a vector of '<i4' to path, whole or not at all.
func WriteInts(path string, ids []int32) error {
	return tensor.WriteFile(path, func(w io.Writer) error {
		if err := writeHeader(w, "<i4", []int{len(ids)}); err != nil {
			return err
		}
		return binary.Write(w, binary.LittleEndian, ids)
	})
}
