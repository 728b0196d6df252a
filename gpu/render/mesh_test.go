package render

import (
	"image"
	"image/color"
	"slices"
	"strings"
	"testing"

	"headscope/gpu"
	"headscope/gpu/gputest"

	"pgregory.net/rapid"
)

// meshStage is a mesh, a picture to draw it on, and textures of full and of half coverage.
type meshStage struct {
	t          *testing.T
	d          *gpu.Device
	mesh       *Mesh
	picture    *gpu.Picture
	full, half *gpu.Texture
}

func newMeshStage(t *testing.T, width, height int) *meshStage {
	t.Helper()
	s := &meshStage{t: t, d: gputest.Device(t)}
	r, err := New(s.d)
	if err != nil {
		t.Fatal(err)
	}
	s.mesh = r.NewMesh()
	if s.picture, err = s.d.NewPicture(width, height); err != nil {
		t.Fatal(err)
	}
	if s.full, err = s.d.NewTexture("full", 1, 1, []byte{255}); err != nil {
		t.Fatal(err)
	}
	if s.half, err = s.d.NewTexture("half", 1, 1, []byte{128}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.mesh.Release()
		s.mesh.Release() // a second release does nothing
		s.full.Release()
		s.half.Release()
		s.picture.Release()
		r.Release()
	})
	return s
}

// draw draws a mesh on black.
func (s *meshStage) draw(vertices []Vertex, indices []uint32, pieces ...Piece) (*image.NRGBA, error) {
	s.t.Helper()
	rec := s.d.Record("mesh")
	rec.Render(gpu.Pass{Target: s.picture, Clear: gpu.RGBA{0, 0, 0, 1}})
	s.mesh.Draw(rec, s.picture, vertices, indices, pieces)
	if err := rec.Submit(); err != nil {
		return nil, err
	}
	return s.picture.Image()
}

// check compares all pixels within a rounding.
func (s *meshStage) check(name string, img *image.NRGBA, want func(p image.Point) color.NRGBA) {
	s.t.Helper()
	near := func(a, b uint8) bool { return max(a, b)-min(a, b) <= 1 }
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			got, want := img.NRGBAAt(x, y), want(image.Pt(x, y))
			if !near(got.R, want.R) || !near(got.G, want.G) || !near(got.B, want.B) || got.A != 255 {
				s.t.Fatalf("%s: pixel (%d, %d) is %v, want %v", name, x, y, got, want)
			}
		}
	}
}

// rectangle is two triangles with the whole texture.
func rectangle(r image.Rectangle, colour uint32) []Vertex {
	x0, y0, x1, y1 := float32(r.Min.X), float32(r.Min.Y), float32(r.Max.X), float32(r.Max.Y)
	return []Vertex{{x0, y0, 0, 0, colour}, {x1, y0, 1, 0, colour}, {x1, y1, 1, 1, colour}, {x0, y1, 0, 1, colour}}
}

var (
	quad       = []uint32{0, 1, 2, 0, 2, 3}
	everywhere = image.Rect(0, 0, 1000, 1000)
	blackest   = color.NRGBA{A: 255}
)

func TestMesh(t *testing.T) {
	s := newMeshStage(t, 31, 17)
	box := image.Rect(3, 2, 12, 15)
	inside := func(r image.Rectangle, c color.NRGBA) func(image.Point) color.NRGBA {
		return func(p image.Point) color.NRGBA {
			if p.In(r) {
				return c
			}
			return blackest
		}
	}
	red := color.NRGBA{R: 255, A: 255}
	clip := image.Rect(-5, 5, 7, 9)
	for _, c := range []struct {
		name   string
		colour uint32
		piece  Piece
		want   func(image.Point) color.NRGBA
	}{
		{"opaque", 0xff0000ff, Piece{0, 6, everywhere, s.full}, inside(box, red)},
		{"alpha", 0x800000ff, Piece{0, 6, everywhere, s.full}, inside(box, color.NRGBA{R: 128})},
		{"coverage", 0xff0000ff, Piece{0, 6, everywhere, s.half}, inside(box, color.NRGBA{R: 128})},
		{"both", 0x800000ff, Piece{0, 6, everywhere, s.half}, inside(box, color.NRGBA{R: 64})},
		{"clipped", 0xff0000ff, Piece{0, 6, clip, s.full}, inside(box.Intersect(clip), red)},
		{"clipped away", 0xff0000ff, Piece{0, 6, image.Rect(50, 0, 60, 10), s.full}, inside(box, blackest)},
		{"an empty clip", 0xff0000ff, Piece{0, 6, image.Rectangle{}, s.full}, inside(box, blackest)},
		{"no indices", 0xff0000ff, Piece{6, 0, everywhere, s.full}, inside(box, blackest)},
	} {
		img, err := s.draw(rectangle(box, c.colour), quad, c.piece)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		s.check(c.name, img, c.want)
	}
	img, err := s.draw(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.check("an empty list", img, func(image.Point) color.NRGBA { return blackest })
}

// Large rectangles of one colour, which have a shader of their own, look as small ones do and
// keep their turn.
func TestMeshPlain(t *testing.T) {
	s := newMeshStage(t, 97, 75)
	var vertices []Vertex
	var indices []uint32
	boxes := []struct {
		image.Rectangle
		colour uint32
	}{
		{image.Rect(0, 0, 9, 9), 0xff0000ff},
		{image.Rect(0, 0, 97, 75), 0x8000ff00},
		{image.Rect(3, 3, 20, 20), 0xff0000ff},
		{image.Rect(10, 5, 90, 70), 0x80ff0000},
	}
	for _, b := range boxes {
		for _, k := range quad {
			indices = append(indices, uint32(len(vertices))+k)
		}
		for _, v := range rectangle(b.Rectangle, b.colour) {
			v.U, v.V = 0.5, 0.5
			vertices = append(vertices, v)
		}
	}
	clip := image.Rect(1, 2, 80, 60)
	for _, c := range []struct {
		texture  *gpu.Texture
		coverage float64
	}{{s.full, 1}, {s.half, 128.0 / 255}} {
		img, err := s.draw(vertices, indices, Piece{0, len(indices), clip, c.texture})
		if err != nil {
			t.Fatal(err)
		}
		s.check("boxes", img, func(p image.Point) color.NRGBA {
			if !p.In(clip) {
				return blackest
			}
			var sum [3]float64
			for _, b := range boxes {
				if alpha := float64(b.colour>>24) / 255 * c.coverage; p.In(b.Rectangle) {
					for k := range sum {
						sum[k] += alpha * (float64(b.colour>>(8*k)&255) - sum[k])
					}
				}
			}
			return color.NRGBA{R: uint8(sum[0] + 0.5), G: uint8(sum[1] + 0.5), B: uint8(sum[2] + 0.5)}
		})
	}
}

// One triangle is drawn as one, and colours run between its corners.
func TestMeshTriangle(t *testing.T) {
	s := newMeshStage(t, 16, 16)
	img, err := s.draw([]Vertex{{0, 0, 0, 0, 0xff000000}, {16, 0, 0, 0, 0xff0000ff}, {0, 16, 0, 0, 0xff000000}}, []uint32{0, 1, 2}, Piece{0, 3, everywhere, s.full})
	if err != nil {
		t.Fatal(err)
	}
	for y := range 16 {
		for x := range 16 {
			want := 0.0
			if x+y < 15 {
				want = 255 * (float64(x) + 0.5) / 16
			}
			if got := float64(img.NRGBAAt(x, y).R); x+y != 15 && (got < want-1 || got > want+1) {
				t.Fatalf("pixel (%d, %d) is %v, want %.1f", x, y, got, want)
			}
		}
	}
}

// Later pieces lie over earlier ones, each with its texture; the mesh grows and shrinks.
func TestMeshOrder(t *testing.T) {
	s := newMeshStage(t, 9, 5)
	for _, n := range []int{1, 1000, 3} {
		var vertices []Vertex
		var indices []uint32
		var pieces []Piece
		for i := range n {
			for _, k := range quad {
				indices = append(indices, uint32(len(vertices))+k)
			}
			colour := uint32(0xff00ff00)
			if i == n-1 {
				colour = 0xff0000ff
			}
			vertices = append(vertices, rectangle(image.Rect(0, 0, 9, 5), colour)...)
			pieces = append(pieces, Piece{6 * i, 6, everywhere, s.full})
		}
		pieces[n-1].Texture = s.half
		img, err := s.draw(vertices, indices, pieces...)
		if err != nil {
			t.Fatal(err)
		}
		want := color.NRGBA{R: 128, G: 127}
		if n == 1 {
			want.G = 0
		}
		s.check("the last over the others", img, func(image.Point) color.NRGBA { return want })
	}
}

func TestMeshErrors(t *testing.T) {
	s := newMeshStage(t, 4, 4)
	vertices := rectangle(image.Rect(0, 0, 4, 4), 0xff0000ff)
	for _, c := range []struct {
		name    string
		indices []uint32
		piece   Piece
		want    string
	}{
		{"an index too large", []uint32{0, 1, 4}, Piece{0, 3, everywhere, s.full}, "index 4 of a mesh of 4 vertices"},
		{"a piece too long", quad, Piece{3, 6, everywhere, s.full}, "piece of 6 indices from 3"},
		{"a piece from before", quad, Piece{-3, 3, everywhere, s.full}, "from -3"},
		{"no whole triangles", quad, Piece{0, 4, everywhere, s.full}, "piece of 4"},
		{"no texture", quad, Piece{0, 6, everywhere, nil}, "texture false"},
	} {
		if _, err := s.draw(vertices, c.indices, c.piece); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v; want one line with %q", c.name, err, c.want)
		}
	}
}

// A rectangle of a texture is replaced, and nothing else.
func TestTextureWrite(t *testing.T) {
	const width, height = 13, 7
	s := newMeshStage(t, width, height)
	texture, err := s.d.NewTexture("sheet", width, height, make([]byte, width*height))
	if err != nil {
		t.Fatal(err)
	}
	defer texture.Release()
	r := image.Rect(4, 1, 9, 6)
	const pitch = 11
	pixels := make([]byte, pitch*(r.Dy()-1)+r.Dx())
	for i := range pixels {
		pixels[i] = byte(3 * i)
	}
	if err := texture.Write(r.Min.X, r.Min.Y, r.Dx(), r.Dy(), pixels, pitch); err != nil {
		t.Fatal(err)
	}
	img, err := s.draw(rectangle(image.Rect(0, 0, width, height), 0xff0000ff), quad, Piece{0, 6, everywhere, texture})
	if err != nil {
		t.Fatal(err)
	}
	s.check("written", img, func(p image.Point) color.NRGBA {
		if !p.In(r) {
			return blackest
		}
		return color.NRGBA{R: pixels[(p.Y-r.Min.Y)*pitch+p.X-r.Min.X]}
	})
	colours, err := s.d.NewColours("colours", 4, 4, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer colours.Release()
	released, err := s.d.NewTexture("released", 4, 4, make([]byte, 16))
	if err != nil {
		t.Fatal(err)
	}
	released.Release()
	for _, c := range []struct {
		texture             *gpu.Texture
		x, y, width, height int
		bytes, pitch        int
		want                string
	}{
		{texture, 9, 0, 5, 1, 5, 5, "5 x 1 texels at (9, 0)"},
		{texture, 0, -1, 1, 1, 1, 1, "at (0, -1)"},
		{texture, 0, 0, 0, 1, 1, 1, "0 x 1"},
		{texture, 0, 0, 4, 2, 8, 3, "3 a row"},
		{texture, 0, 0, 4, 2, 8, 5, "8 bytes"},
		{colours, 0, 0, 1, 1, 1, 1, "more than one byte"},
		{released, 0, 0, 1, 1, 1, 1, "released"},
	} {
		err := c.texture.Write(c.x, c.y, c.width, c.height, make([]byte, c.bytes), c.pitch)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// Strips hold the triangles that were given, in their order.
func TestStrips(t *testing.T) {
	sorted := func(a, b, c uint32) [3]uint32 {
		s := [3]uint32{a, b, c}
		slices.Sort(s[:])
		return s
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 12).Draw(t, "triangles")
		indices := rapid.SliceOfN(rapid.Uint32Range(0, 5), 3*n, 3*n).Draw(t, "indices")
		var want, got [][3]uint32
		for i := 0; i < 3*n; i += 3 {
			want = append(want, sorted(indices[i], indices[i+1], indices[i+2]))
		}
		for _, s := range appendStrips(nil, indices) {
			got = append(got, sorted(s[0], s[1], s[2]))
			if s[2] != s[3] {
				got = append(got, sorted(s[1], s[2], s[3]))
			}
		}
		// A triangle without an area may be left out.
		flat := func(s [3]uint32) bool { return s[0] == s[1] || s[1] == s[2] }
		if want, got = slices.DeleteFunc(want, flat), slices.DeleteFunc(got, flat); !slices.Equal(want, got) {
			t.Fatalf("triangles %v, want %v", got, want)
		}
	})
	if n := len(appendStrips(nil, append([]uint32{4, 5, 6, 6, 7, 4}, quad...))); n != 2 {
		t.Errorf("two rectangles are %d strips", n)
	}
}
