package tensor

import "fmt"

// Dtype is the type of a stored element. The zero value is no type.
type Dtype uint8

// The element types that the file formats use.
const (
	F16  Dtype = iota + 1 // IEEE 754 half precision
	BF16                  // the upper half of a float32
	F32
	F64
	I8
	I16
	I32
	I64
	U8
	U16
	U32
	U64
	Bool // one byte, 0 or 1
)

var dtypes = [...]struct {
	name string
	size int
}{
	F16: {"F16", 2}, BF16: {"BF16", 2}, F32: {"F32", 4}, F64: {"F64", 8},
	I8: {"I8", 1}, I16: {"I16", 2}, I32: {"I32", 4}, I64: {"I64", 8},
	U8: {"U8", 1}, U16: {"U16", 2}, U32: {"U32", 4}, U64: {"U64", 8},
	Bool: {"BOOL", 1},
}

// ParseDtype is the inverse of [Dtype.String].
func ParseDtype(name string) (Dtype, error) {
	for d, info := range dtypes {
		if info.name == name && info.size > 0 {
			return Dtype(d), nil
		}
	}
	return 0, fmt.Errorf("element type %q is not supported", name)
}

// String is the type's name as safetensors writes it: F16, BF16, F32, ...
func (d Dtype) String() string {
	if int(d) < len(dtypes) && dtypes[d].size > 0 {
		return dtypes[d].name
	}
	return fmt.Sprintf("Dtype(%d)", uint8(d))
}

// Size is the number of bytes of one element, and 0 for no type.
func (d Dtype) Size() int {
	if int(d) < len(dtypes) {
		return dtypes[d].size
	}
	return 0
}

// Float reports whether the type is a floating point type.
func (d Dtype) Float() bool { return F16 <= d && d <= F64 }
