package cpu

import (
	"fmt"
	"math"
)

// Activation is a function of one element, numbered as the kernel's `kind`.
type Activation uint32

const (
	ReLU    Activation = iota // max(x, 0)
	ErfGELU                   // x Phi(x), Phi the normal distribution: the form with erf
	Sigmoid                   // 1 / (1 + exp(-x))
	SiLU                      // x sigmoid(x)
	Tanh
	Square // x^2
)

// Activations are all of them, in order.
var Activations = []Activation{ReLU, ErfGELU, Sigmoid, SiLU, Tanh, Square}

func (a Activation) String() string {
	return [...]string{"relu", "gelu", "sigmoid", "silu", "tanh", "square"}[a]
}

// Activate sets dst[i] = f(x[i]). A NaN stays one; an infinity gives the function's limit.
// dst may be x.
func Activate(dst, x []float32, f Activation) {
	if len(dst) != len(x) {
		panic(fmt.Sprintf("cpu: %s of %d values into %d", f, len(x), len(dst)))
	}
	for i, v := range x {
		dst[i] = float32(f.at(float64(v)))
	}
}

func (a Activation) at(x float64) float64 {
	switch a {
	case ReLU:
		return max(x, 0)
	case ErfGELU:
		return below(x, x/2*math.Erfc(-x/math.Sqrt2))
	case Sigmoid:
		return 1 / (1 + math.Exp(-x))
	case SiLU:
		return below(x, x/(1+math.Exp(-x)))
	case Tanh:
		return math.Tanh(x)
	default:
		return x * x
	}
}

// below is y, or 0 at minus infinity, where y came out as infinity times 0.
func below(x, y float64) float64 {
	if math.IsInf(x, -1) {
		return 0
	}
	return y
}
