package view

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Trait is what heads can be sorted by.
type Trait string

// The traits. ByLayer is no trait of a pattern: it leaves the heads in the model's order.
const (
	ByLayer   Trait = "layer"
	Current   Trait = "current"
	Previous  Trait = "previous"
	First     Trait = "first"
	Entropy   Trait = "entropy"
	Distance  Trait = "distance"
	Duplicate Trait = "duplicate"
	Induction Trait = "induction"
)

// Traits lists the sort keys, the default first.
var Traits = []Trait{ByLayer, Current, Previous, First, Entropy, Distance, Duplicate, Induction}

// traitMeaning says what a trait's number is, for a reader who meets it for the first time.
var traitMeaning = map[Trait]string{
	Current:   "mean weight of a token on itself",
	Previous:  "mean weight on the token just before",
	First:     "mean weight on the first token",
	Entropy:   "mean entropy of a row, 0 = one token, 1 = all evenly",
	Distance:  "mean distance looked back, in tokens",
	Duplicate: "mean weight on earlier copies of the token",
	Induction: "mean weight on what followed earlier copies of the token",
}

// ParseTrait finds a sort key by its name.
func ParseTrait(name string) (Trait, error) {
	if t := Trait(name); slices.Contains(Traits, t) {
		return t, nil
	}
	names := make([]string, len(Traits))
	for i, t := range Traits {
		names[i] = string(t)
	}
	return "", fmt.Errorf("atlas: there is no sort key %q; there is: %s", name, strings.Join(names, ", "))
}

// HeadStat is what is known of one head. A trait that is not defined on the prompt, such
// as induction where no token repeats, is NaN.
type HeadStat struct {
	Layer, Head int
	Traits      map[Trait]float64
}

// order returns the rank of each head of a model, at layer*heads+head, and the value it was
// given for. Heads stand in falling order of the trait, those without a number at the end,
// equal ones in the model's order. Heads of which nothing is known have rank -1.
func order(layers, heads int, sort Trait, stats []HeadStat) (ranks []int, values []float64, err error) {
	n := layers * heads
	ranks = make([]int, n)
	for i := range ranks {
		ranks[i] = i
	}
	values, known := traitOf(layers, heads, sort, stats)
	if sort == ByLayer {
		return ranks, values, nil
	}
	if len(known) == 0 {
		return nil, nil, fmt.Errorf("atlas: %s is not known of any head: they cannot be sorted by it", sort)
	}
	slices.SortStableFunc(known, func(i, j int) int {
		return cmp.Compare(values[j], values[i]) // a NaN is below every number
	})
	for i := range ranks {
		ranks[i] = -1
	}
	for rank, i := range known {
		ranks[i] = rank
	}
	return ranks, values, nil
}

// traitOf is the value of a trait for each head, NaN where there is none, and those heads, in
// the model's order, of which it is known.
func traitOf(layers, heads int, t Trait, stats []HeadStat) (values []float64, known []int) {
	values = make([]float64, layers*heads)
	for i := range values {
		values[i] = math.NaN()
	}
	for _, s := range stats {
		v, ok := s.Traits[t]
		if ok && s.Layer >= 0 && s.Layer < layers && s.Head >= 0 && s.Head < heads {
			values[s.Layer*heads+s.Head] = v
			known = append(known, s.Layer*heads+s.Head)
		}
	}
	slices.Sort(known)
	return values, slices.Compact(known)
}

// headName is the name of head i of a model: "L5H4".
func headName(i, heads int) string { return fmt.Sprintf("L%dH%d", i/heads, i%heads) }

// number formats a trait in few letters: ".93", "1.0", "7.4", "103".
func number(v float64) string {
	switch {
	case math.IsNaN(v):
		return "–"
	case math.Abs(v) < 0.995:
		s := fmt.Sprintf("%.2f", v)
		if s == "0.00" || s == "-0.00" {
			return "0"
		}
		return strings.Replace(s, "0.", ".", 1)
	case math.Abs(v) < 99.5:
		if s := fmt.Sprintf("%.1f", v); len(s) < 4 {
			return s
		}
	}
	return fmt.Sprintf("%.0f", v)
}
