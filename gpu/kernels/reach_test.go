package kernels

import (
	"math/rand"
	"strings"
	"testing"

	"headscope/gpu"
	"headscope/gpu/gputest"
	"headscope/wgsl/cpu"
)

// Products under way are right where they are long either way, in more rows and columns
// than a grid has workgroups.
func TestLongReaches(t *testing.T) {
	d := gputest.Device(t)
	for _, d.Family = range []gpu.Family{gpu.Registers, gpu.Workgroups} {
		for _, tr := range trials(d) {
			shapes := map[string][]Shape{
				"reached": {{1, 70001, 3}, {1, 2, 70001}, {300, 3, 5}},
				"sums":    {{1, 257, 300}},
			}[tr.kernel]
			for i, s := range shapes {
				b := &bench{d: d, rng: rand.New(rand.NewSource(int64(i))), trial: tr}
				tr.run(b, s)
				b.release()
				if b.err != nil || b.result.Excess > 1 {
					t.Errorf("family %d: %s of %s: %v, worst error %g, %.3g times what is tolerated", d.Family, tr.kernel, s, b.err, b.result.Worst, b.result.Excess)
				}
			}
		}
		b := &bench{d: d, rng: rand.New(rand.NewSource(1)), trial: trial{atol: 2e-5, rtol: 1e-5}}
		const n, k = 70001, 5 // as a row and as a column
		x := b.random(n * k)
		reach := cpu.Reach{BlockI: n, BlockK: 3, BlockJ: n, PerJ: 3, Rate: 1, Count: 2}
		for _, c := range []struct{ rows, cols int }{{n, 1}, {1, n}} {
			reach.Count = 3*min(c.cols-1, 60000) + 2
			left, right := b.put(1, c.rows, k, x[:c.rows*k]), b.put(1, k, c.cols, x[:k*c.cols])
			whole, out := b.put(1, c.rows, c.cols, make([]float32, n)), b.room(1, c.rows, c.cols)
			b.record(func(r *gpu.Recorder) { Sums(r, out, left, right, whole, 1, reach) })
			want := cpu.NewMat(c.rows, c.cols)
			cpu.Sums(want, cpu.MatOf(x, c.rows, k), cpu.MatOf(x, k, c.cols), cpu.NewMat(c.rows, c.cols), 1, reach)
			b.expect(out, want.Data)
		}
		b.release()
		if b.err != nil || b.result.Excess > 1 {
			t.Errorf("family %d: sums of %d rows or columns: %v, worst error %g", d.Family, n, b.err, b.result.Worst)
		}
	}
}

// Every block begins where it does, however many there are and whatever their size.
func TestBlocksBeginWhereTheyDo(t *testing.T) {
	d := gputest.Device(t)
	b := &bench{d: d, rng: rand.New(rand.NewSource(1)), trial: trial{atol: 1e-9}}
	defer func() { b.release() }()
	const n = 1<<18 + 1
	x := make([]float32, n)
	for i := range x {
		x[i] = 1
	}
	in, out := b.put(1, 1, n, x), b.room(1, 1, n)
	for _, block := range []int{1, 3, 7, 41, 47, 49, 55, 61, 82, 83, 97, 107, 12345, n - 1, n} {
		reach := cpu.Reach{BlockI: 1, BlockK: 1, BlockJ: block, PerJ: 1, Rate: 1, Count: 1}
		b.record(func(r *gpu.Recorder) { Reached(r, out, in, reach) })
		want := cpu.NewMat(1, n)
		cpu.Reached(want, cpu.MatOf(x, 1, n), reach)
		if b.expect(out, want.Data); b.err != nil || b.result.Excess > 1 {
			t.Fatalf("blocks of %d: %v, worst error %g", block, b.err, b.result.Worst)
		}
	}
}

func TestReachErrors(t *testing.T) {
	d := gputest.Device(t)
	b := &bench{d: d, rng: rand.New(rand.NewSource(1))}
	defer func() { b.release() }()
	x, same, other := b.put(1, 4, 4, b.random(16)), b.room(1, 4, 4), b.room(1, 4, 5)
	table := b.words(make([]int32, 8))
	if b.err != nil {
		t.Fatal(b.err)
	}
	good := cpu.Reach{BlockI: 4, BlockK: 4, BlockJ: 4, PerI: 1, Rate: 4, Count: 1}
	empty, far := good, good
	empty.BlockJ, far.PerI = 0, 1<<30
	three := other
	three.Batch = 3
	for _, c := range []struct {
		want   string
		launch func(r *gpu.Recorder)
	}{
		{"reached", func(r *gpu.Recorder) { Reached(r, other, x, good) }},
		{"reached", func(r *gpu.Recorder) { Reached(r, x, x, good) }},
		{"reached", func(r *gpu.Recorder) { Reached(r, same, x, empty) }},
		{"reached", func(r *gpu.Recorder) { Reached(r, same, x, far) }},
		{"sums", func(r *gpu.Recorder) { Sums(r, same, x, x, other, 1, good) }},
		{"sums", func(r *gpu.Recorder) { Sums(r, same, x, x, same, 1, good) }},
		{"sums", func(r *gpu.Recorder) { Sums(r, same, x, x, x, 1, cpu.Reach{}) }},
		{"products", func(r *gpu.Recorder) { Products(r, three, table, x.Buffer, x.Buffer, cpu.Strides{}) }},
		{"products", func(r *gpu.Recorder) { Products(r, other.Part(0, 4, 0, 1), table, x.Buffer, x.Buffer, cpu.Strides{}) }},
		{"products", func(r *gpu.Recorder) { Products(r, x, table, x.Buffer, x.Buffer, cpu.Strides{}) }},
	} {
		r := d.Record("bad")
		c.launch(r)
		if err := r.Submit(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v; want an error of %q", err, c.want)
		}
	}
}
