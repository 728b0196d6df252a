package kernels

import (
	"math"
	"math/rand"
	"strings"
	"testing"

	"headscope/gpu"
	"headscope/gpu/gputest"
	"headscope/wgsl/cpu"
)

// distance compares heads a and b of a layer on the device and by the twin.
func distance(t *testing.T, d *gpu.Device, layer []float32, n, a, b int) (got, want cpu.Distance) {
	t.Helper()
	bench := &bench{d: d}
	defer bench.release()
	in, difference, rows := bench.put(len(layer)/n/n, n, n, layer), bench.room(1, n, n), bench.room(1, 1, 8*n)
	bench.record(func(r *gpu.Recorder) { Compare(r, difference, rows, in.At(a), in.At(b)) })
	if bench.err != nil {
		t.Fatal(bench.err)
	}
	data, err := d.Read(rows)
	if err != nil {
		t.Fatal(err)
	}
	head := func(h int) cpu.Mat { return cpu.MatOf(layer[h*n*n:], n, n) }
	return DistanceOf(data[0]), cpu.Apart(cpu.Compare(cpu.NewMat(n, n), head(a), head(b)))
}

// Distances are right to 1e-5, of long rows and of patterns that hardly differ too.
func TestDistances(t *testing.T) {
	d := gputest.Device(t)
	for _, d.Family = range []gpu.Family{gpu.Registers, gpu.Workgroups} {
		for _, n := range []int{1, 2, 63, 64, 65, 257, 1025} {
			rng := rand.New(rand.NewSource(int64(n)))
			var layer []float32
			for _, kind := range []string{"mixed", "random", "even", "previous"} {
				layer = append(layer, gputest.Pattern(kind, n, rng)...)
			}
			for i := range n * n { // of the first head
				layer = append(layer, layer[i]*(1+1e-4*float32(rng.NormFloat64())))
			}
			for _, pair := range [][2]int{{0, 1}, {0, 2}, {1, 3}, {2, 2}, {0, 4}} {
				got, want := distance(t, d, layer, n, pair[0], pair[1])
				if math.Abs(got.JS-want.JS) > 1e-5 || math.Abs(got.Cosine-want.Cosine) > 1e-5 || got.MaxDiff != want.MaxDiff || got.I != want.I || got.J != want.J {
					t.Errorf("family %d: heads %v on %d tokens are %+v apart, want %+v", d.Family, pair, n, got, want)
				}
			}
		}
	}
}

// Patterns on one token each: the same ones are 0 apart, others 1, with no angle and a
// right one between them.
func TestDistancesOfOneHots(t *testing.T) {
	d := gputest.Device(t)
	for _, d.Family = range []gpu.Family{gpu.Registers, gpu.Workgroups} {
		for _, n := range []int{1, 2, 63, 64, 65, 257} {
			layer := make([]float32, 2*n*n)
			for i := range n {
				layer[i*n+i] = 1
				layer[n*n+i*n+max(0, i-1)] = 1
			}
			got, _ := distance(t, d, layer, n, 1, 1)
			if got != (cpu.Distance{Cosine: 1}) {
				t.Errorf("family %d: on %d tokens a pattern is %+v from itself", d.Family, n, got)
			}
			got, _ = distance(t, d, layer, n, 0, 1)
			share := float64(n-1) / float64(n) // the first row has one token to look at
			if math.Abs(got.JS-share) > 1e-6 || math.Abs(got.Cosine-1/float64(n)) > 1e-6 {
				t.Errorf("family %d: on %d tokens one-hots are %+v apart, want JS %v and cosine %v", d.Family, n, got, share, 1/float64(n))
			}
			if n > 1 && (got.MaxDiff != -1 || got.I != 1 || got.J != 0) {
				t.Errorf("family %d: on %d tokens the largest difference is %+v, want -1 at 1, 0", d.Family, n, got)
			}
		}
	}
}

// A packed difference has no padding to clear, and rows of any stride are read.
func TestCompareStrides(t *testing.T) {
	d := gputest.Device(t)
	const n, margin = 7, 3
	rng := rand.New(rand.NewSource(1))
	a, b := gputest.Pattern("random", n, rng), gputest.Pattern("mixed", n, rng)
	wide := make([]float32, n*(n+margin))
	for i := range wide {
		wide[i] = float32(math.NaN())
	}
	for i := range n {
		copy(wide[i*(n+margin)+margin:], a[i*n:(i+1)*n])
	}
	want := cpu.NewMat(n, n)
	cpu.Compare(want, cpu.MatOf(a, n, n), cpu.MatOf(b, n, n))
	for _, d.Family = range []gpu.Family{gpu.Registers, gpu.Workgroups} {
		bench := &bench{d: d}
		in, other, rows := bench.put(1, n, n+margin, wide).Part(0, n, margin, n), bench.put(1, n, n, b), bench.room(1, 1, 8*n)
		packed := bench.room(1, 1, n*n).Buffer.Packed(n, n)
		bench.record(func(r *gpu.Recorder) { Compare(r, packed, rows, in, other) })
		got, err := d.Read(packed)
		bench.release()
		if bench.err != nil || err != nil {
			t.Fatal(bench.err, err)
		}
		gputest.Close(t, "difference", got[0], want.Data, 0, 0)
	}
}

func TestCompareErrors(t *testing.T) {
	d := gputest.Device(t)
	b := &bench{d: d}
	defer func() { b.release() }()
	four, five, wide := b.room(1, 4, 4), b.room(1, 5, 5), b.room(1, 4, 5)
	heads, rows, short := b.room(2, 4, 4), b.room(1, 1, 32), b.room(1, 1, 31)
	if b.err != nil {
		t.Fatal(b.err)
	}
	for _, c := range [][4]gpu.Tensor{
		{four, rows, four, five}, {five, rows, four, four}, {wide, rows, wide, wide}, {four, short, four, four}, {four, rows, heads, heads},
	} {
		r := d.Record("bad")
		Compare(r, c[0], c[1], c[2], c[3])
		if err := r.Submit(); err == nil || !strings.Contains(err.Error(), "compare") {
			t.Errorf("%v: got %v; want an error of compare", c, err)
		}
	}
}
