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

// What works on whole matrices does so on both sides of a part's and a step's end, on one
// long row and one long column, and on more rows than a grid has workgroups.
func TestWholeMatrices(t *testing.T) {
	d := gputest.Device(t)
	for _, d.Family = range []gpu.Family{gpu.Registers, gpu.Workgroups} {
		for _, tr := range trials(d) {
			if tr.kernel != "activate" && tr.kernel != "reduce" && tr.kernel != "standardize" {
				continue
			}
			for i, s := range []Shape{
				{1, 1, 3}, {1, 3, 1}, {1, 63, 257}, {2, 257, 64}, {1, 65, 63}, {2, 1, 1023}, {1, 2, 1024}, {1, 1, 1025},
				{2, 255, 3}, {1, 256, 1}, {2, 128, 2049}, {1, 70001, 1}, {1, 1, 300001},
			} {
				b := &bench{d: d, rng: rand.New(rand.NewSource(int64(i))), trial: tr}
				if tr.kernel == "reduce" {
					b.trial.atol *= math.Sqrt(max(1, float64(s.N*s.M)/1000)) // of the sum
				}
				tr.run(b, s)
				b.release()
				if b.err != nil || b.result.Excess > 1 {
					t.Errorf("family %d: %s of %s: %v, worst error %g, %.3g times what is tolerated", d.Family, tr.kernel, s, b.err, b.result.Worst, b.result.Excess)
				}
			}
		}
	}
}

// What is no finite number is counted, takes nothing away from the rest, and of nothing
// else all is 0. Results land where they are asked for.
func TestReduceOfNonFinite(t *testing.T) {
	d := gputest.Device(t)
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, d.Family = range []gpu.Family{gpu.Registers, gpu.Workgroups} {
		for _, c := range []struct {
			x    []float32
			want []float32
		}{
			{[]float32{nan}, []float32{0, 0, 0, 1}},
			{[]float32{inf, nan, -inf, nan, inf}, []float32{0, 0, 0, 5}},
			{[]float32{inf, -3, nan, 2.5, -inf}, []float32{3, -0.5, 2.5, 3}},
			{[]float32{math.MaxFloat32, -1}, []float32{math.MaxFloat32, math.MaxFloat32, 1, 0}},
			{[]float32{1e-30, 0, -2e-30}, []float32{2e-30, -1e-30, 0, 0}},
		} {
			b := &bench{d: d}
			n := len(c.x)
			in, work, out := b.put(1, n, 1, c.x), b.room(1, 1, WorkFloats(1, n, 1)), b.room(1, 3, 4)
			b.record(func(r *gpu.Recorder) { Reduce(r, Summary{Work: work, Out: out.Part(1, 1, 0, 4)}, in) })
			got, err := d.Read(out)
			b.release()
			if b.err != nil || err != nil {
				t.Fatal(b.err, err)
			}
			want := []float32{nan, nan, nan, nan, c.want[0], c.want[1], c.want[2], c.want[3], nan, nan, nan, nan}
			gputest.Close(t, "summary", got[0], want, 1e-36, 1e-6)
		}
	}
}

// A NaN or infinity spoils a standardized matrix, but not its padding.
func TestStandardizeOfNonFinite(t *testing.T) {
	d := gputest.Device(t)
	for _, d.Family = range []gpu.Family{gpu.Registers, gpu.Workgroups} {
		for _, bad := range []float64{math.NaN(), math.Inf(1)} {
			tr := trial{kernel: "standardize"}
			b := &bench{d: d, rng: rand.New(rand.NewSource(1)), trial: tr}
			x := b.random(5 * 7)
			x[17] = float32(bad)
			in, out, work := b.put(1, 5, 7, x), b.room(1, 5, 7), b.room(1, 1, WorkFloats(1, 5, 7))
			b.record(func(r *gpu.Recorder) { Standardize(r, out, in, work, 1e-5) })
			want := make([]float32, len(x))
			for i := range want {
				want[i] = float32(math.NaN())
			}
			b.expect(out, want)
			b.release()
			if b.err != nil || b.result.Worst != 0 {
				t.Errorf("family %d: with a %v: %v, off by %g", d.Family, bad, b.err, b.result.Worst)
			}
		}
	}
}

// The sum of a large matrix that cancels is as exact as its documentation says.
func TestReduceSums(t *testing.T) {
	d := gputest.Device(t)
	rng := rand.New(rand.NewSource(1))
	const rows, cols = 700, 1500
	for _, d.Family = range []gpu.Family{gpu.Registers, gpu.Workgroups} {
		for _, mean := range []float64{0, 0.3} {
			b := &bench{d: d}
			x, all := make([]float32, rows*cols), 0.0
			for i := range x {
				x[i] = float32(mean + 0.01*rng.NormFloat64())
				all += math.Abs(float64(x[i]))
			}
			in, work, out := b.put(1, rows, cols, x), b.room(1, 1, WorkFloats(1, rows, cols)), b.room(1, 1, 4)
			b.record(func(r *gpu.Recorder) { Reduce(r, Summary{Work: work, Out: out}, in) })
			got, err := d.Read(out)
			b.release()
			if b.err != nil || err != nil {
				t.Fatal(b.err, err)
			}
			if want := cpu.Reduce(x).Sum; math.Abs(float64(got[0][1])-want) > 1e-6*all {
				t.Errorf("family %d: the sum is %v, want %v; all |x| add up to %v", d.Family, got[0][1], want, all)
			}
		}
	}
}

func TestWholeMatrixErrors(t *testing.T) {
	d := gputest.Device(t)
	b := &bench{d: d, rng: rand.New(rand.NewSource(1))}
	defer func() { b.release() }()
	x, same, other, work := b.put(1, 4, 4, b.random(16)), b.room(1, 4, 4), b.room(1, 4, 5), b.room(1, 1, WorkFloats(1, 4, 4))
	short := work
	short.Cols--
	if b.err != nil {
		t.Fatal(b.err)
	}
	for _, c := range []struct {
		want   string
		launch func(r *gpu.Recorder)
	}{
		{"activate", func(r *gpu.Recorder) { Activate(r, other, x, cpu.ReLU) }},
		{"activate", func(r *gpu.Recorder) { Activate(r, same, x, cpu.Activation(len(cpu.Activations))) }},
		{"standardize", func(r *gpu.Recorder) { Standardize(r, same, x, short, 1e-5) }},
		{"reduce", func(r *gpu.Recorder) { Reduce(r, Summary{Work: short, Out: same}, x) }},
		{"reduce", func(r *gpu.Recorder) { Reduce(r, Summary{Work: work, Out: other}, x) }},
	} {
		r := d.Record("bad")
		c.launch(r)
		if err := r.Submit(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v; want an error of %q", err, c.want)
		}
	}
}
