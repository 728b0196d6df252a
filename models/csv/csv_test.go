package csv

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"headscope/models/tensor"
	"pgregory.net/rapid"
)

func TestReads(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	for _, c := range []struct {
		text string
		cols int
		want []float32
	}{
		{"1", 1, []float32{1}},
		{"1\n", 1, []float32{1}},
		{"-4.738483726978302002e-01,2.5\n0,-0\n", 2, []float32{-0.47384837, 2.5, 0, float32(math.Copysign(0, -1))}},
		{"1,2\r\n3,4\r\n", 2, []float32{1, 2, 3, 4}},
		{" 1 ,\t2 \n  3,4\t\n \n\r\n\n", 2, []float32{1, 2, 3, 4}},
		{"nan,inf\n-nan,-inf\n+inf,+1", 2, []float32{nan, inf, nan, -inf, inf, 1}},
		{"1.,.5,1E2,1e+2,00012,0.000", 6, []float32{1, 0.5, 100, 100, 12, 0}},
		{"1e999,-1e999,1e-999,0e999,1e99999999999999999999", 5, []float32{inf, -inf, 0, 0, inf}},
		{"16777217.0000000000000000000000000000001", 1, []float32{16777216}},
		{"0.00000000000000000000000000000000000000000000000000123e50", 1, []float32{0.123}},
		{"18446744073709551616,184467440737095516160,0.00018446744073709551616", 3, []float32{1 << 64, 10 << 64, 0.00018446744}},
	} {
		for pieces := 1; pieces <= 5; pieces++ {
			got, err := parse([]byte(c.text), pieces)
			if err != nil || !slices.Equal(got.Shape, []int{len(c.want) / c.cols, c.cols}) || !same(got.Data, c.want) {
				t.Errorf("%q in %d pieces: %v %v, %v; want %v", c.text, pieces, got.Shape, got.Data, err, c.want)
			}
		}
	}
}

// same compares bits, except that any NaN is like any other.
func same(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool {
		return math.Float32bits(x) == math.Float32bits(y) || x != x && y != y
	})
}

func TestRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "layer0_wq0_768_64.csv")
	for text, want := range map[string]string{
		"":                    "no values",
		" \r\n\n":             "no values",
		"1,2\n3,x\n":          `line 2, column 2: "x" is not a number`,
		"1,2\n3, 4 5 \n":      `line 2, column 2: "4 5" is not a number`,
		"1,2\n3,4,5\n":        "line 2 has 3 values, line 1 has 2",
		"1,2\n3,4,5,6,7\n8,9": "line 2 has 5 values, line 1 has 2",
		"1,2,3\n4,5\n6,7,8":   "line 2 has 2 values, line 1 has 3",
		"1,2\n\n3,4\n":        `line 2, column 1: "" is not a number`,
		"1,2,\n3,4,\n":        `line 1, column 3: "" is not a number`,
		",1":                  `line 1, column 1: "" is not a number`,
		"a,b\n1,2\n":          `line 1, column 1: "a" is not a number`,
		"1;2\n":               `line 1, column 1: "1;2" is not a number`,
		"\n1":                 `line 1, column 1: "" is not a number`,
		"1e,2":                `line 1, column 1: "1e" is not a number`,
		"1e+,2":               `line 1, column 1: "1e+" is not a number`,
		".,2":                 `line 1, column 1: "." is not a number`,
		"-,2":                 `line 1, column 1: "-" is not a number`,
		"0x10,2":              `line 1, column 1: "0x10" is not a number`,
		"1_0,2":               `line 1, column 1: "1_0" is not a number`,
		"infinity":            `line 1, column 1: "infinity" is not a number`,
		"\x93NUMPY\x01\x00":   "line 1, column 1",
	} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := Read(path)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%q: error %v, want %s and the path", text, err, want)
		}
		for pieces := 1; pieces <= 5; pieces++ { // the same error however it is cut
			if _, err := parse([]byte(text), pieces); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%q in %d pieces: error %v, want %s", text, pieces, err, want)
			}
		}
	}
	if _, err := Read(path + ".missing"); err == nil {
		t.Error("a missing file: no error")
	}
}

// checkNumber compares a number with the standard library's float64.
func checkNumber(t interface{ Fatalf(string, ...any) }, text string) {
	d, _ := strconv.ParseFloat(text, 64)
	if got, end := number([]byte(text), 0); end != len(text) || math.Float32bits(got) != math.Float32bits(float32(d)) {
		t.Fatalf("%s: got %v (end %d of %d), want %v", text, got, end, len(text), float32(d))
	}
}

func TestNumberIsTheNearest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkNumber(t, rapid.StringMatching(`[-+]?(0{0,4}[0-9]{1,25}\.?[0-9]{0,25}|\.[0-9]{1,25})([eE][-+]?[0-9]{1,3})?`).Draw(t, "text"))
	})
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 200000 { // float32 in every form, and the middle between two of them, where rounding twice shows
		v := float64(math.Float32frombits(rnd.Uint32()))
		if v != v || math.IsInf(v, 0) {
			continue
		}
		checkNumber(t, strconv.FormatFloat(v, 'e', 18, 64))
		checkNumber(t, strconv.FormatFloat(v, 'g', -1, 32))
		next := float64(math.Nextafter32(float32(v), 0))
		checkNumber(t, strconv.FormatFloat(v/2+next/2, 'e', 18, 64))
		checkNumber(t, strconv.FormatFloat(math.Float64frombits(rnd.Uint64()&^(0x7ff<<52)|uint64(1023-140+rnd.IntN(280))<<52), 'e', 18, 64))
	}
}

// scale must be right wherever it answers, next to its borders above all.
func TestScale(t *testing.T) {
	answered := 0
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 200000 {
		mantissa := rnd.Uint64() >> rnd.IntN(64)
		power := minPower - 1 + rnd.IntN(maxPower-minPower+3)
		d, ok := scale(mantissa, power)
		if !ok {
			continue
		}
		answered++
		if want, err := strconv.ParseFloat(fmt.Sprintf("%de%d", mantissa, power), 64); err != nil || d != want {
			t.Fatalf("%de%d: got %v, want %v", mantissa, power, d, want)
		}
	}
	if answered < 190000 {
		t.Errorf("scale answered %d of 200000 numbers only", answered)
	}
}

func TestRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.csv")
	rapid.Check(t, func(t *rapid.T) {
		want := tensor.New(rapid.IntRange(1, 30).Draw(t, "rows"), rapid.IntRange(1, 9).Draw(t, "cols"))
		for i := range want.Data {
			want.Data[i] = math.Float32frombits(rapid.Uint32().Draw(t, "bits"))
		}
		if err := WriteFile(path, want); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Read(path)
		if err != nil || !slices.Equal(got.Shape, want.Shape) || !same(got.Data, want.Data) {
			t.Fatalf("%v, %v; want %v\n%s", got, err, want, text)
		}
		crlf := bytes.ReplaceAll(text, newline, []byte("\r\n"))
		pieces := rapid.IntRange(1, 40).Draw(t, "pieces")
		if got, err := parse(crlf, pieces); err != nil || !same(got.Data, want.Data) {
			t.Fatalf("CRLF in %d pieces: %v, %v", pieces, got, err)
		}
	})
}

func TestWriteForm(t *testing.T) {
	var b strings.Builder
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	x := tensor.Tensor{Shape: []int{2, 3}, Data: []float32{-0.5, 1, nan, inf, -inf, 1e-40}}
	if err := Write(&b, x); err != nil {
		t.Fatal(err)
	}
	const want = "-5.000000000000000000e-01,1.000000000000000000e+00,nan\ninf,-inf,9.999946101114759582e-41\n"
	if b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
	for _, x := range []tensor.Tensor{{Shape: []int{2}, Data: []float32{1}}, {Shape: []int{0, 3}}, {Shape: []int{-1}}} {
		if err := Write(&b, x); err == nil {
			t.Errorf("%v: no error", x)
		}
	}
}

// Cut at any byte, a file is an error or the values that are still there.
func TestTruncation(t *testing.T) {
	const text = "1.5e+00,-2.5e-01\n3e+00,nan\n"
	for n := range len(text) {
		got, err := parse([]byte(text[:n]), 2)
		if err == nil && got.Len() != len(got.Data) {
			t.Errorf("%q: %v", text[:n], got)
		}
		if whole := strings.Count(text[:n], "\n"); err == nil && got.Shape[0] < whole {
			t.Errorf("%q: %d rows, want %d", text[:n], got.Shape[0], whole)
		}
	}
}

func FuzzCSV(f *testing.F) {
	for _, seed := range []string{"1,2\n3,4\n", "-4.738483726978302002e-01, nan\r\n inf,-0\r\n\n", "1\n\n2", "1e400,.5,3.", "x"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := parse(text, 1)
		parts, err2 := parse(text, 3)
		if (err == nil) != (err2 == nil) || err != nil && err.Error() != err2.Error() {
			t.Fatalf("in one piece: %v; in three: %v", err, err2)
		}
		if err != nil {
			return
		}
		if !same(got.Data, parts.Data) || got.Len() != len(got.Data) {
			t.Fatalf("in one piece %v, in three %v", got, parts)
		}
		i := 0
		for line := range strings.Lines(strings.TrimRight(string(text), "\r\n\t ")) {
			for cell := range strings.SplitSeq(line, ",") {
				d, err := strconv.ParseFloat(strings.Trim(cell, " \t\r\n"), 64)
				if want := float32(d); !same(got.Data[i:i+1], []float32{want}) {
					t.Fatalf("%q: got %v, want %v, %v", cell, got.Data[i], want, err)
				}
				i++
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	rnd := rand.New(rand.NewPCG(5, 6))
	x := tensor.New(768, 64)
	for i := range x.Data {
		x.Data[i] = float32(rnd.NormFloat64() * 0.14)
	}
	var text bytes.Buffer
	if err := Write(&text, x); err != nil {
		b.Fatal(err)
	}
	for _, pieces := range []int{1, 2} {
		b.Run(fmt.Sprintf("pieces=%d", pieces), func(b *testing.B) {
			b.SetBytes(int64(text.Len()))
			for b.Loop() {
				if _, err := parse(text.Bytes(), pieces); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("write", func(b *testing.B) {
		b.SetBytes(int64(text.Len()))
		for b.Loop() {
			text.Reset()
			if err := Write(&text, x); err != nil {
				b.Fatal(err)
			}
		}
	})
}
