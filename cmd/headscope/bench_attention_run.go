package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/schollz/progressbar/v3"

	"headscope/explorer/eval"
	"headscope/gpu"
	"headscope/gpu/kernels"
	"headscope/models/gpt2"
	"headscope/models/tensor"
	"headscope/wgsl/cpu"
)

// attentionBench measures ways to compute attention.
type attentionBench struct {
	ctx  context.Context
	d    *gpu.Device // not owned
	f    *attentionFlags
	real *realHead // nil: random data only

	layer *benchLayer // made when it is first needed
}

// realHead is a model's own queries, keys and values.
type realHead struct {
	name    string
	q, k, v []float32 // [n, d]
	n       int
}

func (a *app) newAttentionBench(ctx context.Context, d *gpu.Device, f *attentionFlags) (*attentionBench, error) {
	b := &attentionBench{ctx: ctx, d: d, f: f}
	if f.head == "" {
		return b, nil
	}
	return b, b.loadHead(a)
}

// loadHead runs the model of the flags and keeps one head's queries, keys and values.
func (b *attentionBench) loadHead(a *app) error {
	file, err := a.openModel(b.f.model)
	if err != nil {
		return err
	}
	defer file.Close()
	layer, head, err := parseHead(b.f.head, file.Config)
	if err != nil {
		return err
	}
	in, err := b.f.input(file)
	if err != nil {
		return err
	}
	m, err := eval.Load(b.ctx, b.d, file, nil)
	if err != nil {
		return err
	}
	defer m.Release()
	s := &loaded{device: b.d, file: file, model: m}
	acts := m.Activations(func(name string) bool { return name == gpt2.Name(layer, "qkv") })
	defer acts.Release()
	if err := s.pass(acts, in, eval.Options{LastOnly: true, NoBias: b.f.noBias}, nil); err != nil {
		return err
	}
	b.real = &realHead{name: fmt.Sprintf("%s of %s", b.f.head, modelName(file.Path))}
	for what, to := range map[string]*[]float32{"q": &b.real.q, "k": &b.real.k, "v": &b.real.v} {
		t, err := acts.ReadHead(layer, head, what)
		if err != nil {
			return err
		}
		if i := tensor.FirstNonFinite(t.Data); i >= 0 {
			return fmt.Errorf("%s: %s[%d, %d] is %v: attention needs numbers", b.real.name, what, i/t.Cols(), i%t.Cols(), t.Data[i])
		}
		*to, b.real.n = t.Data, t.Rows()
	}
	b.f.heads, b.f.d = 1, file.Config.HeadWidth()
	return nil
}

func (b *attentionBench) release() { b.layer.release() }

// attentionMethods are what is compared. work is what a method needs beside its inputs and
// results, in floats, the largest of it first; run is made of tensors of these sizes.
var attentionMethods = []struct {
	name string
	work func(b *attentionBench, n int) [][3]int // batch, rows, columns
	run  func(b *attentionBench, r *gpu.Recorder, x *attentionData, work []gpu.Tensor)
	// traffic is the floats that have to be read and written.
	traffic func(b *attentionBench, n int) float64
}{
	{"full", squares, func(b *attentionBench, r *gpu.Recorder, x *attentionData, work []gpu.Tensor) {
		fullAttention(r, x.out, x.lse, work, x.q, x.k, x.v, b.attention(), false)
	}, squareTraffic},
	{"full-skip", squares, func(b *attentionBench, r *gpu.Recorder, x *attentionData, work []gpu.Tensor) {
		fullAttention(r, x.out, x.lse, work, x.q, x.k, x.v, b.attention(), true)
	}, squareTraffic},
	{"blockwise", func(b *attentionBench, n int) [][3]int {
		return [][3]int{{1, 1, kernels.BlockwiseWork(b.d, b.f.heads, n, n, b.f.d, b.attention())}}
	}, func(b *attentionBench, r *gpu.Recorder, x *attentionData, work []gpu.Tensor) {
		kernels.BlockwiseAttention(r, x.out, x.lse, work[0], x.q, x.k, x.v, b.attention())
	}, blockTraffic},
}

// squares are the scores and the weights.
func squares(b *attentionBench, n int) [][3]int { return b.squareShapes(n, b.f.heads) }

// squareShapes are scores and weights of some heads. Their rows start at multiples of 64
// floats, which the products of software adapters need to be fast, if there is room.
func (b *attentionBench) squareShapes(n, heads int) [][3]int {
	s := [3]int{heads, n, (n + 63) &^ 63}
	if bytesOf(s) > b.d.Limits.StorageBinding {
		s[2] = n
	}
	return [][3]int{s, s}
}

// fullAttention has its scores and weights in tensors of squareShapes.
func fullAttention(r *gpu.Recorder, out, lse gpu.Tensor, work []gpu.Tensor, q, k, v gpu.Tensor, a kernels.Attention, skip bool) {
	n := q.Rows
	kernels.FullAttention(r, out, lse, work[0].Part(0, n, 0, n), work[1].Part(0, n, 0, n), q, k, v, a, skip)
}

// pairs counts the queries and keys that see each other in a text of n tokens.
func (b *attentionBench) pairs(n int) float64 {
	if b.f.causal {
		return float64(n) * float64(n+1) / 2
	}
	return float64(n) * float64(n)
}

// squareTraffic is that of scores and weights, both written once and read once, with that of
// q, k, v and the result.
func squareTraffic(b *attentionBench, n int) float64 {
	return 4*float64(b.f.heads)*float64(n)*float64(n) + 4*float64(b.f.heads*n*b.f.d)
}

// blockTraffic is that of queries and result, and of all keys and values that a block of
// queries sees, for each of them.
func blockTraffic(b *attentionBench, n int) float64 {
	queries, _ := b.attention().Blocks(b.d, b.f.d)
	blocks := math.Ceil(float64(n) / float64(queries))
	if b.f.causal {
		blocks = (blocks + 1) / 2
	}
	return float64(b.f.heads*n*b.f.d) * (2 + 2*blocks)
}

// attentionData is the inputs and results of one length.
type attentionData struct {
	q, k, v, out gpu.Tensor // owned: [heads, n, d]
	lse          gpu.Tensor // owned: [heads, n]
	host         [3][]float32
	source       string
}

func (x *attentionData) release() {
	for _, t := range []gpu.Tensor{x.q, x.k, x.v, x.out, x.lse} {
		t.Buffer.Release()
	}
}

// data makes inputs and results of n tokens.
func (b *attentionBench) data(n int) (x *attentionData, err error) {
	h, d := b.f.heads, b.f.d
	x = &attentionData{source: "random"}
	defer func() {
		if err != nil {
			x.release()
		}
	}()
	for i, t := range []*gpu.Tensor{&x.q, &x.k, &x.v} {
		if b.real != nil && n <= b.real.n {
			x.source = b.real.name
			x.host[i] = [][]float32{b.real.q, b.real.k, b.real.v}[i][:n*d]
		} else {
			random := rand.New(rand.NewPCG(uint64(n), uint64(i)))
			x.host[i] = make([]float32, h*n*d)
			for k := range x.host[i] {
				x.host[i][k] = float32(random.NormFloat64())
			}
		}
		if *t, err = b.d.NewTensor([]string{"q", "k", "v"}[i], h, n, d); err != nil {
			return x, err
		}
		if err := b.d.WriteFloats(t.Buffer, 0, x.host[i]); err != nil { // d is a multiple of 4: no padding
			return x, err
		}
	}
	if x.out, err = b.d.NewTensor("out", h, n, d); err != nil {
		return x, err
	}
	flat, err := b.d.NewTensor("lse", 1, 1, h*n)
	if err != nil {
		return x, err
	}
	x.lse = flat.Buffer.Packed(h, n)
	return x, nil
}

// measure times all methods at a length, run by run in turn, and checks them.
func (b *attentionBench) measure(n int, bar *progressbar.ProgressBar) (rows []attentionRow, err error) {
	_, keys := b.attention().Blocks(b.d, b.f.d)
	row := attentionRow{N: n, Heads: b.f.heads, D: b.f.d, Causal: b.f.causal, Block: keys}
	inputs := uint64(b.f.heads) * uint64(n) * uint64(b.f.d) * 4
	if why := b.over(n, [][3]int{{b.f.heads, n, b.f.d}}, 4*inputs); why != "" {
		for _, m := range attentionMethods {
			row.Method, row.Skipped, row.Binding = m.name, why, inputs
			rows = append(rows, row)
		}
		bar.Add(len(attentionMethods) + 1)
		row.Method = layerMethod
		return append(rows, row), nil
	}
	x, err := b.data(n)
	if err != nil {
		return nil, err
	}
	defer x.release()
	row.Data = x.source
	wall, own := make([][]time.Duration, len(attentionMethods)), make([][]time.Duration, len(attentionMethods))
	rows = make([]attentionRow, len(attentionMethods))
	for i, m := range attentionMethods {
		rows[i] = row
		rows[i].Method = m.name
		shapes := m.work(b, n)
		rows[i].Binding = max(inputs, bytesOf(shapes[0]))
		if rows[i].Skipped = b.over(n, shapes, 0); rows[i].Skipped != "" {
			rows[i].Peak = sizes(x.q, x.k, x.v, x.out, x.lse)
			for _, s := range shapes {
				rows[i].Peak += bytesOf(s)
			}
		}
	}
	for run := range b.f.runs + 1 {
		for i, m := range attentionMethods {
			if rows[i].Skipped != "" {
				continue
			}
			if err := b.ctx.Err(); err != nil {
				return finished(rows, wall, own), err
			}
			alive := b.d.Live().Bytes
			b.d.ResetPeak()
			t, g, err := b.run(m.work(b, n), func(r *gpu.Recorder, work []gpu.Tensor) { m.run(b, r, x, work) })
			if err != nil {
				return finished(rows, wall, own), err
			}
			if run > 0 { // the first run compiles, and brings the device's own images to their size
				rows[i].Peak = b.d.Live().Peak - alive + sizes(x.q, x.k, x.v, x.out, x.lse)
				wall[i], own[i] = append(wall[i], t), append(own[i], g)
				continue
			}
			if err := b.check(x, n, &rows[i]); err != nil {
				return nil, err
			}
		}
	}
	bar.Add(len(attentionMethods))
	for i, m := range attentionMethods {
		if len(wall[i]) > 0 {
			seconds := median(wall[i]) / 1e3
			rows[i].GFLOPs = 4 * b.pairs(n) * float64(b.f.heads*b.f.d) / seconds / 1e9
			rows[i].GBps = 4 * m.traffic(b, n) / seconds / 1e9
		}
	}
	rows = finished(rows, wall, own)
	layer, err := b.measureLayer(row)
	if err != nil {
		return rows, err
	}
	bar.Add(1)
	return append(rows, layer), nil
}

// finished are the rows that were measured, or skipped, with their times.
func finished(rows []attentionRow, wall, own [][]time.Duration) (kept []attentionRow) {
	for i, r := range rows {
		if len(wall[i]) > 0 {
			r.timing = newTiming(wall[i], own[i])
		}
		if len(wall[i]) > 0 || r.Skipped != "" {
			kept = append(kept, r)
		}
	}
	return kept
}

// run times work that needs space of its own.
func (b *attentionBench) run(shapes [][3]int, record func(r *gpu.Recorder, work []gpu.Tensor)) (wall, own time.Duration, err error) {
	var work []gpu.Tensor
	defer func() {
		for _, t := range work {
			t.Buffer.Release()
		}
	}()
	for _, s := range shapes {
		t, err := b.d.NewTensor("work", s[0], s[1], s[2])
		if err != nil {
			return 0, 0, err
		}
		work = append(work, t)
	}
	return b.d.Time("attention", func(r *gpu.Recorder) {
		r.Until(b.ctx)
		record(r, work)
	})
}

// sizes adds up the buffers of tensors.
func sizes(tensors ...gpu.Tensor) (sum uint64) {
	for _, t := range tensors {
		sum += t.Buffer.Size
	}
	return sum
}

func bytesOf(s [3]int) uint64 {
	return 4 * uint64(s[0]) * uint64(s[1]) * uint64(gpu.Stride4(s[2]))
}

// over says in one line why tensors of these shapes, beside so many bytes, are more than the
// adapter or the machine has; "" if they are not.
func (b *attentionBench) over(n int, shapes [][3]int, beside uint64) string {
	total := beside
	for _, s := range shapes {
		one := bytesOf(s)
		if one > b.d.Limits.StorageBinding {
			return fmt.Sprintf("%d tokens: [%d, %d, %d] of 4 bytes takes %s in one binding; %s allows %s", n, s[0], s[1], s[2], gpu.Bytes(one), b.d.Adapter.Name, gpu.Bytes(b.d.Limits.StorageBinding))
		}
		total += one
	}
	if free, ok := eval.FreeMemory(); ok && b.d.Adapter.Software() && total > free {
		return fmt.Sprintf("%d tokens: %s are needed at once; this machine has %s free", n, gpu.Bytes(total), gpu.Bytes(free))
	}
	return ""
}

// checkedRows is how many queries of a head are compared with float64, and of how many heads.
const (
	checkedRows  = 16
	checkedHeads = 4
)

// rowsToCheck are rows all over a text of n tokens, the first and the last among them.
func rowsToCheck(n int) []int {
	rows := make([]int, min(n, checkedRows))
	for s := range rows {
		rows[s] = s * (n - 1) / max(1, len(rows)-1)
	}
	return rows
}

// check compares rows all over the result with float64.
func (b *attentionBench) check(x *attentionData, n int, row *attentionRow) error {
	got, err := b.d.Read(x.out)
	if err != nil {
		return err
	}
	d, worst := b.f.d, 0.0
	want, lse := cpu.NewMat(1, d), make([]float32, 1)
	for h := range min(b.f.heads, checkedHeads) {
		at := func(i int) cpu.Mat { return cpu.MatOf(x.host[i][h*n*d:(h+1)*n*d], n, d) }
		for _, i := range rowsToCheck(n) {
			ref := cpu.Attention{Scale: float32(1 / math.Sqrt(float64(d))), Causal: b.f.causal, Position: i}
			row.MaxLogit = max(row.MaxLogit, ref.Attend(want, lse, at(0).Sub(i, 0, 1, d), at(1), at(2)))
			for c := range d {
				worst = max(worst, math.Abs(float64(got[0][(h*n+i)*d+c])-float64(want.Data[c])))
			}
		}
	}
	if math.IsNaN(worst) {
		return errors.New(row.Method + ": the result is no number")
	}
	row.Error = &worst
	return nil
}
