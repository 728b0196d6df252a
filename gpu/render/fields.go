package render

import (
	"image"
	"image/draw"
	"math"

	"headscope/gpu"

	"golang.org/x/image/math/fixed"
)

// Text that lies in space is seen at every size and slant at once, so its glyphs are kept
// as distance fields instead of coverage: how far each texel's centre is from the
// outline. Blended between texels and cut off at the outline, with an edge as wide as one
// pixel of the screen, a field is crisp from small print to letters that fill the window.
const (
	// fieldTexels is the texels of an em: enough for the sharpest notches of ASCII, those of
	// "@" and "k", to stay open where a blended field rounds them.
	fieldTexels = 56
	// fieldFine is the pixels along a texel that distances are measured from. It is odd so
	// that a texel's centre is the centre of a pixel.
	fieldFine = 5
	// fieldSpread is the distance, in em, over which a field rises from 0 outside to 1
	// inside; the outline lies in its middle. Half of it is half a pixel where the em is 4
	// pixels: below that size edges stay sharper than a pixel.
	fieldSpread = 0.25
	// fieldMargin is the texels around the ink: as many as the field takes to fall to 0, and
	// one for a border of zeros, which keeps neighbours on the sheet out of blended samples.
	fieldMargin = fieldTexels*fieldSpread/2 + 1

	fieldEm = fieldTexels * fieldFine // pixels
)

// field is the distance field of a rune: where it is on the sheet, and where that
// rectangle goes relative to the pen on the baseline, in em, y up.
type field struct {
	X, Y, Width, Height      int // texels
	Left, Top, Right, Bottom float32
	Empty                    bool // no ink, as of a space: nothing is on the sheet
}

type fieldKey struct {
	weight Weight
	r      rune
}

// fieldSheet holds the distance field of every glyph used, packed in shelves as on
// [glyphSheet]. A byte is 0.5 at the outline and larger inside, see fieldSpread.
type fieldSheet struct {
	limit   int // most rows: the side of the device's textures
	rows    int
	pixels  []byte // rows * sheetWidth
	fields  map[fieldKey]field
	lines   map[fieldText]fieldLine // texts that were placed: labels are the same in every frame
	x, y    int                     // next free place on the open shelf
	shelf   int                     // height of the open shelf
	texture *gpu.Texture            // owned; a copy of pixels, or nil when they have changed
}

// newFieldSheet makes an empty sheet of at most limit rows. It owns a texture once it was
// uploaded: reset frees it.
func newFieldSheet(limit int) *fieldSheet {
	s := &fieldSheet{limit: limit}
	s.reset()
	return s
}

// reset empties the sheet and frees its texture.
func (s *fieldSheet) reset() {
	s.texture.Release()
	*s = fieldSheet{limit: s.limit, fields: map[fieldKey]field{}, lines: map[fieldText]fieldLine{}}
}

// get finds or measures the field of a rune that the typeface has; false means that the
// sheet is full.
func (s *fieldSheet) get(fonts *Fonts, w Weight, r rune) (field, bool) {
	k := fieldKey{w, r}
	if f, ok := s.fields[k]; ok {
		return f, true
	}
	to, mask, at, _, ok := fonts.face(faceKey{fieldEm, w}).Glyph(fixed.Point26_6{}, r)
	if !ok || to.Empty() {
		s.fields[k] = field{Empty: true}
		return s.fields[k], true
	}
	// In texels from the pen, y down.
	box := image.Rect(texelAt(to.Min.X), texelAt(to.Min.Y), texelAt(to.Max.X-1)+1, texelAt(to.Max.Y-1)+1).Inset(-fieldMargin)
	width, height := box.Dx(), box.Dy()
	if s.x+width > sheetWidth {
		s.x, s.y, s.shelf = 0, s.y+s.shelf, 0
	}
	if s.y+height > s.limit {
		return field{}, false
	}
	if s.y+height > s.rows {
		s.rows = min(s.limit, max(2*s.rows, s.y+height))
		s.pixels = append(s.pixels, make([]byte, s.rows*sheetWidth-len(s.pixels))...)
	}
	cover := image.NewAlpha(to.Inset(-1)) // an empty pixel on every side closes the outline
	draw.Draw(cover, to, mask, at, draw.Src)
	for i, v := range distanceField(cover, box) {
		s.pixels[(s.y+i/width)*sheetWidth+s.x+i%width] = v
	}
	f := field{
		X: s.x, Y: s.y, Width: width, Height: height,
		Left: float32(box.Min.X) / fieldTexels, Right: float32(box.Max.X) / fieldTexels,
		Top: -float32(box.Min.Y) / fieldTexels, Bottom: -float32(box.Max.Y) / fieldTexels,
	}
	s.x, s.shelf = s.x+width, max(s.shelf, height)
	s.fields[k] = f
	s.texture.Release()
	s.texture = nil
	return f, true
}

// texelAt is the texel that a pixel lies in.
func texelAt(pixel int) int { return int(math.Floor(float64(pixel) / fieldFine)) }

// upload returns the sheet as a texture, made anew after changes.
func (s *fieldSheet) upload(d *gpu.Device) (*gpu.Texture, error) {
	if s.texture != nil {
		return s.texture, nil
	}
	if s.rows == 0 { // a texture has at least one row
		s.rows, s.pixels = 1, make([]byte, sheetWidth)
	}
	var err error
	s.texture, err = d.NewTexture("fields", sheetWidth, s.rows, s.pixels)
	return s.texture, err
}

// fieldText is a text in a typeface.
type fieldText struct {
	weight Weight
	text   string
}

// fieldLine is a line of text: its glyphs with ink, where the pen is for each, and its
// advance, in em.
type fieldLine struct {
	fields []field
	pens   []float32
	width  float32
}

// maxLines bounds how many lines are kept.
const maxLines = 1 << 14

// line places a line of text, made visible as [Fonts.Visible] does and kerned. false means
// that the sheet is full and that glyphs are missing.
func (s *fieldSheet) line(fonts *Fonts, w Weight, text string) (line fieldLine, ok bool) {
	if line, ok = s.lines[fieldText{w, text}]; ok {
		return line, true
	}
	ok = true
	advance := fonts.each(fonts.Visible(text, w), faceKey{fieldEm, w}, func(r rune, pen fixed.Int26_6) {
		f, fits := s.get(fonts, w, r)
		ok = ok && fits
		if fits && !f.Empty {
			line.fields, line.pens = append(line.fields, f), append(line.pens, ems(pen))
		}
	})
	line.width = ems(advance)
	if ok {
		if len(s.lines) == maxLines {
			clear(s.lines)
		}
		s.lines[fieldText{w, text}] = line
	}
	return line, ok
}

// CapHeight is the height of a typeface's capitals over the baseline, in em.
func (f *Fonts) CapHeight(w Weight) float32 {
	return ems(f.face(faceKey{fieldEm, w}).Metrics().CapHeight)
}

// ems turns a length at fieldEm pixels an em into em.
func ems(v fixed.Int26_6) float32 { return float32(v) / (64 * fieldEm) }

// distanceField measures the texels of box, row-major. Both box, in texels, and the
// coverage, in pixels of which fieldFine make a texel's side, are relative to the pen.
//
// The outline is where coverage, blended between the centres of neighbouring pixels,
// crosses a half: points on the lines through the pixels' centres, placed to a fraction of
// a pixel. The distance of a texel is that to the nearest of the points, which a transform
// a direction finds exactly: one for the crossings along rows, one for those along columns.
func distanceField(cover *image.Alpha, box image.Rectangle) []byte {
	width, height := box.Dx(), box.Dy()
	first := box.Min.Mul(fieldFine).Add(image.Pt(fieldFine/2, fieldFine/2)) // texel's centre
	x := fieldAxis{pixels: cover.Rect.Dx(), step: 1, texels: width, stride: 1, first: first.X - cover.Rect.Min.X}
	y := fieldAxis{pixels: cover.Rect.Dy(), step: cover.Stride, texels: height, stride: width, first: first.Y - cover.Rect.Min.Y}
	squares := make([]float32, width*height)
	for i := range squares {
		squares[i] = math.MaxFloat32
	}
	lower(squares, cover.Pix, x, y)
	lower(squares, cover.Pix, y, x)

	out := make([]byte, width*height)
	for i, square := range squares {
		centre := first.Add(image.Pt(i%width, i/width).Mul(fieldFine))
		d := -math.Sqrt(float64(square))
		if cover.AlphaAt(centre.X, centre.Y).A > fieldHalf {
			d = -d
		}
		out[i] = byte(math.Round(255 * min(1, max(0, 0.5+d/(fieldSpread*fieldEm)))))
	}
	return out
}

// fieldHalf is the coverage that is still outside; the next one is inside.
const fieldHalf = 127

// fieldAxis is a direction in the coverage and in the field.
type fieldAxis struct {
	pixels, step   int // in the coverage: their number, and from one to the next
	texels, stride int // in the field, likewise
	first          int // the pixel at the centre of the first texel; it may be outside
}

// lower lowers the squared distances of texels, in pixels, to those from the crossings
// of the outline with the lines along a, of which there is one a pixel of b.
//
// Along a line the nearest crossing is found by walking both; across the lines the least
// of (b - line)^2 + gap(line)^2 is the lower envelope of parabolas of Felzenszwalb and
// Huttenlocher, "Distance Transforms of Sampled Functions" (2012), of which only the
// values at texels are asked for.
func lower(squares []float32, cover []byte, a, b fieldAxis) {
	gaps := make([]float32, a.texels*b.pixels) // squared, [a][b]; < 0 on a line without crossings
	var crossings []float32
	for line := range b.pixels {
		crossings = crossings[:0]
		at := line * b.step
		before := cover[at]
		for p := 1; p < a.pixels; p++ {
			at += a.step
			here := cover[at]
			if (before > fieldHalf) != (here > fieldHalf) {
				crossings = append(crossings, float32(p-1)+(fieldHalf+0.5-float32(before))/(float32(here)-float32(before)))
			}
			before = here
		}
		k := 0
		for t := range a.texels {
			gap := float32(-1)
			if len(crossings) > 0 {
				centre := float32(a.first + t*fieldFine)
				for k+1 < len(crossings) && crossings[k]+crossings[k+1] < 2*centre {
					k++
				}
				gap = (crossings[k] - centre) * (crossings[k] - centre)
			}
			gaps[t*b.pixels+line] = gap
		}
	}

	lowest := make([]int, b.pixels)     // the lines whose parabolas make the envelope
	starts := make([]float32, b.pixels) // where along b each of them begins to be the lowest
	for t := range a.texels {
		gap, n := gaps[t*b.pixels:(t+1)*b.pixels], 0
		for line, g := range gap {
			if g < 0 {
				continue
			}
			start := float32(-math.MaxFloat32)
			for ; n > 0; n-- {
				last := lowest[n-1]
				start = (g - gap[last] + float32(line*line-last*last)) / float32(2*(line-last))
				if start > starts[n-1] {
					break
				}
				start = -math.MaxFloat32
			}
			lowest[n], starts[n] = line, start
			n++
		}
		if n == 0 {
			continue
		}
		k := 0
		for u := range b.texels {
			centre := b.first + u*fieldFine
			for k+1 < n && starts[k+1] < float32(centre) {
				k++
			}
			away := float32(centre - lowest[k])
			i := t*a.stride + u*b.stride
			squares[i] = min(squares[i], away*away+gap[lowest[k]])
		}
	}
}
