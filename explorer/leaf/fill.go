package leaf

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"headscope/explorer/expr"
)

// fill makes the values of an init that is a formula or random.
func fill(ctx context.Context, values []float32, n *expr.Node, random *rand.Rand) error {
	at, err := formula(n, random)
	if err != nil {
		return err
	}
	dropout := 0.0
	if drops(n) {
		dropout = n.Dropout
	}
	for i := range n.H {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		row := values[i*n.W:][:n.W]
		for j := range row {
			row[j] = float32(at(i, j))
			if dropout > 0 && random.Float64() < dropout {
				row[j] = 0
			}
		}
	}
	return nil
}

// formula returns the value of element (i, j), before dropout. Where it is random, elements
// have to be asked for in row-major order.
func formula(n *expr.Node, random *rand.Rand) (func(i, j int) float64, error) {
	h, w := n.H, n.W
	low, span := n.Min, max(0, n.Max-n.Min)
	// The conversion keeps the compiler from fusing the product into the sum, which would round
	// once less than mm does.
	stretch := func(x float64) float64 { return low + float64(span*x) }

	switch n.Init {
	case "rows":
		return func(i, j int) float64 { return stretch(ratio(i, h-1)) }, nil
	case "cols":
		return func(i, j int) float64 { return stretch(ratio(j, w-1)) }, nil
	case "row major":
		return func(i, j int) float64 { return stretch(ratio(i*w+j, h*w-1)) }, nil
	case "col major":
		return func(i, j int) float64 { return stretch(ratio(j*h+i, h*w-1)) }, nil
	case "uniform":
		return func(i, j int) float64 { return stretch(random.Float64()) }, nil
	case "gaussian":
		return func(i, j int) float64 { return stretch(0.5 + 0.5*random.NormFloat64()) }, nil
	case "pt linear": // PyTorch's nn.Linear of w inputs
		bound := 1 / math.Sqrt(float64(w))
		return func(i, j int) float64 { return bound * (2*random.Float64() - 1) }, nil
	case "tril mask":
		return func(i, j int) float64 { return bit(j <= i) }, nil
	case "triu mask":
		return func(i, j int) float64 { return bit(j >= i) }, nil
	case "eye":
		return func(i, j int) float64 { return bit(i == j) }, nil
	case "diff":
		return func(i, j int) float64 { return bit(i == j) - bit(i == j+1) }, nil
	}
	return nil, fmt.Errorf("its init is %s, expected one of %q", expr.Show(n.Init), expr.Inits)
}

// ratio is a/b, and 0 where b is 0: along a dimension of one element.
func ratio(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

func bit(set bool) float64 {
	if set {
		return 1
	}
	return 0
}
