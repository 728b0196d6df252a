package ui

import (
	"fmt"
	"strings"

	"github.com/AllenDang/cimgui-go/imgui"

	"headscope/explorer/session"
	"headscope/explorer/workspace"
)

// offer is the bar over the picture that offers to go on with the last session, until the
// user has changed something.
func (s *Shell) offer() {
	last := s.w.Offered()
	if last == nil {
		return
	}
	if s.w.Version() > 0 {
		s.w.Offer(nil)
		return
	}
	style := imgui.CurrentStyle()
	buttons := 2*s.px(buttonWidth) + 2*style.ItemSpacing().X
	text := "Continue where you left off: " + describe(last)
	width := min(float32(s.region.Dx())-2*s.px(padding), imgui.CalcTextSize(text).X+buttons+2*s.px(padding))
	imgui.SetNextWindowPos(imgui.NewVec2(float32(s.region.Min.X)+s.px(padding), float32(s.region.Min.Y)-imgui.FrameHeight()-s.px(1.5*padding)))
	imgui.SetNextWindowSize(imgui.NewVec2(width, imgui.FrameHeight()+s.px(padding)))
	imgui.PushStyleVarVec2(imgui.StyleVarWindowPadding, imgui.NewVec2(s.px(padding), s.px(padding/2)))
	imgui.PushStyleColorVec4(imgui.ColWindowBg, s.c.Theme().Popup)
	if imgui.BeginV("offer", nil, imgui.WindowFlagsNoDecoration|imgui.WindowFlagsNoMove|imgui.WindowFlagsNoSavedSettings|imgui.WindowFlagsNoFocusOnAppearing|imgui.WindowFlagsNoNav) {
		imgui.AlignTextToFramePadding()
		imgui.TextUnformatted(s.cut(text, width-buttons-2*s.px(padding)))
		hint(text)
		imgui.SameLine()
		s.rightmost(2)
		if s.primary("Continue") {
			s.w.Accept()
		}
		imgui.SameLine()
		if s.button("Dismiss") {
			s.w.Offer(nil)
		}
	}
	imgui.End()
	imgui.PopStyleColor()
	imgui.PopStyleVar()
}

// cut shortens a text at its end to a width in pixels.
func (s *Shell) cut(text string, width float32) string {
	for runes := []rune(text); imgui.CalcTextSize(text).X > width && len(runes) > 0; {
		runes = runes[:len(runes)-1]
		text = strings.TrimSpace(string(runes)) + "…"
	}
	return text
}

// describe says in words what a session shows.
func describe(d *session.Session) string {
	if d.Model == "" || d.View == "head" && d.Form == "" {
		return "the expression " + d.Root.Name
	}
	what := "every head of "
	switch d.View {
	case "head":
		what = "head " + d.Head + " of "
	case "compare":
		what = "compared heads of "
	case "bench":
		what = "benchmarks on "
	}
	what += workspace.ModelName(d.Model)
	if d.Inputs != "" {
		return fmt.Sprintf("%s, recorded sample %d", what, d.Sample)
	}
	prompt := []rune(d.Prompt)
	if len(prompt) > 48 {
		prompt = append(prompt[:47], '…')
	}
	return fmt.Sprintf("%s, “%s”", what, strings.Join(strings.Fields(string(prompt)), " "))
}
