package scene

import (
	"math"

	"headscope/explorer/camera"
	"headscope/explorer/layout"
	"headscope/explorer/partition"
)

// slack is what rounding may move an edge by.
const slack = 1e-6

// Window is a rectangle of a viewport, in pixels.
type Window struct{ Left, Top, Right, Bottom float64 }

// Whole is the window that has all of a viewport.
func Whole(v camera.Viewport) Window { return Window{0, 0, v.W, v.H} }

// Meets reports whether two rectangles have an area in common.
func (w Window) Meets(o Window) bool {
	return w.Left < o.Right && o.Left < w.Right && w.Top < o.Bottom && o.Top < w.Bottom
}

// Reach is the smallest range of rows and of columns that has every element of a matrix
// which may be seen at a view depth from [camera.Near] to depth: one whose middle is in the
// window or less than an element's width outside of it. It is false if there is none.
//
// The rectangle of the elements' middles is cut by the planes that bound what is seen; what
// is left lies in the range.
func Reach(m layout.Matrix, c camera.Camera, v camera.Viewport, w Window, depth float64) (rows, cols partition.Range, ok bool) {
	p := planeOf(&m)
	right, up, back := c.Basis()
	forward := back.Mul(-1)
	var seen polygon
	width, height := m.Cols.At(m.Cols.N-1), m.Rows.At(m.Rows.N-1)
	for _, corner := range [4][2]float64{{0, 0}, {width, 0}, {width, height}, {0, height}} {
		seen.add(corner)
	}
	// cut keeps where the distance in a direction from the camera, plus an offset, is not
	// below 0.
	cut := func(x, y, z, offset float64) {
		direction := right.Mul(x).Add(up.Mul(y)).Add(forward.Mul(z))
		seen = seen.cut(direction.Dot(p.x), direction.Dot(p.y), direction.Dot(p.origin.Sub(c.Position))+offset+slack)
	}
	cut(0, 0, 1, -camera.Near)
	cut(0, 0, -1, depth)
	projection := v.Projection()
	sx, sy := 1/projection[0], 1/projection[5] // tangents of half the field of view
	// side keeps what is on one side of the plane through the camera and an edge of the
	// window, which is so many times as far to the right, or up, as it is in front.
	side := func(x, y, slope float64) {
		l := math.Hypot(1, slope)
		cut(x/l, y/l, -slope/l, 1)
	}
	side(1, 0, sx*(2*w.Left/v.W-1))
	side(-1, 0, -sx*(2*w.Right/v.W-1))
	side(0, 1, -sy*(2*w.Bottom/v.H-1))
	side(0, -1, sy*(2*w.Top/v.H-1))
	x, y := seen.bounds()
	cols, rows = within(m.Cols, x), within(m.Rows, y)
	if rows.Len() <= 0 || cols.Len() <= 0 {
		return partition.Range{}, partition.Range{}, false
	}
	return rows, cols, true
}

// within is the range of the elements of an axis from x[0] to x[1].
func within(a layout.Axis, x [2]float64) partition.Range {
	return partition.Range{Lo: firstAt(a, x[0]-slack), Hi: firstAt(a, x[1]+slack)}
}

// polygon is a convex polygon, perhaps without an area: a rectangle cut at most six times. A
// cut adds a corner; if rounding lets an edge of it cross a thin polygon more often, half as
// many as there were: 42 in the end.
type polygon struct {
	corners [42][2]float64
	n       int
}

func (p *polygon) add(corner [2]float64) {
	p.corners[p.n] = corner
	p.n++
}

// cut is the part of the polygon where a x + b y + c >= 0 (Sutherland-Hodgman).
func (p polygon) cut(a, b, c float64) polygon {
	var kept polygon
	for i, to := range p.corners[:p.n] {
		from := p.corners[(i+p.n-1)%p.n]
		f, t := a*from[0]+b*from[1]+c, a*to[0]+b*to[1]+c
		if (f < 0) != (t < 0) {
			share := f / (f - t)
			kept.add([2]float64{from[0] + (to[0]-from[0])*share, from[1] + (to[1]-from[1])*share})
		}
		if t >= 0 {
			kept.add(to)
		}
	}
	return kept
}

// bounds are the least and the largest x and y of the polygon; of an empty one the least is
// above the largest.
func (p polygon) bounds() (x, y [2]float64) {
	x = [2]float64{math.Inf(1), math.Inf(-1)}
	y = x
	for _, corner := range p.corners[:p.n] {
		x = [2]float64{min(x[0], corner[0]), max(x[1], corner[0])}
		y = [2]float64{min(y[0], corner[1]), max(y[1], corner[1])}
	}
	return x, y
}
