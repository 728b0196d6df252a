package ui

import (
	"fmt"
	"image"
	"strings"

	"github.com/AllenDang/cimgui-go/imgui"

	"headscope/explorer/workspace"
	"headscope/models/demo"
)

// promptBar has the prompt, and under it its tokens as they are cut. While a prompt of several
// lines is edited, they reach over the picture, which stays where it is.
func (s *Shell) promptBar() {
	right := s.width - int(s.panelWidth())
	top := int(s.px(barHeight))
	height := int(s.px(promptHeight) + s.promptMore)
	s.bar("prompt", image.Rect(0, top, right, top+height), imgui.WindowFlagsNoScrollbar, func() {
		if s.w.Document().Inputs != "" {
			s.recordedRow()
		} else {
			s.promptRow()
		}
	})
	top += height
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
	if t := s.w.Text(); t != nil {
		// There is room for one more digit than may be: a field of another width is another field.
		s.countWidth = max(imgui.CalcTextSize(count).X, imgui.CalcTextSize(counted(10*t.Limit, t.Limit)).X)
	}
	s.promptField(max(s.px(64), imgui.ContentRegionAvail().X-s.countWidth-s.px(padding)))
	imgui.SameLine()
	imgui.AlignTextToFramePadding()
	if t := s.w.Text(); t != nil && len(t.IDs) > t.Limit {
		imgui.TextColored(s.c.Theme().Error, count)
		hint(fmt.Sprintf("The model's context holds %d tokens: shorten the prompt", t.Limit))
	} else {
		imgui.TextDisabled(count)
	}
}

// maxPromptLines is how many lines the prompt's field grows to; longer ones are scrolled.
const maxPromptLines = 8

// promptField is the text itself: its first line, or all its lines while it is edited.
func (s *Shell) promptField(width float32) {
	style, place, id := imgui.CurrentStyle(), imgui.CursorScreenPos(), wrappedID("prompt", width)
	pad, line := style.FramePadding(), imgui.FontSize()
	size := imgui.NewVec2(width, imgui.FrameHeight()+s.promptMore)
	lines := countLines(s.prompt.text, width-pad.X, maxPromptLines)

	// The field has no ground of its own, so that the hint can lie below it.
	draw, colours := imgui.WindowDrawList(), s.c.Theme()
	ground := imgui.ColorU32Vec4(colours.Field)
	draw.AddRectFilledV(place, place.Add(size), ground, style.FrameRounding(), 0)
	if s.prompt.text == "" {
		draw.AddTextVec2(place.Add(pad), imgui.ColorU32Vec4(colours.Muted), "Type a prompt")
	}
	if !s.prompt.active {
		imgui.SetNextWindowScroll(imgui.Vec2{})
	}
	imgui.PushStyleColorVec4(imgui.ColFrameBg, imgui.Vec4{})
	imgui.PushStyleVarFloat(imgui.StyleVarScrollbarSize, 0) // it would be in the way of a click
	if s.focusPrompt {
		imgui.SetKeyboardFocusHere()
	}
	const flags = imgui.InputTextFlagsWordWrap | imgui.InputTextFlagsCtrlEnterForNewLine
	if imgui.InputTextMultiline(id, &s.prompt.text, size, flags, nil) {
		s.w.SetPrompt(s.prompt.text)
	}
	imgui.PopStyleVar()
	imgui.PopStyleColor()
	s.prompt.active = imgui.IsItemActive()
	if imgui.IsItemDeactivated() {
		s.w.Settle()
	}
	if s.prompt.active && s.focusPrompt {
		// A window too small for the field has no state of it.
		if state := imgui.InternalInputTextState(imgui.IDStr(id)); state.CData != nil {
			state.InternalSelectAll()
		}
		s.focusPrompt = false
	}
	s.promptMore = 0
	switch {
	case s.prompt.active:
		s.promptMore = float32(lines-1) * line
	case lines > 1:
		// The top of the second line would be seen in the padding.
		imgui.BeginChildStr(id)
		draw, end := imgui.WindowDrawList(), width-pad.X
		dots := end - imgui.CalcTextSize("…").X
		at := func(x, y float32) imgui.Vec2 { return place.Add(imgui.NewVec2(x, y)) }
		draw.AddRectFilled(at(pad.X, pad.Y+line), at(end, size.Y), ground)
		draw.AddRectFilled(at(dots, 0), at(width-1, size.Y), ground)
		draw.AddTextVec2(at(dots, pad.Y), imgui.ColorU32Vec4(colours.Muted), "…")
		imgui.EndChild()
	}
}

// wrappedID is the name of a text field that breaks lines, at a width. A field that Dear ImGui
// knows by another width than before scrolls to lines that it has not counted: an assertion fails.
func wrappedID(name string, width float32) string { return fmt.Sprintf("##%s%g", name, width) }

// countLines is how many lines Dear ImGui breaks a text into, as far as most.
func countLines(text string, width float32, most int) int {
	const longest = 4096 // bytes of a line that are looked at
	n := 1
	for n < most && text != "" {
		head := text[:min(len(text), longest)]
		rest := imgui.InternalImFontCalcWordWrapPositionExV(imgui.CurrentFont(), imgui.FontSize(), head, width, imgui.DrawTextFlagsWrapKeepBlanks)
		if text = text[len(head)-len(rest):]; text != "" {
			text = strings.TrimPrefix(text, "\n")
			n++
		}
	}
	return n
}

// count is the number of tokens, and how many the context holds.
func (s *Shell) count() string {
	if t := s.w.Text(); t != nil {
		return counted(len(t.IDs), t.Limit)
	}
	return "… tokens"
}

func counted(n, limit int) string { return fmt.Sprintf("%d / %d tokens", n, limit) }

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
