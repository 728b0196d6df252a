package gpt2

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"headscope/models/csv"
	"headscope/models/llmc"
	"headscope/models/npy"
	"headscope/models/safetensors"
	"headscope/models/tensor"
)

// format is one way in which weights lie on a disk.
type format struct {
	name string
	open func(path string) (file *tensor.File, heads int, err error) // heads 0: the file does not say
}

// The formats, and how messages call them.
var (
	safetensorsFile = format{"safetensors", headless(safetensors.Open)}
	shardedFiles    = format{"sharded safetensors", headless(safetensors.OpenSharded)}
	npzFile         = format{"npz", headless(npy.OpenNpz)}
	npyFolder       = format{"folder of npy files", headless(npy.OpenDir)}
	csvFolder       = format{"mm's folder of CSV files", headless(openHeadCSVs)}
	llmcFile        = format{"llm.c checkpoint", openLLMC}
)

// headless opens a format that does not say how many heads there are.
func headless(open func(string) (*tensor.File, error)) func(string) (*tensor.File, int, error) {
	return func(path string) (*tensor.File, int, error) {
		f, err := open(path)
		return f, 0, err
	}
}

func openLLMC(path string) (*tensor.File, int, error) {
	f, err := llmc.Open(path)
	if err != nil {
		return nil, 0, err
	}
	return &f.File, f.Heads, nil
}

// Open opens a model: a safetensors file or the index of a sharded one, an npz
// archive, an llm.c checkpoint, or a folder that holds one of these, a GPT-2's
// tensors as npy files, or the matrices of single heads as mm's CSV or npy
// files. config.json, vocab.json and merges.txt are looked for beside the
// weights. The model must be closed.
func Open(path string) (*Model, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	weights, dir := path, path
	var kind format
	if info.IsDir() {
		weights, kind, err = findWeights(path)
	} else {
		dir = filepath.Dir(path)
		kind, err = recognise(path)
	}
	if err != nil {
		return nil, err
	}
	parts := Parts{Path: path, Format: kind.name}
	for name, to := range map[string]**File{"config.json": &parts.Config, "vocab.json": &parts.Vocab, "merges.txt": &parts.Merges} {
		if *to, err = readBeside(dir, name); err != nil {
			return nil, err
		}
	}
	if parts.Tensors, parts.Heads, err = kind.open(weights); err != nil {
		return nil, err
	}
	return Assemble(parts)
}

// recognise tells a single file's format by its name, and by its first bytes
// where several formats share an ending.
func recognise(path string) (format, error) {
	name := filepath.Base(path)
	switch {
	case strings.HasSuffix(name, ".safetensors"):
		return safetensorsFile, nil
	case strings.HasSuffix(name, ".safetensors.index.json"):
		return shardedFiles, nil
	case strings.HasSuffix(name, ".npz"):
		return npzFile, nil
	case isLLMC(path):
		return llmcFile, nil
	case strings.HasSuffix(name, ".npy"), strings.HasSuffix(name, ".csv"):
		return format{}, fmt.Errorf("%s is one matrix of a model: give the folder that it is in", path)
	case strings.HasSuffix(name, ".bin"), strings.HasSuffix(name, ".pt"), strings.HasSuffix(name, ".pth"):
		return format{}, fmt.Errorf("%s is no llm.c checkpoint; if torch wrote it, save it as safetensors and give that", path)
	}
	return format{}, fmt.Errorf("%s: expected a .safetensors, .npz or llm.c .bin file, or a folder of them", path)
}

// isLLMC reports whether a file begins as llm.c's checkpoints do.
func isLLMC(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	var magic [4]byte
	_, err = io.ReadFull(f, magic[:])
	return err == nil && binary.LittleEndian.Uint32(magic[:]) == llmc.Magic
}

// findWeights finds the one model in a folder. A standard name wins, then a
// folder's own kind of files, then the only file of a kind.
func findWeights(dir string) (path string, kind format, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", format{}, err
	}
	var single []string
	npys, csvs := false, false
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() {
			continue
		}
		base, extension := strings.TrimSuffix(name, filepath.Ext(name)), filepath.Ext(name)
		_, head := parseHeadFile(base)
		whole := strings.TrimPrefix(base, "transformer.") == "wte.weight"
		switch {
		case name == "model.safetensors", name == "model.safetensors.index.json":
			path = filepath.Join(dir, name)
			kind, err = recognise(path)
			return path, kind, err
		case extension == ".npy":
			npys = npys || head || whole
		case extension == ".csv":
			csvs = csvs || head
		case extension == ".safetensors", extension == ".npz", extension == ".bin" && isLLMC(filepath.Join(dir, name)):
			single = append(single, name)
		}
	}
	switch {
	case npys:
		return dir, npyFolder, nil
	case csvs:
		return dir, csvFolder, nil
	case len(single) > 1:
		return "", format{}, fmt.Errorf("%s holds several models, %s: give one of them", dir, strings.Join(single, ", "))
	case len(single) == 0:
		return "", format{}, fmt.Errorf("%s holds no model: expected model.safetensors, an .npz, an llm.c .bin, wte.weight.npy and the others, or layer0_wq0_768_64.csv and the others", dir)
	}
	path = filepath.Join(dir, single[0])
	kind, err = recognise(path)
	return path, kind, err
}

// readBeside reads one of the small files of a model, nil if it is not there.
func readBeside(dir, name string) (*File, error) {
	const limit = 64 << 20 // GPT-2's vocabulary is 1 MB
	path := filepath.Join(dir, name)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if len(data) > limit {
		return nil, fmt.Errorf("%s is larger than %d MiB", path, limit>>20)
	}
	return &File{Name: name, Data: data}, nil
}

// openHeadCSVs lists the matrices of a folder of mm's CSV files with the shapes
// that their names give; each is parsed when it is decoded.
func openHeadCSVs(dir string) (*tensor.File, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	f := &tensor.File{}
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ".csv")
		if _, head := parseHeadFile(name); !ok || !head {
			continue
		}
		info, err := e.Info()
		if err != nil {
			return nil, err
		}
		s, err := headCSV(filepath.Join(dir, e.Name()), name, info.Size())
		if err != nil {
			return nil, err
		}
		f.Tensors = append(f.Tensors, s)
	}
	return f, nil
}

func headCSV(path, name string, size int64) (*tensor.Stored, error) {
	numbers := strings.Split(name, "_")
	rows, err1 := strconv.Atoi(numbers[len(numbers)-2])
	cols, err2 := strconv.Atoi(numbers[len(numbers)-1])
	shape := []int{rows, cols}
	n, err := tensor.CheckedLen(shape)
	if err := errors.Join(err1, err2, err); err != nil {
		return nil, fmt.Errorf("%s: its name gives no possible shape", path)
	}
	if int64(n) > size { // a value and its separator are two bytes at least
		return nil, fmt.Errorf("%s: %d bytes cannot hold the %v values of its name", path, size, shape)
	}
	load := func() ([]byte, error) {
		t, err := csv.Read(path)
		if err != nil {
			return nil, err
		}
		if !slices.Equal(t.Shape, shape) {
			return nil, fmt.Errorf("%s is %v, its name says %v", path, t.Shape, shape)
		}
		var encoded bytes.Buffer
		encoded.Grow(4 * len(t.Data))
		err = tensor.Encode(&encoded, tensor.F32, t.Data)
		return encoded.Bytes(), err
	}
	return &tensor.Stored{Name: name, Shape: shape, Dtype: tensor.F32, Load: load}, nil
}
