package workspace

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// A folder is listed by name; links are what they lead to, and those that lead nowhere are
// listed all the same.
func TestReadFolder(t *testing.T) {
	dir := t.TempDir()
	for _, err := range []error{
		os.Mkdir(filepath.Join(dir, "b"), 0o755),
		os.WriteFile(filepath.Join(dir, "a.npy"), make([]byte, 65), 0o644),
		os.Symlink("b", filepath.Join(dir, "to b")),
		os.Symlink("nothing", filepath.Join(dir, "to nothing")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	w := open(t, nil)
	read := func(path string) (entries []Entry, err error) {
		called := 0
		w.ReadFolder(path, func(e []Entry, failed error) { entries, err, called = e, failed, called+1 })
		if called != 0 {
			t.Error("it has not waited for Step")
		}
		if settle(t, w); called != 1 {
			t.Errorf("%s: it was told %d times", path, called)
		}
		return entries, err
	}
	entries, err := read(dir)
	if err != nil {
		t.Fatal(err)
	}
	for i := range entries {
		if entries[i].Changed.IsZero() {
			t.Errorf("%s has no date", entries[i].Name)
		}
		entries[i].Changed = Entry{}.Changed
	}
	want := []Entry{{Name: "a.npy", Size: 65}, {Name: "b", Folder: true}, {Name: "to b", Folder: true}, {Name: "to nothing", Size: int64(len("nothing"))}}
	if !reflect.DeepEqual(entries, want) {
		t.Errorf("got %+v, want %+v", entries, want)
	}
	if _, err := read(filepath.Join(dir, "c")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
	if _, err := read(filepath.Join(dir, "a.npy")); err == nil {
		t.Error("a file was listed")
	}
}
