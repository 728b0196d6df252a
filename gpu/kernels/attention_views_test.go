package kernels

import (
	"fmt"
	"math"
	"math/rand"
	"testing"

	"headscope/gpu"
	"headscope/gpu/gputest"
	"headscope/wgsl/cpu"

	"pgregory.net/rapid"
)

// A region drawn from the LSE that blockwise attention stored is the matrix itself.
func TestRegionEqualsMatrix(t *testing.T) {
	d := gputest.Device(t)
	for _, n := range []int{1, 33, 127, 1000} {
		attentionCases(n, func(name string, x heads, a Attention, want reference) {
			cells := make([]float32, 0, x.h*2*n*n)
			for h := range x.h {
				m := cpu.NewMat(n, 2*n)
				twin(a, x.d).Region(m, x.mat(0, h), x.mat(1, h), want.lse[h*n:(h+1)*n], 0, n, 0, n)
				cells = append(cells, m.Data...)
			}
			q, k, v := x.tensors(t, d)
			defer q.Buffer.Release()
			for _, d.Family = range []gpu.Family{gpu.Registers, gpu.Workgroups} {
				s := &scratch{t: t, d: d}
				g := Region{Rows: n, Cols: n}
				out, lse, drawn := s.tensor(x.h, n, x.d), s.sums(x.h, n), s.tensor(x.h, n, 2*n)
				r := d.Record(name)
				BlockwiseAttention(r, out, lse, s.tensor(1, 1, BlockwiseWork(d, x.h, n, n, x.d, a)), q, k, v, a)
				AttentionRegion(r, drawn, s.tensor(1, 1, RegionWork(x.h, g, n)), q, k, lse, a, g)
				if err := r.Submit(); err != nil {
					t.Fatal(name, err)
				}
				got, err := d.Read(drawn)
				if err != nil {
					t.Fatal(err)
				}
				gputest.Close(t, fmt.Sprintf("%s, family %d", name, d.Family), got[0], cells, 1e-6*(1+want.largest), 0)
				s.release()
			}
		})
	}
}

// Any rectangle, at any resolution, of several tiles and heads.
func TestRegionProperty(t *testing.T) {
	d := gputest.Device(t)
	long := randomHeads(rand.New(rand.NewSource(1)), 2, 2300, 16)
	q, k, _ := long.tensors(t, d)
	defer q.Buffer.Release()
	rapid.Check(t, func(rt *rapid.T) {
		d.Family = gpu.Family(rapid.IntRange(0, 1).Draw(rt, "family"))
		a := Attention{Mask: Mask{Causal: rapid.Bool().Draw(rt, "causal"), Position: rapid.IntRange(0, 100).Draw(rt, "position")}}
		g := Region{Rows: rapid.IntRange(1, 600).Draw(rt, "rows"), Cols: rapid.IntRange(1, 2300).Draw(rt, "cols")}
		g.Row, g.Col = rapid.IntRange(0, long.n-g.Rows).Draw(rt, "row"), rapid.IntRange(0, long.n-g.Cols).Draw(rt, "col")
		rows, cols := rapid.IntRange(1, min(g.Rows, 40)).Draw(rt, "cell rows"), rapid.IntRange(1, g.Cols).Draw(rt, "cell columns")
		sums, want := make([]float32, 2*long.n), []float32{}
		for i := range sums {
			sums[i] = float32(i%7) + 1 // what the sums of other keys would be
		}
		for h := range 2 {
			m := cpu.NewMat(rows, 2*cols)
			twin(a, long.d).Region(m, long.mat(0, h), long.mat(1, h), sums[h*long.n:(h+1)*long.n], g.Row, g.Rows, g.Col, g.Cols)
			want = append(want, m.Data...)
		}
		s := &scratch{t: t, d: d}
		defer s.release()
		lse, cells := s.sums(2, long.n), s.tensor(2, rows, 2*cols)
		if err := d.WriteFloats(lse.Buffer, 0, sums); err != nil {
			rt.Fatal(err)
		}
		if err := d.WriteFloats(cells.Buffer, 0, nans(2*rows*cells.RowStride)); err != nil {
			rt.Fatal(err)
		}
		r := d.Record("region")
		AttentionRegion(r, cells, s.tensor(1, 1, RegionWork(2, g, cols)), q, k, lse, a, g)
		if err := r.Submit(); err != nil {
			rt.Fatal(err)
		}
		padded := cells
		padded.Cols = cells.RowStride
		got, err := d.Read(cells, padded)
		if err != nil {
			rt.Fatal(err)
		}
		gputest.Close(t, "cells", got[0], want, 1e-6, 1e-5)
		for i, x := range got[1] {
			if i%padded.Cols >= cells.Cols && x != 0 {
				rt.Fatalf("the padding holds %v", x)
			}
		}
		if t.Failed() {
			rt.FailNow()
		}
	})
}

// The trace is that of the twin, and ends in what blockwise attention computes.
func TestTraceEqualsTwin(t *testing.T) {
	d := gputest.Device(t)
	for _, n := range []int{1, 65, 1000} {
		attentionCases(n, func(name string, x heads, a Attention, want reference) {
			q, k, v := x.tensors(t, d)
			defer q.Buffer.Release()
			rows := []int{n - 1, 0, n / 2, n / 3}
			for _, d.Family = range []gpu.Family{gpu.Registers, gpu.Workgroups} {
				b, block := a, 64
				if d.Family == gpu.Workgroups {
					block = 16
				}
				b.BlockK = block
				s := &scratch{t: t, d: d}
				blocks := TraceBlocks(d, n, x.d, b)
				out := s.tensor(x.h, len(rows)*blocks, 4+x.d)
				r := d.Record(name)
				AttentionTrace(r, out, s.tensor(1, 1, TraceWork(d, x.h, n, x.d, b)), q, k, v, rows, b)
				if err := r.Submit(); err != nil {
					t.Fatal(name, err)
				}
				got, err := d.Read(out)
				if err != nil {
					t.Fatal(err)
				}
				var steps []float32
				for h := range x.h {
					for i, row := range rows {
						m := cpu.NewMat(blocks, 4+x.d)
						twin(a, x.d).Trace(m, x.mat(0, h), x.mat(1, h), x.mat(2, h), row, block)
						steps = append(steps, m.Data...)
						end := got[0][((h*len(rows)+i+1)*blocks-1)*(4+x.d):][:4+x.d]
						for c := range x.d {
							end[4+c] /= end[1]
						}
						at := (h*n + row) * x.d
						gputest.Close(t, name+": the end", end[4:], want.out[at:at+x.d], 2e-6*(1+want.largest)*want.value, 0)
						for c := range x.d {
							end[4+c] *= end[1]
						}
					}
				}
				// Sums of up to n weights, and as many values.
				gputest.Close(t, fmt.Sprintf("%s, family %d", name, d.Family), got[0], steps, 3e-6*(1+want.largest)*want.value, 2e-6*(1+want.largest))
				s.release()
			}
		})
	}
}

// layerTest are a layer's weights on both sides.
type layerTest struct {
	LayerWeights
	data map[*gpu.Tensor]cpu.Mat
}

func newLayerTest(t *testing.T, d *gpu.Device, s *scratch, rng *rand.Rand, width, hidden, heads int) *layerTest {
	l := &layerTest{LayerWeights: LayerWeights{Eps: 1e-5, Heads: heads}, data: map[*gpu.Tensor]cpu.Mat{}}
	w := &l.LayerWeights
	for _, x := range []struct {
		to         *gpu.Tensor
		rows, cols int
	}{
		{&w.Gain1, 1, width}, {&w.Bias1, 1, width}, {&w.QKV, 3 * width, width}, {&w.QKVBias, 1, 3 * width}, {&w.Out, width, width}, {&w.OutBias, 1, width},
		{&w.Gain2, 1, width}, {&w.Bias2, 1, width}, {&w.Up, hidden, width}, {&w.UpBias, 1, hidden}, {&w.Down, width, hidden}, {&w.DownBias, 1, width},
	} {
		m := cpu.NewMat(x.rows, x.cols)
		for i := range m.Data {
			m.Data[i] = float32(rng.NormFloat64() / math.Sqrt(float64(x.cols)))
		}
		up, err := d.Upload("weights", x.rows, x.cols, m.Data)
		if err != nil {
			t.Fatal(err)
		}
		s.buffers = append(s.buffers, up.Buffer)
		*x.to = up
		l.data[x.to] = m
	}
	return l
}

// reference is the layer by the twins, whole.
func (l *layerTest) reference(x cpu.Mat, a Attention) (out, k, v cpu.Mat, lse []float32) {
	m := func(t *gpu.Tensor) cpu.Mat { return l.data[t] }
	w, n, width := &l.LayerWeights, x.Rows, x.Cols
	normal, qkv := cpu.NewMat(n, width), cpu.NewMat(n, 3*width)
	cpu.LayerNorm(normal, x, m(&w.Gain1).Data, m(&w.Bias1).Data, w.Eps)
	cpu.MatMulT(qkv, normal, m(&w.QKV), cpu.Epilogue{Bias: m(&w.QKVBias).Data})
	mixed := cpu.NewMat(n, width)
	head := width / w.Heads
	for h := range w.Heads {
		sums := make([]float32, n)
		third := func(i int) cpu.Mat { return qkv.Sub(0, i*width+h*head, n, head) }
		twin(a, head).Attend(mixed.Sub(0, h*head, n, head), sums, third(0), third(1), third(2))
		lse = append(lse, sums...)
	}
	stream, hidden := cpu.NewMat(n, width), cpu.NewMat(n, m(&w.Up).Rows)
	cpu.MatMulT(stream, mixed, m(&w.Out), cpu.Epilogue{Bias: m(&w.OutBias).Data, Residual: &x})
	cpu.LayerNorm(normal, stream, m(&w.Gain2).Data, m(&w.Bias2).Data, w.Eps)
	cpu.MatMulT(hidden, normal, m(&w.Up), cpu.Epilogue{Bias: m(&w.UpBias).Data, GELU: true})
	out = cpu.NewMat(n, width)
	cpu.MatMulT(out, hidden, m(&w.Down), cpu.Epilogue{Bias: m(&w.DownBias).Data, Residual: &stream})
	return out, qkv.Sub(0, width, n, width), qkv.Sub(0, 2*width, n, width), lse
}

// A layer in blocks is the layer, also in place and where the last block is nearly empty.
func TestBlockwiseLayer(t *testing.T) {
	d := gputest.Device(t)
	const width, hidden, heads = 32, 128, 2
	rng := rand.New(rand.NewSource(1))
	s := &scratch{t: t, d: d}
	defer s.release()
	l := newLayerTest(t, d, s, rng, width, hidden, heads)
	for _, n := range []int{1, 64, 66, 200} {
		for _, causal := range []bool{true, false} {
			a := Attention{Mask: Mask{Causal: causal}, BlockQ: 64}
			x := cpu.NewMat(n, width)
			for i := range x.Data {
				x.Data[i] = float32(rng.NormFloat64())
			}
			want, wantK, wantV, wantLSE := l.reference(x, a)
			for _, d.Family = range []gpu.Family{gpu.Registers, gpu.Workgroups} {
				for _, inPlace := range []bool{false, true} {
					s := &scratch{t: t, d: d}
					in, k, v, lse := s.tensor(1, n, width), s.tensor(1, n, width), s.tensor(1, n, width), s.sums(heads, n)
					if err := d.WriteRows(in, 0, x.Data); err != nil {
						t.Fatal(err)
					}
					out := in
					if !inPlace {
						out = s.tensor(1, n, width)
					}
					work, err := NewLayerWork(d, n, l.LayerWeights, a)
					if err != nil {
						t.Fatal(err)
					}
					r := d.Record("layer")
					BlockwiseLayer(r, out, lse, k, v, work, in, l.LayerWeights, a)
					if err := r.Submit(); err != nil {
						t.Fatal(err)
					}
					got, err := d.Read(out, k, v, lse)
					if err != nil {
						t.Fatal(err)
					}
					name := fmt.Sprintf("layer of %d, causal %v, family %d, in place %v", n, causal, d.Family, inPlace)
					gputest.Close(t, name, got[0], want.Data, 3e-5, 1e-5)
					gputest.Close(t, name+": keys", got[1], packed(wantK), 1e-5, 1e-5)
					gputest.Close(t, name+": values", got[2], packed(wantV), 1e-5, 1e-5)
					gputest.Close(t, name+": lse", got[3], wantLSE, 1e-5, 1e-5)
					work.Release()
					s.release()
				}
			}
		}
	}
	if _, err := NewLayerWork(d, 10, LayerWeights{QKV: l.QKV, Up: l.Up, Heads: 3}, Attention{}); err == nil {
		t.Error("three heads in a width of 32")
	}
}

// packed are the values of a view, row after row.
func packed(m cpu.Mat) (x []float32) {
	for i := range m.Rows {
		x = append(x, m.Row(i)...)
	}
	return x
}

// The hidden layer exists for one block, however long the text is.
func TestLayerWorkIsConstant(t *testing.T) {
	d := gputest.Device(t)
	shape := func(rows, cols int) gpu.Tensor { return gpu.Tensor{Batch: 1, Rows: rows, Cols: cols} }
	w := LayerWeights{QKV: shape(3*768, 768), Up: shape(4*768, 768), Heads: 12}
	for _, d.Family = range []gpu.Family{gpu.Registers, gpu.Workgroups} {
		var bytes [2]uint64
		for i, n := range []int{4096, 43690} {
			before := d.Live().Bytes
			work, err := NewLayerWork(d, n, w, Attention{})
			if err != nil {
				t.Fatal(err)
			}
			bytes[i] = d.Live().Bytes - before
			work.Release()
		}
		if bytes[0] != bytes[1] || bytes[0] > 32<<20 {
			t.Errorf("family %d: %d bytes for 4096 tokens, %d for 43690", d.Family, bytes[0], bytes[1])
		}
	}
}
