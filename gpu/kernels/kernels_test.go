package kernels

import (
	"testing"

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
