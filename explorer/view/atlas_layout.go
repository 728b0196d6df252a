package view

import (
	"fmt"
	"math"

	"headscope/explorer/scene"
	"headscope/gpu/render"
)

// The smallest text that is still read, in pixels of the em. The names of cells, a few
// capitals and figures, may be a little smaller than text.
const (
	minText    = 9
	minCaption = 8
)

// richness is how much a sheet tells beside the patterns, each step one thing more. Small
// sheets leave off from the top.
type richness int

const (
	bare richness = iota
	withTitle
	withLabels
	withPrompt
	withKey
	withNotes
	withFooter
)

// A sheet keeps as much of its text as leaves the patterns this share of the side that
// they would have on a bare sheet.
const keepSide = 0.62

// composer lays one atlas out on a sheet.
//
// Sizes follow the sheet: the em of ordinary text is an 80th of its width, or of 1.4
// times its height where that is less, so that a sheet printed across a page of 7 inches
// has text of about 6 points.
type composer struct {
	*Atlas
	colours
	fonts         *render.Fonts
	width, height int
	em            int // size of the prompt, and the unit of distances
	title         int // size of the title
	small         int // size of everything else
	margin        int

	ranks               []int
	shown               int       // heads that have a rank
	values              []float64 // of the trait that is sorted by
	nameEms, captionEms float64   // widest caption of a cell in units of its size: name, name and number
}

// plan is one arrangement of a sheet: the heading, under it the grid, the panel with the
// key and the notes right of the grid or under it. All of it is centred.
type plan struct {
	rich           richness
	x, y, width    int // of the whole
	grid           lattice
	gridX, gridY   int // of the grid with its headers
	panelX, panelY int
	panelWidth     int
	bottom         int // where the footer ends that stands apart from the panel; 0 for none
}

// Sheet lays the atlas out on width x height pixels.
func (a *Atlas) Sheet(fonts *render.Fonts, width, height int) (scene.Sheet, error) {
	if err := a.validate(); err != nil {
		return scene.Sheet{}, err
	}
	c := composer{Atlas: a, colours: a.Theme.colours(), fonts: fonts, width: width, height: height}
	c.em = max(minText, int(math.Round(min(float64(width), 1.4*float64(height))/80)))
	c.title, c.small = c.em*8/5, max(minText, (c.em*85+50)/100)
	c.margin = max(0, min(c.em*3/2, min(width, height)/12))
	var err error
	if c.ranks, c.values, err = order(a.Layers, a.Heads, a.sort(), a.Stats); err != nil {
		return scene.Sheet{}, err
	}
	for _, rank := range c.ranks {
		c.shown = max(c.shown, rank+1)
	}
	c.measureCaptions()

	best, ok := c.under(bare)
	if !ok {
		return scene.Sheet{}, fmt.Errorf("atlas: %d x %d pixels are too few for %d x %d heads: a larger sheet is needed", width, height, a.Layers, a.Heads)
	}
	enough := keepSide * float64(best.grid.side)
	// Sorted cells say nothing without their names: these come before the notes.
	if p, ok := c.richest(enough, c.sort() != ByLayer); ok {
		best = p
	} else if p, ok := c.richest(enough, false); ok {
		best = p
	}
	return c.compose(best), nil
}

// richest is the plan that tells most, of those whose cells have a side that is enough
// and, if asked for, captions.
func (c *composer) richest(enough float64, captions bool) (plan, bool) {
	for rich := withFooter; rich > bare; rich-- {
		p, ok := c.under(rich)
		if q, okq := c.beside(rich); okq && (!ok || q.grid.side > p.grid.side) {
			p, ok = q, true
		}
		if ok && float64(p.grid.side) >= enough && (p.grid.caption > 0 || !captions) {
			return p, true
		}
	}
	return plan{}, false
}

// headHeight is the height of the heading, with the space under it.
func (c *composer) headHeight(rich richness) int {
	h := 0
	if rich >= withTitle {
		h = lineHeight(c.title) + c.em/2
	}
	if rich >= withPrompt {
		h += lineHeight(c.em) + c.em/4
	}
	return h
}

// room is what the margins and the heading leave.
func (c *composer) room(rich richness) (width, height int) {
	return c.width - 2*c.margin, c.height - 2*c.margin - c.headHeight(rich)
}

// centre places a whole of this size.
func (c *composer) centre(p *plan, width, height int) {
	p.x, p.y, p.width = (c.width-width)/2, (c.height-height)/2, width
	p.gridX, p.gridY = p.x, p.y+c.headHeight(p.rich)
}

// beside arranges the panel right of the grid.
func (c *composer) beside(rich richness) (plan, bool) {
	width, height := c.room(rich)
	gutter := 2 * c.em
	p := plan{rich: rich, grid: c.fit(width-gutter-16*c.em, height, rich >= withLabels)}
	if rich < withKey || p.grid.side < 1 {
		return p, false
	}
	p.panelWidth = min(width-gutter-p.grid.width, 26*c.em)
	panel := p.grid.top + c.panel(&scene.Sheet{}, p, 0, 0)
	if panel > height {
		return p, false
	}
	// Where there is room, the footer stands on the line on which the grid ends.
	apart := p.rich >= withFooter && panel+2*c.em < p.grid.height
	whole := p.grid.width + gutter + p.panelWidth
	c.centre(&p, max(whole, min(width, 40*c.em)), c.headHeight(rich)+max(panel, p.grid.height))
	p.panelX, p.panelY = p.gridX+p.grid.width+gutter, p.gridY+p.grid.top
	if apart {
		p.bottom = p.gridY + p.grid.height
	}
	return p, true
}

// under arranges the panel under the grid. The panel is as wide as the grid, whose size
// follows from the panel's height, which follows from its width: a few rounds settle it.
func (c *composer) under(rich richness) (plan, bool) {
	width, height := c.room(rich)
	gap := 3 * c.em / 2
	p := plan{rich: rich, panelWidth: width, grid: c.fit(width, height, rich >= withLabels)}
	for range 8 {
		panel := 0
		if rich >= withKey {
			panel = gap + c.panel(&scene.Sheet{}, p, 0, 0)
		}
		reduced := c.reduction(p.grid)
		p.grid = c.fit(width, height-panel, rich >= withLabels)
		if p.grid.side < 1 {
			return p, false
		}
		if narrow := max(p.grid.width, min(width, 40*c.em)); c.reduction(p.grid) != reduced || narrow < p.panelWidth-c.em {
			p.panelWidth = min(p.panelWidth, narrow)
			continue
		}
		c.centre(&p, p.panelWidth, c.headHeight(rich)+p.grid.height+panel)
		p.gridX += (p.panelWidth - p.grid.width) / 2
		p.panelX, p.panelY = p.x, p.gridY+p.grid.height+gap
		return p, true
	}
	return p, false
}

// compose draws a plan.
func (c *composer) compose(p plan) scene.Sheet {
	s := scene.Sheet{Width: c.width, Height: c.height, Background: c.background}
	c.heading(&s, p)
	s.Grid = scene.Grid{
		X: p.gridX + p.grid.left, Y: p.gridY + p.grid.top, Side: p.grid.side, PitchX: p.grid.pitchX, PitchY: p.grid.pitchY,
		Columns: p.grid.columns, Ranks: c.ranks, Palette: c.palette, Range: 1, Masked: c.masked,
	}
	if p.grid.caption > 0 {
		c.captions(&s, p.grid)
	}
	if p.grid.headers {
		c.headers(&s)
	}
	if p.rich >= withKey {
		c.panel(&s, p, p.panelX, p.panelY)
	}
	if p.bottom > 0 {
		c.footer(&s, p.panelX, p.bottom-c.footer(&scene.Sheet{}, 0, 0, p.panelWidth), p.panelWidth)
	}
	return s
}
