package tensor

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func TestMap(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x")
	want := bytes.Repeat([]byte("0123456789abcdef"), 4096) // 16 pages
	if err := os.WriteFile(path, want, 0o644); err != nil {
		t.Fatal(err)
	}
	m, err := Map(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]int{{0, 0}, {0, len(want)}, {1, 2}, {5, 5000}, {5, 20000}, {4096, 8192}, {len(want) - 1, len(want)}} {
		m.Drop(m.Bytes()[c[0]:c[1]])
		if !bytes.Equal(m.Bytes(), want) {
			t.Fatalf("after Drop of %v the bytes differ", c)
		}
	}
	m.Drop(nil)
	heap := bytes.Repeat([]byte{1}, 1<<20)
	m.Drop(heap) // would read as zeros afterwards
	if bytes.IndexByte(heap, 0) >= 0 {
		t.Fatal("Drop wiped memory outside of the mapping")
	}
	for range 2 {
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
	}

	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if m, err := Map(empty); err != nil || len(m.Bytes()) != 0 || m.Close() != nil {
		t.Errorf("empty file: %v", err)
	}
	for _, path := range []string{dir, filepath.Join(dir, "missing"), os.DevNull} {
		if _, err := Map(path); err == nil {
			t.Errorf("%s: no error", path)
		}
	}
}

func TestFile(t *testing.T) {
	dir := t.TempDir()
	var f File
	for _, name := range []string{"a", "b"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, bytes.Repeat([]byte(name), 3*4096), 0o644); err != nil {
			t.Fatal(err)
		}
		data, err := f.Map(path)
		if err != nil {
			t.Fatal(err)
		}
		f.Tensors = append(f.Tensors, &Stored{Name: name, Shape: []int{len(data)}, Dtype: U8, Bytes: data})
	}
	if _, err := f.Map(filepath.Join(dir, "missing")); err == nil {
		t.Error("missing file: no error")
	}
	for _, s := range f.Tensors {
		f.Drop(s)
		if x, err := s.Tensor(); err != nil || x.Data[5000] != float32(s.Name[0]) {
			t.Errorf("%s after Drop: %v", s.Name, err)
		}
	}
	for range 2 {
		if err := f.Close(); err != nil || f.Tensors != nil {
			t.Errorf("Close: %v, tensors %v", err, f.Tensors)
		}
	}
}

func TestWriteFileIsAllOrNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out")
	put := func(text string, err error) error {
		return WriteFile(path, func(w io.Writer) error {
			if _, werr := io.WriteString(w, text); werr != nil {
				return werr
			}
			return err
		})
	}
	only := func(want string) {
		t.Helper()
		got, err := os.ReadFile(path)
		if err != nil || string(got) != want {
			t.Fatalf("file holds %q, %v; want %q", got, err, want)
		}
		if entries, _ := os.ReadDir(dir); len(entries) != 1 {
			t.Fatalf("folder holds %v", entries)
		}
	}
	broken := errors.New("broken")
	if err := put("half", broken); !errors.Is(err, broken) {
		t.Fatalf("error %v", err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Fatalf("a failed write left %v", entries)
	}
	if err := put("first", nil); err != nil {
		t.Fatal(err)
	}
	only("first")
	if err := put("half", broken); !errors.Is(err, broken) {
		t.Fatalf("error %v", err)
	}
	only("first")
	func() {
		defer func() { recover() }()
		_ = WriteFile(path, func(io.Writer) error { panic("a caller's bug") })
	}()
	only("first")
	if err := put("second", nil); err != nil {
		t.Fatal(err)
	}
	only("second")
}

func TestWriteFileFollowsLinksAndLeavesDevices(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
	text := func(s string) func(io.Writer) error {
		return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
	}
	if err := os.WriteFile(target, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(link, text("new")); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link was replaced: %v %v", info, err)
	}
	if got, _ := os.ReadFile(target); string(got) != "new" {
		t.Errorf("target holds %q", got)
	}
	if err := WriteFile(os.DevNull, text("gone")); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Errorf("%s is no device any more: %v %v", os.DevNull, info, err)
	}
	for _, bad := range []string{dir, filepath.Join(dir, "no", "such", "folder"), ""} {
		if err := WriteFile(bad, text("x")); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}
