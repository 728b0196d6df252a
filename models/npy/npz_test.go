package npy

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"headscope/models/tensor"
	"pgregory.net/rapid"
)

// archive is an .npz of members with one method, as numpy.savez and
// savez_compressed write them.
func archive(t testing.TB, method uint16, members ...[]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i, m := range members {
		out, err := w.CreateHeader(&zip.FileHeader{Name: fmt.Sprintf("arr_%d.npy", i), Method: method})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := out.Write(m); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestNpzRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "model.npz")
	rapid.Check(t, func(t *rapid.T) {
		tensors := map[string]tensor.Tensor{}
		for _, name := range rapid.SliceOfN(rapid.StringMatching(`[a-z0-9._]{0,40}`), 1, 6).Draw(t, "names") {
			tensors[name] = drawTensor(t)
		}
		var names []string
		for name := range tensors {
			names = append(names, name)
		}
		slices.Sort(names)
		get := func(name string) (tensor.Tensor, error) { return tensors[name], nil }
		if err := WriteNpz(path, names, get); err != nil {
			t.Fatal(err)
		}
		f, err := OpenNpz(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if len(f.Tensors) != len(names) {
			t.Fatalf("%d tensors, want %d", len(f.Tensors), len(names))
		}
		for i, s := range f.Tensors {
			want := tensors[names[i]]
			view, ok := s.View()
			if !ok || s.Name != names[i] || !slices.Equal(s.Shape, want.Shape) || !slices.Equal(view, want.Data) {
				t.Fatalf("%q %v %v, view %v; want %q %v", s.Name, s.Shape, view, ok, names[i], want)
			}
		}
	})
}

func TestNpzCompressed(t *testing.T) {
	zeros := array(1, dict("<f4", "False", "(300, 1000)"), make([]byte, 1200000)...) // shrinks about as far as can be
	data := archive(t, zip.Deflate, array(1, dict("|u1", "True", "(2, 2)"), 1, 2, 3, 4), zeros, array(1, dict("<f4", "False", "(0,)")))
	tensors, err := parseNpz("x.npz", data)
	if err != nil || len(tensors) != 3 {
		t.Fatalf("%v, %v", tensors, err)
	}
	for i, want := range [][]float32{{1, 3, 2, 4}, make([]float32, 300000), {}} {
		x, err := tensors[i].Tensor()
		if err != nil || !slices.Equal(x.Data, want) {
			t.Errorf("%s: %d elements, %v", tensors[i].Name, len(x.Data), err)
		}
	}

	// One wrong byte inside the compressed data shows when it is decoded.
	at := bytes.Index(data, []byte("arr_1.npy")) + 400
	data[at] ^= 0x55
	if tensors, err = parseNpz("x.npz", data); err == nil {
		_, err = tensors[1].Tensor()
	}
	if err == nil || !strings.Contains(err.Error(), `x.npz: member "arr_1.npy"`) {
		t.Errorf("damaged member: %v", err)
	}
}

// patch changes a field of the first member's entry in the central directory.
func patch(data []byte, field int, value uint32) []byte {
	data = slices.Clone(data)
	entry := bytes.Index(data, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(data[entry+field:], value)
	return data
}

func TestNpzRefuses(t *testing.T) {
	const flags, packedSize, size, offset = 8, 20, 24, 42 // fields of a central directory entry
	one := array(1, dict("|u1", "False", "(4,)"), 1, 2, 3, 4)
	stored, deflated := archive(t, zip.Store, one), archive(t, zip.Deflate, one)
	var other bytes.Buffer
	w := zip.NewWriter(&other)
	if _, err := w.Create("README"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	twice := archive(t, zip.Store, one, one)
	twice = bytes.ReplaceAll(twice, []byte("arr_1.npy"), []byte("arr_0.npy"))
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"nothing":             {nil, "not a complete .npz"},
		"no arrays":           {other.Bytes(), "no .npy member"},
		"encrypted":           {patch(stored, flags, 1), "encrypted"},
		"another method":      {patch(stored, flags, 12<<16), "compression method 12"},
		"beyond the end":      {patch(stored, packedSize, 1<<30), "beyond the end"},
		"sizes differ":        {patch(stored, size, 5), "sizes differ"},
		"header elsewhere":    {patch(stored, offset, 7), "zip"},
		"an impossible ratio": {patch(deflated, size, 1<<31), "more than"},
		"a larger claim":      {patch(deflated, size, 1000), "cannot inflate"},
		"a smaller claim":     {patch(deflated, size, uint32(len(one)-1)), "needs 4 bytes of data, 3"},
		"two of one name":     {twice, "two members"},
		"a broken array":      {archive(t, zip.Store, one[:len(one)-1]), `member "arr_0.npy"`},
	} {
		path := filepath.Join(t.TempDir(), "x.npz")
		if err := os.WriteFile(path, c.file, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenNpz(path); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error %v, want %q and the path", name, err, c.want)
		}
	}
}

func TestNpzTruncation(t *testing.T) {
	for _, method := range []uint16{zip.Store, zip.Deflate} {
		data := archive(t, method, array(1, dict("|u1", "False", "(4,)"), 1, 2, 3, 4))
		for n := range data {
			if _, err := parseNpz("x.npz", data[:n]); err == nil {
				t.Errorf("method %d cut at %d of %d: no error", method, n, len(data))
			}
		}
	}
}

func TestWriteNpzFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.npz")
	broken := errors.New("broken")
	get := func(name string) (tensor.Tensor, error) {
		if name == "b" {
			return tensor.Tensor{}, broken
		}
		return tensor.New(3), nil
	}
	if err := WriteNpz(path, []string{"a", "b"}, get); !errors.Is(err, broken) || !strings.Contains(err.Error(), `"b"`) {
		t.Errorf("error %v", err)
	}
	if err := WriteNpz(path, []string{"a", "a"}, get); err == nil {
		t.Error("two of one name: no error")
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("left behind: %v", entries)
	}
}

func FuzzNpz(f *testing.F) {
	one := array(1, dict("<f2", "True", "(2, 2)"), 1, 2, 3, 4, 5, 6, 7, 8)
	f.Add(archive(f, zip.Store, one, one))
	f.Add(archive(f, zip.Deflate, one, one))
	f.Fuzz(func(t *testing.T, data []byte) {
		tensors, err := parseNpz("x.npz", data)
		if err != nil {
			return
		}
		for _, s := range tensors {
			if x, err := s.Tensor(); err == nil && len(x.Data) != s.Len() {
				t.Fatalf("%d elements, want %d", len(x.Data), s.Len())
			}
		}
	})
}
