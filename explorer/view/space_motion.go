package view

import (
	"errors"
	"fmt"
	"image"
	"slices"
	"strings"

	"github.com/go-gl/mathgl/mgl64"

	"headscope/explorer/anim"
	"headscope/explorer/camera"
	"headscope/explorer/eval"
	"headscope/explorer/layout"
	"headscope/explorer/scene"
	"headscope/gpu"
	"headscope/gpu/render"
)

// planes are those of a step that are to be seen: matrices that are drawn as those of the
// scene are.
type planes struct {
	matrices []layout.Matrix   // with the node and path of the result
	values   []gpu.Tensor      // the playback's
	labels   []eval.PlaneLabel // of each; without a name where it has none
	guides   []scene.Marks
	sums     []anim.Sums     // which elements are shown
	named    []layout.Matrix // those that have names
	cubes    []int           // in which cube of the scene each is
}

// guidedPlanes is how many planes have row guides: those of more would hide what they guide.
const guidedPlanes = 64

// ShowStep shows the step that a playback of what is shown is at: results as far as they are,
// the planes inside and beside the cubes, and inputs in use brighter, in the ranges that the
// playback has. It stays until something else is shown. What does not change between two steps is
// not painted again.
func (s *Space) ShowStep(m eval.Playback) error {
	if s.root == nil {
		return errors.New("nothing is shown yet: there are no steps")
	}
	labels, err := m.Labels()
	if err != nil {
		return err
	}
	before := s.sums
	if s.playback != m {
		if before, err = nil, s.measure(m); err != nil {
			return err
		}
	}
	s.playback, s.values = m, m
	s.sums = map[string]anim.Sums{}
	for _, r := range m.State().Results {
		s.sums[r.Path] = r.Shown
	}
	s.planes = planes{}
	for n, p := range m.Planes() {
		if p.Shown.Count == 0 {
			continue // its matmul waits, and it is black
		}
		cube := s.Scene.Cubes[p.Result]
		s.planes.matrices = append(s.planes.matrices, layout.Matrix{
			Path: cube.Path, Node: cube.Node, Rows: p.Rows, Cols: p.Cols, ToWorld: cube.ToWorld.Mul4(p.ToFrame),
		})
		s.planes.values = append(s.planes.values, p.Values)
		s.planes.sums = append(s.planes.sums, p.Shown)
		s.planes.cubes = append(s.planes.cubes, p.Result)
		var label eval.PlaneLabel
		if len(labels) > 0 {
			label = labels[n]
			s.planes.named = append(s.planes.named, s.planes.matrices[len(s.planes.matrices)-1])
		}
		s.planes.labels = append(s.planes.labels, label)
	}
	s.planes.guides = make([]scene.Marks, len(s.planes.matrices))
	if len(s.planes.matrices) <= guidedPlanes && len(s.planes.named) == 0 { // columns are narrower than what guides them
		s.planes.guides = scene.Guides(s.planes.matrices, s.Look)
	}
	return s.paint(func(m layout.Matrix) render.Part {
		now, is := s.sums[m.Path]
		was, known := before[m.Path]
		switch {
		case before == nil:
			return whole(m)
		case !s.playback.Changed(m.Path):
			return render.Part{}
		case is && known:
			return changed(was, now, m)
		}
		return whole(m)
	})
}

// changed is the part of a result that shows something else after its sums have changed: all
// of it, but where sums appear whole and one block alone goes from a row or column to others.
func changed(was, now anim.Sums, m layout.Matrix) render.Part {
	part := whole(m)
	count := was.Count
	was.Count = now.Count
	if was != now || now.Rate != now.BlockK || now.BlockI < m.Rows.N || now.BlockJ < m.Cols.N {
		return part
	}
	lo, hi := min(count, now.Count), max(count, now.Count)
	// Elements are reached in the order of PerI*i + PerJ*j: those from lo on, below hi.
	switch {
	case now.PerI > now.PerJ:
		part.Row = min(lo/now.PerI, m.Rows.N)
		part.Rows = min((hi+now.PerI-1)/now.PerI, m.Rows.N) - part.Row
	case now.PerJ > now.PerI:
		part.Col = min(lo/now.PerJ, m.Cols.N)
		part.Cols = min((hi+now.PerJ-1)/now.PerJ, m.Cols.N) - part.Col
	}
	return part
}

// planeElements is how the elements of plane number i look: as the result's, in a range that
// starts at 0 and, where it has a name, is its own.
func (s *Space) planeElements(i int) scene.Elements {
	p := s.planes.matrices[i]
	viz := p.Node.Viz
	if l := s.planes.labels[i]; l.Name != "" {
		return scene.Elements{Viz: viz, Look: s.Look, Range: scene.Range{Max: l.AbsMax}}
	}
	if viz.Sensitivity == "superlocal" {
		viz.Sensitivity = "local"
	}
	return s.elements(viz, p.Path)
}

// inUse is which elements are in use at the step, by the paths of matrices.
func (s *Space) inUse() map[string]render.Lit {
	if s.playback == nil {
		return nil
	}
	all := map[string]render.Lit{}
	for _, r := range s.playback.State().Results {
		below := strings.TrimPrefix(r.Path+".", "root.")
		for path, h := range map[string]anim.Highlight{below + "left": r.Left, below + "right": r.Right} {
			l := render.Lit{Bright: float32(s.Look.InUse())}
			l.Rows, l.Cols = h.Rows, h.Cols
			all[path] = l
		}
	}
	return all
}

// shown tells whether element (i, j) of a matrix of the scene or, behind them, of a plane was
// reached at the step.
func (s *Space) shown(n, i, j int) bool {
	if s.playback == nil {
		return true
	}
	matrices := s.Scene.Matrices
	if n >= len(matrices) {
		return s.planes.sums[n-len(matrices)].Shows(i, j)
	}
	for _, r := range s.playback.State().Results {
		if r.Path == matrices[n].Path {
			return r.Shown.Shows(i, j)
		}
		if below := strings.TrimPrefix(r.Path+".", "root."); r.InputsHidden && (matrices[n].Path == below+"left" || matrices[n].Path == below+"right") {
			return matrices[n].Node.IsMatMul() // which a later result of the list tells
		}
	}
	return true
}

// tight is the box around a plane's elements. Its margin, as other matrices have it, would
// reach into what stands beside it.
func tight(m layout.Matrix) layout.Box {
	edge := min(0.5, m.Rows.Gap/2)
	corner := func(i, j int, by float64) layout.Box {
		p := mgl64.TransformCoordinate(m.Element(i, j).Add(mgl64.Vec3{by, by, 0}), m.ToWorld)
		return layout.Box{Min: p, Max: p}
	}
	return corner(0, 0, -edge).Union(corner(m.Rows.N-1, m.Cols.N-1, edge))
}

// matrixAt is a matrix of the scene or, behind them, a plane.
func (s *Space) matrixAt(n int) layout.Matrix {
	if n -= len(s.Scene.Matrices); n >= 0 {
		return s.planes.matrices[n]
	}
	return s.Scene.Matrices[n+len(s.Scene.Matrices)]
}

// spotted is the element whose surroundings a lens at a point of the window shows the values
// of: where the interior is looked into the nearest one of a plane, if one is there, else of
// a matrix of the scene or a plane with a name, whichever is nearer.
func (s *Space) spotted(see sight, x, y float64) (scene.Hit, bool) {
	ray := see.camera.Ray(see.viewport, x, y)
	if s.root.Deco.InteriorSpotlight {
		if hit, ok := s.pickPlane(ray, false); ok {
			return hit, true
		}
	}
	hit, ok := scene.PickShown(s.Scene.Matrices, ray, s.shown)
	if column, is := s.pickPlane(ray, true); is && !(ok && hit.Distance < column.Distance) {
		return column, true
	}
	return hit, ok
}

// pickPlane finds the element of a plane that a ray meets first, perhaps of one with a name.
func (s *Space) pickPlane(ray camera.Ray, named bool) (scene.Hit, bool) {
	n := len(s.Scene.Matrices)
	hit, ok := scene.PickShown(s.planes.matrices, ray, func(p, i, j int) bool {
		return s.shown(n+p, i, j) && !(named && s.planes.labels[p].Name == "")
	})
	hit.Number += n
	return hit, ok
}

// PickColumn finds the row of a plane with a name at a point of the target, if one is there, as
// Pick finds elements of matrices.
func (s *Space) PickColumn(region image.Rectangle, c camera.Camera, x, y float64) (name string, i int, ok bool) {
	v := camera.Viewport{W: float64(region.Dx()), H: float64(region.Dy())}
	x, y = x-float64(region.Min.X), y-float64(region.Min.Y)
	if len(s.planes.named) == 0 || !(0 <= x && x < v.W && 0 <= y && y < v.H) {
		return "", 0, false
	}
	hit, ok := s.spotted(sight{camera: c, viewport: v}, x, y)
	if n := hit.Number - len(s.Scene.Matrices); ok && n >= 0 && s.planes.labels[n].Name != "" {
		return s.planes.labels[n].Name, hit.I, true
	}
	return "", 0, false
}

// Column says what a row of a plane with a name is: "m [3] = 0.25, running maximum". It waits for
// the device.
func (s *Space) Column(name string, i int) (string, error) {
	n := slices.IndexFunc(s.planes.labels, func(l eval.PlaneLabel) bool { return l.Name == name })
	if n < 0 || i < 0 || i >= s.planes.matrices[n].Rows.N {
		return "", fmt.Errorf("there is no %s of row %d at this step", name, i)
	}
	value, err := s.read(len(s.Scene.Matrices)+n, i, 1, 0, 1)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s [%d] = %.6g, %s", name, i, value[0], s.planes.labels[n].About), nil
}

// caption is the name of plane number i, if it has one.
func (s *Space) caption(i int, see sight) scene.Marks {
	l, columns := s.planes.labels[i], s.planes.named
	if l.Name == "" {
		return scene.Marks{}
	}
	room := 1.0
	if len(columns) > 1 {
		room = columns[1].World(0, 0).Sub(columns[0].World(0, 0)).Len()
	}
	return scene.Caption(s.planes.matrices[i], l.Name, room, see.camera, see.viewport, s.Look)
}
