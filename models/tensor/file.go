package tensor

import "errors"

// File is the tensors of one file, or of several read as one, and the mappings
// that their bytes lie in.
type File struct {
	Tensors []*Stored // in the order of the file
	maps    []*Mapping
}

// Map maps one more file, which lives until Close, and returns its bytes.
func (f *File) Map(path string) ([]byte, error) {
	m, err := Map(path)
	if err != nil {
		return nil, err
	}
	f.maps = append(f.maps, m)
	return m.Bytes(), nil
}

// Drop tells the system that the pages of one tensor are no longer needed; see
// [Mapping.Drop].
func (f *File) Drop(s *Stored) {
	for _, m := range f.maps {
		m.Drop(s.Bytes)
	}
}

// Close unmaps everything; the bytes and views of every tensor are invalid
// afterwards. It is safe to call twice.
func (f *File) Close() error {
	var errs []error
	for _, m := range f.maps {
		errs = append(errs, m.Close())
	}
	f.maps, f.Tensors = nil, nil
	return errors.Join(errs...)
}
