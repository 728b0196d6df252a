package workspace

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"headscope/explorer/eval"
	"headscope/models/demo"
	"headscope/models/gpt2"
	"headscope/models/tensor"
)

// Model is a model on the device.
type Model struct {
	Path string
	File *gpt2.Model // owned

	device *eval.Model       // owned
	spare  *eval.Activations // owned: of a pass that is no longer shown; or nil
	remark error             // what is to be known of it, or nil
}

// Name is what the window calls the model: the folder's name where the file's own says
// nothing.
func (m *Model) Name() string { return ModelName(m.Path) }

// ModelName is what a model at a path is called.
func ModelName(path string) string {
	name := filepath.Base(path)
	if dir := filepath.Base(filepath.Dir(path)); strings.HasPrefix(name, "model.") && dir != "." && dir != "/" {
		return dir
	}
	return name
}

func (m *Model) release() {
	m.spare.Release()
	m.device.Release()
	m.File.Close()
}

// OpenModel opens the model at a path, or the built-in one.
func OpenModel(path string) (*gpt2.Model, error) {
	if path == demo.Name {
		return demo.Open()
	}
	m, err := gpt2.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: it may have moved; open a file or folder of weights, or the built-in model, %q", err, demo.Name)
	}
	return m, err
}

// wantModel is the entry of the model at a path.
func (w *Workspace) wantModel(path string) *entry[string, *Model] {
	return w.models.want(path, "Loading "+ModelName(path), func(j *Job) (*Model, error) { return w.load(j, path) })
}

// load opens a model and brings it to the device.
func (w *Workspace) load(j *Job, path string) (*Model, error) {
	file, err := await(w, j, func(context.Context) (*gpt2.Model, error) {
		m, err := OpenModel(path)
		if err == nil && m.Tokenizer != nil {
			m.Tokenizer.Encode("a") // makes its tables
		}
		return m, err
	})
	if err != nil {
		return nil, err
	}
	j.Total = int64(eval.WeightBytes(file))
	m := &Model{Path: path, File: file}
	m.device, err = eval.Load(j.ctx, w.Device, file, func(bytes int64) {
		j.Done += bytes
		j.pause()
	})
	if err != nil {
		file.Close()
		return nil, err
	}
	if all := slices.Concat(file.Notes, m.device.Warnings); len(all) > 0 {
		m.remark = errors.New(strings.Join(all, "; "))
	}
	return m, nil
}

// text is a list of token ids with their labels.
func (m *Model) text(ids []int32) *Text {
	t := &Text{IDs: ids, Limit: m.File.Config.Context}
	for _, id := range ids {
		label := fmt.Sprintf("[%d]", id)
		if m.File.Tokenizer != nil {
			label = m.File.Tokenizer.Token(id)
		}
		t.Tokens = append(t.Tokens, label)
	}
	return t
}

// textKey decides what tokens a prompt has.
type textKey struct{ model, prompt string }

// Text is a prompt, cut into tokens.
type Text struct {
	IDs    []int32
	Tokens []string // as labels
	Limit  int      // how many tokens the model's context holds
}

// wantText is the entry of a prompt's tokens.
func (w *Workspace) wantText(m *Model, prompt string) *entry[textKey, *Text] {
	return w.texts.want(textKey{m.Path, prompt}, "Reading the prompt", func(j *Job) (*Text, error) {
		if m.File.HeadsOnly() {
			return nil, fmt.Errorf("%s holds heads only, no embedding: open recorded activations (files such as layer0_input0_256_768.csv)", m.Name())
		}
		tokenizer := m.File.Tokenizer
		if tokenizer == nil {
			return nil, fmt.Errorf("%s: no vocabulary is known for %d tokens: put vocab.json and merges.txt beside the weights", m.Name(), m.File.Config.Vocab)
		}
		return await(w, j, func(context.Context) (*Text, error) { return m.text(tokenizer.Prompt(prompt)), nil })
	}, m)
}

// inputKey decides what recorded activations are read.
type inputKey struct {
	path   string
	sample int
}

// recorded is what stands in for a prompt: activations or token ids.
type recorded struct {
	layers  []*tensor.Tensor // [tokens, width] of each layer, or nil
	samples []int            // the numbers that there are
	ids     []int32          // instead of layers
}

// wantInputs is the entry of recorded activations, or of a .npy file of token ids.
func (w *Workspace) wantInputs(key inputKey) *entry[inputKey, *recorded] {
	return w.inputs.want(key, "Reading "+filepath.Base(key.path), func(j *Job) (*recorded, error) {
		return await(w, j, func(context.Context) (*recorded, error) {
			samples, err := gpt2.Samples(key.path)
			if err != nil {
				return nil, err
			}
			if len(samples) == 0 && strings.HasSuffix(key.path, ".npy") {
				ids, err := gpt2.ReadIDs(key.path)
				return &recorded{ids: ids}, err
			}
			layers, err := gpt2.Inputs(key.path, key.sample)
			return &recorded{layers: layers, samples: samples}, err
		})
	})
}
