package view

import (
	"fmt"
	"image"
	"math"
	"slices"
	"strings"

	"headscope/explorer/scene"
	"headscope/gpu"
	"headscope/gpu/render"
	"headscope/wgsl/cpu"
)

// comparing draws one comparison.
type comparing struct {
	*Compare
	compareLayout
	colours
}

// Draw records the comparison in a region of the target, over what the target shows. One
// recording can hold one picture of it.
func (c *Compare) Draw(rec *gpu.Recorder, r *render.Renderer, target gpu.Target, region image.Rectangle) {
	if err := c.check(); err != nil {
		rec.Fail(err)
		return
	}
	c.fonts = r.Fonts
	if c.frame == nil {
		c.frame = r.NewFrame()
	}
	c.frame.Reset()
	d := comparing{c, c.arrange(region), c.Theme.colours()}
	d.frame.Box(region.Min.X, region.Min.Y, region.Dx(), region.Dy(), gpu.RGBA(d.background))
	for i, box := range d.boxes {
		d.frame.Clip(box.square.Intersect(region))
		d.pattern(i, box)
	}
	d.frame.Clip(region)
	for i, box := range d.boxes {
		if d.texts {
			d.heading(i, box)
			d.labels(i, box)
			d.footing(i, box)
		}
	}
	d.frame.DrawOver(rec, target)
}

// pattern draws a pane's pattern with the cursor and the chosen row.
func (d *comparing) pattern(i int, box compareBox) {
	if box.n == 0 {
		s := box.square
		d.frame.Box(s.Min.X, s.Min.Y, s.Dx(), s.Dy(), gpu.RGBA(d.masked))
		return
	}
	p := d.seen(box)
	g := render.Grid{
		X: p.at.X, Y: p.at.Y, Side: p.side, Columns: 1,
		Palette: d.palette, Range: 1, Causal: true, Masked: gpu.RGBA(d.masked),
	}
	layer, head := render.Layer{Values: d.difference, Pyramid: d.pyramid}, 0
	if i < len(d.Panes) {
		layer, head = d.Panes[i].Layer, d.Panes[i].Head
	} else {
		g.Palette, g.Range = cpu.Signed, float32(d.span())
	}
	g.Ranks = make([]int, layer.Values.Batch)
	for h := range g.Ranks {
		g.Ranks[h] = -1
	}
	g.Ranks[head] = 0
	d.frame.Heatmaps(g, []render.Layer{layer})
	d.marks(p)
}

// marks frames the chosen row, and what the cursor points to with its row and column.
func (d *comparing) marks(p pattern) {
	if d.Token >= 0 && d.Token < p.n {
		d.outline(p, p.row(d.Token), 0.9)
	}
	if at := d.Cursor; at.I >= 0 && at.J >= 0 && at.I < p.n && at.J < p.n {
		d.outline(p, p.row(at.I), 0.45)
		d.outline(p, p.column(at.J), 0.45)
		d.outline(p, p.block(at.I, 1, at.J, 1), 1)
	}
}

// outline draws a line around a part of a pattern, as far as it is seen.
func (d *comparing) outline(p pattern, r image.Rectangle, strength float32) {
	if r.Empty() {
		return
	}
	w := max(1, d.em/10)
	colour := gpu.RGBA(d.Theme.mark())
	colour[3] = strength
	outer := r.Inset(-w)
	for _, side := range []image.Rectangle{
		{outer.Min, image.Pt(outer.Max.X, r.Min.Y)}, {image.Pt(outer.Min.X, r.Max.Y), outer.Max},
		{image.Pt(outer.Min.X, r.Min.Y), image.Pt(r.Min.X, r.Max.Y)}, {image.Pt(r.Max.X, r.Min.Y), image.Pt(outer.Max.X, r.Max.Y)},
	} {
		d.frame.Box(side.Min.X, side.Min.Y, side.Dx(), side.Dy(), colour)
	}
}

// labels writes a pane's tokens beside its pattern; where there is no difference, why.
func (d *comparing) labels(i int, box compareBox) {
	if box.n > 0 {
		labels := d.tokenLabels(d.Compare)
		if labels.tokens = d.Panes[0].Tokens; i < len(d.Panes) {
			labels.tokens = d.Panes[i].Tokens
		}
		labels.draw(d.frame, d.seen(box))
		return
	}
	text := "not compared yet"
	if a, b := d.Panes[0].tokens(), d.Panes[1].tokens(); a != b {
		text = fmt.Sprintf("%d and %d tokens: no difference", a, b)
	}
	s := box.square
	d.write((s.Min.X+s.Max.X)/2, (s.Min.Y+s.Max.Y-lineHeight(d.em))/2, d.fonts.Elide(text, d.em, render.Regular, s.Dx()-d.em), d.em, render.Regular, render.Center, d.colours.text)
}

// heading writes what a pane shows, and the value under the cursor.
func (d *comparing) heading(i int, box compareBox) {
	title, subtitle := "", ""
	if i < len(d.Panes) {
		title, subtitle = d.Panes[i].Title, d.Panes[i].Subtitle
	} else {
		a, b := d.names()
		title = a + " − " + b
		subtitle = fmt.Sprintf("red: more weight in %s, blue: in %s", a, b)
	}
	x, y, width := box.square.Min.X, box.square.Min.Y-d.above, box.square.Dx()
	if v, ok := d.value(i, d.Cursor); ok && box.n > 0 {
		text := number(v)
		if i == len(d.Panes) {
			text = signed(v)
		}
		d.write(x+width, y+d.title-d.em, text, d.em, render.Bold, render.Right, d.Theme.mark())
		width -= d.fonts.Measure(text, d.em, render.Bold) + d.em
	}
	d.write(x, y, d.fonts.Elide(title, d.title, render.Bold, width), d.title, render.Bold, render.Left, d.colours.text)
	d.write(x, y+lineHeight(d.title), d.fonts.Elide(subtitle, d.small, render.Regular, box.square.Dx()), d.small, render.Regular, render.Left, d.muted)
}

// first is what the first pattern is called in a sentence.
func (d *comparing) first() string {
	for _, p := range d.Panes[1:] {
		if p.Title == d.Panes[0].Title {
			return "the first"
		}
	}
	return d.Panes[0].Title
}

// names are what the first two patterns are called in a sentence.
func (d *comparing) names() (a, b string) {
	if a, b = d.first(), d.Panes[1].Title; a != d.Panes[0].Title {
		b = "the second"
	}
	return a, b
}

// token is a token in quotation marks, shortened.
func (d *comparing) token(i int) string {
	text := d.fonts.Elide(strings.TrimPrefix(d.Panes[0].Tokens[i], " "), d.small, render.Regular, 8*d.small)
	return "“" + text + "”"
}

// place is a token with its number, since it may be there more than once.
func (d *comparing) place(i int) string { return fmt.Sprintf("%s (%d)", d.token(i), i) }

// footing writes the distances under a pane, and keys to the colours under the first one and
// the difference.
func (d *comparing) footing(i int, box compareBox) {
	x, y, width := box.square.Min.X, box.square.Max.Y+d.below-keyHeight(d.em, d.small), box.square.Dx()
	switch {
	case i == 0:
		d.key(x, y, width, "attention weight: row looks at column", d.palette, 1)
	case i == len(d.Panes):
		if box.n > 0 {
			d.key(x, y, width, "difference in weight", cpu.Signed, d.span())
		}
	default:
		for n, ways := range d.apart(i) {
			size, colour := d.em, d.colours.text
			if n > 0 {
				size, colour = d.small, d.muted
			}
			line := ways[len(ways)-1]
			for _, way := range slices.Backward(ways) {
				if d.fonts.Measure(way, size, render.Regular) <= width {
					line = way
				}
			}
			d.write(x, y, d.fonts.Elide(line, size, render.Regular, width), size, render.Regular, render.Left, colour)
			y += lineHeight(size)
		}
	}
}

// apart says how far a pattern is from the first one, in lines, each in one or more ways, the
// longest first.
func (d *comparing) apart(i int) [][]string {
	name := d.first()
	apart, ok := d.Distance(i)
	if !ok {
		if a, b := d.Panes[0].tokens(), d.Panes[i].tokens(); a != b {
			return [][]string{{fmt.Sprintf("not compared: %d tokens, %s has %d", b, name, a), fmt.Sprintf("%d tokens, not %d", b, a)}}
		}
		return nil
	}
	js, cosine, most := share(apart.JS), share(apart.Cosine), share(math.Abs(apart.MaxDiff))
	lines := [][]string{{
		fmt.Sprintf("from %s: JS distance %s, cosine %s", name, js, cosine),
		fmt.Sprintf("JS distance %s, cosine %s", js, cosine),
		fmt.Sprintf("JS %s, cos %s", js, cosine),
	}}
	if apart.MaxDiff == 0 {
		return append(lines, []string{"no weight differs"})
	}
	return append(lines, []string{
		fmt.Sprintf("largest difference %s: %s to %s", most, d.place(apart.I), d.place(apart.J)),
		fmt.Sprintf("largest difference %s", most),
	})
}

// share writes a number of 0 to 1 in three figures after the point.
func share(v float64) string { return fmt.Sprintf("%.3f", v) }

// signed writes a number with its sign: "+.35", "−.2", "0".
func signed(v float64) string {
	text := number(math.Abs(v))
	switch {
	case text == "0":
		return text
	case v < 0:
		return "−" + text
	}
	return "+" + text
}

// keyHeight is how high a key is.
func keyHeight(em, small int) int { return 2*lineHeight(small) + small/3 + em*3/4 + em/4 }

// key draws a bar of colours with what it means and ticks: from 0 to span, or from -span to
// span.
func (d *comparing) key(x, y, width int, what string, palette cpu.Palette, span float64) {
	d.write(x, y, d.fonts.Elide(what, d.small, render.Regular, width), d.small, render.Regular, render.Left, d.colours.text)
	y += lineHeight(d.small) + d.small/3
	width = min(width, 20*d.em)
	height, thin := d.em*3/4, max(1, d.em/12)
	zero, half, values := x, width, []float64{0, 1, .25, .05}
	if palette == cpu.Signed {
		half = width / 2
		zero, width = x+half, 2*half
		values = []float64{-span, 0, span, -span / 4, span / 4}
		// Keys run from 0 on: the other half is made of single colours.
		for i := range half {
			t := (float64(i) + 0.5) / float64(half)
			c := cpu.Colour(-t*t, 1, palette)
			d.frame.Box(zero-1-i, y, 1, height, gpu.RGBA{float32(c[0]), float32(c[1]), float32(c[2]), 1})
		}
	}
	d.frame.Key(zero, y, half, height, palette)
	y += height
	var taken []image.Rectangle
	for _, v := range values {
		text := strings.TrimSuffix(number(v), ".0")
		if palette == cpu.Signed {
			text = signed(v)
		}
		w := d.fonts.Measure(text, d.small, render.Regular)
		at := zero + int(math.Round(math.Copysign(math.Sqrt(math.Abs(v)/span), v)*float64(half)))
		left := min(max(x, at-w/2), x+width-w)
		room := image.Rect(left-d.small/2, y, left+w+d.small/2, y+1)
		free := true
		for _, t := range taken {
			free = free && !t.Overlaps(room)
		}
		if free {
			taken = append(taken, room)
			d.frame.Box(min(at, x+width-thin), y, thin, d.em/4, gpu.RGBA(d.line))
			d.write(left, y+d.em/4, text, d.small, render.Regular, render.Left, d.muted)
		}
	}
}

// write adds a line of text whose box begins at y.
func (d *comparing) write(x, y int, text string, size int, weight render.Weight, anchor render.Anchor, colour scene.Colour) {
	d.frame.Text(render.Text{X: x, Y: y + size, Size: size, Weight: weight, Anchor: anchor, Colour: gpu.RGBA(colour), String: text})
}
