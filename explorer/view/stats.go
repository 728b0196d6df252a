package view

import (
	"math"

	"headscope/wgsl/cpu"
)

// HeadStats names the traits of every layer's heads. Those that need a repeated token are NaN
// where there is none.
func HeadStats(layers [][]cpu.HeadTraits) []HeadStat {
	var stats []HeadStat
	for l, heads := range layers {
		for h, t := range heads {
			duplicate, induction := t.Duplicate, t.Induction
			if t.Repeats == 0 {
				duplicate, induction = math.NaN(), math.NaN()
			}
			stats = append(stats, HeadStat{Layer: l, Head: h, Traits: map[Trait]float64{
				Current: t.Current, Previous: t.Previous, First: t.First, Entropy: t.Normalized,
				Distance: t.Distance, Duplicate: duplicate, Induction: induction,
			}})
		}
	}
	return stats
}

// Meaning says what a trait's number is, for a reader who meets it for the first time.
func (t Trait) Meaning() string { return traitMeaning[t] }
