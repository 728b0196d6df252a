package render

import (
	"math"

	"github.com/go-gl/mathgl/mgl32"

	"headscope/gpu"
)

// View is how a space is seen. Pixels are those of the region that is drawn to.
type View struct {
	Clip            mgl32.Mat4 // world to clip space, depth 1 at Near and 0 at Far
	Right, Up, Back mgl32.Vec3 // the camera's own axes in the world
	Eye             mgl32.Vec3
	Width, Height   float32 // in pixels
	Unit            float32 // pixels that a length of 1 takes at depth 1
	Ball            float32 // diameter in the world of a full-size ball of scale 1
	Near, Far       float32
	NearPixels      float32 // from how many pixels a cell on, elements are balls of their own
}

// NearPixels is what a [View] should have: cells so large show the difference between a
// disc in the plane and a ball, and not too many of them fit on a screen.
const NearPixels = 12

// viewParams is Params of shared/view.wgsl.
type viewParams struct {
	Clip                                                mgl32.Mat4
	Right, Up, Back, Eye                                mgl32.Vec4
	Width, Height, Unit, Near, Far, Balls, Ball, Spread float32
}

// nearParams is Params of near.wgsl.
type nearParams struct {
	Clip                                 mgl32.Mat4
	Eye, Back                            mgl32.Vec4
	Unit, Near, Far, Balls, Ball, Margin float32
	Capacity, Index                      uint32
	Row, Col, Rows, Cols                 uint32
	RowsBlock, RowsIndex, RowsCount      uint32
	ColsBlock, ColsIndex, ColsCount      uint32
	Bright                               float32
	Unused                               uint32
}

// NearDepth is up to which depth elements can be balls of their own.
func (v View) NearDepth() float32 { return min(v.Far, v.Unit/v.NearPixels) }

func (v View) params() viewParams {
	return viewParams{
		Clip: v.Clip, Right: v.Right.Vec4(0), Up: v.Up.Vec4(0), Back: v.Back.Vec4(0), Eye: v.Eye.Vec4(1),
		Width: v.Width, Height: v.Height, Unit: v.Unit, Near: v.Near, Far: v.Far, Balls: v.NearPixels, Ball: v.Ball, Spread: fieldTexels * fieldSpread,
	}
}

// stroke is struct Stroke of strokes.wgsl.
type stroke struct {
	Origin mgl32.Vec3
	Colour uint32
	A      mgl32.Vec3
	Width  float32
	B      mgl32.Vec3
	Unused uint32
}

// letter is struct Letter of letters.wgsl.
type letter struct {
	Origin                   mgl32.Vec3
	Colour                   uint32
	A                        mgl32.Vec3
	Halo                     uint32
	B                        mgl32.Vec3
	Unused                   uint32
	Left, Top, Width, Height uint32
}

// Drawing is one picture of a space: what is to be drawn, farthest first, and the lists for
// it on the device, which the next picture uses again: one recording can hold one picture of
// a drawing.
type Drawing struct {
	space *Space // not owned
	view  View
	steps []step
	near  []part
	halo  uint32 // colour around letters
	full  bool   // the sheet of glyphs has no room

	// What steps draw.
	order   []uint32 // patches, and bands behind all patches
	strokes []stroke
	letters []letter

	lists struct{ order, strokes, letters, spots, args *gpu.Buffer } // owned
}

// step draws lo to hi of what a shader draws: patches, strokes or letters.
type step struct {
	shader string
	lo, hi int
}

// NewDrawing makes the lists for pictures of a space. Release it before the space.
func (s *Space) NewDrawing() *Drawing { return &Drawing{space: s} }

// Release frees the drawing's lists.
func (d *Drawing) Release() {
	if d == nil {
		return
	}
	for _, b := range []**gpu.Buffer{&d.lists.order, &d.lists.strokes, &d.lists.letters, &d.lists.spots, &d.lists.args} {
		(*b).Release()
		*b = nil
	}
}

// Begin starts the next picture. Letters have a halo of the background's colour.
func (d *Drawing) Begin(v View, background gpu.RGBA) {
	background[3] = 0.75
	d.view, d.halo, d.full = v, pack(background), false
	d.steps, d.near = d.steps[:0], d.near[:0]
	d.order, d.strokes, d.letters = d.order[:0], d.strokes[:0], d.letters[:0]
}

// Matrix adds a range of rows and columns of matrix number i, outside of which nothing is in
// view: without those of its elements that are near.
func (d *Drawing) Matrix(i, row, rows, col, cols int) {
	d.parts(i, row, rows, col, cols, func(p part) {
		shader, patches := d.shader(d.space.matrices[i], p), d.space.patches
		d.order = append(d.order, uint32(p.patch))
		// Those that look at nothing but one array of textures, or one buffer, are drawn at once.
		if n := len(d.steps); n > 0 && shader == d.steps[n-1].shader {
			before := patches[d.order[d.steps[n-1].lo]]
			if shader == planeFar && patches[p.patch].texels == before.texels ||
				shader == planeNear && d.space.matrices[i].Values.Buffer == d.space.matrices[before.matrix].Values.Buffer {
				d.steps[n-1].hi = len(d.order)
				return
			}
		}
		d.steps = append(d.steps, step{shader, len(d.order) - 1, len(d.order)})
	})
	d.lit(i, row, rows, col, cols)
}

// lit adds what is in use in a range of matrix number i, over its elements.
func (d *Drawing) lit(i, row, rows, col, cols int) {
	s, last := d.space, -1 // the patch of the band before
	for n := s.lit[i]; n < s.lit[i+1]; n++ {
		p := s.bands[n]
		if p.row >= row+rows || p.row+p.rows <= row || p.col >= col+cols || p.col+p.cols <= col {
			continue
		}
		d.order = append(d.order, uint32(len(s.patches)+n))
		if p.patch == last {
			d.steps[len(d.steps)-1].hi = len(d.order)
		} else {
			d.steps = append(d.steps, step{planeLit, len(d.order) - 1, len(d.order)})
		}
		last = p.patch
	}
}

// Near adds the elements of matrix number i, in a range of rows and columns, that are at
// most at [View.NearDepth].
func (d *Drawing) Near(i, row, rows, col, cols int) {
	d.parts(i, row, rows, col, cols, func(p part) { d.near = append(d.near, p) })
}

// part is a range of the elements of a patch.
type part struct{ patch, row, col, rows, cols int }

// parts calls add for every part of a range of matrix number i.
func (d *Drawing) parts(i, row, rows, col, cols int, add func(part)) {
	s := d.space
	seen := s.matrices[i].Seen
	for n := s.first[i]; n < s.first[i+1]; n++ {
		p := s.patches[n]
		r0, r1 := max(row, p.row, seen.Row), min(row+rows, p.row+p.rows, seen.Row+seen.Rows)
		c0, c1 := max(col, p.col, seen.Col), min(col+cols, p.col+p.cols, seen.Col+seen.Cols)
		if r0 < r1 && c0 < c1 {
			add(part{n, r0, c0, r1 - r0, c1 - c0})
		}
	}
}

// The variants of plane.wgsl.
const (
	planeFar   = "plane_far"
	planeNear  = "plane_near"
	planeMixed = "plane_mixed"
	planeLit   = "plane_lit"
)

// shader is the variant of plane.wgsl that suits a part of a matrix. How many cells a pixel
// covers is asked at its corners, which is where it is most and least, nearly.
func (d *Drawing) shader(m Matrix, p part) string {
	if d.space.patches[p.patch].texels == nil {
		return planeNear
	}
	least, most := float32(math.MaxFloat32), float32(0)
	for corner := range 4 {
		row, col := p.row+corner&1*(p.rows-1), p.col+corner>>1*(p.cols-1)
		wide, ok := d.view.cells(m, row, col)
		if !ok {
			return planeMixed
		}
		least, most = min(least, wide), max(most, wide)
	}
	// They begin to blend at 1/2 and end at 1.
	switch {
	case most < 0.45:
		return planeNear
	case least > 1.1:
		return planeFar
	}
	return planeMixed
}

// cells is how many cells of a matrix a pixel on one of its elements covers in the direction
// in which they are most; false where the element is not before the camera.
func (v View) cells(m Matrix, row, col int) (float32, bool) {
	at := m.Origin.Add(m.Across.Mul(float32(col) + float32(col/m.BlockCols)*m.ColGap)).Add(m.Down.Mul(float32(row) + float32(row/m.BlockRows)*m.RowGap))
	way := at.Sub(v.Eye)
	depth := -way.Dot(v.Back)
	if depth < v.Near {
		return 0, false
	}
	// How the pixel moves by a column and by a row.
	move := func(step mgl32.Vec3) mgl32.Vec2 {
		deeper := -step.Dot(v.Back) / depth
		return mgl32.Vec2{step.Dot(v.Right) - way.Dot(v.Right)*deeper, step.Dot(v.Up) - way.Dot(v.Up)*deeper}.Mul(v.Unit / depth)
	}
	a, b := move(m.Across), move(m.Down)
	area := a[0]*b[1] - a[1]*b[0]
	if area == 0 {
		return math.MaxFloat32, true // seen edge-on
	}
	// The inverse of (a b), by columns: cells by pixel to the right, and up.
	right, up := mgl32.Vec2{b[1], -a[1]}, mgl32.Vec2{-b[0], a[0]}
	return max(right.Len(), up.Len()) / max(area, -area), true
}

// Line adds a straight line, so many pixels wide.
func (d *Drawing) Line(a, b mgl32.Vec3, width float32, colour gpu.RGBA) {
	d.stroke(stroke{Origin: a, A: b.Sub(a), Width: width, Colour: pack(colour)})
}

// Triangle adds a triangle, which is seen from both sides.
func (d *Drawing) Triangle(a, b, c mgl32.Vec3, colour gpu.RGBA) {
	d.stroke(stroke{Origin: a, A: b.Sub(a), B: c.Sub(a), Colour: pack(colour)})
}

func (d *Drawing) stroke(s stroke) {
	d.strokes = append(d.strokes, s)
	d.step("strokes", len(d.strokes))
}

// step draws one more of what a shader draws, the last of hi.
func (d *Drawing) step(shader string, hi int) {
	if n := len(d.steps); n > 0 && d.steps[n-1].shader == shader {
		d.steps[n-1].hi = hi
	} else {
		d.steps = append(d.steps, step{shader, hi - 1, hi})
	}
}

// Label adds a line of text that lies in the world: centred at a point, right the direction
// of reading and up that of the letters, both of length 1, size the height of the em.
func (d *Drawing) Label(at, right, up mgl32.Vec3, size float32, weight Weight, text string, colour gpu.RGBA) {
	r := d.space.renderer
	line, ok := r.fields.line(r.Fonts, weight, text)
	start := at.Sub(right.Mul(size * line.width / 2)).Sub(up.Mul(size * r.Fonts.CapHeight(weight) / 2))
	c := pack(colour)
	for i, f := range line.fields {
		d.letters = append(d.letters, letter{
			Origin: start.Add(right.Mul(size * (line.pens[i] + f.Left))).Add(up.Mul(size * f.Bottom)),
			A:      right.Mul(size * (f.Right - f.Left)), B: up.Mul(size * (f.Top - f.Bottom)), Colour: c, Halo: d.halo,
			Left: uint32(f.X), Top: uint32(f.Y), Width: uint32(f.Width), Height: uint32(f.Height),
		})
		d.step("letters", len(d.letters))
	}
	d.full = d.full || !ok
}
