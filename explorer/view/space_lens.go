package view

import (
	"fmt"
	"image"
	"math"

	"headscope/explorer/camera"
	"headscope/explorer/scene"
	"headscope/gpu"
	"headscope/gpu/render"
)

// Lens is a square magnifier over a picture: it shows what is under its middle larger, and
// the values of the elements there. Size, magnification and reach of the values are the
// settings "lens size", "magnification" and "spotlight" of the scene's root.
type Lens struct{ X, Y float64 } // of its middle, in pixels of the target

// lensFrame is the width of the line around a lens, in pixels.
const lensFrame = 2

// magnify draws the lens over a picture in a region of the target.
func (s *Space) magnify(rec *gpu.Recorder, target gpu.Target, picture image.Rectangle, c camera.Camera, lens Lens) {
	deco := s.root.Deco
	v := camera.Viewport{W: float64(picture.Dx()), H: float64(picture.Dy())}
	side := math.Round(deco.LensSize * v.H)
	zoom := max(1, deco.Magnification)
	// The square may stand out of the picture; what it shows of the scene goes with it.
	x, y := int(math.Floor(lens.X-side/2+0.5)), int(math.Floor(lens.Y-side/2+0.5))
	region := image.Rect(x, y, x+int(side), y+int(side)).Intersect(picture)
	if region.Empty() {
		return
	}
	border := s.renderer.NewFrame()
	defer border.Release()
	line := region.Inset(-lensFrame).Intersect(picture)
	border.Box(line.Min.X, line.Min.Y, line.Dx(), line.Dy(), gpu.RGBA(s.Look.Guide(0.5)))
	border.Box(region.Min.X, region.Min.Y, region.Dx(), region.Dy(), gpu.RGBA(s.Look.Background()))
	border.DrawOver(rec, target)

	// From here on in pixels of the picture.
	lens.X, lens.Y = lens.X-float64(picture.Min.X), lens.Y-float64(picture.Min.Y)
	shown := region.Sub(picture.Min)
	see := sight{c, v, scene.Window{
		Left: lens.X + (float64(shown.Min.X)-lens.X)/zoom, Top: lens.Y + (float64(shown.Min.Y)-lens.Y)/zoom,
		Right: lens.X + (float64(shown.Max.X)-lens.X)/zoom, Bottom: lens.Y + (float64(shown.Max.Y)-lens.Y)/zoom,
	}, zoom, s.far(c)}
	s.compose(s.lens, see)
	if err := s.spotlight(see, lens); err != nil {
		rec.Fail(err)
		return
	}
	s.lens.Record(rec, gpu.Pass{Target: target, Keep: true, Depth: s.depth, Region: region})
}

// spotlight adds to the lens the values of the elements near the one under its middle.
func (s *Space) spotlight(see sight, lens Lens) error {
	hit, ok := s.spotted(see, lens.X, lens.Y)
	if !ok {
		return nil
	}
	m := s.matrixAt(hit.Number)
	reach := min(int(m.Node.Deco.Spotlight), maxSpotlight)
	if reach < 0 || m.Node.Deco.Spotlight <= 0 {
		return nil
	}
	i0, i1 := max(0, hit.I-reach), min(m.Rows.N, hit.I+reach+1)
	j0, j1 := max(0, hit.J-reach), min(m.Cols.N, hit.J+reach+1)
	values, err := s.read(hit.Number, i0, i1-i0, j0, j1-j0)
	if err != nil {
		return err
	}
	right, up, _ := see.camera.Basis()
	for i := i0; i < i1; i++ {
		for j := j0; j < j1; j++ {
			if !s.shown(hit.Number, i, j) {
				continue
			}
			text := fmt.Sprintf("%.3g", values[(i-i0)*(j1-j0)+j-j0])
			at := m.World(i, j)
			// Before its ball, and as long as an element is wide.
			at = at.Add(see.camera.Position.Sub(at).Normalize().Mul(m.Node.Viz.ElemScale))
			size := min(0.4, 1.7/float64(len(text)))
			s.lens.Label(vec3(at), vec3(right), vec3(up), float32(size), render.Regular, text, gpu.RGBA(s.Look.Text()))
		}
	}
	return nil
}

// read copies a part of a matrix of the scene or of a plane to the CPU, row-major.
func (s *Space) read(n, i, rows, j, cols int) ([]float32, error) {
	if n -= len(s.Scene.Matrices); n >= 0 {
		data, err := s.device.Read(s.planes.values[n].Part(i, rows, j, cols))
		if err != nil {
			return nil, err
		}
		return data[0], nil
	}
	part, err := s.values.ReadPart(s.Scene.Matrices[n+len(s.Scene.Matrices)].Path, i, j, rows, cols)
	return part.Data, err
}

// maxSpotlight bounds how far the values around an element are shown.
const maxSpotlight = 32
