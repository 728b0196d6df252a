package scene

import (
	"testing"

	"pgregory.net/rapid"
)

// Two rectangles overlap exactly when they share a pixel.
func TestOverlaps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(-4, 8)
		side := rapid.IntRange(1, 6)
		r := Rect{n.Draw(t, "x"), n.Draw(t, "y"), side.Draw(t, "w"), side.Draw(t, "h")}
		s := Rect{n.Draw(t, "x"), n.Draw(t, "y"), side.Draw(t, "w"), side.Draw(t, "h")}
		shared := false
		for x := r.X; x < r.X+r.W; x++ {
			for y := r.Y; y < r.Y+r.H; y++ {
				shared = shared || x >= s.X && x < s.X+s.W && y >= s.Y && y < s.Y+s.H
			}
		}
		if r.Overlaps(s) != shared {
			t.Fatalf("%v and %v share a pixel: %v; Overlaps: %v", r, s, shared, r.Overlaps(s))
		}
	})
}

func TestGridSquare(t *testing.T) {
	g := Grid{X: 10, Y: 20, Side: 5, PitchX: 6, PitchY: 8, Columns: 3}
	for rank, want := range map[int]Rect{0: {10, 20, 5, 5}, 2: {22, 20, 5, 5}, 3: {10, 28, 5, 5}, 7: {16, 36, 5, 5}} {
		if got := g.Square(rank); got != want {
			t.Errorf("rank %d stands at %v, want %v", rank, got, want)
		}
	}
}
