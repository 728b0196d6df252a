package npy

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	reference "github.com/sbinet/npyio/npy"
	"headscope/models/tensor"
	"pgregory.net/rapid"
)

// array is an .npy file of the given version with any dictionary.
func array(version byte, dict string, data ...byte) []byte {
	b := append([]byte(magic), version, 0)
	if version == 1 {
		b = binary.LittleEndian.AppendUint16(b, uint16(len(dict)))
	} else {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(dict)))
	}
	return append(append(b, dict...), data...)
}

func dict(descr, fortran, shape string) string {
	return fmt.Sprintf("{'descr': '%s', 'fortran_order': %s, 'shape': %s, }    \n", descr, fortran, shape)
}

func decode(data []byte) (tensor.Tensor, error) {
	s, _, err := parse("x", data, len(data))
	if err != nil {
		return tensor.Tensor{}, err
	}
	return s.Tensor()
}

func TestReadsWhatNumPyWrites(t *testing.T) {
	for _, c := range []struct {
		name  string
		file  []byte
		shape []int
		want  []float32
	}{
		{"f4", array(1, dict("<f4", "False", "(2,)"), 0, 0, 128, 63, 0, 0, 0, 192), []int{2}, []float32{1, -2}},
		{"big f4", array(1, dict(">f4", "False", "(2,)"), 63, 128, 0, 0, 192, 0, 0, 0), []int{2}, []float32{1, -2}},
		{"native f4", array(1, dict("=f4", "False", "(1,)"), 0, 0, 128, 63), []int{1}, []float32{1}},
		{"f4 without a mark", array(1, dict("f4", "False", "(1,)"), 0, 0, 128, 63), []int{1}, []float32{1}},
		{"f2", array(1, dict("<f2", "False", "(2, 1)"), 0, 60, 0, 192), []int{2, 1}, []float32{1, -2}},
		{"big f2", array(1, dict(">f2", "False", "(2,)"), 60, 0, 192, 0), []int{2}, []float32{1, -2}},
		{"f8", array(1, dict("<f8", "False", "(1,)"), 0, 0, 0, 0, 0, 0, 240, 63), []int{1}, []float32{1}},
		{"big f8", array(1, dict(">f8", "False", "(1,)"), 63, 240, 0, 0, 0, 0, 0, 0), []int{1}, []float32{1}},
		{"i8", array(1, dict("<i8", "False", "(1,)"), 254, 255, 255, 255, 255, 255, 255, 255), []int{1}, []float32{-2}},
		{"big i4", array(1, dict(">i4", "False", "(1,)"), 0, 0, 1, 0), []int{1}, []float32{256}},
		{"u1, Fortran", array(1, dict("|u1", "True", "(2, 3)"), 1, 4, 2, 5, 3, 6), []int{2, 3}, []float32{1, 2, 3, 4, 5, 6}},
		{"b1", array(1, dict("|b1", "False", "(2,)"), 0, 1), []int{2}, []float32{0, 1}},
		{"rank 3, Fortran", array(1, dict("|u1", "True", "(2, 1, 2)"), 1, 3, 2, 4), []int{2, 1, 2}, []float32{1, 2, 3, 4}},
		{"scalar", array(1, dict("<f4", "False", "()"), 0, 0, 128, 63), []int{}, []float32{1}},
		{"empty", array(1, dict("<f4", "False", "(3, 0)")), []int{3, 0}, nil},
		{"version 2", array(2, dict("|u1", "False", "(1,)"), 7), []int{1}, []float32{7}},
		{"version 3", array(3, dict("|u1", "False", "(1,)"), 7), []int{1}, []float32{7}},
		{"another order, no last comma, a long of Python 2", array(1, `{"shape":(2L, 1),"fortran_order":True,"descr":"|u1"}`, 7, 8), []int{2, 1}, []float32{7, 8}},
	} {
		got, err := decode(c.file)
		if err != nil || !slices.Equal(got.Shape, c.shape) || !slices.Equal(got.Data, c.want) {
			t.Errorf("%s: %v %v, %v; want %v %v", c.name, got.Shape, got.Data, err, c.shape, c.want)
		}
	}
}

func TestRefuses(t *testing.T) {
	good := dict("<f4", "False", "(1,)")
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"nothing":          {nil, "not a NumPy array"},
		"another format":   {[]byte("PK\x03\x04 and more than ten"), "not a NumPy array"},
		"version 0":        {array(0, good, 0, 0, 0, 0), "version 0"},
		"version 4":        {array(4, good, 0, 0, 0, 0), "version 4"},
		"a lying length":   {append([]byte(magic), 1, 0, 255, 255), "cut off: 0 bytes of 65535"},
		"a huge length":    {append([]byte(magic), 2, 0, 255, 255, 255, 255), "4294967295 bytes"},
		"version 2 cut":    {append([]byte(magic), 2, 0, 255, 255), "cut off"},
		"no dictionary":    {array(1, "\n"), `"{" expected`},
		"a key missing":    {array(1, "{'descr': '<f4', 'shape': (1,)}", 0, 0, 0, 0), "must be there"},
		"a key twice":      {array(1, "{'shape': (), 'shape': ()}", 0, 0, 0, 0), `"shape" is there twice`},
		"another key":      {array(1, "{'dtype': 1}"), `unknown key "dtype"`},
		"after the end":    {array(1, good+"x", 0, 0, 0, 0), `unexpected "`},
		"no end":           {array(1, "{'descr': '<f4"), "no end of the text"},
		"order":            {array(1, dict("<f4", "1", "()"), 0, 0, 0, 0), `"False" expected`},
		"complex":          {array(1, dict("<c8", "False", "()"), 0, 0, 0, 0, 0, 0, 0, 0), `"<c8" is not supported`},
		"text":             {array(1, dict("<U2", "False", "()"), 0, 0, 0, 0, 0, 0, 0, 0), `"<U2" is not supported`},
		"no type":          {array(1, dict("", "False", "()")), `"" is not supported`},
		"two marks":        {array(1, dict("<>f4", "False", "()"), 0, 0, 0, 0), "not supported"},
		"records":          {array(1, "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", 0, 0, 0, 0), "records"},
		"negative":         {array(1, dict("<f4", "False", "(-1,)")), "negative"},
		"overflow":         {array(1, dict("<f4", "False", "(4294967296, 4294967296)")), "too many elements"},
		"no number":        {array(1, dict("<f4", "False", "(99999999999999999999,)")), "a dimension expected"},
		"a nested shape":   {array(1, dict("<f4", "False", "((1,),)")), "a dimension expected"},
		"too little data":  {array(1, dict("<f4", "False", "(2, 3)"), make([]byte, 23)...), "needs 24 bytes of data, 23 are there"},
		"too much data":    {array(1, dict("<f4", "False", "(2, 3)"), make([]byte, 25)...), "needs 24 bytes of data, 25 are there"},
		"a shape unclosed": {array(1, "{'shape': (1,"), "a dimension expected"},
	} {
		path := filepath.Join(t.TempDir(), "h.0.npy")
		if err := os.WriteFile(path, c.file, 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := Open(path)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error %v, want %q and the path", name, err, c.want)
		}
	}
}

func drawTensor(t *rapid.T) tensor.Tensor {
	x := tensor.New(rapid.SliceOfN(rapid.IntRange(0, 7), 0, 4).Draw(t, "shape")...)
	for i := range x.Data {
		x.Data[i] = rapid.Float32().Draw(t, "value")
	}
	return x
}

func TestRoundTrip(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		want := drawTensor(t)
		path := filepath.Join(dir, "wte.weight.npy")
		if err := WriteFile(path, want); err != nil {
			t.Fatal(err)
		}
		f, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		s := f.Tensors[0]
		view, ok := s.View()
		if !ok || s.Name != "wte.weight" || !slices.Equal(s.Shape, want.Shape) || !slices.Equal(view, want.Data) {
			t.Fatalf("%q %v %v, view %v; want %v", s.Name, s.Shape, view, ok, want)
		}

		// The same file through another implementation, which knows vectors.
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var got []float32
		if err := reference.Read(bytes.NewReader(file), &got); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want.Data) {
			t.Fatalf("npyio reads %v, want %v", got, want.Data)
		}
	})
}

// A file cut at any byte is an error, never a panic or another array.
func TestTruncation(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, tensor.New(2, 3)); err != nil {
		t.Fatal(err)
	}
	for n := range b.Len() {
		if _, err := decode(b.Bytes()[:n]); err == nil {
			t.Errorf("cut at %d of %d: no error", n, b.Len())
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	for _, x := range []tensor.Tensor{
		{Shape: []int{2}, Data: []float32{1}},
		{Shape: []int{-1}, Data: nil},
		{Shape: slices.Repeat([]int{1}, 1<<15), Data: []float32{1}},
	} {
		if err := Write(&bytes.Buffer{}, x); err == nil {
			t.Errorf("%d dimensions, %d elements: no error", len(x.Shape), len(x.Data))
		}
	}
}

func TestOpenDir(t *testing.T) {
	dir := t.TempDir()
	if _, err := OpenDir(dir); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("an empty folder: %v", err)
	}
	for i, name := range []string{"wte.weight.npy", "h.0.ln_1.bias.npy"} {
		if err := WriteFile(filepath.Join(dir, name), tensor.Tensor{Shape: []int{1}, Data: []float32{float32(i)}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "more.npy"), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range f.Tensors {
		names = append(names, s.Name)
	}
	if want := []string{"h.0.ln_1.bias", "wte.weight"}; !slices.Equal(names, want) {
		t.Errorf("names %v, want %v", names, want)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	bad := filepath.Join(dir, "z.npy")
	if err := os.WriteFile(bad, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenDir(dir); err == nil || !strings.Contains(err.Error(), bad) {
		t.Errorf("a broken file: %v", err)
	}
	if _, err := OpenDir(filepath.Join(dir, "missing")); err == nil {
		t.Error("a missing folder: no error")
	}
}

func TestInts(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "tokens.npy")
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOf(rapid.Int32()).Draw(t, "ids")
		if err := WriteInts(path, ids); err != nil {
			t.Fatal(err)
		}
		got, err := ReadInts(path)
		if err != nil || len(got) != len(ids) {
			t.Fatalf("%v, %v; want %v", got, err, ids)
		}
		for i := range ids {
			if got[i] != int(ids[i]) {
				t.Fatalf("%v, want %v", got, ids)
			}
		}
	})
	for want, file := range map[string][]byte{
		"integers are needed": array(1, dict("<f4", "False", "(1,)"), 0, 0, 128, 63),
		"a vector is needed":  array(1, dict("<i4", "False", "(1, 1)"), 0, 0, 0, 0),
		"too large":           array(1, dict("<u8", "False", "(1,)"), bytes.Repeat([]byte{255}, 8)...),
		"not a NumPy array":   []byte("50256\n"),
	} {
		if err := os.WriteFile(path, file, 0o644); err != nil {
			t.Fatal(err)
		}
		if got, err := ReadInts(path); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%v, %v; want %q and the path", got, err, want)
		}
	}
}

func FuzzNpy(f *testing.F) {
	f.Add(array(1, dict("<f4", "False", "(2,)"), 0, 0, 128, 63, 0, 0, 0, 192))
	f.Add(array(2, dict(">f2", "True", "(2, 2)"), 1, 2, 3, 4, 5, 6, 7, 8))
	f.Add(array(3, dict("|b1", "False", "()"), 1))
	f.Add(array(1, `{"shape":(2L, 1),"fortran_order":True,"descr":"|u1"}`, 7, 8))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, start, err := parse("x", data, len(data))
		if err != nil {
			return
		}
		x, err := s.Tensor()
		if err != nil {
			t.Fatalf("accepted, but not decoded: %v", err)
		}
		if len(data)-start != s.Dtype.Size()*len(x.Data) {
			t.Fatalf("%d elements of %v from %d bytes", len(x.Data), s.Dtype, len(data)-start)
		}
		if len(s.Shape) > 1000 {
			return
		}
		var b bytes.Buffer
		if err := Write(&b, x); err != nil {
			t.Fatal(err)
		}
		back, err := decode(b.Bytes())
		if err != nil || !slices.Equal(back.Shape, x.Shape) {
			t.Fatalf("written again: %v, %v; want %v", back.Shape, err, x.Shape)
		}
		for i, v := range back.Data {
			if math.Float32bits(v) != math.Float32bits(x.Data[i]) {
				t.Fatalf("element %d: %v, want %v", i, v, x.Data[i])
			}
		}
	})
}
