package view

import (
	"bytes"
	"fmt"
	"image"
	"math"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"headscope/explorer/scene"
	"headscope/gpu"
	"headscope/gpu/gputest"
	"headscope/gpu/kernels"
	"headscope/gpu/render"

	"pgregory.net/rapid"
)

func newFonts(t testing.TB) *render.Fonts {
	f, err := render.NewFonts()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

const rain = "The rain fell on the roof of the mill. The wheel turned in the dark water. The rain fell on the roof of the mill."

// example is an atlas with everything on it.
func example(layers, heads, tokens int, sort Trait) *Atlas {
	a := &Atlas{
		Model: "GPT-2 small", Layers: layers, Heads: heads, HeadWidth: 64, Tokens: tokens, Prompt: rain, EndOfText: true, Sort: sort,
		Next: []Guess{{" the", 0.31}, {"\n", 0.2}, {" a", 0.04}}, Adapter: "llvmpipe (cpu, vulkan)",
	}
	rng := rand.New(rand.NewSource(1))
	for l := range layers {
		for h := range heads {
			a.Stats = append(a.Stats, HeadStat{l, h, map[Trait]float64{Previous: rng.Float64(), Distance: 200 * rng.Float64(), Induction: math.NaN()}})
		}
	}
	return a
}

// textBox is where a text's ink can be: capitals with accents above, descenders below.
func textBox(f *render.Fonts, t scene.Text) scene.Rect {
	w := f.Measure(t.String, t.Size, render.Weight(t.Weight))
	x := t.X
	switch t.Anchor {
	case scene.Center:
		x -= (w + 1) / 2
	case scene.Right:
		x -= w
	}
	return scene.Rect{X: x, Y: t.Y - t.Size, W: w, H: t.Size + t.Size/4}
}

// check reports what is wrong with a sheet's geometry.
func check(f *render.Fonts, a *Atlas, s scene.Sheet) error {
	type item struct {
		what string
		scene.Rect
	}
	var items []item
	for rank := range slices.Max(s.Grid.Ranks) + 1 {
		items = append(items, item{fmt.Sprintf("cell %d", rank), s.Grid.Square(rank)})
	}
	if g := s.Grid; g.Side < 1 || g.PitchX <= g.Side || g.PitchY <= g.Side {
		return fmt.Errorf("cells of %d pixels at pitches %d and %d", g.Side, g.PitchX, g.PitchY)
	}
	shown := 0
	for _, r := range slices.Sorted(slices.Values(s.Grid.Ranks)) {
		if r == shown {
			shown++
		} else if r != -1 {
			return fmt.Errorf("the ranks are no permutation: %v", s.Grid.Ranks)
		}
	}
	cells := len(items)
	for _, k := range s.Keys {
		items = append(items, item{"key", k.Rect})
	}
	for _, b := range s.Boxes {
		items = append(items, item{"box", b.Rect})
	}
	for _, t := range s.Texts {
		if t.String == "" || t.Size < minCaption {
			return fmt.Errorf("text %q has size %d", t.String, t.Size)
		}
		items = append(items, item{fmt.Sprintf("text %q", t.String), textBox(f, t)})
	}
	for i, p := range items {
		if p.X < 0 || p.Y < 0 || p.X+p.W > s.Width || p.Y+p.H > s.Height {
			return fmt.Errorf("%s at %v is outside the sheet of %d x %d", p.what, p.Rect, s.Width, s.Height)
		}
		for _, q := range items[max(i+1, cells):] { // cells lie on a lattice that was checked above
			if p.Overlaps(q.Rect) {
				return fmt.Errorf("%s at %v overlaps %s at %v", p.what, p.Rect, q.what, q.Rect)
			}
		}
	}
	return nil
}

// On every sheet that is not too small for the model, nothing overlaps or leaves the sheet.
func TestSheetGeometry(t *testing.T) {
	f := newFonts(t)
	rapid.Check(t, func(t *rapid.T) {
		a := example(rapid.IntRange(1, 48).Draw(t, "layers"), rapid.IntRange(1, 25).Draw(t, "heads"), rapid.IntRange(1, 1024).Draw(t, "tokens"),
			rapid.SampledFrom([]Trait{"", ByLayer, Previous, Distance, Induction}).Draw(t, "sort"))
		a.Prompt, a.Model = rapid.StringN(0, 300, -1).Draw(t, "prompt"), rapid.StringN(0, 40, -1).Draw(t, "model")
		a.Adapter = rapid.SampledFrom([]string{"", "llvmpipe", strings.Repeat("adapter ", 30), strings.Repeat("x", 300)}).Draw(t, "adapter")
		w, h := rapid.IntRange(40, 4000).Draw(t, "width"), rapid.IntRange(40, 4000).Draw(t, "height")
		s, err := a.Sheet(f, w, h)
		if err != nil {
			if w >= 50*2+20 && h >= 50*2+20 {
				t.Fatal(err)
			}
			return
		}
		if err := check(f, a, s); err != nil {
			t.Fatal(err)
		}
	})
}

// The usual sheets carry everything that a reader needs, in text that can be read, and
// leave most of their smaller side to the patterns.
func TestUsualSheets(t *testing.T) {
	f := newFonts(t)
	for _, size := range [][2]int{{1600, 1200}, {1280, 800}, {3840, 2160}, {640, 480}, {8192, 8192}, {1000, 1400}, {1024, 1024}} {
		for _, model := range [][2]int{{12, 12}, {1, 1}, {24, 16}, {48, 25}, {2, 4}} {
			for _, tokens := range []int{1, 14, 72, 221, 1024} {
				for _, sort := range []Trait{ByLayer, Previous} {
					a := example(model[0], model[1], tokens, sort)
					s, err := a.Sheet(f, size[0], size[1])
					if err == nil {
						err = check(f, a, s)
					}
					if err != nil {
						t.Errorf("%v, %v heads, %d tokens by %s: %v", size, model, tokens, sort, err)
						continue
					}
					var all strings.Builder
					for _, x := range s.Texts {
						all.WriteString(x.String + " ")
					}
					if size[0] == 640 && sort != ByLayer {
						if want := "L0H0"; model[0] <= 12 && !strings.Contains(all.String(), want) {
							t.Errorf("%v, %v heads, %d tokens by %s: %q is missing: %s", size, model, tokens, sort, want, &all)
						}
						continue // cells go without notes before they go without names
					}
					for _, part := range []string{a.Model, "The rain", count(tokens, "token"), "<|endoftext|> counted", "attention weight", ".05", "query", "key", "masked", "likeliest", `“ the”`, "llvmpipe"} {
						if !strings.Contains(all.String(), part) {
							t.Errorf("%v, %v heads, %d tokens by %s: %q is missing: %s", size, model, tokens, sort, part, &all)
						}
					}
					if last := s.Grid.Square(model[0]*model[1] - 1); sort == ByLayer && last.Y+last.H-s.Grid.Y < min(size[0]/2, size[1])/2 && model[0] >= model[1] {
						t.Errorf("%v, %v heads, %d tokens: the grid is only %d high", size, model, tokens, last.Y+last.H-s.Grid.Y)
					}
				}
			}
		}
	}
}

func TestGridFollowsOrder(t *testing.T) {
	f := newFonts(t)
	a := example(4, 6, 14, ByLayer)
	s, err := a.Sheet(f, 1280, 800)
	if err != nil {
		t.Fatal(err)
	}
	if s.Grid.Columns != 6 || !slices.IsSorted(s.Grid.Ranks) {
		t.Errorf("by layer: %d columns, ranks %v", s.Grid.Columns, s.Grid.Ranks)
	}
	a.Sort = Previous
	a.Stats[3].Traits[Previous] = math.NaN()
	if s, err = a.Sheet(f, 1280, 800); err != nil {
		t.Fatal(err)
	}
	byRank := make([]HeadStat, 24)
	for i, st := range a.Stats {
		byRank[s.Grid.Ranks[i]] = st
	}
	for i := 1; i < 23; i++ {
		if byRank[i].Traits[Previous] > byRank[i-1].Traits[Previous] {
			t.Errorf("rank %d has %v, rank %d before it %v", i, byRank[i].Traits, i-1, byRank[i-1].Traits)
		}
	}
	if byRank[23].Layer != 0 || byRank[23].Head != 3 {
		t.Errorf("the head without a number is not the last: L%dH%d is", byRank[23].Layer, byRank[23].Head)
	}
	// Heads of which nothing is known, those of a layer that was not computed, take no place.
	a.Stats = a.Stats[:18]
	if s, err = a.Sheet(f, 1280, 800); err != nil {
		t.Fatal(err)
	}
	if err := check(f, a, s); err != nil || slices.Max(s.Grid.Ranks) != 17 || s.Grid.Ranks[20] != -1 {
		t.Errorf("three of four layers known: ranks %v, %v", s.Grid.Ranks, err)
	}
	// Each cell's caption is its head's, over it.
	for i, rank := range s.Grid.Ranks[:18] {
		cell, name := s.Grid.Square(rank), headName(i, 6)
		if !slices.ContainsFunc(s.Texts, func(x scene.Text) bool {
			return x.String == name && x.X == cell.X && x.Y < cell.Y && x.Y > cell.Y-s.Grid.PitchY+cell.H
		}) {
			t.Errorf("%s has no caption over its cell", name)
		}
	}
}

// Where matrix cells are large enough to be counted, they are of one size.
func TestWholePixels(t *testing.T) {
	f := newFonts(t)
	for _, tokens := range []int{1, 2, 3, 40, 60, 72, 80} {
		s, err := example(12, 12, tokens, ByLayer).Sheet(f, 1600, 1200)
		if err != nil {
			t.Fatal(err)
		}
		if s.Grid.Side%tokens != 0 || s.Grid.Side < 60 {
			t.Errorf("%d tokens have cells of %d pixels", tokens, s.Grid.Side)
		}
	}
}

func TestSortErrors(t *testing.T) {
	f := newFonts(t)
	for name, want := range map[string]string{"layer": "", "induction": "", "loudness": "layer, current, previous, first, entropy, distance, duplicate, induction", "": "layer"} {
		_, err := ParseTrait(name)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("sort key %q: %v", name, err)
		}
	}
	for _, tr := range Traits[1:] {
		if traitMeaning[tr] == "" {
			t.Errorf("%s is not explained", tr)
		}
	}
	a := example(2, 2, 3, Entropy)
	if _, err := a.Sheet(f, 640, 480); err == nil || !strings.Contains(err.Error(), "entropy is not known of any head") {
		t.Errorf("a sort by what is not known: %v", err)
	}
	a.Sort = "loudness"
	if _, err := a.Sheet(f, 640, 480); err == nil {
		t.Error("an unknown sort key was accepted")
	}
	a.Sort = ByLayer
	if _, err := a.Sheet(f, 2, 2); err == nil || !strings.Contains(err.Error(), "too few") {
		t.Errorf("a sheet of 2 x 2: %v", err)
	}
	a.Tokens = 0
	if _, err := a.Sheet(f, 640, 480); err == nil {
		t.Error("no tokens were accepted")
	}
	if _, err := ParseTheme("blue"); err == nil || !strings.Contains(err.Error(), "paper, ink") {
		t.Errorf("an unknown theme: %v", err)
	}
}

func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.004: "0", -0.004: "0", 0.93: ".93", 0.5: ".50", 0.996: "1.0", 1: "1.0", 7.44: "7.4", 9.96: "10", 42.3: "42", 103.4: "103", -0.25: "-.25"} {
		if got := number(v); got != want {
			t.Errorf("%v is written %q, want %q", v, got, want)
		}
	}
	if got := number(math.NaN()); got != "–" {
		t.Errorf("NaN is written %q", got)
	}
}

// drawn renders an atlas whose heads have one pattern each.
func drawn(t *testing.T, d *gpu.Device, r *render.Renderer, a *Atlas, width, height int) *image.NRGBA {
	t.Helper()
	rng := rand.New(rand.NewSource(4))
	n := a.Tokens
	var layers []render.Layer
	for l := range a.Layers {
		var data []float32
		for h := range a.Heads {
			data = append(data, gputest.Pattern(gputest.Patterns[(l*a.Heads+h)%len(gputest.Patterns)], n, rng)...)
		}
		values, err := d.Upload("attn", a.Heads*n, n, data)
		if err != nil {
			t.Fatal(err)
		}
		defer values.Buffer.Release()
		values.Batch, values.Rows, values.BatchStride = a.Heads, n, n*values.RowStride
		_, cells := kernels.PyramidLevels(n, n)
		pyramid, err := d.NewStorage("pyramid", uint64(a.Heads*cells)*8)
		if err != nil {
			t.Fatal(err)
		}
		defer pyramid.Release()
		layers = append(layers, render.Layer{Values: values, Pyramid: pyramid})
	}
	p, err := d.NewPicture(width, height)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Release()
	rec := d.Record("atlas")
	for _, l := range layers {
		kernels.Pyramid(rec, l.Pyramid, l.Values)
	}
	a.Draw(rec, r, p, layers)
	if err := rec.Submit(); err != nil {
		t.Fatal(err)
	}
	img, err := p.Image()
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func TestGoldenAtlas(t *testing.T) {
	d := gputest.Device(t)
	r, err := render.New(d)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	byLayer := example(3, 4, 24, ByLayer)
	first := drawn(t, d, r, byLayer, 256, 256)
	gputest.Golden(t, "atlas_layer_paper", first)
	sorted := example(2, 4, 50, Distance)
	sorted.Theme = Ink
	gputest.Golden(t, "atlas_distance_ink", drawn(t, d, r, sorted, 256, 160))
	if again := drawn(t, d, r, byLayer, 256, 256); !bytes.Equal(first.Pix, again.Pix) {
		t.Error("the same atlas drawn later on the same device is another picture")
	}
}

func TestDrawErrors(t *testing.T) {
	d := gputest.Device(t)
	r, err := render.New(d)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	p, err := d.NewPicture(64, 64)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Release()
	for _, c := range []struct {
		change func(a *Atlas)
		want   string
	}{
		{func(a *Atlas) {}, "attention of 0 layers; expected 1"},
		{func(a *Atlas) { a.Sort = "loudness" }, "loudness"},
	} {
		a := example(1, 1, 3, ByLayer)
		c.change(a)
		rec := d.Record("atlas")
		a.Draw(rec, r, p, nil)
		if err := rec.Submit(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want one with %q", err, c.want)
		}
	}
}
