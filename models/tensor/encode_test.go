package tensor

import (
	"bytes"
	"math"
	"math/big"
	"testing"

	"github.com/x448/float16"
	"pgregory.net/rapid"
)

func TestHalfWidensAsTheReference(t *testing.T) {
	for h := range 1 << 16 {
		got, want := fromHalf(uint16(h)), float16.Frombits(uint16(h)).Float32()
		if math.Float32bits(got) != math.Float32bits(want) && !(got != got && want != want) {
			t.Fatalf("%04x: got %v, want %v", h, got, want)
		}
		if got == got && toHalf(got) != uint16(h) {
			t.Fatalf("%04x: %v goes back to %04x", h, got, toHalf(got))
		}
	}
}

func TestHalfRoundsAsTheReference(t *testing.T) {
	check := func(bits uint32) {
		v := math.Float32frombits(bits)
		got, want := toHalf(v), float16.Fromfloat32(v).Bits()
		if v != v {
			if back := fromHalf(got); back == back {
				t.Fatalf("NaN %08x becomes the number %v", bits, back)
			}
		} else if got != want {
			t.Fatalf("%v (%08x): got %04x, want %04x", v, bits, got, want)
		}
	}
	for h := range uint32(1 << 16) { // every half, and what lies just beside the borders between them
		for _, low := range []uint32{0, 1, 0x0fff, 0x1000, 0x1001, 0x1fff} {
			check(h<<16 | low)
			check(h<<16 | 0xe000 | low)
		}
	}
	rapid.Check(t, func(t *rapid.T) { check(rapid.Uint32().Draw(t, "bits")) })
}

func TestBrainRoundsToNearestEven(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := math.Float32frombits(rapid.Uint32().Draw(t, "bits"))
		got := math.Float32frombits(uint32(toBrain(v)) << 16)
		switch {
		case v != v:
			if got == got {
				t.Fatalf("NaN becomes %v", got)
			}
		case math.IsInf(float64(v), 0):
			if got != v {
				t.Fatalf("%v becomes %v", v, got)
			}
		default: // big.Float with bfloat16's 8 bits of precision; only normal numbers have them
			if a := math.Abs(float64(v)); a >= 0x1p-126 && a < 0x1.fep127 {
				want, _ := new(big.Float).SetPrec(8).SetMode(big.ToNearestEven).SetFloat64(float64(v)).Float32()
				if got != want {
					t.Fatalf("%v: got %v, want %v", v, got, want)
				}
			}
		}
	})
}

func TestEncodeDecodes(t *testing.T) {
	data := make([]float32, 40000) // more than two chunks, and a part
	for i := range data {
		data[i] = float32(i%256) / 8
	}
	for _, d := range []Dtype{F32, F16, BF16} {
		var buf bytes.Buffer
		if err := Encode(&buf, d, data); err != nil {
			t.Fatal(err)
		}
		s := &Stored{Shape: []int{len(data)}, Dtype: d, Bytes: buf.Bytes()}
		x, err := s.Tensor()
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range x.Data {
			if v != data[i] {
				t.Fatalf("%v: element %d is %v, want %v", d, i, v, data[i])
			}
		}
	}
	if err := Encode(&bytes.Buffer{}, I32, data); err == nil {
		t.Error("I32: no error")
	}
}
