package bench_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"headscope/explorer/bench"
	"headscope/explorer/eval"
	"headscope/gpu"
	"headscope/gpu/gputest"
	"headscope/models/demo"
	"headscope/models/gpt2"
)

// device opens a device that already has the buffer through which it reads.
func device(t *testing.T) *gpu.Device {
	t.Helper()
	d := gputest.Device(t)
	b, err := d.NewStorage("word", 4)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Release()
	if _, err := d.ReadWords(b, 1); err != nil {
		t.Fatal(err)
	}
	return d
}

// measure runs o and returns its rows, which must leave nothing alive.
func measure(t *testing.T, ctx context.Context, d *gpu.Device, o bench.Attention) (rows []bench.Row, err error) {
	t.Helper()
	before := d.Live().Buffers
	err = o.Run(ctx, d, func(r bench.Row) { rows = append(rows, r) })
	if after := d.Live().Buffers; after != before {
		t.Fatalf("%d buffers before, %d after", before, after)
	}
	return rows, err
}

// order is how the rows of o follow one another.
func order(o bench.Attention) (want []string) {
	for _, n := range o.Lengths {
		for _, m := range bench.Methods() {
			if o.Methods == nil || slices.Contains(o.Methods, m) {
				want = append(want, fmt.Sprint(n, m))
			}
		}
	}
	return want
}

func checkOrder(t *testing.T, o bench.Attention, rows []bench.Row) {
	t.Helper()
	var got []string
	for _, r := range rows {
		got = append(got, fmt.Sprint(r.N, r.Method))
	}
	if want := order(o); !slices.Equal(got, want) {
		t.Errorf("rows %v, want %v", got, want)
	}
}

func checkRow(t *testing.T, o bench.Attention, r bench.Row) {
	t.Helper()
	ok := r.Heads == o.Heads && r.D == o.D && r.Causal == o.Causal && r.Block > 0 && r.Skipped == "" &&
		r.Runs == o.Runs && r.Min > 0 && r.Median >= r.Min && r.GFLOPs > 0 &&
		r.Peak >= r.Binding && r.Binding >= uint64(4*r.N*r.Heads*r.D)
	if !ok || r.Error == nil || *r.Error > 1e-5*(1+r.MaxLogit) || r.MaxLogit <= 0 {
		t.Errorf("%+v", r)
	}
}

// Every method is right at odd lengths on both families of kernels, and its rows are in order.
func TestRun(t *testing.T) {
	d := device(t)
	for _, d.Family = range []gpu.Family{gpu.Registers, gpu.Workgroups} {
		for _, o := range []bench.Attention{
			{Heads: 2, D: 16, Causal: true, Lengths: []int{1, 33, 65, 100}, Runs: 2},
			{Heads: 5, D: 12, Lengths: []int{63, 2}, Runs: 1},
			{Heads: 1, D: 64, Causal: true, Block: 64, Lengths: []int{130}, Runs: 1},
		} {
			last := 0
			o.Progress = func(done, total int) {
				if want := len(o.Lengths) * 4 * (o.Runs + 1); done != last+1 || total != want {
					t.Errorf("progress %d of %d after %d, want %d in all", done, total, last, want)
				}
				last = done
			}
			rows, err := measure(t, t.Context(), d, o)
			if err != nil {
				t.Fatal(err)
			}
			checkOrder(t, o, rows)
			for _, r := range rows {
				checkRow(t, o, r)
			}
			if last != len(o.Lengths)*4*(o.Runs+1) {
				t.Errorf("the last progress is %d", last)
			}
		}
	}
}

// Each method can be measured alone.
func TestMethods(t *testing.T) {
	d := device(t)
	for _, m := range bench.Methods() {
		o := bench.Attention{Heads: 3, D: 8, Causal: true, Methods: []string{m}, Lengths: []int{17, 5}, Runs: 1}
		rows, err := measure(t, t.Context(), d, o)
		if err != nil {
			t.Fatal(err)
		}
		checkOrder(t, o, rows)
		for _, r := range rows {
			checkRow(t, o, r)
		}
	}
}

// realHead is a head of the demo model on a text of the returned length.
func realHead(t *testing.T, d *gpu.Device) *bench.RealHead {
	t.Helper()
	file, err := demo.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	m, err := eval.Load(t.Context(), d, file, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Release)
	acts := m.Activations(func(name string) bool { return name == gpt2.Name(1, "qkv") })
	t.Cleanup(acts.Release)
	ids := make([]int32, 50)
	for i := range ids {
		ids[i] = int32(7 * i % 300)
	}
	if err := acts.Run(ids, eval.Options{LastOnly: true}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := bench.NewRealHead(acts, 0, 2, "L0H2"); err == nil || !strings.Contains(err.Error(), "h.0.qkv") {
		t.Errorf("a layer that the pass did not keep: %v", err)
	}
	h, err := bench.NewRealHead(acts, 1, 2, "L1H2 of demo")
	if err != nil {
		t.Fatal(err)
	}
	if h.N != len(ids) || h.D != file.Config.HeadWidth() || len(h.Q) != h.N*h.D || len(h.K) != len(h.Q) || len(h.V) != len(h.Q) {
		t.Fatalf("%d tokens of %d, %d, %d and %d values", h.N, h.D, len(h.Q), len(h.K), len(h.V))
	}
	return h
}

// A model's own head is measured as far as its text goes, random data beyond.
func TestRealHead(t *testing.T) {
	d := device(t)
	h := realHead(t, d)
	o := bench.Attention{Heads: 1, D: h.D, Causal: true, Lengths: []int{9, h.N, h.N + 1}, Runs: 1, Real: h}
	rows, err := measure(t, t.Context(), d, o)
	if err != nil {
		t.Fatal(err)
	}
	checkOrder(t, o, rows)
	for _, r := range rows {
		checkRow(t, o, r)
		want := "random"
		if r.N <= h.N && r.Method != bench.BlockwiseLayer {
			want = h.Name
		}
		if r.Data != want {
			t.Errorf("%s at %d is of %s, want %s", r.Method, r.N, r.Data, want)
		}
	}
	o.Heads = 2
	if err := o.Run(t.Context(), d, nil); err == nil || !strings.Contains(err.Error(), "one head of") {
		t.Errorf("two heads of one: %v", err)
	}
}

// The other goroutines' work is waited for with Wait, which changes nothing in the results.
func TestWait(t *testing.T) {
	d := device(t)
	o := bench.Attention{Heads: 2, D: 16, Lengths: []int{40}, Runs: 1}
	plain, err := measure(t, t.Context(), d, o)
	if err != nil {
		t.Fatal(err)
	}
	calls := 0
	o.Wait = func(done <-chan struct{}) {
		calls++
		<-done
	}
	waited, err := measure(t, t.Context(), d, o)
	if err != nil {
		t.Fatal(err)
	}
	// A pause a run; inputs; weights; and the layer's reference, at least.
	if calls < 8+4 {
		t.Errorf("Wait was called %d times", calls)
	}
	for i, r := range waited {
		if *r.Error != *plain[i].Error || r.MaxLogit != plain[i].MaxLogit || r.Peak != plain[i].Peak {
			t.Errorf("%+v with Wait, %+v without", r, plain[i])
		}
	}
}

// checkCancelled says that a run ended with ctx's error, and what it handed out is the
// beginning of what it would have.
func checkCancelled(t *testing.T, o bench.Attention, rows []bench.Row, err error) {
	t.Helper()
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	for i, want := range order(o) {
		if i < len(rows) && fmt.Sprint(rows[i].N, rows[i].Method) != want {
			t.Errorf("row %d is %s at %d, want %s", i, rows[i].Method, rows[i].N, want)
		}
	}
	for _, r := range rows {
		if r.Runs == 0 || r.Runs > o.Runs || r.Median <= 0 {
			t.Errorf("%+v", r)
		}
	}
}

// Wherever it is cancelled, a run ends with ctx's error, keeps what was measured, and releases
// all it had.
func TestCancel(t *testing.T) {
	d := device(t)
	o := bench.Attention{Heads: 2, D: 8, Causal: true, Lengths: []int{20, 3}, Runs: 2}
	calls := 0
	for at := 0; ; at++ {
		ctx, cancel := context.WithCancel(t.Context())
		calls = 0
		o.Wait = func(done <-chan struct{}) {
			if calls == at {
				cancel()
			}
			calls++
			<-done
		}
		rows, err := measure(t, ctx, d, o)
		finished := calls <= at // before it was cancelled
		if finished {
			checkOrder(t, o, rows)
			if err != nil || at < 30 {
				t.Errorf("%v after %d pauses", err, calls)
			}
			cancel()
			return
		}
		if err == nil && len(rows) == len(order(o)) && calls == at+1 { // in the very last pause
			cancel()
			continue
		}
		checkCancelled(t, o, rows, err)
		cancel()
	}
}

// It can be cancelled within a run, between two slices of the GPU's work.
func TestCancelBetweenSlices(t *testing.T) {
	d := device(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	slices := 0
	d.Slices(10*time.Millisecond, func() {
		if slices++; slices == 3 {
			cancel()
		}
	})
	o := bench.Attention{Heads: 8, D: 64, Lengths: []int{700}, Runs: 3, Methods: []string{bench.Full, bench.Blockwise}}
	rows, err := measure(t, ctx, d, o)
	checkCancelled(t, o, rows, err)
	if slices != 3 {
		t.Errorf("%d slices, cancelled in the third", slices)
	}
}

// What does not fit is not tried, and said.
func TestSkipped(t *testing.T) {
	d := device(t)
	for _, c := range []struct {
		o       bench.Attention
		skipped []bool
	}{
		{bench.Attention{Heads: 12, D: 64, Lengths: []int{bench.MaxLength}, Runs: 1}, []bool{true, true, true, true}},
		{bench.Attention{Heads: 1024, D: 8, Causal: true, Lengths: []int{200}, Runs: 1, Methods: []string{bench.Full, bench.Blockwise}}, []bool{true, false}},
		{bench.Attention{Heads: 1024, D: 128, Lengths: []int{1}, Runs: 1, Methods: []string{bench.BlockwiseLayer}}, []bool{true}}, // its weights
	} {
		rows, err := measure(t, t.Context(), d, c.o)
		if err != nil {
			t.Fatal(err)
		}
		checkOrder(t, c.o, rows)
		for i, r := range rows {
			if why := strings.Contains(r.Skipped, "in one binding") && strings.HasPrefix(r.Skipped, fmt.Sprint(r.N, " tokens: ")); why != c.skipped[i] || why == (r.Runs > 0) || r.Binding == 0 {
				t.Errorf("%+v", r)
			}
		}
	}
}

func TestCheck(t *testing.T) {
	d := device(t)
	good := bench.Attention{Heads: 1, D: 16, Lengths: []int{8}, Runs: 1}
	for want, change := range map[string]func(o *bench.Attention){
		"lengths: at least one":     func(o *bench.Attention) { o.Lengths = nil },
		"lengths 0: ":               func(o *bench.Attention) { o.Lengths = []int{4, 0} },
		"lengths 16777217: ":        func(o *bench.Attention) { o.Lengths = []int{bench.MaxLength + 1} },
		"heads 0: ":                 func(o *bench.Attention) { o.Heads = 0 },
		"heads 1025: ":              func(o *bench.Attention) { o.Heads = 1025 },
		"heads of 66":               func(o *bench.Attention) { o.D = 66 },
		"heads of 0":                func(o *bench.Attention) { o.D = 0 },
		"block -1: ":                func(o *bench.Attention) { o.Block = -1 },
		"blocks of 7":               func(o *bench.Attention) { o.Block = 7 },
		"runs 0: ":                  func(o *bench.Attention) { o.Runs = 0 },
		`methods "flash": expected`: func(o *bench.Attention) { o.Methods = []string{"full", "flash"} },
	} {
		o := good
		change(&o)
		for _, err := range []error{o.Run(t.Context(), d, nil), o.Longest(t.Context(), d, 0, nil, nil)} {
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v, want %q", err, want)
			}
		}
	}
	if err := good.CheckOn(d); err != nil {
		t.Error(err)
	}
}

// The longest texts are those of the arithmetic, and run.
func TestLongest(t *testing.T) {
	d := device(t)
	o := bench.Attention{Heads: 2, D: 16, Causal: true, Lengths: []int{8}, Runs: 1}
	done := 0
	o.Progress = func(n, total int) {
		if done++; n != done || total != 5 {
			t.Errorf("progress %d of %d, want %d of 5", n, total, done)
		}
	}
	var rows []bench.LongestRow
	if err := o.Longest(t.Context(), d, 64<<10, nil, func(r bench.LongestRow) { rows = append(rows, r) }); err != nil {
		t.Fatal(err)
	}
	// 64 KiB: 2 heads of n rows of a multiple of 4; n x 32 floats; n x 128 floats.
	want := []struct {
		method, of string
		n          int
	}{{bench.Full, "attention", 90}, {bench.Blockwise, "attention", 512}, {bench.Full, "layer", 90}, {bench.Blockwise, "layer", 128}, {bench.BlockwiseLayer, "layer", 512}}
	for i, r := range rows {
		if w := want[i]; r.Method != w.method || r.Of != w.of || r.N > w.n || r.N < w.n-4 || !r.Ran || r.Heads != 2 || r.Cap != 64<<10 {
			t.Errorf("%+v, want %+v", r, w)
		}
	}
	if len(rows) != len(want) || done != 5 {
		t.Errorf("%d rows, %d steps", len(rows), done)
	}
	rows, done = nil, 0
	if err := o.Longest(t.Context(), d, 4, nil, func(r bench.LongestRow) { rows = append(rows, r) }); err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if r.N != 0 || r.Ran || !strings.Contains(r.Skipped, "not one token fits") {
			t.Errorf("%+v", r)
		}
	}
}

func TestLongestCancelled(t *testing.T) {
	d := device(t)
	o := bench.Attention{Heads: 2, D: 16, Lengths: []int{8}, Runs: 1}
	before := d.Live().Buffers
	for at := range 12 {
		ctx, cancel := context.WithCancel(t.Context())
		calls, rows := 0, 0
		o.Wait = func(done <-chan struct{}) {
			if calls++; calls > at {
				cancel()
			}
			<-done
		}
		if err := o.Longest(ctx, d, 64<<10, nil, func(bench.LongestRow) { rows++ }); !errors.Is(err, context.Canceled) || rows > at {
			t.Errorf("cancelled in pause %d: %v, %d rows", at, err, rows)
		}
		if after := d.Live().Buffers; after != before {
			t.Errorf("%d buffers before, %d after", before, after)
		}
		cancel()
	}
}
