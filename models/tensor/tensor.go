// Package tensor holds dense float32 arrays and the arrays of model files
// before they become such.
//
// A format package maps what it opens into a [File] ([Map]) and describes each
// array in it as a [Stored]: shape, element type, byte order, storage order, and
// the bytes where they lie. A caller takes the values either without a copy
// ([Stored.View]) or decoded into float32 ([Stored.Decode], [Stored.Tensor]), and
// tells the operating system with [File.Drop] which pages it has finished with.
// On the way out [Encode] turns values into a file's elements and [WriteFile] makes the
// file appear whole or not at all.
package tensor

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
)

// Tensor is a dense array in row-major order: the last index of Shape varies
// fastest in Data. A Shape of no dimensions is a scalar with one element.
type Tensor struct {
	Shape []int
	Data  []float32
}

// New returns a tensor of zeros.
func New(shape ...int) Tensor {
	return Tensor{Shape: shape, Data: make([]float32, product(shape))}
}

// Len is the number of elements Shape asks for.
func (t Tensor) Len() int { return product(t.Shape) }

// Cols is the length of the last dimension, and 1 for a scalar.
func (t Tensor) Cols() int {
	if len(t.Shape) == 0 {
		return 1
	}
	return t.Shape[len(t.Shape)-1]
}

// Rows is the product of all dimensions but the last, so 1 for a vector.
func (t Tensor) Rows() int {
	if len(t.Shape) == 0 {
		return 1
	}
	return product(t.Shape[:len(t.Shape)-1])
}

// Row is row i of the tensor seen as a matrix [Rows, Cols]; it aliases Data.
func (t Tensor) Row(i int) []float32 {
	c := t.Cols()
	return t.Data[i*c : (i+1)*c : (i+1)*c]
}

func product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// Transposed is a copy [cols, rows], all dimensions but the last as rows.
func (t Tensor) Transposed() Tensor {
	out := New(t.Cols(), t.Rows())
	for i := range t.Rows() {
		for j, v := range t.Row(i) {
			out.Row(j)[i] = v
		}
	}
	return out
}

// ErrShape is wrapped by the errors of [CheckedLen].
var ErrShape = errors.New("impossible shape")

// CheckedLen returns the product of a shape read from a file, or an error for a
// negative dimension or a product that an int cannot hold as a count of 8-byte
// elements. The product is taken over all dimensions that are not 0 first, so
// that a shape such as [1<<62, 1<<62, 0] is refused too: its rows cannot be
// counted.
func CheckedLen(shape []int) (int, error) {
	n, empty := uint64(1), false
	for _, d := range shape {
		if d < 0 {
			return 0, fmt.Errorf("%w %v: a dimension is negative", ErrShape, shape)
		}
		if d == 0 {
			empty = true
			continue
		}
		hi, lo := bits.Mul64(n, uint64(d))
		if hi != 0 || lo > math.MaxInt/8 {
			return 0, fmt.Errorf("%w %v: too many elements", ErrShape, shape)
		}
		n = lo
	}
	if empty {
		return 0, nil
	}
	return int(n), nil
}

// FirstNonFinite returns the index of the first NaN or infinity in data, or -1.
func FirstNonFinite(data []float32) int {
	// An exponent of all ones, and no other, carries into bit 31 when the
	// lowest exponent bit is added; eight values share one test.
	const exponent, one, carry = 0x7f800000, 0x00800000, 0x80000000
	i := 0
	for ; i+8 <= len(data); i += 8 {
		v := (*[8]float32)(data[i:])
		a := (math.Float32bits(v[0])&exponent + one) | (math.Float32bits(v[1])&exponent + one)
		b := (math.Float32bits(v[2])&exponent + one) | (math.Float32bits(v[3])&exponent + one)
		c := (math.Float32bits(v[4])&exponent + one) | (math.Float32bits(v[5])&exponent + one)
		d := (math.Float32bits(v[6])&exponent + one) | (math.Float32bits(v[7])&exponent + one)
		if (a|b|c|d)&carry != 0 {
			break
		}
	}
	for ; i < len(data); i++ {
		if math.Float32bits(data[i])&exponent == exponent {
			return i
		}
	}
	return -1
}
