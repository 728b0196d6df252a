package scene

import (
	"headscope/explorer/camera"
	"headscope/explorer/layout"
)

// Caption is the name, of a letter, of a column: over its first row, flat in its plane, and no
// wider than room, in elements.
func Caption(column layout.Matrix, name string, room float64, c camera.Camera, v camera.Viewport, look Look) Marks {
	d := decorator{look: look, viewer: newViewer(c, v)}
	p, size := planeOf(&column), room/letterWidth
	d.label(p.at(0, -1-lineHeight*size/2), p.x, p.y, size, name)
	return Marks{Labels: d.labels}
}
