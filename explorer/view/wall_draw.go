package view

import (
	"fmt"
	"image"

	"headscope/explorer/scene"
	"headscope/gpu"
	"headscope/gpu/render"
)

// wallDrawing is one picture of a wall in the making.
type wallDrawing struct {
	*Wall
	wallLayout
	colours
	texts  []render.Text
	chosen int // place of the chosen head, below 0: none
	hover  int // and of the one under the pointer
}

// Draw records the picture over the region of the target. layers holds each layer's attention
// [heads, n, n], n being Tokens or less where elements stand for several, and its pyramid;
// places of layers without one stay empty.
func (w *Wall) Draw(rec *gpu.Recorder, r *render.Renderer, target gpu.Target, region image.Rectangle, layers []render.Layer) {
	if w.frame == nil {
		w.frame = r.NewFrame()
	}
	f, c := w.frame, w.Theme.colours()
	f.Reset()
	f.Clip(region)
	f.Box(region.Min.X, region.Min.Y, region.Dx(), region.Dy(), gpu.RGBA(c.background))
	if l, ok := w.arrange(region); ok {
		if err := w.check(layers); err != nil {
			rec.Fail(err)
			return
		}
		f.Clip(l.inner)
		f.Heatmaps(render.Grid{
			X: l.at.X, Y: l.at.Y, Side: l.side, PitchX: l.pitchX(), PitchY: l.pitchY(), Columns: l.columns, Ranks: l.places,
			Palette: c.palette, Range: 1, Causal: true, Masked: gpu.RGBA(c.masked),
		}, layers)
		d := w.drawing(l)
		d.marks()
		f.Clip(region)
		d.names()
		d.headers()
		for _, t := range d.texts {
			f.Text(t)
		}
		d.labels(r.Fonts)
	}
	f.DrawOver(rec, target)
}

func (w *Wall) drawing(l wallLayout) *wallDrawing {
	d := &wallDrawing{Wall: w, wallLayout: l, colours: w.Theme.colours(), chosen: w.place(w.Layer, w.Head, l.places), hover: -1}
	if w.Hover != nil {
		d.hover = w.place(w.Hover.Layer, w.Hover.Head, l.places)
	}
	return d
}

// check says what does not fit to the wall in the layers.
func (w *Wall) check(layers []render.Layer) error {
	if len(layers) != w.Layers {
		return fmt.Errorf("atlas: attention of %d layers; expected %d", len(layers), w.Layers)
	}
	for i, l := range layers {
		if v := l.Values; v.Buffer != nil && (v.Batch != w.Heads || v.Rows > w.Tokens) {
			return fmt.Errorf("atlas: attention of layer %d is %v; expected [%d, %d, %d]", i, v, w.Heads, w.Tokens, w.Tokens)
		}
	}
	return nil
}

// each calls do for the patterns that are seen.
func (d *wallDrawing) each(do func(place int, p pattern, seen image.Rectangle)) {
	for place, head := range d.heads {
		if p := d.pattern(place); head >= 0 && !p.seen().Empty() {
			do(place, p, p.seen())
		}
	}
}

// marks draws lines along the chosen token's rows, and frames around the chosen head, the one
// under the pointer and its element there.
func (d *wallDrawing) marks() {
	mark, pale := gpu.RGBA(d.Theme.mark()), gpu.RGBA(d.colours.muted)
	thin := max(1, d.em/13)
	d.frame.Clip(d.inner.Inset(-min(d.gap, 2*thin)))
	d.each(func(place int, p pattern, seen image.Rectangle) {
		square := d.square(place)
		if d.Token >= 0 && d.Token < d.wallLayout.tokens {
			lo, hi := p.rowSpan(d.Token)
			d.frame.Box(seen.Min.X, lo-thin, seen.Dx(), thin, mark)
			d.frame.Box(seen.Min.X, hi, seen.Dx(), thin, mark)
		}
		switch place {
		case d.chosen:
			outline(d.frame, square, min(d.gap, 2*thin), mark)
		case d.hover:
			outline(d.frame, square, min(d.gap, thin), pale)
		}
		if place == d.hover && d.side >= 5*p.n {
			outline(d.frame, p.block(d.Hover.I, 1, d.Hover.J, 1), thin, mark)
		}
	})
}

// rowSpan is the pixels [lo, hi) of the target that row i is shown in: the one with its middle
// where rows are smaller than pixels.
func (p pattern) rowSpan(i int) (lo, hi int) {
	if p.n > p.side {
		at := p.at.Y + (2*i+1)*p.side/(2*p.n)
		return at, at + 1
	}
	return p.at.Y + p.begin(i), p.at.Y + p.begin(i+1)
}

// outline draws a frame around a rectangle, so many pixels wide.
func outline(f *render.Frame, r image.Rectangle, width int, colour gpu.RGBA) {
	outer := r.Inset(-width)
	f.Box(outer.Min.X, outer.Min.Y, outer.Dx(), width, colour)
	f.Box(outer.Min.X, r.Max.Y, outer.Dx(), width, colour)
	f.Box(outer.Min.X, r.Min.Y, width, r.Dy(), colour)
	f.Box(r.Max.X, r.Min.Y, width, r.Dy(), colour)
}

// text adds a line of text whose box begins at y and is lineHeight high.
func (d *wallDrawing) text(x, y int, text string, size int, weight render.Weight, anchor render.Anchor, colour scene.Colour) {
	d.texts = append(d.texts, render.Text{X: x, Y: y + size, Size: size, Weight: weight, Anchor: anchor, Colour: gpu.RGBA(colour), String: text})
}

// names writes each head's name over what is seen of it, its number at the right end.
func (d *wallDrawing) names() {
	if d.caption == 0 {
		return
	}
	name := int(d.nameEms * float64(d.caption))
	d.each(func(place int, p pattern, seen image.Rectangle) {
		head, colour, y := d.heads[place], d.colours.text, seen.Min.Y-lineHeight(d.caption)
		if place == d.chosen {
			colour = d.Theme.mark()
		}
		if seen.Dx() >= name {
			d.text(seen.Min.X, y, headName(head, d.Heads), d.caption, render.Bold, render.Left, colour)
		}
		if d.numbers && seen.Dx() == d.side {
			d.text(seen.Max.X, y, number(d.values[head]), d.caption, render.Regular, render.Right, d.muted)
		}
	})
}

// headers names the layers left of the rows and the heads over the columns, beside what is
// seen of them; where they are too small for all names, every second, fifth, tenth ... is
// there. A sorted wall has no such rows and columns.
func (d *wallDrawing) headers() {
	if d.headerY == 0 {
		return
	}
	x, y := max(d.at.X, d.inner.Min.X)-d.left-d.small/2, max(d.at.Y, d.inner.Min.Y)-d.top-d.headerY
	widest := d.headerX - d.small/2
	// middle is that of the pixels [lo, hi), as far as they are seen; false where a name of a
	// size has no room.
	middle := func(lo, hi, from, to, size int) (int, bool) {
		lo, hi = max(lo, from), min(hi, to)
		return (lo + hi) / 2, hi-lo >= min(size, d.side)
	}
	colour := func(chosen bool) (render.Weight, scene.Colour) {
		if chosen {
			return render.Bold, d.Theme.mark()
		}
		return render.Regular, d.muted
	}
	for head := 0; head < d.Heads; head += every(widest+d.small/2, d.pitchX()) {
		s := d.square(head)
		if at, ok := middle(s.Min.X, s.Max.X, d.inner.Min.X, d.inner.Max.X, widest); ok {
			weight, colour := colour(head == d.Head && d.chosen >= 0)
			d.text(at, y, fmt.Sprintf("H%d", head), d.small, weight, render.Center, colour)
		}
	}
	line := lineHeight(d.small)
	for layer := 0; layer < d.Layers; layer += every(line, d.pitchY()) {
		s := d.square(layer * d.Heads)
		if at, ok := middle(s.Min.Y, s.Max.Y, d.inner.Min.Y, d.inner.Max.Y, line); ok {
			weight, colour := colour(layer == d.Layer && d.chosen >= 0)
			d.text(x, at-line/2, fmt.Sprintf("L%d", layer), d.small, weight, render.Right, colour)
		}
	}
}

// labels writes the tokens beside what is seen of each head, if that is not too little.
func (d *wallDrawing) labels(fonts *render.Fonts) {
	if !d.written {
		return
	}
	d.each(func(place int, p pattern, seen image.Rectangle) {
		if seen.Dx() < 9*d.small || seen.Dy() < 3*d.small {
			return
		}
		l := tokenLabels{fonts: fonts, size: d.small, colour: d.muted, strong: d.colours.text, tokens: d.Labels, row: d.Token, column: -1}
		if place == d.hover {
			l.row, l.column = d.Hover.I, d.Hover.J
		}
		l.draw(d.frame, p)
	})
}
