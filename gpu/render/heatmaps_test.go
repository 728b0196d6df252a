package render

import (
	"bytes"
	"image"
	"math"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"headscope/gpu"
	"headscope/gpu/gputest"
	"headscope/gpu/kernels"
	"headscope/wgsl/cpu"

	"pgregory.net/rapid"
)

// layerOf uploads matrices [heads, n, n] and makes their pyramids.
func layerOf(t testing.TB, d *gpu.Device, heads, n int, data []float32) Layer {
	t.Helper()
	values, err := d.Upload("values", heads*n, n, data)
	if err != nil {
		t.Fatal(err)
	}
	values.Batch, values.Rows, values.BatchStride = heads, n, n*values.RowStride
	_, cells := kernels.PyramidLevels(n, n)
	pyramid, err := d.NewStorage("pyramid", uint64(heads*cells)*8)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		values.Buffer.Release()
		pyramid.Release()
	})
	rec := d.Record("pyramid")
	kernels.Pyramid(rec, pyramid, values)
	if err := rec.Submit(); err != nil {
		t.Fatal(err)
	}
	return Layer{values, pyramid}
}

// deviceAndRenderer are released when the test is over.
func deviceAndRenderer(t testing.TB) (*gpu.Device, *Renderer) {
	t.Helper()
	d := gputest.Device(t)
	r, err := New(d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Release)
	return d, r
}

func TestCellsEqualsTwin(t *testing.T) {
	d, _ := deviceAndRenderer(t)
	rapid.Check(t, func(rt *rapid.T) {
		layers, heads := rapid.IntRange(1, 5).Draw(rt, "layers"), rapid.IntRange(1, 30).Draw(rt, "heads")
		layer, side := rapid.IntRange(0, layers-1).Draw(rt, "layer"), rapid.IntRange(1, 300).Draw(rt, "side")
		ranks := make([]int32, layers*heads)
		for i := range ranks {
			ranks[i] = int32(rapid.IntRange(-1, layers*heads-1).Draw(rt, "rank"))
		}
		// Anywhere, and at the edges of the viewport.
		place := rapid.OneOf(rapid.IntRange(-2000, 500), rapid.SampledFrom([]int{-side - 1, -side, 1 - side, 0, 30 - side, 31 - side, 479, 480, 639, 640}))
		p := cellsParams{
			Draw: uint32(layer), First: uint32(layer * heads), Heads: uint32(heads),
			N: uint32(rapid.IntRange(1, 1100).Draw(rt, "n")), Columns: uint32(rapid.IntRange(1, layers*heads).Draw(rt, "columns")),
			X: int32(place.Draw(rt, "x")), Y: int32(place.Draw(rt, "y")),
			Side: uint32(side), PitchX: int32(side + 1), PitchY: int32(side + 9), Left: 30, Top: 31, Right: 640, Bottom: 480,
			XOffset: 8, XStride: 1100, XBatch: 1100 * 1100,
		}
		counts, words, err := runCells(d, p, ranks)
		if err != nil {
			rt.Fatal(err)
		}
		want := cells(p, ranks)
		if got := counts[4*p.Draw:][:4]; !slices.Equal(got, []uint32{4, uint32(len(want)), 0, 0}) {
			rt.Fatalf("draw arguments %v, want %d instances", got, len(want))
		}
		region := words[8*p.First:][:8*len(want)]
		if len(want) > 0 && !bytes.Equal(gpu.Words(region), gpu.Words(want)) {
			rt.Fatalf("instances\n%v, want\n%v", region, want)
		}
	})
}

// shown is the value that heatmap.wgsl.tmpl shows at pixel (x, y) of a square; masked elements
// only: false.
func shown(m cpu.Mat, side, x, y int, causal bool, span float64) (float64, bool) {
	n, level := m.Rows, 0
	pyramid := cpu.Pyramid(m)
	for level < len(pyramid) && pyramid[level].Rows >= side {
		level++
	}
	size := 1 << level
	count := (n + size - 1) / size
	owned := func(at int) (lo, hi int) { // elements
		if count <= side {
			lo = (2*at + 1) * count / (2 * side)
			hi = lo + 1
		} else {
			for hi = 0; hi < count && (2*hi+1)*side < 2*(at+1)*count; hi++ {
				if (2*hi+1)*side < 2*at*count {
					lo = hi + 1
				}
			}
		}
		return lo * size, min(hi*size, n)
	}
	left, right := owned(x)
	top, bottom := owned(y)
	sum, peak, seen := 0.0, 0.0, 0
	for i := top; i < bottom; i++ {
		for j := left; j < right; j++ {
			sum += float64(m.At(i, j))
			peak = max(peak, math.Abs(float64(m.At(i, j))))
			if !causal || j <= i {
				seen++
			}
		}
	}
	if seen == 0 {
		return 0, false
	}
	mean := sum / float64(seen)
	line := max(math.Abs(mean), min(peak, math.Abs(sum)/float64(bottom-top)))
	t := math.Sqrt(min(1, line/span))
	return mean + t*(math.Copysign(line, mean)-mean), true
}

// What is drawn has the colours that the CPU computes, larger and smaller than the matrix.
func TestHeatmapEqualsTwin(t *testing.T) {
	d, r := deviceAndRenderer(t)
	rng := rand.New(rand.NewSource(1))
	for _, c := range []struct {
		n, side int
		causal  bool
		palette cpu.Palette
	}{
		{1, 1, true, cpu.Paper}, {1, 40, true, cpu.Paper}, {5, 40, true, cpu.Ink}, {7, 40, true, cpu.Paper}, {40, 40, true, cpu.Paper},
		{41, 40, true, cpu.Paper}, {65, 40, true, cpu.Ink}, {79, 40, false, cpu.Signed}, {80, 40, true, cpu.Paper}, {81, 40, true, cpu.Paper},
		{130, 7, true, cpu.Ink}, {130, 1, true, cpu.Paper}, {63, 20, false, cpu.Signed},
	} {
		data := gputest.Pattern("random", c.n, rng)
		copy(data, gputest.Pattern("current", c.n, rng)[:len(data)/2])
		if !c.causal {
			for i := range data {
				data[i] = float32(rng.NormFloat64()) / 2
			}
		}
		two := append(make([]float32, len(data)), data...) // head 1 of 2
		layer := layerOf(t, d, 2, c.n, two)
		masked := gpu.RGBA{0.4, 0.5, 0.6, 1}
		img := picture(t, d, r, 64, 64, white, func(f *Frame) {
			f.Heatmaps(Grid{X: 3, Y: 5, Side: c.side, Columns: 1, PitchY: 64, Ranks: []int{1, 0}, Palette: c.palette, Range: 1, Causal: c.causal, Masked: masked}, []Layer{layer})
		})
		worst := 0.0
		for y := range 64 {
			for x := range 64 {
				want := [3]float64{1, 1, 1}
				if in := image.Pt(x, y).In(image.Rect(3, 5, 3+c.side, 5+c.side)); in {
					v, ok := shown(cpu.MatOf(data, c.n, c.n), c.side, x-3, y-5, c.causal, 1)
					if want = cpu.Colour(v, 1, c.palette); !ok {
						want = [3]float64{0.4, 0.5, 0.6}
					}
				}
				got := img.NRGBAAt(x, y)
				for i, g := range []uint8{got.R, got.G, got.B} {
					worst = max(worst, math.Abs(float64(g)-255*want[i]))
				}
			}
		}
		if worst > 1.5 {
			t.Errorf("%d tokens on %d pixels, causal %v, palette %d: a channel is off by %.1f of 255", c.n, c.side, c.causal, c.palette, worst)
		}
	}
}

func luminance(img *image.NRGBA, x, y int) float64 {
	c := img.NRGBAAt(x, y)
	return 0.2126*float64(c.R) + 0.7152*float64(c.G) + 0.0722*float64(c.B)
}

// On paper a larger weight is darker, on ink brighter; what is masked has no hue.
func TestBrightnessFollowsValue(t *testing.T) {
	d, r := deviceAndRenderer(t)
	const n = 9
	data := make([]float32, n*n)
	for j := range n {
		data[(n-1)*n+j] = float32(j) / (n - 1) // the last row sees every column
	}
	layer := layerOf(t, d, 1, n, data)
	for palette, sign := range map[cpu.Palette]float64{cpu.Paper: -1, cpu.Ink: 1} {
		img := picture(t, d, r, 8*n, 8*n, white, func(f *Frame) {
			f.Heatmaps(Grid{Side: 8 * n, Columns: 1, Ranks: []int{0}, Palette: palette, Range: 1, Causal: true, Masked: gpu.RGBA{0.5, 0.5, 0.5, 1}}, []Layer{layer})
		})
		for j := 1; j < n; j++ {
			before, here := luminance(img, 8*j-4, 8*n-4), luminance(img, 8*j+4, 8*n-4)
			if sign*(here-before) <= 0 {
				t.Errorf("palette %d: weight %d/8 has luminance %.0f, the one below %.0f", palette, j, here, before)
			}
		}
		for y := range 8 * n {
			for x := range 8 * n {
				if c := img.NRGBAAt(x, y); (x/8 > y/8) != (c.R == 128 && c.G == 128 && c.B == 128) {
					t.Fatalf("palette %d: pixel (%d, %d) is %v", palette, x, y, c)
				}
			}
		}
	}
}

// A diagonal stays visible when 16 x 16 weights share a pixel, an even pattern stays even.
func TestReductionKeepsLines(t *testing.T) {
	d, r := deviceAndRenderer(t)
	rng := rand.New(rand.NewSource(2))
	const n, side = 256, 16
	square := func(kind string) *image.NRGBA {
		layer := layerOf(t, d, 1, n, gputest.Pattern(kind, n, rng))
		return picture(t, d, r, side, side, white, func(f *Frame) {
			f.Heatmaps(Grid{Side: side, Columns: 1, Ranks: []int{0}, Range: 1, Causal: true}, []Layer{layer})
		})
	}
	for _, kind := range []string{"current", "previous"} {
		img := square(kind)
		for i := range side {
			if l := luminance(img, i, i); l > 60 {
				t.Errorf("%s: the diagonal has luminance %.0f at %d", kind, l, i)
			}
			if i > 1 && luminance(img, 0, i) < 200 {
				t.Errorf("%s: luminance %.0f beside the diagonal", kind, luminance(img, 0, i))
			}
		}
	}
	for y := range side {
		img := square("even")
		for x := range y + 1 {
			if l := luminance(img, x, y); y > 2 && math.Abs(l-luminance(img, 0, y)) > 4 {
				t.Errorf("an even row %d has luminance %.0f at %d, %.0f at its start", y, l, x, luminance(img, 0, y))
			}
		}
	}
}

// A layer without a buffer leaves its places empty and the others where they are.
func TestAbsentLayer(t *testing.T) {
	d, r := deviceAndRenderer(t)
	layer := layerOf(t, d, 1, 2, []float32{1, 0, 1, 0})
	img := picture(t, d, r, 24, 8, white, func(f *Frame) {
		f.Heatmaps(Grid{Side: 8, PitchX: 8, Columns: 3, Ranks: []int{0, 1, 2}, Range: 1}, []Layer{{}, layer, {}})
	})
	for x := range 24 {
		if dark := luminance(img, x, 0) < 100; dark != (x >= 8 && x < 12) {
			t.Errorf("column %d has luminance %.0f", x, luminance(img, x, 0))
		}
	}
}

// sample is a frame with some of everything.
func sample(t testing.TB, d *gpu.Device, palette cpu.Palette, text gpu.RGBA) func(f *Frame) {
	rng := rand.New(rand.NewSource(3))
	var layers []Layer
	for _, kinds := range [][]string{{"current", "previous", "first", "even"}, {"induction", "random", "mixed", "random"}} {
		var data []float32
		for _, k := range kinds {
			data = append(data, gputest.Pattern(k, 60, rng)...)
		}
		layers = append(layers, layerOf(t, d, 4, 60, data))
	}
	return func(f *Frame) {
		f.Heatmaps(Grid{X: 8, Y: 24, Side: 56, PitchX: 60, PitchY: 60, Columns: 4, Ranks: []int{7, 6, 5, 4, 0, 1, 2, -1},
			Palette: palette, Range: 1, Causal: true, Masked: gpu.RGBA{0.5, 0.5, 0.5, 1}}, layers)
		f.Key(8, 150, 236, 10, palette)
		f.Box(8, 162, 236, 1, text)
		f.Text(Text{X: 8, Y: 16, Size: 15, Weight: Bold, Colour: text, String: "Heads"})
		f.Text(Text{X: 126, Y: 16, Size: 12, Anchor: Center, Colour: text, String: "AVATAR fi “q” 日"})
		f.Text(Text{X: 244, Y: 16, Size: 11, Weight: Mono, Anchor: Right, Colour: text, String: "L5H4 .93"})
		f.Text(Text{X: 8, Y: 196, Size: 36, Colour: text, String: "0.25 → 1"})
	}
}

func TestGoldenFrames(t *testing.T) {
	d, r := deviceAndRenderer(t)
	paper := sample(t, d, cpu.Paper, black)
	first := picture(t, d, r, 252, 208, white, paper)
	gputest.Golden(t, "frame_paper", first)
	gputest.Golden(t, "frame_ink", picture(t, d, r, 252, 208, black, sample(t, d, cpu.Ink, white)))
	if again := picture(t, d, r, 252, 208, white, paper); !bytes.Equal(first.Pix, again.Pix) {
		t.Error("the same frame drawn later on the same device is another picture")
	}
}

func TestBadHeatmaps(t *testing.T) {
	d, r := deviceAndRenderer(t)
	p, err := d.NewPicture(16, 16)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Release()
	good := layerOf(t, d, 1, 3, make([]float32, 9))
	other := layerOf(t, d, 1, 2, make([]float32, 4))
	grid := Grid{Side: 4, Columns: 1, Ranks: []int{0}, Range: 1}
	for name, c := range map[string]struct {
		change func(g *Grid)
		layers []Layer
		want   string
	}{
		"no ranks":       {func(g *Grid) { g.Ranks = nil }, []Layer{good}, "0 ranks for 1 x 1 heads"},
		"no columns":     {func(g *Grid) { g.Columns = 0 }, []Layer{good}, "0 columns"},
		"no side":        {func(g *Grid) { g.Side = 0 }, []Layer{good}, "of 0 pixels"},
		"large side":     {func(g *Grid) { g.Side = MaxSide(3) + 1 }, []Layer{good}, "at most 306783378 are possible"},
		"range NaN":      {func(g *Grid) { g.Range = float32(math.NaN()) }, []Layer{good}, "range NaN"},
		"mixed sizes":    {func(g *Grid) { g.Ranks = []int{0, 1} }, []Layer{good, other}, "expected [1, 3, 3]"},
		"no pyramid":     {func(g *Grid) {}, []Layer{{Values: good.Values}}, "no pyramid"},
		"not square":     {func(g *Grid) {}, []Layer{{Values: good.Values.Part(0, 2, 0, 3), Pyramid: good.Pyramid}}, "square"},
		"small pyramid":  {func(g *Grid) {}, []Layer{{Values: good.Values, Pyramid: other.Pyramid}}, "too small"},
		"empty matrices": {func(g *Grid) {}, []Layer{{Values: good.Values.Part(0, 0, 0, 0), Pyramid: good.Pyramid}}, "square"},
	} {
		g := grid
		c.change(&g)
		f := r.NewFrame()
		f.Heatmaps(g, c.layers)
		rec := d.Record(name)
		f.Draw(rec, p, white)
		if err := rec.Submit(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
		f.Release()
		f.Release()
	}
}
