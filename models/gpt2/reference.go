package gpt2

import (
	"fmt"
	"math"

	"headscope/models/tensor"
	"headscope/wgsl/cpu"
)

// Reference runs a model on the CPU with sums in float64, one operation at a
// time and every result kept: what other implementations are compared with.
type Reference struct {
	Config Config
	Params Params[*tensor.Tensor]
}

// NewReference decodes the weights of a model. Weights that need no decoding
// are shared with it, so it must stay open.
func NewReference(m *Model) (*Reference, error) {
	p, err := MapParams(m.Params, func(_ string, s *tensor.Stored) (*tensor.Tensor, error) {
		t, err := s.Tensor()
		return &t, err
	})
	return &Reference{Config: m.Config, Params: p}, err
}

// Activations are the results of a forward pass by name; [Forward] lists them.
type Activations map[string]tensor.Tensor

// Run is a forward pass.
func (r *Reference) Run(in Input[*tensor.Tensor]) (Activations, error) {
	for i, x := range in.Recorded {
		if x != nil && (len(x.Shape) != 2 || x.Shape[0] == 0 || x.Shape[1] != r.Config.Width) {
			return nil, fmt.Errorf("recorded activations of layer %d are %v, expected [tokens, %d]", i, x.Shape, r.Config.Width)
		}
	}
	ops := referenceOps{}
	_, err := Forward(Ops[*tensor.Tensor](ops), r.Config, r.Params, in)
	return Activations(ops), err
}

// Run runs the model once on the CPU; for more than one run, keep a
// [Reference].
func (m *Model) Run(ids []int32) (Activations, error) {
	r, err := NewReference(m)
	if err != nil {
		return nil, err
	}
	return r.Run(Input[*tensor.Tensor]{IDs: ids})
}

// referenceOps computes with the kernels' CPU twins. Nothing in it can fail.
type referenceOps map[string]tensor.Tensor

func (r referenceOps) Err() error { return nil }

func (r referenceOps) Keep(name string, x *tensor.Tensor) *tensor.Tensor {
	r[name] = *x
	return x
}

func (r referenceOps) make(name string, shape ...int) *tensor.Tensor {
	t := tensor.New(shape...)
	return r.Keep(name, &t)
}

func (r referenceOps) Embed(name string, ids []int32, wte, wpe *tensor.Tensor) *tensor.Tensor {
	out := r.make(name, len(ids), wte.Cols())
	cpu.Embed(mat(out), ids, mat(wte), mat(wpe))
	return out
}

func (r referenceOps) LayerNorm(name string, x, gain, bias *tensor.Tensor, eps float32) *tensor.Tensor {
	out := r.make(name, x.Shape...)
	cpu.LayerNorm(mat(out), mat(x), vector(gain), vector(bias), eps)
	return out
}

func (r referenceOps) MatMul(name string, x, w, bias *tensor.Tensor, gelu bool) *tensor.Tensor {
	out := r.make(name, x.Rows(), w.Cols())
	cpu.MatMul(mat(out), mat(x), mat(w), cpu.Epilogue{Bias: vector(bias), GELU: gelu})
	return out
}

func (r referenceOps) MatMulAdd(name, sum string, x, w, bias, residual *tensor.Tensor) *tensor.Tensor {
	product := r.MatMul(name, x, w, bias, false)
	out := r.make(sum, product.Shape...)
	cpu.Add(out.Data, product.Data, residual.Data)
	return out
}

func (r referenceOps) Attend(names AttendNames, qkv *tensor.Tensor, heads int) *tensor.Tensor {
	n, d := qkv.Rows(), qkv.Cols()/3
	scores, attn := r.make(names.Scores, heads, n, n), r.make(names.Attn, heads, n, n)
	lse, out := r.make(names.LSE, heads, n), r.make(names.HeadOut, n, d)
	third := func(i int) cpu.Batch { return mat(qkv).Sub(0, i*d, n, d).Heads(heads) }
	q, k, v, columns := third(0), third(1), third(2), mat(out).Heads(heads)
	for h := range heads {
		cpu.MatMulT(matrix(scores, h), q.Mat(h), k.Mat(h), cpu.Epilogue{})
	}
	scale := float32(1 / math.Sqrt(float64(d/heads)))
	for i := range scores.Data {
		scores.Data[i] *= scale
	}
	cpu.Parallel(heads, func(lo, hi int) {
		for h := lo; h < hi; h++ {
			cpu.Softmax(matrix(attn, h), matrix(scores, h), 1, true, lse.Row(h))
		}
	})
	for h := range heads {
		cpu.MatMul(columns.Mat(h), matrix(attn, h), v.Mat(h), cpu.Epilogue{})
	}
	return out
}

func (r referenceOps) Logits(name string, x, head *tensor.Tensor, lastOnly bool) *tensor.Tensor {
	rows := mat(x)
	if lastOnly {
		rows = rows.Sub(rows.Rows-1, 0, 1, rows.Cols)
	}
	out := r.make(name, rows.Rows, head.Rows())
	cpu.MatMulT(mat(out), rows, mat(head), cpu.Epilogue{})
	return out
}

// mat views a tensor as a matrix, all dimensions but the last as rows.
func mat(t *tensor.Tensor) cpu.Mat { return cpu.MatOf(t.Data, t.Rows(), t.Cols()) }

// matrix is matrix n of a tensor of three dimensions.
func matrix(t *tensor.Tensor, n int) cpu.Mat {
	return cpu.BatchOf(t.Data, t.Shape[0], t.Shape[1], t.Shape[2]).Mat(n)
}

// vector is a parameter's values, nil when it is absent.
func vector(t *tensor.Tensor) []float32 {
	if t == nil {
		return nil
	}
	return t.Data
}

// Head cuts part h of count out of a result that holds equal parts side by
// side in its last dimension: head h of head_out for count = H; of qkv, for
// count = 3H, the queries of head h, its keys at H+h, its values at 2H+h. It
// returns a copy, [N, d/H].
func Head(t tensor.Tensor, h, count int) tensor.Tensor {
	width := t.Cols() / count
	out := tensor.New(t.Rows(), width)
	for i := range t.Rows() {
		copy(out.Row(i), t.Row(i)[h*width:(h+1)*width])
	}
	return out
}
