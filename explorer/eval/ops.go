package eval

import (
	"math"

	"headscope/gpu"
	"headscope/gpu/kernels"
	"headscope/models/gpt2"
)

// ops implements gpt2.Ops on a recorder. The recorder's sticky error is theirs.
type ops struct {
	r         *gpu.Recorder
	a         *Activations
	blockwise bool // attention, see Options
}

// causal is the mask of GPT-2's attention: a token sees itself and those before it.
var causal = kernels.Mask{Causal: true}

func (o *ops) Err() error { return o.r.Err() }

// make finds the place of a result and lets launch fill it.
func (o *ops) make(name string, batch, rows, cols int, launch func(out gpu.Tensor)) *handle {
	if o.r.Err() != nil {
		return nil
	}
	out, err := o.a.slot(name, batch, rows, cols, o.a.keep(name))
	if err != nil {
		o.r.Fail(err)
		return nil
	}
	launch(out)
	return &handle{parts: []gpu.Tensor{out}}
}

func (o *ops) Embed(name string, ids []int32, wte, wpe *handle) *handle {
	if o.r.Err() != nil {
		return nil
	}
	return o.make(name, 1, len(ids), wpe.one().Cols, func(out gpu.Tensor) {
		kernels.Embed(o.r, out, o.a.ids, wte.parts, wpe.one(), 0)
	})
}

func (o *ops) LayerNorm(name string, x, gain, bias *handle, eps float32) *handle {
	if o.r.Err() != nil {
		return nil
	}
	in := x.one()
	return o.make(name, 1, in.Rows, in.Cols, func(out gpu.Tensor) {
		kernels.LayerNorm(o.r, out, in, gain.one(), bias.one(), eps)
	})
}

func (o *ops) MatMul(name string, x, w, bias *handle, gelu bool) *handle {
	if o.r.Err() != nil {
		return nil
	}
	in := x.one()
	return o.make(name, 1, in.Rows, w.rows(), func(out gpu.Tensor) {
		linear(o.r, out, in, w, kernels.Epilogue{Bias: bias.one(), GELU: gelu})
	})
}

// MatMulAdd fuses the addition into the product, unless the product itself is kept.
func (o *ops) MatMulAdd(name, sum string, x, w, bias, residual *handle) *handle {
	if o.r.Err() != nil {
		return nil
	}
	in := x.one()
	if !o.a.keep(name) {
		return o.make(sum, 1, in.Rows, w.rows(), func(out gpu.Tensor) {
			linear(o.r, out, in, w, kernels.Epilogue{Bias: bias.one(), Residual: residual.one()})
		})
	}
	product := o.MatMul(name, x, w, bias, false)
	return o.make(sum, 1, in.Rows, w.rows(), func(out gpu.Tensor) {
		kernels.Add(o.r, out, residual.one(), product.one())
	})
}

// linear computes out = x w, where w is kept transposed, [out, in]: each of its parts
// gives a range of columns.
func linear(r *gpu.Recorder, out, x gpu.Tensor, w *handle, e kernels.Epilogue) {
	first := 0
	for _, p := range w.parts {
		part := e
		part.Bias = e.Bias.Part(0, 1, first, p.Rows)
		part.Residual = e.Residual.Part(0, x.Rows, first, p.Rows)
		kernels.MatMulT(r, out.Part(0, x.Rows, first, p.Rows), x, p, part)
		first += p.Rows
	}
}

func (o *ops) Attend(names gpt2.AttendNames, qkv *handle, heads int) *handle {
	if o.r.Err() != nil {
		return nil
	}
	q, k, v := third(qkv.one(), 0, heads), third(qkv.one(), 1, heads), third(qkv.one(), 2, heads)
	if o.blockwise {
		return o.attendBlocks(names, q, k, v)
	}
	mask := causal
	if o.a.keep(names.Scores) { // all of them
		mask = kernels.Mask{}
	}
	scores := o.make(names.Scores, heads, q.Rows, q.Rows, func(out gpu.Tensor) {
		kernels.MatMulT(o.r, out, q, k, kernels.Epilogue{Scale: float32(1 / math.Sqrt(float64(q.Cols))), Mask: mask})
	})
	lse := o.sums(names.LSE, heads, q.Rows)
	attn := o.make(names.Attn, heads, q.Rows, q.Rows, func(out gpu.Tensor) {
		if lse != nil && scores != nil {
			kernels.Softmax(o.r, out, lse.one(), scores.one(), 1, causal)
		}
	})
	return o.make(names.HeadOut, 1, q.Rows, heads*q.Cols, func(out gpu.Tensor) {
		if attn != nil {
			kernels.MatMul(o.r, out.Heads(heads), attn.one(), v, kernels.Epilogue{Mask: causal})
		}
	})
}

// attendBlocks is attention without scores: the log-sum-exp of each row is what is left of
// them.
func (o *ops) attendBlocks(names gpt2.AttendNames, q, k, v gpu.Tensor) *handle {
	how := kernels.Attention{Mask: causal}
	work := o.make("attention work", 1, 1, kernels.BlockwiseWork(o.r.Device(), q.Batch, q.Rows, k.Rows, q.Cols, how), func(gpu.Tensor) {})
	lse := o.sums(names.LSE, q.Batch, q.Rows)
	return o.make(names.HeadOut, 1, q.Rows, q.Batch*q.Cols, func(out gpu.Tensor) {
		if work != nil && lse != nil {
			kernels.BlockwiseAttention(o.r, out.Heads(q.Batch), lse.one().Buffer.Packed(q.Batch, q.Rows), work.one(), q, k, v, how)
		}
	})
}

// sums makes the place of each row's log-sum-exp, packed.
func (o *ops) sums(name string, heads, rows int) *handle {
	return o.make(name, 1, 1, heads*rows, func(out gpu.Tensor) {
		if o.a.keep(name) {
			o.a.results[name] = out.Buffer.Packed(heads, rows)
		}
	})
}

func (o *ops) Logits(name string, x, head *handle, lastOnly bool) *handle {
	if o.r.Err() != nil {
		return nil
	}
	in := x.one()
	if lastOnly {
		in = in.Part(in.Rows-1, 1, 0, in.Cols)
	}
	return o.make(name, 1, in.Rows, head.rows(), func(out gpu.Tensor) {
		linear(o.r, out, in, head, kernels.Epilogue{})
	})
}

// Keep files a tensor from outside, which already lies in a slot.
func (o *ops) Keep(name string, x *handle) *handle {
	if o.a.keep(name) {
		o.a.results[name] = x.one()
	}
	return x
}

// third views the queries (0), keys (1) or values (2) in qkv [N, 3D] as [H, N, D/H].
func third(qkv gpu.Tensor, which, heads int) gpu.Tensor {
	d := qkv.Cols / 3
	return qkv.Part(0, qkv.Rows, which*d, d).Heads(heads)
}
