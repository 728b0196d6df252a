package render

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"math"
	"math/rand"
	"testing"

	"headscope/gpu"
	"headscope/wgsl/cpu"

	"pgregory.net/rapid"
)

var red, green, blue = gpu.RGBA{1, 0, 0, 1}, gpu.RGBA{0, 1, 0, 1}, gpu.RGBA{0, 0, 1, 1}

// What is added later is drawn over what is there, whatever it is.
func TestPaintersOrder(t *testing.T) {
	d, r := deviceAndRenderer(t)
	ones := layerOf(t, d, 1, 2, []float32{1, 1, 1, 1})
	heat := cpu.Colour(1, 1, cpu.Ink)
	map1 := Grid{Side: 8, Columns: 1, Ranks: []int{0}, Range: 1, Palette: cpu.Ink}
	box := func(f *Frame) { f.Box(0, 0, 8, 8, red) }
	heatmap := func(f *Frame) { f.Heatmaps(map1, []Layer{ones}) }
	block := func(f *Frame) { f.Text(Text{X: -2, Y: 12, Size: 18, Colour: blue, String: "█"}) }
	if !r.Fonts.Has('█', Regular) {
		t.Fatal("the typeface has no full block")
	}
	colours := map[string]color.NRGBA{
		"box": {R: 255, A: 255}, "text": {B: 255, A: 255},
		"heatmap": {uint8(math.Round(255 * heat[0])), uint8(math.Round(255 * heat[1])), uint8(math.Round(255 * heat[2])), 255},
	}
	things := map[string]func(f *Frame){"box": box, "heatmap": heatmap, "text": block}
	for first, draw1 := range things {
		for last, draw2 := range things {
			img := picture(t, d, r, 8, 8, white, func(f *Frame) { draw1(f); draw2(f) })
			if got := img.NRGBAAt(4, 4); got != colours[last] {
				t.Errorf("%s over %s: %v, want %v", last, first, got, colours[last])
			}
		}
	}
}

// What is clipped is what lies in the rectangle of the picture without a clip.
func TestClip(t *testing.T) {
	d, r := deviceAndRenderer(t)
	fill := sample(t, d, cpu.Paper, black)
	whole := picture(t, d, r, 252, 208, white, fill)
	nothing := picture(t, d, r, 252, 208, white, func(f *Frame) {})
	rapid.Check(t, func(rt *rapid.T) {
		at := rapid.IntRange(-20, 270)
		clip := image.Rect(at.Draw(rt, "x0"), at.Draw(rt, "y0"), at.Draw(rt, "x1"), at.Draw(rt, "y1"))
		if clip == (image.Rectangle{}) {
			clip = image.Rect(1, 1, 1, 1)
		}
		img := picture(t, d, r, 252, 208, white, func(f *Frame) { f.Clip(clip); fill(f) })
		for y := range 208 {
			for x := range 252 {
				want := nothing
				if image.Pt(x, y).In(clip) {
					want = whole
				}
				if img.NRGBAAt(x, y) != want.NRGBAAt(x, y) {
					rt.Fatalf("clip %v: pixel (%d, %d) is %v, want %v", clip, x, y, img.NRGBAAt(x, y), want.NRGBAAt(x, y))
				}
			}
		}
	})
}

// Grids of models of several sizes stand side by side, each under its own clip.
func TestSeveralGrids(t *testing.T) {
	d, r := deviceAndRenderer(t)
	ones := func(heads, n int) Layer {
		data := make([]float32, heads*n*n)
		for i := range data {
			data[i] = 1
		}
		return layerOf(t, d, heads, n, data)
	}
	a, b, c := ones(2, 3), ones(3, 1), ones(1, 70)
	img := picture(t, d, r, 40, 12, white, func(f *Frame) {
		f.Heatmaps(Grid{Side: 4, PitchX: 5, PitchY: 5, Columns: 2, Ranks: []int{0, 1, 3, 2}, Range: 1}, []Layer{{}, a})
		f.Heatmaps(Grid{}, nil)
		f.Clip(image.Rect(12, 0, 40, 3))
		f.Heatmaps(Grid{X: 12, Side: 4, PitchX: 5, Columns: 3, Ranks: []int{2, -1, 0}, Range: 1}, []Layer{b})
		f.Clip(image.Rect(0, 0, 39, 12))
		f.Heatmaps(Grid{X: 30, Y: 2, Side: 10, Columns: 1, Ranks: []int{0}, Range: 1}, []Layer{c, {}}[:1])
	})
	for y := range 12 {
		for x := range 40 {
			p := image.Pt(x, y)
			want := p.In(image.Rect(0, 5, 4, 9)) || p.In(image.Rect(5, 5, 9, 9)) ||
				p.In(image.Rect(12, 0, 16, 3)) || p.In(image.Rect(22, 0, 26, 3)) || p.In(image.Rect(30, 2, 39, 12))
			if dark := luminance(img, x, y) < 100; dark != want {
				t.Errorf("pixel (%d, %d) is dark: %v", x, y, dark)
			}
		}
	}
}

// A frame that draws one picture after another keeps its lists, and nothing of the last one.
func TestReset(t *testing.T) {
	d, r := deviceAndRenderer(t)
	fill, other := sample(t, d, cpu.Paper, black), sample(t, d, cpu.Ink, red)
	want := picture(t, d, r, 252, 208, white, fill)
	p, err := d.NewPicture(252, 208)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Release()
	f := r.NewFrame()
	defer f.Release()
	draw := func(fill func(f *Frame)) *image.NRGBA {
		f.Reset()
		fill(f)
		rec := d.Record("again")
		f.Draw(rec, p, white)
		if err := rec.Submit(); err != nil {
			t.Fatal(err)
		}
		img, err := p.Image()
		if err != nil {
			t.Fatal(err)
		}
		return img
	}
	draw(fill)
	draw(func(f *Frame) { f.Clip(image.Rect(1, 1, 2, 2)); other(f) })
	live := d.Live()
	for range 3 {
		if got := draw(fill); !bytes.Equal(got.Pix, want.Pix) {
			t.Error("the frame draws another picture than a new one")
		}
		draw(other)
	}
	if got := d.Live(); got != live {
		t.Errorf("alive are %+v, after the first ones %+v", got, live)
	}
}

// A picture over a part of the target leaves the rest as it is.
func TestDrawOverAPart(t *testing.T) {
	d, r := deviceAndRenderer(t)
	p, err := d.NewPicture(16, 16)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Release()
	rec := d.Record("parts")
	under, over := r.NewFrame(), r.NewFrame()
	defer under.Release()
	defer over.Release()
	under.Draw(rec, p, green)
	over.Clip(image.Rect(4, 5, 9, 11))
	over.Box(0, 0, 16, 16, blue)
	over.DrawOver(rec, p)
	if err := rec.Submit(); err != nil {
		t.Fatal(err)
	}
	img, err := p.Image()
	if err != nil {
		t.Fatal(err)
	}
	for y := range 16 {
		for x := range 16 {
			want := color.NRGBA{G: 255, A: 255}
			if image.Pt(x, y).In(image.Rect(4, 5, 9, 11)) {
				want = color.NRGBA{B: 255, A: 255}
			}
			if got := img.NRGBAAt(x, y); got != want {
				t.Fatalf("pixel (%d, %d) is %v", x, y, got)
			}
		}
	}
}

// However far a square reaches beyond the target, each pixel shows the cell under its centre.
func TestHugeHeatmaps(t *testing.T) {
	d, r := deviceAndRenderer(t)
	const width, height = 61, 47
	rng := rand.New(rand.NewSource(5))
	for _, n := range []int{1, 2, 255, 1000, 1024} {
		data := make([]float32, n*n)
		for i := range data {
			data[i] = rng.Float32()
		}
		layer := layerOf(t, d, 1, n, data)
		for _, side := range []int{2048, 65535, 65536, MaxSide(max(n, 64))} {
			for _, at := range [][2]float64{{0, 0}, {1, 1}, {0.5, 0.5}, {rng.Float64(), rng.Float64()}, {rng.Float64(), rng.Float64()}} {
				x0, y0 := int(at[0]*float64(width-side)), int(at[1]*float64(height-side))
				img := picture(t, d, r, width, height, white, func(f *Frame) {
					f.Heatmaps(Grid{X: x0, Y: y0, Side: side, Columns: 1, Ranks: []int{0}, Range: 1}, []Layer{layer})
				})
				if err := showsCells(img, data, n, side, x0, y0); err != nil {
					t.Errorf("%d tokens on %d pixels at (%d, %d): %v", n, side, x0, y0, err)
				}
			}
		}
	}
}

func showsCells(img *image.NRGBA, data []float32, n, side, x0, y0 int) error {
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			i, j := (2*(y-y0)+1)*n/(2*side), (2*(x-x0)+1)*n/(2*side)
			want, got := cpu.Colour(float64(data[i*n+j]), 1, cpu.Paper), img.NRGBAAt(x, y)
			for c, g := range []uint8{got.R, got.G, got.B} {
				if math.Abs(float64(g)-255*want[c]) > 1.5 {
					return fmt.Errorf("pixel (%d, %d) is %v, want %.3f of 1: element (%d, %d)", x, y, got, want, i, j)
				}
			}
		}
	}
	return nil
}
