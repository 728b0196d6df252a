package kernels

import (
	"fmt"
	"math"
	"math/rand"
	"slices"

	"headscope/gpu"
	"headscope/wgsl/cpu"
)

// Shape is a size that a self-test runs at: matrices [H, N, M].
type Shape struct{ H, N, M int }

func (s Shape) String() string { return fmt.Sprintf("%d x %d x %d", s.H, s.N, s.M) }

// Shapes are the sizes of [SelfTest]: one, around the width of a vec4, around the size of
// a tile, not square.
var Shapes = []Shape{{1, 1, 1}, {2, 3, 5}, {3, 4, 4}, {1, 63, 65}, {2, 64, 64}, {3, 65, 63}, {2, 130, 7}}

// Result is how far a kernel was from its CPU twin.
type Result struct {
	Kernel string
	Shape  Shape
	Worst  float64 // largest absolute error
	Excess float64 // largest error in units of what is tolerated there: passed if <= 1
}

// trial runs one kernel at a shape and returns pairs of results and references.
type trial struct {
	kernel     string
	atol, rtol float64
	run        func(b *bench, s Shape)
}

// trials lists every kernel of this package that the device runs. Sums in float32 lose about the square root
// of their length in units of 6e-8, which the tolerances leave room for.
func trials(d *gpu.Device) []trial {
	return append([]trial{
		{"embed", 1e-6, 1e-6, tryEmbed},
		{"layernorm", 2e-5, 1e-5, tryLayerNorm},
		{"softmax", 2e-6, 2e-5, trySoftmax},
		{"add", 0, 1e-7, tryAdd},
		{"activate", 2e-7, 3e-6, tryActivate},
		{"standardize", 2e-6, 1e-5, tryStandardize},
		{"reduce", 1e-4, 1e-5, tryReduce},
		{"pyramid", 1e-5, 1e-5, tryPyramid},
		{"condense", 1e-5, 1e-5, tryCondense},
		{"topk", 0, 0, tryTopK},
		{"traits", 1e-5, 1e-4, tryTraits},
		{"compare", 1e-7, 1e-5, tryCompare},
		{"colorize", 0, 0, tryColorize},
		{"paint", 2, 0, tryPaint},
		{"shrink", 0.51, 0, tryShrink},
		{"reached", 0, 0, tryReached},
		{"sums", 2e-5, 1e-5, trySums},
		{"products", 0, 1e-7, tryProducts},
	}, append(matMulTrials(d), attentionTrials()...)...)
}

// SelfTest runs every kernel at every shape, on random values, and compares it with its
// CPU twin. The error is of the device; a kernel that computes wrongly is in the results.
func SelfTest(d *gpu.Device, shapes []Shape) ([]Result, error) { return run(d, trials(d), shapes) }

// Warm runs once, on next to nothing, what a forward pass ends with: for the driver to compile
// it, on a device that is not the one that waits for it. The products that take longest come
// first.
func Warm(d *gpu.Device) error {
	products := Blocked
	if d.Family != gpu.Registers {
		products = Tiled
	}
	for _, name := range []string{"matmul_t " + MatVec.String(), "matmul " + products.String(), "topk", "traits", "pyramid"} {
		all := trials(d)
		i := slices.IndexFunc(all, func(t trial) bool { return t.kernel == name })
		if _, err := run(d, all[i:i+1], []Shape{{1, 8, 8}}); err != nil {
			return err
		}
	}
	return nil
}

// run runs trials at every shape.
func run(d *gpu.Device, trials []trial, shapes []Shape) ([]Result, error) {
	var results []Result
	for _, t := range trials {
		for i, s := range shapes {
			b := &bench{d: d, rng: rand.New(rand.NewSource(int64(i + 1))), trial: t, result: Result{Kernel: t.kernel, Shape: s}}
			t.run(b, s)
			b.release()
			if b.err != nil {
				return nil, fmt.Errorf("kernels: %s at %s: %w", t.kernel, s, b.err)
			}
			results = append(results, b.result)
		}
	}
	return results, nil
}

// bench makes a trial's data and gathers its errors.
type bench struct {
	d       *gpu.Device
	rng     *rand.Rand
	trial   trial
	buffers []*gpu.Buffer
	result  Result
	err     error
}

func (b *bench) release() {
	for _, x := range b.buffers {
		x.Release()
	}
}

// random makes n values around zero.
func (b *bench) random(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(b.rng.NormFloat64())
	}
	return x
}

// put uploads data as [batch, rows, cols].
func (b *bench) put(batch, rows, cols int, data []float32) gpu.Tensor {
	if b.err != nil {
		return gpu.Tensor{}
	}
	t, err := b.d.Upload("trial", batch*rows, cols, data)
	if err != nil {
		b.err = err
		return t
	}
	b.buffers = append(b.buffers, t.Buffer)
	t.Batch, t.Rows, t.BatchStride = batch, rows, rows*t.RowStride
	return t
}

// room makes an output [batch, rows, cols] filled with NaN, so that what a kernel leaves
// unwritten, in the padding too, is noticed.
func (b *bench) room(batch, rows, cols int) gpu.Tensor {
	stride := gpu.Stride4(cols)
	nan := make([]float32, batch*rows*stride)
	for i := range nan {
		nan[i] = float32(math.NaN())
	}
	t := b.put(1, batch*rows, stride, nan)
	t.Batch, t.Rows, t.Cols, t.BatchStride = batch, rows, cols, rows*stride
	return t
}

// words uploads token ids.
func (b *bench) words(ids []int32) *gpu.Buffer {
	data := make([]float32, len(ids))
	for i, id := range ids {
		data[i] = math.Float32frombits(uint32(id))
	}
	return b.put(1, 1, len(data), data).Buffer
}

// record runs launches to their end.
func (b *bench) record(launch func(r *gpu.Recorder)) {
	if b.err != nil {
		return
	}
	r := b.d.Record(b.trial.kernel)
	launch(r)
	b.err = r.Submit()
}

// expect compares an output, and the zeros of its padding, with the reference.
func (b *bench) expect(t gpu.Tensor, want []float32) {
	if b.err != nil {
		return
	}
	padded := t
	padded.Cols = min(t.RowStride, gpu.Stride4(t.Cols))
	got, err := b.d.Read(padded)
	if err != nil {
		b.err = err
		return
	}
	for row := range t.Batch * t.Rows {
		for c := range padded.Cols {
			w := float32(0)
			if c < t.Cols {
				w = want[row*t.Cols+c]
			}
			b.compare(got[0][row*padded.Cols+c], w)
		}
	}
}

// compare notes one value. What is not a number where a number was due is infinitely far.
func (b *bench) compare(got, want float32) {
	if got == want || got != got && want != want {
		return
	}
	off := math.Abs(float64(got) - float64(want))
	excess := off / (b.trial.atol + b.trial.rtol*math.Abs(float64(want)))
	if off != off {
		off, excess = math.Inf(1), math.Inf(1)
	}
	b.result.Worst, b.result.Excess = max(b.result.Worst, off), max(b.result.Excess, excess)
}

func tryEmbed(b *bench, s Shape) {
	vocab, d, n := s.N+5, s.M, s.N
	wte, wpe := b.random(vocab*d), b.random((n+2)*d)
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = int32(b.rng.Intn(vocab))
	}
	out := b.room(1, n, d)
	lo := vocab / 2 // the table in two parts
	parts := []gpu.Tensor{b.put(1, lo, d, wte[:lo*d]), b.put(1, vocab-lo, d, wte[lo*d:])}
	words, positions := b.words(ids), b.put(1, n+2, d, wpe)
	b.record(func(r *gpu.Recorder) { Embed(r, out, words, parts, positions, 2) })
	want := cpu.NewMat(n, d)
	cpu.Embed(want, ids, cpu.MatOf(wte, vocab, d), cpu.MatOf(wpe, n+2, d).Sub(2, 0, n, d))
	b.expect(out, want.Data)
}

func tryLayerNorm(b *bench, s Shape) {
	x, gain, bias := b.random(s.N*s.M), b.random(s.M), b.random(s.M)
	for i := range x {
		x[i] += 10 // a mean that a one-pass variance would lose digits to
	}
	for _, bias := range [][]float32{bias, nil} {
		out, in, g := b.room(1, s.N, s.M), b.put(1, s.N, s.M, x), b.put(1, 1, s.M, gain)
		var bb gpu.Tensor
		if bias != nil {
			bb = b.put(1, 1, s.M, bias)
		}
		b.record(func(r *gpu.Recorder) { LayerNorm(r, out, in, g, bb, 1e-5) })
		want := cpu.NewMat(s.N, s.M)
		cpu.LayerNorm(want, cpu.MatOf(x, s.N, s.M), gain, bias, 1e-5)
		b.expect(out, want.Data)
	}
}

func trySoftmax(b *bench, s Shape) {
	for _, mask := range []Mask{{}, {Causal: true}, {Causal: true, Position: 3}} {
		for _, size := range []float32{1, 80} { // ordinary and large logits
			// The twin knows no position: it gets as many rows more, which are cut off.
			rows := mask.Position + s.N
			x := b.random(s.H * rows * s.M)
			for i := range x {
				x[i] *= size
			}
			in := b.put(s.H, rows, s.M, x).Part(mask.Position, s.N, 0, s.M)
			out, lse := b.room(s.H, s.N, s.M), b.room(1, 1, s.H*s.N)
			b.record(func(r *gpu.Recorder) { Softmax(r, out, lse, in, 0.5, mask) })
			var want, wantLSE []float32
			for h := range s.H {
				y, l := cpu.NewMat(rows, s.M), make([]float32, rows)
				cpu.Softmax(y, cpu.MatOf(x[h*rows*s.M:], rows, s.M), 0.5, mask.Causal, l)
				want = append(want, y.Data[mask.Position*s.M:]...)
				wantLSE = append(wantLSE, l[mask.Position:]...)
			}
			b.expect(out, want)
			lse.RowStride = lse.Cols // packed: no padding to look at
			b.expect(lse, wantLSE)
		}
	}
}

func tryAdd(b *bench, s Shape) {
	x, y := b.random(s.N*s.M), b.random(s.N*s.M)
	out, xt, yt := b.room(1, s.N, s.M), b.put(1, s.N, s.M, x), b.put(1, s.N, s.M, y)
	b.record(func(r *gpu.Recorder) { Add(r, out, xt, yt) })
	want := make([]float32, len(x))
	cpu.Add(want, x, y)
	b.expect(out, want)
}

func tryActivate(b *bench, s Shape) {
	x := b.random(s.N * s.M)
	for i := range x {
		x[i] *= []float32{1, 1e-3, 5, 200}[i%4]
	}
	x[len(x)/2] = float32(math.NaN())
	x[len(x)/3] = float32(math.Inf(-1))
	for _, f := range cpu.Activations {
		out, in := b.room(1, s.N, s.M), b.put(1, s.N, s.M, x)
		b.record(func(r *gpu.Recorder) { Activate(r, out, in, f) })
		want := make([]float32, len(x))
		cpu.Activate(want, x, f)
		b.expect(out, want)
	}
}

func tryStandardize(b *bench, s Shape) {
	for _, mean := range []float32{0, 1e4} { // the second would cost a rounded mean its digits
		x := b.random(s.N * s.M)
		for i := range x {
			x[i] += mean
		}
		out, in, work := b.room(1, s.N, s.M), b.put(1, s.N, s.M, x), b.room(1, 1, WorkFloats(1, s.N, s.M))
		b.record(func(r *gpu.Recorder) { Standardize(r, out, in, work, 1e-5) })
		want := cpu.NewMat(s.N, s.M)
		cpu.Standardize(want, cpu.MatOf(x, s.N, s.M), 1e-5)
		b.expect(out, want.Data)
	}
}

func tryReduce(b *bench, s Shape) {
	x := b.random(s.H * s.N * s.M)
	if len(x) > 10 {
		x[len(x)/2] = float32(math.NaN())
		x[len(x)/3] = float32(math.Inf(1))
	}
	in, sum := b.put(s.H, s.N, s.M, x), Summary{Work: b.room(1, 1, WorkFloats(s.H, s.N, s.M)), Out: b.room(1, s.H, 4)}
	b.record(func(r *gpu.Recorder) { Reduce(r, sum, in) })
	var want []float32
	for h := range s.H {
		w := cpu.Reduce(x[h*s.N*s.M : (h+1)*s.N*s.M])
		want = append(want, w.MaxAbs, float32(w.Sum), w.MinAbs, float32(w.NotFinite))
	}
	b.expect(sum.Out, want)
}

func tryPyramid(b *bench, s Shape) {
	_, cells := PyramidLevels(s.N, s.M)
	if cells == 0 {
		return
	}
	x := b.random(s.H * s.N * s.M)
	in, out := b.put(s.H, s.N, s.M, x), b.room(1, 1, 2*s.H*cells)
	b.record(func(r *gpu.Recorder) { Pyramid(r, out.Buffer, in) })
	var want []float32
	for h := range s.H {
		for _, l := range cpu.Pyramid(cpu.MatOf(x[h*s.N*s.M:], s.N, s.M)) {
			for i := range l.Mean {
				want = append(want, l.Mean[i], l.MaxAbs[i])
			}
		}
	}
	out.RowStride = out.Cols
	b.expect(out, want)
}

func tryTopK(b *bench, s Shape) {
	for _, cols := range []int{s.M, 5000 + s.M} { // one chunk and several
		k := min(5, cols)
		x := b.random(s.N * cols)
		for i := range x {
			x[i] = float32(math.Round(float64(x[i]) * 4)) // many ties
		}
		in, values, indices := b.put(1, s.N, cols, x), b.room(1, 1, s.N*k), b.room(1, 1, s.N*k)
		parts := TopParts(s.N, cols, k)
		top := Top{values.Buffer, indices.Buffer, b.room(1, 1, parts).Buffer, b.room(1, 1, parts).Buffer}
		b.record(func(r *gpu.Recorder) { TopK(r, top, in, k) })
		var wantValues, wantIndices []float32
		for i := range s.N {
			v, at := cpu.TopK(x[i*cols:(i+1)*cols], k)
			wantValues = append(wantValues, v...)
			for _, a := range at {
				wantIndices = append(wantIndices, math.Float32frombits(uint32(a)))
			}
		}
		values.RowStride, indices.RowStride = values.Cols, indices.Cols
		b.expect(values, wantValues)
		b.expect(indices, wantIndices)
	}
}

func tryTraits(b *bench, s Shape) {
	n := s.N
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = int32(b.rng.Intn(n/3 + 1)) // many copies
	}
	a := make([]float32, s.H*n*n)
	for h := range s.H {
		m := cpu.MatOf(a[h*n*n:], n, n)
		cpu.Softmax(m, cpu.MatOf(b.random(n*n), n, n), 1, true, nil)
	}
	in, out, words := b.put(s.H, n, n, a), b.room(1, 1, 8*s.H*n), b.words(ids)
	b.record(func(r *gpu.Recorder) { Traits(r, out, in, words) })
	var want []float32
	for h := range s.H {
		for _, t := range cpu.Traits(cpu.MatOf(a[h*n*n:], n, n), ids) {
			square := t.Spread*t.Spread + t.Distance*t.Distance
			for _, v := range []float64{t.Current, t.Previous, t.First, t.Entropy, t.Distance, square, t.Duplicate, t.Induction} {
				want = append(want, float32(v))
			}
		}
	}
	b.expect(out, want)
}

func tryColorize(b *bench, s Shape) {
	x := b.random(s.H * s.N * s.M)
	for _, palette := range []cpu.Palette{cpu.Paper, cpu.Ink, cpu.Signed} {
		in, out := b.put(1, 1, len(x), x), b.room(1, 1, len(x))
		b.record(func(r *gpu.Recorder) { Colorize(r, out.Buffer, in.Buffer, len(x), 2, palette) })
		want := make([]uint32, len(x))
		cpu.Colorize(want, x, 2, palette)
		if b.err != nil {
			return
		}
		got, err := b.d.ReadWords(out.Buffer, len(x))
		if err != nil {
			b.err = err
			return
		}
		for i := range want {
			for c := 0; c < 32; c += 8 {
				off := math.Abs(float64(got[i]>>c&0xff) - float64(want[i]>>c&0xff))
				// One step of 255 is the rounding of either side.
				b.result.Worst, b.result.Excess = max(b.result.Worst, off), max(b.result.Excess, off)
			}
		}
	}
}
