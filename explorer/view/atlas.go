// Package view holds the tabs of the explorer: the state of each, its layout as a scene,
// and the way from the scene to a frame.
//
// [Atlas] is every layer and head of a model on one sheet, for paper, and [Wall] the same on a
// screen, to be zoomed into. [Compare] is two to four patterns side by side. [Space] is an expression, such as
// a head, in space: its matrices are computed by package eval, laid out, painted, and drawn
// from any side, with a [Lens]; [Space.Describe] says the same as data.
package view

import (
	"fmt"

	"headscope/explorer/scene"
	"headscope/gpu"
	"headscope/gpu/render"
)

// Atlas shows the attention pattern of every layer and head on one prompt.
type Atlas struct {
	Model     string // its name, for the title
	Layers    int
	Heads     int // a layer
	HeadWidth int // d_head; 0 leaves it out
	Tokens    int // N, of the prompt

	Prompt    string
	EndOfText bool // <|endoftext|> was put in front of the prompt, and Tokens counts it

	Stats []HeadStat // of every head; may be empty when Sort is ByLayer
	Sort  Trait      // "" is ByLayer
	Theme Theme

	Next    []Guess // likeliest next tokens, falling; may be empty
	Adapter string  // what computed it; "" leaves it out
}

// Guess is a token and its probability.
type Guess struct {
	Token string
	P     float64
}

func (a *Atlas) sort() Trait {
	if a.Sort == "" {
		return ByLayer
	}
	return a.Sort
}

// validate says what keeps the atlas from being laid out.
func (a *Atlas) validate() error {
	if a.Layers < 1 || a.Heads < 1 || a.Tokens < 1 {
		return fmt.Errorf("atlas: %d layers of %d heads on %d tokens: expected at least one of each", a.Layers, a.Heads, a.Tokens)
	}
	_, err := ParseTrait(string(a.sort()))
	return err
}

// Draw lays the atlas out for the target and records its picture. layers holds each
// layer's attention [heads, tokens, tokens] and its pyramid; cells of layers without one
// stay empty.
func (a *Atlas) Draw(rec *gpu.Recorder, r *render.Renderer, target gpu.Target, layers []render.Layer) {
	width, height := target.Size()
	sheet, err := a.Sheet(r.Fonts, width, height)
	if err != nil {
		rec.Fail(err)
		return
	}
	if len(layers) != a.Layers {
		rec.Fail(fmt.Errorf("atlas: attention of %d layers; expected %d", len(layers), a.Layers))
		return
	}
	for i, l := range layers {
		if v := l.Values; v.Buffer != nil && (v.Batch != a.Heads || v.Rows != a.Tokens) {
			rec.Fail(fmt.Errorf("atlas: attention of layer %d is %v; expected [%d, %d, %d]", i, v, a.Heads, a.Tokens, a.Tokens))
			return
		}
	}
	f := frameOf(r, sheet, layers)
	defer f.Release()
	f.Draw(rec, target, gpu.RGBA(sheet.Background))
}

// frameOf fills a frame with a sheet.
func frameOf(r *render.Renderer, s scene.Sheet, layers []render.Layer) *render.Frame {
	f := r.NewFrame()
	for _, b := range s.Boxes {
		f.Box(b.X, b.Y, b.W, b.H, gpu.RGBA(b.Colour))
	}
	for _, k := range s.Keys {
		f.Key(k.X, k.Y, k.W, k.H, k.Palette)
	}
	for _, t := range s.Texts {
		f.Text(render.Text{
			X: t.X, Y: t.Y, Size: t.Size, Weight: render.Weight(t.Weight), Anchor: render.Anchor(t.Anchor),
			Colour: gpu.RGBA(t.Colour), String: t.String,
		})
	}
	g := s.Grid
	f.Heatmaps(render.Grid{
		X: g.X, Y: g.Y, Side: g.Side, PitchX: g.PitchX, PitchY: g.PitchY, Columns: g.Columns, Ranks: g.Ranks,
		Palette: g.Palette, Range: g.Range, Causal: true, Masked: gpu.RGBA(g.Masked),
	}, layers)
	return f
}
