package eval

import (
	"headscope/gpu"
	"headscope/gpu/kernels"
	"headscope/models/gpt2"
	"headscope/models/tensor"
)

// HeadResult views one head's share of a kept result of its layer: q, k, v, head_out
// [N, D/H], scores, attn [N, N] or lse [1, N].
func (a *Activations) HeadResult(layer, head int, what string) (gpu.Tensor, error) {
	t, err := a.Result(gpt2.Name(layer, what))
	if err != nil {
		return t, err
	}
	switch {
	case what == "lse":
		return t.Part(head, 1, 0, t.Cols), nil
	case t.Batch == 1:
		t = t.Heads(a.model.Config.Heads)
	}
	return t.At(head), nil
}

// ReadHead copies one head's result to the CPU. Beside the names of HeadResult there is
// out [N, D], what the head adds to the residual stream: head_out times the head's rows
// of c_proj, without c_proj's bias, which belongs to no head.
func (a *Activations) ReadHead(layer, head int, what string) (tensor.Tensor, error) {
	if what == "out" {
		return a.readHeadOut(layer, head)
	}
	t, err := a.HeadResult(layer, head, what)
	if err != nil {
		return tensor.Tensor{}, err
	}
	data, err := a.model.device.Read(t)
	if err != nil {
		return tensor.Tensor{}, err
	}
	if what == "lse" {
		return tensor.Tensor{Shape: []int{t.Cols}, Data: data[0]}, nil
	}
	return tensor.Tensor{Shape: []int{t.Rows, t.Cols}, Data: data[0]}, nil
}

func (a *Activations) readHeadOut(layer, head int) (tensor.Tensor, error) {
	x, err := a.HeadResult(layer, head, "head_out")
	if err != nil {
		return tensor.Tensor{}, err
	}
	d := a.model.Config.HeadWidth()
	w := &handle{}
	for _, p := range a.model.params.Layers[layer].ProjW.parts {
		w.parts = append(w.parts, p.Part(0, p.Rows, head*d, d))
	}
	out, err := a.slot("head.out", 1, x.Rows, w.rows(), false)
	if err != nil {
		return tensor.Tensor{}, err
	}
	r := a.model.device.Record("head out")
	linear(r, out, x, w, kernels.Epilogue{})
	if err := r.Submit(); err != nil {
		return tensor.Tensor{}, err
	}
	data, err := a.model.device.Read(out)
	if err != nil {
		return tensor.Tensor{}, err
	}
	return tensor.Tensor{Shape: []int{out.Rows, out.Cols}, Data: data[0]}, nil
}
