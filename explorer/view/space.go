package view

import (
	"math"
	"slices"

	"github.com/go-gl/mathgl/mgl32"
	"github.com/go-gl/mathgl/mgl64"

	"headscope/explorer/camera"
	"headscope/explorer/eval"
	"headscope/explorer/expr"
	"headscope/explorer/layout"
	"headscope/explorer/scene"
	"headscope/gpu"
	"headscope/gpu/render"
	"headscope/models/tensor"
)

// Values are the matrices of a scene on a device, by their paths: an [eval.Expression].
type Values interface {
	Matrix(path string) (gpu.Tensor, error)
	Read(path string) (tensor.Tensor, error)
	Summaries() (map[string]eval.Summary, error)
}

// Space is a view of matrices in space, laid out and painted, to be drawn from any side.
type Space struct {
	Scene layout.Scene // what was shown last
	Look  scene.Look   // set before Show
	Balls bool         // draw every element as a ball of its own, however small: to compare

	device    *gpu.Device             // not owned
	values    Values                  // not owned
	space     *render.Space           // owned
	drawing   *render.Drawing         // owned
	depth     *gpu.Depth              // owned: of the target last drawn to
	root      *expr.Node              // not owned
	summaries map[string]eval.Summary // by path
	boxes     []layout.Box            // of the scene's matrices, then of its cubes
}

// NewSpace makes an empty view. Release it before the renderer.
func NewSpace(d *gpu.Device, r *render.Renderer) *Space {
	s := &Space{device: d, space: r.NewSpace()}
	s.drawing = s.space.NewDrawing()
	return s
}

// Release frees what the view holds on the device.
func (s *Space) Release() {
	if s == nil {
		return
	}
	s.drawing.Release()
	s.space.Release()
	s.depth.Release()
}

// Show lays out an expression whose matrices are there, and paints them. After an error the
// view shows what it did, or nothing.
func (s *Space) Show(root *expr.Node, values Values) error {
	laid, err := layout.Layout(root)
	if err != nil {
		return err
	}
	return s.Arrange(root, laid, values)
}

// Arrange is Show for matrices whose places are given. The settings of a scene as a whole
// are those of root.
func (s *Space) Arrange(root *expr.Node, laid layout.Scene, values Values) (err error) {
	if s.summaries, err = values.Summaries(); err != nil {
		return err
	}
	s.root, s.Scene, s.values = root, laid, values
	return s.paint()
}

// Summary is what the reductions of the matrix at a path are.
func (s *Space) Summary(path string) eval.Summary { return s.summaries[path] }

// AbsMax is the largest |x| of all matrices.
func (s *Space) AbsMax() float64 {
	largest := 0.0
	for _, m := range s.summaries {
		largest = max(largest, m.AbsMax)
	}
	return largest
}

// Elements says how the elements of a matrix of the scene look.
func (s *Space) Elements(m layout.Matrix) scene.Elements {
	local := s.summaries[m.Path]
	return scene.Elements{
		Viz: m.Node.Viz, Look: s.Look,
		Range: scene.RangeOf(m.Node.Viz.Sensitivity, scene.Range{Min: local.AbsMin, Max: local.AbsMax}, s.AbsMax()),
	}
}

// paint places the matrices on the device and paints them.
func (s *Space) paint() error {
	s.boxes = s.boxes[:0]
	matrices := make([]render.Matrix, len(s.Scene.Matrices))
	for i, m := range s.Scene.Matrices {
		values, err := s.values.Matrix(m.Path)
		if err != nil {
			return err
		}
		matrices[i] = render.Matrix{
			Values: values,
			Origin: vec3(m.ToWorld.Col(3).Vec3()), Across: vec3(m.ToWorld.Col(0).Vec3()), Down: vec3(m.ToWorld.Col(1).Vec3()),
			BlockRows: m.Rows.BlockSize(), BlockCols: m.Cols.BlockSize(),
			RowGap: float32(m.Rows.Gap), ColGap: float32(m.Cols.Gap),
			Elements: s.Elements(m).Formula(), Scale: float32(m.Node.Viz.ElemScale),
		}
		s.boxes = append(s.boxes, m.Box())
	}
	for _, c := range s.Scene.Cubes {
		s.boxes = append(s.boxes, c.Box())
	}
	if err := s.space.Place(matrices); err != nil {
		return err
	}
	r := s.device.Record("paint")
	s.space.Paint(r)
	return r.Submit()
}

// Draw records the picture from a camera.
func (s *Space) Draw(rec *gpu.Recorder, target gpu.Target, c camera.Camera) {
	width, height := target.Size()
	if s.depth == nil || !sized(s.depth, width, height) {
		s.depth.Release()
		var err error
		if s.depth, err = s.device.NewDepth(width, height); err != nil {
			rec.Fail(err)
			return
		}
	}
	s.compose(c, camera.Viewport{W: float64(width), H: float64(height)})
	s.drawing.Record(rec, gpu.Pass{Target: target, Clear: gpu.RGBA(s.Look.Background()), Depth: s.depth})
}

func sized(d *gpu.Depth, width, height int) bool {
	w, h := d.Size()
	return w == width && h == height
}

// compose lists what is to be drawn, in the painter's order. What covers no common part of
// the window is drawn in any order: all guides, all matrices, all labels, so that the device
// changes less often between them.
func (s *Space) compose(c camera.Camera, v camera.Viewport) {
	view := seen(c, v)
	if s.Balls {
		view.NearPixels = 0
	}
	s.drawing.Begin(view, gpu.RGBA(s.Look.Background()))
	marks := scene.Decorate(s.Scene, s.root, c, v, s.Look)
	s.mark(marks.Axes)
	var group []int
	var covered []shadow
	flush := func() {
		for _, i := range group {
			if i >= len(s.Scene.Matrices) {
				s.mark(marks.Cubes[i-len(s.Scene.Matrices)])
			} else {
				s.mark(marks.Matrices[i].Under)
			}
		}
		for _, i := range group {
			if i < len(s.Scene.Matrices) {
				s.matrix(i, view, c, v)
			}
		}
		for _, i := range group {
			if i < len(s.Scene.Matrices) {
				s.mark(marks.Matrices[i].Over)
			}
		}
		group, covered = group[:0], covered[:0]
	}
	for _, i := range scene.Order(c.Position, s.boxes) {
		here := cast(s.boxes[i], c, v)
		if here.outside(v) {
			continue
		}
		if slices.ContainsFunc(covered, here.meets) {
			flush()
		}
		group, covered = append(group, i), append(covered, here)
	}
	flush()
}

// matrix adds a matrix of the scene to the drawing.
func (s *Space) matrix(i int, view render.View, c camera.Camera, v camera.Viewport) {
	m := s.Scene.Matrices[i]
	rows, cols, ok := scene.Reach(m, c, v, camera.Far)
	if !ok {
		return
	}
	if !s.Balls {
		s.drawing.Matrix(i, rows.Lo, rows.Len(), cols.Lo, cols.Len())
	}
	if rows, cols, ok := scene.Reach(m, c, v, float64(view.NearDepth())); ok {
		s.drawing.Near(i, rows.Lo, rows.Len(), cols.Lo, cols.Len())
	}
}

// shadow is a rectangle of the window, in pixels.
type shadow struct{ left, top, right, bottom float64 }

// cast is the part of the window that a box may cover. What labels cover beside it is not
// part of it: they are drawn after all matrices of their group.
func cast(b layout.Box, c camera.Camera, v camera.Viewport) shadow {
	s := shadow{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
	for corner := range 8 {
		p := b.Min
		for axis := range 3 {
			if corner>>axis&1 == 1 {
				p[axis] = b.Max[axis]
			}
		}
		x, y, depth := c.Pixel(v, p)
		if depth < camera.Near {
			return shadow{math.Inf(-1), math.Inf(-1), math.Inf(1), math.Inf(1)}
		}
		s = shadow{min(s.left, x), min(s.top, y), max(s.right, x), max(s.bottom, y)}
	}
	return s
}

func (s shadow) meets(o shadow) bool {
	return s.left < o.right && o.left < s.right && s.top < o.bottom && o.top < s.bottom
}

// outside reports whether neither a box nor the labels beside it are in the window.
func (s shadow) outside(v camera.Viewport) bool {
	labels := max(s.right-s.left, s.bottom-s.top) / 12
	return !s.meets(shadow{-labels, -labels, v.W + labels, v.H + labels})
}

// mark adds decoration to the drawing.
func (s *Space) mark(m scene.Marks) {
	for _, l := range m.Lines {
		s.drawing.Line(vec3(l.A), vec3(l.B), float32(l.Width), gpu.RGBA(l.Colour))
	}
	for _, t := range m.Triangles {
		s.drawing.Triangle(vec3(t.Corners[0]), vec3(t.Corners[1]), vec3(t.Corners[2]), gpu.RGBA(t.Colour))
	}
	for _, l := range m.Labels {
		s.drawing.Label(vec3(l.At), vec3(l.Right), vec3(l.Up), float32(l.Size), render.Regular, l.Text, gpu.RGBA(l.Colour))
	}
}

// seen is a camera as the renderer takes it.
func seen(c camera.Camera, v camera.Viewport) render.View {
	right, up, back := c.Basis()
	// Nearer things get larger depths, which float32 resolves far better at a distance.
	reverse := mgl64.Mat4{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, -1, 0, 0, 0, 1, 1}
	return render.View{
		Clip:  mat4(reverse.Mul4(v.Projection()).Mul4(c.View())),
		Right: vec3(right), Up: vec3(up), Back: vec3(back), Eye: vec3(c.Position),
		Width: float32(v.W), Height: float32(v.H), Unit: float32(v.UnitPixels(1)), Near: camera.Near, Far: camera.Far,
		NearPixels: render.NearPixels,
	}
}

func vec3(v mgl64.Vec3) mgl32.Vec3 {
	return mgl32.Vec3{float32(v[0]), float32(v[1]), float32(v[2])}
}

func mat4(m mgl64.Mat4) (out mgl32.Mat4) {
	for i, x := range m {
		out[i] = float32(x)
	}
	return out
}
