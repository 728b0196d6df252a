package tensor

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"unsafe"
)

// decodeRun decodes len(dst) contiguous elements from the start of src, which
// holds at least as many.
func decodeRun(dst []float32, src []byte, d Dtype, bigEndian bool) {
	src = src[:len(dst)*d.Size()]
	switch d {
	case F32:
		if bigEndian != hostLittle {
			copy(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(dst))), len(src)), src)
			return
		}
		for i := range dst {
			dst[i] = math.Float32frombits(load32(src, i, bigEndian))
		}
	case F64:
		for i := range dst {
			dst[i] = float32(math.Float64frombits(load64(src, i, bigEndian)))
		}
	case BF16:
		for i := range dst {
			dst[i] = math.Float32frombits(uint32(load16(src, i, bigEndian)) << 16)
		}
	case F16:
		for i := range dst {
			dst[i] = fromHalf(load16(src, i, bigEndian))
		}
	case I8:
		for i := range dst {
			dst[i] = float32(int8(src[i]))
		}
	case I16:
		for i := range dst {
			dst[i] = float32(int16(load16(src, i, bigEndian)))
		}
	case I32:
		for i := range dst {
			dst[i] = float32(int32(load32(src, i, bigEndian)))
		}
	case I64:
		for i := range dst {
			dst[i] = float32(int64(load64(src, i, bigEndian)))
		}
	case U8, Bool:
		for i := range dst {
			dst[i] = float32(src[i])
		}
	case U16:
		for i := range dst {
			dst[i] = float32(load16(src, i, bigEndian))
		}
	case U32:
		for i := range dst {
			dst[i] = float32(load32(src, i, bigEndian))
		}
	case U64:
		for i := range dst {
			dst[i] = float32(load64(src, i, bigEndian))
		}
	}
}

// load16, load32 and load64 read element i. The branch on the byte order is
// cheaper than an indirect call, and lets them be inlined.
func load16(src []byte, i int, bigEndian bool) uint16 {
	v := binary.LittleEndian.Uint16(src[2*i:])
	if bigEndian {
		v = bits.ReverseBytes16(v)
	}
	return v
}

func load32(src []byte, i int, bigEndian bool) uint32 {
	v := binary.LittleEndian.Uint32(src[4*i:])
	if bigEndian {
		v = bits.ReverseBytes32(v)
	}
	return v
}

func load64(src []byte, i int, bigEndian bool) uint64 {
	v := binary.LittleEndian.Uint64(src[8*i:])
	if bigEndian {
		v = bits.ReverseBytes64(v)
	}
	return v
}

// fromHalf widens a half precision number; every one has an exact float32.
func fromHalf(h uint16) float32 {
	sign, magnitude := uint32(h&0x8000)<<16, uint32(h&0x7fff)
	switch {
	case magnitude-0x0400 < 0x7800: // normal: the exponent's bias changes from 15 to 127
		return math.Float32frombits(sign | (magnitude<<13 + (127-15)<<23))
	case magnitude >= 0x7c00: // infinity or NaN
		return math.Float32frombits(sign | magnitude<<13 | 0x7f800000)
	default: // zero or subnormal: magnitude counts steps of 2^-24
		return math.Float32frombits(sign | math.Float32bits(float32(magnitude)*0x1p-24))
	}
}

// Ints returns every element of a tensor of an integer type, in stored order;
// a floating point type is an error, as is a number that an int cannot hold.
func (s *Stored) Ints() ([]int, error) {
	if s.Dtype.Float() {
		return nil, fmt.Errorf("tensor %q: integers are needed, it holds %v", s.Name, s.Dtype)
	}
	src, err := s.bytes()
	if err != nil {
		return nil, err
	}
	out := make([]int, s.Len())
	for i := range out {
		var v int64
		switch s.Dtype {
		case I8:
			v = int64(int8(src[i]))
		case I16:
			v = int64(int16(load16(src, i, s.BigEndian)))
		case I32:
			v = int64(int32(load32(src, i, s.BigEndian)))
		case U16:
			v = int64(load16(src, i, s.BigEndian))
		case U32:
			v = int64(load32(src, i, s.BigEndian))
		case I64, U64:
			v = int64(load64(src, i, s.BigEndian))
		default:
			v = int64(src[i])
		}
		if int64(int(v)) != v || s.Dtype == U64 && v < 0 {
			return nil, fmt.Errorf("tensor %q: element %d is too large for an int", s.Name, i)
		}
		out[i] = int(v)
	}
	return out, nil
}
