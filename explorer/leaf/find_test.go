package leaf_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"headscope/explorer/expr"
	"headscope/explorer/leaf"
	"headscope/models/csv"
	"headscope/models/npy"
	"headscope/models/tensor"
)

func file(url string, h, w int) *expr.Node {
	n := node("url", h, w)
	n.URL = url
	return n
}

// write puts bytes, or a matrix as CSV or npy by the name's extension, into a folder.
func write(t *testing.T, path string, content any) {
	t.Helper()
	var err error
	switch c := content.(type) {
	case string:
		err = os.WriteFile(path, []byte(c), 0o600)
	case tensor.Tensor:
		if filepath.Ext(path) == ".npy" {
			err = npy.WriteFile(path, c)
		} else {
			err = csv.WriteFile(path, c)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

var small = tensor.Tensor{Shape: []int{2, 3}, Data: []float32{1, 2, 3, 4, 5, 6}}

func expectValues(t *testing.T, s *leaf.Source, n *expr.Node, want ...float32) {
	t.Helper()
	if got := values(t, s, n); !slices.Equal(got, want) {
		t.Errorf("%s as %d x %d: %v, want %v", n.URL, n.H, n.W, got, want)
	}
}

func TestFilesRepeatAndAreCut(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "a.csv"), small)
	s := &leaf.Source{Files: []leaf.Finder{leaf.Dir(folder)}}
	expectValues(t, s, file("a.csv", 2, 3), 1, 2, 3, 4, 5, 6)
	expectValues(t, s, file("a.csv", 1, 1), 1)
	expectValues(t, s, file("a.csv", 3, 2), 1, 2, 4, 5, 1, 2)
	expectValues(t, s, file("a.csv", 1, 7), 1, 2, 3, 1, 2, 3, 1)
	expectValues(t, s, file("a.csv", 5, 1), 1, 4, 1, 4, 1)
}

func TestDirGoesByTheLastPartOfTheURL(t *testing.T) {
	folder := t.TempDir()
	one := func(v float32) tensor.Tensor { return tensor.Tensor{Shape: []int{1, 1}, Data: []float32{v}} }
	for name, v := range map[string]float32{"a.csv": 1, "a.npy": 2, "b.npy": 3, "c d.csv": 4, "e.csv": 5, "f": 6} {
		write(t, filepath.Join(folder, name), one(v))
	}
	// Its content says what a file is.
	write(t, filepath.Join(folder, "g.npy"), "7\n")
	s := &leaf.Source{Files: []leaf.Finder{leaf.Dir(folder)}}
	for url, want := range map[string]float32{
		"https://example.org/data/a.csv":       1,
		"https://example.org/a.npy?raw=true#x": 2,
		"https://example.org/b.csv":            3,
		"https://example.org/c%20d.csv":        4,
		"https://example.org/e.npy":            5,
		"https://example.org/e.txt":            5,
		"https://example.org/f":                6,
		"file:///elsewhere/a.csv":              1,
		"file:a.csv":                           1,
		"some/where/a.csv":                     1,
		"a.csv":                                1,
		"g.csv":                                7,
	} {
		expectValues(t, s, file(url, 1, 1), want)
	}
}

func TestLocalReadsPathsAndFileURLs(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "a.csv"), small)
	write(t, filepath.Join(folder, "b.npy"), small)
	write(t, filepath.Join(folder, "c d#e.txt"), small)
	t.Chdir(folder)
	s := &leaf.Source{Files: []leaf.Finder{leaf.Local()}}
	for _, url := range []string{
		filepath.Join(folder, "a.csv"), "file://" + folder + "/a.csv", "file://localhost" + folder + "/b.npy",
		"a.csv", "./b.npy", "file:a.csv", "c d#e.txt", "file://" + folder + "/c%20d%23e.txt",
	} {
		expectValues(t, s, file(url, 1, 4), 1, 2, 3, 1)
	}
	for _, url := range []string{"https://example.org/a.csv", "ftp://example.org/a.csv", "file://example.org/a.csv", "/nowhere/a.csv"} {
		fails(t, s, file(url, 1, 1), "no file "+url, "the files of this machine")
	}
}

type broken struct{}

func (broken) Find(string) (tensor.Tensor, bool, error) {
	return tensor.Tensor{}, false, errors.New("out of order")
}
func (broken) Where() string { return "the broken shelf" }

func TestFindersAreAskedInOrder(t *testing.T) {
	first, second := t.TempDir(), t.TempDir()
	write(t, filepath.Join(second, "a.csv"), small)
	s := &leaf.Source{Files: []leaf.Finder{leaf.Dir(first), leaf.Dir(second), broken{}}}
	expectValues(t, s, file("a.csv", 1, 1), 1)
	fails(t, s, file("b.csv", 1, 1), "out of order")
	s.Files = s.Files[:2]
	fails(t, s, file("https://example.org/b.csv", 1, 1), "no file https://example.org/b.csv", "the folder "+first, "the folder "+second)
}

func TestBadFiles(t *testing.T) {
	folder := t.TempDir()
	path := func(name string) string { return filepath.Join(folder, name) }
	write(t, path("empty.csv"), "")
	write(t, path("text.csv"), "1,2\n3,x\n")
	write(t, path("ragged.csv"), "1,2\n3\n")
	write(t, path("cut.npy"), "\x93NUMPY\x01\x00")
	write(t, path("cube.npy"), tensor.New(2, 2, 2))
	write(t, path("vector.npy"), tensor.New(4))
	write(t, path("none.npy"), tensor.New(0, 4))
	if err := os.Mkdir(path("folder.csv"), 0o700); err != nil {
		t.Fatal(err)
	}
	s := &leaf.Source{Files: []leaf.Finder{leaf.Dir(folder)}}
	for name, want := range map[string]string{
		"empty.csv": "no values", "text.csv": "line 2, column 2", "ragged.csv": "line 2 has 1", "cut.npy": "",
		"cube.npy": "[2 2 2], expected a matrix", "vector.npy": "[4], expected a matrix", "none.npy": "[0 4], expected a matrix",
		"folder.csv": "not a regular file",
	} {
		fails(t, s, file(name, 2, 2), path(name), want)
	}
	for _, url := range []string{"..", ".", "/", "https://example.org", "https://example.org/a/..", "https://example.org/%2e%2e%2f..", "a\nb", "%zz"} {
		fails(t, s, file(url, 2, 2), "no file ", "the folder "+folder)
	}
	fails(t, s, file("", 2, 2), "no url")
	fails(t, &leaf.Source{}, file("a.csv", 2, 2), "no file a.csv", "no place")
	for _, dir := range []string{path("nowhere"), path("text.csv")} {
		fails(t, &leaf.Source{Files: []leaf.Finder{leaf.Dir(dir)}}, file("a.csv", 2, 2), dir, "no folder")
	}
}

func TestWeb(t *testing.T) {
	served := http.NewServeMux()
	served.HandleFunc("/a.csv", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "1,2,3\n4,5,6\n") })
	served.HandleFunc("/b", func(w http.ResponseWriter, _ *http.Request) { npy.Write(w, small) })
	served.HandleFunc("/page.csv", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<!DOCTYPE html>\n") })
	served.HandleFunc("/c.csv", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/a.csv", http.StatusFound) })
	served.HandleFunc("/cut.csv", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, "1,2\n")
	})
	server := httptest.NewServer(served)
	defer server.Close()
	s := &leaf.Source{Files: []leaf.Finder{leaf.Web(t.Context())}}
	for _, name := range []string{"/a.csv", "/a.csv?raw=true", "/b", "/c.csv"} {
		expectValues(t, s, file(server.URL+name, 2, 3), small.Data...)
	}
	fails(t, s, file(server.URL+"/page.csv", 2, 3), server.URL+"/page.csv: its content: line 1")
	fails(t, s, file(server.URL+"/missing.csv", 2, 3), "cannot fetch "+server.URL+"/missing.csv", "404 Not Found")
	fails(t, s, file(server.URL+"/cut.csv", 2, 3), "unexpected EOF")
	fails(t, s, file("a.csv", 2, 3), "no file a.csv", "the web")
	fails(t, s, file("http://", 2, 3), "cannot fetch http://")
	fails(t, s, file("http://[", 2, 3), "cannot fetch")
	server.Close()
	fails(t, s, file(server.URL+"/a.csv", 2, 3), "cannot fetch", "refused")
}
