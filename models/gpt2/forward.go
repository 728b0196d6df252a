package gpt2

import "fmt"

// Ops are the operations of a forward pass on handles T: tensors in memory, or
// buffers on a device. A result is kept under the name the operation gets. The
// zero T is a parameter that is absent (test with `x == none` after `var none
// T`): an absent bias adds nothing. N is the number of tokens, d the width, H
// the number of heads, V the vocabulary.
//
// Operations report no errors: after the first failure they do nothing and
// return the zero T, and Err says what failed. Forward asks after every layer.
type Ops[T comparable] interface {
	// Embed is wte[ids] + wpe[0...]: [N, d].
	Embed(name string, ids []int32, wte, wpe T) T
	// LayerNorm normalises each row of x, then applies gain and bias.
	LayerNorm(name string, x, gain, bias T, eps float32) T
	// MatMul is x w + bias, through gelu_new if asked.
	MatMul(name string, x, w, bias T, gelu bool) T
	// MatMulAdd returns residual + (x w + bias), kept under sum. The product
	// before the addition may be kept under name, or never exist: the addition
	// can be fused into the product.
	MatMulAdd(name, sum string, x, w, bias, residual T) T
	// Attend is A V of every head, side by side: [N, d]. A is the softmax of
	// Q K^T / sqrt(d/H) over the columns 0..i of each row i, the rest is 0. qkv
	// is [N, 3d]: queries, keys and values, the heads side by side in each. A
	// itself, the scores and each row's log-sum-exp are kept under their names,
	// or never exist.
	Attend(names AttendNames, qkv T, heads int) T
	// Logits are x head^T, [N, V], or [1, V] of the last row only.
	Logits(name string, x, head T, lastOnly bool) T
	// Keep files a tensor from outside under a name.
	Keep(name string, x T) T
	// Err is the first error.
	Err() error
}

// AttendNames are the names of what attention makes.
type AttendNames struct{ Scores, Attn, LSE, HeadOut string }

// Input is what a forward pass starts from: ids, or recorded activations.
type Input[T comparable] struct {
	IDs      []int32
	LastOnly bool // logits of the last token only

	// Recorded holds, for each layer, the activations [N, d] that its heads
	// multiply (after LayerNorm), or the zero T to leave the layer out. Then
	// only attention is computed, each layer for itself.
	Recorded []T
}

// Forward runs a GPT-2 (Radford et al. 2019). These results are kept, where
// h.L is layer L:
//
//	embed         [N, d]     token plus position embedding
//	h.L.ln_1      [N, d]
//	h.L.qkv       [N, 3d]
//	h.L.scores    [H, N, N]  Q K^T / sqrt(d/H), before the mask
//	h.L.attn      [H, N, N]  after the causal softmax
//	h.L.lse       [H, N]     log-sum-exp of each row's scores
//	h.L.head_out  [N, d]     A V; head h in columns h*d/H...
//	h.L.attn_out  [N, d]     after c_proj (unless fused away)
//	h.L.resid_mid [N, d]     residual stream after attention
//	h.L.ln_2      [N, d]
//	h.L.fc        [N, 4d]    after GELU
//	h.L.mlp       [N, d]     the MLP's output (unless fused away)
//	h.L.resid     [N, d]     residual stream after the layer
//	ln_f          [N, d]
//	logits        [N, V] or [1, V]
//
// It returns the logits; with recorded input, the last layer's attn_out.
func Forward[T comparable](ops Ops[T], cfg Config, p Params[T], in Input[T]) (T, error) {
	var none T
	if in.Recorded != nil {
		return recorded(ops, cfg, p, in.Recorded)
	}
	if p.WTE == none {
		return none, fmt.Errorf("the model has heads only, no embedding: give it recorded activations instead of tokens (--inputs)")
	}
	if err := CheckIDs(cfg, in.IDs); err != nil {
		return none, err
	}
	x := ops.Embed("embed", in.IDs, p.WTE, p.WPE)
	for i, w := range p.Layers {
		a := ops.LayerNorm(Name(i, "ln_1"), x, w.Ln1Gain, w.Ln1Bias, cfg.Eps)
		o := attend(ops, cfg, i, w, a)
		x = ops.MatMulAdd(Name(i, "attn_out"), Name(i, "resid_mid"), o, w.ProjW, w.ProjB, x)

		m := ops.LayerNorm(Name(i, "ln_2"), x, w.Ln2Gain, w.Ln2Bias, cfg.Eps)
		f := ops.MatMul(Name(i, "fc"), m, w.FcW, w.FcB, true)
		x = ops.MatMulAdd(Name(i, "mlp"), Name(i, "resid"), f, w.MlpW, w.MlpB, x)
		if err := ops.Err(); err != nil {
			return none, fmt.Errorf("layer %d: %w", i, err)
		}
	}
	x = ops.LayerNorm("ln_f", x, p.LnFGain, p.LnFBias, cfg.Eps)
	head := p.Head
	if head == none {
		head = p.WTE
	}
	logits := ops.Logits("logits", x, head, in.LastOnly)
	return logits, ops.Err()
}

// attend is softmax(Q K^T / sqrt(d/H)) V of every head of layer i on x.
func attend[T comparable](ops Ops[T], cfg Config, i int, w LayerParams[T], x T) T {
	qkv := ops.MatMul(Name(i, "qkv"), x, w.AttnW, w.AttnB, false)
	names := AttendNames{Name(i, "scores"), Name(i, "attn"), Name(i, "lse"), Name(i, "head_out")}
	return ops.Attend(names, qkv, cfg.Heads)
}

// recorded runs the attention of each layer on its recorded input.
func recorded[T comparable](ops Ops[T], cfg Config, p Params[T], inputs []T) (out T, err error) {
	var none T
	if len(inputs) > len(p.Layers) {
		return none, fmt.Errorf("recorded activations of %d layers, the model has %d", len(inputs), len(p.Layers))
	}
	for i, x := range inputs {
		if x == none {
			continue
		}
		w := p.Layers[i]
		if w.AttnW == none {
			return none, fmt.Errorf("layer %d has recorded activations but no weights", i)
		}
		x = ops.Keep(Name(i, "ln_1"), x)
		out = ops.MatMul(Name(i, "attn_out"), attend(ops, cfg, i, w, x), w.ProjW, w.ProjB, false)
		if err := ops.Err(); err != nil {
			return none, fmt.Errorf("layer %d: %w", i, err)
		}
	}
	if out == none {
		return none, fmt.Errorf("recorded activations of no layer: expected at least one")
	}
	return out, nil
}

// CheckIDs says what keeps a model from running on ids: none at all, more than
// its context holds, one outside its vocabulary.
func CheckIDs(cfg Config, ids []int32) error {
	switch {
	case len(ids) == 0:
		return fmt.Errorf("no tokens: give at least one")
	case len(ids) > cfg.Context:
		return fmt.Errorf("%d tokens are more than the model's context of %d: shorten the prompt by %d", len(ids), cfg.Context, len(ids)-cfg.Context)
	}
	for i, id := range ids {
		if id < 0 || int(id) >= cfg.Vocab {
			return fmt.Errorf("token %d is id %d, expected 0 to %d: the tokens are of another vocabulary", i, id, cfg.Vocab-1)
		}
	}
	return nil
}
