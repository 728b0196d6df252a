package tensor

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// encoded is one value of each type and what it must decode to.
func encoded(d Dtype, order binary.ByteOrder, v int) (b []byte, want float32) {
	b = make([]byte, d.Size())
	switch d {
	case F16:
		order.PutUint16(b, toHalf(float32(v%2048)/4))
		want = float32(v%2048) / 4
	case BF16:
		order.PutUint16(b, toBrain(float32(v%256)/8))
		want = float32(v%256) / 8
	case F32:
		want = float32(v) / 3
		order.PutUint32(b, math.Float32bits(want))
	case F64:
		order.PutUint64(b, math.Float64bits(float64(v)/3))
		want = float32(float64(v) / 3)
	case I8:
		b[0], want = byte(v), float32(int8(v))
	case I16:
		order.PutUint16(b, uint16(v))
		want = float32(int16(v))
	case I32:
		order.PutUint32(b, uint32(v))
		want = float32(int32(v))
	case I64:
		order.PutUint64(b, uint64(v))
		want = float32(v)
	case U8, Bool:
		b[0], want = byte(v), float32(byte(v))
	case U16:
		order.PutUint16(b, uint16(v))
		want = float32(uint16(v))
	case U32:
		order.PutUint32(b, uint32(v))
		want = float32(uint32(v))
	case U64:
		order.PutUint64(b, uint64(v))
		want = float32(uint64(v))
	}
	return b, want
}

// fortranOffset is the plain definition that the tiled decoder must agree with.
func fortranOffset(index, shape []int) int {
	at, stride := 0, 1
	for k := range shape {
		at += index[k] * stride
		stride *= shape[k]
	}
	return at
}

func drawStored(t *rapid.T) (*Stored, []float32) {
	shape := rapid.SliceOfN(rapid.IntRange(0, 9), 0, 4).Draw(t, "shape")
	if rapid.Bool().Draw(t, "matrix") {
		shape = []int{rapid.IntRange(1, 600).Draw(t, "rows"), rapid.IntRange(1, 40).Draw(t, "cols")}
	}
	s := &Stored{
		Name: "x", Shape: shape,
		Dtype:     Dtype(rapid.IntRange(int(F16), int(Bool)).Draw(t, "dtype")),
		BigEndian: rapid.Bool().Draw(t, "big"),
		Fortran:   rapid.Bool().Draw(t, "fortran"),
	}
	var order binary.ByteOrder = binary.LittleEndian
	if s.BigEndian {
		order = binary.BigEndian
	}
	n := s.Len()
	seed := rapid.IntRange(-1000, 1000).Draw(t, "seed")
	shift := rapid.IntRange(0, 4).Draw(t, "misalignment")
	raw := make([]byte, shift+n*s.Dtype.Size())
	s.Bytes = raw[shift:]
	want := make([]float32, n)
	index := make([]int, len(shape))
	for i := range n {
		at := i
		if s.Fortran {
			at = fortranOffset(index, shape)
		}
		b, v := encoded(s.Dtype, order, seed+37*i)
		copy(s.Bytes[at*len(b):], b)
		want[i] = v
		for k := len(index) - 1; k >= 0; k-- {
			if index[k]++; index[k] < shape[k] {
				break
			}
			index[k] = 0
		}
	}
	return s, want
}

func TestDecodeAnyTypeOrderAndRange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, want := drawStored(t)
		whole, err := s.Tensor()
		if err != nil || !slices.Equal(whole.Data, want) || !slices.Equal(whole.Shape, s.Shape) {
			t.Fatalf("Tensor: %v\n got %v\nwant %v", err, whole.Data, want)
		}
		start := rapid.IntRange(0, len(want)).Draw(t, "start")
		end := rapid.IntRange(start, len(want)).Draw(t, "end")
		dst := make([]float32, end-start)
		if err := s.Decode(dst, start); err != nil || !slices.Equal(dst, want[start:end]) {
			t.Fatalf("Decode [%d, %d): %v\n got %v\nwant %v", start, end, err, dst, want[start:end])
		}
		if v, ok := s.View(); ok && !slices.Equal(v, want) {
			t.Fatalf("View: got %v, want %v", v, want)
		}
		loaded := *s
		loaded.Bytes, loaded.Load = nil, func() ([]byte, error) { return s.Bytes, nil }
		if x, err := loaded.Tensor(); err != nil || !slices.Equal(x.Data, want) {
			t.Fatalf("through Load: %v %v", x.Data, err)
		}
		twice := s.Transposed().Transposed()
		if x, err := twice.Tensor(); err != nil || !slices.Equal(x.Data, want) {
			t.Fatalf("transposed twice: %v %v", x.Data, err)
		}
	})
}

func TestTransposed(t *testing.T) {
	var buf bytes.Buffer
	if err := Encode(&buf, F32, []float32{1, 2, 3, 4, 5, 6}); err != nil {
		t.Fatal(err)
	}
	s := &Stored{Name: "w", Shape: []int{2, 3}, Dtype: F32, Bytes: buf.Bytes()}
	x, err := s.Transposed().Tensor()
	if want := []float32{1, 4, 2, 5, 3, 6}; err != nil || !slices.Equal(x.Data, want) || !slices.Equal(x.Shape, []int{3, 2}) {
		t.Fatalf("got %v %v, %v; want %v", x.Shape, x.Data, err, want)
	}
	if !slices.Equal(s.Shape, []int{2, 3}) || s.Fortran {
		t.Errorf("Transposed changed its receiver: %v", s)
	}
}

func TestViewAliases(t *testing.T) {
	raw := make([]float32, 6)
	var buf bytes.Buffer
	if err := Encode(&buf, F32, raw); err != nil {
		t.Fatal(err)
	}
	mem := append(make([]byte, 0, 64), buf.Bytes()...)
	for _, c := range []struct {
		s    Stored
		want bool
	}{
		{Stored{Shape: []int{2, 3}, Dtype: F32, Bytes: mem}, true},
		{Stored{Shape: []int{6, 1}, Dtype: F32, Bytes: mem, Fortran: true}, true},
		{Stored{Shape: []int{0, 3}, Dtype: F32, Fortran: true}, true},
		{Stored{Shape: []int{2, 3}, Dtype: F32, Bytes: mem, Fortran: true}, false},
		{Stored{Shape: []int{2, 3}, Dtype: F32, Bytes: mem, BigEndian: true}, false},
		{Stored{Shape: []int{5}, Dtype: F32, Bytes: mem[1:21]}, false},
		{Stored{Shape: []int{5}, Dtype: F32, Bytes: mem}, false},
		{Stored{Shape: []int{6}, Dtype: I32, Bytes: mem}, false},
		{Stored{Shape: []int{-6}, Dtype: F32, Bytes: mem}, false},
	} {
		v, ok := c.s.View()
		if ok != c.want {
			t.Errorf("%+v: view %v, want %v", c.s, ok, c.want)
		}
		if ok && len(v) > 0 {
			mem[len(mem)-1]++ // the aliased float must follow
			if v[len(v)-1] == 0 {
				t.Errorf("%+v: View copied", c.s)
			}
			mem[len(mem)-1]--
		}
	}
}

func TestStoredRefuses(t *testing.T) {
	broken := errors.New("broken")
	for name, s := range map[string]*Stored{
		"negative":     {Name: "a", Shape: []int{-1}, Dtype: F32},
		"overflow":     {Name: "a", Shape: []int{math.MaxInt, math.MaxInt}, Dtype: F32},
		"short":        {Name: "a", Shape: []int{2}, Dtype: F32, Bytes: make([]byte, 7)},
		"long":         {Name: "a", Shape: []int{2}, Dtype: F32, Bytes: make([]byte, 9)},
		"huge":         {Name: "a", Shape: []int{math.MaxInt32}, Dtype: F32},
		"no type":      {Name: "a", Shape: []int{0}},
		"load fails":   {Name: "a", Shape: []int{1}, Dtype: F32, Load: func() ([]byte, error) { return nil, broken }},
		"load is long": {Name: "a", Shape: []int{1}, Dtype: F32, Load: func() ([]byte, error) { return make([]byte, 8), nil }},
	} {
		if _, err := s.Tensor(); err == nil {
			t.Errorf("%s: Tensor gave no error", name)
		}
		if err := s.Decode(nil, 0); err == nil {
			t.Errorf("%s: Decode gave no error", name)
		}
	}
	s := &Stored{Name: "a", Shape: []int{3}, Dtype: U8, Bytes: []byte{1, 2, 3}}
	for _, c := range [][2]int{{-1, 1}, {0, 4}, {3, 1}, {4, 0}, {math.MaxInt, 1}} {
		if err := s.Decode(make([]float32, c[1]), c[0]); err == nil || !strings.Contains(err.Error(), `"a"`) {
			t.Errorf("range %v: error %v", c, err)
		}
	}
}

func TestInts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := Dtype(rapid.IntRange(int(I8), int(U64)).Draw(t, "dtype"))
		s := &Stored{Dtype: d, BigEndian: rapid.Bool().Draw(t, "big")}
		var order binary.ByteOrder = binary.LittleEndian
		if s.BigEndian {
			order = binary.BigEndian
		}
		want := rapid.SliceOf(rapid.IntRange(0, 127)).Draw(t, "ids")
		for _, v := range want {
			b, _ := encoded(d, order, v)
			s.Bytes = append(s.Bytes, b...)
		}
		s.Shape = []int{len(want)}
		if got, err := s.Ints(); err != nil || !slices.Equal(got, want) {
			t.Fatalf("%v: got %v, %v; want %v", d, got, err, want)
		}
	})
	minus := &Stored{Shape: []int{2}, Dtype: I16, Bytes: []byte{0xff, 0xff, 0, 0x80}}
	if got, err := minus.Ints(); err != nil || !slices.Equal(got, []int{-1, math.MinInt16}) {
		t.Errorf("negative: %v, %v", got, err)
	}
	for _, s := range []*Stored{
		{Shape: []int{1}, Dtype: F32, Bytes: make([]byte, 4)},
		{Shape: []int{1}, Dtype: U64, Bytes: bytes.Repeat([]byte{255}, 8)},
		{Shape: []int{2}, Dtype: U8, Bytes: make([]byte, 1)},
	} {
		if got, err := s.Ints(); err == nil {
			t.Errorf("%v: got %v, want an error", s.Dtype, got)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	const rows, cols = 4096, 768
	dst := make([]float32, rows*cols)
	for _, c := range []struct {
		d            Dtype
		big, fortran bool
	}{
		{F32, false, false}, {F32, true, false}, {BF16, false, false}, {F16, false, false}, {F64, false, false},
		{F32, false, true}, {F32, true, true}, {BF16, false, true}, {F16, false, true},
	} {
		s := &Stored{Shape: []int{rows, cols}, Dtype: c.d, BigEndian: c.big, Fortran: c.fortran, Bytes: make([]byte, rows*cols*c.d.Size())}
		for i := range s.Bytes {
			s.Bytes[i] = byte(i*i>>3) & 0x3f
		}
		b.Run(fmt.Sprintf("%v/big=%v/fortran=%v", c.d, c.big, c.fortran), func(b *testing.B) {
			b.SetBytes(4 * rows * cols)
			for b.Loop() {
				if err := s.Decode(dst, 0); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkFirstNonFinite(b *testing.B) {
	x := make([]float32, 1<<20)
	b.SetBytes(4 << 20)
	for b.Loop() {
		if FirstNonFinite(x) >= 0 {
			b.Fatal("zeros are finite")
		}
	}
}
