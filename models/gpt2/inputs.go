package gpt2

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"headscope/models/csv"
	"headscope/models/npy"
	"headscope/models/tensor"
)

// inputFile matches recorded activations of mm's sets:
// layer0_input2_256_768.csv is layer 0, sample 2, [256 tokens, 768];
// layer0_input_t2_768_256.csv its transpose.
var inputFile = regexp.MustCompile(`^layer(\d{1,3})_input(_t)?(\d{1,9})_\d+_\d+\.(npy|csv)$`)

// recording is one file that inputFile matches.
type recording struct {
	path       string
	transposed bool
}

// Inputs reads recorded activations from a folder, or from a single file, that
// names them as mm's sets do: for each layer up to the last one recorded, the
// matrix [tokens, width] that its heads multiply, or nil. A layer recorded both
// ways is read as it is. All must be of one shape.
func Inputs(path string, sample int) ([]*tensor.Tensor, error) {
	found, samples, err := recordings(path, sample)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		hint := "expected files such as layer0_input0_256_768.csv or .npy"
		if len(samples) > 0 {
			hint = fmt.Sprintf("there are samples %v", slices.Sorted(maps.Keys(samples)))
		}
		return nil, fmt.Errorf("%s: no recorded activations of sample %d; %s", path, sample, hint)
	}
	var first *tensor.Tensor
	inputs := make([]*tensor.Tensor, slices.Max(slices.Collect(maps.Keys(found)))+1)
	for _, layer := range slices.Sorted(maps.Keys(found)) {
		r := found[layer]
		t, err := r.read()
		if err != nil {
			return nil, err
		}
		if first == nil {
			first = t
		}
		if !slices.Equal(t.Shape, first.Shape) {
			return nil, fmt.Errorf("%s is %v, other layers are %v", r.path, t.Shape, first.Shape)
		}
		inputs[layer] = t
	}
	return inputs, nil
}

// Samples lists the numbers of the samples that are recorded at a path, in order; none where
// it has no recorded activations.
func Samples(path string) ([]int, error) {
	_, samples, err := recordings(path, 0)
	return slices.Sorted(maps.Keys(samples)), err
}

// recordings finds the files of one sample by layer, and which samples exist.
func recordings(path string, sample int) (found map[int]recording, samples map[int]bool, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	paths := []string{path}
	if info.IsDir() {
		entries, err := os.ReadDir(path)
		if err != nil {
			return nil, nil, err
		}
		paths = paths[:0]
		for _, e := range entries {
			paths = append(paths, filepath.Join(path, e.Name()))
		}
	}
	found, samples = make(map[int]recording), make(map[int]bool)
	for _, p := range paths {
		m := inputFile.FindStringSubmatch(filepath.Base(p))
		if m == nil {
			continue
		}
		layer, _ := strconv.Atoi(m[1]) // few digits: they fit
		s, _ := strconv.Atoi(m[3])
		samples[s] = true
		r := recording{path: p, transposed: m[2] != ""}
		if old, ok := found[layer]; s == sample && (!ok || old.transposed) {
			found[layer] = r
		}
	}
	return found, samples, nil
}

func (r recording) read() (*tensor.Tensor, error) {
	read := csv.Read
	if strings.HasSuffix(r.path, ".npy") {
		read = readNpy
	}
	t, err := read(r.path)
	if err != nil {
		return nil, err
	}
	if len(t.Shape) != 2 || t.Len() == 0 {
		return nil, fmt.Errorf("%s is %v, expected a matrix [tokens, width]", r.path, t.Shape)
	}
	if !r.transposed {
		return &t, nil
	}
	turned := tensor.New(t.Cols(), t.Rows())
	for i := range t.Rows() {
		for j, v := range t.Row(i) {
			turned.Row(j)[i] = v
		}
	}
	return &turned, nil
}

// readNpy reads one array whole, so that its file can be closed.
func readNpy(path string) (tensor.Tensor, error) {
	f, err := npy.Open(path)
	if err != nil {
		return tensor.Tensor{}, err
	}
	defer f.Close()
	s := f.Tensors[0]
	t := tensor.New(s.Shape...) // the file is as long as its shape says
	return t, s.Decode(t.Data, 0)
}

// ReadIDs reads token ids from an npy file of whole numbers.
func ReadIDs(path string) ([]int32, error) {
	wide, err := npy.ReadInts(path)
	if err != nil {
		return nil, err
	}
	ids := make([]int32, len(wide))
	for i, id := range wide {
		if ids[i] = int32(id); int(ids[i]) != id {
			return nil, fmt.Errorf("%s: token %d is %d, which is no token id", path, i, id)
		}
	}
	return ids, nil
}
