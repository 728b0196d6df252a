package view

import (
	"fmt"
	"image"
	"math"
	"math/rand"
	"testing"

	"headscope/explorer/scene"
	"headscope/gpu/render"

	"pgregory.net/rapid"
)

// newWall is of a model whose heads have random traits, with nothing chosen.
func newWall(layers, heads, tokens int) *Wall {
	w := &Wall{Layers: layers, Heads: heads, Tokens: tokens, X: 0.5, Y: 0.5, Zoom: 1, Token: -1, Layer: -1, Head: -1}
	rng := rand.New(rand.NewSource(7))
	for i := range layers * heads {
		w.Stats = append(w.Stats, HeadStat{i / heads, i % heads, map[Trait]float64{Previous: rng.Float64(), First: rng.Float64()}})
	}
	for i := range tokens {
		w.Labels = append(w.Labels, fmt.Sprintf(" token%d", i))
	}
	return w
}

// walls draws a wall at any place, and a region of it.
func walls(t *rapid.T) (*Wall, image.Rectangle) {
	w := newWall(rapid.IntRange(1, 48).Draw(t, "layers"), rapid.IntRange(1, 25).Draw(t, "heads"), rapid.OneOf(rapid.IntRange(1, 80), rapid.IntRange(1, 1024)).Draw(t, "tokens"))
	w.Sort = rapid.SampledFrom([]Trait{"", ByLayer, Previous, Induction}).Draw(t, "sort")
	if rapid.Bool().Draw(t, "filtered") {
		w.Filter = Filter{First, rapid.Float64Range(0, 0.7).Draw(t, "min"), 1}
	}
	if rapid.Bool().Draw(t, "unlabelled") {
		w.Labels = nil
	}
	w.Scale = rapid.SampledFrom([]float64{0, 1, 1.5, 2}).Draw(t, "scale")
	w.X, w.Y = rapid.Float64Range(-0.5, 1.5).Draw(t, "X"), rapid.Float64Range(-0.5, 1.5).Draw(t, "Y")
	w.Zoom = math.Exp2(rapid.Float64Range(-1, 14).Draw(t, "zoom"))
	at := image.Pt(rapid.IntRange(0, 300).Draw(t, "left"), rapid.IntRange(0, 300).Draw(t, "top"))
	return w, image.Rectangle{Min: at, Max: at.Add(image.Pt(rapid.IntRange(20, 2000).Draw(t, "width"), rapid.IntRange(20, 1500).Draw(t, "height")))}
}

// held reports whether a wall of a size at a place covers [lo, hi) or lies in the middle.
func held(at, size, lo, hi int) bool {
	if size <= hi-lo {
		return at == lo+(hi-lo-size)/2
	}
	return at <= lo && at+size >= hi
}

// At any place nothing overlaps or leaves the region, and at zoom 1 all is seen.
func TestWallGeometry(t *testing.T) {
	fonts := newFonts(t)
	rapid.Check(t, func(t *rapid.T) {
		w, region := walls(t)
		w.Layer, w.Head = w.Layers-1, w.Heads-1
		l, ok := w.arrange(region)
		if !ok {
			if region.Dx() > 50*w.Heads+100 && region.Dy() > 50*w.Layers+100 && w.Filter.Trait == "" {
				t.Fatalf("no room for %d x %d heads in %v", w.Layers, w.Heads, region)
			}
			return
		}
		size := l.size()
		if !l.inner.In(region) || !held(l.at.X, size.X, l.inner.Min.X, l.inner.Max.X) || !held(l.at.Y, size.Y, l.inner.Min.Y, l.inner.Max.Y) {
			t.Fatalf("%v of %v stands at %v in %v", size, region, l.at, l.inner)
		}
		if whole := image.Rect(0, 0, size.X, size.Y).Add(l.at); w.Zoom <= 1 && !whole.In(l.inner) {
			t.Fatalf("at zoom 1 the wall takes %v of %v", whole, l.inner)
		}
		if l.side > l.tokens*int(maxWallCell*max(1, w.Scale)) || l.side < l.base {
			t.Fatalf("squares of %d pixels for %d tokens, %d at zoom 1", l.side, l.tokens, l.base)
		}
		d := w.drawing(l)
		d.names()
		d.headers()
		var boxes []image.Rectangle
		d.each(func(_ int, p pattern, seen image.Rectangle) { boxes = append(boxes, seen) })
		for _, x := range d.texts {
			b := textBox(fonts, scene.Text{X: x.X, Y: x.Y, Size: x.Size, Weight: scene.Weight(x.Weight), Anchor: scene.Anchor(x.Anchor), String: x.String})
			box := image.Rect(b.X, b.Y, b.X+b.W, b.Y+b.H)
			if !box.In(region) || x.Size < minCaption {
				t.Fatalf("%q, size %d, at %v is outside of %v", x.String, x.Size, box, region)
			}
			for _, other := range boxes {
				if box.Overlaps(other) {
					t.Fatalf("%q at %v overlaps %v", x.String, box, other)
				}
			}
			boxes = append(boxes, box)
		}
	})
}

// What is under a pixel is the element whose row and column it shows.
func TestWallPick(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, region := walls(t)
		l, ok := w.arrange(region)
		x, y := rapid.IntRange(region.Min.X, region.Max.X).Draw(t, "x"), rapid.IntRange(region.Min.Y, region.Max.Y).Draw(t, "y")
		spot, found := w.Pick(region, x, y)
		inside := false
		if ok {
			w.drawing(l).each(func(_ int, _ pattern, seen image.Rectangle) { inside = inside || image.Pt(x, y).In(seen) })
		}
		if found != inside {
			t.Fatalf("something is picked: %v, something is drawn: %v", found, inside)
		}
		if !found {
			return
		}
		p := l.pattern(w.place(spot.Layer, spot.Head, l.places))
		if lo, hi := p.rowSpan(spot.I); y < lo || y >= hi {
			t.Fatalf("(%d, %d) is %+v, whose row is at [%d, %d)", x, y, spot, lo, hi)
		}
		if spot.J < 0 || spot.J >= w.Tokens {
			t.Fatalf("(%d, %d) is %+v", x, y, spot)
		}
	})
}

// What is under the pointer stays there while the wall is zoomed, but for its edges.
func TestWallZoomed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, region := walls(t)
		x, y := rapid.IntRange(region.Min.X, region.Max.X).Draw(t, "x"), rapid.IntRange(region.Min.Y, region.Max.Y).Draw(t, "y")
		spot, ok := w.Pick(region, x, y)
		if !ok {
			return
		}
		before, _ := w.arrange(region)
		w.X, w.Y, w.Zoom = w.Zoomed(region, x, y, math.Exp2(rapid.Float64Range(-1, 3).Draw(t, "factor")))
		after, ok := w.arrange(region)
		if !ok {
			t.Fatal("there is no room for a zoomed wall")
		}
		size := after.size()
		s := after.square(w.place(spot.Layer, spot.Head, after.places))
		off := func(now, was, side, old int) int { // in pixels of the larger one
			return int(math.Abs((float64(now)+0.5)/float64(side)-(float64(was)+0.5)/float64(old)) * float64(max(side, old)))
		}
		b := before.square(w.place(spot.Layer, spot.Head, before.places))
		slack := 2 + max(after.side, before.side)/min(after.side, before.side)
		if after.at.X < after.inner.Min.X && after.at.X+size.X > after.inner.Max.X && off(x-s.Min.X, x-b.Min.X, after.side, before.side) > slack {
			t.Fatalf("the column under %d was at %v, now %v", x, b, s)
		}
		if after.at.Y < after.inner.Min.Y && after.at.Y+size.Y > after.inner.Max.Y && off(y-s.Min.Y, y-b.Min.Y, after.side, before.side) > slack {
			t.Fatalf("the row under %d was at %v, now %v", y, b, s)
		}
		// Where it is now it stays.
		atX, atY, zoom := w.Panned(region, 0, 0)
		w.X, w.Y, w.Zoom = atX, atY, zoom
		if again, _ := w.arrange(region); again.at != after.at || again.side != after.side {
			t.Fatalf("the wall moved by itself from %v to %v", after.at, again.at)
		}
	})
}

// A drag moves the wall by its pixels, as far as it can.
func TestWallPanned(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, region := walls(t)
		l, ok := w.arrange(region)
		if !ok {
			return
		}
		by := image.Pt(rapid.IntRange(-3000, 3000).Draw(t, "dx"), rapid.IntRange(-3000, 3000).Draw(t, "dy"))
		w.X, w.Y, w.Zoom = w.Panned(region, by.X, by.Y)
		want := l
		want.at = want.at.Add(by)
		want.hold()
		if got, _ := w.arrange(region); got.at != want.at || got.side != l.side {
			t.Fatalf("from %v by %v to %v, want %v", l.at, by, got.at, want.at)
		}
	})
}

// A head in focus is all there, with its tokens where the region has room for them.
func TestWallFocus(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, region := walls(t)
		l, ok := w.arrange(region)
		layer, head := rapid.IntRange(0, w.Layers-1).Draw(t, "layer"), rapid.IntRange(0, w.Heads-1).Draw(t, "head")
		x, y, zoom := w.Focus(region, layer, head)
		if !ok || w.place(layer, head, l.places) < 0 {
			if x != w.X || y != w.Y || zoom != w.Zoom {
				t.Fatal("the wall moved to a head that is not shown")
			}
			return
		}
		w.X, w.Y, w.Zoom = x, y, zoom
		l, _ = w.arrange(region)
		square := l.square(w.place(layer, head, l.places))
		if !square.In(l.inner) {
			t.Fatalf("the head takes %v of %v", square, l.inner)
		}
		if enough := min(region.Dx(), region.Dy()); l.side < enough/2 && l.side < l.most*7/8 && enough > 400*int(max(1, w.Scale)) {
			t.Fatalf("the head takes %d of %v", l.side, region)
		}
	})
}

// Steps to neighbours lead to every head that is shown, and to no other.
func TestWallNext(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, region := walls(t)
		l, ok := w.arrange(region)
		if !ok {
			return
		}
		layer, head := w.Next(-1, -1, 1, 0)
		seen := map[[2]int]bool{{layer, head}: true}
		for queue := [][2]int{{layer, head}}; len(queue) > 0; queue = queue[1:] {
			for _, step := range []image.Point{{1, 0}, {-1, 0}, {0, 1}, {0, -1}, {0, 0}} {
				layer, head := w.Next(queue[0][0], queue[0][1], step.X, step.Y)
				if next := [2]int{layer, head}; !seen[next] {
					seen[next] = true
					queue = append(queue, next)
				}
			}
		}
		shown := 0
		for i, place := range l.places {
			if place >= 0 {
				shown++
			}
			if head := [2]int{i / w.Heads, i % w.Heads}; seen[head] && place < 0 {
				t.Fatalf("L%dH%d is reached and not shown", head[0], head[1])
			}
		}
		if reached := len(seen); reached != shown && w.Filter.Trait == "" || reached > shown {
			t.Fatalf("%d of %d heads are reached", reached, shown)
		}
	})
	w := newWall(3, 4, 5)
	for _, c := range []struct{ layer, head, dx, dy, nextLayer, nextHead int }{
		{1, 1, 1, 0, 1, 2}, {1, 1, -1, 0, 1, 0}, {1, 1, 0, 1, 2, 1}, {1, 1, 0, -1, 0, 1}, {1, 3, 1, 0, 1, 3}, {2, 0, 0, 1, 2, 0}, {0, 0, -1, 0, 0, 0},
	} {
		if layer, head := w.Next(c.layer, c.head, c.dx, c.dy); layer != c.nextLayer || head != c.nextHead {
			t.Errorf("%+v: L%dH%d", c, layer, head)
		}
	}
	// Sorted, the next one has the next smaller number, also at the end of a row.
	w.Sort = Previous
	w.arrange(image.Rect(0, 0, 400, 400))
	layer, head := w.Next(-1, -1, 0, 0)
	value := func() float64 { return w.Stats[layer*4+head].Traits[Previous] }
	for range 11 {
		before := value()
		if layer, head = w.Next(layer, head, 1, 0); value() >= before {
			t.Errorf("after %v comes %v", before, value())
		}
	}
}

// The widths of letters that the layout goes by are not less than those of the typefaces.
func TestWallLetters(t *testing.T) {
	f := newFonts(t)
	const size = 1000
	for _, w := range []render.Weight{render.Regular, render.Bold} {
		for text, want := range map[string]float64{"L": widthL, "H": widthH, "–": widthDigit, ".": widthDigit, "-": widthDigit} {
			if got := float64(f.Measure(text, size, w)) / size; got > want {
				t.Errorf("%q takes %.3f, more than %.3f", text, got, want)
			}
		}
		for digit := range 10 {
			if got := float64(f.Measure(fmt.Sprint(digit), size, w)) / size; got > widthDigit {
				t.Errorf("%d takes %.3f", digit, got)
			}
		}
	}
	for _, v := range []float64{0, 0.93, 1, 7.44, 42.3, 103.4, 1023, math.NaN()} {
		if n := len([]rune(number(v))); n > 4 {
			t.Errorf("%v is written with %d letters", v, n)
		}
	}
}
