// Package demo carries the demo model inside the binary: a small GPT-2 trained
// for this project (see [Card]), and texts to look at its heads with. The
// embedded files go the same way as a folder on a disk, through gpt2.Assemble.
package demo

import (
	_ "embed"
	"fmt"
	"slices"

	format "github.com/nlpodyssey/safetensors"
	"headscope/models/gpt2"
	"headscope/models/tensor"
)

// Name is what the command line calls this model.
const Name = "demo"

// Card is the model card, in Markdown.
//
//go:embed README.md
var Card string

var (
	//go:embed config.json
	config []byte
	//go:embed vocab.json
	vocab []byte
	//go:embed merges.txt
	merges []byte
	//go:embed model.safetensors
	weights []byte
)

// Open opens the demo model. Its weights stay where the binary has them.
func Open() (*gpt2.Model, error) {
	file, err := stored()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", Name, err)
	}
	return gpt2.Assemble(gpt2.Parts{
		Path: Name, Format: "embedded safetensors", Tensors: file,
		Config: &gpt2.File{Name: "config.json", Data: config},
		Vocab:  &gpt2.File{Name: "vocab.json", Data: vocab},
		Merges: &gpt2.File{Name: "merges.txt", Data: merges},
	})
}

// stored describes the embedded tensors, in the order of their names.
func stored() (*tensor.File, error) {
	archive, err := format.Deserialize(weights)
	if err != nil {
		return nil, err
	}
	file := &tensor.File{}
	for _, name := range slices.Sorted(slices.Values(archive.Names())) {
		view, _ := archive.Tensor(name)
		dtype, err := tensor.ParseDtype(view.DType().String())
		if err != nil {
			return nil, fmt.Errorf("tensor %s: %w", name, err)
		}
		s := &tensor.Stored{Name: name, Dtype: dtype, Bytes: view.Data()}
		for _, n := range view.Shape() {
			s.Shape = append(s.Shape, int(n))
		}
		file.Tensors = append(file.Tensors, s)
	}
	return file, nil
}
