package kernels_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"headscope/gpu"
	"headscope/gpu/gputest"
	"headscope/gpu/kernels"
)

// A long recording lets others use the device between its slices, gives the same result, and
// its time is that of its own work.
func TestSlices(t *testing.T) {
	d := gputest.Device(t)
	defer d.Slices(100*time.Millisecond, nil)
	const n, rounds = 256, 40
	tensor := func() gpu.Tensor {
		x, err := d.NewTensor("x", 1, n, n)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(x.Buffer.Release)
		return x
	}
	x, y, other, result := tensor(), tensor(), tensor(), tensor()
	data := make([]float32, n*n)
	for i := range data {
		data[i] = float32(i%7-3) / n
	}
	chain := func(r *gpu.Recorder) {
		for range rounds {
			kernels.MatMul(r, y, x, x, kernels.Epilogue{Scale: 4})
			kernels.MatMul(r, x, y, y, kernels.Epilogue{Scale: 4})
		}
	}
	run := func(between func()) ([]float32, time.Duration) {
		d.Slices(time.Millisecond, between)
		if err := d.WriteFloats(x.Buffer, 0, data); err != nil {
			t.Fatal(err)
		}
		wall, _, err := d.Time("chain", chain)
		if err != nil {
			t.Fatal(err)
		}
		got, err := d.Read(x)
		if err != nil {
			t.Fatal(err)
		}
		return got[0], wall
	}
	want, _ := run(nil)
	pauses, spent := 0, time.Duration(0)
	start := time.Now()
	got, wall := run(func() {
		begin := time.Now()
		pauses++
		r := d.Record("other")
		r.Whole()
		kernels.MatMul(r, result, other, other, kernels.Epilogue{})
		if err := r.Submit(); err != nil {
			t.Error(err)
		}
		time.Sleep(20 * time.Millisecond)
		if _, err := d.Read(result); err != nil {
			t.Error(err)
		}
		spent += time.Since(begin)
	})
	gputest.Close(t, "the chain in slices", got, want, 0, 0)
	if all := time.Since(start); pauses < 3 || wall > all-spent {
		t.Errorf("%d pauses of %v; of %v the chain is said to take %v", pauses, spent, all, wall)
	}

	// A frame is not cut.
	d.Slices(time.Millisecond, func() { t.Error("a pause in a recording that is one submit") })
	frame := d.Record("frame")
	frame.Whole()
	chain(frame)
	if err := frame.Submit(); err != nil {
		t.Error(err)
	}
	if err := d.Wait(); err != nil {
		t.Error(err)
	}

	// What runs between may end the recording.
	ctx, cancel := context.WithCancel(t.Context())
	d.Slices(time.Millisecond, cancel)
	r := d.Record("cancelled")
	r.Until(ctx)
	chain(r)
	if err := r.Submit(); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled recording: %v", err)
	}
}
