package bench

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"headscope/explorer/eval"
	"headscope/gpu"
	"headscope/gpu/kernels"
)

// runner is one call of Run or Longest.
type runner struct {
	Attention
	ctx         context.Context
	d           *gpu.Device // not owned
	layer       *layer      // owned; nil until it is needed
	done, total int         // runs
}

func newRunner(ctx context.Context, d *gpu.Device, o Attention) *runner {
	return &runner{Attention: o, ctx: ctx, d: d}
}

func (r *runner) release() { r.layer.release() }

func (r *runner) kernel() kernels.Attention { return r.Attention.kernel(r.d) }

// wants reports whether a method is to be measured.
func (r *runner) wants(method string) bool {
	return r.Methods == nil || slices.Contains(r.Methods, method)
}

// trial is a method at a length, to be run again and again.
type trial struct {
	row    Row
	inputs uint64  // bytes that are alive between runs: inputs and results
	flop   float64 // of the products that the mask leaves
	bytes  float64 // that have to be read and written; 0: not counted

	run   func() (wall, own time.Duration, err error)
	check func(row *Row) error // sets what the results of a run say

	wall, own []time.Duration // of the measured runs
}

// alternate runs trials in turn, so that a slow moment of the machine meets all of them, and
// hands out their rows in order. An error ends it, after the rows that have been measured.
func (r *runner) alternate(trials []trial, each func(Row)) error {
	handed := 0
	hand := func(end int) {
		for ; handed < end; handed++ {
			if t := &trials[handed]; len(t.wall) > 0 || t.row.Skipped != "" {
				each(t.result())
			}
		}
	}
	defer func() { hand(len(trials)) }()
	for run := range r.Runs + 1 {
		for i := range trials {
			if err := r.once(&trials[i], run); err != nil {
				return err
			}
			if run == r.Runs {
				hand(i + 1)
			}
		}
	}
	return nil
}

// once runs a trial, unless it is skipped. Its first run is checked and not measured: it
// compiles, and brings the device's own images to their size.
func (r *runner) once(t *trial, run int) error {
	defer r.step()
	if err := r.ctx.Err(); err != nil || t.row.Skipped != "" {
		return err
	}
	alive := r.d.Live().Bytes
	r.d.ResetPeak()
	wall, own, err := t.run()
	if err != nil {
		return err
	}
	if run == 0 {
		return t.check(&t.row)
	}
	// What frames allocate between slices is not the method's: the least counts.
	if peak := r.d.Live().Peak - alive + t.inputs; run == 1 || peak < t.row.Peak {
		t.row.Peak = peak
	}
	t.wall, t.own = append(t.wall, wall), append(t.own, own)
	return nil
}

// result is the row of a trial that was measured or skipped.
func (t *trial) result() Row {
	row := t.row
	if len(t.wall) > 0 {
		row.Timing = NewTiming(t.wall, t.own)
		row.GFLOPs = t.flop / row.Median / 1e6
		row.GBps = t.bytes / row.Median / 1e6
	}
	return row
}

// step notes a run that is done.
func (r *runner) step() {
	r.done++
	if r.Progress != nil {
		r.Progress(r.done, r.total)
	}
	r.pause()
}

// pause lets others go on, between pieces of work.
func (r *runner) pause() {
	nothing := make(chan struct{})
	close(nothing)
	r.wait(nothing)
}

func (r *runner) wait(done <-chan struct{}) {
	if r.Wait != nil {
		r.Wait(done)
	}
	<-done
}

// elsewhere runs work on another goroutine, where it should look at ctx, and waits for it.
func (r *runner) elsewhere(work func()) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		work()
	}()
	r.wait(done)
	return r.ctx.Err()
}

// normal fills data with random values of a mean and a standard deviation, as far as ctx lets it.
func normal(ctx context.Context, random *rand.Rand, data []float32, mean, deviation float64) {
	for part := range slices.Chunk(data, 1<<16) {
		if ctx.Err() != nil {
			return
		}
		for i := range part {
			part[i] = float32(mean + deviation*random.NormFloat64())
		}
	}
}

// piece is how many floats go to or from the device at a time: a few milliseconds.
const piece = 1 << 20

// write fills the start of a buffer.
func (r *runner) write(b *gpu.Buffer, data []float32) error {
	at := 0
	for part := range slices.Chunk(data, piece) {
		if err := r.d.WriteFloats(b, at, part); err != nil {
			return err
		}
		at += len(part)
		r.pause()
		if err := r.ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// read copies a matrix to the CPU.
func (r *runner) read(t gpu.Tensor) ([]float32, error) {
	data := make([]float32, 0, t.Len())
	rows := max(1, piece/t.RowStride)
	for row := 0; row < t.Rows; row += rows {
		got, err := r.d.Read(t.Part(row, min(rows, t.Rows-row), 0, t.Cols))
		if err != nil {
			return nil, err
		}
		data = append(data, got[0]...)
		r.pause()
		if err := r.ctx.Err(); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// gather copies some rows of each of the first batches of t to the CPU, without the others.
func (r *runner) gather(t gpu.Tensor, batches int, rows []int) ([]float32, error) {
	picked, err := r.d.NewTensor("checked rows", batches, len(rows), t.Cols)
	if err != nil {
		return nil, err
	}
	defer picked.Buffer.Release()
	rec := r.d.Record("gather")
	for b := range batches {
		for i, row := range rows {
			to, at := picked.At(b).Part(i, 1, 0, t.Cols), t.At(b).Part(row, 1, 0, t.Cols)
			rec.Copy(picked.Buffer, 4*uint64(to.Offset), t.Buffer, 4*uint64(at.Offset), 4*uint64(t.Cols))
		}
	}
	if err := rec.Submit(); err != nil {
		return nil, err
	}
	got, err := r.d.Read(picked)
	if err != nil {
		return nil, err
	}
	return got[0], nil
}

// farthest is the largest difference of two slices of equal length, NaN if there is one.
func farthest(got, want []float32) (worst float64) {
	for i, x := range got {
		worst = max(worst, math.Abs(float64(x)-float64(want[i])))
	}
	return worst
}

// time runs work that needs tensors of its own, of these shapes.
func (r *runner) time(shapes [][3]int, record func(rec *gpu.Recorder, work []gpu.Tensor)) (wall, own time.Duration, err error) {
	var work []gpu.Tensor
	defer func() {
		for _, t := range work {
			t.Buffer.Release()
		}
	}()
	for _, s := range shapes {
		t, err := r.d.NewTensor("work", s[0], s[1], s[2])
		if err != nil {
			return 0, 0, err
		}
		work = append(work, t)
	}
	return r.d.Time("attention", func(rec *gpu.Recorder) {
		rec.Until(r.ctx)
		record(rec, work)
	})
}

// bytesOf is the size of a tensor of a shape: batch, rows, columns.
func bytesOf(s [3]int) uint64 {
	return 4 * uint64(s[0]) * uint64(s[1]) * uint64(gpu.Stride4(s[2]))
}

// sizes adds up the buffers of tensors.
func sizes(tensors ...gpu.Tensor) (sum uint64) {
	for _, t := range tensors {
		sum += t.Buffer.Size
	}
	return sum
}

// over says in one line why tensors of these shapes, beside so many bytes, are more than the
// adapter or the machine has; "" if they are not.
func (r *runner) over(n int, shapes [][3]int, beside uint64) string {
	total := beside
	for _, s := range shapes {
		one := bytesOf(s)
		if one > r.d.Limits.StorageBinding {
			return fmt.Sprintf("%d tokens: [%d, %d, %d] of 4 bytes takes %s in one binding; %s allows %s", n, s[0], s[1], s[2], gpu.Bytes(one), r.d.Adapter.Name, gpu.Bytes(r.d.Limits.StorageBinding))
		}
		total += one
	}
	if free, ok := eval.FreeMemory(); ok && r.d.Adapter.Software() && total > free {
		return fmt.Sprintf("%d tokens: %s are needed at once; this machine has %s free", n, gpu.Bytes(total), gpu.Bytes(free))
	}
	return ""
}
