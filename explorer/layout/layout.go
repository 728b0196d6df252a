// Package layout places the matrices of an expression in space.
//
// Settings flow down, from the root to the leaves: [Derive] gives every matmul its placements
// from its parent's, by the layout scheme, and [Layout] then turns the placements into a
// [Scene]: a transform for every matrix and every matmul's cube, and the box around all.
//
// A matrix lies in a plane of its own: element (i, j) at x = column, y = row, z = 0, one
// apart, with gaps between blocks ([Axis]). A matmul of an H x D left and a D x W right
// child is a cube in a frame of its own, W along x, H along y, D along z: its result lies on
// the front or back, its left child stands along a side and its right child along the top or
// bottom, each turned by a quarter so that the D elements of a column of the one and a row
// of the other meet in the cube. A child that is a matmul brings its own cube, which
// extends outwards. The world is right-handed with y up, so the root is turned by a half
// about x (rows run down), and its box is centred on the origin.
//
// Lengths are in elements. Matrices are column-major and act on columns.
package layout

import (
	"fmt"
	"math"
	"strings"

	"github.com/go-gl/mathgl/mgl64"

	"headscope/explorer/expr"
)

// maxCoordinate bounds a scene: far more than settings make sense for, and small enough that
// neighbouring elements stay apart in float64 arithmetic.
const maxCoordinate = 1e9

// Scene is a laid-out expression.
type Scene struct {
	Matrices []Matrix // leaves and results, in the order of [expr.Node.Walk]
	Cubes    []Cube   // one a matmul, in the same order
	Box      Box      // around all, in the world
}

// Matrix is the matrix at a path, and whether there is one.
func (s Scene) Matrix(path string) (Matrix, bool) {
	for _, m := range s.Matrices {
		if m.Path == path {
			return m, true
		}
	}
	return Matrix{}, false
}

// Corners are the places in the world of all matrices' outermost elements: what a camera has
// to see to show everything.
func (s Scene) Corners() []mgl64.Vec3 {
	corners := make([]mgl64.Vec3, 0, 4*len(s.Matrices))
	for _, m := range s.Matrices {
		i, j := m.Rows.N-1, m.Cols.N-1
		corners = append(corners, m.World(0, 0), m.World(0, j), m.World(i, 0), m.World(i, j))
	}
	return corners
}

// Matrix is a leaf or a result in its place.
type Matrix struct {
	Path       string     // "root", "left", "left.right" ...
	Node       *expr.Node // the leaf, or the matmul whose result this is
	Rows, Cols Axis
	ToWorld    mgl64.Mat4 // takes the plane, element (0, 0) at its origin, to the world
}

// Kind is "leaf" or "result".
func (m Matrix) Kind() string {
	if m.Node.IsMatMul() {
		return "result"
	}
	return "leaf"
}

// Element is the place of element (i, j) in the matrix' plane.
func (m Matrix) Element(i, j int) mgl64.Vec3 {
	return mgl64.Vec3{m.Cols.At(j), m.Rows.At(i), 0}
}

// World is the place of element (i, j) in the world.
func (m Matrix) World(i, j int) mgl64.Vec3 {
	return mgl64.TransformCoordinate(m.Element(i, j), m.ToWorld)
}

// Corners are the places in the world of the first element and the last.
func (m Matrix) Corners() [2]mgl64.Vec3 {
	return [2]mgl64.Vec3{m.World(0, 0), m.World(m.Rows.N-1, m.Cols.N-1)}
}

// Box is the matrix with its margin of a gap, in the world.
func (m Matrix) Box() Box {
	edge := m.ToWorld.Mul4(mgl64.Translate3D(-m.Cols.Gap, -m.Rows.Gap, 0))
	return boxOf(edge, mgl64.Vec3{m.Cols.Extent(), m.Rows.Extent(), 0})
}

// Cube is the place where the products of a matmul are: element (i, k) of the left child
// meets element (k, j) of the right one, and their products along k add up to result (i, j).
type Cube struct {
	Path    string
	Node    *expr.Node // the matmul
	I, K, J Axis       // rows, depth, columns
	ToWorld mgl64.Mat4 // takes the matmul's frame to the world
}

// Extent is the far corner of the cube in the matmul's frame; the near one is the origin.
func (c Cube) Extent() mgl64.Vec3 {
	return mgl64.Vec3{c.J.Extent(), c.I.Extent(), c.K.Extent()}
}

// Box is the cube in the world.
func (c Cube) Box() Box { return boxOf(c.ToWorld, c.Extent()) }

// Product is the place of the product of L[i, k] and R[k, j] in the matmul's frame. With
// positive polarity k runs along z, with negative polarity against it.
func (c Cube) Product(i, k, j int) mgl64.Vec3 {
	z := c.K.Gap + c.K.At(k)
	if c.Node.Layout.Polarity == negative {
		z = c.K.Extent() - z
	}
	return mgl64.Vec3{c.J.Gap + c.J.At(j), c.I.Gap + c.I.At(i), z}
}

// Result is the depth of the result's plane in the matmul's frame.
func (c Cube) Result() float64 {
	if c.Node.Layout.Result == back {
		return c.K.Extent()
	}
	return 0
}

// Layout places all matrices of a tree. Block counts outside a dimension are brought into
// it; settings that are no numbers, or no placements, are refused.
func Layout(root *expr.Node) (Scene, error) {
	if err := check(root); err != nil {
		return Scene{}, err
	}
	p := placer{total: root.MatMuls()}
	p.place("root", root, halfTurn)
	s := p.Scene
	s.Box = s.Matrices[0].Box()
	for _, m := range s.Matrices {
		s.Box = s.Box.Union(m.Box())
	}
	for _, x := range append(s.Box.Min[:], s.Box.Max[:]...) {
		if !(math.Abs(x) <= maxCoordinate) {
			return Scene{}, fmt.Errorf("layout of %s reaches to %g: expected coordinates within ±%g; lower gap, scatter or blast",
				root.Name, x, float64(maxCoordinate))
		}
	}
	d := s.Box.Center().Mul(-1)
	move := mgl64.Translate3D(d[0], d[1], d[2])
	for i := range s.Matrices {
		s.Matrices[i].ToWorld = move.Mul4(s.Matrices[i].ToWorld)
	}
	for i := range s.Cubes {
		s.Cubes[i].ToWorld = move.Mul4(s.Cubes[i].ToWorld)
	}
	s.Box = s.Box.Move(d)
	return s, nil
}

// placer collects what is placed; total is the number of matmuls in the whole expression.
type placer struct {
	Scene
	total int
}

// place adds the node at a path, in its frame, and all below it.
func (p *placer) place(path string, n *expr.Node, frame mgl64.Mat4) {
	gap := n.Layout.Gap
	m := Matrix{
		Path: path, Node: n,
		Rows: NewAxis(n.Rows(), n.Block.I, gap), Cols: NewAxis(n.Cols(), n.Block.J, gap),
		ToWorld: frame.Mul4(mgl64.Translate3D(gap, gap, 0)),
	}
	if !n.IsMatMul() {
		p.Matrices = append(p.Matrices, m)
		return
	}
	c := Cube{Path: path, Node: n, I: m.Rows, K: depth(n), J: m.Cols, ToWorld: frame}
	m.ToWorld = m.ToWorld.Mul4(mgl64.Translate3D(0, 0, c.Result()))
	p.Matrices, p.Cubes = append(p.Matrices, m), append(p.Cubes, c)
	below := strings.TrimPrefix(path+".", "root.")
	p.place(below+"left", n.Left, frame.Mul4(c.left(p.scatter(n.Layout, n.Left))))
	p.place(below+"right", n.Right, frame.Mul4(c.right(p.scatter(n.Layout, n.Right))))
}

// scatter is how much farther than a gap a child stands off its parent's cube: nothing below
// a number of matmuls, from there more for larger children, or smaller ones if blast < 0.
func (p *placer) scatter(l expr.Layout, child *expr.Node) float64 {
	count := float64(child.MatMuls())
	switch {
	case count < l.Molecule:
		return 0
	case l.Blast < 0:
		return l.Scatter * math.Pow(float64(p.total)-count, -l.Blast)
	}
	return l.Scatter * math.Pow(count, l.Blast)
}

// depth is the inner dimension of a matmul.
func depth(n *expr.Node) Axis { return NewAxis(n.Left.Cols(), n.Block.K, n.Layout.Gap) }

// thickness is how far a child's frame reaches along its z.
func thickness(child *expr.Node) float64 {
	if !child.IsMatMul() {
		return 0
	}
	return depth(child).Extent()
}

// left takes the frame of the left child to the matmul's: its columns become depth, and its
// own depth leads away from the cube.
func (c Cube) left(scatter float64) mgl64.Mat4 {
	l, e := c.Node.Layout, c.Extent()
	offset, far := scatter+thickness(c.Node.Left), l.Left == right
	if l.Polarity == positive {
		x := -scatter
		if far {
			x = e[0] + offset
		}
		return mgl64.Translate3D(x, 0, 0).Mul4(quarterTurnY(-1))
	}
	x := -offset
	if far {
		x = e[0] + scatter
	}
	return mgl64.Translate3D(x, 0, e[2]).Mul4(quarterTurnY(1))
}

// right takes the frame of the right child to the matmul's: its rows become depth.
func (c Cube) right(scatter float64) mgl64.Mat4 {
	l, e := c.Node.Layout, c.Extent()
	offset, far := scatter+thickness(c.Node.Right), l.Right == bottom
	if l.Polarity == positive {
		y := -scatter
		if far {
			y = e[1] + offset
		}
		return mgl64.Translate3D(0, y, 0).Mul4(quarterTurnX(1))
	}
	y := -offset
	if far {
		y = e[1] + scatter
	}
	return mgl64.Translate3D(0, y, e[2]).Mul4(quarterTurnX(-1))
}

// The turns are written out, so that a right angle is exact.

// halfTurn is the rotation by 180 degrees about x.
var halfTurn = mgl64.Diag4(mgl64.Vec4{1, -1, -1, 1})

// quarterTurnX is the rotation by 90 degrees about x, in the sense of s = 1 or -1.
func quarterTurnX(s float64) mgl64.Mat4 {
	return mgl64.Mat4{1, 0, 0, 0, 0, 0, s, 0, 0, -s, 0, 0, 0, 0, 0, 1}
}

// quarterTurnY is the rotation by 90 degrees about y, in the sense of s = 1 or -1.
func quarterTurnY(s float64) mgl64.Mat4 {
	return mgl64.Mat4{0, 0, -s, 0, 0, 1, 0, 0, s, 0, 0, 0, 0, 0, 0, 1}
}
