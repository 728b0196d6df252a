// Package scene describes what to draw, as data: no device, no font, no value of a model.
// A view lays a scene out; package gpu/render has what it takes to draw one.
//
// A [Sheet] is a flat picture in pixels, x to the right, y down, colours as they go into a
// PNG. It is drawn in this order: background, boxes and colour keys, heat maps, texts.
//
// A scene in space is a laid-out expression (package layout). [Elements] says how elements
// look; [Decorate] gives the guides, labels, arrows and axes around them, as seen from a
// camera, and [Order] what to draw after what. [Pick] finds the element under a pixel, and
// [Reach] those that are in view and near.
package scene

import "headscope/wgsl/cpu"

// Colour is red, green, blue and alpha, 0 to 1, alpha not premultiplied.
type Colour [4]float32

// Rect is a range of whole pixels.
type Rect struct{ X, Y, W, H int }

// Overlaps reports whether the two have a pixel in common.
func (r Rect) Overlaps(s Rect) bool {
	return r.X < s.X+s.W && s.X < r.X+r.W && r.Y < s.Y+s.H && s.Y < r.Y+r.H
}

// Weight is a typeface.
type Weight uint8

// The typefaces.
const (
	Regular Weight = iota
	Bold
	Mono
)

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
	Colour Colour
	String string
}

// Box is a filled rectangle; a thin one is a line.
type Box struct {
	Rect
	Colour Colour
}

// Key is a bar that shows a palette, from 0 at its left edge to the strongest colour at
// the right one, even in the colours: value v of a range stands at sqrt(v/range).
type Key struct {
	Rect
	Palette cpu.Palette
}

// Grid places square heat maps, the attention patterns of all heads, in rows from the top
// left corner on. Where the values are is not part of the scene.
type Grid struct {
	X, Y           int // upper left corner of the first square
	Side           int // of a square
	PitchX, PitchY int // from square to square
	Columns        int
	Ranks          []int // place in the order of layer l's head h, at l*heads+h; below 0: not shown

	Palette cpu.Palette
	Range   float32 // |x| that gets the strongest colour
	Masked  Colour  // of what is right of a pattern's diagonal
}

// Square is where the matrix of a rank stands.
func (g Grid) Square(rank int) Rect {
	return Rect{g.X + rank%g.Columns*g.PitchX, g.Y + rank/g.Columns*g.PitchY, g.Side, g.Side}
}

// Sheet is a picture of heat maps with what it takes to read them.
type Sheet struct {
	Width, Height int
	Background    Colour
	Boxes         []Box
	Keys          []Key
	Grid          Grid
	Texts         []Text
}
