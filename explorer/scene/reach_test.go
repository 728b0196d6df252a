package scene

import (
	"math"
	"testing"

	"github.com/go-gl/mathgl/mgl64"
	"pgregory.net/rapid"

	"headscope/explorer/camera"
	"headscope/explorer/layout"
	"headscope/explorer/partition"
)

// outside is how far a point lies out of what is seen at depths from the nearest to a given
// one; below 0 it is inside.
func outside(c camera.Camera, v camera.Viewport, depth float64, p mgl64.Vec3) (side, far float64) {
	right, up, back := c.Basis()
	d := p.Sub(c.Position)
	sy := math.Tan(v.FOV() / 2)
	sx := sy * v.W / v.H
	z := -d.Dot(back)
	side = max((math.Abs(d.Dot(right))-z*sx)/math.Hypot(1, sx), (math.Abs(d.Dot(up))-z*sy)/math.Hypot(1, sy))
	return side, max(camera.Near-z, z-min(depth, camera.Far))
}

// Every element that may be seen and is near enough is in the range, and at each end of the
// range what is seen comes as close to an element as elements lie apart.
func TestReachHasWhatIsSeen(t *testing.T) {
	none, all, some := 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		s, _ := anyScene(t)
		c := anyCamera(t, s)
		v := camera.Viewport{W: rapid.Float64Range(1, 2000).Draw(t, "w"), H: 800}
		m := rapid.SampledFrom(s.Matrices).Draw(t, "matrix")
		depth := rapid.Float64Range(0, 150).Draw(t, "depth")
		rows, cols, ok := Reach(m, c, v, Whole(v), depth)
		apart := (1+max(m.Rows.Gap, m.Cols.Gap))/2 + 1e-3
		var ends [4]bool
		for i := range m.Rows.N {
			for j := range m.Cols.N {
				side, far := outside(c, v, depth, m.World(i, j))
				inside := rows.Lo <= i && i < rows.Hi && cols.Lo <= j && j < cols.Hi
				if side < 1 && far < 0 && !inside {
					t.Fatalf("(%d, %d) is seen, but not in rows %v, columns %v", i, j, rows, cols)
				}
				if side < 1+apart && far < apart {
					for n, at := range [4]bool{i == rows.Lo, i == rows.Hi-1, j == cols.Lo, j == cols.Hi-1} {
						ends[n] = ends[n] || at
					}
				}
			}
		}
		switch {
		case !ok:
			none++
			if rows.Len() != 0 || cols.Len() != 0 {
				t.Fatalf("nothing is seen in rows %v, columns %v", rows, cols)
			}
			return
		case rows.Len() == m.Rows.N && cols.Len() == m.Cols.N:
			all++
		default:
			some++
		}
		if rows.Lo < 0 || rows.Hi > m.Rows.N || cols.Lo < 0 || cols.Hi > m.Cols.N {
			t.Fatalf("rows %v, columns %v", rows, cols)
		}
		for n := range 4 {
			if !ends[n] {
				t.Fatalf("rows %v, columns %v: at end %d nothing is near what is seen", rows, cols, n)
			}
		}
	})
	if none == 0 || all == 0 || some == 0 {
		t.Errorf("of the matrices %d were not seen, %d in part and %d whole: want some of each", none, some, all)
	}
}

func TestReachOfFlatCases(t *testing.T) {
	look := func(x, y, z float64) camera.Camera {
		c, err := camera.New(mgl64.Vec3{x, y, z}, mgl64.Vec3{})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	one := flat(t, 1, 1, 1, 1, 0)
	for _, c := range []struct {
		name  string
		m     layout.Matrix
		c     camera.Camera
		depth float64
		rows  partition.Range
		ok    bool
	}{
		{"one element", one, look(0, 0, 10), 10, partition.Range{Lo: 0, Hi: 1}, true},
		{"one element, too far", one, look(0, 0, 10), 9.99, partition.Range{}, false},
		{"one element, too near", one, look(0, 0, 4.99), 100, partition.Range{}, false},
		{"no depth", one, look(0, 0, 10), math.NaN(), partition.Range{}, false},
		{"any depth", one, look(0, 0, 10), math.Inf(1), partition.Range{Lo: 0, Hi: 1}, true},
		{"along the plane", flat(t, 9, 9, 3, 3, 1), look(0, 50, 0), 100, partition.Range{Lo: 0, Hi: 9}, true},
	} {
		rows, cols, ok := Reach(c.m, c.c, window, Whole(window), c.depth)
		if rows != c.rows || ok != c.ok {
			t.Errorf("%s: rows %v, columns %v, %v; want rows %v, %v", c.name, rows, cols, ok, c.rows, c.ok)
		}
	}
	// A window of 1280 x 800 shows 6.85 to either side at depth 10.34, and 2.94 up and down at
	// 7.1; an element's width beyond its slanting edges is 1.20 and 1.08 more.
	const middle = 1<<19 - 1
	_, cols, ok := Reach(flat(t, 1, 2*middle+1, 1, 1, 0), look(0, 0, 10.34), window, Whole(window), 100)
	if want := (partition.Range{Lo: middle - 8, Hi: middle + 9}); cols != want || !ok {
		t.Errorf("of a row, columns %v are seen, want %v", cols, want)
	}
	rows, _, ok := Reach(flat(t, 2*middle+1, 1, 1, 1, 0), look(0, 0, 7.1), window, Whole(window), 100)
	if want := (partition.Range{Lo: middle - 4, Hi: middle + 5}); rows != want || !ok {
		t.Errorf("of a column, rows %v are seen, want %v", rows, want)
	}
}

// What is seen in a part of the window is in the range of that part, which is within that of
// the whole window.
func TestReachOfAWindow(t *testing.T) {
	smaller := 0
	rapid.Check(t, func(t *rapid.T) {
		s, _ := anyScene(t)
		c := anyCamera(t, s)
		v := camera.Viewport{W: 1000, H: 800}
		side := rapid.Float64Range(0, 1000)
		w := Window{Left: side.Draw(t, "left"), Top: side.Draw(t, "top")}
		w.Right, w.Bottom = w.Left+side.Draw(t, "width"), w.Top+side.Draw(t, "height")
		m := rapid.SampledFrom(s.Matrices).Draw(t, "matrix")
		rows, cols, _ := Reach(m, c, v, w, camera.Far)
		for i := range m.Rows.N {
			for j := range m.Cols.N {
				x, y, depth := c.Pixel(v, m.World(i, j))
				seen := depth > camera.Near && w.Left < x && x < w.Right && w.Top < y && y < w.Bottom
				if seen && (i < rows.Lo || rows.Hi <= i || j < cols.Lo || cols.Hi <= j) {
					t.Fatalf("(%d, %d) is seen at (%g, %g), but not in rows %v, columns %v", i, j, x, y, rows, cols)
				}
			}
		}
		if wholeRows, wholeCols, ok := Reach(m, c, v, Whole(v), camera.Far); ok && w.Right < v.W && w.Bottom < v.H && rows.Len()*cols.Len() < wholeRows.Len()*wholeCols.Len() {
			smaller++
		}
	})
	if smaller == 0 {
		t.Error("no part of a window has less than the whole")
	}
}
