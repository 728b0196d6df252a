package kernels

import (
	"fmt"
	"math"
	"math/rand"
	"reflect"
	"strings"
	"testing"

	"headscope/gpu"
	"headscope/gpu/gputest"
	"headscope/wgsl"
	"headscope/wgsl/cpu"

	"pgregory.net/rapid"
)

// Every Params struct of an attention kernel in Go has the fields of its shader's.
func TestAttentionParamsEqualShaders(t *testing.T) {
	params := map[string]any{
		"scores": attentionScoresParams{}, "online": attentionOnlineParams{}, "finish": attentionFinishParams{}, "block": attentionBlockParams{},
		"split": attentionSplitParams{}, "merge": attentionMergeParams{}, "trace": attentionTraceParams{}, "running": attentionRunningParams{}, "strips": attentionStripsParams{}, "cells": attentionCellsParams{},
	}
	for _, name := range wgsl.Names() {
		rest, ok := strings.CutPrefix(name, "attention_")
		if !ok {
			continue
		}
		source, err := wgsl.Source(name)
		if err != nil {
			t.Fatal(err)
		}
		s, err := wgsl.Reflect(source)
		if err != nil {
			t.Fatal(err)
		}
		kernel, _, _ := strings.Cut(rest, "_")
		if params[kernel] == nil {
			t.Errorf("%s: there is no struct of its Params", name)
			continue
		}
		kind := reflect.TypeOf(params[kernel])
		want := fieldsOf(kind)
		if int(kind.Size()) != s.ParamsSize || len(want) != len(s.Params) {
			t.Errorf("%s: Params takes %d bytes in %d fields, in Go %d in %d", name, s.ParamsSize, len(s.Params), kind.Size(), len(want))
			continue
		}
		for i, f := range s.Params {
			if want[i].offset != f.Offset || want[i].kind != f.Type || !sameName(want[i].name, f.Name) {
				t.Errorf("%s: field %d is %+v, in Go %+v", name, i, f, want[i])
			}
		}
	}
}

// heads are the queries, keys and values of a test: a fused projection [n, 3 h d].
type heads struct {
	h, n, d int
	data    []float32
}

func (x heads) mat(third, head int) cpu.Mat {
	width := x.h * x.d
	return cpu.MatOf(x.data, x.n, 3*width).Sub(0, third*width+head*x.d, x.n, x.d)
}

// tensors uploads them.
func (x heads) tensors(t testing.TB, d *gpu.Device) (q, k, v gpu.Tensor) {
	all, err := d.Upload("qkv", x.n, 3*x.h*x.d, x.data)
	if err != nil {
		t.Fatal(err)
	}
	third := func(i int) gpu.Tensor { return all.Part(0, x.n, i*x.h*x.d, x.h*x.d).Heads(x.h) }
	return third(0), third(1), third(2)
}

// randomHeads draws normal values.
func randomHeads(rng *rand.Rand, h, n, d int) heads {
	x := heads{h, n, d, make([]float32, n*3*h*d)}
	for i := range x.data {
		x.data[i] = float32(rng.NormFloat64())
	}
	return x
}

// oneKeyHeads are such that row i attends to one key up to i, with a score of about 80.
func oneKeyHeads(rng *rand.Rand, h, n, d int) heads {
	x := randomHeads(rng, h, n, d)
	for h := range x.h {
		q, k := x.mat(0, h), x.mat(1, h)
		for i := range n {
			key, norm := k.Row(i*7919%(i+1)), 0.0
			for _, y := range key {
				norm += float64(y) * float64(y)
			}
			for c, y := range key {
				q.Row(i)[c] = float32(80 * math.Sqrt(float64(d)) / norm * float64(y))
			}
		}
	}
	return x
}

// reference is what the float64 twin makes of heads.
type reference struct {
	out     []float32 // [h, n, d]
	lse     []float32 // [h, n]
	largest float64   // |score|
	value   float64   // largest |v|
}

func refer(x heads, a Attention) reference {
	w := reference{out: make([]float32, x.h*x.n*x.d), lse: make([]float32, x.h*x.n)}
	for h := range x.h {
		largest := twin(a, x.d).Attend(cpu.MatOf(w.out[h*x.n*x.d:], x.n, x.d), w.lse[h*x.n:(h+1)*x.n], x.mat(0, h), x.mat(1, h), x.mat(2, h))
		w.largest = max(w.largest, largest)
		for i := range x.n {
			for _, v := range x.mat(2, h).Row(i) {
				w.value = max(w.value, math.Abs(float64(v)))
			}
		}
	}
	return w
}

// scratch allocates tensors that one test releases together.
type scratch struct {
	t       testing.TB
	d       *gpu.Device
	buffers []*gpu.Buffer
}

func (s *scratch) tensor(batch, rows, cols int) gpu.Tensor {
	x, err := s.d.NewTensor("scratch", batch, rows, cols)
	if err != nil {
		s.t.Fatal(err)
	}
	s.buffers = append(s.buffers, x.Buffer)
	return x
}

// sums is an output for LSE, packed.
func (s *scratch) sums(heads, n int) gpu.Tensor {
	x := s.tensor(1, 1, heads*n)
	x.Rows, x.Cols, x.RowStride = heads, n, n
	return x
}

func (s *scratch) release() {
	for _, b := range s.buffers {
		b.Release()
	}
	s.buffers = nil
}

// attentionCases calls test with each kind of data, all of n tokens, and its reference.
func attentionCases(n int, test func(name string, x heads, a Attention, want reference)) {
	rng := rand.New(rand.NewSource(int64(n)))
	h := 2
	if n >= 1000 { // the reference takes its time
		h = 1
	}
	random, one := randomHeads(rng, h, n, 64), oneKeyHeads(rng, h, n, 64)
	for _, causal := range []bool{true, false} {
		a := Attention{Mask: Mask{Causal: causal}}
		name := fmt.Sprintf("%d tokens, causal %v, ", n, causal)
		want := refer(random, a)
		test(name+"random", random, a, want)
		test(name+"one key", one, a, refer(one, a))
		a.Scale = float32(80 / want.largest / 8) // of scores that are 1/8 of the products
		test(name+"scores to 80", random, a, refer(random, a))
	}
}

// checkWays computes attention in every way and compares it with the reference.
func checkWays(t *testing.T, d *gpu.Device, name string, x heads, a Attention, want reference) {
	t.Helper()
	q, k, v := x.tensors(t, d)
	defer q.Buffer.Release()
	ways := map[string]func(r *gpu.Recorder, s *scratch, out, lse gpu.Tensor){}
	for _, skip := range []bool{false, true} {
		ways[fmt.Sprintf("full, skip %v", skip)] = func(r *gpu.Recorder, s *scratch, out, lse gpu.Tensor) {
			// Rows that images take.
			scores, weights := s.tensor(x.h, x.n, ceil(x.n, 64)*64), s.tensor(x.h, x.n, ceil(x.n, 64)*64)
			FullAttention(r, out, lse, scores.Part(0, x.n, 0, x.n), weights.Part(0, x.n, 0, x.n), q, k, v, a, skip)
		}
	}
	for _, block := range []int{0, 64} {
		b := a
		b.BlockQ = block
		if d.Family == gpu.Registers {
			b.BlockK = block
		} else if block > 0 {
			b.BlockK = 8
		}
		ways[fmt.Sprintf("blocks of %d", block)] = func(r *gpu.Recorder, s *scratch, out, lse gpu.Tensor) {
			BlockwiseAttention(r, out, lse, s.tensor(1, 1, BlockwiseWork(d, x.h, x.n, x.n, x.d, b)), q, k, v, b)
		}
	}
	for way, launch := range ways {
		s := &scratch{t: t, d: d}
		out, lse := s.tensor(x.h, x.n, x.d), s.sums(x.h, x.n)
		r := d.Record(name)
		launch(r, s, out, lse)
		if err := r.Submit(); err != nil {
			t.Fatal(name, way, err)
		}
		got, err := d.Read(out, lse)
		if err != nil {
			t.Fatal(err)
		}
		full := fmt.Sprintf("%s, family %d: %s", name, d.Family, way)
		gputest.Close(t, full, got[0], want.out, 2e-6*(1+want.largest)*want.value, 0)
		gputest.Close(t, full+": lse", got[1], want.lse, 1e-6*(1+want.largest), 0)
		s.release()
	}
}

// Every way to compute attention equals the reference, at the borders of blocks and tiles.
func TestAttentionEqualsReference(t *testing.T) {
	d := gputest.Device(t)
	for _, n := range []int{1, 2, 31, 32, 33, 63, 64, 65, 127, 1000, 1024} {
		attentionCases(n, func(name string, x heads, a Attention, want reference) {
			for _, d.Family = range []gpu.Family{gpu.Registers, gpu.Workgroups} {
				checkWays(t, d, name, x, a, want)
			}
		})
	}
}

// A length over what an image holds, or a dispatch takes at a time.
func TestLongAttention(t *testing.T) {
	d := gputest.Device(t)
	x := randomHeads(rand.New(rand.NewSource(1)), 1, 4097, 64)
	a := Attention{Mask: Mask{Causal: true}, Scale: 1}
	want := refer(x, a)
	for _, d.Family = range []gpu.Family{gpu.Registers, gpu.Workgroups} {
		checkWays(t, d, "4097 tokens", x, a, want)
	}
}

// Any shape and head size, few queries after many keys, keys and values shared by all heads,
// any place in a buffer: blockwise attention is right, and leaves alone what is not its own.
func TestBlockwiseAttentionProperty(t *testing.T) {
	d := gputest.Device(t)
	rapid.Check(t, func(rt *rapid.T) {
		d.Family = gpu.Family(rapid.IntRange(0, 1).Draw(rt, "family"))
		rng := rand.New(rand.NewSource(rapid.Int64().Draw(rt, "seed")))
		batch, head := rapid.IntRange(1, 3).Draw(rt, "heads"), 4*rapid.SampledFrom([]int{1, 4, 5, 12, 16, 17, 24, 32}).Draw(rt, "head/4")
		n, m := rapid.IntRange(1, 140).Draw(rt, "n"), rapid.IntRange(1, 140).Draw(rt, "m")
		a := Attention{Mask: Mask{Causal: rapid.Bool().Draw(rt, "causal"), Position: rapid.IntRange(0, 150).Draw(rt, "position")}, BlockQ: 64}
		if d.Family == gpu.Registers {
			a.BlockK = 64
		}
		offset, gap, interleaved := 4*rapid.IntRange(0, 3).Draw(rt, "offset"), 4*rapid.IntRange(0, 2).Draw(rt, "gap"), rapid.Bool().Draw(rt, "interleaved")
		shared := batch
		if rapid.Bool().Draw(rt, "shared") {
			shared = 1
		}
		q, k, v := cut(t, d, rng, batch, n, head, offset, gap, interleaved), cut(t, d, rng, shared, m, head, offset, gap, interleaved), cut(t, d, rng, shared, m, head, offset, gap, interleaved)
		out, lse := cut(t, d, rng, batch, n, head, offset, gap, interleaved), cut(t, d, rng, 1, batch, n, offset, gap, false)
		out.erase(t, d)
		lse.erase(t, d)
		s := &scratch{t: t, d: d, buffers: []*gpu.Buffer{q.Buffer, k.Buffer, v.Buffer, out.Buffer, lse.Buffer}}
		defer s.release()
		r := d.Record("attention")
		BlockwiseAttention(r, out.Tensor, lse.Tensor, s.tensor(1, 1, BlockwiseWork(d, batch, n, m, head, a)), q.Tensor, k.Tensor, v.Tensor, a)
		if err := r.Submit(); err != nil {
			rt.Fatal(err)
		}
		got, err := d.Read(out.Buffer.Tensor(1, 1, len(out.data)), lse.Buffer.Tensor(1, 1, len(lse.data)))
		if err != nil {
			rt.Fatal(err)
		}
		want, sums := nans(len(out.data)), nans(len(lse.data))
		for h := range batch {
			dst := cpu.Mat{Data: want[out.Offset+h*out.BatchStride:], Rows: n, Cols: head, Stride: out.RowStride}
			twin(a, head).Attend(dst, sums[lse.Offset+h*lse.RowStride:][:n], q.mat(h), k.mat(h), v.mat(h))
		}
		gputest.Close(t, "out", got[0], want, 3e-5, 0)
		gputest.Close(t, "lse", got[1], sums, 1e-5, 0)
		if t.Failed() {
			rt.FailNow()
		}
	})
}

func nans(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(math.NaN())
	}
	return x
}

// The room that blockwise attention needs beside its tensors does not grow with the length,
// and while keys are split, with theirs hardly.
func TestBlockwiseWorkIsConstant(t *testing.T) {
	d := gputest.Device(t)
	for _, d.Family = range []gpu.Family{gpu.Registers, gpu.Workgroups} {
		short, long := BlockwiseWork(d, 12, 4096, 4096, 64, Attention{}), BlockwiseWork(d, 12, 1<<20, 1<<20, 64, Attention{})
		if short != long || long > 2*tileFloats {
			t.Errorf("family %d: %d floats for 4096 tokens, %d for 2^20", d.Family, short, long)
		}
		if few := BlockwiseWork(d, 12, 1, 1<<20, 64, Attention{}); few > 12*64*68 {
			t.Errorf("family %d: %d floats for one query", d.Family, few)
		}
	}
}

// Heads are cut where all together would be a long dispatch.
func TestManyHeads(t *testing.T) {
	for _, c := range []struct {
		family  gpu.Family
		n, head int
	}{{gpu.Registers, FewRows, 64}, {gpu.Workgroups, FewRows + 1, 16}} {
		d := gputest.Device(t)
		d.Family = c.family
		const batch, m = 64, 16384
		rng := rand.New(rand.NewSource(1))
		q, k, v := cut(t, d, rng, batch, c.n, c.head, 0, 0, true), cut(t, d, rng, 1, m, c.head, 0, 0, false), cut(t, d, rng, 1, m, c.head, 0, 0, false)
		s := &scratch{t: t, d: d, buffers: []*gpu.Buffer{q.Buffer, k.Buffer, v.Buffer}}
		out, lse := s.tensor(batch, c.n, c.head), s.sums(batch, c.n)
		var a Attention
		r := d.Record("heads")
		if all := 4 * float64(q.Len()) * m; all < r.MaxCost() && c.family == gpu.Registers || 64*all/float64(c.n) < r.MaxCost() {
			t.Errorf("%.3g FLOP of at most %.3g a dispatch: nothing is cut", all, r.MaxCost())
		}
		BlockwiseAttention(r, out, lse, s.tensor(1, 1, BlockwiseWork(d, batch, c.n, m, c.head, a)), q.Tensor, k.Tensor, v.Tensor, a)
		if err := r.Submit(); err != nil {
			t.Fatal(err)
		}
		got, err := d.Read(out, lse)
		if err != nil {
			t.Fatal(err)
		}
		want, sums := make([]float32, batch*c.n*c.head), make([]float32, batch*c.n)
		for h := range batch {
			twin(a, c.head).Attend(cpu.MatOf(want[h*c.n*c.head:], c.n, c.head), sums[h*c.n:(h+1)*c.n], q.mat(h), k.mat(h), v.mat(h))
		}
		gputest.Close(t, "out", got[0], want, 2e-5, 0)
		gputest.Close(t, "lse", got[1], sums, 1e-5, 0)
		s.release()
	}
}
