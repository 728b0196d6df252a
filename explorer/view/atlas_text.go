package view

import (
	"fmt"
	"strings"

	"headscope/explorer/scene"
	"headscope/gpu/render"
)

// text adds a line whose box begins at y and is lineHeight high; an empty one is left out.
func (c *composer) text(s *scene.Sheet, x, y int, text string, size int, w scene.Weight, a scene.Anchor, colour scene.Colour) {
	if text == "" {
		return
	}
	s.Texts = append(s.Texts, scene.Text{X: x, Y: y + size, Size: size, Weight: w, Anchor: a, Colour: colour, String: text})
}

// heading writes the title and the prompt.
func (c *composer) heading(s *scene.Sheet, p plan) {
	y := p.y
	if p.rich >= withTitle {
		name := c.fonts.Elide(c.Model, c.title, render.Bold, p.width)
		c.text(s, p.x, y, name, c.title, scene.Bold, scene.Left, c.colours.text)
		facts := []string{fmt.Sprintf("%s × %s", count(c.Layers, "layer"), count(c.Heads, "head"))}
		if c.sort() != ByLayer {
			facts = append(facts, "sorted by "+string(c.Sort))
		}
		if c.HeadWidth > 0 {
			facts = append(facts, fmt.Sprintf("d_head %d", c.HeadWidth))
		}
		x := c.fonts.Measure(name, c.title, render.Bold) + c.em
		for n := len(facts); n > 0; n-- { // as many as there is room for
			about := strings.Join(facts[:n], ", ")
			if c.fonts.Measure(about, c.em, render.Regular) <= p.width-x {
				// On the title's baseline.
				c.text(s, p.x+x, y+c.title-c.em, about, c.em, scene.Regular, scene.Left, c.muted)
				break
			}
		}
		y += lineHeight(c.title)
	}
	if p.rich >= withPrompt {
		tokens := count(c.Tokens, "token")
		if c.EndOfText {
			tokens += ", <|endoftext|> counted"
		}
		x := 0
		if room := p.width - c.fonts.Measure(tokens, c.em, render.Regular) - c.em; c.Prompt != "" {
			if prompt := c.elideQuoted(c.Prompt, room); prompt != "" {
				c.text(s, p.x, y, prompt, c.em, scene.Regular, scene.Left, c.colours.text)
				x = c.fonts.Measure(prompt, c.em, render.Regular) + c.em
			}
		}
		c.text(s, p.x+x, y, c.fonts.Elide(tokens, c.em, render.Regular, p.width-x), c.em, scene.Regular, scene.Left, c.muted)
	}
}

// elideQuoted puts a prompt in quotation marks and shortens it to width pixels.
func (c *composer) elideQuoted(prompt string, width int) string {
	marks := c.fonts.Measure("“”", c.em, render.Regular)
	// What cannot be seen anyway need not be measured: no rune is narrower than a pixel.
	if len(prompt) > 4*c.width {
		prompt = strings.ToValidUTF8(prompt[:4*c.width], "") + "…"
	}
	if prompt = c.fonts.Elide(prompt, c.em, render.Regular, width-marks-1); len(prompt) > len("…") {
		return "“" + prompt + "”"
	}
	return ""
}

// count writes a number of things: "1 layer", "12 layers".
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// panel draws the key and the notes as blocks side by side, or one under the other where
// the panel is narrow, and returns the height that they take.
func (c *composer) panel(s *scene.Sheet, p plan, x, y int) int {
	blocks := []func(s *scene.Sheet, x, y, width int) int{c.key}
	if p.rich >= withNotes {
		blocks = append(blocks, func(s *scene.Sheet, x, y, width int) int { return c.notes(s, p.grid, x, y, width) })
	}
	if p.rich >= withFooter && p.bottom == 0 && (c.Adapter != "" || len(c.Next) > 0) {
		blocks = append(blocks, c.footer)
	}
	gutter := 5 * c.em / 2
	columns := max(1, min(len(blocks), (p.panelWidth+gutter)/(17*c.em+gutter)))
	width := (p.panelWidth - (columns-1)*gutter) / columns
	top, below := y, y
	for i, block := range blocks {
		if i > 0 && i%columns == 0 {
			top = below + 6*c.em/5
		}
		below = max(below, top+block(s, x+i%columns*(width+gutter), top, width))
	}
	return below - y
}

// key draws the bar of colours with its ticks.
func (c *composer) key(s *scene.Sheet, x, y, width int) int {
	top := y
	y += c.paragraph(s, x, y, width, "attention weight (square-root scale)", c.colours.text) + c.small/3
	bar := scene.Rect{X: x, Y: y, W: min(width, 24*c.em), H: c.em}
	s.Keys = append(s.Keys, scene.Key{Rect: bar, Palette: c.palette})
	y += bar.H
	ticks := []struct {
		label string
		at    float64 // the root of the value
	}{{"0", 0}, {"1", 1}, {".25", 0.5}, {".05", 0.2236}, {".01", 0.1}}
	thin := max(1, c.em/12)
	var taken []scene.Rect
	for _, t := range ticks {
		tick := x + min(int(t.at*float64(bar.W)), bar.W-thin)
		w := c.fonts.Measure(t.label, c.small, render.Regular)
		left, anchor, at := tick+thin/2-(w+1)/2, scene.Center, tick+thin/2
		switch t.at {
		case 0:
			left, anchor, at = x, scene.Left, x
		case 1:
			left, anchor, at = x+bar.W-w, scene.Right, x+bar.W
		}
		box := scene.Rect{X: left - c.small/3, W: w + 2*(c.small/3), H: 1}
		free := true
		for _, other := range taken {
			free = free && !box.Overlaps(other)
		}
		if free {
			taken = append(taken, box)
			s.Boxes = append(s.Boxes, scene.Box{Rect: scene.Rect{X: tick, Y: y, W: thin, H: c.em / 4}, Colour: c.line})
			c.text(s, at, y+c.em/4, t.label, c.small, scene.Regular, anchor, c.muted)
		}
	}
	return y + c.em/4 + lineHeight(c.small) - top
}

// notes says how to read a pattern.
func (c *composer) notes(s *scene.Sheet, l lattice, x, y, width int) int {
	top := y
	y += c.paragraph(s, x, y, width, "row = query (looks), column = key (looked at)", c.colours.text)
	swatch := c.small * 3 / 4
	s.Boxes = append(s.Boxes, scene.Box{Rect: scene.Rect{X: x, Y: y + c.small - swatch, W: swatch, H: swatch}, Colour: c.masked})
	indent := swatch + c.small/2
	y += c.paragraph(s, x+indent, y, width-indent, "grey: masked, no token sees later ones", c.colours.text)
	if c.sort() != ByLayer {
		y += c.paragraph(s, x, y, width, fmt.Sprintf("%s (falling): %s", c.Sort, traitMeaning[c.Sort]), c.colours.text)
	}
	if k := c.reduction(l); k > 1 {
		y += c.paragraph(s, x, y, width, fmt.Sprintf("a pixel shows up to %d × %d weights: their mean, with lines kept visible", k, k), c.muted)
	}
	return y - top
}

// footer tells what the model expects next, and what computed it.
func (c *composer) footer(s *scene.Sheet, x, y, width int) int {
	top := y
	if len(c.Next) > 0 {
		y += c.paragraph(s, x, y, width, "likeliest next tokens", c.colours.text)
		at := x
		for _, g := range c.Next {
			token, p := fmt.Sprintf("“%s”", g.Token), number(g.P)
			wp := c.fonts.Measure(p, c.small, render.Regular)
			token = c.fonts.Elide(token, c.small, render.Mono, width-wp-c.small)
			wt := c.fonts.Measure(token, c.small, render.Mono) + c.small/2
			if at > x && at+wt+wp > x+width {
				break
			}
			c.text(s, at, y, token, c.small, scene.Mono, scene.Left, c.colours.text)
			c.text(s, at+wt, y, p, c.small, scene.Regular, scene.Left, c.muted)
			at += wt + wp + 3*c.small/2
		}
		y += lineHeight(c.small)
	}
	if c.Adapter != "" {
		y += c.paragraph(s, x, y, width, "computed on "+c.Adapter, c.muted)
	}
	return y - top
}

// paragraph breaks small text into lines of at most width pixels and returns their height.
func (c *composer) paragraph(s *scene.Sheet, x, y, width int, text string, colour scene.Colour) int {
	top, line := y, ""
	flush := func() {
		c.text(s, x, y, c.fonts.Elide(line, c.small, render.Regular, width), c.small, scene.Regular, scene.Left, colour)
		y += lineHeight(c.small)
	}
	for _, word := range strings.Fields(text) {
		if longer := line + " " + word; line == "" {
			line = word
		} else if c.fonts.Measure(longer, c.small, render.Regular) <= width {
			line = longer
		} else {
			flush()
			line = word
		}
	}
	flush()
	return y - top
}
