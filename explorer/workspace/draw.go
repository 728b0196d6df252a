package workspace

import (
	"image"

	"headscope/explorer/camera"
	"headscope/explorer/scene"
	"headscope/explorer/view"
	"headscope/gpu"
)

// Sight is what a picture of the workspace depends on beside the document.
type Sight struct {
	Region image.Rectangle // of the target that is drawn to, in pixels
	Scale  float64         // pixels per unit of text; 0 is 1
	Lens   *view.Lens      // of the head tab; nil: none
}

// Draw records the picture of the document's tab: what there is of it.
func (w *Workspace) Draw(rec *gpu.Recorder, target gpu.Target, s Sight) {
	if s.Scale == 0 {
		s.Scale = 1
	}
	switch {
	case w.doc.View == "atlas" && w.pass != nil:
		w.updateWall(s.Scale)
		w.Wall.Draw(rec, w.Renderer, target, s.Region, w.pass.Layers)
	case w.doc.View == "head" && w.scene != nil:
		w.drawScene(rec, target, w.scene, s.Region, s.Lens)
	case w.doc.View == "compare" && w.doc.Compare.Space:
		w.clear(rec, target, s.Region)
		for i, p := range w.panes {
			if p.scene != nil {
				w.drawScene(rec, target, p.scene, w.PaneRegion(s.Region, i), s.Lens)
			}
		}
	case w.doc.View == "compare" && len(w.Compare.Panes) > 0:
		w.updateCompare(s.Scale)
		w.Compare.Draw(rec, w.Renderer, target, s.Region)
	default:
		w.clear(rec, target, s.Region)
	}
}

// Theme is the colours of flat views.
func (w *Workspace) Theme() view.Theme {
	if w.doc.Light {
		return view.Paper
	}
	return view.Ink
}

// Look is the colours of scenes in space.
func (w *Workspace) Look() scene.Look { return scene.Look{Light: w.doc.Light, Safe: w.doc.Safe} }

// clear fills the region with the background.
func (w *Workspace) clear(rec *gpu.Recorder, target gpu.Target, region image.Rectangle) {
	f := w.Renderer.NewFrame()
	defer f.Release()
	f.Box(region.Min.X, region.Min.Y, region.Dx(), region.Dy(), gpu.RGBA(w.Look().Background()))
	f.DrawOver(rec, target)
}

func (w *Workspace) drawScene(rec *gpu.Recorder, target gpu.Target, s *Scene, region image.Rectangle, lens *view.Lens) {
	s.Space.Token = w.doc.Token
	s.Space.Draw(rec, target, region, w.doc.Camera, lens)
}

// updateWall hands the document's choices to the wall.
func (w *Workspace) updateWall(scale float64) {
	d, c := w.doc, w.pass.Model.File.Config
	wall := &w.Wall
	wall.Layers, wall.Heads, wall.Tokens, wall.Labels = c.Layers, c.Heads, len(w.pass.Tokens), w.pass.Tokens
	wall.Stats, wall.Theme, wall.Scale, wall.Token = w.pass.Stats, w.Theme(), scale, d.Token
	wall.X, wall.Y, wall.Zoom = d.Atlas.X, d.Atlas.Y, d.Atlas.Zoom
	wall.Layer, wall.Head = w.headOf(d.Head, w.pass)
	sort, err := view.ParseTrait(d.Atlas.Sort)
	wall.Sort, wall.Filter = view.ByLayer, view.Filter{}
	if err == nil && len(w.pass.Stats) > 0 {
		wall.Sort = sort
	}
	if trait, err := view.ParseTrait(d.Atlas.Trait); err == nil && len(w.pass.Stats) > 0 {
		wall.Filter = view.Filter{Trait: trait, Min: d.Atlas.Min, Max: d.Atlas.Max}
	}
}

// updateCompare hands the document's choices to the comparison.
func (w *Workspace) updateCompare(scale float64) {
	d, c := w.doc, w.Compare
	c.X, c.Y, c.Zoom = d.Compare.X, d.Compare.Y, d.Compare.Zoom
	c.Difference, c.Token, c.Theme, c.Scale = d.Compare.Difference, d.Token, w.Theme(), scale
}

// PaneRegion is where pane i of the comparison is drawn in a region: side by side, four in
// two rows.
func (w *Workspace) PaneRegion(region image.Rectangle, i int) image.Rectangle {
	columns, rows := len(w.panes), 1
	if columns > 3 {
		columns, rows = 2, 2
	}
	x, y := i%columns, i/columns
	return image.Rect(
		region.Min.X+x*region.Dx()/columns, region.Min.Y+y*region.Dy()/rows,
		region.Min.X+(x+1)*region.Dx()/columns, region.Min.Y+(y+1)*region.Dy()/rows)
}

// viewport is a region as a window of a camera.
func viewport(region image.Rectangle) camera.Viewport {
	return camera.Viewport{W: float64(region.Dx()), H: float64(region.Dy())}
}
