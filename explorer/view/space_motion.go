package view

import (
	"errors"
	"strings"

	"github.com/go-gl/mathgl/mgl64"

	"headscope/explorer/anim"
	"headscope/explorer/eval"
	"headscope/explorer/layout"
	"headscope/explorer/scene"
	"headscope/gpu"
	"headscope/gpu/render"
)

// planes are those of a step that are to be seen: matrices that are drawn as those of the
// scene are.
type planes struct {
	matrices []layout.Matrix // with the node and path of the result
	values   []gpu.Tensor    // the motion's
	guides   []scene.Marks
	sums     []anim.Sums // which elements are shown
	cubes    []int       // in which cube of the scene each is
}

// guidedPlanes is how many planes have row guides: those of more would hide what they guide.
const guidedPlanes = 64

// ShowStep shows the step that a motion of what is shown is at: results as far as they are,
// the planes inside the cubes, and inputs in use brighter. The motion stays until something
// else is shown. What does not change between two steps is not painted again.
func (s *Space) ShowStep(m *eval.Motion) error {
	if s.root == nil {
		return errors.New("nothing is shown yet: there are no steps")
	}
	before := s.sums
	if s.motion != m {
		before = nil
	}
	s.motion, s.values = m, m
	s.sums = map[string]anim.Sums{}
	for _, r := range m.State().Results {
		s.sums[r.Path] = r.Shown
	}
	s.planes = planes{}
	for _, p := range m.Planes() {
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
	}
	s.planes.guides = make([]scene.Marks, len(s.planes.matrices))
	if len(s.planes.matrices) <= guidedPlanes {
		s.planes.guides = scene.Guides(s.planes.matrices, s.Look)
	}
	return s.paint(func(m layout.Matrix) render.Part {
		now, is := s.sums[m.Path]
		was, before := before[m.Path]
		switch {
		case !s.motion.Changed(m.Path):
			return render.Part{}
		case is && before:
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

// planeElements is how the elements of a plane look: as the result's, in a range that starts
// at 0.
func (s *Space) planeElements(p layout.Matrix) scene.Elements {
	viz := p.Node.Viz
	if viz.Sensitivity == "superlocal" {
		viz.Sensitivity = "local"
	}
	return s.elements(viz, p.Path)
}

// inUse is which elements are in use at the step, by the paths of matrices.
func (s *Space) inUse() map[string]render.Lit {
	if s.motion == nil {
		return nil
	}
	all := map[string]render.Lit{}
	for _, r := range s.motion.State().Results {
		below := strings.TrimPrefix(r.Path+".", "root.")
		for path, h := range map[string]anim.Highlight{below + "left": r.Left, below + "right": r.Right} {
			l := render.Lit{Bright: float32(s.Look.InUse())}
			l.Rows.Block, l.Rows.Index = h.Rows.Block, h.Rows.Index
			l.Cols.Block, l.Cols.Index = h.Cols.Block, h.Cols.Index
			all[path] = l
		}
	}
	return all
}

// shown tells whether element (i, j) of a matrix of the scene or, behind them, of a plane was
// reached at the step.
func (s *Space) shown(n, i, j int) bool {
	if s.motion == nil {
		return true
	}
	matrices := s.Scene.Matrices
	if n >= len(matrices) {
		return s.planes.sums[n-len(matrices)].Shows(i, j)
	}
	for _, r := range s.motion.State().Results {
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
// a matrix of the scene.
func (s *Space) spotted(see sight, x, y float64) (scene.Hit, bool) {
	ray, n := see.camera.Ray(see.viewport, x, y), len(s.Scene.Matrices)
	if s.root.Deco.InteriorSpotlight {
		hit, ok := scene.PickShown(s.planes.matrices, ray, func(p, i, j int) bool { return s.shown(n+p, i, j) })
		if hit.Number += n; ok {
			return hit, true
		}
	}
	return scene.PickShown(s.Scene.Matrices, ray, s.shown)
}
