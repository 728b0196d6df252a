package view

import (
	"fmt"
	"image"
	"math"
	"slices"

	"headscope/gpu/render"
)

// maxWallCell is the largest side of an element, in units of text.
const maxWallCell = 64

// wallLayout is where everything of a wall stands in a region.
type wallLayout struct {
	region        image.Rectangle
	tokens        int
	columns, rows int
	sorted        bool
	named         bool      // the region has room for names
	labelled      bool      // and for tokens
	places        []int     // of each head, below 0: not shown
	values        []float64 // by which the heads are sorted
	heads         []int     // in each place, -1: none

	em, small, least int     // sizes of text: ordinary, small, and the least
	nameEms          float64 // width of the widest name of a head
	partEms          float64 // and of its layer or its number

	most, base int     // the largest side of a square, and that at zoom 1
	zoom       float64 // within what is possible
	wallMeasures
	inner image.Rectangle // what squares are seen through
	at    image.Point     // upper left corner of the first square
}

// wallMeasures follow from the side of the squares.
type wallMeasures struct {
	side, gap         int
	caption           int  // size of the captions over the squares, 0 for none
	numbers           bool // they say the trait's number too
	written           bool // tokens are, beside the squares
	left, top, bottom int  // what tokens and captions take beside, over and under a square
	headerX, headerY  int  // the width of the names of rows, the height of those of columns
	margin            int
}

// arrange lays the wall out; false where the region has no room for it, or it has no heads.
func (w *Wall) arrange(region image.Rectangle) (wallLayout, bool) {
	l := wallLayout{region: region, tokens: w.Tokens, sorted: w.sort() != ByLayer}
	if w.Layers < 1 || w.Heads < 1 || w.Tokens < 1 {
		return l, false
	}
	if l.places, l.values, l.heads = w.places(); len(l.heads) == 0 || slices.Max(l.heads) < 0 {
		return l, false
	}
	scale := w.Scale
	if !(scale > 0) {
		scale = 1
	}
	l.em = max(minText, int(math.Round(13*scale)))
	l.small, l.least = max(minText, (l.em*85+50)/100), max(minCaption, int(math.Round(minCaption*scale)))
	l.named = region.Dx() >= 8*l.em && region.Dy() >= 8*l.em
	l.labelled = region.Dx() >= 24*l.em && region.Dy() >= 16*l.em && len(w.Labels) == w.Tokens
	layerEms := widthL + widthDigit*float64(len(fmt.Sprint(w.Layers-1)))
	headEms := widthH + widthDigit*float64(len(fmt.Sprint(w.Heads-1)))
	l.nameEms, l.partEms = layerEms+headEms, max(layerEms, headEms)
	l.most = min(int(maxWallCell*scale)*w.Tokens, render.MaxSide(w.Tokens))
	l.columns, l.rows = w.Heads, w.Layers
	if l.sorted {
		l.chooseColumns()
	}
	w.columns = l.columns
	if l.base = l.largest(); l.base < 1 {
		return l, false
	}
	l.base = evenSide(l.base, w.Tokens)
	l.zoom = max(1, min(w.Zoom, float64(l.most)/float64(l.base)))
	if math.IsNaN(l.zoom) {
		l.zoom = 1
	}
	l.wallMeasures = l.measure(min(l.most, int(math.Round(float64(l.base)*l.zoom))))
	l.inner = image.Rect(
		region.Min.X+l.margin+l.headerX+l.left, region.Min.Y+l.margin+l.headerY+l.top,
		region.Max.X-l.margin, region.Max.Y-l.margin-l.bottom,
	)
	size := l.size()
	l.at = image.Pt(
		(l.inner.Min.X+l.inner.Max.X)/2-int(math.Round(w.X*float64(size.X))),
		(l.inner.Min.Y+l.inner.Max.Y)/2-int(math.Round(w.Y*float64(size.Y))),
	)
	l.hold()
	return l, true
}

// chooseColumns takes as many as give the largest squares, and of equal ones the fewest
// empty places.
func (l *wallLayout) chooseColumns() {
	best, columns, places := 0, 1, len(l.heads)
	for n := 1; n <= len(l.heads); n++ {
		l.columns, l.rows = n, (len(l.heads)+n-1)/n
		if l.fits(best + 1) {
			best, columns, places = l.largest(), n, n*l.rows
		} else if n*l.rows < places && l.fits(best) {
			columns, places = n, n*l.rows
		}
	}
	l.columns, l.rows = columns, (len(l.heads)+columns-1)/columns
}

// largest is the side of the largest squares with which all of the grid is seen, 0 for none.
func (l *wallLayout) largest() int {
	side := 0
	for step := 1 << 20; step > 0; step /= 2 {
		if l.fits(side + step) {
			side += step
		}
	}
	return side
}

// fits reports whether all of the grid is seen with squares of a side.
func (l *wallLayout) fits(side int) bool {
	if side > l.most {
		return false
	}
	m := l.measure(side)
	width := 2*m.margin + m.headerX + m.left + (l.columns-1)*m.pitchX() + side
	height := 2*m.margin + m.headerY + m.top + (l.rows-1)*m.pitchY() + side + m.bottom
	return width <= l.region.Dx() && height <= l.region.Dy()
}

// evenSide is the side to use for a square of n x n elements that may be so large: where they
// are smaller than pixels, one that n halves to, if it is near, has as many to each pixel.
func evenSide(side, n int) int {
	if side >= n {
		return wholePixels(side, n)
	}
	for n > side {
		n = (n + 1) / 2
	}
	if 8*(side-n) <= side {
		return n
	}
	return side
}

// Widths of letters in ems, not less than those of the typefaces.
const (
	widthL     = 0.66
	widthH     = 0.79
	widthDigit = 0.61
)

// measure derives the measures from the side of the squares. None shrinks as it grows.
func (l *wallLayout) measure(side int) wallMeasures {
	m := wallMeasures{side: side, gap: max(2, min((side*7+99)/100, 3*l.em/2)), margin: min(l.em, l.region.Dx()/24, l.region.Dy()/24)}
	switch line := lineHeight(l.small); {
	case !l.named:
	case l.sorted:
		// A number has at most four figures.
		if size := min(l.small, int(float64(side-2)/(l.nameEms+0.5+4*widthDigit))); size >= l.least {
			m.caption, m.numbers = size, true
		} else if size = min(l.small, int(float64(side-2)/l.nameEms)); size >= l.least {
			m.caption = size
		}
	default:
		m.headerX = int(math.Ceil(l.partEms*float64(l.small))) + l.small/2
		m.headerY = line + max(0, (line-side+1)/2) // the name of a small row is higher than it
		if side >= 24*l.em {
			m.caption = l.small
		}
	}
	if m.caption > 0 {
		m.top = lineHeight(m.caption)
	}
	if l.labelled {
		// Room for tokens opens little by little, so that nothing jumps.
		open := min(max(0, float64(side-17*l.em)/float64(2*l.em)), 1)
		m.written = open == 1
		m.left = int(math.Round(open * 7.5 * float64(l.small)))
		m.bottom = int(math.Round(open * float64(tokenLabels{size: l.small}.height())))
	}
	return m
}

func (m wallMeasures) pitchX() int { return m.left + m.side + m.gap }
func (m wallMeasures) pitchY() int { return m.top + m.side + m.bottom + m.gap }

// size is that of the wall, from the first to the last square.
func (l *wallLayout) size() image.Point {
	return image.Pt((l.columns-1)*l.pitchX()+l.side, (l.rows-1)*l.pitchY()+l.side)
}

// hold keeps the wall in the middle, or its edges out of the region.
func (l *wallLayout) hold() {
	hold := func(at, size, lo, hi int) int {
		if size <= hi-lo {
			return lo + (hi-lo-size)/2
		}
		return min(max(at, hi-size), lo)
	}
	size := l.size()
	l.at.X = hold(l.at.X, size.X, l.inner.Min.X, l.inner.Max.X)
	l.at.Y = hold(l.at.Y, size.Y, l.inner.Min.Y, l.inner.Max.Y)
}

// middle is the point of the wall in the middle of the region, and its zoom.
func (l *wallLayout) middle() (x, y, zoom float64) {
	l.hold()
	size := l.size()
	along := func(at, size, lo, hi int) float64 {
		if size <= hi-lo {
			return 0.5
		}
		return float64((lo+hi)/2-at) / float64(size)
	}
	return along(l.at.X, size.X, l.inner.Min.X, l.inner.Max.X), along(l.at.Y, size.Y, l.inner.Min.Y, l.inner.Max.Y), l.zoom
}

// square is where a place's stands.
func (l *wallLayout) square(place int) image.Rectangle {
	min := l.at.Add(image.Pt(place%l.columns*l.pitchX(), place/l.columns*l.pitchY()))
	return image.Rectangle{Min: min, Max: min.Add(image.Pt(l.side, l.side))}
}

// pattern is what is seen in a place.
func (l *wallLayout) pattern(place int) pattern {
	return pattern{view: l.inner, n: l.tokens, at: l.square(place).Min, side: l.side}
}

// under is the place at a pixel, between two squares that of the one left or above, and
// below 0 where there is none.
func (l *wallLayout) under(x, y int) int {
	column, row := floorDiv(x-l.at.X, l.pitchX()), floorDiv(y-l.at.Y, l.pitchY())
	place := row*l.columns + column
	if column < 0 || column >= l.columns || row < 0 || place >= len(l.heads) || l.heads[place] < 0 {
		return -1
	}
	return place
}

// stretched takes a distance along the wall, of squares with gaps between them, to squares of
// another side and pitch.
func stretched(at, side, pitch, count, newSide, newPitch int) int {
	k := min(max(0, floorDiv(at, pitch)), count-1)
	off := float64(at-k*pitch) + 0.5
	switch gap := pitch - side; {
	case off < 0 || k == count-1 && off > float64(pitch): // outside of the wall
	case off < float64(side):
		off *= float64(newSide) / float64(side)
	default:
		off = float64(newSide) + (off-float64(side))*float64(newPitch-newSide)/float64(gap)
	}
	return k*newPitch + int(math.Floor(off))
}

// floorDiv is a / b, rounded down.
func floorDiv(a, b int) int {
	if a < 0 {
		return -((b - 1 - a) / b)
	}
	return a / b
}
