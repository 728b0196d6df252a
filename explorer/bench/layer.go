package bench

import (
	"context"
	"math"
	"math/rand/v2"
	"time"

	"headscope/gpu"
	"headscope/gpu/kernels"
	"headscope/wgsl/cpu"
)

// layer is a layer with random weights, as wide as the heads together and four times as wide
// in the middle of its FFN.
type layer struct {
	kernels.LayerWeights
	host  map[*gpu.Tensor]cpu.Mat // what the weights' tensors hold
	owned []gpu.Tensor
}

// weightShapes are those of a layer's matrices, the largest ones.
func weightShapes(width int) [][3]int {
	return [][3]int{{1, 3 * width, width}, {1, width, width}, {1, 4 * width, width}, {1, width, 4 * width}}
}

// weights makes the layer for so many heads, or returns the one there is.
func (r *runner) weights(heads int) (*layer, error) {
	if r.layer != nil && r.layer.Heads == heads {
		return r.layer, nil
	}
	r.layer.release()
	l := &layer{LayerWeights: kernels.LayerWeights{Eps: 1e-5, Heads: heads}, host: map[*gpu.Tensor]cpu.Mat{}}
	r.layer = l
	width := heads * r.D
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
		var m cpu.Mat
		err := r.elsewhere(func() {
			m = cpu.NewMat(t.rows, t.cols)
			normal(r.ctx, random, m.Data, t.mean, t.size)
		})
		if err == nil {
			*t.to, err = r.d.NewTensor(t.label, 1, t.rows, t.cols)
		}
		if err == nil {
			l.host[t.to], l.owned = m, append(l.owned, *t.to)
			err = r.write(t.to.Buffer, m.Data) // the width is a multiple of 4: no padding
		}
		if err != nil {
			l.release()
			r.layer = nil
			return nil, err
		}
	}
	return l, nil
}

func (l *layer) release() {
	if l == nil {
		return
	}
	for _, t := range l.owned {
		t.Buffer.Release()
	}
	l.owned = nil
}

// stream is what is as long as the text in a layer: the stream and its keys and values.
type stream struct {
	in, out, k, v gpu.Tensor // owned: [n, width]
	lse           gpu.Tensor // owned: [heads, n]
	host          []float32  // of in
}

func (x *stream) release() {
	for _, t := range []gpu.Tensor{x.in, x.out, x.k, x.v, x.lse} {
		t.Buffer.Release()
	}
}

// newStream makes a random stream of n tokens.
func (r *runner) newStream(n, heads int) (x *stream, err error) {
	width := heads * r.D
	x = &stream{}
	defer func() {
		if err != nil {
			x.release()
		}
	}()
	err = r.elsewhere(func() {
		x.host = make([]float32, n*width)
		normal(r.ctx, rand.New(rand.NewPCG(uint64(n), 9)), x.host, 0, 1)
	})
	if err != nil {
		return x, err
	}
	for _, t := range []struct {
		to         *gpu.Tensor
		label      string
		rows, cols int
	}{{&x.in, "stream", n, width}, {&x.out, "stream out", n, width}, {&x.k, "k", n, width}, {&x.v, "v", n, width}, {&x.lse, "lse", heads, n}} {
		if *t.to, err = r.d.NewTensor(t.label, 1, t.rows, t.cols); err != nil {
			return x, err
		}
	}
	return x, r.write(x.in.Buffer, x.host)
}

// measureLayer measures the whole layer at the length of row.
func (r *runner) measureLayer(row Row, each func(Row)) error {
	n, width := row.N, float64(r.Heads*r.D)
	one := [3]int{1, n, r.Heads * r.D}
	row.Method, row.Data, row.Binding = BlockwiseLayer, "random", bytesOf(one)
	shapes := append(weightShapes(r.Heads*r.D), one, one, one, one, [3]int{1, r.Heads, n})
	if row.Skipped = r.over(n, shapes, 0); row.Skipped != "" {
		return r.alternate([]trial{{row: row}}, each)
	}
	l, err := r.weights(r.Heads)
	if err != nil {
		return err
	}
	x, err := r.newStream(n, r.Heads)
	if err != nil {
		return err
	}
	defer x.release()
	return r.alternate([]trial{{
		row: row, inputs: sizes(x.in, x.k, x.v, x.out, x.lse), flop: 4*r.pairs(n)*width + 24*float64(n)*width*width,
		run:   func() (wall, own time.Duration, err error) { return r.runLayer(n, l, x) },
		check: func(row *Row) error { return r.checkLayer(row, l, x) },
	}}, each)
}

// runLayer times one layer of n tokens.
func (r *runner) runLayer(n int, l *layer, x *stream) (wall, own time.Duration, err error) {
	work, err := kernels.NewLayerWork(r.d, n, l.LayerWeights, r.kernel())
	if err != nil {
		return 0, 0, err
	}
	defer work.Release()
	return r.d.Time("layer", func(rec *gpu.Recorder) {
		rec.Until(r.ctx)
		kernels.BlockwiseLayer(rec, x.out, x.lse, x.k, x.v, work, x.in, l.LayerWeights, r.kernel())
	})
}

// checkLayer compares rows all over the layer with float64: keys and values with their
// projections, and what comes out with the layer on these keys and values.
func (r *runner) checkLayer(row *Row, l *layer, x *stream) error {
	k, err := r.read(x.k)
	if err != nil {
		return err
	}
	v, err := r.read(x.v)
	if err != nil {
		return err
	}
	rows := rowsToCheck(row.N)
	out, err := r.gather(x.out, 1, rows)
	if err != nil {
		return err
	}
	var worst, logit float64
	err = r.elsewhere(func() {
		worst, logit = l.farthest(r.ctx, r.Causal, rows, cpu.MatOf(x.host, row.N, x.in.Cols), cpu.MatOf(k, row.N, x.in.Cols), cpu.MatOf(v, row.N, x.in.Cols), out)
	})
	if err != nil {
		return err
	}
	return row.compared(worst, logit)
}

// farthest is how far some rows of a layer's results k, v [n, width] and out (these rows alone)
// are from float64, and the largest |score|, as far as ctx lets it go on.
func (l *layer) farthest(ctx context.Context, causal bool, rows []int, in, k, v cpu.Mat, out []float32) (worst, logit float64) {
	width, n, head := in.Cols, in.Rows, in.Cols/l.Heads
	m := func(t *gpu.Tensor) cpu.Mat { return l.host[t] }
	differ := func(got []float32, want cpu.Mat) { worst = max(worst, farthest(got, want.Data)) }
	normal, third, mixed := cpu.NewMat(1, width), cpu.NewMat(1, width), cpu.NewMat(1, width)
	stream, hidden, end := cpu.NewMat(1, width), cpu.NewMat(1, 4*width), cpu.NewMat(1, width)
	lse := make([]float32, 1)
	for at, i := range rows {
		if ctx.Err() != nil {
			return worst, logit
		}
		x := in.Sub(i, 0, 1, width)
		cpu.LayerNorm(normal, x, m(&l.Gain1).Data, m(&l.Bias1).Data, l.Eps)
		project := func(which int) cpu.Mat {
			cpu.MatMulT(third, normal, m(&l.QKV).Sub(which*width, 0, width, width), cpu.Epilogue{Bias: m(&l.QKVBias).Data[which*width : (which+1)*width]})
			return third
		}
		differ(k.Row(i), project(1))
		differ(v.Row(i), project(2))
		q := project(0)
		ref := cpu.Attention{Scale: float32(1 / math.Sqrt(float64(head))), Causal: causal, Position: i}
		for h := range l.Heads {
			logit = max(logit, ref.Attend(mixed.Sub(0, h*head, 1, head), lse, q.Sub(0, h*head, 1, head), k.Sub(0, h*head, n, head), v.Sub(0, h*head, n, head)))
		}
		cpu.MatMulT(stream, mixed, m(&l.Out), cpu.Epilogue{Bias: m(&l.OutBias).Data, Residual: &x})
		cpu.LayerNorm(normal, stream, m(&l.Gain2).Data, m(&l.Bias2).Data, l.Eps)
		cpu.MatMulT(hidden, normal, m(&l.Up), cpu.Epilogue{Bias: m(&l.UpBias).Data, GELU: true})
		cpu.MatMulT(end, hidden, m(&l.Down), cpu.Epilogue{Bias: m(&l.DownBias).Data, Residual: &stream})
		differ(out[at*width:(at+1)*width], end)
	}
	return worst, logit
}
