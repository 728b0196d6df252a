package view

import (
	"cmp"
	"fmt"
	"image"
	"math"

	"headscope/explorer/session"
	"headscope/gpu"
	"headscope/gpu/kernels"
	"headscope/gpu/render"
	"headscope/wgsl/cpu"
)

// The fewest and the most panes of a comparison, the difference apart.
const (
	MinPanes = 2
	MaxPanes = session.MaxPanes
)

// Pane is the attention pattern of one head on one prompt.
type Pane struct {
	Title, Subtitle string       // such as "L5H4", and the model and the prompt
	Layer           render.Layer // of the head: attention [H, N, N] and its pyramids; not owned
	Head            int          // which of the layer's
	Tokens          []string     // N
}

func (p Pane) tokens() int { return p.Layer.Values.Rows }

// Cell is a place in a pattern: the token I that looks and the token J that it looks at. -1
// is none.
type Cell struct{ I, J int }

// Compare shows two to four patterns side by side, of any models, prompts, layers and heads,
// with one view and one cursor for all of them, and says how far apart they are.
type Compare struct {
	Panes      []Pane
	Difference bool // a pane more: the first pattern minus the second one
	// X, Y are the point of every pattern in the middle of its pane, in shares of its side
	// from the upper left corner; at Zoom 1 the whole pattern is seen.
	X, Y, Zoom float64
	Cursor     Cell
	Token      int // the chosen row; -1: none
	Theme      Theme
	Scale      float64 // of the text, 1 for an em of 13 pixels; 0 follows the size of the region

	device     *gpu.Device     // not owned
	fonts      *render.Fonts   // not owned: of the last Draw
	frame      *render.Frame   // owned: made by the first Draw
	difference gpu.Tensor      // owned: [N, N], and so are its pyramid and the rows of kernels.Compare
	pyramid    *gpu.Buffer     // owned
	rows       *gpu.Buffer     // owned
	distances  []*cpu.Distance // of the first pane from each; nil where they cannot be compared
	values     [][][]float32   // [pane][0][N*N], for the cursor
}

// NewCompare makes a comparison that shows whole patterns, without a cursor. Set its Panes,
// and then Update it. Release it before the device.
func NewCompare(d *gpu.Device) *Compare {
	return &Compare{X: 0.5, Y: 0.5, Zoom: 1, Cursor: Cell{-1, -1}, Token: -1, device: d}
}

// Release frees what the comparison holds on the device.
func (c *Compare) Release() {
	if c == nil {
		return
	}
	c.frame.Release()
	c.frame = nil
	c.difference.Buffer.Release()
	c.pyramid.Release()
	c.rows.Release()
	c.difference, c.pyramid, c.rows = gpu.Tensor{}, nil, nil
	c.distances, c.values = nil, nil
}

// check says what keeps the panes from being shown.
func (c *Compare) check() error {
	if n := len(c.Panes); n < MinPanes || n > MaxPanes {
		return fmt.Errorf("compare: %s: expected %d to %d", count(n, "head"), MinPanes, MaxPanes)
	}
	for _, p := range c.Panes {
		v := p.Layer.Values
		if v.Buffer == nil || v.Rows != v.Cols || v.Rows < 1 || p.Head < 0 || p.Head >= v.Batch {
			return fmt.Errorf("compare: %s is head %d of %v: expected patterns of that many heads, each as high as wide", p.Title, p.Head, v)
		}
		if len(p.Tokens) != v.Rows {
			return fmt.Errorf("compare: %s has %s for a pattern of %d", p.Title, count(len(p.Tokens), "token"), v.Rows)
		}
	}
	return nil
}

// Update computes the difference and the distances. Call it when the panes have changed;
// their values must be computed, or submitted to be. After an error nothing is known of them.
func (c *Compare) Update() error {
	c.distances, c.values = nil, nil
	if err := c.check(); err != nil {
		return err
	}
	if err := c.allocate(c.Panes[0].tokens()); err != nil {
		return err
	}
	first := c.Panes[0].Layer.Values.At(c.Panes[0].Head)
	distances := make([]*cpu.Distance, len(c.Panes))
	// Backwards, so that what is left is the difference to the second one.
	for i := len(c.Panes) - 1; i > 0; i-- {
		p := c.Panes[i]
		if p.tokens() != first.Rows {
			continue
		}
		r := c.device.Record("compare")
		rows := c.rows.Packed(1, 8*first.Rows)
		kernels.Compare(r, c.difference, rows, first, p.Layer.Values.At(p.Head))
		if i == 1 {
			kernels.Pyramid(r, c.pyramid, c.difference)
		}
		if err := r.Submit(); err != nil {
			return err
		}
		data, err := c.device.Read(rows)
		if err != nil {
			return err
		}
		apart := kernels.DistanceOf(data[0])
		distances[i] = &apart
	}
	values := make([][][]float32, len(c.Panes))
	for i, p := range c.Panes {
		var err error
		if values[i], err = c.device.Read(p.Layer.Values.At(p.Head)); err != nil {
			return err
		}
	}
	c.distances, c.values = distances, values
	return nil
}

// allocate makes room for the difference of patterns of n tokens.
func (c *Compare) allocate(n int) (err error) {
	if c.difference.Rows == n {
		return nil
	}
	c.Release()
	_, cells := kernels.PyramidLevels(n, n)
	difference, errD := c.device.NewTensor("difference", 1, n, n)
	pyramid, errP := c.device.NewStorage("difference pyramid", uint64(max(1, cells))*8)
	rows, errR := c.device.NewStorage("compared rows", uint64(n)*32)
	c.difference, c.pyramid, c.rows = difference, pyramid, rows
	if err := cmp.Or(errD, errP, errR); err != nil {
		c.Release()
		return err
	}
	return nil
}

// Distance is how far pane i is from the first one; false where Update has not compared
// them: of the first one itself, and of patterns of another number of tokens.
func (c *Compare) Distance(i int) (cpu.Distance, bool) {
	if i < 0 || i >= len(c.distances) || c.distances[i] == nil {
		return cpu.Distance{}, false
	}
	return *c.distances[i], true
}

// value is a pattern's weight in a cell; pane len(Panes) is the difference.
func (c *Compare) value(pane int, at Cell) (float64, bool) {
	if pane == len(c.Panes) {
		a, okA := c.value(0, at)
		b, okB := c.value(1, at)
		_, compared := c.Distance(1)
		return a - b, okA && okB && compared
	}
	if pane >= len(c.values) {
		return 0, false
	}
	n := c.Panes[pane].tokens()
	if len(c.values[pane][0]) != n*n || at.I < 0 || at.J < 0 || at.I >= n || at.J > at.I {
		return 0, false
	}
	return float64(c.values[pane][0][at.I*n+at.J]), true
}

// span is the |difference| that gets the strongest colour.
func (c *Compare) span() float64 {
	if d, ok := c.Distance(1); ok && d.MaxDiff != 0 {
		return math.Abs(d.MaxDiff)
	}
	return 1
}

// Pick finds the cell under a pixel, and the pane, of which len(Panes) is the difference, as
// the last Draw showed them.
func (c *Compare) Pick(region image.Rectangle, x, y int) (pane int, at Cell, ok bool) {
	if c.fonts == nil {
		return 0, Cell{-1, -1}, false // nothing has been drawn
	}
	for i, b := range c.arrange(region).boxes {
		if b.n == 0 {
			continue
		}
		if at.I, at.J, ok = c.seen(b).cell(x, y); ok {
			return i, at, true
		}
	}
	return 0, Cell{-1, -1}, false
}

// Zoomed is the view in which what is under a pixel is factor times as large and stays there,
// if it can.
func (c *Compare) Zoomed(region image.Rectangle, x, y int, factor float64) (atX, atY, zoom float64) {
	if c.fonts == nil || len(c.Panes) == 0 {
		return c.X, c.Y, c.Zoom
	}
	boxes := c.arrange(region).boxes
	b := boxes[0]
	for _, under := range boxes {
		if under.n > 0 && image.Pt(x, y).In(under.square) {
			b = under
		}
	}
	zoom = min(max(1, c.Zoom*factor), max(1, float64(b.n)/leastCells))
	atX, atY = c.seen(b).point(float64(x), float64(y))
	side := zoom * float64(b.square.Dx())
	atX -= (float64(x) - float64(b.square.Min.X+b.square.Max.X)/2) / side
	atY -= (float64(y) - float64(b.square.Min.Y+b.square.Max.Y)/2) / side
	return within(atX, zoom), within(atY, zoom), zoom
}

// Panned is the view when the patterns have moved by so many pixels, or as far as they can.
func (c *Compare) Panned(region image.Rectangle, dx, dy int) (atX, atY, zoom float64) {
	if c.fonts == nil || len(c.Panes) == 0 {
		return c.X, c.Y, c.Zoom
	}
	side := c.Zoom * float64(c.arrange(region).boxes[0].square.Dx())
	return within(c.X-float64(dx)/side, c.Zoom), within(c.Y-float64(dy)/side, c.Zoom), c.Zoom
}

// leastCells is how many cells of a side stay in view.
const leastCells = 3

// within keeps the middle of a view so that nothing beyond the edges is seen.
func within(middle, zoom float64) float64 { return min(max(middle, 0.5/zoom), 1-0.5/zoom) }
