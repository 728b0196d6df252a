package tensor

import (
	"fmt"
	"math"
	"os"
)

// Mapping is a file mapped read-only: its pages are read when they are touched.
// A file must not be shortened while it is mapped; where mapping is not to be
// had, the file is read whole.
type Mapping struct {
	data []byte
}

// Map maps a regular file.
func Map(path string) (*Mapping, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	if info.Size() == 0 {
		return &Mapping{}, nil // the system refuses to map nothing
	}
	if info.Size() > math.MaxInt {
		return nil, fmt.Errorf("%s is too large to map: %d bytes", path, info.Size())
	}
	data, err := mapFile(f, int(info.Size()))
	if err != nil {
		return nil, fmt.Errorf("cannot map %s: %w", path, err)
	}
	return &Mapping{data: data}, nil
}

// Bytes is the whole file, valid until Close and never to be written to.
func (m *Mapping) Bytes() []byte { return m.data }

// Close unmaps the file; every slice of Bytes is invalid afterwards. It is safe
// to call twice.
func (m *Mapping) Close() error {
	data := m.data
	m.data = nil
	if data == nil {
		return nil
	}
	return unmapFile(data)
}
