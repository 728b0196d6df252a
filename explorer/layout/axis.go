package layout

// Axis is one dimension of a matrix or of a matmul's cube: N elements, one apart, in blocks
// with an extra gap between them. All blocks are of one size but the last, which may be
// smaller. N and Blocks are at least 1, and Blocks is at most N: [NewAxis] sees to it.
type Axis struct {
	N      int     // elements
	Blocks int     // as set; where blocks of one size do not come out even, BlockCount is less
	Gap    float64 // between blocks, and before the first and behind the last element
}

// NewAxis is an axis of n elements in some blocks; a count outside 1 to n is brought into it.
func NewAxis(n, blocks int, gap float64) Axis {
	n = max(n, 1)
	return Axis{n, min(max(blocks, 1), n), gap}
}

// BlockSize is the number of elements in every block but perhaps the last.
func (a Axis) BlockSize() int { return ceilDiv(a.N, a.Blocks) }

// BlockCount is the number of blocks that have elements.
func (a Axis) BlockCount() int { return ceilDiv(a.N, a.BlockSize()) }

// At is the distance of element i from element 0.
func (a Axis) At(i int) float64 { return float64(i) + float64(i/a.BlockSize())*a.Gap }

// Length is the displayed length: an element counts 1, and gaps stand between blocks only.
func (a Axis) Length() float64 { return float64(a.N) + a.Gap*float64(a.BlockCount()-1) }

// Extent is the length from edge to edge: between the outermost elements, and a gap beyond
// each.
func (a Axis) Extent() float64 { return a.Length() + 2*a.Gap - 1 }

func ceilDiv(a, b int) int { return (a + b - 1) / b }
