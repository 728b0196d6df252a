package tensor

import (
	"encoding/binary"
	"fmt"
	"slices"
	"unsafe"
)

// Stored is a tensor as a file holds it: encoded elements where they lie,
// decoded on demand. Shape is the logical shape; Fortran says that the first
// index varies fastest in the bytes, else the last does.
type Stored struct {
	Name      string
	Shape     []int
	Dtype     Dtype
	BigEndian bool
	Fortran   bool

	// Bytes are the elements, usually a slice of a mapping and then valid until
	// the file is closed.
	Bytes []byte
	// Load returns the elements instead of Bytes where they must first be parsed
	// or inflated. Every Decode and Tensor calls it anew: take such a tensor
	// whole.
	Load func() ([]byte, error)
}

var hostLittle = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// Len is the number of elements Shape asks for.
func (s *Stored) Len() int { return product(s.Shape) }

// View returns the elements in row-major order without copying, and whether
// that is possible: they must lie in Bytes as aligned little-endian F32 in row
// order, and the host must be little-endian. The slice must not be written to.
func (s *Stored) View() ([]float32, bool) {
	n, err := CheckedLen(s.Shape)
	if err != nil || s.Load != nil || len(s.Bytes) != 4*n || s.Dtype != F32 || s.BigEndian || !hostLittle || s.columnMajor() {
		return nil, false
	}
	if n == 0 {
		return []float32{}, true
	}
	p := unsafe.Pointer(unsafe.SliceData(s.Bytes))
	if uintptr(p)%4 != 0 {
		return nil, false
	}
	return unsafe.Slice((*float32)(p), n), true
}

// Tensor returns the whole tensor: a view where that is possible, which then
// lives no longer than Bytes does, else a decoded copy.
func (s *Stored) Tensor() (Tensor, error) {
	if v, ok := s.View(); ok {
		return Tensor{Shape: s.Shape, Data: v}, nil
	}
	src, err := s.bytes() // checks the size before memory is asked for
	if err != nil {
		return Tensor{}, err
	}
	t := New(s.Shape...)
	s.decode(t.Data, src, 0)
	return t, nil
}

// Transposed is the same bytes read with the axes in reverse: for a matrix
// [rows, cols] it is its transpose [cols, rows].
func (s *Stored) Transposed() *Stored {
	t := *s
	t.Fortran = !s.Fortran
	t.Shape = slices.Clone(s.Shape)
	slices.Reverse(t.Shape)
	return &t
}

// Decode fills dst with the elements [start, start+len(dst)) in row-major order,
// whatever the stored order and type; integers and F64 are rounded to float32.
// With Fortran order, ranges of whole rows are the fast case.
func (s *Stored) Decode(dst []float32, start int) error {
	src, err := s.bytes()
	if err != nil {
		return err
	}
	if n := s.Len(); start < 0 || start > n || len(dst) > n-start {
		return fmt.Errorf("tensor %q: elements %d to %d asked for, it has %d", s.Name, start, start+len(dst), n)
	}
	s.decode(dst, src, start)
	return nil
}

// bytes returns the encoded elements, of which there are as many as Shape says.
func (s *Stored) bytes() ([]byte, error) {
	n, err := CheckedLen(s.Shape)
	if err != nil {
		return nil, fmt.Errorf("tensor %q: %w", s.Name, err)
	}
	if s.Dtype.Size() == 0 {
		return nil, fmt.Errorf("tensor %q: no element type", s.Name)
	}
	src := s.Bytes
	if s.Load != nil {
		if src, err = s.Load(); err != nil {
			return nil, err
		}
	}
	if want := n * s.Dtype.Size(); len(src) != want {
		return nil, fmt.Errorf("tensor %q: shape %v of %v needs %d bytes, %d are there", s.Name, s.Shape, s.Dtype, want, len(src))
	}
	return src, nil
}

// columnMajor reports whether the stored order differs from row-major order: it
// does not where at most one dimension is longer than 1.
func (s *Stored) columnMajor() bool {
	long := 0
	for _, d := range s.Shape {
		if d > 1 {
			long++
		}
	}
	return s.Fortran && long > 1
}

func (s *Stored) decode(dst []float32, src []byte, start int) {
	if len(dst) == 0 {
		return
	}
	if !s.columnMajor() {
		decodeRun(dst, src[start*s.Dtype.Size():], s.Dtype, s.BigEndian)
		return
	}
	// Whole rows make one rectangle; a part of a row before and after them
	// makes one more each.
	cols := s.Len() / s.Shape[0]
	for len(dst) > 0 {
		row, col := start/cols, start%cols
		rows, width := len(dst)/cols, cols
		if col > 0 || rows == 0 {
			rows, width = 1, min(cols-col, len(dst))
		}
		s.decodeRect(dst[:rows*width], src, row, rows, col, width)
		dst, start = dst[rows*width:], start+rows*width
	}
}

// Tile of decodeRect: 16 columns so that each row of it fills one cache line of
// the result, and rows enough that a page of the source is used while it is near.
const tileCols, tileRows = 16, 256

// decodeRect fills dst, [rows, width], with that rectangle of a column-major
// tensor seen as a matrix [Shape[0], the rest]. The first index is contiguous
// in src: columns are decoded as runs into a tile, which is then turned.
func (s *Stored) decodeRect(dst []float32, src []byte, row, rows, col, width int) {
	var tile [tileCols][tileRows]float32
	size := s.Dtype.Size()
	for r := 0; r < rows; r += tileRows {
		h := min(tileRows, rows-r)
		for c := 0; c < width; c += tileCols {
			w := min(tileCols, width-c)
			for j := range w {
				at := (s.columnOffset(col+c+j) + row + r) * size
				decodeRun(tile[j][:h], src[at:], s.Dtype, s.BigEndian)
			}
			for i := range h {
				out := dst[(r+i)*width+c:][:w]
				for j := range out {
					out[j] = tile[j][i]
				}
			}
		}
	}
}

// columnOffset is where the column of a column-major tensor starts, in
// elements: column counts Shape[1:] in row-major order.
func (s *Stored) columnOffset(column int) int {
	stride, at := s.Len(), 0
	for k := len(s.Shape) - 1; k >= 1; k-- {
		stride /= s.Shape[k]
		at += column % s.Shape[k] * stride
		column /= s.Shape[k]
	}
	return at
}
