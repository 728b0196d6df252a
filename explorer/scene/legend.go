package scene

import (
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/go-gl/mathgl/mgl64"

	"headscope/explorer/camera"
	"headscope/explorer/layout"
)

const (
	shortName     = 8   // letters that a legend of full size has at most
	letterWidth   = 0.8 // of a capital Q, over the em; a text is hardly wider
	lineHeight    = 1.4 // of text with some air, over the em
	minTextPixels = 6   // an em below cannot be read
)

// sides are the dimensions that a matrix' sides are labelled by, and the corner of a cube
// where it meets its kin: the labels keep away from there.
type sides struct {
	roles
	joint mgl64.Vec3
}

// legends are a matrix' name, flat on the middle of its plane, and beside
// it, if the sides are named, a label along an edge of either dimension: "I = 256 / 8" says
// that there are 256 rows in 8 blocks. None covers another.
func (d *decorator) legends(m *layout.Matrix, named *sides) Marks {
	size := m.Node.Deco.Legends * math.Cbrt(float64(m.Rows.N)*float64(m.Cols.N)) / 10
	if !(size > 0) {
		return Marks{}
	}
	name := m.Node.Name
	size *= shortName / float64(max(shortName, utf8.RuneCountInString(name)))
	p := planeOf(m)
	cx, cy := m.Cols.At(m.Cols.N-1)/2, m.Rows.At(m.Rows.N-1)/2
	first := len(d.labels)
	// Half of what the name takes along x and y. It reads along the rows, but where it is
	// longer than these it takes the longer side.
	nameX, nameY := width(name, size)/2, lineHeight*size/2
	if nameX <= cx+0.5 || cx >= cy {
		d.label(p.at(cx, cy), p.x, p.y, size, name)
	} else {
		nameX, nameY = nameY, nameX
		d.label(p.at(cx, cy), p.y, p.x, size, name)
	}
	if named != nil && m.Node.Deco.Shape {
		cols, rows := dimension(named.cols, m.Cols), dimension(named.rows, m.Rows)
		small := size / 2
		// The places beside the middle are those next to the edges, or farther out where
		// something else reaches beyond the edges.
		air := lineHeight * small / 2
		x, y := max(cx+0.5, nameX), max(cy+0.5, nameY)
		if width(rows, small)/2 > y {
			x = max(x, width(cols, small)/2)
		}
		jx, jy := p.local(named.joint)
		d.label(p.at(cx, cy+math.Copysign(y+air, cy-jy)), p.x, p.y, small, cols)
		d.label(p.at(cx+math.Copysign(x+air, cx-jx), cy), p.y, p.x, small, rows)
	}
	return Marks{Labels: d.labels[first:len(d.labels):len(d.labels)]}
}

// dimension is the label of an axis.
func dimension(name string, a layout.Axis) string {
	if a.Blocks > 1 {
		return fmt.Sprintf("%s = %d / %d", name, a.N, a.Blocks)
	}
	return fmt.Sprintf("%s = %d", name, a.N)
}

// width is about how long a text is at a size.
func width(text string, size float64) float64 {
	return size * letterWidth * float64(utf8.RuneCountInString(text))
}

// label adds a text that reads along one axis of a plane, with its letters along the other,
// both in the sense that is readable from where the camera is.
func (d *decorator) label(at, along, across mgl64.Vec3, size float64, text string) {
	if text == "" || d.viewer.pixels(at, size) < minTextPixels {
		return
	}
	right, up := d.viewer.readable(at, along, across)
	d.labels = append(d.labels, Label{At: at, Right: right, Up: up, Size: size, Text: text, Colour: d.look.Text()})
}

// viewer is the camera with its axes at hand.
type viewer struct {
	at, right, up, back mgl64.Vec3
	unit                float64 // pixels of a length of 1 at depth 1
}

func newViewer(c camera.Camera, v camera.Viewport) viewer {
	right, up, back := c.Basis()
	return viewer{c.Position, right, up, back, v.UnitPixels(1)}
}

// pixels is how high a text of a size at most is on the screen; without bound at the camera
// and behind it, where its middle says nothing of its ends.
func (v viewer) pixels(at mgl64.Vec3, size float64) float64 {
	depth := v.at.Sub(at).Dot(v.back)
	if depth <= camera.Near {
		return math.Inf(1)
	}
	return size * v.unit / depth
}

// readable gives two axes of a plane the senses in which text at a point of it, reading
// along the first, is not mirrored and reads from left to right on the screen, or upwards
// where it is within 30 degrees of the vertical there, as the upright edges of a scene are.
func (v viewer) readable(at, along, across mgl64.Vec3) (right, up mgl64.Vec3) {
	const steep = 0.577 // tan 30°
	d := at.Sub(v.at)
	if along.Cross(across).Dot(d) > 0 {
		across = across.Mul(-1)
	}
	// A step s along the text moves its place (x, y) / depth on the screen by
	// (s.x depth - x s.depth, ...) / depth².
	depth := -d.Dot(v.back)
	x, y := d.Dot(v.right)/depth, d.Dot(v.up)/depth
	if depth < camera.Near {
		x, y = 0, 0
	}
	forward := -along.Dot(v.back)
	dx, dy := along.Dot(v.right)-x*forward, along.Dot(v.up)-y*forward
	if dx < -steep*math.Abs(dy) || dx <= steep*math.Abs(dy) && dy < 0 {
		return along.Mul(-1), across.Mul(-1)
	}
	return along, across
}
