package kernels

import (
	"math/rand"
	"strings"
	"testing"
	"time"

	"headscope/gpu"
	"headscope/gpu/gputest"
)

// Every kernel agrees with its CPU twin at odd sizes, and leaves nothing alive.
func TestKernelsEqualTwins(t *testing.T) {
	d := gputest.Device(t)
	for _, d.Family = range []gpu.Family{gpu.Registers, gpu.Workgroups} {
		results, err := SelfTest(d, Shapes)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range results {
			if r.Excess > 1 {
				t.Errorf("family %d: %s at %s: worst error %g, %.3g times what is tolerated", d.Family, r.Kernel, r.Shape, r.Worst, r.Excess)
			}
		}
		t.Logf("family %d: %d comparisons on %s", d.Family, len(results), d.Adapter)
	}
}

// Heads of which a submit may hold but one come out the same.
func TestHeadsOneByOne(t *testing.T) {
	d := gputest.Device(t)
	d.Slices(time.Microsecond, nil)
	shape := Shape{3, 400, 401}
	if cost := d.Record("cost").MaxCost(); 2*100*float64(shape.N*shape.N) <= cost {
		t.Fatalf("a submit holds %.3g FLOP: nothing is cut", cost)
	}
	for _, d.Family = range []gpu.Family{gpu.Registers, gpu.Workgroups} {
		for _, tr := range trials(d) {
			if tr.kernel != "softmax" && tr.kernel != "pyramid" && tr.kernel != "traits" {
				continue
			}
			results, err := run(d, []trial{tr}, []Shape{shape})
			if err != nil {
				t.Fatal(err)
			}
			if r := results[0]; r.Excess > 1 {
				t.Errorf("family %d: %s at %s: worst error %g, %.3g times what is tolerated", d.Family, r.Kernel, r.Shape, r.Worst, r.Excess)
			}
		}
	}
}

// A vocabulary is longer than the loops of one thread may be on software adapters; what
// would need more is refused, not cut off.
func TestLongRows(t *testing.T) {
	d := gputest.Device(t)
	d.Family = gpu.Registers
	for _, kernel := range []string{"topk", "softmax", "reduce"} {
		for _, tr := range trials(d) {
			if tr.kernel != kernel {
				continue
			}
			b := &bench{d: d, rng: rand.New(rand.NewSource(1)), trial: tr}
			tr.run(b, Shape{1, 2, 70001})
			b.release()
			if b.err != nil || b.result.Excess > 1 {
				t.Errorf("%s of rows of 70001: %v, worst error %g", kernel, b.err, b.result.Worst)
			}
		}
	}
	x, err := d.NewTensor("x", 1, 1, 100000)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Buffer.Release()
	y, err := d.NewTensor("y", 1, 1, 100000)
	if err != nil {
		t.Fatal(err)
	}
	defer y.Buffer.Release()
	r := d.Record("too long")
	Softmax(r, y, y, x, 1, Mask{})
	if err := r.Submit(); err == nil || !strings.Contains(err.Error(), "softmax") {
		t.Errorf("softmax of a row of 100000: %v", err)
	}
}

// Warming leaves what it compiled, and nothing that grows.
func TestWarm(t *testing.T) {
	d := gputest.Device(t)
	var live [2]gpu.Live
	for i := range live {
		if err := Warm(d); err != nil {
			t.Fatal(err)
		}
		live[i] = d.Live()
	}
	if live[0] != live[1] {
		t.Errorf("alive are %+v, after the first time %+v", live[1], live[0])
	}
	for _, name := range []string{"matvec_thread_nt", "matmul_blocked_nn", "topk_thread", "traits_thread", "pyramid"} {
		known := d.Live().Pipelines
		if _, err := d.Kernel(name); err != nil || d.Live().Pipelines != known {
			t.Errorf("%s was not compiled: %v", name, err)
		}
	}
}
