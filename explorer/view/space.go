package view

import (
	"errors"
	"image"

	"headscope/explorer/anim"
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
	// ReadPart copies rows [i, i+rows) and columns [j, j+cols) to the CPU.
	ReadPart(path string, i, j, rows, cols int) (tensor.Tensor, error)
	Summaries() (map[string]eval.Summary, error)
}

// Space is a view of matrices in space, laid out and painted, to be drawn from any side, and
// looked at through a lens.
type Space struct {
	Scene layout.Scene // what was shown last
	Look  scene.Look   // set before Show
	Balls bool         // draw every element as a ball of its own, however small: to compare

	// The tokens that the model's matrices are of, and the chosen one, -1 for none: set before
	// Draw. A scene without such matrices shows none.
	Tokens []string
	Token  int

	device    *gpu.Device             // not owned
	renderer  *render.Renderer        // not owned
	whole     Values                  // not owned: complete matrices
	values    Values                  // not owned: what is shown
	space     *render.Space           // owned
	drawing   *render.Drawing         // owned
	lens      *render.Drawing         // owned: of the lens
	depth     *gpu.Depth              // owned: of the target last drawn to
	root      *expr.Node              // not owned
	summaries map[string]eval.Summary // by path
	absMax    float64                 // of all matrices
	things    []thing                 // that are drawn
	boxes     []layout.Box            // of them
	playback  eval.Playback           // not owned: what is shown is a step of it; nil: it is complete
	sums      map[string]anim.Sums    // of the results at the step, by path
	planes    planes                  // at the step
	axes      []scene.TokenAxes       // of the scene's matrices
	widths    map[string]float64      // of the tokens' labels, in em
}

// NewSpace makes an empty view. Release it before the renderer.
func NewSpace(d *gpu.Device, r *render.Renderer) *Space {
	s := &Space{Token: -1, device: d, renderer: r, space: r.NewSpace()}
	s.drawing, s.lens = s.space.NewDrawing(), s.space.NewDrawing()
	return s
}

// Release frees what the view holds on the device.
func (s *Space) Release() {
	if s == nil {
		return
	}
	s.drawing.Release()
	s.lens.Release()
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
func (s *Space) Arrange(root *expr.Node, laid layout.Scene, values Values) error {
	if err := s.measure(values); err != nil {
		return err
	}
	s.root, s.Scene, s.whole, s.values = root, laid, values, values
	s.playback, s.planes = nil, planes{}
	s.axes, s.widths = scene.FindTokens(laid), map[string]float64{}
	return s.paint(whole)
}

// measure finds the ranges of what is shown.
func (s *Space) measure(values Values) error {
	summaries, err := values.Summaries()
	if err != nil {
		return err
	}
	s.summaries, s.absMax = summaries, 0
	for _, m := range s.summaries {
		s.absMax = max(s.absMax, m.AbsMax)
	}
	return nil
}

// Pick finds the element at a point of the target, if there is one: region is what the view
// fills of it, as in Draw. Of an animation it must have been reached, and those of planes are
// none.
func (s *Space) Pick(region image.Rectangle, c camera.Camera, x, y float64) (scene.Hit, bool) {
	v := camera.Viewport{W: float64(region.Dx()), H: float64(region.Dy())}
	x, y = x-float64(region.Min.X), y-float64(region.Min.Y)
	if !(0 <= x && x < v.W && 0 <= y && y < v.H) {
		return scene.Hit{}, false
	}
	return scene.PickShown(s.Scene.Matrices, c.Ray(v, x, y), s.shown)
}

// Matrix is the complete matrix at a path, on the device: the values', not the caller's.
func (s *Space) Matrix(path string) (gpu.Tensor, error) {
	if s.whole == nil {
		return gpu.Tensor{}, errors.New("nothing is shown yet: there are no matrices")
	}
	return s.whole.Matrix(path)
}

// Value reads one element of the matrix at a path, as it is shown. It waits for the device.
func (s *Space) Value(path string, i, j int) (float32, error) {
	if s.values == nil {
		return 0, errors.New("nothing is shown yet: there are no matrices")
	}
	t, err := s.values.ReadPart(path, i, j, 1, 1)
	if err != nil {
		return 0, err
	}
	return t.Data[0], nil
}

// Summary is what the reductions of the matrix at a path are.
func (s *Space) Summary(path string) eval.Summary { return s.summaries[path] }

// AbsMax is the largest |x| of all matrices.
func (s *Space) AbsMax() float64 { return s.absMax }

// Elements says how the elements of a matrix of the scene look.
func (s *Space) Elements(m layout.Matrix) scene.Elements {
	return s.elements(m.Node.Viz, m.Path)
}

// elements is how elements look with some settings, in the range of the matrix at a path.
func (s *Space) elements(viz expr.Viz, path string) scene.Elements {
	local := s.summaries[path]
	return scene.Elements{
		Viz: viz, Look: s.Look,
		Range: scene.RangeOf(viz.Sensitivity, scene.Range{Min: local.AbsMin, Max: local.AbsMax}, s.AbsMax()),
	}
}

// thing is what has one place in the painter's order: a matrix of the scene or, behind them,
// a plane, or what marks a cube, or both; -1: none.
type thing struct{ matrix, cube int }

// paint places the matrices and planes on the device and paints what is not, or has other
// values than before: changed tells which part of a matrix of the scene has.
func (s *Space) paint(changed func(m layout.Matrix) render.Part) error {
	s.things, s.boxes = s.things[:0], s.boxes[:0]
	add := func(t thing, b layout.Box) { s.things, s.boxes = append(s.things, t), append(s.boxes, b) }
	inUse := s.inUse()
	still := make([]render.Matrix, len(s.Scene.Matrices))
	for i, m := range s.Scene.Matrices {
		values, err := s.values.Matrix(m.Path)
		if err != nil {
			return err
		}
		still[i] = placed(m, values, s.Elements(m))
		still[i].Lit = inUse[m.Path]
		if sums, is := s.sums[m.Path]; is && s.playback != nil {
			still[i].Seen = reached(sums, m)
		}
		add(thing{i, -1}, m.Box())
	}
	moving := make([]render.Matrix, len(s.planes.matrices))
	filled := make([]bool, len(s.Scene.Cubes))
	for i, p := range s.planes.matrices {
		moving[i] = placed(p, s.planes.values[i], s.planeElements(i))
		moving[i].Seen = reached(s.planes.sums[i], p)
		cube := s.planes.cubes[i]
		filled[cube] = true
		add(thing{len(still) + i, cube}, tight(p))
	}
	for i, c := range s.Scene.Cubes {
		if !filled[i] {
			add(thing{-1, i}, c.Box())
		}
	}
	if err := s.space.Place(still, moving); err != nil {
		return err
	}
	r := s.device.Record("paint")
	s.space.Paint(r, func(i int) render.Part { return changed(s.Scene.Matrices[i]) }) // planes never are painted
	return r.Submit()
}

// whole is all of a matrix.
func whole(m layout.Matrix) render.Part { return render.Part{Rows: m.Rows.N, Cols: m.Cols.N} }

// reached is the part of a matrix that holds what its sums show, and a row and column more, over
// which their edge is soft from afar.
func reached(s anim.Sums, m layout.Matrix) render.Part {
	rows, cols := s.Reach(m.Rows.N, m.Cols.N)
	if rows == 0 || cols == 0 {
		return render.Part{}
	}
	return render.Part{Rows: min(rows+1, m.Rows.N), Cols: min(cols+1, m.Cols.N)}
}

// placed is a matrix as the renderer takes it.
func placed(m layout.Matrix, values gpu.Tensor, e scene.Elements) render.Matrix {
	blockRows, blockCols := m.Rows.BlockSize(), m.Cols.BlockSize()
	if m.Rows.Gap == 0 { // no edges to be seen
		blockRows, blockCols = m.Rows.N, m.Cols.N
	}
	return render.Matrix{
		Values: values,
		Origin: vec3(m.ToWorld.Col(3).Vec3()), Across: vec3(m.ToWorld.Col(0).Vec3()), Down: vec3(m.ToWorld.Col(1).Vec3()),
		BlockRows: blockRows, BlockCols: blockCols,
		RowGap: float32(m.Rows.Gap), ColGap: float32(m.Cols.Gap),
		Elements: e.Formula(), Scale: float32(m.Node.Viz.ElemScale),
		Seen: whole(m),
	}
}
