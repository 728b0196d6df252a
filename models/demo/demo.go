// Package demo carries the demo model inside the binary: a small GPT-2 trained
// for this project (see [Card]), and texts to look at its heads with. The
// embedded files go the same way as a folder on a disk, through gpt2.Assemble.
package demo

import (
	_ "embed"
	"fmt"

	"headscope/models/gpt2"
	"headscope/models/safetensors"
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
	tensors, err := safetensors.Parse(weights)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", Name, err)
	}
	return gpt2.Assemble(gpt2.Parts{
		Path: Name, Format: "embedded safetensors", Tensors: &tensor.File{Tensors: tensors},
		Config: &gpt2.File{Name: "config.json", Data: config},
		Vocab:  &gpt2.File{Name: "vocab.json", Data: vocab},
		Merges: &gpt2.File{Name: "merges.txt", Data: merges},
	})
}
