package view

import (
	"fmt"
	"math"

	"headscope/explorer/scene"
	"headscope/gpu/render"
)

// lattice is the measures of the cells and what labels them: headers of rows and columns,
// or a caption over each cell.
type lattice struct {
	columns, rows  int
	side           int // of a cell; 0 when nothing fits
	pitchX, pitchY int
	headers        bool
	caption        int  // size of the captions, 0 for none
	numbers        bool // captions say the trait's number too
	left, top      int  // of the first cell, right of and under headers and captions
	width, height  int  // of everything
}

// fit finds the largest cells for width x height pixels. In the model's order the grid is
// layers x heads; sorted, as many columns as give the largest cells.
func (c *composer) fit(width, height int, labels bool) lattice {
	if c.sort() == ByLayer {
		l := c.fitColumns(c.Heads, width, height, labels, false)
		if large := c.fitColumns(c.Heads, width, height, false, true); labels && large.side >= 16*c.small {
			return large
		}
		return l
	}
	var best lattice
	for columns := 1; columns <= c.shown; columns++ {
		l := c.fitColumns(columns, width, height, false, labels)
		// Of equal cells the grid with the fewest empty places.
		if l.side > best.side || l.side > 0 && l.side == best.side && l.columns*l.rows < best.columns*best.rows {
			best = l
		}
	}
	return best
}

// fitColumns finds the largest cells for a number of columns.
func (c *composer) fitColumns(columns, width, height int, headers, captions bool) lattice {
	l := lattice{columns: columns, rows: (c.shown + columns - 1) / columns, headers: headers}
	for side := min(width/l.columns, height/l.rows); side >= 1; side-- {
		c.measure(&l, side, captions)
		if l.width > width || l.height > height {
			continue
		}
		if w := wholePixels(side, c.Tokens); w < side { // but no captions are worth it
			whole := l
			if c.measure(&whole, w, captions); (whole.caption > 0) == (l.caption > 0) {
				return whole
			}
		}
		return l
	}
	return lattice{}
}

// wholePixels is the side to use for a square of n x n cells that may be so large. With k
// and a fraction pixels to a cell, some are k+1 pixels wide, which makes patterns of its own,
// the worse the smaller k is: k whole pixels are worth half of that share, 1/(k+1), of the
// side, and an eighth of it always.
func wholePixels(side, n int) int {
	if k := side / n; k > 0 && min(2*(k+1), 8)*(side-k*n) <= side {
		return k * n
	}
	return side
}

// measure derives a lattice's measures from the side of a cell.
func (c *composer) measure(l *lattice, side int, captions bool) {
	gap := min((side*7+99)/100, 3*c.em/2)
	l.side, l.caption, l.numbers, l.left, l.top = side, 0, false, 0, 0
	if captions {
		l.caption, l.numbers = c.captionSize(side)
		if l.caption > 0 {
			l.top = lineHeight(l.caption)
		}
	}
	l.pitchX, l.pitchY = side+gap, side+gap+l.top
	if l.caption > 0 {
		l.pitchY += gap // a caption is nearer to its own cell than to the one above it
	}
	l.headers = l.headers && 3*side >= 2*c.small // else they are larger than what they name
	if l.headers {
		l.left = c.fonts.Measure(fmt.Sprintf("L%d", c.Layers-1), c.small, render.Regular) + c.small/2
		l.top = lineHeight(c.small)
	}
	l.width = l.left + l.columns*l.pitchX - gap
	l.height = l.top + (l.rows-1)*l.pitchY + side
}

// reduction is how many tokens, at most, share a pixel along a cell's side.
func (c *composer) reduction(l lattice) int { return (c.Tokens + l.side - 1) / max(1, l.side) }

// measureCaptions finds how wide the widest captions are.
func (c *composer) measureCaptions() {
	const size = 100
	for i, v := range c.values {
		name := float64(c.fonts.Measure(headName(i, c.Heads), size, render.Bold)) / size
		c.nameEms = max(c.nameEms, name)
		if c.sort() != ByLayer {
			c.captionEms = max(c.captionEms, name+0.4+float64(c.fonts.Measure(number(v), size, render.Regular))/size)
		}
	}
}

// captionSize is the size of captions that fit over a cell, and whether numbers fit too.
// Advances are rounded up to pixels: two are kept in reserve.
func (c *composer) captionSize(side int) (size int, numbers bool) {
	if c.captionEms > 0 {
		if size = min(c.small, int(float64(side-2)/c.captionEms)); size >= minCaption {
			return size, true
		}
	}
	if size = min(c.small, int(float64(side-2)/c.nameEms)); size >= minCaption {
		return size, false
	}
	return 0, false
}

// captions names each cell over its upper left corner, its number at the right one.
func (c *composer) captions(s *scene.Sheet, l lattice) {
	for i, rank := range c.ranks {
		if rank < 0 {
			continue
		}
		cell := s.Grid.Square(rank)
		y := cell.Y - lineHeight(l.caption)
		c.text(s, cell.X, y, headName(i, c.Heads), l.caption, scene.Bold, scene.Left, c.colours.text)
		if l.numbers {
			c.text(s, cell.X+cell.W, y, number(c.values[i]), l.caption, scene.Regular, scene.Right, c.muted)
		}
	}
}

// headers names the columns over the first row and the rows left of the first column;
// where cells are too small for all names, every second, fifth, tenth ... is there.
func (c *composer) headers(s *scene.Sheet) {
	g := s.Grid
	widest := c.fonts.Measure(fmt.Sprintf("H%d", c.Heads-1), c.small, render.Regular)
	for head := 0; head < c.Heads; head += every(widest+c.small/2, g.PitchX) {
		c.text(s, g.X+head*g.PitchX+g.Side/2, g.Y-lineHeight(c.small), fmt.Sprintf("H%d", head), c.small, scene.Regular, scene.Center, c.muted)
	}
	for layer := 0; layer < c.Layers; layer += every(lineHeight(c.small), g.PitchY) {
		y := g.Y + layer*g.PitchY + (g.Side-lineHeight(c.small))/2
		c.text(s, g.X-c.small/2, y, fmt.Sprintf("L%d", layer), c.small, scene.Regular, scene.Right, c.muted)
	}
}

// every is the step, of 1, 2, 5, 10, 20 ..., at which labels of a size do not collide.
func every(size, pitch int) int {
	for power := 1; ; power *= 10 {
		for _, step := range []int{1, 2, 5} {
			if step*power*pitch >= size {
				return step * power
			}
		}
	}
}

// lineHeight is the height of a line of text of a size.
func lineHeight(size int) int { return int(math.Round(1.35 * float64(size))) }
