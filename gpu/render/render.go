// Package render draws: flat pictures of text, boxes and heat maps, and matrices in space.
//
// What flows, in order, into a flat picture:
//
//  1. A [Renderer] lives long: the fonts and the sheets of glyphs they were made into.
//     (Pipelines are the device's.)
//  2. A [Frame] is one picture's data. Boxes, texts and [Frame.Heatmaps] fill it in the
//     painter's order, in pixels of the target, x to the right, y down.
//  3. [Frame.Draw] uploads the instances and records, for each layer of matrices, the
//     kernel cells, which culls, picks the level of detail and writes the heat maps'
//     instances and draw arguments, then one pass of draws, in the order of the frame.
//
// And into a picture of matrices in space:
//
//  1. A [Space] has their places, their tables of colours, and textures with mip levels,
//     which the kernels paint and shrink make of the values: once, until these change.
//  2. A [Drawing] is what one view of it shows: matrices, lines, triangles and labels, in
//     the painter's order, and the ranges of elements that may be near.
//  3. [Drawing.Record] records the kernel near, which culls each of these elements and
//     makes those that are large on the screen instances of balls, with the arguments of
//     their indirect draw; then one pass: the balls, which hide what lies behind them, and
//     all else in order. A matrix is a quad whose pixels look up their own elements.
//
// The matrices stay where the kernels that computed them left them; nothing is read back.
// Colours are as they go into a PNG, alpha not premultiplied.
package render

import (
	"image"
	"math"

	"headscope/gpu"
	"headscope/wgsl/cpu"
)

// Renderer draws frames on one device.
type Renderer struct {
	Fonts *Fonts

	device *gpu.Device // not owned
	sheet  glyphSheet
	fields *fieldSheet // of text in space
}

// New makes a renderer. Release frees what it holds on the device.
func New(d *gpu.Device) (*Renderer, error) {
	fonts, err := NewFonts()
	if err != nil {
		return nil, err
	}
	r := &Renderer{Fonts: fonts, device: d, fields: newFieldSheet(int(d.Limits.TextureSize))}
	r.sheet.reset()
	return r, nil
}

// Release frees the sheets of glyphs.
func (r *Renderer) Release() {
	if r != nil {
		r.sheet.reset()
		r.fields.reset()
	}
}

// Anchor says which part of a text stands at its X.
type Anchor uint8

// The anchors.
const (
	Left Anchor = iota
	Center
	Right
)

// Text is one line of text.
type Text struct {
	X, Y   int // of the anchor; Y is the baseline
	Size   int // of the em, in pixels
	Weight Weight
	Anchor Anchor
	Colour gpu.RGBA
	String string
}

// Grid places the square heat maps of layers x heads matrices of one size: rank k in
// column k mod Columns, row k / Columns.
type Grid struct {
	X, Y           int // upper left corner of the first square
	Side           int // of a square
	PitchX, PitchY int // from square to square
	Columns        int
	Ranks          []int // of layer l's head h at l*heads+h; below 0: not shown

	Palette cpu.Palette
	Range   float32 // |x| that gets the strongest colour
	Causal  bool    // what is right of the diagonal gets the colour Masked
	Masked  gpu.RGBA
}

// Layer is the matrices of one layer: Values [H, N, N] and the pyramids that
// kernels.Pyramid made of them. A layer without a buffer is left out of the picture.
type Layer struct {
	Values  gpu.Tensor
	Pyramid *gpu.Buffer
}

// Frame is what one picture shows, later things over earlier ones, and the lists for it on
// the device, which the next picture uses again: one recording can hold one picture of a
// frame.
type Frame struct {
	renderer *Renderer
	boxes    []boxInstance
	texts    []Text
	grids    []grid
	runs     []run
	clip     image.Rectangle

	lists struct{ boxes, glyphs, ranks, instances, args *gpu.Buffer } // owned
}

// run is lo to hi of the boxes, the texts or the grids, which are drawn at once.
type run struct {
	kind   string // boxes, keys, glyphs, heatmaps
	lo, hi int
	clip   image.Rectangle
}

// NewFrame begins a picture. Release it when no more are to be drawn.
func (r *Renderer) NewFrame() *Frame { return &Frame{renderer: r} }

// Reset begins the next picture.
func (f *Frame) Reset() {
	clear(f.texts)
	clear(f.grids)
	f.boxes, f.texts, f.grids, f.runs = f.boxes[:0], f.texts[:0], f.grids[:0], f.runs[:0]
	f.clip = image.Rectangle{}
}

// Release frees the frame's lists on the device. Draws already recorded are not harmed.
func (f *Frame) Release() {
	if f == nil {
		return
	}
	for _, b := range []**gpu.Buffer{&f.lists.boxes, &f.lists.glyphs, &f.lists.ranks, &f.lists.instances, &f.lists.args} {
		(*b).Release()
		*b = nil
	}
}

// Clip confines what is added from now on to a rectangle of the target. The zero rectangle
// is the whole target, any other empty one nothing.
func (f *Frame) Clip(r image.Rectangle) { f.clip = r }

// add draws one thing more of a kind, the last of hi.
func (f *Frame) add(kind string, hi int) {
	if n := len(f.runs); n > 0 && f.runs[n-1].kind == kind && f.runs[n-1].clip == f.clip {
		f.runs[n-1].hi = hi
	} else {
		f.runs = append(f.runs, run{kind, hi - 1, hi, f.clip})
	}
}

// boxInstance is struct Box of boxes.wgsl.tmpl.
type boxInstance struct {
	X, Y, Width, Height int32
	Colour              uint32
	Unused              [3]uint32
}

// Box adds a filled rectangle.
func (f *Frame) Box(x, y, width, height int, colour gpu.RGBA) {
	f.boxes = append(f.boxes, boxInstance{X: int32(x), Y: int32(y), Width: int32(width), Height: int32(height), Colour: pack(colour)})
	f.add("boxes", len(f.boxes))
}

// Key adds a rectangle that shows a palette, from 0 at its left edge to the strongest
// colour at the right one; value v of a range stands at sqrt(v/range) of its width.
func (f *Frame) Key(x, y, width, height int, palette cpu.Palette) {
	f.boxes = append(f.boxes, boxInstance{X: int32(x), Y: int32(y), Width: int32(width), Height: int32(height), Colour: uint32(palette)})
	f.add("keys", len(f.boxes))
}

// Text adds a line of text.
func (f *Frame) Text(t Text) {
	f.texts = append(f.texts, t)
	f.add("glyphs", len(f.texts))
}

// Heatmaps adds the heat maps of the layers' matrices.
func (f *Frame) Heatmaps(g Grid, layers []Layer) {
	f.grids = append(f.grids, grid{Grid: g, layers: layers, clip: f.clip})
	f.add("heatmaps", len(f.grids))
}

// sizeParams is Params of boxes.wgsl.tmpl and glyphs.wgsl.
type sizeParams struct {
	Width, Height float32
	Unused        [2]uint32
}

// Draw records the picture over a target cleared to background.
func (f *Frame) Draw(rec *gpu.Recorder, target gpu.Target, background gpu.RGBA) {
	f.draw(rec, gpu.Pass{Target: target, Clear: background})
}

// DrawOver records the picture over what the target shows.
func (f *Frame) DrawOver(rec *gpu.Recorder, target gpu.Target) {
	f.draw(rec, gpu.Pass{Target: target, Keep: true})
}

func (f *Frame) draw(rec *gpu.Recorder, pass gpu.Pass) {
	width, height := pass.Target.Size()
	whole := image.Rect(0, 0, width, height)
	params := gpu.Uniform(&sizeParams{Width: float32(width), Height: float32(height)})
	glyphs, ends, err := f.renderer.typeset(f.texts)
	if err != nil {
		rec.Fail(err)
	}
	d, l := f.renderer.device, &f.lists
	var sheet *gpu.Texture
	if len(glyphs) > 0 {
		if sheet, err = f.renderer.sheet.upload(d); err == nil {
			err = store(d, &l.glyphs, "glyphs", gpu.Words(glyphs))
		}
		rec.Fail(err)
	}
	if len(f.boxes) > 0 {
		rec.Fail(store(d, &l.boxes, "boxes", gpu.Words(f.boxes)))
	}
	heatmaps := f.heatmaps(rec, whole)
	var draws []gpu.Draw
	for _, r := range f.runs {
		clip := bounded(r.clip, whole)
		if clip.Empty() || rec.Err() != nil {
			continue
		}
		from := len(draws)
		switch r.kind {
		case "boxes", "keys":
			draws = append(draws, gpu.Draw{Shader: r.kind, Params: params, Bindings: []gpu.Binding{l.boxes}, First: r.lo, Instances: r.hi - r.lo})
		case "glyphs":
			if first := start(ends, r.lo); first < ends[r.hi-1] {
				draws = append(draws, gpu.Draw{Shader: r.kind, Params: params, Bindings: []gpu.Binding{l.glyphs, sheet}, First: first, Instances: ends[r.hi-1] - first})
			}
		case "heatmaps":
			for _, maps := range heatmaps[r.lo:r.hi] {
				draws = append(draws, maps...)
			}
		}
		for i := range draws[from:] {
			draws[from+i].Clip = clip
		}
	}
	if rec.Err() == nil {
		rec.Render(pass, draws...)
	}
}

// start is where number i begins, by where each one ends.
func start(ends []int, i int) int {
	if i == 0 {
		return 0
	}
	return ends[i-1]
}

// bounded is what a frame's clip leaves of the target.
func bounded(clip, whole image.Rectangle) image.Rectangle {
	if clip == (image.Rectangle{}) {
		return whole
	}
	return clip.Intersect(whole)
}

// pack rounds a colour to four bytes, red lowest.
func pack(c gpu.RGBA) uint32 {
	var word uint32
	for i, v := range c {
		word |= uint32(math.Round(float64(min(max(v, 0), 1))*255)) << (8 * i)
	}
	return word
}
