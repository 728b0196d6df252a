// Package standin makes stand-in data for the files that mm's sessions download, so that a
// session can be computed, and compared with what mm computed on the same data, without
// them. A file's name gives its shape and, with i and j, every value of it ([Value]). The
// values go to a leaf directly ([Finder]) or by way of a file ([Write]).
package standin

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"headscope/explorer/leaf"
	"headscope/models/csv"
	"headscope/models/tensor"
)

// Value is element (i, j) of the file with the given name, without folders. It lies within
// ±1 if the name contains "input", as recorded inputs do, else within ±0.05, as weights do.
func Value(file string, i, j int) float32 {
	h := uint32(0)
	for _, c := range []byte(file) {
		h = (h*31 + uint32(c)) % 1000003
	}
	u := uint32(i+1)*73856093 ^ uint32(j+1)*19349663 ^ h*83492791
	u ^= u >> 13
	u *= 1274126177
	u ^= u >> 16
	scale := 0.05
	if strings.Contains(file, "input") {
		scale = 1
	}
	return float32((float64(u%20001)/10000 - 1) * scale)
}

var shape = regexp.MustCompile(`_([1-9][0-9]{0,4})_([1-9][0-9]{0,4})(\.[a-z]+)?$`)

// matrix is the whole file; it is not ok if the name does not end in _rows_cols.
func matrix(file string) (t tensor.Tensor, ok bool) {
	sizes := shape.FindStringSubmatch(file)
	if sizes == nil {
		return t, false
	}
	rows, _ := strconv.Atoi(sizes[1]) // five digits at most
	cols, _ := strconv.Atoi(sizes[2])
	if rows > leaf.MaxLen/cols {
		return t, false
	}
	t = tensor.New(rows, cols)
	for i := range rows {
		for j := range cols {
			t.Data[i*cols+j] = Value(file, i, j)
		}
	}
	return t, true
}

// Write writes the file that a URL names into a folder, as CSV.
func Write(dir, url string) error {
	file := leaf.BaseName(url)
	t, ok := matrix(file)
	if !ok {
		return fmt.Errorf("%.200q does not end in _rows_cols", file)
	}
	return csv.WriteFile(filepath.Join(dir, file), t)
}

// Finder is a [leaf.Finder] of stand-in data for every URL that ends in _rows_cols.
type Finder struct{}

// Find makes the matrix that a URL names.
func (Finder) Find(url string) (tensor.Tensor, bool, error) {
	t, ok := matrix(leaf.BaseName(url))
	return t, ok, nil
}

// Where says that it is stand-in data.
func (Finder) Where() string { return "the stand-in data" }
