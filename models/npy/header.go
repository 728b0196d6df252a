package npy

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"headscope/models/tensor"
)

const (
	magic = "\x93NUMPY"
	// maxHeader is the longest header text that is read. A plain array's needs
	// well under 100 bytes; only arrays of records have long ones.
	maxHeader = 1 << 16
	// align is what NumPy pads the start of the data to a multiple of.
	align = 64
)

// parse describes the array that begins with data: all of an .npy file, or at
// least its header where size, the length of the whole, is larger. Bytes are set
// only where the whole is there. The second result is where the elements begin.
func parse(name string, data []byte, size int) (*tensor.Stored, int, error) {
	text, start, err := headerText(data)
	if err != nil {
		return nil, 0, err
	}
	s, err := parseHeader(text)
	if err != nil {
		return nil, 0, fmt.Errorf("NumPy header %q: %w", text, err)
	}
	s.Name = name
	n, err := tensor.CheckedLen(s.Shape)
	if err != nil {
		return nil, 0, err
	}
	if want, have := n*s.Dtype.Size(), size-start; want != have {
		return nil, 0, fmt.Errorf("shape %v of %v needs %d bytes of data, %d are there", s.Shape, s.Dtype, want, have)
	}
	if len(data) == size {
		s.Bytes = data[start:]
	}
	return s, start, nil
}

// headerText returns the header's dictionary and where the data begins.
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html:
// magic, version as two bytes, the dictionary's length in 2 bytes (version 1) or
// 4 (2 and 3), the dictionary.
func headerText(data []byte) (text string, start int, err error) {
	if len(data) < len(magic)+4 || string(data[:len(magic)]) != magic {
		return "", 0, errors.New("not a NumPy array: it does not begin with \\x93NUMPY")
	}
	var length uint32
	switch major := data[len(magic)]; major {
	case 1:
		start = len(magic) + 4
		length = uint32(binary.LittleEndian.Uint16(data[start-2:]))
	case 2, 3:
		start = len(magic) + 6
		if len(data) < start {
			return "", 0, errors.New("NumPy header is cut off")
		}
		length = binary.LittleEndian.Uint32(data[start-4:])
	default:
		return "", 0, fmt.Errorf("NumPy format version %d is not known: 1 to 3 are", major)
	}
	if length > maxHeader {
		return "", 0, fmt.Errorf("NumPy header of %d bytes: a plain array has less than %d", length, maxHeader)
	}
	if int(length) > len(data)-start {
		return "", 0, fmt.Errorf("NumPy header is cut off: %d bytes of %d are there", len(data)-start, length)
	}
	end := start + int(length)
	return strings.TrimSpace(string(data[start:end])), end, nil
}

// parseHeader reads the dictionary, a Python literal with the keys descr,
// fortran_order and shape, in any order.
func parseHeader(text string) (*tensor.Stored, error) {
	p := &literal{rest: text}
	s := &tensor.Stored{}
	seen := map[string]bool{}
	p.expect("{")
	for p.err == nil && !p.accept("}") {
		key := p.quoted()
		p.expect(":")
		if seen[key] {
			return nil, fmt.Errorf("%q is there twice", key)
		}
		seen[key] = true
		switch {
		case p.err != nil:
		case key == "descr":
			var err error
			if s.Dtype, s.BigEndian, err = parseDescr(p.quoted()); p.err == nil && err != nil {
				return nil, err
			}
		case key == "fortran_order":
			if s.Fortran = p.accept("True"); !s.Fortran {
				p.expect("False")
			}
		case key == "shape":
			s.Shape = p.tuple()
		default:
			return nil, fmt.Errorf("unknown key %q", key)
		}
		if !p.accept(",") {
			p.expect("}")
			break
		}
	}
	if p.err == nil && p.rest != "" {
		p.err = fmt.Errorf("unexpected %q", p.rest)
	}
	if p.err == nil && len(seen) != 3 {
		p.err = errors.New("descr, fortran_order and shape must be there")
	}
	return s, p.err
}

var dtypes = map[string]tensor.Dtype{
	"f2": tensor.F16, "f4": tensor.F32, "f8": tensor.F64,
	"i1": tensor.I8, "i2": tensor.I16, "i4": tensor.I32, "i8": tensor.I64,
	"u1": tensor.U8, "u2": tensor.U16, "u4": tensor.U32, "u8": tensor.U64,
	"b1": tensor.Bool,
}

// parseDescr reads an element type such as <f4. Native order (= or |) is taken
// as little-endian, which all of NumPy's common hosts are.
func parseDescr(descr string) (d tensor.Dtype, bigEndian bool, err error) {
	kind := strings.TrimLeft(descr, "<>=|")
	if d, ok := dtypes[kind]; ok && len(descr)-len(kind) <= 1 {
		return d, descr[0] == '>', nil
	}
	return 0, false, fmt.Errorf("element type %q is not supported: save the array as float32, float16, float64 or an integer type", descr)
}

// literal scans a Python literal; the first error stays.
type literal struct {
	rest string
	err  error
}

func (p *literal) accept(token string) bool {
	if p.err != nil {
		return false
	}
	rest, ok := strings.CutPrefix(p.rest, token)
	if ok {
		p.rest = strings.TrimLeft(rest, " ")
	}
	return ok
}

func (p *literal) expect(token string) {
	if !p.accept(token) && p.err == nil {
		p.err = fmt.Errorf("%q expected at %q", token, p.rest)
	}
}

func (p *literal) quoted() string {
	quote := "'"
	if strings.HasPrefix(p.rest, `"`) {
		quote = `"`
	}
	if strings.HasPrefix(p.rest, "[") {
		p.err = errors.New("arrays of records are not supported: save a plain array")
	}
	p.expect(quote)
	text, rest, ok := strings.Cut(p.rest, quote)
	if !ok && p.err == nil {
		p.err = fmt.Errorf("no end of the text %q", p.rest)
	}
	if p.err != nil {
		return ""
	}
	p.rest = strings.TrimLeft(rest, " ")
	return text
}

// tuple reads (), (5,) or (2, 3).
func (p *literal) tuple() []int {
	shape := []int{}
	p.expect("(")
	for p.err == nil && !p.accept(")") {
		digits := p.rest[:len(p.rest)-len(strings.TrimLeft(p.rest, "-0123456789"))]
		n, err := strconv.Atoi(digits)
		if err != nil {
			p.err = fmt.Errorf("a dimension expected at %q", p.rest)
			break
		}
		shape = append(shape, n)
		p.expect(digits)
		p.accept("L") // a long of Python 2
		if !p.accept(",") {
			p.expect(")")
			break
		}
	}
	return shape
}

// writeHeader writes the header of version 1 for row-major data.
func writeHeader(w io.Writer, descr string, shape []int) error {
	dims := make([]string, len(shape))
	for i, d := range shape {
		dims[i] = strconv.Itoa(d)
	}
	tuple := strings.Join(dims, ", ")
	if len(shape) == 1 {
		tuple += ","
	}
	text := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, tuple)
	length := len(magic) + 4 + len(text) + 1
	padding := (align - length%align) % align
	length += padding - len(magic) - 4
	if length > 1<<16-1 {
		return fmt.Errorf("a shape of %d dimensions is too long for a NumPy header", len(shape))
	}
	var b bytes.Buffer
	b.WriteString(magic + "\x01\x00")
	b.Write(binary.LittleEndian.AppendUint16(nil, uint16(length)))
	b.WriteString(text + strings.Repeat(" ", padding) + "\n")
	_, err := w.Write(b.Bytes())
	return err
}
