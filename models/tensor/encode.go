package tensor

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"unsafe"
)

// Encode writes data to w as little-endian elements of type d, which is F32,
// F16 or BF16; the halves are rounded to nearest, ties to even.
func Encode(w io.Writer, d Dtype, data []float32) error {
	if len(data) == 0 {
		return nil
	}
	if d == F32 && hostLittle {
		_, err := w.Write(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(data))), 4*len(data)))
		return err
	}
	var appendTo func([]byte, float32) []byte
	switch d {
	case F32:
		appendTo = func(b []byte, v float32) []byte {
			return binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
	case F16:
		appendTo = func(b []byte, v float32) []byte { return binary.LittleEndian.AppendUint16(b, toHalf(v)) }
	case BF16:
		appendTo = func(b []byte, v float32) []byte { return binary.LittleEndian.AppendUint16(b, toBrain(v)) }
	default:
		return fmt.Errorf("cannot write elements of type %v: F32, F16 and BF16 can be written", d)
	}
	const chunk = 1 << 14
	buf := make([]byte, 0, chunk*d.Size())
	for len(data) > 0 {
		n := min(chunk, len(data))
		buf = buf[:0]
		for _, v := range data[:n] {
			buf = appendTo(buf, v)
		}
		if _, err := w.Write(buf); err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}

// toBrain rounds to bfloat16. A NaN stays a quiet NaN.
func toBrain(v float32) uint16 {
	b := math.Float32bits(v)
	if v != v {
		return uint16(b>>16) | 0x40
	}
	return uint16((b + 0x7fff + b>>16&1) >> 16)
}

// toHalf rounds to half precision: beyond 65504 + half a step to infinity, a NaN
// to a quiet NaN.
func toHalf(v float32) uint16 {
	b := math.Float32bits(v)
	sign, magnitude := uint16(b>>16&0x8000), b&0x7fffffff
	switch {
	case magnitude > 0x7f800000: // NaN
		return sign | 0x7e00 | uint16(magnitude>>13&0x3ff)
	case magnitude >= 0x47800000: // 2^16 and above
		return sign | 0x7c00
	case magnitude >= 0x38800000: // normal, 2^-14 and above; rounding may carry into the exponent
		magnitude -= (127 - 15) << 23
		return sign | uint16((magnitude+0xfff+magnitude>>13&1)>>13)
	default: // adding 1/2 leaves steps of 2^-24, rounded, in the lowest bits
		return sign | uint16(math.Float32bits(math.Float32frombits(magnitude)+0.5)-math.Float32bits(0.5))
	}
}
