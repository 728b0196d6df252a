package view

import (
	"image"

	"headscope/gpu/render"
)

// Wall is the [Atlas] on a screen: every layer and head of a model on one prompt, to be
// zoomed into. Its methods take the region of the target that it fills, in pixels.
type Wall struct {
	Layers, Heads, Tokens int
	Labels                []string // the tokens as texts; nil: none are written

	Stats  []HeadStat // of the heads; may be empty while they are not known
	Sort   Trait      // "" is ByLayer, and so is what is not known of any head
	Filter Filter
	Theme  Theme
	Scale  float64 // pixels per unit of text; 0 is 1

	// Zoom 1 shows all, 2 each side twice as long. X and Y are the point in the middle of the
	// region, 0 to 1 of the width and the height of the wall; what would move an edge of a
	// larger wall into the region is not followed so far.
	X, Y, Zoom float64

	Token       int   // chosen: its row is marked in all heads; -1: none
	Layer, Head int   // chosen; -1: none
	Hover       *Spot // under the pointer; nil: nothing

	frame   *render.Frame // owned; made by the first Draw
	columns int           // of the grid as it was last arranged
}

// Filter leaves out heads whose trait is not within [Min, Max], and those that have none. The
// zero Filter leaves out nothing.
type Filter struct {
	Trait    Trait
	Min, Max float64
}

// Spot is an element of a head's pattern: what token I gives to token J, which is later than
// I where it is masked.
type Spot struct{ Layer, Head, I, J int }

// Release frees what the wall holds on the device.
func (w *Wall) Release() {
	w.frame.Release()
	w.frame = nil
}

// Pick is what is under a pixel.
func (w *Wall) Pick(region image.Rectangle, x, y int) (Spot, bool) {
	l, ok := w.arrange(region)
	if !ok {
		return Spot{}, false
	}
	place := l.under(x, y)
	if place < 0 {
		return Spot{}, false
	}
	i, j, ok := l.pattern(place).cell(x, y)
	return Spot{l.heads[place] / w.Heads, l.heads[place] % w.Heads, i, j}, ok
}

// Zoomed is where the wall is when it is factor times as large and what is under a pixel
// stays there, if it can.
func (w *Wall) Zoomed(region image.Rectangle, x, y int, factor float64) (atX, atY, zoom float64) {
	l, ok := w.arrange(region)
	if !ok {
		return w.X, w.Y, w.Zoom
	}
	next := *w
	next.Zoom = l.zoom * factor
	to, ok := next.arrange(region)
	if !ok {
		return w.X, w.Y, w.Zoom
	}
	to.at.X = x - stretched(x-l.at.X, l.side, l.pitchX(), l.columns, to.side, to.pitchX())
	to.at.Y = y - stretched(y-l.at.Y, l.side, l.pitchY(), l.rows, to.side, to.pitchY())
	return to.middle()
}

// Panned is where the wall is when it has moved by so many pixels, or as far as it can.
func (w *Wall) Panned(region image.Rectangle, dx, dy int) (atX, atY, zoom float64) {
	l, ok := w.arrange(region)
	if !ok {
		return w.X, w.Y, w.Zoom
	}
	l.at = l.at.Add(image.Pt(dx, dy))
	return l.middle()
}

// Focus is where the wall is when one head fills the region.
func (w *Wall) Focus(region image.Rectangle, layer, head int) (atX, atY, zoom float64) {
	l, ok := w.arrange(region)
	place := w.place(layer, head, l.places)
	if !ok || place < 0 {
		return w.X, w.Y, w.Zoom
	}
	one := l
	one.columns, one.rows = 1, 1
	next := *w
	next.Zoom = float64(evenSide(max(1, one.largest()), w.Tokens)) / float64(l.base)
	to, ok := next.arrange(region)
	if !ok {
		return w.X, w.Y, w.Zoom
	}
	square := to.square(place)
	to.at = to.at.Add(to.inner.Min).Sub(square.Min).Add(to.inner.Size().Sub(square.Size()).Div(2))
	return to.middle()
}

// Next is the head dx columns right of one and dy rows below, or the first one farther on in
// that direction; where there is none, it is the head itself. In a sorted wall the rows
// follow one another. The first one is next to a head that is not shown.
func (w *Wall) Next(layer, head, dx, dy int) (nextLayer, nextHead int) {
	places, _, heads := w.places()
	at := w.place(layer, head, places)
	if at < 0 {
		for _, h := range heads {
			if h >= 0 {
				return h / w.Heads, h % w.Heads
			}
		}
		return layer, head
	}
	columns, lines := max(1, w.columns), false
	if w.sort() == ByLayer {
		columns, lines = w.Heads, true
	}
	for x, y := at%columns, at/columns; dx != 0 || dy != 0; {
		x, y = x+dx, y+dy
		next := y*columns + x
		if next < 0 || next >= len(heads) || lines && (x < 0 || x >= columns) {
			break
		}
		if h := heads[next]; h >= 0 {
			return h / w.Heads, h % w.Heads
		}
	}
	return layer, head
}

// sort is the trait that the heads can be sorted by now.
func (w *Wall) sort() Trait {
	if _, known := traitOf(w.Layers, w.Heads, w.Sort, w.Stats); len(known) > 0 {
		return w.Sort
	}
	return ByLayer
}

// places returns the place of each head in the grid, row by row, below 0 for those that are
// left out, the value that it has there, and the head of each place, -1 for none.
func (w *Wall) places() (places []int, values []float64, heads []int) {
	by := w.sort()
	places, values, err := order(w.Layers, w.Heads, by, w.Stats)
	if err != nil { // not by a trait that is known
		return nil, nil, nil
	}
	heads = make([]int, len(places))
	for i := range heads {
		heads[i] = -1
	}
	for i, place := range places {
		if place >= 0 {
			heads[place] = i
		}
	}
	filtered := w.Filter.Trait != "" && w.Filter.Trait != ByLayer
	kept, _ := traitOf(w.Layers, w.Heads, w.Filter.Trait, w.Stats)
	n := 0
	for place, i := range heads {
		if i < 0 {
			continue
		}
		if filtered && !(kept[i] >= w.Filter.Min && kept[i] <= w.Filter.Max) {
			heads[place], places[i] = -1, -1
		} else if by != ByLayer { // a sorted wall closes up; else places say which head it is
			heads[n], places[i] = i, n
			n++
		}
	}
	if by != ByLayer {
		heads = heads[:n]
	}
	return places, values, heads
}

// place is a head's among those of all, below 0 where it is not shown.
func (w *Wall) place(layer, head int, places []int) int {
	if layer < 0 || layer >= w.Layers || head < 0 || head >= w.Heads || len(places) == 0 {
		return -1
	}
	return places[layer*w.Heads+head]
}
