package view

import (
	"image"
	"testing"

	"pgregory.net/rapid"
)

// The cell under a pixel is the one whose block has it, and blocks cover what is seen.
func TestPatternCells(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, y := rapid.IntRange(-50, 50).Draw(t, "left"), rapid.IntRange(-50, 50).Draw(t, "top")
		view := image.Rect(x, y, x+rapid.IntRange(1, 120).Draw(t, "width"), y+rapid.IntRange(1, 120).Draw(t, "height"))
		n := rapid.IntRange(1, 300).Draw(t, "n")
		p := lookAt(view, n, rapid.Float64Range(0, 1).Draw(t, "x"), rapid.Float64Range(0, 1).Draw(t, "y"), rapid.Float64Range(0.2, 30).Draw(t, "zoom"))
		seen := p.seen()
		if side := min(p.side, view.Dx()); seen.Dx() != side {
			t.Fatalf("%+v shows %v: expected %d pixels across", p, seen, side)
		}
		px, py := rapid.IntRange(view.Min.X-3, view.Max.X+3).Draw(t, "px"), rapid.IntRange(view.Min.Y-3, view.Max.Y+3).Draw(t, "py")
		i, j, ok := p.cell(px, py)
		if ok != image.Pt(px, py).In(seen) {
			t.Fatalf("%+v has cell %d, %d at %d, %d: %v", p, i, j, px, py, ok)
		}
		if !ok {
			return
		}
		if i < 0 || i >= n || j < 0 || j >= n {
			t.Fatalf("%+v has no cell %d, %d", p, i, j)
		}
		if r := p.block(i, 1, j, 1); !image.Pt(px, py).In(r) {
			t.Fatalf("%+v: cell %d, %d covers %v, not %d, %d", p, i, j, r, px, py)
		}
		if !p.row(i).Union(p.column(j)).In(seen) || p.block(0, n, 0, n) != seen {
			t.Fatalf("%+v: row %v, column %v, all %v of %v", p, p.row(i), p.column(j), p.block(0, n, 0, n), seen)
		}
	})
}

// A point in the middle of the view is there, unless an edge would come into it.
func TestLookAt(t *testing.T) {
	view := image.Rect(100, 200, 300, 400)
	for _, c := range []struct {
		x, y, zoom float64
		want       image.Point
		side       int
	}{
		{0.5, 0.5, 1, image.Pt(100, 200), 200},
		{0.1, 0.9, 1, image.Pt(100, 200), 200}, // all is seen from anywhere
		{0.5, 0.25, 2, image.Pt(0, 200), 400},
		{0, 1, 2, image.Pt(100, 0), 400},
		{0.3, 0.7, 0.5, image.Pt(150, 250), 100},
	} {
		if p := lookAt(view, 7, c.x, c.y, c.zoom); p.at != c.want || p.side != c.side {
			t.Errorf("from (%v, %v) at zoom %v the square is %d wide at %v, want %d at %v", c.x, c.y, c.zoom, p.side, p.at, c.side, c.want)
		}
	}
}

func TestTokenLabel(t *testing.T) {
	for token, want := range map[string]string{" cat": "cat", "cat": "cat", "  x": " x", " ": "“ ”", "": "“”", "\n": "“\n”"} {
		if got := tokenLabel(token); got != want {
			t.Errorf("token %q is written %q, want %q", token, got, want)
		}
	}
}
