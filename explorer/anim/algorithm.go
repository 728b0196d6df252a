package anim

// The axes of a matmul's cube, as indices.
const (
	axisI = iota // rows of the result and of the left input
	axisK        // columns of the left input, rows of the right one
	axisJ        // columns of the result and of the right input
)

// algorithm is the order in which a matmul goes through its products.
type algorithm struct {
	name       string
	loops      []int // the axes it goes through, the outer first
	rows, cols int   // the axes along which a plane of products reaches
	// With fusion it may step together with an unfinished child that runs these: whose
	// plane is parallel to its own and leaves, at each index, what it takes in next.
	leftJoin, rightJoin string
}

var algorithms = map[string]algorithm{
	"vmprod":              {"vmprod", []int{axisI}, axisK, axisJ, "vmprod", ""},
	"mvprod":              {"mvprod", []int{axisJ}, axisI, axisK, "", "mvprod"},
	"vvprod":              {"vvprod", []int{axisK}, axisI, axisJ, "mvprod", "vmprod"},
	"dotprod (row major)": {"dotprod (row major)", []int{axisI, axisJ}, axisK, axisJ, "", ""},
	"dotprod (col major)": {"dotprod (col major)", []int{axisJ, axisI}, axisI, axisK, "", ""},
	"axpy":                {"axpy", []int{axisJ, axisK}, axisI, axisJ, "", ""},
}

// loopsOver tells whether the algorithm goes through an axis one index a time.
func (a algorithm) loopsOver(axis int) bool {
	return a.loops[0] == axis || a.loops[len(a.loops)-1] == axis
}

// cursor is the index within each block, after a number of steps, along the axes that the
// algorithm goes through. Before the first step it is that of the first.
func (m *matmul) cursor(count int) (at [3]int) {
	rest := max(count, 1) - 1
	for l := len(m.alg.loops) - 1; l >= 0; l-- {
		axis := m.alg.loops[l]
		size := m.axes[axis].BlockSize()
		at[axis] = rest % size
		rest /= size
	}
	return at
}

// partials is the number of partial results: one a block of k where there are several. Sums
// that build up go into the result itself.
func (m *matmul) partials() int {
	if n := m.axes[axisK].BlockCount(); n > 1 && !m.alg.loopsOver(axisK) {
		return n
	}
	return 0
}

// Sums says how far the sums of a result are, at an element: [Sums.Depth] of the products in
// each block of k are in it, in the order of k. All numbers are what a shader needs to say
// the same.
type Sums struct {
	BlockI, BlockK, BlockJ int // elements of a block, but perhaps the last, along each axis
	PerI, PerJ             int // indices that pass from a row to the next within a block; from a column
	Rate                   int // products added an index: BlockK where sums appear whole, 1 where they build up
	Count                  int // indices that have passed, the current one included
}

// Depth is how many products of each block of k are in the sum of element (i, j): those with
// k mod BlockK < Depth. It is 0 for an element that was not reached and is black, and
// BlockK for a complete sum.
func (s Sums) Depth(i, j int) int {
	passed := s.Count - s.PerI*(i%s.BlockI) - s.PerJ*(j%s.BlockJ)
	return min(max(passed, 0)*s.Rate, s.BlockK)
}

// Shows tells whether element (i, j) was reached. One that was is black only if it is 0.
func (s Sums) Shows(i, j int) bool { return s.Depth(i, j) > 0 }

// Reach is how many rows and columns of a result of h rows and w columns, from the first on, hold
// all elements that were reached: all of them where it is from the last on that they are.
func (s Sums) Reach(h, w int) (rows, cols int) {
	switch {
	case s.PerI < 0 || s.PerJ < 0:
		return h, w
	case s.Count <= 0:
		return 0, 0
	}
	side := func(n, block, per int) int {
		if block < n || per == 0 { // blocks are reached side by side, or all at once
			return n
		}
		return min(n, (s.Count+per-1)/per)
	}
	return side(h, s.BlockI, s.PerI), side(w, s.BlockJ, s.PerJ)
}

// Sum is the sum at element (i, j), before the epilog, of left [H, d] times right [d, W].
func (s Sums) Sum(i, j, d int, left, right Elements) float64 {
	sum, depth := 0.0, s.Depth(i, j)
	for lo := 0; lo < d; lo += s.BlockK {
		for k := lo; k < min(lo+depth, d); k++ {
			sum += float64(left(i, k)) * float64(right(k, j))
		}
	}
	return sum
}

// Elements gives the elements of a matrix by row and column.
type Elements func(row, col int) float32

// sums is how far the sums are while the matmul goes through its indices.
func (m *matmul) sums(count int) Sums {
	s := m.all(true)
	s.Count = count
	if m.alg.loopsOver(axisK) {
		s.Rate = 1
	}
	per := 1
	for l := len(m.alg.loops) - 1; l >= 0; l-- {
		axis := m.alg.loops[l]
		switch axis {
		case axisI:
			s.PerI = per
		case axisJ:
			s.PerJ = per
		}
		per *= m.axes[axis].BlockSize()
	}
	return s
}

// all is complete sums everywhere, or none anywhere.
func (m *matmul) all(shown bool) Sums {
	s := Sums{
		BlockI: m.axes[axisI].BlockSize(), BlockK: m.axes[axisK].BlockSize(), BlockJ: m.axes[axisJ].BlockSize(),
		Rate: m.axes[axisK].BlockSize(),
	}
	if shown {
		s.Count = 1
	}
	return s
}

// Highlight is the elements of an input that are in use: those whose row and column are both
// selected. They are drawn brighter, by 0.5 in every channel. The zero Highlight is none.
type Highlight struct{ Rows, Cols Every }

// Has tells whether element (i, j) is in use.
func (h Highlight) Has(i, j int) bool { return h.Rows.Has(i) && h.Cols.Has(j) }

// Every is some indices in every block of some size, Count of them from Index on, so that a
// block too short for them has fewer or none:
// {1, 0, 1} is all indices, and the zero Every none.
type Every struct{ Block, Index, Count int }

// Has tells whether index n is one of them.
func (e Every) Has(n int) bool {
	return e.Block > 0 && n%e.Block-e.Index >= 0 && n%e.Block-e.Index < e.Count
}

// highlight is what is in use of the input with the axes rows and cols. Where the algorithm
// goes through neither, the whole input is in use all the time, and nothing is highlighted.
func (m *matmul) highlight(cursor [3]int, rows, cols int) Highlight {
	if !m.alg.loopsOver(rows) && !m.alg.loopsOver(cols) {
		return Highlight{}
	}
	every := func(axis int) Every {
		if m.alg.loopsOver(axis) {
			return Every{m.axes[axis].BlockSize(), cursor[axis], 1}
		}
		return Every{1, 0, 1}
	}
	return Highlight{every(rows), every(cols)}
}
