package kernels

import (
	"fmt"

	"headscope/gpu"
)

// LayerWeights are those of one layer with the normalisation before attention and FFN, as in
// GPT-2. Matrices are transposed, [out, in]; gains and biases [1, out]. A bias without a buffer
// is none.
type LayerWeights struct {
	Gain1, Bias1   gpu.Tensor // [1, D], before attention
	QKV, QKVBias   gpu.Tensor // [3 D, D]: queries, keys, values, of all heads each
	Out, OutBias   gpu.Tensor // [D, D]
	Gain2, Bias2   gpu.Tensor // [1, D], before the FFN
	Up, UpBias     gpu.Tensor // [F, D]
	Down, DownBias gpu.Tensor // [D, F]
	Eps            float32    // of the normalisations
	Heads          int
}

// LayerWork is what [BlockwiseLayer] works in. None of it grows with the number of tokens,
// once there are more than a block.
type LayerWork struct {
	Queries   gpu.Tensor // owned: [block, D], and after attention the stream
	Mixed     gpu.Tensor // owned: [block, D], and before attention and FFN the normalised stream
	Hidden    gpu.Tensor // owned: [block, F], the FFN's hidden layer
	Attention gpu.Tensor // owned: [1, 1, floats] of [BlockwiseWork]
}

// NewLayerWork allocates the working space for a layer of n tokens.
func NewLayerWork(d *gpu.Device, n int, w LayerWeights, a Attention) (*LayerWork, error) {
	width, hidden := w.QKV.Cols, w.Up.Rows
	if w.Heads < 1 || width%w.Heads != 0 {
		return nil, fmt.Errorf("kernels: layer: %d heads in a width of %d", w.Heads, width)
	}
	head := width / w.Heads
	if err := a.Check(d, head); err != nil {
		return nil, err
	}
	rows, _ := a.Blocks(d, head)
	rows = min(rows, n)
	// The last block may have fewer rows, and with few attention goes another way.
	floats := BlockwiseWork(d, w.Heads, rows, n, head, a)
	if n%rows != 0 {
		floats = max(floats, BlockwiseWork(d, w.Heads, n%rows, n, head, a))
	}
	work := &LayerWork{}
	for _, t := range []struct {
		to         *gpu.Tensor
		label      string
		rows, cols int
	}{{&work.Queries, "queries", rows, width}, {&work.Mixed, "mixed", rows, width}, {&work.Hidden, "hidden", rows, hidden}, {&work.Attention, "attention", 1, floats}} {
		var err error
		if *t.to, err = d.NewTensor("block of "+t.label, 1, t.rows, t.cols); err != nil {
			work.Release()
			return nil, err
		}
	}
	return work, nil
}

// Release frees the working space. It is safe on nil, and a second time.
func (w *LayerWork) Release() {
	if w == nil {
		return
	}
	for _, t := range []gpu.Tensor{w.Queries, w.Mixed, w.Hidden, w.Attention} {
		t.Buffer.Release()
	}
}

// BlockwiseLayer computes one layer of a transformer over x [N, D] in the order of the
// Blockwise Parallel Transformer (Liu and Abbeel, 2023): keys and values are projected block
// by block, and then each block of queries goes all the way: projection, attention, output
// projection, residual, FFN with GELU, residual. What is wider than the stream exists for one
// block at a time, of a.BlockQ rows; what is as long as the text is the stream, k and v.
//
// k and v [N, D] and lse [H, N] are results, too: k.Heads(H) and lse draw regions. out [N, D]
// may be x.
func BlockwiseLayer(r *gpu.Recorder, out, lse, k, v gpu.Tensor, work *LayerWork, x gpu.Tensor, w LayerWeights, a Attention) {
	n, width := x.Rows, x.Cols
	same := func(t gpu.Tensor) bool { return t.Batch == 1 && t.Rows == n && t.Cols == width }
	ok := n > 0 && same(x) && same(out) && same(k) && same(v) && w.Heads > 0 && width%w.Heads == 0 && w.QKV.Rows == 3*width && w.QKV.Cols == width &&
		lse.Rows == w.Heads && lse.Cols == n && work != nil && work.Hidden.Cols == w.Up.Rows && work.Queries.Cols == width
	if !check(r, ok, "blockwise layer", out, lse, k, v, x, w.QKV, w.Up) {
		return
	}
	// A third of the fused projection.
	project := func(to, from gpu.Tensor, third int) {
		bias := w.QKVBias
		if bias.Buffer != nil {
			bias = bias.Part(0, 1, third*width, width)
		}
		MatMulT(r, to, from, w.QKV.Part(third*width, width, 0, width), Epilogue{Bias: bias})
	}
	step := work.Queries.Rows
	for row := 0; row < n; row += step {
		rows := min(step, n-row)
		part := func(t gpu.Tensor) gpu.Tensor { return t.Part(row, rows, 0, width) }
		normal := work.Mixed.Part(0, rows, 0, width)
		LayerNorm(r, normal, part(x), w.Gain1, w.Bias1, w.Eps)
		project(part(k), normal, 1)
		project(part(v), normal, 2)
	}
	for row := 0; row < n; row += step {
		rows := min(step, n-row)
		stream := x.Part(row, rows, 0, width)
		queries, mixed := work.Queries.Part(0, rows, 0, width), work.Mixed.Part(0, rows, 0, width)
		LayerNorm(r, mixed, stream, w.Gain1, w.Bias1, w.Eps)
		project(queries, mixed, 0)
		here := a
		here.Mask = a.Mask.at(row, 0)
		BlockwiseAttention(r, mixed.Heads(w.Heads), lse.Part(0, w.Heads, row, rows), work.Attention, queries.Heads(w.Heads), k.Heads(w.Heads), v.Heads(w.Heads), here)
		MatMulT(r, queries, mixed, w.Out, Epilogue{Bias: w.OutBias, Residual: stream})
		LayerNorm(r, mixed, queries, w.Gain2, w.Bias2, w.Eps)
		hidden := work.Hidden.Part(0, rows, 0, work.Hidden.Cols)
		MatMulT(r, hidden, mixed, w.Up, Epilogue{Bias: w.UpBias, GELU: true})
		MatMulT(r, out.Part(row, rows, 0, width), hidden, w.Down, Epilogue{Bias: w.DownBias, Residual: queries})
	}
}
