// Package render draws: flat pictures of text, boxes and heat maps, and matrices in space.
//
// What flows, in order, into a flat picture:
//
//  1. A [Renderer] lives long: the fonts and the sheets of glyphs they were made into.
//     (Pipelines are the device's.)
//  2. A [Frame] is one picture's data. Boxes, texts and [Frame.Heatmaps] fill it, in
//     pixels of the target, x to the right, y down.
//  3. [Frame.Draw] uploads the instances and records, for each layer of matrices, the
//     kernel cells, which culls, picks the level of detail and writes the heat maps'
//     instances and draw arguments, then one pass of draws: boxes, heat maps, texts.
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

// Frame is what one picture shows, and the device's copy of it.
type Frame struct {
	renderer *Renderer
	boxes    []boxInstance
	texts    []Text
	grid     Grid
	layers   []Layer
	buffers  []*gpu.Buffer // owned
}

// NewFrame begins a picture. Release it when it has been drawn.
func (r *Renderer) NewFrame() *Frame { return &Frame{renderer: r} }

// Release frees the frame's copy on the device. Draws already recorded are not harmed.
func (f *Frame) Release() {
	if f == nil {
		return
	}
	for _, b := range f.buffers {
		b.Release()
	}
	f.buffers = nil
}

// boxInstance is struct Box of boxes.wgsl.
type boxInstance struct {
	X, Y, Width, Height int32
	Colour, Key         uint32
	Unused              [2]uint32
}

// Box adds a filled rectangle.
func (f *Frame) Box(x, y, width, height int, colour gpu.RGBA) {
	f.boxes = append(f.boxes, boxInstance{X: int32(x), Y: int32(y), Width: int32(width), Height: int32(height), Colour: pack(colour)})
}

// Key adds a rectangle that shows a palette, from 0 at its left edge to the strongest
// colour at the right one; value v of a range stands at sqrt(v/range) of its width.
func (f *Frame) Key(x, y, width, height int, palette cpu.Palette) {
	f.boxes = append(f.boxes, boxInstance{X: int32(x), Y: int32(y), Width: int32(width), Height: int32(height), Key: uint32(palette) + 1})
}

// Text adds a line of text.
func (f *Frame) Text(t Text) { f.texts = append(f.texts, t) }

// Heatmaps adds the heat maps of the layers' matrices. A frame has one grid.
func (f *Frame) Heatmaps(g Grid, layers []Layer) { f.grid, f.layers = g, layers }

// sizeParams is Params of boxes.wgsl and glyphs.wgsl.
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
	size := sizeParams{Width: float32(width), Height: float32(height)}
	var draws []gpu.Draw
	if len(f.boxes) > 0 {
		boxes := upload(f, rec, "boxes", f.boxes)
		draws = append(draws, gpu.Draw{Shader: "boxes", Params: gpu.Uniform(&size), Bindings: []gpu.Binding{boxes}, Instances: len(f.boxes)})
	}
	if len(f.layers) > 0 {
		draws = append(draws, f.cells(rec, width, height)...)
	}
	glyphs, err := f.renderer.typeset(f.texts)
	if err != nil {
		rec.Fail(err)
	}
	if len(glyphs) > 0 {
		sheet, err := f.renderer.sheet.upload(f.renderer.device)
		if err != nil {
			rec.Fail(err)
		}
		list := upload(f, rec, "glyphs", glyphs)
		draws = append(draws, gpu.Draw{Shader: "glyphs", Params: gpu.Uniform(&size), Bindings: []gpu.Binding{list, sheet}, Instances: len(glyphs)})
	}
	if rec.Err() == nil {
		rec.Render(pass, draws...)
	}
}

// keep makes a buffer the frame's, to be released with it.
func (f *Frame) keep(rec *gpu.Recorder, b *gpu.Buffer, err error) *gpu.Buffer {
	if err != nil {
		rec.Fail(err)
		return nil
	}
	f.buffers = append(f.buffers, b)
	return b
}

// upload copies a list to the device; after an error it is nil and the recording has failed.
func upload[T any](f *Frame, rec *gpu.Recorder, label string, list []T) *gpu.Buffer {
	data := gpu.Words(list)
	b, err := f.renderer.device.NewStorage(label, uint64(len(data)))
	if b = f.keep(rec, b, err); b == nil {
		return nil
	}
	rec.Fail(f.renderer.device.Write(b, 0, data))
	return b
}

// pack rounds a colour to four bytes, red lowest.
func pack(c gpu.RGBA) uint32 {
	var word uint32
	for i, v := range c {
		word |= uint32(math.Round(float64(min(max(v, 0), 1))*255)) << (8 * i)
	}
	return word
}
