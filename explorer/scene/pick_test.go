package scene

import (
	"math"
	"testing"

	"github.com/go-gl/mathgl/mgl64"
	"pgregory.net/rapid"

	"headscope/explorer/camera"
	"headscope/explorer/layout"
)

// A ray through an element's pixel meets that element, or one before it.
func TestPickFindsElements(t *testing.T) {
	own := 0
	rapid.Check(t, func(t *rapid.T) {
		s, _ := anyScene(t)
		c := anyCamera(t, s)
		m := rapid.SampledFrom(s.Matrices).Draw(t, "matrix")
		i, j := rapid.IntRange(0, m.Rows.N-1).Draw(t, "i"), rapid.IntRange(0, m.Cols.N-1).Draw(t, "j")
		x, y, depth := c.Pixel(window, m.World(i, j))
		if depth < 0.1 {
			return
		}
		ray := c.Ray(window, x, y)
		p := planeOf(&m)
		if math.Abs(ray.Direction.Dot(p.x.Cross(p.y))) < 1e-4 {
			return // along the plane
		}
		hit, ok := Pick(s, ray)
		distance := m.World(i, j).Sub(ray.Origin).Len()
		if !ok || hit.Distance > distance+1e-4 {
			t.Fatalf("%s (%d, %d) at %v is not met: %v %v", m.Path, i, j, distance, ok, hit)
		}
		if hit.Distance > distance-1e-4 && hit.Path == m.Path {
			own++
			if hit.I != i || hit.J != j {
				t.Fatalf("%s (%d, %d) is taken for (%d, %d)", m.Path, i, j, hit.I, hit.J)
			}
		}
		for _, other := range s.Matrices {
			if other.Path == hit.Path {
				off := hit.At.Sub(other.World(hit.I, hit.J))
				if o := planeOf(&other); math.Abs(off.Dot(o.x)) > 0.5+1e-6 || math.Abs(off.Dot(o.y)) > 0.5+1e-6 || o.depth(hit.At) > 1e-6 {
					t.Fatalf("%s (%d, %d) is %v off", hit.Path, hit.I, hit.J, off)
				}
			}
		}
	})
	if own == 0 {
		t.Error("no element was met")
	}
}

// A leaf of 4 x 6 in blocks of 2 x 3, three apart, lies about the origin in the plane z = 0,
// its rows running down.
func TestPickEdges(t *testing.T) {
	m := flat(t, 4, 6, 2, 2, 2)
	s := layout.Scene{Matrices: []layout.Matrix{m}}
	for _, c := range []struct {
		x, y float64 // in the plane
		i, j int
		ok   bool
	}{
		{0, 0, 0, 0, true}, {-0.49, -0.49, 0, 0, true}, {-0.51, 0, 0, 0, false}, {0, -0.51, 0, 0, false},
		{0.51, 1.49, 1, 1, true}, {2.49, 0, 0, 2, true}, {2.51, 0, 0, 0, false}, {4.49, 0, 0, 0, false}, {4.51, 0, 0, 3, true},
		{0, 2.5, 0, 0, false}, {0, 3.6, 2, 0, true}, {7.49, 5.49, 3, 5, true}, {7.51, 5, 0, 0, false}, {7, 5.51, 0, 0, false},
	} {
		for _, side := range []float64{-1, 1} {
			at := planeOf(&m).at(c.x, c.y)
			ray := camera.Ray{Origin: at.Add(mgl64.Vec3{0, 0, 9 * side}), Direction: mgl64.Vec3{0, 0, -side}}
			hit, ok := Pick(s, ray)
			if ok != c.ok || ok && (hit.I != c.i || hit.J != c.j || hit.Path != "root" || math.Abs(hit.Distance-9) > 1e-9) {
				t.Errorf("(%v, %v): %v %+v, want %v (%d, %d)", c.x, c.y, ok, hit, c.ok, c.i, c.j)
			}
			ray.Direction = ray.Direction.Mul(-1)
			if _, ok := Pick(s, ray); ok {
				t.Errorf("(%v, %v): met behind the ray", c.x, c.y)
			}
		}
	}
	along := camera.Ray{Origin: planeOf(&m).at(-20, 0), Direction: mgl64.Vec3{1, 0, 0}}
	if hit, ok := Pick(s, along); ok {
		t.Errorf("a ray along the plane meets %v", hit)
	}
	if _, ok := Pick(layout.Scene{}, along); ok {
		t.Error("nothing is met")
	}
}

// An element that is not shown lets a ray through to what is behind it.
func TestPickShown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, _ := anyScene(t)
		c := anyCamera(t, s)
		ray := c.Ray(window, rapid.Float64Range(0, window.W).Draw(t, "x"), rapid.Float64Range(0, window.H).Draw(t, "y"))
		gone := map[[3]int]bool{}
		last := 0.0
		for range 2 * len(s.Matrices) {
			hit, ok := PickShown(s.Matrices, ray, func(n, i, j int) bool { return !gone[[3]int{n, i, j}] })
			if !ok {
				break
			}
			if s.Matrices[hit.Number].Path != hit.Path || gone[[3]int{hit.Number, hit.I, hit.J}] || hit.Distance < last {
				t.Fatalf("after %v at %v comes %+v", gone, last, hit)
			}
			last = hit.Distance
			gone[[3]int{hit.Number, hit.I, hit.J}] = true
		}
		if first, ok := Pick(s, ray); ok && !gone[[3]int{first.Number, first.I, first.J}] {
			t.Fatalf("%+v is not found", first)
		}
		if _, ok := PickShown(s.Matrices, ray, func(n, i, j int) bool { return !gone[[3]int{n, i, j}] }); ok {
			t.Fatal("a ray meets a matrix twice")
		}
	})
}
