package session

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"headscope/explorer/camera"
	"headscope/explorer/expr"
)

// Shape says which head of which model a built-in session shows, and on how much input. The
// zero Shape is no model.
type Shape struct {
	Tokens    int // rows of the input
	Width     int // of the residual stream
	HeadWidth int // of a query, key or value
	Hidden    int // of the MLP; only the sessions that show one need it

	Layer, Head, Sample int // from 0; Sample numbers the input

	// Bias adds the biases of queries, keys and values without any operation but the
	// products: the input gets a last column of ones, and a weight a last row, or wK_t a last
	// column, that is its bias.
	Bias bool
}

// Builtin makes a session that comes with the program; [Builtins] lists their names.
//
// With the zero Shape it demonstrates: random leaves in the sizes of the article's links.
// With a model's it shows the model, and its leaves are of init "url". Their URLs are names of
// files as mm's data sets have them (rows and columns come last):
//
//	layer5_input0_256_768.csv     what layer 5's heads multiply, of sample 0; input_t0 is its transpose
//	layer5_wq4_768_64.csv         head 4's matrix; also wk_t4, wv4, wo4
//
// and, for what those sets do not have:
//
//	layer5_inputb0_256_769.csv    with the column of ones of Shape.Bias; also input_tb0
//	layer5_wqb4_769_64.csv        with the biases; also wk_tb4, wvb4
//	layer5_wqs4_192_16.csv        times 8/sqrt(columns), with biases wqsb4
//	layer5_inputl0_1_768.csv      the last token's row alone, with its 1 inputlb0
//	layer5_k_t4_64_256.csv        keys; values are v4; from biased products k_tb4 and vb4
//	layer5_fc_768_3072.csv        the MLP's first matrix; the second is layer5_proj_3072_768.csv
//
// Output projections stay without c_proj's bias, which belongs to no head.
//
// The scaled matrix serves attnqkov: its scores are a product over the width of the model, and the
// one epilog that scales by a head's width, softmax(tril(x/8)), does so for heads of 64. Of
// other heads the queries bring the rest.
//
// The sessions of a whole layer show one head and the MLP's matrices. Compared with the
// model that leaves out the other heads, residuals, LayerNorms and the MLP's biases, and
// gelu is the erf form where GPT-2 has the tanh form. lora shows random factors in the
// model's sizes, without biases: a model has none.
//
// [LeafName] takes such a name apart.
//
// All is in view from mm's usual direction in a window of 1280 x 800. In mm itself, which sees
// up to [camera.Far], a very wide model loses its rear.
func Builtin(name string, s Shape) (*Session, error) {
	i := indexOf(name)
	if i < 0 {
		return nil, fmt.Errorf("%.80q is no built-in session, expected one of %s", name, list(builtinNames()))
	}
	made, err := builtins[i].session(s)
	if err != nil {
		return nil, fmt.Errorf("session %s: %w", name, err)
	}
	return made, nil
}

// IsBuiltin reports whether a built-in session has a name.
func IsBuiltin(name string) bool { return indexOf(name) >= 0 }

// indexOf is -1 for a name that no built-in session has.
func indexOf(name string) int {
	return slices.IndexFunc(builtins, func(b builtin) bool { return b.name == name })
}

// Builtins lists the built-in sessions, a line each: "name: what it shows".
func Builtins() []string {
	lines := make([]string, len(builtins))
	for i, b := range builtins {
		lines[i] = b.name + ": " + b.about
	}
	return lines
}

func builtinNames() []string {
	names := make([]string, len(builtins))
	for i, b := range builtins {
		names[i] = b.name
	}
	return names
}

// list is a list of names for an error.
func list(names []string) string { return strings.Join(names, ", ") }

// session is the built-in for a shape.
func (b builtin) session(s Shape) (*Session, error) {
	isModel := s != Shape{}
	if !isModel {
		s = b.demo
	}
	if err := s.check(min(b.demo.Hidden, 1)); err != nil {
		return nil, err
	}
	made, err := FromExpression(b.text)
	if err != nil {
		return nil, err
	}
	root := made.Root
	changes := slices.Concat(b.look, b.nodes)
	if isModel {
		changes = append(changes, b.ofModel...)
	}
	for _, c := range changes {
		if err := find(root, c.node).Set(c.key, c.value); err != nil {
			return nil, err
		}
	}
	if err := s.fill(root, isModel); err != nil {
		return nil, err
	}
	// Gaps are made for the demonstration's sizes: a smaller model's matrices keep together.
	if share := float64(s.Width) / float64(b.demo.Width); share < 1 {
		if err := root.Set("layout.gap", max(2, math.Round(root.Layout.Gap*share))); err != nil {
			return nil, err
		}
	}
	made.Form = b.name
	if isModel {
		made.shows(s)
	}
	return made, made.Fit(camera.Viewport{W: 1280, H: 800})
}

// find returns the first node of a name, the root under the empty one.
func find(root *expr.Node, name string) *expr.Node {
	found := root
	root.Walk(func(_ string, n *expr.Node) {
		if found == root && n.Name == name {
			found = n
		}
	})
	return found
}

// maxSample is the largest number of a sample: names of files have nine digits.
const maxSample = 999999999

// check says which number of a shape no model has. The hidden width is to be at least so large.
func (s Shape) check(hidden int) error {
	for _, c := range []struct {
		what         string
		n, low, high int
	}{
		{"tokens", s.Tokens, 1, expr.MaxDim},
		{"width", s.Width, 1, expr.MaxDim - 1}, // room for the biases
		{"head width", s.HeadWidth, 1, expr.MaxDim},
		{"hidden width", s.Hidden, hidden, expr.MaxDim},
		{"layer", s.Layer, 0, 999}, // names of files have three digits
		{"head", s.Head, 0, 999},
		{"sample", s.Sample, 0, maxSample},
	} {
		if c.n < c.low || c.n > c.high {
			return fmt.Errorf("%s is %d, expected %d to %d", c.what, c.n, c.low, c.high)
		}
	}
	return nil
}
