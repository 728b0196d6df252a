package view

import (
	"image"
	"image/color"
	"math"
	"math/rand"
	"strings"
	"testing"

	"headscope/gpu"
	"headscope/gpu/gputest"
	"headscope/gpu/kernels"
	"headscope/gpu/render"
	"headscope/wgsl/cpu"
)

// mounted is a wall's attention on a device.
type mounted struct {
	d      *gpu.Device
	r      *render.Renderer
	data   [][]float32 // of a layer: heads, n, n
	layers []render.Layer
}

func mount(t *testing.T, w *Wall) *mounted {
	t.Helper()
	m := &mounted{d: gputest.Device(t)}
	var err error
	if m.r, err = render.New(m.d); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.r.Release)
	t.Cleanup(w.Release)
	rng := rand.New(rand.NewSource(8))
	rec, n := m.d.Record("pyramids"), w.Tokens
	for l := range w.Layers {
		var data []float32
		for h := range w.Heads {
			data = append(data, gputest.Pattern(gputest.Patterns[(l*w.Heads+h)%len(gputest.Patterns)], n, rng)...)
		}
		values, err := m.d.Upload("attn", w.Heads*n, n, data)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(values.Buffer.Release)
		values.Batch, values.Rows, values.BatchStride = w.Heads, n, n*values.RowStride
		_, cells := kernels.PyramidLevels(n, n)
		pyramid, err := m.d.NewStorage("pyramid", uint64(w.Heads*cells)*8)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(pyramid.Release)
		kernels.Pyramid(rec, pyramid, values)
		m.data, m.layers = append(m.data, data), append(m.layers, render.Layer{Values: values, Pyramid: pyramid})
	}
	if err := rec.Submit(); err != nil {
		t.Fatal(err)
	}
	return m
}

// draw is the wall over a part of a green picture.
func (m *mounted) draw(t *testing.T, w *Wall, width, height int, region image.Rectangle) *image.NRGBA {
	t.Helper()
	p, err := m.d.NewPicture(width, height)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Release()
	rec := m.d.Record("wall")
	green := m.r.NewFrame()
	defer green.Release()
	green.Draw(rec, p, gpu.RGBA{0, 1, 0, 1})
	w.Draw(rec, m.r, p, region, m.layers)
	if err := rec.Submit(); err != nil {
		t.Fatal(err)
	}
	img, err := p.Image()
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// At every zoom each pixel has the colour of the element that is picked there, and outside of
// the region nothing is drawn.
func TestWallShowsAttention(t *testing.T) {
	w := newWall(3, 4, 13)
	m := mount(t, w)
	region := image.Rect(20, 10, 290, 230)
	colour := func(c [3]float64, got color.NRGBA) bool {
		off := 0.0
		for i, g := range []uint8{got.R, got.G, got.B} {
			off = max(off, math.Abs(float64(g)-255*c[i]))
		}
		return off < 1.6
	}
	for _, sort := range []Trait{ByLayer, Previous} {
		for _, theme := range []Theme{Paper, Ink} {
			for _, zoom := range []float64{1, 1.7, 6, 1e9} {
				w.Sort, w.Theme, w.Zoom, w.X, w.Y = sort, theme, zoom, 0.4, 0.3
				img := m.draw(t, w, 310, 240, region)
				masked, palette, found := w.Theme.colours().masked, w.Theme.colours().palette, 0
				for y := range 240 {
					for x := range 310 {
						got := img.NRGBAAt(x, y)
						if !image.Pt(x, y).In(region) {
							if got != (color.NRGBA{G: 255, A: 255}) {
								t.Fatalf("zoom %v: (%d, %d) outside of the region is %v", zoom, x, y, got)
							}
							continue
						}
						spot, ok := w.Pick(region, x, y)
						if !ok {
							continue
						}
						found++
						want := [3]float64{float64(masked[0]), float64(masked[1]), float64(masked[2])}
						if spot.J <= spot.I {
							want = cpu.Colour(float64(m.data[spot.Layer][(spot.Head*13+spot.I)*13+spot.J]), 1, palette)
						}
						if !colour(want, got) {
							t.Fatalf("%s, zoom %v: (%d, %d) is %v, want %.3f of 1 for %+v", sort, zoom, x, y, got, want, spot)
						}
					}
				}
				if found < 10000 {
					t.Errorf("%s, zoom %v: %d pixels show attention", sort, zoom, found)
				}
			}
		}
	}
}

// The chosen token's row has a line on either side in each head, however small.
func TestWallToken(t *testing.T) {
	w := newWall(3, 4, 100)
	m := mount(t, w)
	region := image.Rect(0, 0, 250, 200)
	for _, zoom := range []float64{1, 3, 60} {
		for _, token := range []int{0, 41, 99} {
			w.Token, w.Zoom, w.X, w.Y = token, zoom, 0.5, 0.5
			img := m.draw(t, w, 250, 200, region)
			l, _ := w.arrange(region)
			mark := w.Theme.mark()
			want := color.NRGBA{uint8(math.Round(255 * float64(mark[0]))), uint8(math.Round(255 * float64(mark[1]))), uint8(math.Round(255 * float64(mark[2]))), 255}
			w.drawing(l).each(func(_ int, p pattern, seen image.Rectangle) {
				lo, hi := p.rowSpan(token)
				x := (seen.Min.X + seen.Max.X) / 2
				for y := seen.Min.Y; y < seen.Max.Y; y++ {
					if line := y == lo-1 || y == hi; line != (img.NRGBAAt(x, y) == want) {
						t.Errorf("zoom %v, token %d: (%d, %d) is %v, the row at [%d, %d)", zoom, token, x, y, img.NRGBAAt(x, y), lo, hi)
					}
				}
			})
		}
	}
}

func TestGoldenWall(t *testing.T) {
	w := newWall(4, 6, 24)
	m := mount(t, w)
	region := image.Rect(0, 0, 256, 200)
	w.Token, w.Layer, w.Head, w.Hover = 15, 1, 2, &Spot{2, 3, 9, 4}
	w.X, w.Y, w.Zoom = w.Zoomed(region, 128, 100, 2)
	gputest.Golden(t, "wall_layer_paper", m.draw(t, w, 256, 200, region))
	w.X, w.Y, w.Zoom, w.Theme, w.Sort = 0.5, 0.5, 1, Ink, Previous
	gputest.Golden(t, "wall_previous_ink", m.draw(t, w, 256, 200, region))
	if live := m.d.Live(); live.Buffers == 0 {
		t.Error("the wall keeps nothing for its next picture")
	}
}

// A wall in focus writes its tokens.
func TestWallLabels(t *testing.T) {
	w := newWall(2, 2, 9)
	m := mount(t, w)
	region := image.Rect(0, 0, 560, 480)
	w.X, w.Y, w.Zoom = w.Focus(region, 0, 0)
	l, _ := w.arrange(region)
	if !l.written {
		t.Fatalf("a square of %d pixels has no tokens", l.side)
	}
	img := m.draw(t, w, 560, 480, region)
	square := l.square(0)
	for i := range 9 {
		lo, hi := l.pattern(0).rowSpan(i)
		inked := 0
		for y := lo; y < hi; y++ {
			for x := square.Min.X - l.left; x < square.Min.X; x++ {
				if luma(img.NRGBAAt(x, y)) < 160 {
					inked++
				}
			}
		}
		if inked < 20 {
			t.Errorf("beside row %d, in [%d, %d), %d pixels are inked", i, lo, hi, inked)
		}
	}
}

func luma(c color.NRGBA) float64 {
	return 0.2126*float64(c.R) + 0.7152*float64(c.G) + 0.0722*float64(c.B)
}

// What cannot be drawn is an error or the background, never a crash.
func TestWallBad(t *testing.T) {
	w := newWall(2, 2, 9)
	m := mount(t, w)
	region := image.Rect(0, 0, 200, 200)
	p, err := m.d.NewPicture(200, 200)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Release()
	draw := func(w *Wall, region image.Rectangle, layers []render.Layer) error {
		rec := m.d.Record("bad")
		w.Draw(rec, m.r, p, region, layers)
		return rec.Submit()
	}
	if err := draw(w, region, m.layers[:1]); err == nil || !strings.Contains(err.Error(), "attention of 1 layers; expected 2") {
		t.Errorf("too few layers: %v", err)
	}
	other := *w
	other.Tokens = 8
	if err := draw(&other, region, m.layers); err == nil || !strings.Contains(err.Error(), "expected [2, 8, 8]") {
		t.Errorf("too many rows: %v", err)
	}
	for name, change := range map[string]func(w *Wall){
		"no layers":     func(w *Wall) { w.Layers = 0 },
		"no tokens":     func(w *Wall) { w.Tokens = 0 },
		"all left out":  func(w *Wall) { w.Filter = Filter{First, 2, 3} },
		"unknown trait": func(w *Wall) { w.Sort, w.Filter.Trait = "loudness", "loudness" },
	} {
		bad := *w
		change(&bad)
		if err := draw(&bad, region, m.layers); err != nil && name != "no layers" {
			t.Errorf("%s: %v", name, err)
		}
		bad.Zoomed(region, 100, 100, 2)
		bad.Panned(region, 5, 5)
		bad.Focus(region, 0, 0)
		bad.Next(0, 0, 1, 0)
		if s, ok := bad.Pick(region, 100, 100); ok {
			t.Errorf("%s: %+v is picked", name, s)
		}
	}
	for _, region := range []image.Rectangle{{}, image.Rect(3, 3, 4, 4), image.Rect(50, 50, 60, 200)} {
		if err := draw(w, region, m.layers); err != nil {
			t.Errorf("region %v: %v", region, err)
		}
	}
	for _, bad := range []float64{math.NaN(), math.Inf(1), -3} {
		w.X, w.Y, w.Zoom, w.Scale = bad, bad, bad, bad
		if err := draw(w, region, m.layers); err != nil {
			t.Errorf("placed at %v: %v", bad, err)
		}
	}
}
