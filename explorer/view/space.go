package view

import (
	"errors"
	"image"

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
	values    Values                  // not owned
	space     *render.Space           // owned
	drawing   *render.Drawing         // owned
	lens      *render.Drawing         // owned: of the lens
	depth     *gpu.Depth              // owned: of the target last drawn to
	root      *expr.Node              // not owned
	summaries map[string]eval.Summary // by path
	absMax    float64                 // of all matrices
	boxes     []layout.Box            // of the scene's matrices, then of its cubes
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
func (s *Space) Arrange(root *expr.Node, laid layout.Scene, values Values) (err error) {
	if s.summaries, err = values.Summaries(); err != nil {
		return err
	}
	s.root, s.Scene, s.values = root, laid, values
	s.axes, s.widths = scene.FindTokens(laid), map[string]float64{}
	s.absMax = 0
	for _, m := range s.summaries {
		s.absMax = max(s.absMax, m.AbsMax)
	}
	return s.paint()
}

// Pick finds the element at a point of the target, if there is one: region is what the view
// fills of it, as in Draw.
func (s *Space) Pick(region image.Rectangle, c camera.Camera, x, y float64) (scene.Hit, bool) {
	v := camera.Viewport{W: float64(region.Dx()), H: float64(region.Dy())}
	x, y = x-float64(region.Min.X), y-float64(region.Min.Y)
	if !(0 <= x && x < v.W && 0 <= y && y < v.H) {
		return scene.Hit{}, false
	}
	return scene.Pick(s.Scene, c.Ray(v, x, y))
}

// Matrix is the matrix at a path, on the device: the values', not the caller's.
func (s *Space) Matrix(path string) (gpu.Tensor, error) {
	if s.values == nil {
		return gpu.Tensor{}, errors.New("nothing is shown yet: there are no matrices")
	}
	return s.values.Matrix(path)
}

// Value reads one element of the matrix at a path. It waits for the device.
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
		blockRows, blockCols := m.Rows.BlockSize(), m.Cols.BlockSize()
		if m.Rows.Gap == 0 { // no edges to be seen
			blockRows, blockCols = m.Rows.N, m.Cols.N
		}
		matrices[i] = render.Matrix{
			Values: values,
			Origin: vec3(m.ToWorld.Col(3).Vec3()), Across: vec3(m.ToWorld.Col(0).Vec3()), Down: vec3(m.ToWorld.Col(1).Vec3()),
			BlockRows: blockRows, BlockCols: blockCols,
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
