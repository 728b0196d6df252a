package eval

import (
	"math"

	"headscope/gpu"
	"headscope/gpu/kernels"
	"headscope/wgsl/cpu"
)

// epilog is what happens to the sums of a product.
type epilog struct {
	scale func(k float64) float32                                 // their factor, where k products were summed
	then  func(e *Expression, r *gpu.Recorder, out, x gpu.Tensor) // what makes out of the scaled sums x; nil: they are the result
	wide  bool                                                    // a softmax, which takes rows of limited length
}

// epilogOf finds an epilog by the name that a session has for it.
func epilogOf(name string) (epilog, bool) {
	one := func(float64) float32 { return 1 }
	k := func(k float64) float32 { return float32(1 / k) }
	rootK := func(k float64) float32 { return float32(1 / math.Sqrt(k)) }
	root8 := func(float64) float32 { return 1. / 8 }
	switch name {
	case "none":
		return epilog{scale: one}, true
	case "relu":
		return epilog{scale: one, then: activate(cpu.ReLU)}, true
	case "gelu":
		return epilog{scale: one, then: activate(cpu.ErfGELU)}, true
	case "sigmoid":
		return epilog{scale: one, then: activate(cpu.Sigmoid)}, true
	case "silu":
		return epilog{scale: one, then: activate(cpu.SiLU)}, true
	case "tanh":
		return epilog{scale: one, then: activate(cpu.Tanh)}, true
	case "x**2":
		return epilog{scale: one, then: activate(cpu.Square)}, true
	case "x/k":
		return epilog{scale: k}, true
	case "x/sqrt(k)":
		return epilog{scale: rootK}, true
	case "layernorm":
		return epilog{scale: one, then: standardize}, true
	case "softmax":
		return epilog{scale: one, then: softmaxRows(kernels.Mask{}), wide: true}, true
	case "softmax(x/sqrt(k))":
		return epilog{scale: rootK, then: softmaxRows(kernels.Mask{}), wide: true}, true
	case "softmax(tril(x/sqrt(k)))":
		return epilog{scale: rootK, then: softmaxRows(kernels.Mask{Causal: true}), wide: true}, true
	case "softmax(tril(x/8))":
		return epilog{scale: root8, then: softmaxRows(kernels.Mask{Causal: true}), wide: true}, true
	}
	return epilog{}, false
}

func activate(f cpu.Activation) func(*Expression, *gpu.Recorder, gpu.Tensor, gpu.Tensor) {
	return func(_ *Expression, r *gpu.Recorder, out, x gpu.Tensor) { kernels.Activate(r, out, x, f) }
}

// standardize is mm's layernorm: over the whole matrix.
func standardize(e *Expression, r *gpu.Recorder, out, x gpu.Tensor) {
	kernels.Standardize(r, out, x, floats(e.work), 1e-5)
}

func softmaxRows(mask kernels.Mask) func(*Expression, *gpu.Recorder, gpu.Tensor, gpu.Tensor) {
	return func(e *Expression, r *gpu.Recorder, out, x gpu.Tensor) {
		kernels.Softmax(r, out, floats(e.lse), x, 1, mask)
	}
}
