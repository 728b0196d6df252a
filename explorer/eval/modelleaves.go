package eval

import (
	"errors"
	"fmt"
	"math"
	"path"
	"slices"

	"headscope/explorer/session"
	"headscope/models/gpt2"
	"headscope/models/tensor"
	"headscope/wgsl/cpu"
)

// ModelLeaves gives the leaves of a model's sessions their values: what the file that a leaf
// names would hold if the model and its activations were written as such files
// ([session.Builtin] lists the names). Weights come from the model's own files. What has to be
// decoded is kept for the other heads of its layer. One goroutine at a time may use it.
type ModelLeaves struct {
	Sample int // of the recorded inputs; of a prompt 0

	model   *gpt2.Model
	input   func(layer int) (tensor.Tensor, error)
	decoded map[*tensor.Stored]tensor.Tensor // of the layer last asked for
	layer   int
}

// NewModelLeaves makes leaves of a model, which must stay open. input returns what the heads of a
// layer multiply, [tokens, width]: ln_1's output or the recorded one.
func NewModelLeaves(m *gpt2.Model, input func(layer int) (tensor.Tensor, error)) *ModelLeaves {
	return &ModelLeaves{model: m, input: input}
}

// Where names the place in which Find looks.
func (l *ModelLeaves) Where() string { return "the model " + l.model.Path }

// Find returns the matrix that a URL names by its last part, and whether that is a name of
// this kind. The values must not be written to: they may be the model's own. An error says that
// the model has no such matrix.
func (l *ModelLeaves) Find(url string) (tensor.Tensor, bool, error) {
	name, ok := session.ParseLeafName(url)
	if !ok {
		return tensor.Tensor{}, false, nil
	}
	t, err := l.find(name)
	if err == nil && !slices.Equal(t.Shape, []int{name.Rows, name.Cols}) {
		err = fmt.Errorf("it is %d x %d there, expected the %d x %d of the name", t.Rows(), t.Cols(), name.Rows, name.Cols)
	}
	if err != nil {
		return tensor.Tensor{}, true, fmt.Errorf("%s from %s: %w", path.Base(url), l.Where(), err)
	}
	return t, true, nil
}

func (l *ModelLeaves) find(name session.LeafName) (tensor.Tensor, error) {
	c := l.model.Config
	if name.Layer >= c.Layers {
		return tensor.Tensor{}, fmt.Errorf("there are layers 0 to %d", c.Layers-1)
	}
	if name.Layer != l.layer || l.decoded == nil {
		l.layer, l.decoded = name.Layer, map[*tensor.Stored]tensor.Tensor{}
	}
	layer := l.model.Params.Layers[name.Layer]
	switch name.Kind {
	case "input", "inputl", "input_t":
		return l.activations(name)
	case "fc":
		return l.whole(layer.FcW, "MLP")
	case "proj":
		return l.whole(layer.MlpW, "MLP")
	}
	if name.Number >= c.Heads {
		return tensor.Tensor{}, fmt.Errorf("there are heads 0 to %d", c.Heads-1)
	}
	switch name.Kind {
	case "wo":
		w, err := l.whole(layer.ProjW, "attention")
		if err != nil {
			return w, err
		}
		d := c.HeadWidth()
		return tensor.Tensor{Shape: []int{d, c.Width}, Data: w.Data[name.Number*d*c.Width:][:d*c.Width]}, nil
	case "k_t":
		k, err := l.projected(name, 1)
		if err != nil {
			return k, err
		}
		return k.Transposed(), nil
	case "v":
		return l.projected(name, 2)
	case "wk_t":
		w, err := l.weight(name, 1)
		if err != nil {
			return w, err
		}
		return w.Transposed(), nil
	case "wv":
		return l.weight(name, 2)
	default: // wq, wqs
		w, err := l.weight(name, 0)
		if err == nil && name.Kind == "wqs" {
			for i := range w.Data {
				w.Data[i] = float32(float64(w.Data[i]) * 8 / math.Sqrt(float64(w.Cols())))
			}
		}
		return w, err
	}
}

// whole is a layer's matrix, of its attention or MLP.
func (l *ModelLeaves) whole(s *tensor.Stored, of string) (tensor.Tensor, error) {
	if s == nil {
		return tensor.Tensor{}, fmt.Errorf("it has no %s weights of the layer", of)
	}
	if t, ok := l.decoded[s]; ok {
		return t, nil
	}
	t, err := s.Tensor()
	if err == nil {
		l.decoded[s] = t
	}
	return t, err
}

// activations is the input of a layer, or what the name makes of it.
func (l *ModelLeaves) activations(name session.LeafName) (tensor.Tensor, error) {
	if name.Number != l.Sample {
		return tensor.Tensor{}, fmt.Errorf("its inputs are of sample %d", l.Sample)
	}
	x, err := l.input(name.Layer)
	if err != nil {
		return x, err
	}
	if len(x.Shape) != 2 || x.Len() == 0 || x.Cols() != l.model.Config.Width {
		return x, fmt.Errorf("the layer's input is %v, expected [tokens, %d]", x.Shape, l.model.Config.Width)
	}
	if name.Kind == "inputl" {
		x = tensor.Tensor{Shape: []int{1, x.Cols()}, Data: x.Row(x.Rows() - 1)}
	}
	if name.Bias {
		ones := tensor.New(x.Rows(), x.Cols()+1)
		for i := range x.Rows() {
			ones.Row(i)[copy(ones.Row(i), x.Row(i))] = 1
		}
		x = ones
	}
	if name.Kind == "input_t" {
		x = x.Transposed()
	}
	return x, nil
}

// weight is a copy of a head's columns of part 0, 1 or 2 of c_attn: queries, keys, values. A
// bias is its last row.
func (l *ModelLeaves) weight(name session.LeafName, part int) (tensor.Tensor, error) {
	c, layer := l.model.Config, l.model.Params.Layers[name.Layer]
	all, err := l.whole(layer.AttnW, "attention")
	if err != nil {
		return all, err
	}
	w := gpt2.Head(all, part*c.Heads+name.Number, 3*c.Heads)
	if !name.Bias {
		return w, nil
	}
	if layer.AttnB == nil {
		return w, errors.New("it has no attention biases, open the session without (--no-bias)")
	}
	b, err := layer.AttnB.Tensor()
	if err != nil {
		return b, err
	}
	row := gpt2.Head(b, part*c.Heads+name.Number, 3*c.Heads)
	return tensor.Tensor{Shape: []int{w.Rows() + 1, w.Cols()}, Data: append(w.Data, row.Data...)}, nil
}

// projected is a head's keys or values, [tokens, head width]: the input by their weight.
func (l *ModelLeaves) projected(name session.LeafName, part int) (tensor.Tensor, error) {
	x, err := l.activations(session.LeafName{Layer: name.Layer, Number: l.Sample, Kind: "input", Bias: name.Bias})
	if err != nil {
		return x, err
	}
	w, err := l.weight(name, part)
	if err != nil {
		return w, err
	}
	out := tensor.New(x.Rows(), w.Cols())
	cpu.MatMul(cpu.MatOf(out.Data, out.Rows(), out.Cols()), cpu.MatOf(x.Data, x.Rows(), x.Cols()),
		cpu.MatOf(w.Data, w.Rows(), w.Cols()), cpu.Epilogue{})
	return out, nil
}
