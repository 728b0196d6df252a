package scene

import (
	"math"
	"reflect"
	"testing"

	"github.com/go-gl/mathgl/mgl64"
	"pgregory.net/rapid"

	"headscope/explorer/expr"
	"headscope/explorer/layout"
)

// flat is a leaf alone, of some rows and columns in blocks.
func flat(t fataler, h, w, rowBlocks, colBlocks int, gap float64) layout.Matrix {
	n := expr.Default().Left
	n.H, n.W, n.Layout.Gap = h, w, gap
	n.Block = expr.Block{I: rowBlocks, K: 1, J: colBlocks}
	return laidOut(t, n).Matrices[0]
}

func TestRowGuides(t *testing.T) {
	m := flat(t, 64, 30, 2, 3, 4) // blocks of 32 x 10
	g := guides(&m, Look{}, guidedBlocks)
	if len(g.Lines) != 6*10 || len(g.Triangles) != 6 {
		t.Fatalf("%d lines and %d triangles, want 60 and 6", len(g.Lines), len(g.Triangles))
	}
	// The block that begins with row 32 and column 10 is the fifth.
	p := planeOf(&m)
	local := func(q mgl64.Vec3) [2]float64 { x, y := p.local(q); return [2]float64{x, y} }
	x0, x1, y0, y1 := 10+4-0.5, 19+4+0.5, 32+4-0.5, 63+4+0.5
	for i, line := range g.Lines[40:50] {
		want := [2][2]float64{{x0, y0 + 32*float64(i-2)/7}, {x1, y0 + 32*float64(i-2)/7}}
		switch i {
		case 0:
			want = [2][2]float64{{x0, y0}, {x0, y1}}
		case 1:
			want = [2][2]float64{{x1, y0}, {x1, y1}}
		}
		for end, q := range [2]mgl64.Vec3{line.A, line.B} {
			if got := local(q); math.Hypot(got[0]-want[end][0], got[1]-want[end][1]) > 1e-9 {
				t.Errorf("line %d ends at %v, want %v", i, got, want[end])
			}
		}
		if line.Width != 1 || line.Colour != (Look{}).Guide(0.6) {
			t.Errorf("line %d is %v wide, in %v", i, line.Width, line.Colour)
		}
	}
	for i, want := range [3][2]float64{{x0, y0}, {x0 + 1, y0}, {x0, y0 + 1}} {
		if got := local(g.Triangles[4].Corners[i]); math.Hypot(got[0]-want[0], got[1]-want[1]) > 1e-9 {
			t.Errorf("corner %d of the triangle is at %v, want %v", i, got, want)
		}
	}
	for _, brightness := range []float64{0, -1, math.NaN()} {
		m.Node.Deco.RowGuides = brightness
		if g := guides(&m, Look{}, guidedBlocks); g.Lines != nil || g.Triangles != nil {
			t.Errorf("guides of brightness %v are drawn", brightness)
		}
	}
}

// However many blocks a session asks for, the guides stay few; small blocks have no more row
// lines than rows.
func TestRowGuidesAreBounded(t *testing.T) {
	for _, c := range []struct{ h, w, rowBlocks, colBlocks, most, lines int }{
		{1 << 20, 1 << 20, 1 << 20, 1 << 20, guidedBlocks, 10},
		{64, 64, 8, 8, 63, 10}, {64, 64, 8, 8, 64, 64 * 10}, {1, 5, 1, 1, 1, 4}, {3, 1, 3, 1, 9, 3 * 4}, {7, 2, 1, 1, 1, 10},
	} {
		m := flat(t, c.h, c.w, c.rowBlocks, c.colBlocks, 1)
		if got := len(guides(&m, Look{}, c.most).Lines); got != c.lines {
			t.Errorf("%+v: %d lines", c, got)
		}
	}
}

// Guides lie in the matrix' plane, at most half an element outside of it.
func TestRowGuidesLieInThePlane(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, _ := anyScene(t)
		for _, m := range s.Matrices {
			p, g := planeOf(&m), guides(&m, Look{}, guidedBlocks)
			points := []mgl64.Vec3{}
			for _, line := range g.Lines {
				points = append(points, line.A, line.B)
			}
			for _, triangle := range g.Triangles {
				points = append(points, triangle.Corners[:]...)
			}
			for _, q := range points {
				x, y := p.local(q)
				if p.depth(q) > 1e-9 || x < -0.5-1e-9 || y < -0.5-1e-9 ||
					x > m.Cols.At(m.Cols.N-1)+0.5+1e-9 || y > m.Rows.At(m.Rows.N-1)+0.5+1e-9 {
					t.Fatalf("%s: a guide reaches (%v, %v)", m.Path, x, y)
				}
			}
		}
	})
}

// The dart flies to the result, within the cube, and its vanes point to the arguments.
func TestFlowGuides(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, root := anyScene(t)
		root.Deco.FlowGuides = 0.25
		matrix := map[string]plane{}
		for n := range s.Matrices {
			matrix[s.Matrices[n].Path] = planeOf(&s.Matrices[n])
		}
		for n := range s.Cubes {
			c := &s.Cubes[n]
			g := flow(c, Look{})
			if e := c.Extent(); e[0]*e[1]*e[2] < 1e-9 {
				continue
			}
			blue, red := g.Triangles[0], g.Triangles[1]
			tip, tail := blue.Corners[0], blue.Corners[1]
			if red.Corners[0] != tip || red.Corners[1] != tail {
				t.Fatalf("%s: the vanes do not meet", c.Path)
			}
			below := ""
			if c.Path != "root" {
				below = c.Path + "."
			}
			result, left, right := matrix[c.Path], matrix[below+"left"], matrix[below+"right"]
			// A child's plane with a cube of its own may be beyond that, but it stays on the same side.
			if result.depth(tip) >= result.depth(tail) {
				t.Fatalf("%s: the dart flies away from the result", c.Path)
			}
			if wing := blue.Corners[2]; left.depth(wing) >= left.depth(tail) || math.Abs(right.depth(wing)-right.depth(tail)) > 1e-9 {
				t.Fatalf("%s: the blue vane does not point to the left argument", c.Path)
			}
			if wing := red.Corners[2]; right.depth(wing) >= right.depth(tail) || math.Abs(left.depth(wing)-left.depth(tail)) > 1e-9 {
				t.Fatalf("%s: the red vane does not point to the right argument", c.Path)
			}
			inverse := c.ToWorld.Inv()
			for _, q := range append(blue.Corners[:], red.Corners[2]) {
				for axis, x := range mgl64.TransformCoordinate(q, inverse) {
					if x < -1e-6 || x > c.Extent()[axis]+1e-6 {
						t.Fatalf("%s: the dart leaves the cube", c.Path)
					}
				}
			}
			if opacity := float32(c.Node.Deco.FlowGuides); blue.Colour[3] != opacity || red.Colour[3] != opacity ||
				blue.Colour[2] <= blue.Colour[0] || red.Colour[0] <= red.Colour[2] {
				t.Fatalf("%s: vanes in %v and %v", c.Path, blue.Colour, red.Colour)
			}
		}
		root.Deco.FlowGuides = 0
		if g := flow(&s.Cubes[0], Look{}); g.Triangles != nil {
			t.Fatal("a flow guide without brightness is drawn")
		}
	})
}

// Matrices beside a scene have the guides that they have in one.
func TestGuidesBesideAScene(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, _ := anyScene(t)
		d := Decorate(s, s.Matrices[0].Node, anyCamera(t, s), window, Look{})
		for i, got := range Guides(s.Matrices, Look{}) {
			if want := d.Matrices[i].Under; !reflect.DeepEqual(got, want) {
				t.Fatalf("%s has %+v, want %+v", s.Matrices[i].Path, got, want)
			}
		}
	})
}
