package view

import (
	"image"
	"math"
	"slices"

	"github.com/go-gl/mathgl/mgl32"
	"github.com/go-gl/mathgl/mgl64"

	"headscope/explorer/camera"
	"headscope/explorer/layout"
	"headscope/explorer/scene"
	"headscope/gpu"
	"headscope/gpu/render"
)

// Draw records the picture from a camera and, over it, the lens, if there is one. It fills a
// region of the target and leaves the rest as it is; an empty region is all of the target.
func (s *Space) Draw(rec *gpu.Recorder, target gpu.Target, region image.Rectangle, c camera.Camera, lens *Lens) {
	width, height := target.Size()
	whole := image.Rect(0, 0, width, height)
	if region.Empty() {
		region = whole
	}
	pass := gpu.Pass{Target: target, Clear: gpu.RGBA(s.Look.Background()), Region: region}
	if pass.Keep = region != whole; pass.Keep {
		ground := s.renderer.NewFrame()
		defer ground.Release()
		ground.Box(region.Min.X, region.Min.Y, region.Dx(), region.Dy(), pass.Clear)
		ground.DrawOver(rec, target)
	}
	if s.root == nil { // nothing was shown yet
		rec.Render(pass)
		return
	}
	if s.depth == nil || !sized(s.depth, width, height) {
		s.depth.Release()
		var err error
		if s.depth, err = s.device.NewDepth(width, height); err != nil {
			rec.Fail(err)
			return
		}
	}
	v := camera.Viewport{W: float64(region.Dx()), H: float64(region.Dy())}
	s.compose(s.drawing, sight{c, v, scene.Whole(v), 1, s.far(c)})
	pass.Depth = s.depth
	s.drawing.Record(rec, pass)
	if lens != nil {
		s.magnify(rec, target, region, c, *lens)
	}
}

func sized(d *gpu.Depth, width, height int) bool {
	w, h := d.Size()
	return w == width && h == height
}

// far is up to which depth something is drawn: as in mm, or as far as the scene reaches.
func (s *Space) far(c camera.Camera) float64 {
	_, _, back := c.Basis()
	far := float64(camera.Far)
	for _, p := range s.Scene.Corners() {
		far = max(far, 1.01*c.Position.Sub(p).Dot(back))
	}
	return far
}

// sight is what one drawing shows: the part of a camera's viewport in a window, magnified, up
// to a depth.
type sight struct {
	camera   camera.Camera
	viewport camera.Viewport
	window   scene.Window
	zoom     float64
	far      float64
}

// compose lists what is to be drawn, in the painter's order. What covers no common part of
// the window is drawn in any order: all guides, all matrices, all labels, so that the device
// changes less often between them.
func (s *Space) compose(d *render.Drawing, see sight) {
	view := see.view()
	if s.Balls {
		view.NearPixels = 0
	}
	d.Begin(view, gpu.RGBA(s.Look.Background()))
	marks := scene.Decorate(s.Scene, s.root, see.camera, see.magnified(), s.Look)
	if see.zoom > 1 {
		marks = onlyGuides(marks) // a lens is for what labels and arrows would cover
	} else if len(s.Tokens) > 0 {
		for i, m := range scene.LabelTokens(s.Scene, s.axes, scene.Tokens{Texts: s.Tokens, Chosen: s.Token, Beside: s.planes.named}, see.camera, see.viewport, see.far, s.Look) {
			over := &marks.Matrices[i].Over
			over.Lines = append(over.Lines, m.Lines...)
			over.Labels = append(over.Labels, m.Labels...)
		}
	}
	s.mark(d, marks.Axes)
	n := len(s.Scene.Matrices)
	var group []thing
	var covered []scene.Window
	flush := func() {
		for _, t := range group {
			if t.cube >= 0 {
				s.mark(d, marks.Cubes[t.cube])
			}
			switch {
			case t.matrix >= n:
				s.mark(d, s.planes.guides[t.matrix-n])
			case t.matrix >= 0:
				s.mark(d, marks.Matrices[t.matrix].Under)
			}
		}
		for _, t := range group {
			if t.matrix >= 0 {
				s.matrix(d, t.matrix, view, see)
			}
		}
		for _, t := range group {
			switch {
			case t.matrix >= n && see.zoom == 1:
				s.mark(d, s.caption(t.matrix-n, see))
			case t.matrix >= 0 && t.matrix < n:
				s.mark(d, marks.Matrices[t.matrix].Over)
			}
		}
		group, covered = group[:0], covered[:0]
	}
	marked := make([]bool, len(s.Scene.Cubes)) // with the farthest of the planes in it
	for _, i := range scene.Order(see.camera.Position, s.boxes) {
		here, t := cast(s.boxes[i], see.camera, see.viewport), s.things[i]
		if t.cube >= 0 && marked[t.cube] {
			t.cube = -1
		}
		if outside(here, see.window) {
			if t.cube < 0 || t.matrix < 0 {
				continue
			}
			t.matrix = -1
		}
		if t.cube >= 0 {
			marked[t.cube] = true
		}
		if slices.ContainsFunc(covered, here.Meets) {
			flush()
		}
		group, covered = append(group, t), append(covered, here)
	}
	flush()
}

// onlyGuides leaves out all decoration but the guides of matrices.
func onlyGuides(d scene.Decoration) scene.Decoration {
	for i := range d.Matrices {
		d.Matrices[i].Over = scene.Marks{}
	}
	clear(d.Cubes)
	d.Axes = scene.Marks{}
	return d
}

// matrix adds a matrix of the scene, or a plane, to a drawing.
func (s *Space) matrix(d *render.Drawing, i int, view render.View, see sight) {
	m := s.matrixAt(i)
	rows, cols, ok := scene.Reach(m, see.camera, see.viewport, see.window, see.far)
	if !ok {
		return
	}
	if !s.Balls {
		d.Matrix(i, rows.Lo, rows.Len(), cols.Lo, cols.Len())
	}
	if rows, cols, ok := scene.Reach(m, see.camera, see.viewport, see.window, float64(view.NearDepth())); ok {
		d.Near(i, rows.Lo, rows.Len(), cols.Lo, cols.Len())
	}
}

// cast is the part of the viewport that a box may cover. What labels cover beside it is not
// part of it: they are drawn after all matrices of their group.
func cast(b layout.Box, c camera.Camera, v camera.Viewport) scene.Window {
	inf := math.Inf(1)
	w := scene.Window{Left: inf, Top: inf, Right: -inf, Bottom: -inf}
	for corner := range 8 {
		p := b.Min
		for axis := range 3 {
			if corner>>axis&1 == 1 {
				p[axis] = b.Max[axis]
			}
		}
		x, y, depth := c.Pixel(v, p)
		if depth < camera.Near {
			return scene.Window{Left: -inf, Top: -inf, Right: inf, Bottom: inf}
		}
		w = scene.Window{Left: min(w.Left, x), Top: min(w.Top, y), Right: max(w.Right, x), Bottom: max(w.Bottom, y)}
	}
	return w
}

// outside reports whether neither a box that covers a window nor the labels beside it are in
// another one.
func outside(box, w scene.Window) bool {
	labels := max(box.Right-box.Left, box.Bottom-box.Top) / 12
	return !box.Meets(scene.Window{Left: w.Left - labels, Top: w.Top - labels, Right: w.Right + labels, Bottom: w.Bottom + labels})
}

// mark adds decoration to a drawing.
func (s *Space) mark(d *render.Drawing, m scene.Marks) {
	for _, l := range m.Lines {
		d.Line(vec3(l.A), vec3(l.B), float32(l.Width), gpu.RGBA(l.Colour))
	}
	for _, t := range m.Triangles {
		d.Triangle(vec3(t.Corners[0]), vec3(t.Corners[1]), vec3(t.Corners[2]), gpu.RGBA(t.Colour))
	}
	for _, l := range m.Labels {
		at := l.At
		if l.Shift != 0 {
			at = at.Add(l.Right.Mul(l.Shift * l.Size * s.width(l.Text)))
		}
		d.Label(vec3(at), vec3(l.Right), vec3(l.Up), float32(l.Size), render.Regular, l.Text, gpu.RGBA(l.Colour))
	}
}

// width is that of a text, in em.
func (s *Space) width(text string) float64 {
	const em = 64
	w, ok := s.widths[text]
	if !ok {
		w = float64(s.renderer.Fonts.Measure(text, em, render.Regular)) / em
		s.widths[text] = w
	}
	return w
}

// magnified is the viewport as large as it would be for the whole to be seen as what is
// shown is.
func (s sight) magnified() camera.Viewport {
	return camera.Viewport{W: s.viewport.W * s.zoom, H: s.viewport.H * s.zoom}
}

// view is what is shown as the renderer takes it.
func (s sight) view() render.View {
	c, v, w := s.camera, s.viewport, s.window
	right, up, back := c.Basis()
	// Nearer things get larger depths, 1 at the near plane and 0 at the far one, which float32
	// resolves far better at a distance.
	projection := v.Projection()
	projection[10] = camera.Near / (s.far - camera.Near)
	projection[14] = camera.Near * s.far / (s.far - camera.Near)
	// Of clip space the window takes x = middle ± half, y likewise; it becomes all of it.
	halfX, halfY := (w.Right-w.Left)/v.W, (w.Bottom-w.Top)/v.H
	x, y := (w.Left+w.Right)/v.W-1, 1-(w.Top+w.Bottom)/v.H
	part := mgl64.Scale3D(1/halfX, 1/halfY, 1).Mul4(mgl64.Translate3D(-x, -y, 0))
	return render.View{
		Clip:  mat4(part.Mul4(projection).Mul4(c.View())),
		Right: vec3(right), Up: vec3(up), Back: vec3(back), Eye: vec3(c.Position),
		Width: float32((w.Right - w.Left) * s.zoom), Height: float32((w.Bottom - w.Top) * s.zoom),
		Unit: float32(v.UnitPixels(1) * s.zoom), Ball: float32(min(v.W, v.H) / v.UnitPixels(1)),
		Near: camera.Near, Far: float32(s.far), NearPixels: render.NearPixels,
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
