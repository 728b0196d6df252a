package ui

import (
	"fmt"
	"image"

	"github.com/AllenDang/cimgui-go/imgui"

	"headscope/explorer/workspace"
)

// statusBar says what is under the pointer, what work goes on, and on what adapter.
func (s *Shell) statusBar() {
	imgui.PushStyleVarVec2(imgui.StyleVarWindowPadding, imgui.NewVec2(s.px(padding), s.px(5)))
	defer imgui.PopStyleVar()
	s.bar("status", image.Rect(0, s.height-int(s.px(statusHeight)), s.width, s.height), imgui.WindowFlagsNoScrollbar, func() {
		switch text := s.urgent(); {
		case text != "" && !s.asking(): // dialogs say it themselves
			imgui.TextColored(s.c.Theme().Error, escape(s.cut(text, float32(s.width)*0.6)))
			hint(text)
		case s.hover != "":
			imgui.TextUnformatted(s.hover)
		default:
			imgui.TextDisabled("F1: every key")
		}
		s.progress()
	})
}

// urgent is what must be said and has no place of its own on the screen.
func (s *Shell) urgent() string {
	for _, p := range []workspace.Place{workspace.AtOpen, workspace.AtSave, workspace.AtModel} {
		if text := s.w.Notice(p); text != "" {
			return text
		}
	}
	return ""
}

// progress shows the work that goes on, at the bar's right end, or else the adapter.
func (s *Shell) progress() {
	jobs := s.w.Jobs()
	if len(jobs) == 0 {
		name := s.w.Device.Adapter.Name
		imgui.SameLineV(float32(s.width)-imgui.CalcTextSize(name).X-s.px(padding), -1)
		imgui.TextDisabled(escape(name))
		return
	}
	j := jobs[0]
	text := j.What
	if share := j.Share(); share >= 0 {
		text += fmt.Sprintf(" %.0f %%", 100*share)
	}
	width := imgui.CalcTextSize(text).X + s.px(56) + 2*s.px(padding)
	imgui.SameLineV(float32(s.width)-width, -1)
	imgui.TextUnformatted(text)
	imgui.SameLine()
	if imgui.SmallButton("Cancel") {
		j.Cancel()
	}
}
