package anim

import (
	"math"

	"github.com/go-gl/mathgl/mgl64"

	"headscope/explorer/layout"
	"headscope/explorer/partition"
)

// Kind is what a plane in a cube holds.
type Kind byte

const (
	Products Kind = iota // single products, of one block along each axis
	Partial              // the result's sums over one block of k, each through the part of the epilog that takes one element
)

func (k Kind) String() string { return [...]string{"products", "partial"}[k] }

// Plane is a matrix inside a matmul's cube. Its element (r, c) is a sum of products
// L[i, k]*R[k, j]: [Plane.Terms] says which. It is drawn as a [layout.Matrix] is, with the
// axes Rows and Cols, at the cube's ToWorld times ToFrame, and coloured as the result,
// except that sensitivity "superlocal" counts as "local".
type Plane struct {
	Kind       Kind
	Rows, Cols layout.Axis     // as it is drawn
	Down       partition.Axis  // the axis of the cube that its rows run along
	Across     partition.Axis  // the axis of the cube that its columns run along
	I, K, J    partition.Range // what it covers of the cube
	ToFrame    mgl64.Mat4      // takes the plane, element (0, 0) at its origin, to the matmul's frame

	// Shown tells which elements are to be seen, as far as they are not 0: of products all
	// or, while the matmul waits, none; of a partial result those that were reached.
	Shown Sums
}

// Position is where the plane's edge is, a gap before element (0, 0) both ways, in the
// matmul's frame: what mm calls its position.
func (p Plane) Position() mgl64.Vec3 {
	return mgl64.TransformCoordinate(mgl64.Vec3{-p.Cols.Gap, -p.Rows.Gap, 0}, p.ToFrame)
}

// Terms says whose products element (r, c) is the sum of: those of L[i, k] and R[k, j] for
// all k in a range, which for a plane of products is one k.
func (p Plane) Terms(r, c int) (i, j int, k partition.Range) {
	i, j, k = p.I.Lo, p.J.Lo, p.K
	for _, side := range []struct {
		axis partition.Axis
		n    int
	}{{p.Down, r}, {p.Across, c}} {
		switch side.axis {
		case partition.I:
			i += side.n
		case partition.J:
			j += side.n
		case partition.K:
			k = partition.Range{Lo: k.Lo + side.n, Hi: k.Lo + side.n + 1}
		}
	}
	return i, j, k
}

// Sum is element (r, c) for inputs with the given elements: of a partial result, before
// what the epilog does to single elements.
func (p Plane) Sum(r, c int, left, right Elements) float64 {
	i, j, ks := p.Terms(r, c)
	sum := 0.0
	for k := ks.Lo; k < ks.Hi; k++ {
		sum += float64(left(i, k)) * float64(right(k, j))
	}
	return sum
}

// axisName is the name of an axis in package partition.
var axisName = [3]partition.Axis{axisI: partition.I, axisK: partition.K, axisJ: partition.J}

// products is the plane of products of a block, by its numbers along the axes. It covers
// the block along the axes that the algorithm does not go through and the current index
// along the others. In a block that is shorter than others and has no current index it
// stays at the last one it had. While the matmul waits it is where its first step is.
func (m *matmul) products(blocks [3]int, count int) Plane {
	var at [3]partition.Range
	for axis := range at {
		at[axis] = block(m.axes[axis], blocks[axis])
	}
	cursor, over := m.cursor(count), false
	for _, axis := range m.alg.loops {
		r := &at[axis]
		if over = over || cursor[axis] >= r.Len(); over {
			cursor[axis] = r.Len() - 1
		}
		r.Lo += cursor[axis]
		r.Hi = r.Lo + 1
	}
	rows, cols := m.alg.rows, m.alg.cols
	gap := m.cube.Node.Layout.Gap
	x, y := m.direction(cols), m.direction(rows)
	origin := m.cube.Product(at[axisI].Lo, at[axisK].Lo, at[axisJ].Lo)
	return Plane{
		Kind: Products,
		Rows: layout.NewAxis(at[rows].Len(), 1, gap), Cols: layout.NewAxis(at[cols].Len(), 1, gap),
		Down: axisName[rows], Across: axisName[cols],
		I: at[axisI], K: at[axisK], J: at[axisJ],
		ToFrame: mgl64.Mat4FromCols(x.Vec4(0), y.Vec4(0), x.Cross(y).Vec4(0), origin.Vec4(1)),
		Shown:   m.all(count > 0),
	}
}

// positive tells whether k runs along the frame's z, not against it.
func (m *matmul) positive() bool { return m.cube.Node.Layout.Polarity == "positive" }

// direction is the unit vector in which an axis' indices grow in the matmul's frame.
func (m *matmul) direction(axis int) mgl64.Vec3 {
	switch axis {
	case axisI:
		return mgl64.Vec3{0, 1, 0}
	case axisJ:
		return mgl64.Vec3{1, 0, 0}
	}
	if m.positive() {
		return mgl64.Vec3{0, 0, 1}
	}
	return mgl64.Vec3{0, 0, -1}
}

// partial is the partial result of a block of k.
func (m *matmul) partial(n, count int) Plane {
	gap := m.cube.Node.Layout.Gap
	return Plane{
		Kind: Partial, Rows: m.cube.I, Cols: m.cube.J, Down: partition.I, Across: partition.J,
		I: partition.Range{Lo: 0, Hi: m.cube.I.N}, K: block(m.cube.K, n), J: partition.Range{Lo: 0, Hi: m.cube.J.N},
		ToFrame: mgl64.Translate3D(gap, gap, m.depth(n)),
		Shown:   m.sums(count),
	}
}

// depth is where a partial result is along the frame's z: that of the block next to the
// result in the result's own plane, any other before its block, as seen from the result, by
// about a quarter of the gap that is there. The rounding is mm's, and so is that the last
// block counts as next to the result only where there are as many blocks as were set.
func (m *matmul) depth(n int) float64 {
	k, gap := m.cube.K, m.cube.K.Gap
	positive := m.positive()
	next, r, quarter := 0, block(k, n), -gap/4
	at := r.Lo
	if positive != (m.cube.Node.Layout.Result == "front") { // the result is where k ends
		next, at, quarter = k.Blocks-1, r.Hi, (gap-1)/4
	}
	switch {
	case n == next:
		return m.cube.Result()
	case positive:
		return gap + float64(at) + math.Floor(gap*float64(n)+quarter)
	}
	return k.Extent() - float64(at) - math.Floor(gap*float64(r.Hi)/float64(k.BlockSize())+quarter)
}
