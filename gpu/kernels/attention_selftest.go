package kernels

import (
	"math"

	"headscope/gpu"
	"headscope/wgsl/cpu"
)

// attentionTrials are the ways to compute attention. What is tolerated, 2e-6 (1 + the largest
// score) times the largest value, comes to no less than this at the trials' sizes.
func attentionTrials() []trial {
	return []trial{
		{"attention full", 2e-5, 0, func(b *bench, s Shape) { tryAttention(b, s, false) }},
		{"attention blockwise", 2e-5, 0, func(b *bench, s Shape) { tryAttention(b, s, true) }},
		{"attention trace", 1e-4, 1e-5, tryTrace},
		{"running softmax", 2e-6, 2e-5, tryRunning},
		{"attention region", 5e-6, 0, tryRegion},
	}
}

// trialMasks are all, and causal from two positions.
var trialMasks = []Mask{{}, {Causal: true}, {Causal: true, Position: 3}}

// attentionData are the tensors of a trial: queries [H, N, d], keys and values [H, M, d].
type attentionData struct {
	q, k, v    gpu.Tensor
	of, ks, vs []cpu.Mat
	head       int
}

// attention uploads random tensors, of another head size at each shape. Values are within 2.
func (b *bench) attention(s Shape) attentionData {
	a := attentionData{head: []int{16, 64, 4, 20, 32}[(s.H+s.N+s.M)%5]}
	x, y, z := b.random(s.H*s.N*a.head), b.random(s.H*s.M*a.head), b.random(s.H*s.M*a.head)
	for i := range z {
		z[i] = min(max(z[i], -2), 2)
	}
	a.q, a.k, a.v = b.put(s.H, s.N, a.head, x), b.put(s.H, s.M, a.head, y), b.put(s.H, s.M, a.head, z)
	for h := range s.H {
		a.of = append(a.of, cpu.MatOf(x[h*s.N*a.head:], s.N, a.head))
		a.ks = append(a.ks, cpu.MatOf(y[h*s.M*a.head:], s.M, a.head))
		a.vs = append(a.vs, cpu.MatOf(z[h*s.M*a.head:], s.M, a.head))
	}
	return a
}

// twin is the CPU's attention of heads of so many columns.
func twin(a Attention, head int) cpu.Attention {
	return cpu.Attention{Scale: a.scale(head), Causal: a.Mask.Causal, Position: a.Mask.Position}
}

// lseRoom is an output [heads, n], packed.
func (b *bench) lseRoom(heads, n int) gpu.Tensor {
	t := b.room(1, 1, heads*n)
	t.Rows, t.Cols, t.RowStride = heads, n, n
	return t
}

func tryAttention(b *bench, s Shape, blockwise bool) {
	x := b.attention(s)
	for i, mask := range trialMasks {
		a := Attention{Mask: mask}
		if b.d.Family == gpu.Registers {
			a.BlockQ, a.BlockK = 64, 64 // several of each
		}
		out, lse := b.room(s.H, s.N, x.head), b.lseRoom(s.H, s.N)
		b.record(func(r *gpu.Recorder) {
			if blockwise {
				work := b.room(1, 1, BlockwiseWork(b.d, s.H, s.N, s.M, x.head, a))
				BlockwiseAttention(r, out, lse, work, x.q, x.k, x.v, a)
				return
			}
			scores, weights := b.room(s.H, s.N, s.M), b.room(s.H, s.N, s.M)
			FullAttention(r, out, lse, scores, weights, x.q, x.k, x.v, a, i%2 == 0)
		})
		want, sums := make([]float32, s.H*s.N*x.head), make([]float32, s.H*s.N)
		for h := range s.H {
			twin(a, x.head).Attend(cpu.MatOf(want[h*s.N*x.head:], s.N, x.head), sums[h*s.N:(h+1)*s.N], x.of[h], x.ks[h], x.vs[h])
		}
		b.expect(out, want)
		b.expect(lse, sums)
	}
}

func tryTrace(b *bench, s Shape) {
	x := b.attention(s)
	for _, mask := range trialMasks {
		a := Attention{Mask: mask, BlockK: 64}
		if b.d.Family == gpu.Workgroups {
			a.BlockK = 8
		}
		rows := []int{s.N - 1, 0, s.N / 2}
		blocks := TraceBlocks(b.d, s.M, x.head, a)
		out, work := b.room(s.H, len(rows)*blocks, 4+x.head), b.room(1, 1, TraceWork(b.d, s.H, s.M, x.head, a))
		b.record(func(r *gpu.Recorder) { AttentionTrace(r, out, work, x.q, x.k, x.v, rows, a) })
		var want []float32
		for h := range s.H {
			for _, row := range rows {
				steps := cpu.NewMat(blocks, 4+x.head)
				twin(a, x.head).Trace(steps, x.of[h], x.ks[h], x.vs[h], row, a.BlockK)
				want = append(want, steps.Data...)
			}
		}
		b.expect(out, want)
	}
}

func tryRunning(b *bench, s Shape) {
	for _, size := range []float32{1, 80} { // ordinary and large logits
		x := b.random(s.N * s.M)
		for i := range x {
			x[i] *= size
		}
		in := b.put(1, s.N, s.M, x)
		for _, how := range []cpu.Running{
			{Queries: s.N, Keys: s.M},
			{Queries: ceil(s.N, 3), Keys: ceil(s.M, 3), Causal: true},
			{Queries: 1, Keys: ceil(s.M, 7)},
			{Queries: 5, Keys: 1, Causal: true},
		} {
			blocks := ceil(s.M, how.Keys)
			for _, how.Passed = range []int{1, ceil(blocks, 2), blocks} {
				out, state := b.room(1, s.N, s.M), b.room(3, s.N, 1)
				b.record(func(r *gpu.Recorder) { RunningSoftmax(r, out, state, in, how) })
				want, wantState := cpu.NewMat(s.N, s.M), cpu.NewMat(3, s.N)
				how.RunningSoftmax(want, wantState, cpu.MatOf(x, s.N, s.M))
				b.expect(out, want.Data)
				b.expect(state, wantState.Data)
			}
		}
	}
}

func tryRegion(b *bench, s Shape) {
	x := b.attention(s)
	for i, mask := range trialMasks {
		a := Attention{Mask: mask}
		g := Region{Rows: s.N, Cols: s.M}
		rows, cols := s.N, s.M // at first the attention itself
		if i > 0 {
			g = Region{Row: s.N / 3, Rows: s.N - s.N/3, Col: s.M / 5, Cols: s.M - s.M/5}
			rows, cols = ceil(g.Rows, 3), ceil(g.Cols, 4)
		}
		var sums, want []float32
		for h := range s.H {
			sum, cells := make([]float32, s.N), cpu.NewMat(rows, 2*cols)
			twin(a, x.head).Attend(cpu.NewMat(s.N, x.head), sum, x.of[h], x.ks[h], x.vs[h])
			twin(a, x.head).Region(cells, x.of[h], x.ks[h], sum, g.Row, g.Rows, g.Col, g.Cols)
			sums, want = append(sums, sum...), append(want, cells.Data...)
		}
		lse := b.put(1, 1, len(sums), sums)
		lse.Rows, lse.Cols, lse.RowStride = s.H, s.N, s.N
		cells, work := b.room(s.H, rows, 2*cols), b.room(1, 1, RegionWork(s.H, g, cols))
		b.record(func(r *gpu.Recorder) { AttentionRegion(r, cells, work, x.q, x.k, lse, a, g) })
		b.expect(cells, want)
	}
}

func tryCondense(b *bench, s Shape) {
	// Cells of attention: a mean, and a maximum that is not below it.
	x := b.random(s.H * s.N * 2 * s.N)
	for i := 0; i < len(x); i += 2 {
		x[i], x[i+1] = float32(math.Abs(float64(x[i]))), float32(math.Abs(float64(x[i]))+math.Abs(float64(x[i+1])))
	}
	n := s.N + 2*s.M
	in, out := b.put(s.H, s.N, 2*s.N, x), b.room(s.H, s.N, s.N)
	b.record(func(r *gpu.Recorder) { Condense(r, out, in, n, 0.7) })
	var want []float32
	for h := range s.H {
		m := cpu.NewMat(s.N, s.N)
		cpu.Condense(m, cpu.MatOf(x[h*s.N*2*s.N:], s.N, 2*s.N), n, 0.7)
		want = append(want, m.Data...)
	}
	b.expect(out, want)
}
