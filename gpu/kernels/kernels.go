// Package kernels launches the compute shaders of package wgsl: one function a kernel,
// which checks shapes, fills the shader's Params and records the dispatch.
//
// Launchers take a [gpu.Recorder], the output first, then the inputs, and record their
// first error in it, so that a chain of launches reads like the mathematics. Tensors are
// [batch, rows, cols] views with rows padded to a multiple of 4 floats by zeros; every
// launcher keeps that padding zero in what it writes. An output never shares its buffer
// with an input.
//
// Dimension letters: N tokens, D model width, H heads, V vocabulary.
//
// Each kernel has a CPU twin of the same name in package wgsl/cpu; [SelfTest] compares
// the two on any adapter.
package kernels

import (
	"fmt"

	"headscope/gpu"
)

// rowKernel names the variant of a by-row kernel for the device's family, and how many rows one
// of its workgroups handles.
func rowKernel(r *gpu.Recorder, name string) (variant string, rows int) {
	if r.Device().Family == gpu.Registers {
		return name + "_thread", 8
	}
	return name + "_group", 1
}

// fold spreads n workgroups over x and y, since one dimension holds 65535.
func fold(r *gpu.Recorder, n int) [3]int {
	limit := int(r.Device().Limits.WorkgroupsPerDim)
	if n <= limit {
		return [3]int{n, 1, 1}
	}
	y := ceil(n, limit)
	return [3]int{ceil(n, y), y, 1}
}

// grid covers cols4 vec4 columns by 64 and as many rows as one dimension holds: kernels
// of this kind loop over the rest.
func grid(r *gpu.Recorder, cols4, rows int) [3]int {
	return [3]int{ceil(cols4, 64), min(rows, int(r.Device().Limits.WorkgroupsPerDim)), 1}
}

func ceil(n, by int) int { return (n + by - 1) / by }

// maxRounds is after how many rounds of loops, all loops of a thread together, Mesa's
// software adapters silently end them.
const maxRounds = 65535

// loops reports whether a thread may run so many rounds.
func loops(r *gpu.Recorder, rounds int) bool {
	return rounds < maxRounds || r.Device().Family != gpu.Registers
}

// check fails the recording unless ok.
func check(r *gpu.Recorder, ok bool, kernel string, tensors ...gpu.Tensor) bool {
	if !ok {
		r.Fail(fmt.Errorf("kernels: %s: shapes, alignments or sizes do not fit: %v", kernel, tensors))
	}
	return ok && r.Err() == nil
}

// aligned reports whether all tensors can be loaded as vec4s.
func aligned(tensors ...gpu.Tensor) bool {
	for _, t := range tensors {
		if !t.Aligned() {
			return false
		}
	}
	return true
}

func flag(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}
