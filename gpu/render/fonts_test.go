package render

import (
	"image"
	"strings"
	"testing"

	"headscope/gpu"
	"headscope/gpu/gputest"

	"golang.org/x/image/math/fixed"
	"pgregory.net/rapid"
)

func newFonts(t testing.TB) *Fonts {
	f, err := NewFonts()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestVisible(t *testing.T) {
	f := newFonts(t)
	for text, want := range map[string]string{
		"":                    "",
		"L5H4 .93":            "L5H4 .93",
		"naïve “Zürich”… × –": "naïve “Zürich”… × –",
		"здравствуй":          "здравствуй",
		"日本":                  `\u65e5\u672c`,
		"a😀":                  `a\U0001f600`,
		"one\ntwo\tthree\r":   `one\ntwo\tthree\r`,
		"\x00\x7f":            `\u0000\u007f`,
		"\xff\xe6":            `\xff\xe6`,
	} {
		for w := range weights {
			if got := f.Visible(text, w); got != want {
				t.Errorf("typeface %d: %q is shown as %q, want %q", w, text, got, want)
			}
		}
	}
}

func TestMeasure(t *testing.T) {
	f := newFonts(t)
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.String().Draw(t, "a"), rapid.String().Draw(t, "b")
		size, w := rapid.IntRange(1, 200).Draw(t, "size"), Weight(rapid.IntRange(0, int(weights)-1).Draw(t, "weight"))
		wa, wb, both := f.Measure(a, size, w), f.Measure(b, size, w), f.Measure(a+b, size, w)
		// Kerning between the two is a fraction of the em; bytes that join to a rune get
		// narrower than their escapes.
		if both > wa+wb+size/2 || wa < 0 {
			t.Fatalf("%q is %d wide, its parts %q and %q are %d and %d", a+b, both, a, b, wa, wb)
		}
		n, one := len([]rune(f.Visible(a, w))), f.each("0", faceKey{size, w}, nil)
		if all := one * fixed.Int26_6(n); w == Mono && wa != all.Ceil() {
			t.Fatalf("%d mono runes are %d wide, one is %v", n, wa, one)
		}
	})
	if small, large := f.Measure("headscope", 10, Regular), f.Measure("headscope", 20, Regular); large < 2*small-3 || large > 2*small+1 {
		t.Errorf("size 10 is %d wide, size 20 %d", small, large)
	}
	if f.Measure("headscope", 20, Bold) <= f.Measure("headscope", 20, Regular) {
		t.Error("bold is not wider than regular")
	}
}

func TestElide(t *testing.T) {
	f := newFonts(t)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		size, width := rapid.IntRange(1, 60).Draw(t, "size"), rapid.IntRange(0, 600).Draw(t, "width")
		got, all := f.Elide(text, size, Regular, width), f.Visible(text, Regular)
		if f.Measure(got, size, Regular) > width {
			t.Fatalf("%q is %d wide, more than %d", got, f.Measure(got, size, Regular), width)
		}
		fits := f.Measure(all, size, Regular) <= width
		if fits && got != all || !fits && got != "" && !strings.HasPrefix(all, strings.TrimSuffix(got, "…")) {
			t.Fatalf("%q in %d pixels became %q", all, width, got)
		}
	})
	if got := f.Elide("the wheel turned", 16, Regular, 90); got != "the wheel…" {
		t.Errorf("elided to %q", got)
	}
	if got := f.Elide("wheel", 16, Regular, 3); got != "" {
		t.Errorf("elided to %q where nothing fits", got)
	}
}

// Open faces stay few however many sizes are asked for.
func TestFacesAreBounded(t *testing.T) {
	f := newFonts(t)
	for size := range 10 * maxFaces {
		f.Measure("x", size, Regular)
	}
	if len(f.faces) > maxFaces {
		t.Errorf("%d faces are open", len(f.faces))
	}
}

// A full glyph sheet says so, and begins anew; text that never fits is an error.
func TestGlyphSheetFull(t *testing.T) {
	d := gputest.Device(t)
	r, err := New(d)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	full := false
	for size := 20; size < 60 && !full; size++ {
		for c := 'a'; c <= 'z'; c++ {
			_, ok := r.sheet.get(r.Fonts, glyphKey{faceKey{size, Regular}, c, 0}, 100)
			full = full || !ok
		}
	}
	if !full || r.sheet.pixels.Rect.Dy() > 100 {
		t.Errorf("the sheet is %v and not full", r.sheet.pixels.Rect)
	}
	r.sheet.reset()
	if _, ok := r.sheet.get(r.Fonts, glyphKey{faceKey{20, Regular}, 'a', 0}, 100); !ok {
		t.Error("a fresh sheet holds no glyph")
	}
	if _, _, err := r.typeset([]Text{{Size: 9000, String: "W"}}); err == nil {
		t.Error("a glyph larger than any texture was accepted")
	}
	if list, _, err := r.typeset([]Text{{Size: 20, String: "a a"}}); err != nil || len(list) != 2 {
		t.Errorf("after that: %d glyphs, %v; want the two letters", len(list), err)
	}
}

// picture renders a frame of the size that fill draws into.
func picture(t testing.TB, d *gpu.Device, r *Renderer, width, height int, background gpu.RGBA, fill func(f *Frame)) *image.NRGBA {
	t.Helper()
	p, err := d.NewPicture(width, height)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Release()
	f := r.NewFrame()
	defer f.Release()
	fill(f)
	rec := d.Record("test")
	f.Draw(rec, p, background)
	if err := rec.Submit(); err != nil {
		t.Fatal(err)
	}
	img, err := p.Image()
	if err != nil {
		t.Fatal(err)
	}
	return img
}

var white, black = gpu.RGBA{1, 1, 1, 1}, gpu.RGBA{0, 0, 0, 1}

// The ink of a text lies where its anchor and its measure say, and begins and ends there.
func TestTextPlace(t *testing.T) {
	d := gputest.Device(t)
	r, err := New(d)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	for _, size := range []int{9, 17, 31, 40} {
		for anchor, part := range map[Anchor]float64{Left: 0, Center: 0.5, Right: 1} {
			width := r.Fonts.Measure("Hx dH", size, Regular)
			img := picture(t, d, r, 256, 64, white, func(f *Frame) {
				f.Text(Text{X: 128, Y: 48, Size: size, Anchor: anchor, Colour: black, String: "Hx dH"})
			})
			ink := image.Rectangle{}
			for y := range 64 {
				for x := range 256 {
					if img.NRGBAAt(x, y).R < 200 {
						ink = ink.Union(image.Rect(x, y, x+1, y+1))
					}
				}
			}
			left := 128 - int(part*float64(width)+0.5)
			box := image.Rect(left-1, 48-size, left+width+1, 49)
			if !ink.In(box) || ink.Dx() < width-size/3-2 || ink.Dy() < size*6/10 || ink.Max.Y < 48 {
				t.Errorf("size %d, anchor %d: ink %v, box %v", size, anchor, ink, box)
			}
		}
	}
}
