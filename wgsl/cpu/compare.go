package cpu

import (
	"fmt"
	"math"
)

// RowDistance says how far apart one row of two causal attention patterns is, a and b.
type RowDistance struct {
	// Divergence is the Jensen-Shannon divergence in nats, 0 to ln 2:
	//
	//	JSD(a, b) = 1/2 sum a ln (a/m) + 1/2 sum b ln (b/m),  m = (a + b)/2,  0 ln 0 = 0
	//
	// after J. Lin, Divergence Measures Based on the Shannon Entropy, IEEE Transactions on
	// Information Theory 37(1), 1991.
	Divergence float64

	Dot, AA, BB float64 // a . b, |a|^2, |b|^2
	MaxDiff     float64 // a - b where |a - b| is largest
	J           int     // the first column where it is
}

// Compare sets dst to a - b, 0 right of the diagonal, and says how far apart each row is.
// All are [n, n].
func Compare(dst, a, b Mat) []RowDistance {
	if a.Rows != a.Cols || b.Rows != a.Rows || b.Cols != a.Cols || dst.Rows != a.Rows || dst.Cols != a.Cols {
		panic(fmt.Sprintf("cpu: %dx%d compares %dx%d with %dx%d", dst.Rows, dst.Cols, a.Rows, a.Cols, b.Rows, b.Cols))
	}
	rows := make([]RowDistance, a.Rows)
	for i := range rows {
		seen := i + 1
		clear(dst.Row(i)[seen:])
		rows[i] = compareRow(dst.Row(i)[:seen], a.Row(i)[:seen], b.Row(i)[:seen])
	}
	return rows
}

// compareRow takes the seen part of a row.
func compareRow(dst, a, b []float32) (r RowDistance) {
	for k := range dst {
		x, y := float64(a[k]), float64(b[k])
		dst[k] = a[k] - b[k]
		r.Divergence += half(x, x+y) + half(y, x+y)
		r.Dot += x * y
		r.AA += x * x
		r.BB += y * y
		if d := float64(dst[k]); math.Abs(d) > math.Abs(r.MaxDiff) {
			r.MaxDiff, r.J = d, k
		}
	}
	r.Divergence = max(0, r.Divergence)
	return r
}

// half is x/2 ln (2x / sum).
func half(x, sum float64) float64 {
	if x == 0 {
		return 0
	}
	return x / 2 * math.Log(2*x/sum)
}

// Distance says how far apart two attention patterns a and b are.
type Distance struct {
	// JS is the mean over the rows of the Jensen-Shannon distance to base 2,
	// sqrt(JSD / ln 2): 0 for equal rows, 1 for rows without a common token. Its root makes
	// it a metric: D. M. Endres and J. E. Schindelin, A New Metric for Probability
	// Distributions, IEEE Transactions on Information Theory 49(7), 2003.
	JS float64
	// Cosine is that of the angle between the patterns as vectors of all their weights.
	Cosine  float64
	MaxDiff float64 // a - b where |a - b| is largest
	I, J    int     // the first row and column where it is
}

// Apart makes the distance of two patterns of that of their rows.
func Apart(rows []RowDistance) (d Distance) {
	var dot, aa, bb float64
	for i, r := range rows {
		// Weights are rounded, so that those of a row do not add up to 1 exactly.
		d.JS += min(1, math.Sqrt(r.Divergence/math.Ln2)) / float64(len(rows))
		dot, aa, bb = dot+r.Dot, aa+r.AA, bb+r.BB
		if math.Abs(r.MaxDiff) > math.Abs(d.MaxDiff) {
			d.MaxDiff, d.I, d.J = r.MaxDiff, i, r.J
		}
	}
	if aa > 0 && bb > 0 {
		d.Cosine = min(1, dot/math.Sqrt(aa*bb))
	}
	return d
}
