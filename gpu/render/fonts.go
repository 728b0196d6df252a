package render

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// Weight is one of the embedded typefaces.
type Weight uint8

// The typefaces: Go Regular, Go Bold and Go Mono.
const (
	Regular Weight = iota
	Bold
	Mono
	weights
)

// maxFaces bounds how many sizes of typefaces are kept open.
const maxFaces = 64

// Fonts measures text and rasterises glyphs of the embedded typefaces; it needs no device.
// It belongs to one goroutine at a time. Sizes are of the em, in pixels.
//
// What a typeface cannot show, a letter of a script that it lacks, a control character or
// a byte that is no UTF-8, is shown as its Go escape: \u65e5, \n, \xff.
type Fonts struct {
	fonts [weights]*sfnt.Font
	faces map[faceKey]font.Face
	buf   sfnt.Buffer
}

type faceKey struct {
	size   int
	weight Weight
}

// NewFonts parses the embedded typefaces.
func NewFonts() (*Fonts, error) {
	f := &Fonts{faces: map[faceKey]font.Face{}}
	for w, ttf := range [weights][]byte{goregular.TTF, gobold.TTF, gomono.TTF} {
		var err error
		if f.fonts[w], err = opentype.Parse(ttf); err != nil {
			return nil, fmt.Errorf("render: embedded font %d: %w", w, err)
		}
	}
	return f, nil
}

// face opens a typeface at a size.
func (f *Fonts) face(k faceKey) font.Face {
	if face := f.faces[k]; face != nil {
		return face
	}
	if len(f.faces) == maxFaces {
		clear(f.faces)
	}
	// At 72 dots an inch a point is a pixel. The error is of a hinting that is not asked for.
	face, err := opentype.NewFace(f.fonts[k.weight], &opentype.FaceOptions{Size: float64(max(1, k.size)), DPI: 72})
	if err != nil {
		panic(fmt.Sprintf("render: %v", err))
	}
	f.faces[k] = face
	return face
}

// Has reports whether the typeface can show r as itself.
func (f *Fonts) Has(r rune, w Weight) bool {
	index, err := f.fonts[w].GlyphIndex(&f.buf, r)
	return err == nil && index != 0 && (r == ' ' || unicode.IsPrint(r))
}

// Visible replaces what the typeface lacks by escapes.
func (f *Fonts) Visible(text string, w Weight) string {
	var b strings.Builder
	for len(text) > 0 {
		r, n := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, text[0])
		case f.Has(r, w):
			b.WriteRune(r)
		case r == '\n' || r == '\t' || r == '\r':
			b.WriteString(map[rune]string{'\n': `\n`, '\t': `\t`, '\r': `\r`}[r])
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
		text = text[n:]
	}
	return b.String()
}

// each calls glyph for each rune of a visible text with the pen's distance from the
// start, kerned, and returns the whole advance.
func (f *Fonts) each(text string, k faceKey, glyph func(r rune, pen fixed.Int26_6)) fixed.Int26_6 {
	face, pen, before := f.face(k), fixed.Int26_6(0), rune(-1)
	for _, r := range text {
		if before >= 0 {
			pen += face.Kern(before, r)
		}
		if glyph != nil {
			glyph(r, pen)
		}
		advance, _ := face.GlyphAdvance(r)
		pen, before = pen+advance, r
	}
	return pen
}

// Measure is the width of a text in pixels, rounded up.
func (f *Fonts) Measure(text string, size int, w Weight) int {
	return f.each(f.Visible(text, w), faceKey{size, w}, nil).Ceil()
}

// Elide shortens a text that is wider than width pixels: it ends in "…" then, and is ""
// when not even that fits. What comes back is visible.
func (f *Fonts) Elide(text string, size int, w Weight, width int) string {
	k := faceKey{size, w}
	text = f.Visible(text, w)
	if f.each(text, k, nil).Ceil() <= width {
		return text
	}
	var ends []int // byte offsets behind which the text may be cut and fits, ellipsis included
	at, room := 0, fixed.I(width)-f.each("…", k, nil)
	f.each(text, k, func(r rune, pen fixed.Int26_6) {
		if pen <= room {
			ends = append(ends, at)
		}
		at += utf8.RuneLen(r)
	})
	for i := len(ends) - 1; i >= 0; i-- {
		// Kerning against the ellipsis may take a fraction of a pixel more.
		if cut := strings.TrimRight(text[:ends[i]], " ") + "…"; f.each(cut, k, nil).Ceil() <= width {
			return cut
		}
	}
	return ""
}
