package ui

import (
	"fmt"
	"image"
	"strings"

	"github.com/AllenDang/cimgui-go/imgui"

	"headscope/explorer/workspace"
	"headscope/models/demo"
)

// promptBar has the prompt, and under it its tokens as they are cut.
func (s *Shell) promptBar() {
	right := s.width - int(s.panelWidth())
	top := int(s.px(barHeight))
	s.bar("prompt", image.Rect(0, top, right, top+int(s.px(promptHeight))), imgui.WindowFlagsNoScrollbar, func() {
		if s.w.Document().Inputs != "" {
			s.recordedRow()
		} else {
			s.promptRow()
		}
	})
	top += int(s.px(promptHeight))
	s.bar("tokens", image.Rect(0, top, right, top+int(s.px(tokensHeight))), imgui.WindowFlagsHorizontalScrollbar|imgui.WindowFlagsNoScrollbar, s.tokens)
}

// promptRow is the text field, the samples and the count.
func (s *Shell) promptRow() {
	doc := s.w.Document()
	s.prompt.follow(doc.Prompt)
	if imgui.Button("Samples") {
		imgui.OpenPopupStr("samples")
	}
	hint("Prompts to begin with, and what to look for in them")
	s.samples()
	imgui.SameLine()
	count := s.count()
	width := imgui.ContentRegionAvail().X - imgui.CalcTextSize(count).X - s.px(padding)
	imgui.SetNextItemWidth(width)
	// Dear ImGui writes on over the edge of the field up to the end of a letter.
	at := imgui.CursorScreenPos()
	imgui.PushClipRect(at, imgui.NewVec2(at.X+width, at.Y+imgui.FrameHeight()), true)
	if imgui.InputTextWithHint("##prompt", "Type a prompt", &s.prompt.text, imgui.InputTextFlagsNone, nil) {
		s.w.SetPrompt(s.prompt.text)
	}
	imgui.PopClipRect()
	s.prompt.active = imgui.IsItemActive()
	if imgui.IsItemDeactivated() {
		s.w.Settle()
	}
	if s.focusPrompt {
		imgui.SetKeyboardFocusHereV(-1)
		s.focusPrompt = false
	}
	imgui.SameLine()
	imgui.AlignTextToFramePadding()
	if t := s.w.Text(); t != nil && len(t.IDs) > t.Limit {
		imgui.TextColored(s.c.Theme().Error, count)
		hint(fmt.Sprintf("The model's context holds %d tokens: shorten the prompt", t.Limit))
	} else {
		imgui.TextDisabled(count)
	}
}

// count is the number of tokens, and how many the context holds.
func (s *Shell) count() string {
	if t := s.w.Text(); t != nil {
		return fmt.Sprintf("%d / %d tokens", len(t.IDs), t.Limit)
	}
	return "… tokens"
}

// samples is the menu of prompts.
func (s *Shell) samples() {
	if !imgui.BeginPopup("samples") {
		return
	}
	defer imgui.EndPopup()
	for _, p := range demo.Prompts() {
		if imgui.SelectableBool(escape(p.Title)) {
			s.w.Settle()
			s.w.SetPrompt(p.Text)
			s.w.Settle()
		}
		hint(p.Look)
	}
}

// recordedRow stands in the prompt's place where recorded activations do.
func (s *Shell) recordedRow() {
	doc := s.w.Document()
	imgui.AlignTextToFramePadding()
	imgui.TextUnformatted(fmt.Sprintf("Recorded activations, sample %d", doc.Sample))
	imgui.SameLine()
	samples := s.w.Samples()
	imgui.BeginDisabledV(len(samples) < 2)
	if imgui.Button("<##sample") {
		s.w.StepSample(-1)
	}
	imgui.SameLine()
	if imgui.Button(">##sample") {
		s.w.StepSample(1)
	}
	imgui.EndDisabled()
	hint("The sample before, the next one (Page up, Page down)")
	imgui.SameLine()
	if imgui.Button("Type a prompt instead") {
		s.w.SetPrompt(doc.Prompt)
	}
	imgui.SameLine()
	imgui.TextDisabled(escape(elide(doc.Inputs, 48)))
}

// tokens are the prompt's tokens as chips. A click chooses one: its row is marked in every
// head. What is wrong with the prompt takes their place.
func (s *Shell) tokens() {
	if s.w.Notice(workspace.AtPrompt) != "" {
		imgui.PushStyleColorVec4(imgui.ColText, s.c.Theme().Error)
		imgui.TextUnformatted(s.w.Notice(workspace.AtPrompt))
		imgui.PopStyleColor()
		hint(s.w.Notice(workspace.AtPrompt))
		return
	}
	var tokens []string
	if t := s.w.Text(); s.w.Document().Inputs == "" && t != nil {
		tokens = t.Tokens
	} else if p := s.w.Pass(); p != nil {
		tokens = p.Tokens
	}
	chosen := s.w.Document().Token
	colours := s.c.Theme()
	imgui.PushStyleVarVec2(imgui.StyleVarItemSpacing, imgui.NewVec2(s.px(2), 0))
	imgui.PushStyleVarVec2(imgui.StyleVarFramePadding, imgui.NewVec2(s.px(5), s.px(2)))
	imgui.PushFont(s.c.Mono, 0)
	for i, t := range tokens {
		if i > 0 {
			imgui.SameLine()
		}
		colour := [2]imgui.Vec4{colours.Field, colours.Hover}[i%2]
		text := colours.Text
		if i == chosen {
			colour, text = colours.Accent, colours.OnAccent
		}
		imgui.PushStyleColorVec4(imgui.ColButton, colour)
		imgui.PushStyleColorVec4(imgui.ColText, text)
		if imgui.Button(fmt.Sprintf("%s##%d", chip(t), i)) {
			if i == chosen {
				s.w.ChooseToken(-1)
			} else {
				s.w.ChooseToken(i)
			}
			s.w.Settle()
		}
		imgui.PopStyleColorV(2)
		if i == chosen && s.shownToken != i {
			imgui.SetScrollHereXV(0.5)
		}
	}
	s.shownToken = chosen
	imgui.PopFont()
	imgui.PopStyleVarV(2)
}

// chip is a token's label as its chip shows it: spaces and line ends can be seen, by letters
// that the typeface has. What follows ## would be a widget's name.
func chip(token string) string {
	return strings.NewReplacer(" ", "·", `\n`, "¶", `\t`, "»", "##", "# #").Replace(token)
}
