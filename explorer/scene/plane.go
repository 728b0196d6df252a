package scene

import (
	"sort"

	"github.com/go-gl/mathgl/mgl64"

	"headscope/explorer/layout"
)

// plane is a matrix' plane in the world: the place of element (0, 0), and the unit vectors
// in which column and row numbers grow.
type plane struct{ origin, x, y mgl64.Vec3 }

func planeOf(m *layout.Matrix) plane {
	return plane{m.ToWorld.Col(3).Vec3(), m.ToWorld.Col(0).Vec3(), m.ToWorld.Col(1).Vec3()}
}

// at is the point of the world at (x, y) in the plane.
func (p plane) at(x, y float64) mgl64.Vec3 {
	return p.origin.Add(p.x.Mul(x)).Add(p.y.Mul(y))
}

// local is where in the plane a point of the world, or its projection, lies.
func (p plane) local(q mgl64.Vec3) (x, y float64) {
	d := q.Sub(p.origin)
	return d.Dot(p.x), d.Dot(p.y)
}

// firstAt is the first element of an axis at x or behind it, N if there is none.
func firstAt(a layout.Axis, x float64) int {
	return sort.Search(a.N, func(i int) bool { return a.At(i) >= x })
}
