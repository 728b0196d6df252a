package cpu

// Reach says how far the sums of a matrix product are while they are shown one index after
// the other, in all blocks at once: see [Reach.Depth].
type Reach struct {
	BlockI, BlockK, BlockJ int // elements of a block, but perhaps the last, along each axis
	PerI, PerJ             int // indices that pass from a row to the next within a block; from a column
	Rate                   int // products added an index
	Count                  int // indices that have passed, the current one included
}

// Depth is how many products of each block of k are in the sum of element (i, j): those with
// k mod BlockK < Depth. It is 0 for an element that was not reached.
func (r Reach) Depth(i, j int) int {
	passed := r.Count - r.PerI*(i%r.BlockI) - r.PerJ*(j%r.BlockJ)
	return min(max(passed, 0)*r.Rate, r.BlockK)
}

// Reached copies the elements of x that were reached, and makes the others 0, whatever they are.
func Reached(dst, x Mat, reach Reach) {
	for i := range x.Rows {
		for j, v := range x.Row(i) {
			if reach.Depth(i, j) == 0 {
				v = 0
			}
			dst.Row(i)[j] = v
		}
	}
}

// Sums is a product of a [m, k] and b [k, n] under way, times scale: each sum as deep as it was
// reached, those that have all their products from whole.
func Sums(dst, a, b, whole Mat, scale float32, reach Reach) {
	for i := range dst.Rows {
		for j := range dst.Cols {
			depth, sum := reach.Depth(i, j), 0.0
			if depth >= reach.BlockK {
				dst.Row(i)[j] = whole.At(i, j)
				continue
			}
			for k := range a.Cols {
				if k%reach.BlockK < depth {
					sum += float64(a.At(i, k)) * float64(b.At(k, j))
				}
			}
			dst.Row(i)[j] = float32(float64(scale) * sum)
		}
	}
}

// ProductPlane says which products are in a plane, as the kernel has it: where it begins in
// the two matrices' buffers, in elements, and its size.
type ProductPlane struct{ AFirst, BFirst, Rows, Cols uint32 }

// Strides are how many elements apart, in the two matrices' buffers, the factors of products
// are that follow one another down and across a plane.
type Strides struct{ ADown, AAcross, BDown, BAcross uint32 }

// Products is a plane of single products of the elements of two matrices, of which a and b
// are the buffers.
func Products(dst Mat, a, b []float32, p ProductPlane, s Strides) {
	for r := range p.Rows {
		for c := range p.Cols {
			dst.Row(int(r))[c] = a[p.AFirst+r*s.ADown+c*s.AAcross] * b[p.BFirst+r*s.BDown+c*s.BAcross]
		}
	}
}
