package view

import (
	"image"
	"math"

	"headscope/gpu/render"
)

// compareBox is where one pane stands.
type compareBox struct {
	square image.Rectangle // of the pattern
	n      int             // its tokens; 0 for a difference that there is not
}

// compareLayout is where everything of a comparison stands in a region.
type compareLayout struct {
	boxes            []compareBox // of the panes, then the difference
	title, em, small int          // sizes of text
	texts            bool         // there is room for them

	left, above, below int // what labels, heading and footing take around a pattern
	margin, gapX, gapY int // around the panes and between them
}

// A line under a pattern, with its numbers, takes about so many ems.
const lineEms = 22

// measure finds the sizes of text and distances for a region, and how many columns the panes
// stand in. Text that follows the region's size gets smaller until the lines fit under the
// patterns.
func (c *Compare) measure(region image.Rectangle) (l compareLayout, columns, side int) {
	em := 13 * c.Scale
	if c.Scale <= 0 {
		em = min(float64(region.Dx()), 2.5*float64(region.Dy())) / 80
	}
	for size := max(minText, int(math.Round(em))); ; size-- {
		l = c.sized(size)
		if columns, side = l.columns(region, c.panes()); side >= lineEms*size || size == minText || c.Scale > 0 {
			return l, columns, side
		}
	}
}

// sized derives the sizes of text and distances from the em.
func (c *Compare) sized(em int) compareLayout {
	l := compareLayout{texts: true, em: em}
	l.title, l.small = l.em*5/4, max(minText, (l.em*85+50)/100)
	l.margin, l.gapX, l.gapY = 3*l.em/2, 2*l.em, 3*l.em/2
	labels := l.tokenLabels(c)
	l.above = lineHeight(l.title) + lineHeight(l.small) + l.em/2
	l.below = labels.height() + l.em/2 + keyHeight(l.em, l.small)
	for _, p := range c.Panes {
		labels.tokens = p.Tokens
		l.left = max(l.left, labels.width())
	}
	return l
}

// side is that of a pattern where the panes stand in so many columns.
func (l *compareLayout) side(region image.Rectangle, columns, panes int) int {
	rows := max(1, (panes+columns-1)/columns)
	return min(
		(region.Dx()-2*l.margin-(columns-1)*l.gapX)/columns-l.left,
		(region.Dy()-2*l.margin-(rows-1)*l.gapY)/rows-l.above-l.below,
	)
}

// height is what the panes take with patterns of a side.
func (l *compareLayout) height(side, columns, panes int) int {
	rows := (panes + columns - 1) / columns
	return rows*(l.above+side+l.below) + (rows-1)*l.gapY
}

// arrange places the panes: in the grid that a reader expects, or in one that makes them much
// larger, in the middle of the region.
func (c *Compare) arrange(region image.Rectangle) compareLayout {
	panes := c.panes()
	l, columns, side := c.measure(region)
	if side < 6*l.em {
		// No room for texts: patterns alone.
		gap := l.em / 4
		l.texts, l.left, l.above, l.below, l.margin, l.gapX, l.gapY = false, 0, 0, 0, gap, gap, gap
		columns, side = l.columns(region, panes)
	}
	side = max(1, c.even(side))
	x := region.Min.X + (region.Dx()-columns*(l.left+side)-(columns-1)*l.gapX)/2 + l.left
	y := region.Min.Y + (region.Dy()-l.height(side, columns, panes))/2 + l.above
	for i := range panes {
		at := image.Pt(x+i%columns*(l.left+side+l.gapX), y+i/columns*(l.above+side+l.below+l.gapY))
		b := compareBox{square: image.Rectangle{at, at.Add(image.Pt(side, side))}}
		if i < len(c.Panes) {
			b.n = c.Panes[i].tokens()
		} else if _, ok := c.Distance(1); ok {
			b.n = c.difference.Rows
		}
		l.boxes = append(l.boxes, b)
	}
	return l
}

// panes counts the difference too.
func (c *Compare) panes() int {
	if c.Difference {
		return len(c.Panes) + 1
	}
	return len(c.Panes)
}

// expectedColumns is how many columns so many panes are expected to stand in.
func expectedColumns(panes int) int { return []int{2, 2, 2, 3, 2, 3}[min(panes, 5)] }

// columns is how many columns the panes stand in, and the side that they then have.
func (l *compareLayout) columns(region image.Rectangle, panes int) (columns, side int) {
	columns = expectedColumns(panes)
	side = l.side(region, columns, panes)
	for n := 1; n <= panes; n++ {
		if s := l.side(region, n, panes); 6*s > 7*side {
			columns, side = n, s
		}
	}
	return columns, side
}

// Height is how high a picture of a width is that the panes fill.
func (c *Compare) Height(fonts *render.Fonts, width int) int {
	c.fonts = fonts
	panes, height := c.panes(), width
	columns := expectedColumns(panes)
	for range 8 { // sizes of text follow the height, which follows from them
		l, _, _ := c.measure(image.Rect(0, 0, width, height))
		side := l.side(image.Rect(0, 0, width, math.MaxInt32), columns, panes)
		height = l.height(max(1, c.even(side)), columns, panes) + 2*l.margin
	}
	return height
}

// even makes a side a whole number of pixels to a cell of all patterns, if that costs little:
// cells of two sizes make patterns of their own.
func (c *Compare) even(side int) int {
	n := 0
	for _, p := range c.Panes {
		if n != 0 && n != p.tokens() {
			return side
		}
		n = p.tokens()
	}
	if n > 0 && side/n > 0 && 8*(side%n) <= side {
		return side - side%n
	}
	return side
}

// tokenLabels are the labels of a pane, but for its tokens.
func (l *compareLayout) tokenLabels(c *Compare) tokenLabels {
	colours := c.Theme.colours()
	row := c.Cursor.I
	if row < 0 {
		row = c.Token
	}
	return tokenLabels{fonts: c.fonts, size: l.small, colour: colours.muted, strong: colours.text, row: row, column: c.Cursor.J}
}

// seen is the pattern in a box.
func (c *Compare) seen(b compareBox) pattern { return lookAt(b.square, b.n, c.X, c.Y, c.Zoom) }
