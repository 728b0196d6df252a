package scene

import (
	"math"

	"github.com/go-gl/mathgl/mgl64"

	"headscope/explorer/camera"
	"headscope/explorer/layout"
)

// Hit is the element that a ray meets first.
type Hit struct {
	Path     string // of the matrix
	Number   int    // of the matrix in its list
	I, J     int    // row and column
	Distance float64
	At       mgl64.Vec3 // where the ray meets the matrix' plane
}

// Pick finds the element that a ray meets first, and whether there is one: an element is a
// square of side 1 in its matrix' plane, so the gaps between blocks let rays through. A ray
// along a plane does not meet it.
func Pick(s layout.Scene, ray camera.Ray) (Hit, bool) {
	return PickShown(s.Matrices, ray, func(int, int, int) bool { return true })
}

// PickShown is Pick among matrices whose elements are not all to be seen: shown tells it of
// element (i, j) of matrix number n. Others let rays through.
func PickShown(matrices []layout.Matrix, ray camera.Ray, shown func(n, i, j int) bool) (Hit, bool) {
	hit := Hit{Distance: math.Inf(1)}
	for n := range matrices {
		m := &matrices[n]
		p := planeOf(m)
		normal := p.x.Cross(p.y)
		slope := ray.Direction.Dot(normal)
		distance := p.origin.Sub(ray.Origin).Dot(normal) / slope
		if math.Abs(slope) < 1e-12 || !(0 <= distance && distance < hit.Distance) {
			continue
		}
		at := ray.At(distance)
		x, y := p.local(at)
		i, inRow := element(m.Rows, y)
		j, inCol := element(m.Cols, x)
		if inRow && inCol && shown(n, i, j) {
			hit = Hit{m.Path, n, i, j, distance, at}
		}
	}
	return hit, !math.IsInf(hit.Distance, 1)
}

// element is the element of an axis within half an element of x, and whether there is one.
func element(a layout.Axis, x float64) (int, bool) {
	i := firstAt(a, x-0.5)
	return i, i < a.N && a.At(i) <= x+0.5
}
