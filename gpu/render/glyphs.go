package render

import (
	"fmt"
	"image"
	"image/draw"

	"headscope/gpu"

	"golang.org/x/image/math/fixed"
)

// Below this size glyphs are rasterised at quarters of a pixel along the line, so that
// their distances are even; larger ones start at whole pixels.
const finePens = 32

type glyphKey struct {
	faceKey
	r       rune
	quarter uint8
}

// glyph is a rasterised rune: where its coverage is on the sheet, and where that goes
// relative to the pen.
type glyph struct {
	sheet image.Rectangle
	from  image.Point
}

// glyphSheet holds the coverage of every glyph used lately, packed in shelves: rows as
// high as the highest glyph in them. When it is full it begins anew.
type glyphSheet struct {
	pixels  *image.Alpha
	glyphs  map[glyphKey]glyph
	x, y    int          // next free place on the open shelf
	shelf   int          // height of the open shelf
	texture *gpu.Texture // owned; a copy of pixels, or nil when they have changed
}

const sheetWidth = 2048

func (s *glyphSheet) reset() {
	s.texture.Release()
	*s = glyphSheet{pixels: image.NewAlpha(image.Rect(0, 0, sheetWidth, 64)), glyphs: map[glyphKey]glyph{}}
}

// get finds or rasterises a glyph; false means that the sheet is full.
func (s *glyphSheet) get(fonts *Fonts, k glyphKey, limit int) (glyph, bool) {
	if g, ok := s.glyphs[k]; ok {
		return g, true
	}
	dot := fixed.Point26_6{X: fixed.Int26_6(k.quarter) * 16}
	to, mask, at, _, ok := fonts.face(k.faceKey).Glyph(dot, k.r)
	if !ok || to.Empty() {
		s.glyphs[k] = glyph{}
		return glyph{}, true
	}
	w, h := to.Dx(), to.Dy()
	if s.x+w > sheetWidth {
		s.x, s.y, s.shelf = 0, s.y+s.shelf, 0
	}
	if w > sheetWidth || s.y+h > limit {
		return glyph{}, false
	}
	if have := s.pixels.Rect.Dy(); s.y+h > have {
		grown := image.NewAlpha(image.Rect(0, 0, sheetWidth, min(limit, max(2*have, s.y+h))))
		copy(grown.Pix, s.pixels.Pix)
		s.pixels = grown
	}
	g := glyph{sheet: image.Rect(s.x, s.y, s.x+w, s.y+h), from: to.Min}
	draw.Draw(s.pixels, g.sheet, mask, at, draw.Src)
	s.x, s.shelf = s.x+w, max(s.shelf, h)
	s.glyphs[k] = g
	s.texture.Release()
	s.texture = nil
	return g, true
}

// upload returns the sheet as a texture.
func (s *glyphSheet) upload(d *gpu.Device) (*gpu.Texture, error) {
	var err error
	if s.texture == nil {
		s.texture, err = d.NewTexture("glyphs", sheetWidth, s.pixels.Rect.Dy(), s.pixels.Pix)
	}
	return s.texture, err
}

// glyphInstance is struct Glyph of glyphs.wgsl.
type glyphInstance struct {
	X, Y, SheetX, SheetY, Width, Height int32
	Colour, Unused                      uint32
}

// typeset makes the glyph instances of texts, and says where those of each text end.
func (r *Renderer) typeset(texts []Text) (list []glyphInstance, ends []int, err error) {
	// Of two tries the second one begins with an empty sheet.
	for range 2 {
		if list, ends, ok := r.layout(texts); ok {
			return list, ends, nil
		}
		r.sheet.reset()
	}
	return nil, nil, fmt.Errorf("render: the glyphs of %d texts do not fit into one texture of %s: their sizes are too large", len(texts), r.device.Adapter.Name)
}

// layout places the glyphs; false means that the glyph sheet is full.
func (r *Renderer) layout(texts []Text) (list []glyphInstance, ends []int, fits bool) {
	fits = true
	for _, t := range texts {
		k := faceKey{t.Size, t.Weight}
		text := r.Fonts.Visible(t.String, t.Weight)
		start := t.X
		if t.Anchor != Left {
			width := r.Fonts.each(text, k, nil).Ceil()
			if t.Anchor == Center {
				width = (width + 1) / 2
			}
			start -= width
		}
		colour := pack(t.Colour)
		r.Fonts.each(text, k, func(c rune, pen fixed.Int26_6) {
			quarters := int(pen+8) >> 4
			if t.Size >= finePens {
				quarters = 4 * pen.Round()
			}
			g, ok := r.sheet.get(r.Fonts, glyphKey{k, c, uint8(quarters & 3)}, int(r.device.Limits.TextureSize))
			fits = fits && ok
			if !ok || g.sheet.Empty() {
				return
			}
			x := start + quarters>>2
			list = append(list, glyphInstance{
				X: int32(x + g.from.X), Y: int32(t.Y + g.from.Y), SheetX: int32(g.sheet.Min.X), SheetY: int32(g.sheet.Min.Y),
				Width: int32(g.sheet.Dx()), Height: int32(g.sheet.Dy()), Colour: colour,
			})
		})
		ends = append(ends, len(list))
	}
	return list, ends, fits
}
