package leaf

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"headscope/explorer/expr"
	"headscope/models/csv"
	"headscope/models/npy"
	"headscope/models/tensor"
)

// Finder finds the matrix that a leaf's URL names.
type Finder interface {
	// Find returns a matrix [rows, cols] with at least one value. It is not ok where the
	// Finder does not have it, and an error where it has it but cannot read it.
	Find(url string) (t tensor.Tensor, ok bool, err error)
	// Where says for an error where it looked: "the folder data".
	Where() string
}

// read fills a leaf with the matrix that its URL names. A matrix of another shape is
// repeated, or cut, along each side.
func (s *Source) read(values []float32, n *expr.Node) error {
	if n.URL == "" {
		return errors.New("its init is url but it has no url: name a CSV or npy file")
	}
	t, err := s.find(n.URL)
	if err != nil {
		return err
	}
	for i := range n.H {
		from := t.Row(i % t.Rows())
		for row := values[i*n.W:][:n.W]; len(row) > 0; {
			row = row[copy(row, from):]
		}
	}
	return nil
}

func (s *Source) find(address string) (tensor.Tensor, error) {
	var asked []string
	for _, f := range s.Files {
		t, ok, err := f.Find(address)
		if ok || err != nil {
			return t, err
		}
		asked = append(asked, f.Where())
	}
	if asked == nil {
		asked = []string{"no place"}
	}
	return tensor.Tensor{}, fmt.Errorf("no file %s: looked in %s; name the folder that holds it, or allow fetching it if it is on the web",
		show(address), strings.Join(asked, ", "))
}

type dir string

// Dir finds files in a folder, by the last part of the URL's path: first under that very
// name, then with .npy and with .csv in place of its extension.
func Dir(path string) Finder { return dir(path) }

func (d dir) Where() string { return "the folder " + string(d) }

func (d dir) Find(address string) (tensor.Tensor, bool, error) {
	if info, err := os.Stat(string(d)); err != nil || !info.IsDir() {
		return tensor.Tensor{}, false, fmt.Errorf("cannot look for data in %s: it is no folder", d)
	}
	name := BaseName(address)
	if !filepath.IsLocal(name) || name == "." {
		return tensor.Tensor{}, false, nil
	}
	stem := strings.TrimSuffix(name, path.Ext(name))
	for _, name := range []string{name, stem + ".npy", stem + ".csv"} {
		if t, ok, err := open(filepath.Join(string(d), name)); ok || err != nil {
			return t, ok, err
		}
	}
	return tensor.Tensor{}, false, nil
}

// BaseName is the last part of the path of a URL, or of a plain path.
func BaseName(address string) string {
	if u, err := url.Parse(address); err == nil && len(u.Scheme) > 1 { // not the letter of a drive
		address = u.Path + u.Opaque
	}
	return path.Base(filepath.ToSlash(address))
}

type local struct{}

// Local finds files by a file: URL or a plain path, which starts at the working directory if it
// is relative.
func Local() Finder { return local{} }

func (local) Where() string { return "the files of this machine" }

func (local) Find(address string) (tensor.Tensor, bool, error) {
	if u, err := url.Parse(address); err == nil && len(u.Scheme) > 1 {
		if u.Scheme != "file" || u.Host != "" && u.Host != "localhost" {
			return tensor.Tensor{}, false, nil
		}
		address = u.Path + u.Opaque
	}
	return open(address)
}

// open reads a file if it is there.
func open(name string) (tensor.Tensor, bool, error) {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return tensor.Tensor{}, false, nil
	case err != nil:
		return tensor.Tensor{}, false, err
	case !info.Mode().IsRegular():
		return tensor.Tensor{}, false, fmt.Errorf("%s is not a regular file, expected CSV or npy", name)
	}
	t, err := readMatrix(name)
	return t, err == nil, err
}

// readMatrix reads an npy file, known by its first bytes, or else a CSV file.
func readMatrix(name string) (tensor.Tensor, error) {
	isNpy, err := startsWith(name, []byte("\x93NUMPY"))
	if err != nil {
		return tensor.Tensor{}, err
	}
	if !isNpy {
		return csv.Read(name)
	}
	f, err := npy.Open(name)
	if err != nil {
		return tensor.Tensor{}, err
	}
	defer f.Close()
	stored := f.Tensors[0]
	if len(stored.Shape) != 2 || slices.Contains(stored.Shape, 0) {
		return tensor.Tensor{}, fmt.Errorf("%s has the shape %v, expected a matrix [rows, columns]", name, stored.Shape)
	}
	if rows, cols := stored.Shape[0], stored.Shape[1]; rows > MaxLen/cols {
		return tensor.Tensor{}, fmt.Errorf("%s: %w", name, tooLarge(rows, cols))
	}
	t := tensor.New(stored.Shape...)
	if err := stored.Decode(t.Data, 0); err != nil {
		return tensor.Tensor{}, fmt.Errorf("%s: %w", name, err)
	}
	return t, nil
}

// startsWith tells whether a file begins with the given bytes.
func startsWith(name string, magic []byte) (bool, error) {
	f, err := os.Open(name)
	if err != nil {
		return false, err
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, int64(len(magic))))
	return bytes.Equal(head, magic), err
}

// show prints a name for an error of one line, in quotes unless it is short and plain.
func show(name string) string {
	if quoted := fmt.Sprintf("%.200q", name); quoted != `"`+name+`"` {
		return quoted
	}
	return name
}
