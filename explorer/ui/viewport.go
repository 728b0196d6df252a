package ui

import (
	"fmt"
	"image"

	"github.com/AllenDang/cimgui-go/imgui"

	"headscope/explorer/camera"
	"headscope/explorer/session"
	"headscope/explorer/view"
	"headscope/explorer/workspace"
)

// pointed is where the pointer is in the free part of the window, and what it points at.
type pointed struct {
	inside bool
	x, y   float64 // pixels of the window

	pass        *workspace.Pass // of a pattern; or nil
	layer, head int
	i, j        int    // row and column
	path        string // of a matrix in space
	column      string // of a playback's columns in space: its name
	scene       *workspace.Scene
	pane        int
}

// viewport takes what the pointer does in the free part of the window.
func (s *Shell) viewport() {
	r := s.region
	imgui.PushStyleVarVec2(imgui.StyleVarWindowPadding, imgui.NewVec2(0, 0))
	s.bar("view", r, imgui.WindowFlagsNoBackground|imgui.WindowFlagsNoScrollbar|imgui.WindowFlagsNoScrollWithMouse, func() {
		if s.w.Document().View == "bench" {
			s.benchPlots()
			s.pointed, s.hover = pointed{}, ""
			return
		}
		imgui.InvisibleButtonV("canvas", imgui.NewVec2(float32(r.Dx()), float32(r.Dy())),
			imgui.ButtonFlagsMouseButtonLeft|imgui.ButtonFlagsMouseButtonRight|imgui.ButtonFlagsMouseButtonMiddle)
		s.point(imgui.IsItemHovered())
		s.mouse(imgui.IsItemHovered(), imgui.IsItemActive(), imgui.IsItemDeactivated())
		s.contextMenu()
	})
	imgui.PopStyleVar()
}

// mouse turns drags, clicks and the wheel into movements.
func (s *Shell) mouse(hovered, active, released bool) {
	io := imgui.CurrentIO()
	// In a slow frame the last movement comes together with the end of the drag.
	if delta := io.MouseDelta(); active || released {
		if imgui.IsMouseClickedBool(imgui.MouseButtonLeft) || imgui.IsMouseClickedBool(imgui.MouseButtonRight) || imgui.IsMouseClickedBool(imgui.MouseButtonMiddle) {
			s.dragged = 0
		} else if delta.X != 0 || delta.Y != 0 {
			s.dragged += abs(delta.X) + abs(delta.Y)
			if s.dragged > s.px(3) {
				s.drag(float64(delta.X), float64(delta.Y))
			}
		}
	}
	if wheel := io.MouseWheel(); hovered && wheel != 0 {
		s.wheel(float64(wheel))
	}
	if released {
		s.w.Settle()
		if s.dragged <= s.px(3) && hovered {
			s.click()
		}
	}
}

// inSpace tells whether the tab shows things in space.
func (s *Shell) inSpace() bool {
	d := s.w.Document()
	return d.View == "head" || d.View == "compare" && d.Compare.Space
}

// drag moves what is shown by so many pixels.
func (s *Shell) drag(dx, dy float64) {
	switch {
	case s.inSpace():
		region := s.paneRegion()
		turn := imgui.IsMouseDown(imgui.MouseButtonLeft) || imgui.IsMouseReleased(imgui.MouseButtonLeft)
		pan := !turn || imgui.CurrentIO().KeyShift()
		s.w.Turn(region, func(c camera.Camera, v camera.Viewport) camera.Camera {
			if pan {
				return c.Pan(v, dx, dy)
			}
			return c.Orbit(v, dx, dy)
		})
	case s.w.Document().View == "atlas":
		s.w.MoveWall(s.w.Wall.Panned(s.region, int(dx), int(dy)))
	case s.w.Document().View == "compare":
		s.w.MoveCompare(s.w.Compare.Panned(s.region, int(dx), int(dy)))
	}
}

// wheel comes nearer, or goes away, by notches.
func (s *Shell) wheel(notches float64) {
	p := s.pointed
	factor := pow(1/camera.DollyStep, notches*3)
	switch {
	case s.inSpace():
		s.w.Turn(s.paneRegion(), func(c camera.Camera, _ camera.Viewport) camera.Camera {
			return c.Dolly(pow(camera.DollyStep, notches*2))
		})
	case s.w.Document().View == "atlas":
		s.w.MoveWall(s.w.Wall.Zoomed(s.region, int(p.x), int(p.y), factor))
	case s.w.Document().View == "compare":
		s.w.MoveCompare(s.w.Compare.Zoomed(s.region, int(p.x), int(p.y), factor))
	}
}

// click acts on what the pointer points at.
func (s *Shell) click() {
	if imgui.IsMouseReleased(imgui.MouseButtonRight) {
		if s.pointed.pass != nil || s.pointed.path != "" {
			s.menu = s.pointed
			imgui.OpenPopupStr("context")
		}
		return
	}
	p := s.pointed
	switch {
	case s.w.Document().View == "atlas" && p.pass != nil:
		s.openHead(p.layer, p.head)
	case s.w.Document().View == "head" && p.path != "":
		s.w.Change("", func(d *session.Session) error {
			d.Selection = session.Selection{Path: p.path, I: p.i, J: p.j}
			return nil
		})
	case s.w.Document().View == "compare" && p.pass != nil:
		s.w.ChooseToken(p.i)
		s.w.Settle()
	}
}

// openHead chooses a head and shows it in space, as one change.
func (s *Shell) openHead(layer, head int) {
	s.w.Change("", func(d *session.Session) error {
		d.Head, d.View = session.HeadName(layer, head), "head"
		return nil
	})
}

// point finds out what the pointer points at, and says it.
func (s *Shell) point(inside bool) {
	at := imgui.MousePos()
	before := s.pointed
	p := pointed{inside: inside, x: float64(at.X), y: float64(at.Y)}
	s.w.Wall.Hover, s.w.Compare.Cursor = nil, view.Cell{I: -1, J: -1}
	if inside {
		switch {
		case s.inSpace():
			s.pointSpace(&p)
		case s.w.Document().View == "atlas":
			s.pointWall(&p)
		default:
			s.pointCompare(&p)
		}
	}
	same := p
	same.x, same.y = before.x, before.y
	moved, _ := s.w.Playback()
	if s.pointed = p; same != before || s.hoverVersion != s.w.Version() || s.hoverStep != moved.Step || !inside {
		s.hover = s.describe(p)
		s.hoverVersion, s.hoverStep = s.w.Version(), moved.Step
	}
}

func (s *Shell) pointWall(p *pointed) {
	pass := s.w.Pass()
	if pass == nil {
		return
	}
	if spot, ok := s.w.Wall.Pick(s.region, int(p.x), int(p.y)); ok {
		s.w.Wall.Hover = &spot
		p.pass, p.layer, p.head, p.i, p.j = pass, spot.Layer, spot.Head, spot.I, spot.J
	}
}

func (s *Shell) pointCompare(p *pointed) {
	c, panes := s.w.Compare, s.w.Panes()
	pane, at, ok := c.Pick(s.region, int(p.x), int(p.y))
	if !ok || len(panes) == 0 {
		return
	}
	c.Cursor = at
	p.pane, p.i, p.j = pane, at.I, at.J
	of := panes[min(pane, len(panes)-1)]
	p.pass, p.layer, p.head = of.Pass, of.Layer, of.Head
}

func (s *Shell) pointSpace(p *pointed) {
	p.scene = s.w.Scene()
	region := s.region
	if s.w.Document().View == "compare" {
		p.scene = nil
		for i := range s.w.Panes() {
			if r := s.w.PaneRegion(s.region, i); image.Pt(int(p.x), int(p.y)).In(r) {
				p.pane, region, p.scene = i, r, s.w.PaneScene(i)
			}
		}
	}
	if p.scene == nil {
		return
	}
	if name, i, ok := p.scene.Space.PickColumn(region, s.w.Document().Camera, p.x, p.y); ok {
		p.column, p.i = name, i
	} else if hit, ok := p.scene.Space.Pick(region, s.w.Document().Camera, p.x, p.y); ok {
		p.path, p.i, p.j = hit.Path, hit.I, hit.J
	}
}

// paneRegion is where the camera's picture under the pointer is drawn.
func (s *Shell) paneRegion() image.Rectangle {
	if s.w.Document().View == "compare" && len(s.w.Panes()) > 0 {
		return s.w.PaneRegion(s.region, s.pointed.pane)
	}
	return s.region
}

// describe says what is pointed at.
func (s *Shell) describe(p pointed) string {
	switch {
	case p.column != "":
		text, err := p.scene.Space.Column(p.column, p.i)
		if err != nil {
			return err.Error()
		}
		return text
	case p.path != "":
		m, ok := p.scene.Space.Scene.Matrix(p.path)
		if !ok {
			return ""
		}
		v, err := p.scene.Space.Value(p.path, p.i, p.j)
		if err != nil {
			return err.Error()
		}
		return fmt.Sprintf("%s [%d, %d] = %.6g", m.Node.Name, p.i, p.j, v)
	case p.pass != nil && p.i >= 0:
		return s.w.DescribeWeight(p.pass, p.layer, p.head, p.i, p.j)
	}
	return ""
}

// contextMenu is what can be done with what was clicked with the right button.
func (s *Shell) contextMenu() {
	imgui.PushStyleVarVec2(imgui.StyleVarWindowPadding, imgui.NewVec2(s.px(padding), s.px(padding))) // the view has none
	defer imgui.PopStyleVar()
	if !imgui.BeginPopup("context") {
		return
	}
	defer imgui.EndPopup()
	p := s.menu
	if p.pass != nil {
		name := session.HeadName(p.layer, p.head)
		imgui.TextDisabled(name)
		if imgui.SelectableBool("Open in space") {
			s.openHead(p.layer, p.head)
		}
		if imgui.SelectableBool("Compare with " + s.w.Document().Head) {
			s.compareWith(name)
		}
		if p.i >= 0 && p.i < len(p.pass.Tokens) && imgui.SelectableBool(escape(fmt.Sprintf("Mark the row of “%s”", p.pass.Tokens[p.i]))) {
			s.w.ChooseToken(p.i)
			s.w.Settle()
		}
		if m, ok := s.w.Pattern(p.pass, p.layer, p.head); ok {
			s.exportItems(m)
		}
	}
	if p.path != "" && p.scene != nil {
		if m, ok := p.scene.Matrix(p.path); ok {
			imgui.TextDisabled(escape(m.Name))
			s.exportItems(m)
		}
	}
}

func (s *Shell) exportItems(m workspace.Matrix) {
	for _, ext := range []string{".npy", ".csv"} {
		if imgui.SelectableBool("Export as " + ext[1:] + "…") {
			s.save.export(s, m, ext)
		}
	}
}

// compareWith shows the chosen head beside another one.
func (s *Shell) compareWith(name string) {
	s.w.Change("", func(d *session.Session) error {
		d.Compare.Panes = []session.Pane{{Head: d.Head}, {Head: name}}
		d.View = "compare"
		return nil
	})
}
