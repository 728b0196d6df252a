package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"headscope/gpu"
	"headscope/gpu/kernels"
	"headscope/wgsl/cpu"
)

// layerMethod is the whole layer, a block of queries at a time.
const layerMethod = "blockwise-layer"

// benchLayer is a layer with random weights, as wide as the heads together and four times as
// wide in the middle of its FFN.
type benchLayer struct {
	kernels.LayerWeights
	host  map[*gpu.Tensor]cpu.Mat // what the weights' tensors hold
	owned []gpu.Tensor
}

func newBenchLayer(d *gpu.Device, heads, head int) (l *benchLayer, err error) {
	l = &benchLayer{LayerWeights: kernels.LayerWeights{Eps: 1e-5, Heads: heads}, host: map[*gpu.Tensor]cpu.Mat{}}
	width := heads * head
	random := rand.New(rand.NewPCG(7, 7))
	for _, t := range []struct {
		to         *gpu.Tensor
		label      string
		rows, cols int
		mean, size float64
	}{
		{&l.Gain1, "gain", 1, width, 1, 0.1}, {&l.Bias1, "bias", 1, width, 0, 0.1},
		{&l.QKV, "qkv", 3 * width, width, 0, 1 / math.Sqrt(float64(width))}, {&l.QKVBias, "qkv bias", 1, 3 * width, 0, 0.1},
		{&l.Out, "out", width, width, 0, 1 / math.Sqrt(float64(width))}, {&l.OutBias, "out bias", 1, width, 0, 0.1},
		{&l.Gain2, "gain", 1, width, 1, 0.1}, {&l.Bias2, "bias", 1, width, 0, 0.1},
		{&l.Up, "up", 4 * width, width, 0, 1 / math.Sqrt(float64(width))}, {&l.UpBias, "up bias", 1, 4 * width, 0, 0.1},
		{&l.Down, "down", width, 4 * width, 0, 0.5 / math.Sqrt(float64(width))}, {&l.DownBias, "down bias", 1, width, 0, 0.1},
	} {
		m := cpu.NewMat(t.rows, t.cols)
		for i := range m.Data {
			m.Data[i] = float32(t.mean + t.size*random.NormFloat64())
		}
		if *t.to, err = d.Upload(t.label, t.rows, t.cols, m.Data); err != nil {
			l.release()
			return nil, err
		}
		l.host[t.to], l.owned = m, append(l.owned, *t.to)
	}
	return l, nil
}

func (l *benchLayer) release() {
	if l == nil {
		return
	}
	for _, t := range l.owned {
		t.Buffer.Release()
	}
	l.owned = nil
}

// layerData is what is as long as the text in a layer: the stream and its keys and values.
type layerData struct {
	x, out, k, v, lse gpu.Tensor // owned; out may be nothing: the layer writes over x then
	host              []float32  // of x
}

func (l *layerData) release() {
	for _, t := range []gpu.Tensor{l.x, l.out, l.k, l.v, l.lse} {
		t.Buffer.Release()
	}
}

// newLayerData makes a random stream of n tokens.
func (b *attentionBench) newLayerData(n, heads, width int) (x *layerData, err error) {
	x = &layerData{host: make([]float32, n*width)}
	random := rand.New(rand.NewPCG(uint64(n), 9))
	for i := range x.host {
		x.host[i] = float32(random.NormFloat64())
	}
	for _, t := range []struct {
		to         *gpu.Tensor
		label      string
		rows, cols int
	}{{&x.x, "stream", n, width}, {&x.out, "stream out", n, width}, {&x.k, "k", n, width}, {&x.v, "v", n, width}, {&x.lse, "lse", heads, n}} {
		if *t.to, err = b.d.NewTensor(t.label, 1, t.rows, t.cols); err != nil {
			x.release()
			return nil, err
		}
	}
	if err := b.d.WriteRows(x.x, 0, x.host); err != nil {
		x.release()
		return nil, err
	}
	return x, nil
}

// measureLayer times the whole layer at the length of a row, and checks it.
func (b *attentionBench) measureLayer(row attentionRow) (attentionRow, error) {
	n, width := row.N, b.f.heads*b.f.d
	stream := [3]int{1, n, width}
	row.Method, row.Data, row.Binding = layerMethod, "random", bytesOf(stream)
	row.Skipped = b.over(n, [][3]int{stream, stream, stream, stream, {1, b.f.heads, n}}, 0)
	if row.Skipped != "" {
		return row, nil
	}
	var err error
	if b.layer == nil {
		if b.layer, err = newBenchLayer(b.d, b.f.heads, b.f.d); err != nil {
			return row, err
		}
	}
	x, err := b.newLayerData(n, b.f.heads, width)
	if err != nil {
		return row, err
	}
	defer x.release()
	var wall, own []time.Duration
	for run := range b.f.runs + 1 {
		if err := b.ctx.Err(); err != nil {
			return row, err
		}
		alive := b.d.Live().Bytes
		b.d.ResetPeak()
		t, g, err := b.runLayer(n, b.layer, x)
		if err != nil {
			return row, err
		}
		if run > 0 {
			row.Peak = b.d.Live().Peak - alive + sizes(x.x, x.k, x.v, x.out, x.lse)
			wall, own = append(wall, t), append(own, g)
			continue
		}
		worst, logit, err := b.checkLayer(x, n)
		if err != nil {
			return row, err
		}
		row.Error, row.MaxLogit = &worst, logit
	}
	row.timing = newTiming(wall, own)
	row.GFLOPs = (4*b.pairs(n)*float64(width) + 24*float64(n)*float64(width)*float64(width)) / row.Median / 1e6
	return row, nil
}

// runLayer times one layer of n tokens.
func (b *attentionBench) runLayer(n int, l *benchLayer, x *layerData) (wall, own time.Duration, err error) {
	work, err := kernels.NewLayerWork(b.d, n, l.LayerWeights, b.attention())
	if err != nil {
		return 0, 0, err
	}
	defer work.Release()
	return b.d.Time("layer", func(r *gpu.Recorder) {
		r.Until(b.ctx)
		kernels.BlockwiseLayer(r, x.out, x.lse, x.k, x.v, work, x.x, l.LayerWeights, b.attention())
	})
}

// checkLayer compares rows all over the layer with float64: keys and values with their
// projections, and what comes out with the layer on these keys and values.
func (b *attentionBench) checkLayer(x *layerData, n int) (worst, logit float64, err error) {
	got, err := b.d.Read(x.k, x.v, x.out)
	if err != nil {
		return 0, 0, err
	}
	l, width, head := b.layer, b.f.heads*b.f.d, b.f.d
	k, v := cpu.MatOf(got[0], n, width), cpu.MatOf(got[1], n, width)
	m := func(t *gpu.Tensor) cpu.Mat { return l.host[t] }
	differ := func(what []float32, want cpu.Mat, at int) {
		for c := range want.Cols {
			if diff := math.Abs(float64(what[at*width+c]) - float64(want.Data[c])); !(diff <= worst) {
				worst = diff
			}
		}
	}
	normal, third, mixed := cpu.NewMat(1, width), cpu.NewMat(1, width), cpu.NewMat(1, width)
	stream, hidden, out := cpu.NewMat(1, width), cpu.NewMat(1, 4*width), cpu.NewMat(1, width)
	for _, i := range rowsToCheck(n) {
		in := cpu.MatOf(x.host[i*width:(i+1)*width], 1, width)
		cpu.LayerNorm(normal, in, m(&l.Gain1).Data, m(&l.Bias1).Data, l.Eps)
		project := func(which int) cpu.Mat {
			cpu.MatMulT(third, normal, m(&l.QKV).Sub(which*width, 0, width, width), cpu.Epilogue{Bias: m(&l.QKVBias).Data[which*width : (which+1)*width]})
			return third
		}
		differ(got[0], project(1), i)
		differ(got[1], project(2), i)
		q := project(0)
		ref := cpu.Attention{Scale: float32(1 / math.Sqrt(float64(head))), Causal: b.f.causal, Position: i}
		for h := range b.f.heads {
			logit = max(logit, ref.Attend(mixed.Sub(0, h*head, 1, head), make([]float32, 1), q.Sub(0, h*head, 1, head), k.Sub(0, h*head, n, head), v.Sub(0, h*head, n, head)))
		}
		cpu.MatMulT(stream, mixed, m(&l.Out), cpu.Epilogue{Bias: m(&l.OutBias).Data, Residual: &in})
		cpu.LayerNorm(normal, stream, m(&l.Gain2).Data, m(&l.Bias2).Data, l.Eps)
		cpu.MatMulT(hidden, normal, m(&l.Up), cpu.Epilogue{Bias: m(&l.UpBias).Data, GELU: true})
		cpu.MatMulT(out, hidden, m(&l.Down), cpu.Epilogue{Bias: m(&l.DownBias).Data, Residual: &stream})
		differ(got[2], out, i)
	}
	if math.IsNaN(worst) {
		return 0, 0, fmt.Errorf("%s: the result is no number", layerMethod)
	}
	return worst, logit, nil
}
