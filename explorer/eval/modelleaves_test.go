package eval

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"headscope/explorer/expr"
	"headscope/explorer/session"
	"headscope/models/demo"
	"headscope/models/gpt2"
	"headscope/models/tensor"
)

// headModel is a model with what its reference computes for a prompt.
type headModel struct {
	*gpt2.Model
	run  gpt2.Activations
	n    int
	bias bool
}

func newHeadModel(t *testing.T, m *gpt2.Model, ids []int32, bias bool) headModel {
	t.Helper()
	r, err := gpt2.NewReference(m)
	if err != nil {
		t.Fatal(err)
	}
	if !bias {
		r.Params = r.Params.WithoutAttentionBias()
	}
	run, err := r.Run(gpt2.Input[*tensor.Tensor]{IDs: ids})
	if err != nil {
		t.Fatal(err)
	}
	return headModel{m, run, len(ids), bias}
}

func (m headModel) leaves() *ModelLeaves {
	return NewModelLeaves(m.Model, func(layer int) (tensor.Tensor, error) { return m.run[gpt2.Name(layer, "ln_1")], nil })
}

func (m headModel) shape(layer, head int) session.Shape {
	c := m.Config
	return session.Shape{Tokens: m.n, Width: c.Width, HeadWidth: c.HeadWidth(), Hidden: c.Hidden, Layer: layer, Head: head, Bias: m.bias}
}

// values computes a session in float64 from its leaves, by name of the matrix.
func values(t *testing.T, leaves *ModelLeaves, root *expr.Node) map[string][][]float64 {
	t.Helper()
	all := map[string][][]float64{}
	var value func(n *expr.Node) [][]float64
	value = func(n *expr.Node) [][]float64 {
		if !n.IsMatMul() {
			got, ok, err := leaves.Find(n.URL)
			if err != nil || !ok {
				t.Fatalf("%s: %v, %v", n.URL, ok, err)
			}
			if got.Rows() != n.H || got.Cols() != n.W {
				t.Fatalf("%s is %v, its leaf %d x %d", n.URL, got.Shape, n.H, n.W)
			}
			x := make([][]float64, n.H)
			for i := range x {
				for _, v := range got.Row(i) {
					x[i] = append(x[i], float64(v))
				}
			}
			return x
		}
		l, r := value(n.Left), value(n.Right)
		_, d, w := n.Shape()
		x := make([][]float64, len(l))
		for i := range x {
			x[i] = make([]float64, w)
			for k, a := range l[i] {
				for j, b := range r[k] {
					x[i][j] += a * b
				}
			}
		}
		switch n.Epilog {
		case "softmax(tril(x/sqrt(k)))":
			softmax(x, math.Sqrt(float64(d)), true)
		case "softmax(tril(x/8))":
			softmax(x, 8, true)
		case "softmax(x/sqrt(k))":
			softmax(x, math.Sqrt(float64(d)), false)
		case "gelu":
			for _, row := range x {
				for j, v := range row {
					row[j] = v / 2 * (1 + math.Erf(v/math.Sqrt2))
				}
			}
		case "none":
		default:
			t.Fatalf("%s has the epilog %s", n.Name, n.Epilog)
		}
		all[n.Name] = x
		return x
	}
	value(root)
	return all
}

func softmax(x [][]float64, divisor float64, causal bool) {
	for i, row := range x {
		sum, largest := 0.0, math.Inf(-1)
		seen := row
		if causal {
			seen = row[:i+1]
			clear(row[i+1:])
		}
		for _, v := range seen {
			largest = max(largest, v/divisor)
		}
		for j, v := range seen {
			seen[j] = math.Exp(v/divisor - largest)
			sum += seen[j]
		}
		for j := range seen {
			seen[j] /= sum
		}
	}
}

// headOut is what a head adds to the residual stream, by the reference: A V, of head_out, times
// its rows of c_proj.
func (m headModel) headOut(t *testing.T, layer, head int) [][]float64 {
	t.Helper()
	mixed := gpt2.Head(m.run[gpt2.Name(layer, "head_out")], head, m.Config.Heads)
	w, err := m.Params.Layers[layer].ProjW.Tensor()
	if err != nil {
		t.Fatal(err)
	}
	d := m.Config.HeadWidth()
	out := make([][]float64, m.n)
	for i := range out {
		out[i] = make([]float64, m.Config.Width)
		for k, a := range mixed.Row(i) {
			for j, b := range w.Row(head*d + k) {
				out[i][j] += float64(a) * float64(b)
			}
		}
	}
	return out
}

// compare says whether a matrix is within 2e-5 of another, of its largest value if that is above 1.
func compare(got [][]float64, want func(i, j int) float64) error {
	worst, largest, at := 0.0, 1.0, ""
	for i, row := range got {
		for j, v := range row {
			largest = max(largest, math.Abs(want(i, j)))
			if d := math.Abs(v - want(i, j)); !(d <= worst) {
				worst, at = d, fmt.Sprintf("[%d, %d] is %g, want %g", i, j, v, want(i, j))
			}
		}
	}
	if !(worst <= 2e-5*largest) {
		return errors.New(at)
	}
	return nil
}

func headModels(t *testing.T) []headModel {
	t.Helper()
	demoModel, err := demo.Open()
	if err != nil {
		t.Fatal(err)
	}
	ids := demoModel.Tokenizer.Prompt(demo.Prompts()[0].Text)
	// Heads of 24: 8/sqrt(24) is no power of 2. Heads of 64 need no scaling.
	odd := gpt2.Synthetic(gpt2.Config{Layers: 2, Heads: 3, Width: 72, Hidden: 31, Context: 40, Vocab: 50, Eps: 1e-5}, 1)
	wide := gpt2.Synthetic(gpt2.Config{Layers: 1, Heads: 2, Width: 128, Hidden: 16, Context: 40, Vocab: 50, Eps: 1e-5}, 2)
	short := []int32{4, 9, 4, 31, 0, 49, 7}
	var all []headModel
	for _, bias := range []bool{true, false} {
		all = append(all, newHeadModel(t, demoModel, ids, bias), newHeadModel(t, odd, short, bias), newHeadModel(t, wide, short, bias))
	}
	t.Cleanup(func() { demoModel.Close() })
	return all
}

func TestModelLeavesGiveTheModelsHeads(t *testing.T) {
	for _, m := range headModels(t) {
		leaves, last := m.leaves(), m.Config.Layers-1
		for _, h := range [][2]int{{0, 0}, {last / 2, m.Config.Heads / 2}, {last, m.Config.Heads - 1}} {
			attn, out := m.run[gpt2.Name(h[0], "attn")], m.headOut(t, h[0], h[1])
			at := func(i, j int) float64 { return float64(attn.Data[(h[1]*m.n+i)*m.n+j]) }
			for _, name := range []string{"attngpt2", "attnqkov", "layer", "blockwise"} {
				s, err := session.Builtin(name, m.shape(h[0], h[1]))
				if err != nil {
					t.Fatal(err)
				}
				got := values(t, leaves, s.Root)
				if err := compare(got["attn"], at); err != nil {
					t.Errorf("%s, head %v of width %d, bias %v: attn%s", name, h, m.Config.HeadWidth(), m.bias, err)
				}
				head := got["out"]
				if head == nil {
					head = got["attn_out"]
				}
				if err := compare(head, func(i, j int) float64 { return out[i][j] }); err != nil {
					t.Errorf("%s, head %v of width %d, bias %v: out%s", name, h, m.Config.HeadWidth(), m.bias, err)
				}
			}
			s, err := session.Builtin("decode", m.shape(h[0], h[1]))
			if err != nil {
				t.Fatal(err)
			}
			got := values(t, leaves, s.Root)
			if err := compare(got["attn"], func(_, j int) float64 { return at(m.n-1, j) }); err != nil {
				t.Errorf("decode, head %v: attn%s", h, err)
			}
			if err := compare(got["attn_out"], func(_, j int) float64 { return out[m.n-1][j] }); err != nil {
				t.Errorf("decode, head %v: attn_out%s", h, err)
			}
		}
	}
}

// The MLP's matrices are the model's: layer's last product is that of its attn_out.
func TestModelLeavesOfTheMLP(t *testing.T) {
	for _, m := range headModels(t)[:2] {
		for name, stored := range map[string]*tensor.Stored{
			fmt.Sprintf("layer1_fc_%d_%d.csv", m.Config.Width, m.Config.Hidden):   m.Params.Layers[1].FcW,
			fmt.Sprintf("layer1_proj_%d_%d.csv", m.Config.Hidden, m.Config.Width): m.Params.Layers[1].MlpW,
		} {
			got, ok, err := m.leaves().Find("https://x.org/weights/" + name)
			if err != nil || !ok {
				t.Fatal(name, ok, err)
			}
			want, err := stored.Tensor()
			if err != nil {
				t.Fatal(err)
			}
			for i, v := range want.Data {
				if got.Data[i] != v {
					t.Fatalf("%s: value %d is %g, want %g", name, i, got.Data[i], v)
				}
			}
		}
	}
}

func TestModelLeavesDoNotChangeTheModel(t *testing.T) {
	m := headModels(t)[0]
	before, err := m.Params.Layers[5].AttnW.Tensor()
	if err != nil {
		t.Fatal(err)
	}
	was := append([]float32(nil), before.Data...)
	for range 2 {
		if _, _, err := m.leaves().Find("layer5_wqsb4_193_16.csv"); err != nil {
			t.Fatal(err)
		}
	}
	after, _ := m.Params.Layers[5].AttnW.Tensor()
	for i, v := range was {
		if after.Data[i] != v {
			t.Fatalf("c_attn's value %d is %g and was %g", i, after.Data[i], v)
		}
	}
}

// What a file's tensors have to be parsed for is parsed once for all heads of a layer.
func TestModelLeavesDecodeALayerOnce(t *testing.T) {
	m := gpt2.Synthetic(gpt2.Config{Layers: 2, Heads: 3, Width: 72, Hidden: 31, Context: 40, Vocab: 50, Eps: 1e-5}, 1)
	want := newHeadModel(t, m, []int32{4, 9, 4}, true)
	loads := 0
	for i := range m.Params.Layers {
		l := &m.Params.Layers[i]
		for _, s := range []**tensor.Stored{&l.AttnW, &l.ProjW} {
			parsed := **s
			data := parsed.Bytes
			parsed.Bytes, parsed.Load = nil, func() ([]byte, error) { loads++; return data, nil }
			*s = &parsed
		}
	}
	leaves := want.leaves()
	for n, h := range [][2]int{{0, 0}, {0, 2}, {0, 1}, {1, 1}, {1, 2}} {
		s, err := session.Builtin("attngpt2", want.shape(h[0], h[1]))
		if err != nil {
			t.Fatal(err)
		}
		values(t, leaves, s.Root)
		if most := 2 * (h[0] + 1); loads != most {
			t.Errorf("after head %d, %v, %d tensors were parsed, want %d", n, h, loads, most)
		}
	}
}

func TestModelLeavesRefuse(t *testing.T) {
	m := headModels(t)[0]
	leaves := m.leaves()
	for _, other := range []string{"", "weights.csv", "layer5_wq4_192_16.npy", "layer5_wob4_17_192.csv", "layer5_wqbs4_193_16.csv",
		"layer5_fcb_193_768.csv", "layer5_fc4_192_768.csv", "layer5_wq_192_16.csv", "layer5_input_tl0_192_1.csv", "layer1000_wq4_192_16.csv",
		"layer-1_wq4_192_16.csv", "layer5_wq4_192_16.csv/x", "LAYER5_wq4_192_16.csv", "layer5_wq4_192_99999999.csv"} {
		if _, ok, err := leaves.Find(other); ok || err != nil {
			t.Errorf("%q: %v, %v", other, ok, err)
		}
	}
	refused := func(l *ModelLeaves, name, want string) {
		t.Helper()
		_, ok, err := l.Find(name)
		if !ok || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v, want %s", name, ok, err, want)
		} else if strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), name+" from the model ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	refused(leaves, "layer12_wq4_192_16.csv", "there are layers 0 to 11")
	refused(leaves, "layer5_wo12_16_192.csv", "there are heads 0 to 11")
	refused(leaves, "layer5_wq4_768_64.csv", "it is 192 x 16 there, expected the 768 x 64 of the name")
	refused(leaves, "layer5_wk_t4_192_16.csv", "it is 16 x 192 there")
	refused(leaves, "layer5_wqb4_192_16.csv", "it is 193 x 16 there")
	refused(leaves, "layer5_input0_3_192.csv", fmt.Sprintf("it is %d x 192 there", m.n))
	refused(leaves, "layer5_input1_3_192.csv", "its inputs are of sample 0")
	leaves.Sample = 1
	refused(leaves, "layer5_k_t4_16_3.csv", fmt.Sprintf("it is 16 x %d there", m.n))
	refused(leaves, "layer5_input0_3_192.csv", "its inputs are of sample 1")

	// Heads alone, without biases, MLP and layer 0.
	bare := *m.Model
	bare.Params = m.Params.WithoutAttentionBias()
	for i := range bare.Params.Layers {
		bare.Params.Layers[i].FcW, bare.Params.Layers[i].MlpW = nil, nil
	}
	bare.Params.Layers[0] = gpt2.LayerParams[*tensor.Stored]{}
	leaves = NewModelLeaves(&bare, func(layer int) (tensor.Tensor, error) {
		if layer == 0 {
			return tensor.Tensor{}, errors.New("nothing was recorded")
		}
		return tensor.New(3, 5), nil
	})
	refused(leaves, "layer5_wvb4_193_16.csv", "it has no attention biases")
	refused(leaves, "layer5_wk_tb4_16_193.csv", "it has no attention biases")
	refused(leaves, "layer5_wqsb4_193_16.csv", "it has no attention biases")
	refused(leaves, "layer5_fc_192_768.csv", "no MLP weights of the layer")
	refused(leaves, "layer5_proj_768_192.csv", "no MLP weights of the layer")
	refused(leaves, "layer0_wk_t4_16_192.csv", "no attention weights of the layer")
	refused(leaves, "layer0_wo4_16_192.csv", "no attention weights of the layer")
	refused(leaves, "layer0_input_t0_192_3.csv", "nothing was recorded")
	refused(leaves, "layer0_k_t4_16_3.csv", "nothing was recorded")
	refused(leaves, "layer5_v4_3_16.csv", "input is [3 5], expected [tokens, 192]")
}
