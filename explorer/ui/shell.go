package ui

import (
	"image"
	"math"

	"github.com/AllenDang/cimgui-go/imgui"

	"headscope/explorer/view"
	"headscope/explorer/workspace"
)

// Shell is the panels of the window around the free part, in which the workspace draws: the
// bars at the top with tabs, prompt and tokens, the panel of the tab at the right, the line of
// what is under the pointer at the bottom. What the user does there becomes calls of the
// workspace.
type Shell struct {
	c         *Context             // not owned
	w         *workspace.Workspace // not owned
	clipboard Clipboard
	light     bool // the colours are

	width, height int
	scale         float64
	region        image.Rectangle // free of panels
	play          image.Rectangle // of the bar that plays animations; empty: none

	hover   string // what is under the pointer
	pointed pointed
	lens    bool // the magnifier of the head tab is on
	help    bool
	hidden  bool // the panels are: the picture alone

	prompt     field
	expression field
	files      fileDialog
	save       saveDialog
	head       headMemory
	bench      benchPanel
	menu       pointed // what the context menu is of

	hoverVersion int     // of the document when hover was found
	hoverStep    int     // of the animation
	shownToken   int     // the chosen token that the chips were last scrolled to
	focusPrompt  bool    // the prompt is to get the keyboard
	promptMore   float32 // by how many pixels its field is higher than one line
	countWidth   float32 // of the count of its tokens, in pixels
	dragged      float32 // how far the pointer went since the button was pressed
}

// field is a text that is being edited: it follows the document while it is not.
type field struct {
	text   string
	active bool
}

// follow takes over the document's text unless the user is editing.
func (f *field) follow(text string) {
	if !f.active {
		f.text = text
	}
}

// NewShell makes the panels of a workspace.
func NewShell(c *Context, w *workspace.Workspace, exchange Clipboard) *Shell {
	return &Shell{c: c, w: w, clipboard: exchange, shownToken: -1}
}

// Hover is what is under the pointer, in words; "" where there is nothing to say.
func (s *Shell) Hover() string { return s.hover }

// Region is the part of the window that the panels leave free.
func (s *Shell) Region() image.Rectangle { return s.region }

// Sizes, in units of text.
const (
	barHeight    = 44.0
	promptHeight = 40.0
	tokensHeight = 34.0
	statusHeight = 28.0
	minPanel     = 300.0
	maxPanel     = 320.0
	padding      = 12.0
)

// px is a size in pixels.
func (s *Shell) px(units float64) float32 { return float32(math.Round(units * s.scale)) }

// panelWidth is that of the panel at the right: a quarter of the window, within limits.
func (s *Shell) panelWidth() float32 {
	return min(s.px(maxPanel), max(s.px(minPanel), float32(s.width)/4))
}

// Frame makes the panels of one frame of a window of width x height pixels, and says what the
// workspace is to draw. It belongs between Begin and End of the context.
func (s *Shell) Frame(width, height int, scale float64) workspace.Sight {
	s.width, s.height, s.scale = width, height, scale
	s.shortcuts()
	s.layout()
	if !s.hidden {
		s.topBar()
		s.promptBar()
		s.sidePanel()
		s.statusBar()
		s.playBar()
	}
	s.viewport()
	s.offer()
	s.dialogs()
	sight := workspace.Sight{Region: s.region, Scale: scale}
	if p := s.pointed; s.lens && p.inside && s.w.Document().View == "head" {
		sight.Lens = &view.Lens{X: p.x, Y: p.y}
	}
	return sight
}

// Theme makes the colours those of the document. It belongs before Begin of the context.
func (s *Shell) Theme() {
	if light := s.w.Document().Light; light != s.light {
		s.light = light
		s.c.SetLight(light)
	}
}

// layout finds the part of the window that is left free.
func (s *Shell) layout() {
	whole := image.Rect(0, 0, s.width, s.height)
	if s.region = whole; s.hidden {
		return
	}
	top := s.top()
	if s.w.Offered() != nil {
		top += imgui.FrameHeight() + s.px(2*padding) // for the offer
	}
	// Not by image.Rect, which turns corners about that a small window puts the wrong way.
	free := image.Rectangle{Min: image.Pt(0, int(top)), Max: image.Pt(s.width-int(s.panelWidth()), s.height-int(s.px(statusHeight)))}
	s.play = image.Rectangle{}
	if free.Dx() < 64 || free.Dy() < 64 {
		return
	}
	if _, moves := s.w.Playback(); moves && free.Dy() >= 64+int(s.px(playHeight)) {
		s.play = free
		free.Max.Y -= int(s.px(playHeight))
		s.play.Min.Y = free.Max.Y
	}
	s.region = free
}

// top is where the free part begins.
func (s *Shell) top() float32 { return s.px(barHeight) + s.px(promptHeight) + s.px(tokensHeight) }

// bar begins a fixed window of its own.
func (s *Shell) bar(name string, r image.Rectangle, flags imgui.WindowFlags, content func()) {
	imgui.SetNextWindowPos(imgui.NewVec2(float32(r.Min.X), float32(r.Min.Y)))
	imgui.SetNextWindowSize(imgui.NewVec2(float32(r.Dx()), float32(r.Dy())))
	const fixed = imgui.WindowFlagsNoTitleBar | imgui.WindowFlagsNoResize | imgui.WindowFlagsNoMove | imgui.WindowFlagsNoCollapse |
		imgui.WindowFlagsNoSavedSettings | imgui.WindowFlagsNoBringToFrontOnFocus | imgui.WindowFlagsNoNav
	imgui.PushStyleVarFloat(imgui.StyleVarWindowRounding, 0)
	imgui.PushStyleVarFloat(imgui.StyleVarWindowBorderSize, 0)
	if imgui.BeginV(name, nil, fixed|flags) {
		content()
	}
	imgui.End()
	imgui.PopStyleVarV(2)
}

// sidePanel is the panel of the tab.
func (s *Shell) sidePanel() {
	x := s.width - int(s.panelWidth())
	s.bar("panel", image.Rect(x, int(s.px(barHeight)), s.width, s.height-int(s.px(statusHeight))), 0, func() {
		switch s.w.Document().View {
		case "head":
			s.headPanel()
		case "compare":
			s.comparePanel()
		case "bench":
			s.benchPanel()
		default:
			s.atlasPanel()
		}
	})
}

// notice shows what there is to say at a place, with a way to take it away.
func (s *Shell) notice(p workspace.Place) {
	text := s.w.Notice(p)
	if text == "" {
		return
	}
	imgui.PushIDStr(string(p))
	imgui.PushStyleColorVec4(imgui.ColText, s.c.Theme().Error)
	imgui.TextWrapped(escape(text))
	imgui.PopStyleColor()
	if imgui.SmallButton("Dismiss") {
		s.w.Dismiss(p)
	}
	imgui.PopID()
}

// hint says in a tooltip what the item before is for.
func hint(text string) {
	if imgui.IsItemHoveredV(imgui.HoveredFlagsForTooltip) {
		imgui.SetTooltip(escape(text))
	}
}
