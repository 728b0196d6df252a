package cpu

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// anyReach is a way through a product of [m, k] and [k, n] as it is somewhere on it.
func anyReach(t *rapid.T, m, k, n int) Reach {
	r := Reach{
		BlockI: rapid.IntRange(1, m).Draw(t, "block i"), BlockK: rapid.IntRange(1, k).Draw(t, "block k"), BlockJ: rapid.IntRange(1, n).Draw(t, "block j"),
		PerI: rapid.IntRange(0, 5).Draw(t, "per i"), PerJ: rapid.IntRange(0, 5).Draw(t, "per j"), Count: rapid.IntRange(0, 40).Draw(t, "count"),
	}
	r.Rate = rapid.SampledFrom([]int{1, r.BlockK}).Draw(t, "rate")
	return r
}

// One index after the other, sums only get deeper, until they are complete; blocks do so alike.
func TestReachGoesOn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := anyReach(t, 9, 9, 9)
		i, j := rapid.IntRange(0, 20).Draw(t, "i"), rapid.IntRange(0, 20).Draw(t, "j")
		next, never, end := r, r, r
		next.Count++
		never.Count = 0
		end.Count = r.PerI*r.BlockI + r.PerJ*r.BlockJ + r.BlockK
		depth := r.Depth(i, j)
		if more := next.Depth(i, j) - depth; more < 0 || more > r.Rate || depth%r.Rate != 0 && depth != r.BlockK {
			t.Fatalf("%+v: %d products at (%d, %d), and %d more", r, depth, i, j, more)
		}
		if never.Depth(i, j) != 0 || end.Depth(i, j) != r.BlockK || r.Depth(i+r.BlockI, j+r.BlockJ) != depth {
			t.Fatalf("%+v: at (%d, %d) %d to %d products, %d in the next block", r, i, j, never.Depth(i, j), end.Depth(i, j), r.Depth(i+r.BlockI, j+r.BlockJ))
		}
	})
}

// A product under way is one of inputs without what was not reached, where it builds up in all
// elements alike; none of it is read where nothing was reached.
func TestSumsOfWhatWasReached(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dim := func(name string) int { return rapid.IntRange(1, 9).Draw(t, name) }
		m, k, n := dim("m"), dim("k"), dim("n")
		r := anyReach(t, m, k, n)
		a, b, whole, got, want := NewMat(m, k), NewMat(k, n), NewMat(m, n), NewMat(m, n), NewMat(m, n)
		for i := range a.Data {
			a.Data[i] = float32(i%5 - 2)
		}
		for i := range b.Data {
			b.Data[i] = float32(i%7 - 3)
		}
		MatMul(whole, a, b, Epilogue{})
		Sums(got, a, b, whole, 1, r)
		for i := range m {
			for j := range n {
				cut := NewMat(1, k)
				for d := range k {
					if d%r.BlockK < r.Depth(i, j) {
						cut.Data[d] = a.At(i, d)
					}
				}
				MatMul(want.Sub(i, j, 1, 1), cut, b.Sub(0, j, k, 1), Epilogue{})
			}
		}
		for i := range got.Data {
			if got.Data[i] != want.Data[i] {
				t.Fatalf("%+v: element %d is %v, want %v", r, i, got.Data[i], want.Data[i])
			}
		}
		for i := range whole.Data {
			whole.Data[i] = float32(math.NaN())
		}
		Reached(got, whole, r)
		for i := range m {
			for j := range n {
				if x := got.At(i, j); r.Depth(i, j) == 0 && x != 0 || r.Depth(i, j) > 0 && x == x {
					t.Fatalf("%+v: element (%d, %d) is %v", r, i, j, x)
				}
			}
		}
	})
}

// The planes of products across k add up to the product.
func TestProductsAddUp(t *testing.T) {
	a, b := MatOf([]float32{1, 2, 3, 4, 5, 6}, 2, 3), MatOf([]float32{1, -1, 2, 0, 3, 4, 5, -2, 1, 1, 2, 3}, 3, 4)
	want, sum, plane := NewMat(2, 4), make([]float32, 8), NewMat(2, 4)
	MatMul(want, a, b, Epilogue{})
	for k := range uint32(3) {
		Products(plane, a.Data, b.Data, ProductPlane{AFirst: k, BFirst: 4 * k, Rows: 2, Cols: 4}, Strides{ADown: 3, BAcross: 1})
		Add(sum, sum, plane.Data)
	}
	for i, x := range want.Data {
		if sum[i] != x {
			t.Errorf("element %d is %v, want %v", i, sum[i], x)
		}
	}
	part := NewMat(2, 4)
	Products(part, a.Data, b.Data, ProductPlane{Rows: 1, Cols: 2}, Strides{ADown: 3, BAcross: 1})
	for i, x := range []float32{1, -1, 0, 0, 0, 0, 0, 0} {
		if part.Data[i] != x {
			t.Errorf("a smaller plane is %v", part.Data)
		}
	}
}
