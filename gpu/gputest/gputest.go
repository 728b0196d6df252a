// Package gputest helps tests that use a device: it opens one a test, proves that the
// test left nothing alive, and compares results with what the CPU computed.
package gputest

import (
	"math"
	"testing"

	"headscope/gpu"
)

// Device opens the machine's best adapter for one test. A machine without an adapter
// fails the test, with the error that says what to install. When the test is over,
// buffers or textures that it did not release fail it.
func Device(t testing.TB) *gpu.Device {
	t.Helper()
	d, err := gpu.Open("auto")
	if err != nil {
		t.Fatal(err)
	}
	before := d.Live()
	t.Cleanup(func() {
		after := d.Live()
		if after.Buffers > before.Buffers+1 || after.Textures > before.Textures { // +1: the device's own staging
			t.Errorf("left alive on the device: %d buffers, %d textures", after.Buffers-before.Buffers-1, after.Textures-before.Textures)
		}
		if left := d.Release(); left != 0 {
			t.Errorf("the binding counts %d live handles after the device's release", left)
		}
	})
	return d
}

// Close fails the test unless |got - want| <= atol + rtol*|want| everywhere, naming the
// worst element and how many are out of bounds. A NaN equals only a NaN.
func Close(t testing.TB, name string, got, want []float32, atol, rtol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", name, len(got), len(want))
	}
	worst, at, bad := 0.0, 0, 0
	for i := range want {
		g, w := float64(got[i]), float64(want[i])
		if g == w || g != g && w != w {
			continue
		}
		over := math.Abs(g-w) / (atol + rtol*math.Abs(w))
		if !(over <= 1) {
			bad++
			if over != over || over > worst {
				worst, at = over, i
			}
		}
	}
	if bad > 0 {
		t.Errorf("%s: %d of %d values out of bounds; worst at %d: got %v, want %v", name, bad, len(want), at, got[at], want[at])
	}
}
