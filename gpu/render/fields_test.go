package render

import (
	"bytes"
	"image"
	"image/color"
	"math"
	"testing"

	"headscope/gpu"
	"headscope/gpu/gputest"

	"golang.org/x/image/math/fixed"
	"pgregory.net/rapid"
)

// blended blends the sheet's texels at a place in texels, as a smooth sampler does.
func blended(s *fieldSheet, x, y float64) float64 {
	x, y = x-0.5, y-0.5
	x0, y0 := math.Floor(x), math.Floor(y)
	at := func(x, y float64) float64 {
		x, y = min(max(x, 0), sheetWidth-1), min(max(y, 0), float64(s.rows-1))
		return float64(s.pixels[int(y)*sheetWidth+int(x)]) / 255
	}
	top := at(x0, y0)*(1-x+x0) + at(x0+1, y0)*(x-x0)
	low := at(x0, y0+1)*(1-x+x0) + at(x0+1, y0+1)*(x-x0)
	return top*(1-y+y0) + low*(y-y0)
}

// draw makes the coverage of a field at a size, over the pixels of box, which are relative
// to the pen, y down: the edge is one pixel wide.
func (f field) draw(s *fieldSheet, size float64, box image.Rectangle) []float64 {
	out := make([]float64, 0, box.Dx()*box.Dy())
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			u := ((float64(x)+0.5)/size - float64(f.Left)) / float64(f.Right-f.Left)
			v := (float64(f.Top) + (float64(y)+0.5)/size) / float64(f.Top-f.Bottom)
			c := 0.0
			if u >= 0 && u <= 1 && v >= 0 && v <= 1 {
				d := blended(s, float64(f.X)+u*float64(f.Width), float64(f.Y)+v*float64(f.Height)) - 0.5
				c = min(max(0.5+d*fieldSpread*size, 0), 1)
			}
			out = append(out, c)
		}
	}
	return out
}

// rasterised is the coverage by the font library, and its box with a pixel around it.
func rasterised(t testing.TB, fonts *Fonts, w Weight, r rune, size int) ([]float64, image.Rectangle) {
	to, mask, at, _, ok := fonts.face(faceKey{size, w}).Glyph(fixed.Point26_6{}, r)
	if !ok {
		t.Fatalf("no glyph for %q", r)
	}
	box := to.Inset(-1)
	out := make([]float64, 0, box.Dx()*box.Dy())
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			c := 0.0
			if p := image.Pt(x, y); p.In(to) {
				_, _, _, a := mask.At(at.X+x-to.Min.X, at.Y+y-to.Min.Y).RGBA()
				c = float64(a) / 0xffff
			}
			out = append(out, c)
		}
	}
	return out, box
}

// pieces counts the connected areas of ink and of background; pixels of ink join by
// corners, too.
func pieces(cover []float64, box image.Rectangle) (ink, background int) {
	seen := make([]bool, len(cover))
	for i := range cover {
		if seen[i] {
			continue
		}
		inside := cover[i] > 0.5
		if inside {
			ink++
		} else {
			background++
		}
		seen[i] = true
		for todo := []int{i}; len(todo) > 0; {
			x, y := todo[0]%box.Dx(), todo[0]/box.Dx()
			todo = todo[1:]
			for dy := -1; dy <= 1; dy++ {
				for dx := -1; dx <= 1; dx++ {
					if p := image.Pt(x+dx, y+dy); (inside || dx*dy == 0) && p.In(image.Rect(0, 0, box.Dx(), box.Dy())) {
						if j := p.Y*box.Dx() + p.X; !seen[j] && (cover[j] > 0.5) == inside {
							seen[j], todo = true, append(todo, j)
						}
					}
				}
			}
		}
	}
	return ink, background
}

// Glyphs drawn from their fields are those that the font library draws: nearly the same
// coverage, and hardly a pixel, next to corners of large letters, that is plainly ink in
// one and plainly none in the other.
func TestFieldsDrawGlyphs(t *testing.T) {
	fonts, s := newFonts(t), newFieldSheet(4096)
	for w := range weights {
		for _, size := range []int{8, 12, 40, 200, 400} {
			bound := 0.02
			if size <= 12 { // strokes are thinner than a pixel
				bound = 0.42 / float64(size)
			}
			texel := float64(size) / fieldTexels
			for _, r := range "ABMWagijkmsy0458@%&.,:-_()[]×ÄßЖ…" {
				f, ok := s.get(fonts, w, r)
				if !ok || f.Empty {
					t.Fatalf("no field for %q", r)
				}
				want, box := rasterised(t, fonts, w, r, size)
				got, mean, wrong := f.draw(s, float64(size), box), 0.0, 0
				for i := range want {
					off := math.Abs(got[i] - want[i])
					mean += off / float64(len(want))
					if off > 0.75 {
						wrong++
					}
				}
				if mean > bound || float64(wrong) > 6*texel*texel {
					t.Errorf("typeface %d, %q at %d: coverage is off by %.4f in the mean, by more than 3/4 in %d of %d pixels", w, r, size, mean, wrong, len(want))
				}
			}
		}
	}
}

// Strokes neither break nor melt together, as the pieces of ink and of background tell.
func TestFieldsKeepTopology(t *testing.T) {
	fonts, s := newFonts(t), newFieldSheet(4096)
	known := map[rune][2]int{'A': {1, 2}, 'B': {1, 3}, '8': {1, 3}, '@': {1, 2}, 'i': {2, 1}, '%': {3, 3}, ':': {2, 1}}
	for w := range weights {
		for r := '!'; r <= '~'; r++ {
			for _, size := range []int{40, 200} {
				f, _ := s.get(fonts, w, r)
				want, box := rasterised(t, fonts, w, r, size)
				ink, background := pieces(f.draw(s, float64(size), box), box)
				wantInk, wantBackground := pieces(want, box)
				if k, ok := known[r]; ok {
					wantInk, wantBackground = k[0], k[1]
				}
				if ink != wantInk || background != wantBackground {
					t.Errorf("typeface %d, %q at %d: %d pieces of ink and %d of background, want %d and %d", w, r, size, ink, background, wantInk, wantBackground)
				}
			}
		}
	}
}

// The field of a disc is the distance to its circle, to half a pixel.
func TestDistanceFieldOfDisc(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		radius := rapid.Float64Range(5, 90).Draw(t, "radius")
		cx, cy := rapid.Float64Range(-70, 70).Draw(t, "x"), rapid.Float64Range(-70, 70).Draw(t, "y")
		to := image.Rect(int(math.Floor(cx-radius)), int(math.Floor(cy-radius)), int(math.Ceil(cx+radius)), int(math.Ceil(cy+radius))).Inset(-1)
		cover := image.NewAlpha(to)
		for y := to.Min.Y; y < to.Max.Y; y++ {
			for x := to.Min.X; x < to.Max.X; x++ {
				d := radius - math.Hypot(float64(x)+0.5-cx, float64(y)+0.5-cy)
				cover.SetAlpha(x, y, color.Alpha{A: uint8(255 * min(1, max(0, 0.5+d)))})
			}
		}
		box := image.Rect(texelAt(to.Min.X), texelAt(to.Min.Y), texelAt(to.Max.X)+1, texelAt(to.Max.Y)+1).Inset(-fieldMargin)
		for i, v := range distanceField(cover, box) {
			x, y := float64(box.Min.X+i%box.Dx())+0.5, float64(box.Min.Y+i/box.Dx())+0.5
			d := radius - math.Hypot(x*fieldFine-cx, y*fieldFine-cy)
			got, want := float64(v)/255*fieldSpread*fieldEm, min(max(0.5*fieldSpread*fieldEm+d, 0), fieldSpread*fieldEm)
			if math.Abs(got-want) > 0.5 {
				t.Fatalf("texel %d of %v: %.2f pixels, want %.2f", i, box, got, want)
			}
		}
	})
}

// Every rectangle keeps to itself: it ends in zeros, so that blending at its edge takes
// nothing from its neighbours, and the ink of neighbours lies elsewhere.
func TestFieldsDoNotBleed(t *testing.T) {
	fonts, s := newFonts(t), newFieldSheet(4096)
	used := make([]rune, 4096*sheetWidth)
	for w := range weights {
		for r := ' '; r < 'ſ'; r++ {
			f, ok := s.get(fonts, w, r)
			if !ok {
				t.Fatalf("the sheet is full at %q", r)
			}
			top := byte(0)
			for y := f.Y; y < f.Y+f.Height; y++ {
				for x := f.X; x < f.X+f.Width; x++ {
					i := y*sheetWidth + x
					v, border := s.pixels[i], x == f.X || y == f.Y || x == f.X+f.Width-1 || y == f.Y+f.Height-1
					if border && v != 0 {
						t.Fatalf("%q: %d at the border", r, v)
					}
					if used[i] != 0 {
						t.Fatalf("%q lies on %q", r, used[i])
					}
					used[i], top = r, max(top, v)
				}
			}
			if f.Empty != (top < 128) {
				t.Errorf("%q: empty is %v, the field reaches %d", r, f.Empty, top)
			}
		}
	}
	for i, v := range s.pixels {
		if v != 0 && used[i] == 0 {
			t.Fatalf("%d outside every field", v)
		}
	}
}

// A full sheet says so, keeps what it has, and begins anew.
func TestFieldSheetFull(t *testing.T) {
	fonts, s := newFonts(t), newFieldSheet(200)
	first, ok := s.get(fonts, Regular, 'A')
	rows := s.rows
	if !ok || rows < first.Height {
		t.Fatalf("%+v, %v on a fresh sheet of %d rows", first, ok, s.rows)
	}
	before := bytes.Clone(s.pixels)
	full, grown := false, false
	for r := '!'; r < 'ſ' && !full; r++ {
		_, ok := s.get(fonts, Bold, r)
		full, grown = !ok, grown || s.rows > rows
	}
	if !full || !grown || s.rows > 200 || len(s.pixels) != s.rows*sheetWidth {
		t.Errorf("full %v, grown %v: %d rows, %d bytes", full, grown, s.rows, len(s.pixels))
	}
	for y := first.Y; y < first.Y+first.Height; y++ {
		at := y*sheetWidth + first.X
		if !bytes.Equal(s.pixels[at:at+first.Width], before[at:at+first.Width]) {
			t.Fatalf("row %d of the first field has changed", y)
		}
	}
	if f, ok := s.get(fonts, Regular, 'A'); !ok || f != first {
		t.Errorf("the first field is %+v, %v; was %+v", f, ok, first)
	}
	if _, ok := s.line(fonts, Mono, "Of all the quick brown foxes that jump over lazy dogs, 0123456789 JUST FIVE PACKED MY BOX WITH Z & Q."); ok {
		t.Error("a line of many glyphs was placed on a full sheet")
	}
	s.reset()
	if f, ok := s.get(fonts, Regular, 'A'); !ok || f != first {
		t.Errorf("after a reset the first field is %+v, %v; was %+v", f, ok, first)
	}
	if _, ok := newFieldSheet(10).get(fonts, Regular, 'A'); ok {
		t.Error("a sheet of 10 rows holds an A")
	}
}

// A field depends on its rune and typeface only, not on what was measured before.
func TestFieldsAreDeterministic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		runes := rapid.SliceOfNDistinct(rapid.RuneFrom([]rune("Hamburgefonstiv 0123456789@Ä…")), 1, 12, rapid.ID).Draw(t, "runes")
		w := Weight(rapid.IntRange(0, int(weights)-1).Draw(t, "weight"))
		fonts, err := NewFonts()
		if err != nil {
			t.Fatal(err)
		}
		a, b := newFieldSheet(4096), newFieldSheet(4096)
		for i := range runes {
			a.get(fonts, w, runes[i])
			b.get(fonts, w, runes[len(runes)-1-i])
		}
		for _, r := range runes {
			fa, _ := a.get(fonts, w, r)
			fb, _ := b.get(fonts, w, r)
			for y := range fa.Height {
				ra, rb := (fa.Y+y)*sheetWidth+fa.X, (fb.Y+y)*sheetWidth+fb.X
				if !bytes.Equal(a.pixels[ra:ra+fa.Width], b.pixels[rb:rb+fb.Width]) {
					t.Fatalf("%q differs in row %d", r, y)
				}
			}
			if fa.X, fa.Y, fb.X, fb.Y = 0, 0, 0, 0; fa != fb {
				t.Fatalf("%q: %+v and %+v", r, fa, fb)
			}
		}
	})
}

// Lines are as wide as flat text, shown with the same escapes, and their pens are in order.
func TestFieldLine(t *testing.T) {
	fonts, s := newFonts(t), newFieldSheet(1<<14)
	rapid.Check(t, func(t *rapid.T) {
		text, w := rapid.String().Draw(t, "text"), Weight(rapid.IntRange(0, int(weights)-1).Draw(t, "weight"))
		visible, size := fonts.Visible(text, w), 96
		glyphs, last := 0, float32(0)
		line, ok := s.line(fonts, w, text)
		for i, f := range line.fields {
			pen := line.pens[i]
			if f.Empty || f.Right <= f.Left || f.Top <= f.Bottom || pen < last {
				t.Fatalf("pen %v behind %v, field %+v", pen, last, f)
			}
			glyphs, last = glyphs+1, pen
		}
		width := line.width
		if want := fonts.Measure(text, size, w); !ok || math.Abs(float64(width)*float64(size)-float64(want)) > 1+0.01*float64(want) {
			t.Fatalf("%q is %v em wide, %d pixels at %d; placed %v", text, width, want, size, ok)
		}
		ink := 0
		for _, r := range visible {
			if f, _ := s.get(fonts, w, r); !f.Empty {
				ink++
			}
		}
		if glyphs != ink {
			t.Fatalf("%q: %d glyphs of %d", text, glyphs, ink)
		}
	})
	line, _ := s.line(fonts, Mono, "a b")
	if pens := line.pens; len(pens) != 2 || pens[0] != 0 || math.Abs(float64(pens[1]/line.width)-2.0/3) > 1e-3 {
		t.Errorf("the pens of %q are %v, its width is %v", "a b", pens, line.width)
	}
	if f, ok := s.get(fonts, Regular, ' '); !ok || f != (field{Empty: true}) {
		t.Errorf("a space is %+v, %v", f, ok)
	}
}

func TestCapHeight(t *testing.T) {
	fonts := newFonts(t)
	for w := range weights {
		bounds, _, _ := fonts.face(faceKey{1000, w}).GlyphBounds('H')
		if got, want := float64(fonts.CapHeight(w)), -float64(bounds.Min.Y)/64000; math.Abs(got-want) > 0.005 {
			t.Errorf("typeface %d: capitals are %v em high, H is %v", w, got, want)
		}
	}
}

// The texture is made anew after changes only, and none outlives a reset.
func TestFieldSheetUpload(t *testing.T) {
	d := gputest.Device(t)
	fonts, s := newFonts(t), newFieldSheet(int(d.Limits.TextureSize))
	upload := func() *gpu.Texture {
		texture, err := s.upload(d)
		if err != nil {
			t.Fatal(err)
		}
		if texture.Width != sheetWidth || texture.Height != s.rows {
			t.Fatalf("a texture of %d x %d for %d rows", texture.Width, texture.Height, s.rows)
		}
		return texture
	}
	empty := upload()
	s.get(fonts, Regular, ' ')
	if upload() != empty {
		t.Error("a space changed the texture")
	}
	s.get(fonts, Regular, 'a')
	one := upload()
	if one == empty {
		t.Error("a glyph did not change the texture")
	}
	s.get(fonts, Regular, 'a')
	if upload() != one {
		t.Error("a known glyph changed the texture")
	}
	s.reset()
	s.reset()
}

// What a glyph costs at its first use.
func BenchmarkField(b *testing.B) {
	fonts := newFonts(b)
	runes := []rune("ABMWagijkms0458@%&.,:-_()[]×ÄßЖ…")
	fonts.Measure("x", fieldEm, Regular)
	n := 0
	for b.Loop() {
		s := newFieldSheet(4096)
		for _, r := range runes {
			s.get(fonts, Regular, r)
		}
		n += len(runes)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(n), "us/glyph")
}
