package scene

import (
	"github.com/go-gl/mathgl/mgl64"

	"headscope/explorer/layout"
	"headscope/explorer/partition"
)

const (
	rowGuides    = 8
	guidedBlocks = 4096 // of a scene: matrices with more than their share get guides as a whole
	guidePixels  = 1
	axisPixels   = 2
)

// Guides are the row guides of matrices that a scene shows beside its own.
func Guides(matrices []layout.Matrix, look Look) []Marks {
	all := make([]Marks, len(matrices))
	for i := range matrices {
		all[i] = guides(&matrices[i], look, max(1, guidedBlocks/len(matrices)))
	}
	return all
}

// guides are the row guides of a matrix: of every block the left and the right edge, half an
// element outside its outermost elements, evenly spaced row lines from the top edge to the
// bottom one, at most one an element, and a small triangle on element (0, 0). A matrix in
// more than so many blocks gets those of one.
func guides(m *layout.Matrix, look Look, most int) Marks {
	brightness := m.Node.Deco.RowGuides
	if !(brightness > 0) {
		return Marks{}
	}
	rows, cols := []partition.Range{{Lo: 0, Hi: m.Rows.N}}, []partition.Range{{Lo: 0, Hi: m.Cols.N}}
	if m.Rows.BlockCount()*m.Cols.BlockCount() <= most {
		rows, cols = partition.Ranges(m.Rows), partition.Ranges(m.Cols)
	}
	blocks := len(rows) * len(cols)
	g := Marks{Lines: make([]Line, 0, (2+rowGuides)*blocks), Triangles: make([]Triangle, 0, blocks)}
	p, colour := planeOf(m), look.Guide(brightness)
	line := func(x0, y0, x1, y1 float64) {
		g.Lines = append(g.Lines, Line{p.at(x0, y0), p.at(x1, y1), guidePixels, colour})
	}
	for _, r := range rows {
		y0, y1 := edges(m.Rows, r)
		for _, c := range cols {
			x0, x1 := edges(m.Cols, c)
			line(x0, y0, x0, y1)
			line(x1, y0, x1, y1)
			steps := min(rowGuides-1, r.Len())
			for i := range steps + 1 {
				y := y0 + (y1-y0)*float64(i)/float64(steps)
				line(x0, y, x1, y)
			}
			side := max(1, min(x1-x0, y1-y0)/32)
			corners := [3]mgl64.Vec3{p.at(x0, y0), p.at(x0+side, y0), p.at(x0, y0+side)}
			g.Triangles = append(g.Triangles, Triangle{corners, colour})
		}
	}
	return g
}

// edges are where a block of an axis begins and ends, half an element outside its outermost
// elements.
func edges(a layout.Axis, block partition.Range) (lo, hi float64) {
	return a.At(block.Lo) - 0.5, a.At(block.Hi-1) + 0.5
}

// axes are those of the world, from the origin to a little outside a box around it: x red,
// y green, z blue. Their names face the camera.
func axes(box layout.Box, v viewer, look Look) Marks {
	size := box.Max.Sub(box.Min)
	length := 0.6 * max(1, size[0], size[1], size[2])
	var g Marks
	for i, colour := range look.primaries() {
		var end mgl64.Vec3
		end[i] = length
		g.Lines = append(g.Lines, Line{mgl64.Vec3{}, end, axisPixels, colour})
		g.Labels = append(g.Labels, Label{
			At: end.Mul(1.08), Right: v.right, Up: v.up, Size: length / 15, Text: "xyz"[i : i+1], Colour: colour,
		})
	}
	return g
}
