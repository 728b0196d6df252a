// Package llmc reads the GPT-2 checkpoints of llm.c (gpt2_124M.bin,
// gpt2_124M_bf16.bin): a header of 256 int32, then all parameters, little-endian,
// each kind as one block over all layers.
//
// The layout is that of ParameterTensors in llm.c's train_gpt2.c. A file is
// mapped and its size compared with what the header asks for; every layer's part
// of a block becomes a [tensor.Stored] under GPT-2's name. llm.c stores the
// weight of a linear layer as [out, in]; the tensors here are its transposed
// views, [in, out], as in GPT-2's own files.
package llmc

import (
	"encoding/binary"
	"errors"
	"fmt"

	"headscope/models/tensor"
)

// Magic is the first of the header's numbers, by which a checkpoint is known.
const Magic = 20240326

const (
	headerBytes = 256 * 4
	// maxLayers keeps a damaged header from asking for a long list of tiny
	// tensors; the largest GPT-2 has 48 layers.
	maxLayers = 1 << 12
)

// dtypes are the element types of the format's versions.
var dtypes = map[int]tensor.Dtype{3: tensor.F32, 5: tensor.BF16}

// File is a checkpoint and the sizes its header gives.
type File struct {
	tensor.File
	Context int // T: the most positions, rows of wpe
	Vocab   int // V: tokens, rows of wte (of which the file holds more, for alignment)
	Layers  int // L
	Heads   int // of a layer
	Width   int // C: channels, d in d_model
}

// Open maps a checkpoint. Its tensors are in the order of the file: wte, wpe,
// each kind of parameter for all layers, ln_f.
func Open(path string) (*File, error) {
	f := &File{}
	data, err := f.Map(path)
	if err == nil {
		if err = f.parse(data); err != nil {
			err = fmt.Errorf("%s: %w", path, err)
		}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// A block is one kind of parameter for all layers. Its shape is that of one
// layer, as stored.
type block struct {
	name  string
	shape []int
}

// perLayer are the blocks of c channels that every layer has a part of, in the
// order of the file. Matrices are [out, in].
func perLayer(c int) []block {
	return []block{
		{"ln_1.weight", []int{c}},
		{"ln_1.bias", []int{c}},
		{"attn.c_attn.weight", []int{3 * c, c}},
		{"attn.c_attn.bias", []int{3 * c}},
		{"attn.c_proj.weight", []int{c, c}},
		{"attn.c_proj.bias", []int{c}},
		{"ln_2.weight", []int{c}},
		{"ln_2.bias", []int{c}},
		{"mlp.c_fc.weight", []int{4 * c, c}},
		{"mlp.c_fc.bias", []int{4 * c}},
		{"mlp.c_proj.weight", []int{c, 4 * c}},
		{"mlp.c_proj.bias", []int{c}},
	}
}

func (f *File) parse(data []byte) error {
	if len(data) < headerBytes {
		return fmt.Errorf("not an llm.c checkpoint: shorter than its header of %d bytes", headerBytes)
	}
	header := func(i int) int { return int(int32(binary.LittleEndian.Uint32(data[4*i:]))) }
	if header(0) != Magic {
		return fmt.Errorf("not an llm.c checkpoint: it begins with %d, not %d", header(0), Magic)
	}
	dtype, ok := dtypes[header(1)]
	if !ok {
		return fmt.Errorf("llm.c checkpoint of version %d: 3 (float32) and 5 (bfloat16) are known, write it again with llm.c's train_gpt2.py", header(1))
	}
	f.Context, f.Vocab, f.Layers, f.Heads, f.Width = header(2), header(3), header(4), header(5), header(6)
	padded := header(7)
	sizes := fmt.Sprintf("context %d, vocabulary %d (padded to %d), layers %d, heads %d, channels %d",
		f.Context, f.Vocab, padded, f.Layers, f.Heads, f.Width)
	if min(f.Context, f.Vocab, f.Layers, f.Heads, f.Width) < 1 || padded < f.Vocab || f.Layers > maxLayers || f.Width%f.Heads != 0 {
		return fmt.Errorf("impossible sizes in the header: %s", sizes)
	}

	r := &reader{rest: data[headerBytes:], dtype: dtype}
	wte := r.take("wte.weight", padded, f.Width)
	r.take("wpe.weight", f.Context, f.Width)
	if f.Width <= len(data) { // so that 4 * Width cannot overflow
		for _, b := range perLayer(f.Width) {
			// The whole block first: a header that lies must not make a long list.
			if r.need(append([]int{f.Layers}, b.shape...)); r.err != nil {
				break
			}
			for i := range f.Layers {
				r.take(fmt.Sprintf("h.%d.%s", i, b.name), b.shape...)
			}
		}
	}
	r.take("ln_f.weight", f.Width)
	r.take("ln_f.bias", f.Width)
	if r.err == nil && len(r.rest) > 0 {
		r.err = fmt.Errorf("%d bytes are left over", len(r.rest))
	}
	if r.err != nil {
		return fmt.Errorf("the file's %d bytes do not fit its header (%s): %w", len(data), sizes, r.err)
	}

	wte.Shape[0] = f.Vocab
	wte.Bytes = wte.Bytes[:f.Vocab*f.Width*dtype.Size()]
	for _, s := range r.tensors {
		if len(s.Shape) == 2 && s.Name != "wte.weight" && s.Name != "wpe.weight" {
			s = s.Transposed()
		}
		f.Tensors = append(f.Tensors, s)
	}
	return nil
}

// reader takes one tensor after another; the first error stays.
type reader struct {
	rest    []byte
	dtype   tensor.Dtype
	tensors []*tensor.Stored
	err     error
}

// need returns how many bytes a shape takes, all of which are there.
func (r *reader) need(shape []int) int {
	n, err := tensor.CheckedLen(shape)
	if err == nil && n*r.dtype.Size() > len(r.rest) {
		err = errors.New("it is cut off, fetch it again")
	}
	if err != nil && r.err == nil {
		r.err = err
	}
	return n * r.dtype.Size()
}

func (r *reader) take(name string, shape ...int) *tensor.Stored {
	s := &tensor.Stored{Name: name, Shape: shape, Dtype: r.dtype}
	if n := r.need(shape); r.err == nil {
		s.Bytes, r.rest = r.rest[:n:n], r.rest[n:]
		r.tensors = append(r.tensors, s)
	}
	return s
}
