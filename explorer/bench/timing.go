package bench

import (
	"math"
	"slices"
	"time"
)

// Timing is the distribution of repeated runs, in milliseconds.
type Timing struct {
	Median float64 `json:"ms_median"`
	Min    float64 `json:"ms_min"`
	GPU    float64 `json:"gpu_ms,omitempty"` // median by the adapter's own clock
	Runs   int     `json:"runs"`
}

// NewTiming summarises runs, at least one, by the wall clock and, unless nil, by the adapter's.
func NewTiming(wall, gpu []time.Duration) Timing {
	t := Timing{Median: median(wall), Min: ms(slices.Min(wall)), Runs: len(wall)}
	if len(gpu) > 0 {
		t.GPU = median(gpu)
	}
	return t
}

func median(d []time.Duration) float64 {
	d = slices.Sorted(slices.Values(d))
	return (ms(d[(len(d)-1)/2]) + ms(d[len(d)/2])) / 2
}

// Percentile is the duration that a share of them, at least one, does not pass, in milliseconds.
func Percentile(d []time.Duration, share float64) float64 {
	d = slices.Sorted(slices.Values(d))
	return ms(d[min(len(d)-1, int(math.Ceil(share*float64(len(d))))-1)])
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
