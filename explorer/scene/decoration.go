package scene

import (
	"github.com/go-gl/mathgl/mgl64"

	"headscope/explorer/camera"
	"headscope/explorer/expr"
	"headscope/explorer/layout"
)

// Line is a straight line in the world, so many pixels wide.
type Line struct {
	A, B   mgl64.Vec3
	Width  float64
	Colour Colour
}

// Triangle is filled, and seen from both sides.
type Triangle struct {
	Corners [3]mgl64.Vec3
	Colour  Colour
}

// Label is a line of text that lies flat in the world, centred at At.
type Label struct {
	At        mgl64.Vec3
	Shift     float64    // to the Right of there, in widths of the text: at 0.5 it begins at At
	Right, Up mgl64.Vec3 // of length 1: the direction of reading, and that of the letters
	Size      float64    // of the em, in world units
	Text      string
	Colour    Colour
}

// Marks is decoration that lies in one place of the painter's order.
type Marks struct {
	Lines     []Line
	Triangles []Triangle
	Labels    []Label
}

// Layers is the decoration of a matrix: what is drawn before its elements, and after them.
type Layers struct{ Under, Over Marks }

// Decoration is what a scene shows beside the elements.
type Decoration struct {
	Matrices []Layers // guides and labels of the scene's matrices, in their order
	Cubes    []Marks  // flow guides of the scene's cubes, in their order
	Axes     Marks
}

// Decorate lays out the decoration of a scene as the nodes' settings have it ([expr.Deco]);
// those of the root say whether there are axes. The camera decides which way labels read,
// and the window which of them are too small to be read and left out.
func Decorate(s layout.Scene, root *expr.Node, c camera.Camera, v camera.Viewport, look Look) Decoration {
	d := decorator{scene: s, look: look, viewer: newViewer(c, v)}
	d.Matrices = make([]Layers, 0, len(s.Matrices))
	d.Cubes = make([]Marks, 0, len(s.Cubes))
	d.labels = make([]Label, 0, 2*len(s.Matrices))
	for len(d.Matrices) < len(s.Matrices) { // one tree, or several, or matrices side by side
		d.node(nil, roles{rows: "I", cols: "J"})
	}
	if root.Deco.Axes {
		d.Axes = axes(s.Box, d.viewer, look)
	}
	return d.Decoration
}

// decorator walks a scene as its lists do: a node, its left child, its right child.
type decorator struct {
	Decoration
	scene  layout.Scene
	look   Look
	viewer viewer
	labels []Label // of all matrices, one after another, so that few allocations hold them
}

// roles are the names of the dimensions that a matrix' sides are in its parent.
type roles struct{ rows, cols string }

// node adds the decoration of the next node of the scene and of all below it; parent is the
// cube that it is an argument of, nil for the root.
func (d *decorator) node(parent *layout.Cube, r roles) {
	m := &d.scene.Matrices[len(d.Matrices)]
	under := guides(m, d.look, max(1, guidedBlocks/len(d.scene.Matrices)))
	if !m.Node.IsMatMul() {
		joint := m.ToWorld.Col(3).Vec3()
		if parent != nil {
			joint = jointOf(parent)
		}
		d.Matrices = append(d.Matrices, Layers{under, d.legends(m, &sides{r, joint})})
		return
	}
	c := &d.scene.Cubes[len(d.Cubes)]
	var named *sides
	if parent == nil {
		named = &sides{r, jointOf(c)}
	}
	d.Matrices = append(d.Matrices, Layers{under, d.legends(m, named)})
	d.Cubes = append(d.Cubes, flow(c, d.look))
	d.node(c, roles{"I", "K"})
	d.node(c, roles{"K", "J"})
}

// jointOf is the corner of a cube, in the world, where the result meets both arguments (if
// nothing scatters them).
func jointOf(c *layout.Cube) mgl64.Vec3 {
	return mgl64.TransformCoordinate(frameJoint(c), c.ToWorld)
}

// frameJoint is that corner in the matmul's frame.
func frameJoint(c *layout.Cube) mgl64.Vec3 {
	joint := mgl64.Vec3{0, 0, c.Result()}
	if c.Node.Layout.Left == "right" {
		joint[0] = c.Extent()[0]
	}
	if c.Node.Layout.Right == "bottom" {
		joint[1] = c.Extent()[1]
	}
	return joint
}
