package gpt2

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"headscope/models/tensor"
	"headscope/wgsl/cpu"
)

var tiny = Config{Layers: 2, Heads: 2, Width: 8, Hidden: 32, Context: 16, Vocab: 300, Eps: 1e-5}

// run runs the CPU reference or fails the test.
func run(t testing.TB, m *Model, in Input[*tensor.Tensor]) Activations {
	t.Helper()
	r, err := NewReference(m)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := r.Run(in)
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

func TestForwardKeepsEveryResult(t *testing.T) {
	kept, err := Synthetic(tiny, 1).Run([]int32{1, 2, 3})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]int{"embed": {3, 8}, "ln_f": {3, 8}, "logits": {3, 300}}
	for i := range tiny.Layers {
		for what, shape := range map[string][]int{
			"ln_1": {3, 8}, "qkv": {3, 24}, "scores": {2, 3, 3}, "attn": {2, 3, 3}, "lse": {2, 3}, "head_out": {3, 8},
			"attn_out": {3, 8}, "resid_mid": {3, 8}, "ln_2": {3, 8}, "fc": {3, 32}, "mlp": {3, 8}, "resid": {3, 8},
		} {
			want[Name(i, what)] = shape
		}
	}
	for name, shape := range want {
		if !slices.Equal(kept[name].Shape, shape) || len(kept[name].Data) != kept[name].Len() {
			t.Errorf("%s is %v, want %v", name, kept[name].Shape, shape)
		}
	}
	if len(kept) != len(want) {
		t.Errorf("%d results are kept, %d documented", len(kept), len(want))
	}
}

func TestLaterTokensDoNotChangeEarlierOnes(t *testing.T) {
	m := Synthetic(tiny, 2)
	a := run(t, m, Input[*tensor.Tensor]{IDs: []int32{5, 6, 7, 8}})["logits"]
	b := run(t, m, Input[*tensor.Tensor]{IDs: []int32{5, 6, 7, 299}})["logits"]
	for i := range 3 {
		if !slices.Equal(a.Row(i), b.Row(i)) {
			t.Errorf("row %d changed with the token after it", i)
		}
	}
	if slices.Equal(a.Row(3), b.Row(3)) {
		t.Error("the last row did not change with its token")
	}
}

func TestScoresAndLSEGiveTheAttention(t *testing.T) {
	kept := run(t, Synthetic(tiny, 3), Input[*tensor.Tensor]{IDs: []int32{9, 8, 7, 6, 5}})
	scores, attn, lse := kept["h.1.scores"], kept["h.1.attn"], kept["h.1.lse"]
	for h := range 2 {
		for i := range 5 {
			for j := range i + 1 {
				at := (h*5+i)*5 + j
				want := math.Exp(float64(scores.Data[at]) - float64(lse.Data[h*5+i]))
				if math.Abs(float64(attn.Data[at])-want) > 1e-6 {
					t.Errorf("head %d (%d, %d) is %v, exp(score - lse) %v", h, i, j, attn.Data[at], want)
				}
			}
		}
	}
	qkv := kept["h.1.qkv"]
	q, k := Head(qkv, 1, 6), Head(qkv, 3, 6) // queries and keys of head 1
	var dot float64
	for j := range 4 {
		dot += float64(q.Row(4)[j]) * float64(k.Row(0)[j])
	}
	if got := float64(scores.Data[(5+4)*5]); math.Abs(got-dot/2) > 1e-6 {
		t.Errorf("head 1's score (4, 0) is %v, q k / sqrt(4) %v", got, dot/2)
	}
}

func TestRecordedInputsGiveTheSameHeads(t *testing.T) {
	m := Synthetic(tiny, 4)
	whole := run(t, m, Input[*tensor.Tensor]{IDs: []int32{1, 2, 3, 4}})
	input := whole["h.1.ln_1"]
	part := run(t, m, Input[*tensor.Tensor]{Recorded: []*tensor.Tensor{nil, &input}})
	for _, what := range []string{"ln_1", "qkv", "scores", "attn", "head_out", "attn_out"} {
		if !slices.Equal(part[Name(1, what)].Data, whole[Name(1, what)].Data) {
			t.Errorf("%s differs", Name(1, what))
		}
	}
	if _, ok := part["h.0.qkv"]; ok || len(part) != 7 {
		t.Errorf("%d results, want layer 1's seven", len(part))
	}
}

func TestWithoutAttentionBias(t *testing.T) {
	m := Synthetic(tiny, 5)
	with := run(t, m, Input[*tensor.Tensor]{IDs: []int32{1, 2}})
	m.Params = m.Params.WithoutAttentionBias()
	if m.Params.Layers[0].AttnB != nil || m.Params.Layers[1].ProjB != nil || m.Params.Layers[0].FcB == nil {
		t.Fatal("the wrong biases are left out")
	}
	without := run(t, m, Input[*tensor.Tensor]{IDs: []int32{1, 2}})
	x, qkv := without["h.0.ln_1"], without["h.0.qkv"]
	w, err := m.Params.Layers[0].AttnW.Tensor()
	if err != nil {
		t.Fatal(err)
	}
	want := cpu.NewMat(2, 24)
	cpu.MatMul(want, cpu.MatOf(x.Data, 2, 8), cpu.MatOf(w.Data, 8, 24), cpu.Epilogue{})
	if !slices.Equal(qkv.Data, want.Data) || slices.Equal(with["h.0.qkv"].Data, qkv.Data) {
		t.Error("qkv is not x W")
	}
}

func TestForwardRefuses(t *testing.T) {
	m := Synthetic(tiny, 6)
	r, err := NewReference(m)
	if err != nil {
		t.Fatal(err)
	}
	heads := *r
	heads.Params = Params[*tensor.Tensor]{Layers: r.Params.Layers}
	wide, empty := tensor.New(3, 9), tensor.New(0, 8)
	good := tensor.New(3, 8)
	for _, c := range []struct {
		ref  *Reference
		in   Input[*tensor.Tensor]
		want string
	}{
		{r, Input[*tensor.Tensor]{}, "no tokens"},
		{r, Input[*tensor.Tensor]{IDs: make([]int32, 17)}, "17 tokens are more than the model's context of 16: shorten the prompt by 1"},
		{r, Input[*tensor.Tensor]{IDs: []int32{1, 300}}, "token 1 is id 300, expected 0 to 299"},
		{r, Input[*tensor.Tensor]{IDs: []int32{-1}}, "token 0 is id -1"},
		{&heads, Input[*tensor.Tensor]{IDs: []int32{1}}, "heads only"},
		{r, Input[*tensor.Tensor]{Recorded: []*tensor.Tensor{&wide}}, "layer 0 are [3 9], expected [tokens, 8]"},
		{r, Input[*tensor.Tensor]{Recorded: []*tensor.Tensor{&empty}}, "layer 0 are [0 8]"},
		{r, Input[*tensor.Tensor]{Recorded: []*tensor.Tensor{nil, nil, &good}}, "3 layers, the model has 2"},
		{r, Input[*tensor.Tensor]{Recorded: []*tensor.Tensor{nil}}, "no layer"},
	} {
		if _, err := c.ref.Run(c.in); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
}

// failing fails at one result.
type failing struct {
	referenceOps
	at string
}

func (f failing) Err() error {
	if _, ok := f.referenceOps[f.at]; ok {
		return errors.New("out of memory")
	}
	return nil
}

func TestForwardStopsAtTheFirstError(t *testing.T) {
	r, err := NewReference(Synthetic(tiny, 7))
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]string{"h.0.fc": "layer 0: out of memory", "h.1.attn": "layer 1: out of memory", "logits": "out of memory"} {
		ops := failing{referenceOps{}, at}
		_, err := Forward(Ops[*tensor.Tensor](ops), tiny, r.Params, Input[*tensor.Tensor]{IDs: []int32{1}})
		if err == nil || err.Error() != want {
			t.Errorf("failing at %s: error %v, want %q", at, err, want)
		}
		if _, ok := ops.referenceOps["h.1.ln_1"]; ok && at == "h.0.fc" {
			t.Error("layer 1 was begun after layer 0 had failed")
		}
	}
}

func TestMapParamsVisitsInOrderAndStops(t *testing.T) {
	m := Synthetic(tiny, 8)
	var names []string
	_, err := MapParams(m.Params, func(name string, s *tensor.Stored) (string, error) {
		if s.Name != name {
			t.Errorf("%s is visited as %s", s.Name, name)
		}
		names = append(names, name)
		return name, nil
	})
	if err != nil || len(names) != 4+12*tiny.Layers || names[0] != "wte.weight" || names[4] != "h.0.attn.c_attn.weight" || names[len(names)-1] != "ln_f.bias" {
		t.Errorf("%v: visited %v", err, names)
	}
	calls := 0
	got, err := MapParams(m.Params, func(name string, s *tensor.Stored) (string, error) {
		if calls++; calls == 3 {
			return "", fmt.Errorf("%s is too big", name)
		}
		return name, nil
	})
	if err == nil || calls != 3 || got.WPE != "wpe.weight" || got.LnFBias != "" {
		t.Errorf("%v after %d calls: %+v", err, calls, got)
	}
}

func TestSyntheticWeights(t *testing.T) {
	cfg := Config{Layers: 2, Heads: 4, Width: 64, Hidden: 256, Context: 64, Vocab: 2000, Eps: 1e-5}
	a, b, c := Synthetic(cfg, 1), Synthetic(cfg, 1), Synthetic(cfg, 2)
	for i, s := range a.Tensors() {
		if !slices.Equal(s.Bytes, b.Tensors()[i].Bytes) {
			t.Errorf("%s differs for the same seed", s.Name)
		}
		if slices.Equal(s.Bytes, c.Tensors()[i].Bytes) {
			t.Errorf("%s is the same for another seed", s.Name)
		}
	}
	// The same tensor of a deeper model is the same, where depth does not scale it.
	deeper := cfg
	deeper.Layers = 3
	if !slices.Equal(Synthetic(deeper, 1).Params.WTE.Bytes, a.Params.WTE.Bytes) {
		t.Error("wte depends on the number of layers")
	}
	for _, want := range []struct {
		s               *tensor.Stored
		mean, deviation float64
	}{
		{a.Params.WTE, 0, 0.02}, {a.Params.Layers[1].ProjW, 0, 0.01}, {a.Params.Layers[0].Ln1Gain, 1, 0.02}, {a.Params.Layers[0].FcB, 0, 0.02},
	} {
		x, err := want.s.Tensor()
		if err != nil {
			t.Fatal(err)
		}
		mean := cpu.Reduce(x.Data).Mean
		var square float64
		for _, v := range x.Data {
			square += (float64(v) - mean) * (float64(v) - mean)
		}
		deviation := math.Sqrt(square / float64(x.Len()))
		if math.Abs(mean-want.mean) > 0.01 || math.Abs(deviation/want.deviation-1) > 0.3 {
			t.Errorf("%s has mean %.4f and deviation %.4f, want %v and %v", want.s.Name, mean, deviation, want.mean, want.deviation)
		}
	}
	// The heads run from nearly even attention to sharp.
	ids := make([]int32, 64)
	for i := range ids {
		ids[i] = int32(i * 31)
	}
	attn := run(t, a, Input[*tensor.Tensor]{IDs: ids})["h.0.attn"]
	entropy := func(h int) float64 {
		return cpu.Average(cpu.Traits(cpu.BatchOf(attn.Data, 4, 64, 64).Mat(h), ids)).Normalized
	}
	if first, last := entropy(0), entropy(3); first < 0.9 || last > 0.7 {
		t.Errorf("entropy runs from %.2f to %.2f", first, last)
	}
}
