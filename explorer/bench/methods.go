package bench

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"headscope/gpu"
	"headscope/gpu/kernels"
	"headscope/wgsl/cpu"
)

// attentionMethods are the ways to compute attention alone. work is what one needs beside its
// inputs and results, in floats, the largest of it first; record gets tensors of these shapes.
var attentionMethods = []struct {
	name   string
	work   func(r *runner, n int) [][3]int // batch, rows, columns
	record func(r *runner, rec *gpu.Recorder, x *heads, work []gpu.Tensor)
	// traffic is the floats that have to be read and written.
	traffic func(r *runner, n int) float64
}{
	{Full, squares, func(r *runner, rec *gpu.Recorder, x *heads, work []gpu.Tensor) {
		full(rec, x.out, x.lse, work, x.q, x.k, x.v, r.kernel(), false)
	}, squareTraffic},
	{FullSkip, squares, func(r *runner, rec *gpu.Recorder, x *heads, work []gpu.Tensor) {
		full(rec, x.out, x.lse, work, x.q, x.k, x.v, r.kernel(), true)
	}, squareTraffic},
	{Blockwise, func(r *runner, n int) [][3]int {
		return [][3]int{{1, 1, kernels.BlockwiseWork(r.d, r.Heads, n, n, r.D, r.kernel())}}
	}, func(r *runner, rec *gpu.Recorder, x *heads, work []gpu.Tensor) {
		kernels.BlockwiseAttention(rec, x.out, x.lse, work[0], x.q, x.k, x.v, r.kernel())
	}, blockTraffic},
}

// squares are the scores and the weights.
func squares(r *runner, n int) [][3]int { return r.squareShapes(n, r.Heads) }

// squareShapes are scores and weights of some heads. Their rows start at multiples of 64
// floats, which the products of software adapters need to be fast, if there is room.
func (r *runner) squareShapes(n, heads int) [][3]int {
	s := [3]int{heads, n, (n + 63) &^ 63}
	if bytesOf(s) > r.d.Limits.StorageBinding {
		s[2] = n
	}
	return [][3]int{s, s}
}

// full has its scores and weights in tensors of squareShapes.
func full(rec *gpu.Recorder, out, lse gpu.Tensor, work []gpu.Tensor, q, k, v gpu.Tensor, a kernels.Attention, skip bool) {
	n := q.Rows
	kernels.FullAttention(rec, out, lse, work[0].Part(0, n, 0, n), work[1].Part(0, n, 0, n), q, k, v, a, skip)
}

// pairs counts the queries and keys that see each other in a text of n tokens.
func (r *runner) pairs(n int) float64 {
	if r.Causal {
		return float64(n) * float64(n+1) / 2
	}
	return float64(n) * float64(n)
}

// squareTraffic is that of scores and weights, both written once and read once, with that of
// q, k, v and the result.
func squareTraffic(r *runner, n int) float64 {
	return 4*float64(r.Heads)*float64(n)*float64(n) + 4*float64(r.Heads*n*r.D)
}

// blockTraffic is that of queries and result, and of all keys and values that a block of
// queries sees, for each of them.
func blockTraffic(r *runner, n int) float64 {
	queries, _ := r.kernel().Blocks(r.d, r.D)
	blocks := math.Ceil(float64(n) / float64(queries))
	if r.Causal {
		blocks = (blocks + 1) / 2
	}
	return float64(r.Heads*n*r.D) * (2 + 2*blocks)
}

// heads is the inputs and results of attention at one length, and what it should give.
type heads struct {
	q, k, v, out gpu.Tensor // owned: [heads, n, d]
	lse          gpu.Tensor // owned: [heads, n]
	source       string

	want  []float32 // of the checked heads and rows
	logit float64   // the largest |score| of these
}

func (x *heads) release() {
	for _, t := range []gpu.Tensor{x.q, x.k, x.v, x.out, x.lse} {
		t.Buffer.Release()
	}
}

// newHeads makes inputs and results of n tokens, and computes what is to be compared.
func (r *runner) newHeads(n int) (x *heads, err error) {
	x = &heads{source: "random"}
	defer func() {
		if err != nil {
			x.release()
		}
	}()
	var host [3][]float32
	if r.Real != nil && n <= r.Real.N {
		x.source = r.Real.Name
		for i, all := range [][]float32{r.Real.Q, r.Real.K, r.Real.V} {
			host[i] = all[:n*r.D]
		}
	}
	err = r.elsewhere(func() {
		for i := range host {
			if host[i] == nil {
				host[i] = make([]float32, r.Heads*n*r.D)
				normal(r.ctx, rand.New(rand.NewPCG(uint64(n), uint64(i))), host[i], 0, 1)
			}
		}
		x.reference(r, n, host)
	})
	if err != nil {
		return x, err
	}
	for i, t := range []*gpu.Tensor{&x.q, &x.k, &x.v} {
		if *t, err = r.d.NewTensor([]string{"q", "k", "v"}[i], r.Heads, n, r.D); err != nil {
			return x, err
		}
		if err := r.write(t.Buffer, host[i]); err != nil { // d is a multiple of 4: no padding
			return x, err
		}
	}
	if x.out, err = r.d.NewTensor("out", r.Heads, n, r.D); err != nil {
		return x, err
	}
	flat, err := r.d.NewTensor("lse", 1, 1, r.Heads*n)
	if err != nil {
		return x, err
	}
	x.lse = flat.Buffer.Packed(r.Heads, n)
	return x, nil
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

// reference computes some rows in float64, as far as ctx lets it.
func (x *heads) reference(r *runner, n int, host [3][]float32) {
	rows, lse := rowsToCheck(n), make([]float32, 1)
	want := cpu.NewMat(min(r.Heads, checkedHeads)*len(rows), r.D)
	for at := range want.Rows {
		if r.ctx.Err() != nil {
			return
		}
		h, i := at/len(rows), rows[at%len(rows)]
		part := func(which int) cpu.Mat { return cpu.MatOf(host[which][h*n*r.D:(h+1)*n*r.D], n, r.D) }
		ref := cpu.Attention{Scale: float32(1 / math.Sqrt(float64(r.D))), Causal: r.Causal, Position: i}
		x.logit = max(x.logit, ref.Attend(want.Sub(at, 0, 1, r.D), lse, part(0).Sub(i, 0, 1, r.D), part(1), part(2)))
	}
	x.want = want.Data
}

// check compares rows all over the result with float64.
func (x *heads) check(r *runner, row *Row) error {
	got, err := r.gather(x.out, min(r.Heads, checkedHeads), rowsToCheck(row.N))
	if err != nil {
		return err
	}
	return row.compared(farthest(got, x.want), x.logit)
}

// compared notes how far a result is from float64.
func (row *Row) compared(worst, logit float64) error {
	if math.IsNaN(worst) {
		return fmt.Errorf("%s at %d tokens: the result is no number", row.Method, row.N)
	}
	row.Error, row.MaxLogit = &worst, logit
	return nil
}

// measure measures the methods at one length.
func (r *runner) measure(n int, each func(Row)) error {
	_, keys := r.kernel().Blocks(r.d, r.D)
	row := Row{N: n, Heads: r.Heads, D: r.D, Causal: r.Causal, Block: keys}
	one := [3]int{r.Heads, n, r.D}
	if row.Skipped = r.over(n, [][3]int{one}, 4*bytesOf(one)); row.Skipped != "" {
		row.Binding = bytesOf(one)
		var none []trial
		for _, row.Method = range Methods() {
			if r.wants(row.Method) {
				none = append(none, trial{row: row})
			}
		}
		return r.alternate(none, each)
	}
	if err := r.measureHeads(row, each); err != nil {
		return err
	}
	if !r.wants(BlockwiseLayer) {
		return nil
	}
	return r.measureLayer(row, each)
}

// measureHeads measures the ways to compute attention alone, at the length of row.
func (r *runner) measureHeads(row Row, each func(Row)) error {
	n := row.N
	if !r.wants(Full) && !r.wants(FullSkip) && !r.wants(Blockwise) {
		return nil
	}
	x, err := r.newHeads(n)
	if err != nil {
		return err
	}
	defer x.release()
	row.Data = x.source
	inputs := sizes(x.q, x.k, x.v, x.out, x.lse)
	var trials []trial
	for _, m := range attentionMethods {
		if !r.wants(m.name) {
			continue
		}
		shapes := m.work(r, n)
		row.Method, row.Binding, row.Peak = m.name, max(x.q.Buffer.Size, bytesOf(shapes[0])), 0
		if row.Skipped = r.over(n, shapes, 0); row.Skipped != "" {
			row.Peak = inputs
			for _, s := range shapes {
				row.Peak += bytesOf(s)
			}
		}
		trials = append(trials, trial{
			row: row, inputs: inputs, flop: 4 * r.pairs(n) * float64(r.Heads*r.D), bytes: 4 * m.traffic(r, n),
			run: func() (wall, own time.Duration, err error) {
				return r.time(shapes, func(rec *gpu.Recorder, work []gpu.Tensor) { m.record(r, rec, x, work) })
			},
			check: func(row *Row) error { return x.check(r, row) },
		})
	}
	return r.alternate(trials, each)
}
