package ui

import "github.com/AllenDang/cimgui-go/imgui"

// Theme is the colours of the interface, by what they are for.
type Theme struct {
	Panel, Popup        imgui.Vec4 // what text stands on
	Field, Hover, Press imgui.Vec4 // what can be used, idle, under the mouse, held
	Line                imgui.Vec4 // borders
	Text, Muted         imgui.Vec4 // Muted: what says less
	Accent, OnAccent    imgui.Vec4 // what is chosen, and text on it
	Error               imgui.Vec4 // text that says what went wrong

	name   string
	curves []imgui.Vec4 // of plots, one after the other
}

func rgb(r, g, b float32) imgui.Vec4 { return imgui.Vec4{X: r, Y: g, Z: b, W: 1} }

func faded(c imgui.Vec4, alpha float32) imgui.Vec4 {
	c.W *= alpha
	return c
}

// dark goes with view.Ink and light with view.Paper; their accents are of those palettes.
var (
	dark = Theme{
		name:  "headscope dark",
		Panel: rgb(0.065, 0.068, 0.085), Popup: rgb(0.09, 0.094, 0.115),
		Field: rgb(0.125, 0.13, 0.155), Hover: rgb(0.175, 0.18, 0.21), Press: rgb(0.225, 0.23, 0.265),
		Line: rgb(0.19, 0.195, 0.225),
		Text: rgb(0.92, 0.92, 0.93), Muted: rgb(0.62, 0.63, 0.67),
		Accent: rgb(0.94, 0.48, 0.36), OnAccent: rgb(0.05, 0.05, 0.065), Error: rgb(1.0, 0.45, 0.45),
		curves: []imgui.Vec4{rgb(0.94, 0.48, 0.36), rgb(0.45, 0.70, 0.95), rgb(0.48, 0.78, 0.56), rgb(0.72, 0.58, 0.93), rgb(0.90, 0.78, 0.45), rgb(0.70, 0.71, 0.75)},
	}
	light = Theme{
		name:  "headscope light",
		Panel: rgb(0.965, 0.968, 0.975), Popup: rgb(1, 1, 1),
		Field: rgb(0.915, 0.92, 0.932), Hover: rgb(0.87, 0.877, 0.893), Press: rgb(0.82, 0.83, 0.85),
		Line: rgb(0.84, 0.847, 0.862),
		Text: rgb(0.08, 0.09, 0.11), Muted: rgb(0.38, 0.40, 0.43),
		Accent: rgb(0.12, 0.34, 0.62), OnAccent: rgb(1, 1, 1), Error: rgb(0.70, 0.09, 0.12),
		curves: []imgui.Vec4{rgb(0.12, 0.34, 0.62), rgb(0.83, 0.37, 0.10), rgb(0.13, 0.50, 0.30), rgb(0.48, 0.28, 0.65), rgb(0.60, 0.46, 0.05), rgb(0.40, 0.42, 0.45)},
	}
)

// SetLight chooses the light theme or the dark one, from the next frame on.
func (c *Context) SetLight(on bool) {
	c.theme, c.styled = dark, false
	if on {
		c.theme = light
	}
}

// Theme is the colours of this frame.
func (c *Context) Theme() Theme { return c.theme }

// fontSize is the height of a line of text, from the highest ascender to the lowest descender.
const fontSize = 17

// apply makes the theme the style of everything, sizes so many times larger. Sizes are on a
// grid of 4 pixels: two lines of it are between widgets, four around them.
func (t Theme) apply(scale float64) {
	s := imgui.NewStyle()
	defer s.Destroy()
	s.SetColors(t.colours())

	s.SetWindowPadding(imgui.Vec2{X: 8, Y: 8})
	s.SetFramePadding(imgui.Vec2{X: 8, Y: 4})
	s.SetCellPadding(imgui.Vec2{X: 8, Y: 4})
	s.SetItemSpacing(imgui.Vec2{X: 8, Y: 8})
	s.SetItemInnerSpacing(imgui.Vec2{X: 8, Y: 4})
	s.SetSeparatorTextPadding(imgui.Vec2{X: 0, Y: 4})
	s.SetIndentSpacing(16)
	s.SetScrollbarSize(12)
	s.SetGrabMinSize(12)

	s.SetWindowRounding(4)
	s.SetChildRounding(4)
	s.SetPopupRounding(4)
	s.SetFrameRounding(4)
	s.SetScrollbarRounding(4)
	s.SetGrabRounding(4)
	s.SetTabRounding(4)
	s.SetTabBarOverlineSize(2)

	s.SetWindowTitleAlign(imgui.Vec2{X: 0, Y: 0.5})
	s.SetWindowMenuButtonPosition(imgui.DirRight)
	s.ScaleAllSizes(float32(scale))

	// Lines are not among what that scales.
	thin := max(1, float32(int(scale)))
	s.SetWindowBorderSize(thin)
	s.SetChildBorderSize(thin)
	s.SetPopupBorderSize(thin)
	s.SetSeparatorTextBorderSize(thin)
	s.SetTabBarBorderSize(thin)

	s.SetFontSizeBase(fontSize)
	s.SetFontScaleDpi(float32(scale))

	// A tooltip that waits would need frames while nothing happens.
	s.SetHoverStationaryDelay(0)
	s.SetHoverDelayShort(0)
	s.SetHoverDelayNormal(0)

	*imgui.CurrentStyle().CData = *s.CData
	t.applyToPlots(scale)
}

// colours are the theme's for every part of Dear ImGui.
func (t Theme) colours() *[imgui.ColCOUNT]imgui.Vec4 {
	none := imgui.Vec4{}
	return &[imgui.ColCOUNT]imgui.Vec4{
		imgui.ColText:                      t.Text,
		imgui.ColTextDisabled:              t.Muted,
		imgui.ColWindowBg:                  t.Panel,
		imgui.ColChildBg:                   none,
		imgui.ColPopupBg:                   t.Popup,
		imgui.ColBorder:                    t.Line,
		imgui.ColBorderShadow:              none,
		imgui.ColFrameBg:                   t.Field,
		imgui.ColFrameBgHovered:            t.Hover,
		imgui.ColFrameBgActive:             t.Press,
		imgui.ColTitleBg:                   t.Panel,
		imgui.ColTitleBgActive:             t.Field,
		imgui.ColTitleBgCollapsed:          t.Panel,
		imgui.ColMenuBarBg:                 t.Panel,
		imgui.ColScrollbarBg:               none,
		imgui.ColScrollbarGrab:             t.Press,
		imgui.ColScrollbarGrabHovered:      t.Muted,
		imgui.ColScrollbarGrabActive:       t.Muted,
		imgui.ColCheckMark:                 t.Accent,
		imgui.ColSliderGrab:                faded(t.Accent, 0.45), // numbers stand on it
		imgui.ColSliderGrabActive:          faded(t.Accent, 0.6),
		imgui.ColButton:                    t.Field,
		imgui.ColButtonHovered:             t.Hover,
		imgui.ColButtonActive:              t.Press,
		imgui.ColHeader:                    faded(t.Accent, 0.22),
		imgui.ColHeaderHovered:             t.Hover,
		imgui.ColHeaderActive:              t.Press,
		imgui.ColSeparator:                 t.Line,
		imgui.ColSeparatorHovered:          t.Accent,
		imgui.ColSeparatorActive:           t.Accent,
		imgui.ColResizeGrip:                none,
		imgui.ColResizeGripHovered:         t.Press,
		imgui.ColResizeGripActive:          t.Accent,
		imgui.ColInputTextCursor:           t.Text,
		imgui.ColTab:                       none,
		imgui.ColTabHovered:                t.Hover,
		imgui.ColTabSelected:               t.Field,
		imgui.ColTabSelectedOverline:       t.Accent,
		imgui.ColTabDimmed:                 none,
		imgui.ColTabDimmedSelected:         t.Field,
		imgui.ColTabDimmedSelectedOverline: t.Muted,
		imgui.ColDockingPreview:            faded(t.Accent, 0.3),
		imgui.ColDockingEmptyBg:            t.Panel,
		imgui.ColPlotLines:                 t.Accent,
		imgui.ColPlotLinesHovered:          t.Text,
		imgui.ColPlotHistogram:             t.Accent,
		imgui.ColPlotHistogramHovered:      t.Text,
		imgui.ColTableHeaderBg:             t.Field,
		imgui.ColTableBorderStrong:         t.Line,
		imgui.ColTableBorderLight:          t.Line,
		imgui.ColTableRowBg:                none,
		imgui.ColTableRowBgAlt:             faded(t.Text, 0.03),
		imgui.ColTextLink:                  t.Accent,
		imgui.ColTextSelectedBg:            faded(t.Accent, 0.35),
		imgui.ColTreeLines:                 t.Line,
		imgui.ColDragDropTarget:            t.Accent,
		imgui.ColNavCursor:                 t.Accent,
		imgui.ColNavWindowingHighlight:     t.Accent,
		imgui.ColNavWindowingDimBg:         faded(t.Panel, 0.5),
		imgui.ColModalWindowDimBg:          imgui.Vec4{W: 0.45},
	}
}
