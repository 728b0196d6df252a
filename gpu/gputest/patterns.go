package gputest

import (
	"math"
	"math/rand"
)

// Patterns are the kinds of attention that [Pattern] makes.
var Patterns = []string{"current", "previous", "first", "even", "induction", "random", "mixed"}

// Pattern makes a causal attention pattern [n, n] of a kind, row-major: every row sums to
// 1 over the columns up to its own. "induction" assumes that the second half of the tokens
// repeats the first.
func Pattern(kind string, n int, rng *rand.Rand) []float32 {
	a := make([]float32, n*n)
	for i := range n {
		logits := make([]float64, i+1)
		at := -1 // where the row looks
		switch kind {
		case "current":
			at = i
		case "previous":
			at = max(0, i-1)
		case "first":
			at = 0
		case "induction":
			if s := n / 2; i >= s && i-s+1 <= i {
				at = i - s + 1
			} else {
				at = 0
			}
		case "random":
			for k := range logits {
				logits[k] = 1.5 * rng.NormFloat64()
			}
		case "mixed": // near the diagonal, with some weight on the first token
			for k := range logits {
				logits[k] = -0.4*float64(i-k) + 0.5*rng.NormFloat64()
			}
			logits[0] += 3
		}
		if at >= 0 {
			logits[at] = 9 // nearly all of the weight
		}
		sum := 0.0
		for k := range logits {
			logits[k] = math.Exp(logits[k])
			sum += logits[k]
		}
		for k, e := range logits {
			a[i*n+k] = float32(e / sum)
		}
	}
	return a
}
