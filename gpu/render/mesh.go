package render

import (
	"cmp"
	"fmt"
	"image"

	"headscope/gpu"
)

// Vertex is a corner of a triangle of a [Mesh]: struct Vertex of mesh.wgsl.
type Vertex struct {
	X, Y   float32 // in pixels of the target
	U, V   float32 // on the texture, 0 to 1
	Colour uint32  // four bytes, red lowest, alpha not premultiplied
}

// Piece is a run of a mesh's triangles that share a clip and a texture.
type Piece struct {
	First, Count int             // of its indices, three a triangle
	Clip         image.Rectangle // what may be drawn to, in pixels of the target
	Texture      *gpu.Texture    // coverage, which the colours are multiplied with; not owned
}

// Mesh draws lists of flat triangles that are new in every frame, such as those of a user
// interface. It keeps the device's copy of them, which the next frame uses again: one
// recording can hold one picture of a mesh.
type Mesh struct {
	device   *gpu.Device // not owned
	vertices *gpu.Buffer // owned, as corners; nil before the first picture
	corners  *gpu.Buffer
	strips   [][4]uint32 // what corners is filled with
}

// NewMesh makes a mesh. Release it before the renderer's device.
func (r *Renderer) NewMesh() *Mesh { return &Mesh{device: r.device} }

// Release frees the device's copy.
func (m *Mesh) Release() {
	if m == nil {
		return
	}
	m.vertices.Release()
	m.corners.Release()
	m.vertices, m.corners = nil, nil
}

// Draw records pieces, in order, over what the target shows.
func (m *Mesh) Draw(rec *gpu.Recorder, target gpu.Target, vertices []Vertex, indices []uint32, pieces []Piece) {
	for _, i := range indices {
		if int(i) >= len(vertices) {
			rec.Fail(fmt.Errorf("render: index %d of a mesh of %d vertices", i, len(vertices)))
			return
		}
	}
	smooth, err := m.device.Smooth()
	if err != nil {
		rec.Fail(err)
		return
	}
	width, height := target.Size()
	size := sizeParams{Width: float32(width), Height: float32(height)}
	params := gpu.Uniform(&size)
	m.strips = m.strips[:0]
	var draws []gpu.Draw
	add := func(shader string, first, end int, p Piece) {
		if first < end {
			draws = append(draws, gpu.Draw{Shader: shader, Params: params, Clip: p.Clip, First: first, Instances: end - first,
				Bindings: []gpu.Binding{nil, nil, p.Texture, smooth}})
		}
	}
	for _, p := range pieces {
		if p.First < 0 || p.Count < 0 || p.Count%3 != 0 || p.First+p.Count > len(indices) || p.Texture == nil {
			rec.Fail(fmt.Errorf("render: piece of %d indices from %d on, texture %v, of a mesh of %d indices", p.Count, p.First, p.Texture != nil, len(indices)))
			return
		}
		if p.Clip.Empty() {
			continue
		}
		first := len(m.strips)
		m.strips = appendStrips(m.strips, indices[p.First:p.First+p.Count])
		for i := first; i < len(m.strips); i++ {
			if plain(vertices, m.strips[i]) {
				add("mesh", first, i, p)
				add("mesh_plain", i, i+1, p)
				first = i + 1
			}
		}
		add("mesh", first, len(m.strips), p)
	}
	if len(draws) == 0 {
		return
	}
	rec.Fail(cmp.Or(
		store(m.device, &m.vertices, "vertices", gpu.Words(vertices)),
		store(m.device, &m.corners, "corners", gpu.Words(m.strips)),
	))
	if rec.Err() != nil {
		return
	}
	for _, d := range draws {
		d.Bindings[0], d.Bindings[1] = m.vertices, m.corners
	}
	rec.Render(gpu.Pass{Target: target, Keep: true}, draws...)
}

// appendStrips makes triangles, in order, strips of four corners: two triangles that follow
// one another and share an edge, as those of a rectangle do, are one, another triangle is one
// with its last corner twice. A software adapter pays for every instance.
func appendStrips(strips [][4]uint32, indices []uint32) [][4]uint32 {
	for len(indices) >= 6 {
		if s, ok := strip([3]uint32(indices), [3]uint32(indices[3:])); ok {
			strips, indices = append(strips, s), indices[6:]
		} else {
			strips, indices = append(strips, [4]uint32{indices[0], indices[1], indices[2], indices[2]}), indices[3:]
		}
	}
	if len(indices) > 0 {
		strips = append(strips, [4]uint32{indices[0], indices[1], indices[2], indices[2]})
	}
	return strips
}

// strip joins two triangles at an edge that they share.
func strip(a, b [3]uint32) ([4]uint32, bool) {
	for i := range a {
		r, s := a[(i+1)%3], a[(i+2)%3]
		for j := range b {
			x, y := b[(j+1)%3], b[(j+2)%3]
			if r == x && s == y || r == y && s == x {
				return [4]uint32{a[i], r, s, b[j]}, true
			}
		}
	}
	return [4]uint32{}, false
}

// plainArea is from how many pixels on a strip is worth a draw of its own.
const plainArea = 64 * 64

// plain reports whether a strip is large and all of one colour.
func plain(vertices []Vertex, s [4]uint32) bool {
	a, b, c, d := vertices[s[0]], vertices[s[1]], vertices[s[2]], vertices[s[3]]
	for _, v := range []Vertex{b, c, d} {
		if v.Colour != a.Colour || v.U != a.U || v.V != a.V {
			return false
		}
	}
	return area(a, b, c)+area(b, c, d) >= plainArea
}

// area is that of a triangle in pixels.
func area(a, b, c Vertex) float32 {
	cross := (b.X-a.X)*(c.Y-a.Y) - (b.Y-a.Y)*(c.X-a.X)
	return max(cross, -cross) / 2
}
