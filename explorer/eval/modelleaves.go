package eval

import (
	"errors"
	"fmt"
	"math"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"headscope/models/gpt2"
	"headscope/models/tensor"
	"headscope/wgsl/cpu"
)

// leafFile matches the names of files that [session.Builtin] documents: of a sample, of a
// head, or of a layer.
var leafFile = regexp.MustCompile(
	`^layer(\d{1,3})_(?:(inputl?b?|input_tb?)(\d{1,9})|(wqs?b?|wk_tb?|wvb?|wo|k_tb?|vb?)(\d{1,3})|(fc|proj))_(\d{1,7})_(\d{1,7})\.csv$`)

// leafName is such a name, taken apart.
type leafName struct {
	layer, number int    // number of the sample or head
	kind          string // without its b: input, inputl, input_t, wq, wqs, wk_t, wv, wo, k_t, v, fc, proj
	bias          bool
	rows, cols    int
}

// parseLeafName reads the last part of a URL.
func parseLeafName(url string) (leafName, bool) {
	m := leafFile.FindStringSubmatch(path.Base(url))
	if m == nil {
		return leafName{}, false
	}
	number := func(digits string) int {
		n, _ := strconv.Atoi(digits) // few digits: they fit; none are 0
		return n
	}
	kind, bias := strings.CutSuffix(m[2]+m[4]+m[6], "b")
	return leafName{number(m[1]), number(m[3] + m[5]), kind, bias, number(m[7]), number(m[8])}, true
}

// ModelLeaves gives the leaves of a model's sessions their values: what the file that a leaf
// names would hold if the model and its activations were written as such files
// ([session.Builtin] lists the names). Weights come from the model's own files.
type ModelLeaves struct {
	Sample int // of the recorded inputs; of a prompt 0

	model *gpt2.Model
	input func(layer int) (tensor.Tensor, error)
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
	name, ok := parseLeafName(url)
	if !ok {
		return tensor.Tensor{}, false, nil
	}
	t, err := l.find(name)
	if err == nil && !slices.Equal(t.Shape, []int{name.rows, name.cols}) {
		err = fmt.Errorf("it is %d x %d there, expected the %d x %d of the name", t.Rows(), t.Cols(), name.rows, name.cols)
	}
	if err != nil {
		return tensor.Tensor{}, true, fmt.Errorf("%s from %s: %w", path.Base(url), l.Where(), err)
	}
	return t, true, nil
}

func (l *ModelLeaves) find(name leafName) (tensor.Tensor, error) {
	c := l.model.Config
	if name.layer >= c.Layers {
		return tensor.Tensor{}, fmt.Errorf("there are layers 0 to %d", c.Layers-1)
	}
	layer := l.model.Params.Layers[name.layer]
	switch name.kind {
	case "input", "inputl", "input_t":
		return l.activations(name)
	case "fc":
		return whole(layer.FcW, "MLP")
	case "proj":
		return whole(layer.MlpW, "MLP")
	}
	if name.number >= c.Heads {
		return tensor.Tensor{}, fmt.Errorf("there are heads 0 to %d", c.Heads-1)
	}
	switch name.kind {
	case "wo":
		w, err := whole(layer.ProjW, "attention")
		if err != nil {
			return w, err
		}
		d := c.HeadWidth()
		return tensor.Tensor{Shape: []int{d, c.Width}, Data: w.Data[name.number*d*c.Width:][:d*c.Width]}, nil
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
		if err == nil && name.kind == "wqs" {
			for i := range w.Data {
				w.Data[i] = float32(float64(w.Data[i]) * 8 / math.Sqrt(float64(w.Cols())))
			}
		}
		return w, err
	}
}

// whole decodes a layer's matrix, of its attention or MLP.
func whole(s *tensor.Stored, of string) (tensor.Tensor, error) {
	if s == nil {
		return tensor.Tensor{}, fmt.Errorf("it has no %s weights of the layer", of)
	}
	return s.Tensor()
}

// activations is the input of a layer, or what the name makes of it.
func (l *ModelLeaves) activations(name leafName) (tensor.Tensor, error) {
	if name.number != l.Sample {
		return tensor.Tensor{}, fmt.Errorf("its inputs are of sample %d", l.Sample)
	}
	x, err := l.input(name.layer)
	if err != nil {
		return x, err
	}
	if len(x.Shape) != 2 || x.Len() == 0 || x.Cols() != l.model.Config.Width {
		return x, fmt.Errorf("the layer's input is %v, expected [tokens, %d]", x.Shape, l.model.Config.Width)
	}
	if name.kind == "inputl" {
		x = tensor.Tensor{Shape: []int{1, x.Cols()}, Data: x.Row(x.Rows() - 1)}
	}
	if name.bias {
		ones := tensor.New(x.Rows(), x.Cols()+1)
		for i := range x.Rows() {
			ones.Row(i)[copy(ones.Row(i), x.Row(i))] = 1
		}
		x = ones
	}
	if name.kind == "input_t" {
		x = x.Transposed()
	}
	return x, nil
}

// weight is a copy of a head's columns of part 0, 1 or 2 of c_attn: queries, keys, values. A
// bias is its last row.
func (l *ModelLeaves) weight(name leafName, part int) (tensor.Tensor, error) {
	c, layer := l.model.Config, l.model.Params.Layers[name.layer]
	all, err := whole(layer.AttnW, "attention")
	if err != nil {
		return all, err
	}
	w := gpt2.Head(all, part*c.Heads+name.number, 3*c.Heads)
	if !name.bias {
		return w, nil
	}
	if layer.AttnB == nil {
		return w, errors.New("it has no attention biases, open the session without (--no-bias)")
	}
	b, err := layer.AttnB.Tensor()
	if err != nil {
		return b, err
	}
	row := gpt2.Head(b, part*c.Heads+name.number, 3*c.Heads)
	return tensor.Tensor{Shape: []int{w.Rows() + 1, w.Cols()}, Data: append(w.Data, row.Data...)}, nil
}

// projected is a head's keys or values, [tokens, head width]: the input by their weight.
func (l *ModelLeaves) projected(name leafName, part int) (tensor.Tensor, error) {
	x, err := l.activations(leafName{layer: name.layer, number: l.Sample, kind: "input", bias: name.bias})
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
