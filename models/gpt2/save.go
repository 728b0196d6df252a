package gpt2

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"headscope/models/tensor"
)

// SaveFormat names the format that a path's form asks for: a safetensors file
// where it ends in .safetensors, an npz archive where it ends in .npz, mm's
// folder of CSV files where its name ends in -csv, else a folder of npy files.
// The endings of single files that [Save] does not write are errors.
func SaveFormat(out string) (string, error) {
	name := filepath.Base(out)
	switch extension := filepath.Ext(name); {
	case out == "":
		return "", errors.New("no path to write to")
	case extension == ".safetensors":
		return safetensorsFile.name, nil
	case extension == ".npz":
		return npzFile.name, nil
	case strings.HasSuffix(name, "-csv"):
		return csvFolder.name, nil
	case slices.Contains([]string{".npy", ".csv", ".bin", ".pt", ".pth"}, extension):
		return "", fmt.Errorf("%s: models are not written as %s: end the name in .safetensors or .npz, in -csv for a folder of CSV files, or give a folder for npy files", out, extension)
	}
	return npyFolder.name, nil
}

// Save writes a model to out in the format of [SaveFormat], with its config.json
// and, where it has its own, vocab.json and merges.txt inside the folder or
// beside the file, so that [Open] finds the same model there.
//
// Matrices are written [in, out], under the names of GPT-2's files; those of a
// model of heads only under the per-head names of mm's sets. A safetensors file
// has the element type of the source if that is F16 or BF16 throughout; all else
// is F32. CSV files hold the heads' matrices alone. Causal masks and tensors that
// are not GPT-2's are left out.
//
// Everything is written into a temporary folder next to out and renamed when it
// is complete: after an error, or when ctx is cancelled, nothing is left of it.
// A file out is replaced. A folder that is not empty, a file of the model itself,
// and a config.json, vocab.json or merges.txt beside out that says something
// else than the model are refused before anything is written.
//
// One tensor at a time is in memory, or one layer's attention for CSV files,
// which are written on all processors. progress, if not nil, is told the size as
// float32 of each tensor that has been written; its calls do not overlap.
func Save(ctx context.Context, m *Model, out string, progress func(bytes int64)) error {
	plan, err := PlanSave(m, out)
	if err != nil {
		return err
	}
	return plan.Write(ctx, progress)
}

// SavePlan is what [Save] is going to write.
type SavePlan struct {
	Format  string
	Tensors int
	Bytes   int64    // of the values as float32: what progress adds up to
	Notes   []string // what is left out or rounded, a sentence each

	model  *Model
	out    string // as it was given
	path   string // absolute
	folder bool
	beside []File // config.json and others that are to be written
	groups [][]*tensor.Stored
}

// PlanSave does what Save does before it writes anything.
func PlanSave(m *Model, out string) (*SavePlan, error) {
	kind, err := SaveFormat(out)
	if err != nil {
		return nil, err
	}
	p := &SavePlan{Format: kind, model: m, out: out, folder: kind == npyFolder.name || kind == csvFolder.name}
	if err := p.findPlace(); err != nil {
		return nil, fmt.Errorf("cannot write %s: %w", out, err)
	}
	if err := p.list(); err != nil {
		return nil, fmt.Errorf("cannot write %s: %w", out, err)
	}
	return p, nil
}

// findPlace looks at what is there already, and refuses what must not be replaced.
func (p *SavePlan) findPlace() (err error) {
	if p.path, err = filepath.Abs(p.out); err != nil {
		return err
	}
	if p.beside, err = p.model.beside(); err != nil {
		return err
	}
	parent, err := os.Stat(filepath.Dir(p.path))
	if err != nil {
		return fmt.Errorf("the folder it would be in is not there: %w", err)
	}
	if !parent.IsDir() {
		return fmt.Errorf("%s is not a folder", filepath.Dir(p.path))
	}
	if p.folder {
		return p.checkFolder()
	}
	return p.checkFile()
}

func (p *SavePlan) checkFolder() error {
	if real, err := filepath.EvalSymlinks(p.path); err == nil {
		p.path = real
	}
	entries, err := os.ReadDir(p.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("a folder is to be made there: %w", err)
	case len(entries) > 0:
		return errors.New("the folder is not empty: give another name, or remove it first")
	}
	return nil
}

// checkFile drops from beside what is there already.
func (p *SavePlan) checkFile() error {
	m := p.model
	if info, err := os.Stat(p.path); err == nil {
		if !info.Mode().IsRegular() {
			return errors.New("it is there and is not a file")
		}
		if m.isSource(p.path, info) {
			return fmt.Errorf("it is a file of the model %s itself: give another name", m.Path)
		}
	}
	missing := make([]File, 0, len(p.beside))
	for _, name := range []string{"config.json", "vocab.json", "merges.txt"} {
		i := slices.IndexFunc(p.beside, func(f File) bool { return f.Name == name })
		there, err := readBeside(filepath.Dir(p.path), name)
		switch {
		case err != nil:
			return err
		case there == nil && i >= 0:
			missing = append(missing, p.beside[i])
		case there == nil:
		case i < 0:
			return fmt.Errorf("there is a %s beside it, the model has none: write into another folder", name)
		case bytes.Equal(there.Data, p.beside[i].Data):
		case name == "config.json" && m.agrees(*there):
		default:
			return fmt.Errorf("the %s beside it differs from the model's: write into another folder", name)
		}
	}
	p.beside = missing
	return nil
}

// isSource reports whether a file that exists is one the model was opened from.
func (m *Model) isSource(path string, info os.FileInfo) bool {
	weights := m.Path
	switch m.Format {
	case safetensorsFile.name, npzFile.name, shardedFiles.name:
	default: // no single file of a kind that is written
		return false
	}
	if dir, err := os.Stat(weights); err == nil && dir.IsDir() {
		weights, _, _ = findWeights(weights) // it found them before
	}
	if m.Format == shardedFiles.name { // any file beside the index may be a shard
		weights, path = filepath.Dir(weights), filepath.Dir(path)
		info, _ = os.Stat(path)
	}
	source, err := os.Stat(weights)
	return err == nil && os.SameFile(source, info)
}

// agrees reports whether the model would have the same configuration with this
// config.json.
func (m *Model) agrees(f File) bool {
	c, err := parseConfig(f)
	if err != nil {
		return false
	}
	if m.HeadsOnly() { // the matrices say these, whatever the file does
		c.Layers, c.Heads, c.Width = m.Config.Layers, m.Config.Heads, m.Config.Width
		return c == m.Config
	}
	shapes := make(map[string][]int)
	MapParams(m.Params, func(name string, s *tensor.Stored) (int, error) {
		shapes[name] = s.Shape
		return 0, nil
	})
	err = c.fill(m.Config.Layers, func(name string) []int { return shapes[name] })
	return err == nil && c == m.Config
}

// beside are the small files of the model.
func (m *Model) beside() ([]File, error) {
	config, err := m.configJSON()
	if err != nil {
		return nil, err
	}
	files := []File{{"config.json", config}}
	if m.vocab != nil && m.merges != nil {
		files = append(files, File{"vocab.json", m.vocab.Data}, File{"merges.txt", m.merges.Data})
	}
	return files, nil
}

// configJSON is the configuration as HuggingFace's config.json of a GPT-2. A
// model of heads only may not know all of it.
func (m *Model) configJSON() ([]byte, error) {
	c := m.Config
	config := struct {
		ModelType     string   `json:"model_type"`
		Architectures []string `json:"architectures"`
		Layers        int      `json:"n_layer"`
		Heads         int      `json:"n_head"`
		Width         int      `json:"n_embd"`
		Inner         int      `json:"n_inner,omitempty"`
		Positions     int      `json:"n_positions,omitempty"`
		Vocab         int      `json:"vocab_size,omitempty"`
		Eps           float32  `json:"layer_norm_epsilon,omitempty"`
		Activation    string   `json:"activation_function"`
		BOS           *int32   `json:"bos_token_id,omitempty"`
		EOS           *int32   `json:"eos_token_id,omitempty"`
		Tied          bool     `json:"tie_word_embeddings"`
	}{
		ModelType: "gpt2", Architectures: []string{"GPT2LMHeadModel"},
		Layers: c.Layers, Heads: c.Heads, Width: c.Width, Inner: c.Hidden,
		Positions: c.Context, Vocab: c.Vocab, Eps: c.Eps,
		Activation: "gelu_new", Tied: m.Params.Head == nil,
	}
	if m.Tokenizer != nil {
		if id, ok := m.Tokenizer.BOS(); ok {
			config.BOS, config.EOS = &id, &id
		}
	}
	text, err := json.MarshalIndent(config, "", "  ")
	return append(text, '\n'), err
}

// Write carries the plan out, once; see [Save].
func (p *SavePlan) Write(ctx context.Context, progress func(bytes int64)) error {
	if err := p.write(ctx, progress); err != nil {
		return fmt.Errorf("cannot write %s: %w", p.out, err)
	}
	return nil
}

func (p *SavePlan) write(ctx context.Context, progress func(bytes int64)) error {
	dir, base := filepath.Split(p.path)
	temp := filepath.Join(dir, fmt.Sprintf(".%s.%08x.tmp", base, rand.Uint32()))
	if err := os.Mkdir(temp, 0o777); err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	for _, f := range p.beside {
		if err := os.WriteFile(filepath.Join(temp, f.Name), f.Data, 0o666); err != nil {
			return err
		}
	}
	weights := temp
	if !p.folder {
		weights = filepath.Join(temp, base)
	}
	if err := p.writeTensors(ctx, weights, progress); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return p.publish(temp)
}

// publish renames what is complete: a folder at once; of a file's company first
// the small files, so that the weights are never there without them.
func (p *SavePlan) publish(temp string) (err error) {
	if p.folder {
		// Rename does not replace a folder; Remove takes none that is not empty.
		if err := os.Remove(p.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return os.Rename(temp, p.path)
	}
	dir, base := filepath.Split(p.path)
	var made []string
	defer func() {
		if err != nil {
			for _, path := range made {
				os.Remove(path)
			}
		}
	}()
	for _, f := range p.beside {
		path := filepath.Join(dir, f.Name)
		if err := os.Rename(filepath.Join(temp, f.Name), path); err != nil {
			return err
		}
		made = append(made, path)
	}
	return os.Rename(filepath.Join(temp, base), p.path)
}
