package kernels

import (
	"slices"

	"headscope/gpu"
)

type peakParams struct {
	Rounds uint32
	A, B   float32
	Unused uint32
}

// FMAPeak measures the float32 multiply-adds that the adapter does in registers alone, in
// FLOP a second (two a multiply-add): what a kernel's speed is a fraction of.
func FMAPeak(d *gpu.Device) (float64, error) {
	threads, rounds := 1<<20, uint32(8) // 70 GFLOP
	if d.Adapter.Software() {
		threads, rounds = 1<<10, 64 // 0.5 GFLOP
	}
	out, err := d.NewTensor("peak", 1, 1, 4*threads)
	if err != nil {
		return 0, err
	}
	defer out.Buffer.Release()
	p := peakParams{Rounds: rounds, A: 0.5, B: 1}
	flop := float64(threads) * float64(rounds) * 128 * 8 * 4 * 2
	var speeds []float64
	for run := range 6 {
		wall, own, err := d.Time("peak", func(r *gpu.Recorder) {
			r.Dispatch("fma_peak", gpu.Uniform(&p), fold(r, threads/64), flop, out.Buffer)
		})
		if err != nil {
			return 0, err
		}
		if own > 0 {
			wall = own
		}
		if run > 0 { // the first one compiles
			speeds = append(speeds, flop/wall.Seconds())
		}
	}
	slices.Sort(speeds)
	return speeds[len(speeds)/2], nil
}
