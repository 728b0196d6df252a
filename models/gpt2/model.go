// Package gpt2 holds GPT-2: its configuration, its weights as files have them,
// its tokenizer, and one forward pass written over a small set of operations.
//
// [Open] recognises a file or folder and collects [Parts]: stored tensors, and
// the config and vocabulary beside them. [Assemble] checks them and gives a
// [Model]: Params, one stored tensor for each of GPT-2's parameters. MapParams
// turns those into what an implementation of [Ops] computes with, and [Forward]
// runs it on token ids (from a [Tokenizer]) or on recorded activations.
// [Reference] is the implementation for the CPU.
package gpt2

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"headscope/models/tensor"
)

// Model is a GPT-2 as it was found: parameters still in their files, decoded
// on demand.
type Model struct {
	Config    Config
	Path      string // file or folder
	Format    string // what it was recognised as
	Params    Params[*tensor.Stored]
	Tokenizer *Tokenizer // nil when no vocabulary is known
	Notes     []string   // what was assumed or left unused, a sentence each

	file          *tensor.File
	vocab, merges *File // what Tokenizer was made of, nil where that is GPT-2's own
}

// HeadsOnly reports whether the model has attention weights but no embedding:
// it runs on recorded activations, not on tokens.
func (m *Model) HeadsOnly() bool { return m.Params.WTE == nil }

// Tensors lists what the files hold, under the files' names.
func (m *Model) Tensors() []*tensor.Stored { return m.file.Tensors }

// Drop tells the system that a parameter's pages are no longer needed, for
// example after its upload.
func (m *Model) Drop(s *tensor.Stored) { m.file.Drop(s) }

// Close releases the files; the stored parameters are invalid afterwards. It is
// safe to call twice.
func (m *Model) Close() error { return m.file.Close() }

// File is a small file's content and what messages call it.
type File struct {
	Name string
	Data []byte
}

// Parts are what a model is assembled from, wherever they come from.
type Parts struct {
	Path, Format string
	Tensors      *tensor.File // the model closes it
	Heads        int          // as the weights' file says, or 0; a config.json has precedence
	Config       *File        // config.json, or nil
	Vocab        *File        // vocab.json, or nil
	Merges       *File        // merges.txt, or nil
}

// mask matches the causal masks that some exports save beside the weights.
var mask = regexp.MustCompile(`^h\.\d+\.attn\.(masked_)?bias$`)

// Assemble makes a model of its parts. The tensors are those of a GPT-2 under
// HuggingFace's names, with or without "transformer." in front, or the
// per-head matrices of mm's sets. Assemble closes the parts when it fails.
func Assemble(parts Parts) (*Model, error) {
	m := &Model{Path: parts.Path, Format: parts.Format, file: parts.Tensors, vocab: parts.Vocab, merges: parts.Merges}
	if err := m.assemble(parts); err != nil {
		m.Close()
		return nil, fmt.Errorf("%s: %w", parts.Path, err)
	}
	return m, nil
}

func (m *Model) assemble(parts Parts) error {
	if parts.Config != nil {
		c, err := parseConfig(*parts.Config)
		if err != nil {
			return err
		}
		m.Config = c
	}
	if m.Config.Heads == 0 {
		m.Config.Heads = parts.Heads
	}
	named, err := m.byName(parts.Tensors.Tensors)
	if err != nil {
		return err
	}
	if hasHeadSet(named) {
		err = m.assembleHeads(named)
	} else {
		err = m.assembleWhole(named)
	}
	if err != nil {
		return err
	}
	return m.chooseTokenizer(parts.Vocab, parts.Merges)
}

// byName files the tensors under GPT-2's names, without the masks.
func (m *Model) byName(tensors []*tensor.Stored) (map[string]*tensor.Stored, error) {
	named := make(map[string]*tensor.Stored, len(tensors))
	for _, s := range tensors {
		name := strings.TrimPrefix(s.Name, "transformer.")
		if mask.MatchString(name) {
			continue
		}
		if named[name] != nil {
			return nil, fmt.Errorf("tensor %s is there twice, with and without \"transformer.\"", name)
		}
		named[name] = s
	}
	return named, nil
}

// assembleWhole takes a complete GPT-2.
func (m *Model) assembleWhole(named map[string]*tensor.Stored) error {
	shapeOf := func(name string) []int {
		if s := named[name]; s != nil {
			return s.Shape
		}
		return nil
	}
	layers := countLayers(named)
	if len(shapeOf("wte.weight")) != 2 || len(shapeOf("wpe.weight")) != 2 || layers == 0 {
		return fmt.Errorf("this is no GPT-2: expected matrices wte.weight, wpe.weight and h.0.attn.c_attn.weight, there are %s", sample(named))
	}
	if err := m.Config.fill(layers, shapeOf); err != nil {
		return err
	}
	if d := m.Config.Width; slices.Equal(shapeOf(Name(0, "attn.c_attn.weight")), []int{3 * d, d}) {
		m.turn(named)
	}
	m.Params.Layers = make([]LayerParams[*tensor.Stored], m.Config.Layers)
	var wants []shape
	shapes := m.Config.shapes()
	shapes.each(func(_ string, at *shape) { wants = append(wants, *at) })
	var err error
	next := 0
	m.Params.each(func(name string, at **tensor.Stored) {
		want := wants[next]
		next++
		if err == nil {
			*at, err = take(named, name, want)
		}
	})
	if err != nil {
		return err
	}
	if err := m.tieHead(); err != nil {
		return err
	}
	if len(named) > 0 {
		m.note("left out, as not GPT-2's (%d): %s", len(named), sample(named))
	}
	return nil
}

// take moves a parameter out of named. Biases may be missing, and the head.
func take(named map[string]*tensor.Stored, name string, want shape) (*tensor.Stored, error) {
	s := named[name]
	delete(named, name)
	if s == nil {
		if strings.HasSuffix(name, ".bias") || name == "lm_head.weight" {
			return nil, nil
		}
		return nil, fmt.Errorf("tensor %s is missing, expected %v", name, want.dims())
	}
	if !slices.Equal(s.Shape, want.dims()) {
		return nil, fmt.Errorf("tensor %s is %v, expected %v", name, s.Shape, want.dims())
	}
	if !s.Dtype.Float() {
		return nil, fmt.Errorf("tensor %s holds %v, expected floating point numbers", name, s.Dtype)
	}
	return s, nil
}

// turn exchanges the axes of the matrices of a file that stores them as
// [out, in], the way of torch's Linear. The square ones look the same either
// way: the file's c_attn speaks for all of them.
func (m *Model) turn(named map[string]*tensor.Stored) {
	for i := range m.Config.Layers {
		for _, what := range []string{"attn.c_attn.weight", "attn.c_proj.weight", "mlp.c_fc.weight", "mlp.c_proj.weight"} {
			if s := named[Name(i, what)]; s != nil {
				named[Name(i, what)] = s.Transposed()
			}
		}
	}
	m.note("c_attn is [3d, d], as in nanoGPT and llm.c: all matrices of the layers are read as [out, in]")
}

// tieHead drops a head that only repeats the token embedding.
func (m *Model) tieHead() error {
	head, wte := m.Params.Head, m.Params.WTE
	if head == nil {
		return nil
	}
	same, err := equal(head, wte)
	if err != nil {
		return err
	}
	if same {
		m.Params.Head = nil
	} else {
		m.note("lm_head.weight differs from wte.weight: it is used for the logits")
	}
	return nil
}

func equal(a, b *tensor.Stored) (bool, error) {
	if a.Load == nil && b.Load == nil && a.Dtype == b.Dtype && a.BigEndian == b.BigEndian && a.Fortran == b.Fortran {
		return bytes.Equal(a.Bytes, b.Bytes), nil
	}
	x, err := a.Tensor()
	if err != nil {
		return false, err
	}
	y, err := b.Tensor()
	return slices.Equal(x.Data, y.Data), err
}

// chooseTokenizer takes the vocabulary beside the weights, else GPT-2's own if
// the model has as many tokens.
func (m *Model) chooseTokenizer(vocab, merges *File) (err error) {
	switch {
	case vocab != nil && merges != nil:
		if m.Tokenizer, err = NewTokenizer(*vocab, *merges); err != nil {
			return err
		}
	case vocab != nil || merges != nil:
		return fmt.Errorf("vocab.json and merges.txt belong together, and one of them is missing")
	case m.Config.Vocab == R50kSize:
		m.Tokenizer = R50k()
	case !m.HeadsOnly():
		m.note("no vocab.json and merges.txt: prompts must be given as token ids (--tokens)")
	}
	if t := m.Tokenizer; t != nil && !m.HeadsOnly() && t.Vocab() > m.Config.Vocab {
		m.note("the vocabulary has %d tokens, the model %d embeddings: ids beyond are refused", t.Vocab(), m.Config.Vocab)
	}
	return nil
}

func (m *Model) note(format string, args ...any) {
	m.Notes = append(m.Notes, fmt.Sprintf(format, args...))
}

// countLayers is one more than the highest layer a tensor belongs to.
func countLayers(named map[string]*tensor.Stored) int {
	layers := 0
	for name := range named {
		rest, ok := strings.CutPrefix(name, "h.")
		number, _, dot := strings.Cut(rest, ".")
		if i, err := strconv.Atoi(number); ok && dot && err == nil && i >= 0 && i < 1<<20 {
			layers = max(layers, i+1)
		}
	}
	return layers
}

// sample names a few tensors, for a message.
func sample(named map[string]*tensor.Stored) string {
	var names []string
	for _, s := range named {
		names = append(names, s.Name)
	}
	slices.Sort(names)
	if len(names) > 3 {
		names = append(names[:3], "...")
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
