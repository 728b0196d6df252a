package cpu

import (
	"fmt"
	"math"
)

// RowTraits says where one row of a causal attention pattern looks. A is the
// pattern after the softmax, i the row's position, t the token ids; masses are
// shares of 1.
type RowTraits struct {
	Current  float64 // A[i, i]
	Previous float64 // A[i, i-1]; 0 for row 0
	First    float64 // A[i, 0]; for row 0 always 1

	Entropy    float64 // H = -sum A ln A, in nats
	Normalized float64 // H / ln(i+1), 0 looking at one place, 1 evenly at all; 0 for row 0
	Distance   float64 // sum over k of A[i, k] (i - k), in tokens
	Spread     float64 // standard deviation of i - k under A[i, k]

	Copies    int     // earlier positions k < i with t[k] == t[i]
	Duplicate float64 // mass on those copies
	Induction float64 // mass on the positions just after them
}

// Traits computes the traits of every row of one head's attention a [n, n]
// over the tokens ids (n of them).
func Traits(a Mat, ids []int32) []RowTraits {
	if a.Rows != a.Cols || a.Rows != len(ids) {
		panic(fmt.Sprintf("cpu: traits of a %dx%d pattern of %d tokens", a.Rows, a.Cols, len(ids)))
	}
	rows := make([]RowTraits, len(ids))
	for i := range rows {
		rows[i] = rowTraits(a.Row(i)[:i+1], ids[:i+1])
	}
	return rows
}

// rowTraits takes the row's seen part and the ids up to and with its own.
func rowTraits(row []float32, ids []int32) RowTraits {
	i := len(row) - 1
	t := RowTraits{Current: float64(row[i]), First: float64(row[0])}
	var square float64
	for k, v := range row {
		p, distance := float64(v), float64(i-k)
		if p > 0 {
			t.Entropy -= p * math.Log(p)
		}
		t.Distance += p * distance
		square += p * distance * distance
		if k < i && ids[k] == ids[i] {
			t.Copies++
			t.Duplicate += p
			t.Induction += float64(row[k+1])
		}
	}
	t.Spread = math.Sqrt(max(0, square-t.Distance*t.Distance))
	if i > 0 {
		t.Previous = float64(row[i-1])
		t.Normalized = t.Entropy / math.Log(float64(i+1))
	}
	return t
}

// HeadTraits are means of RowTraits over the rows for which each is defined.
type HeadTraits struct {
	Current             float64 // over all rows
	Previous, First     float64 // over rows i >= 1
	Entropy, Normalized float64 // over rows i >= 1
	Effective           float64 // exp(H), the number of tokens looked at, over rows i >= 1
	Distance            float64 // over all rows
	Spread              float64 // standard deviation of i - k over all rows together

	Repeats              int     // rows that have an earlier copy of their token
	Duplicate, Induction float64 // over those rows; 0 when there are none
}

// Average makes a head's traits of its rows'.
func Average(rows []RowTraits) HeadTraits {
	var h HeadTraits
	var square float64
	for i, r := range rows {
		h.Current += r.Current
		h.Distance += r.Distance
		square += r.Spread*r.Spread + r.Distance*r.Distance
		if i > 0 {
			h.Previous += r.Previous
			h.First += r.First
			h.Entropy += r.Entropy
			h.Normalized += r.Normalized
			h.Effective += math.Exp(r.Entropy)
		}
		if r.Copies > 0 {
			h.Repeats++
			h.Duplicate += r.Duplicate
			h.Induction += r.Induction
		}
	}
	mean(len(rows), &h.Current, &h.Distance, &square)
	mean(len(rows)-1, &h.Previous, &h.First, &h.Entropy, &h.Normalized, &h.Effective)
	mean(h.Repeats, &h.Duplicate, &h.Induction)
	h.Spread = math.Sqrt(max(0, square-h.Distance*h.Distance))
	return h
}

// mean divides sums by the number of their terms, which may be none.
func mean(n int, sums ...*float64) {
	for _, s := range sums {
		*s /= float64(max(n, 1))
	}
}

// RepeatTraits are the scores of the random-repeat battery. i counts the s
// tokens from 0; Duplicate and Induction take i = 1..s-1.
type RepeatTraits struct {
	Previous  float64 // mean A[i, i-1] over all rows but the first
	Duplicate float64 // mean A[i+s, i]: the second copy looking at the first
	Induction float64 // mean A[i+s-1, i]: at what came after the first
	// InductionCompat also takes the entry of the row that closes the first
	// copy, A[s-1, 0], as TransformerLens's published diagonal does.
	InductionCompat float64
}

// Repeat scores a head's attention a over s random tokens said twice, which
// begin at position first (1 when a beginning-of-text token stands in front).
func Repeat(a Mat, first, s int) RepeatTraits {
	if a.Rows != a.Cols || first < 0 || s < 2 || a.Rows != first+2*s {
		panic(fmt.Sprintf("cpu: a %dx%d pattern of %d tokens said twice from position %d", a.Rows, a.Cols, s, first))
	}
	var r RepeatTraits
	for i := 1; i < a.Rows; i++ {
		r.Previous += float64(a.At(i, i-1))
	}
	for i := first + 1; i < first+s; i++ {
		r.Duplicate += float64(a.At(i+s, i))
		r.Induction += float64(a.At(i+s-1, i))
	}
	r.InductionCompat = r.Induction + float64(a.At(first+s-1, first))
	mean(a.Rows-1, &r.Previous)
	mean(s-1, &r.Duplicate, &r.Induction)
	mean(s, &r.InductionCompat)
	return r
}
