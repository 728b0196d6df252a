// Package leaf gives the values of an expression's leaves, as mm makes them.
//
// A leaf's settings (package expr) say how its values come about. [Source.Key] names them,
// so that what several leaves have in common is made once. [Source.Values] checks the
// size, then fills a row-major float32 matrix [H, W]: from a formula of i and j, from seeded
// random numbers, from a file that a [Finder] has for the leaf's URL, or from the leaf's
// JavaScript, which runs under limits of language, time and memory. Every value is computed
// in float64 and rounded once. The tree of products above the leaves is other packages' work.
package leaf

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"time"

	"headscope/explorer/expr"
)

// MaxLen is the number of values that a leaf, or a file read for one, may have: 1 GiB of
// them. It is far above what can be shown, and low enough for any machine that shows it.
const MaxLen = 1 << 28

// DefaultTimeout is how long the JavaScript of one leaf may take if [Source.Timeout] is 0.
const DefaultTimeout = 5 * time.Second

// Source says where the values of leaves come from. It may be used from several goroutines
// if its Finders may.
type Source struct {
	Seed    uint64        // of everything random; the same seed gives the same values
	Files   []Finder      // asked in this order for what a leaf's URL names
	Timeout time.Duration // of one leaf's JavaScript; 0: DefaultTimeout
}

// IsRandom tells whether the seed decides the values of a leaf: those of a random init,
// zeros by dropout, and JavaScript that calls Math.random.
func IsRandom(n *expr.Node) bool {
	switch n.Init {
	case "uniform", "gaussian", "pt linear":
		return true
	case "expr":
		return strings.Contains(n.Expr, "random")
	}
	return drops(n)
}

// stretched tells whether an init gives 0 to 1, which Min and Max then stretch.
func stretched(init string) bool {
	switch init {
	case "rows", "cols", "row major", "col major", "uniform", "gaussian":
		return true
	}
	return false
}

// drops tells whether some values of a leaf become 0 by its dropout.
func drops(n *expr.Node) bool {
	return n.Dropout > 0 && (stretched(n.Init) || n.Init == "pt linear")
}

// Key names what decides a leaf's values: leaves with equal keys of one source have equal
// values. Settings that its init does not use are not part of it. Of a leaf that is random
// the name is: A and B differ, while two leaves A with the same settings are one matrix.
func (s *Source) Key(n *expr.Node) string {
	key := fmt.Sprintf("%s %dx%d", n.Init, n.H, n.W)
	switch {
	case n.Init == "url":
		key += fmt.Sprintf(" %q", n.URL)
	case n.Init == "expr":
		key += fmt.Sprintf(" %q", n.Expr)
	case stretched(n.Init):
		key += fmt.Sprintf(" from %g to %g", n.Min, n.Max)
	}
	if drops(n) {
		key += fmt.Sprintf(" dropout %g", n.Dropout)
	}
	if IsRandom(n) {
		key += fmt.Sprintf(" seed %d %q", s.Seed, n.Name)
	}
	return key
}

// random returns the random numbers of a leaf. They follow from the seed and the leaf's key
// alone, whatever other leaves were made before.
func (s *Source) random(n *expr.Node) *rand.Rand {
	hash := fnv.New64a()
	hash.Write([]byte(s.Key(n)))
	return rand.New(rand.NewPCG(s.Seed, hash.Sum64()))
}

// Values makes the values of a leaf, [H, W] in row-major order. NaN and infinity are values
// like others. An error names the leaf and what is wrong with its settings, its file, or
// its JavaScript and the element (i, j) where that shows.
func (s *Source) Values(ctx context.Context, n *expr.Node) ([]float32, error) {
	err := check(n)
	var values []float32
	if err == nil {
		values = make([]float32, n.H*n.W)
		switch n.Init {
		case "url":
			err = s.read(values, n)
		case "expr":
			err = s.run(ctx, values, n)
		default:
			err = fill(ctx, values, n, s.random(n))
		}
	}
	if err != nil {
		return nil, fmt.Errorf("leaf %s: %w", expr.Show(n.Name), err)
	}
	return values, nil
}

// check refuses what has no values, or more than there may be, before they are asked for.
func check(n *expr.Node) error {
	switch {
	case n.IsMatMul():
		return errors.New("it is a product, expected a leaf")
	case min(n.H, n.W) < 1 || max(n.H, n.W) > expr.MaxDim:
		return fmt.Errorf("its shape is %d x %d, expected 1 to %d rows and columns", n.H, n.W, expr.MaxDim)
	case n.H > MaxLen/n.W:
		return tooLarge(n.H, n.W)
	}
	return nil
}

// tooLarge is the error of a matrix with more than MaxLen values.
func tooLarge(h, w int) error {
	const perGiB = 1 << 28 // float32 values
	return fmt.Errorf("%d x %d values are %.4g GiB, expected at most %g: make it smaller",
		h, w, float64(h)*float64(w)/perGiB, float64(MaxLen)/perGiB)
}
