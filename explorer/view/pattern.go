package view

import (
	"image"
	"math"
	"slices"
	"strings"

	"headscope/explorer/scene"
	"headscope/gpu"
	"headscope/gpu/render"
)

// mark is the colour of what is chosen and pointed to: none of a palette's.
func (t Theme) mark() scene.Colour {
	if t == Ink {
		return scene.Colour{0.35, 0.9, 0.75, 1}
	}
	return scene.Colour{0.8, 0.33, 0, 1}
}

// pattern is the square of an attention pattern, n x n cells, seen through a rectangle of the
// target.
type pattern struct {
	view image.Rectangle // what is outside is not seen
	n    int
	at   image.Point // upper left corner of the square
	side int         // of the square
}

// lookAt is a pattern that fills the view's smaller side at zoom 1, with the point (x, y),
// shares of its side from the upper left corner, in the middle of the view, or as near to it
// as leaves no edge within a view that the square can fill.
func lookAt(view image.Rectangle, n int, x, y, zoom float64) pattern {
	side := int(math.Round(float64(min(view.Dx(), view.Dy())) * zoom))
	place := func(lo, length int, middle float64) int {
		if side <= length {
			return lo + (length-side)/2
		}
		at := float64(lo) + float64(length)/2 - middle*float64(side)
		return int(math.Round(min(float64(lo), max(at, float64(lo+length-side)))))
	}
	return pattern{view, n, image.Pt(place(view.Min.X, view.Dx(), x), place(view.Min.Y, view.Dy(), y)), max(1, side)}
}

// point is the place of a pixel in shares of the side.
func (p pattern) point(x, y float64) (sx, sy float64) {
	return (x - float64(p.at.X)) / float64(p.side), (y - float64(p.at.Y)) / float64(p.side)
}

// begin is the first pixel of row or column i, counted from the square's edge: a pixel shows
// the cell under its centre, as the shader of heat maps says.
func (p pattern) begin(i int) int { return (2*i*p.side + p.n - 1) / (2 * p.n) }

// cell is the row and column under a pixel; false outside of the square and of the view.
func (p pattern) cell(x, y int) (i, j int, ok bool) {
	if !image.Pt(x, y).In(p.seen()) {
		return 0, 0, false
	}
	under := func(d int) int { return (2*d + 1) * p.n / (2 * p.side) }
	return under(y - p.at.Y), under(x - p.at.X), true
}

// seen is the part of the view that the square covers.
func (p pattern) seen() image.Rectangle {
	return image.Rect(p.at.X, p.at.Y, p.at.X+p.side, p.at.Y+p.side).Intersect(p.view)
}

// block is what rows [i, i+rows) and columns [j, j+cols) cover, at least a pixel, of what is
// seen.
func (p pattern) block(i, rows, j, cols int) image.Rectangle {
	x, y := p.at.X+p.begin(j), p.at.Y+p.begin(i)
	r := image.Rect(x, y, max(x+1, p.at.X+p.begin(j+cols)), max(y+1, p.at.Y+p.begin(i+rows)))
	return r.Intersect(p.seen())
}

// row and column are what one row and one column cover of what is seen.
func (p pattern) row(i int) image.Rectangle    { return p.block(i, 1, 0, p.n) }
func (p pattern) column(j int) image.Rectangle { return p.block(0, p.n, j, 1) }

// tokenLabel is how a token is written beside its row or column: without the space in front
// that most have, in quotation marks where there is nothing else.
func tokenLabel(token string) string {
	if strings.TrimSpace(token) == "" {
		return "“" + token + "”"
	}
	return strings.TrimPrefix(token, " ")
}

// tokenLabels writes a pattern's tokens along its rows, left of what is seen, and along its
// columns, under it. They stay at the edges while the pattern moves.
type tokenLabels struct {
	fonts  *render.Fonts
	size   int
	colour scene.Colour
	strong scene.Colour // of the chosen ones
	tokens []string     // of the pattern
	row    int          // chosen, always there; -1: none
	column int
}

// width is how much the labels of rows take, with their distance from the pattern. A longer
// label, as of <|endoftext|>, may go an em further.
func (l tokenLabels) width() int {
	return min(max(3*l.size/2, l.usual()), 6*l.size) + l.size/2
}

// height is how much the labels of columns take.
func (l tokenLabels) height() int { return lineHeight(l.size) + l.size/4 }

// usual is the width that nine of ten tokens do not pass. Of many it measures some: it is
// needed in every frame.
func (l tokenLabels) usual() int {
	var widths []int
	for i := 0; i < len(l.tokens); i += 1 + len(l.tokens)/100 {
		widths = append(widths, l.fonts.Measure(tokenLabel(l.tokens[i]), l.size, render.Regular))
	}
	if len(widths) == 0 {
		return 0
	}
	slices.Sort(widths)
	return widths[(len(widths)-1)*9/10]
}

// draw adds the labels to a frame. Where cells are too small for all, every second, fifth,
// tenth ... is there, and the chosen ones in place of those that they would cover.
func (l tokenLabels) draw(f *render.Frame, p pattern) {
	seen := p.seen()
	if seen.Empty() || p.n != len(l.tokens) {
		return
	}
	line, widest := lineHeight(l.size), l.width()+l.size/2
	first, _, _ := p.cell(seen.Min.X, seen.Min.Y)
	last, _, _ := p.cell(seen.Min.X, seen.Max.Y-1)
	l.along(first, last, every(line*p.n, p.side), l.row, func(i int) (lo, hi int) {
		r := p.row(i)
		middle := (r.Min.Y + r.Max.Y) / 2
		return middle - line/2, middle - line/2 + line
	}, seen.Min.Y-line/3, seen.Max.Y+line/3, func(i, lo, hi int, weight render.Weight, colour gpu.RGBA) {
		text := l.fonts.Elide(tokenLabel(l.tokens[i]), l.size, weight, widest)
		f.Text(render.Text{X: seen.Min.X - l.size/2, Y: lo + l.size, Size: l.size, Weight: weight, Anchor: render.Right, Colour: colour, String: text})
	})

	room := min(l.usual(), 7*l.size/2) + l.size/2
	step := every(room*p.n, p.side)
	_, first, _ = p.cell(seen.Min.X, seen.Min.Y)
	_, last, _ = p.cell(seen.Max.X-1, seen.Min.Y)
	l.along(first, last, step, l.column, func(j int) (lo, hi int) {
		r, widest, weight := p.column(j), step*p.side/p.n-l.size/2, render.Regular
		if j == l.column {
			widest, weight = max(widest, 8*l.size), render.Bold
		}
		w := min(widest, l.fonts.Measure(tokenLabel(l.tokens[j]), l.size, weight))
		lo = (r.Min.X+r.Max.X-w)/2 - l.size/4
		return lo, lo + w + l.size/2
	}, seen.Min.X-l.size, seen.Max.X+l.size, func(j, lo, hi int, weight render.Weight, colour gpu.RGBA) {
		text := l.fonts.Elide(tokenLabel(l.tokens[j]), l.size, weight, hi-lo-l.size/2)
		if step > 1 {
			f.Box((lo+hi)/2, seen.Max.Y, max(1, l.size/12), l.size/4, colour)
		}
		f.Text(render.Text{X: lo + l.size/4, Y: seen.Max.Y + l.size/4 + l.size, Size: l.size, Weight: weight, Colour: colour, String: text})
	})
}

// along goes through every step-th index of first to last, and the chosen one if it is among
// them, and draws those whose span, [lo, hi) in pixels, is within the limits and clear of the
// chosen one's.
func (l tokenLabels) along(first, last, step, chosen int, span func(i int) (lo, hi int), from, to int, draw func(i, lo, hi int, weight render.Weight, colour gpu.RGBA)) {
	left, right := 0, 0
	if first <= chosen && chosen <= last {
		left, right = span(chosen)
		// It is seen even where its cell is at the edge.
		shift := max(0, from-left) - max(0, right-to)
		left, right = left+shift, right+shift
		draw(chosen, left, right, render.Bold, gpu.RGBA(l.strong))
	}
	for i := (first + step - 1) / step * step; i <= last; i += step {
		lo, hi := span(i)
		if lo >= from && hi <= to && (right <= lo || hi <= left) && i != chosen {
			draw(i, lo, hi, render.Regular, gpu.RGBA(l.colour))
		}
	}
}
