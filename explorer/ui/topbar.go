package ui

import (
	"fmt"
	"image"
	"strings"

	"github.com/AllenDang/cimgui-go/imgui"

	"headscope/explorer/session"
	"headscope/explorer/workspace"
	"headscope/models/demo"
)

// tabs are the views with their names.
var tabs = []struct{ view, name, about string }{
	{"atlas", "Atlas", "Every layer and head on the prompt (1)"},
	{"head", "Head", "One head, or any expression, in space (2)"},
	{"compare", "Compare", "Two to four heads side by side (3)"},
	{"bench", "Bench", "Full against blockwise attention, measured (4)"},
}

// topBar has the tabs, the model and what can be done with the whole.
func (s *Shell) topBar() {
	doc := s.w.Document()
	s.bar("top", image.Rect(0, 0, s.width, int(s.px(barHeight))), imgui.WindowFlagsNoScrollbar, func() {
		for _, t := range tabs {
			if s.tab(t.name, doc.View == t.view) {
				s.w.Show(t.view)
			}
			hint(t.about)
			imgui.SameLine()
		}
		s.modelButton(float32(s.width) - s.px(padding) - s.rightWidth())
		s.topRight()
	})
}

// modelButton has the model's name and, where there is room up to end, its size.
func (s *Shell) modelButton(end float32) {
	imgui.SetCursorPosX(imgui.CursorPosX() + s.px(padding))
	room := end - imgui.CursorPosX() - s.px(2*padding)
	if room < s.px(40) {
		imgui.NewLine()
		return
	}
	name := "Open a model…"
	if doc := s.w.Document(); doc.Model != "" {
		name = workspace.ModelName(doc.Model)
	}
	frame := 2 * imgui.CurrentStyle().FramePadding().X
	for letters := 28; imgui.CalcTextSize(name).X+frame > room && letters > 3; letters-- {
		name = elide(name, letters)
	}
	if imgui.Button(name + "###model") {
		imgui.OpenPopupStr("models")
	}
	hint("The model: open another one, or a recent one")
	s.modelMenu()
	if m := s.w.Model(); m != nil {
		c := m.File.Config
		size := fmt.Sprintf("%d layers × %d heads of %d", c.Layers, c.Heads, c.HeadWidth())
		if imgui.CalcTextSize(name).X+frame+s.px(padding)+imgui.CalcTextSize(size).X <= room {
			imgui.SameLine()
			imgui.AlignTextToFramePadding()
			imgui.TextDisabled(size)
		}
	}
}

// tab is a button that is lit when its tab is open.
func (s *Shell) tab(name string, open bool) bool {
	colours := s.c.Theme()
	if open {
		imgui.PushStyleColorVec4(imgui.ColButton, colours.Accent)
		imgui.PushStyleColorVec4(imgui.ColButtonHovered, colours.Accent)
		imgui.PushStyleColorVec4(imgui.ColText, colours.OnAccent)
		defer imgui.PopStyleColorV(3)
	}
	room := (float32(s.width)-s.rightWidth()-2*s.px(padding))/float32(len(tabs)) - imgui.CurrentStyle().ItemSpacing().X
	return imgui.ButtonV(name, imgui.NewVec2(min(s.px(76), room), 0))
}

// action is a button of the bar.
type action struct {
	name, about string
	enabled     bool
	do          func()
}

// actions are the buttons at the bar's right end.
func (s *Shell) actions() []action {
	theme := "Light"
	if s.w.Document().Light {
		theme = "Dark"
	}
	return []action{
		{"Undo", "Take the last change back (Ctrl+Z)", s.w.CanUndo(), func() { s.w.Undo() }},
		{"Redo", "Make it again (Ctrl+Y)", s.w.CanRedo(), func() { s.w.Redo() }},
		{"Save…", "Save the session, a picture or an mm link (Ctrl+S)", true, s.openSave},
		{theme, "Light or dark colours (T)", true, s.toggleTheme},
		{"Help", "Every key (F1)", true, func() { s.help = !s.help }},
	}
}

// rightWidth is how wide they are, with the space before them.
func (s *Shell) rightWidth() float32 {
	style, width := imgui.CurrentStyle(), float32(0)
	for _, b := range s.actions() {
		width += imgui.CalcTextSize(b.name).X + 2*style.FramePadding().X + style.ItemSpacing().X
	}
	return width
}

// topRight draws them.
func (s *Shell) topRight() {
	imgui.SameLineV(float32(s.width)-s.rightWidth()-s.px(padding)+imgui.CurrentStyle().ItemSpacing().X, -1)
	for i, b := range s.actions() {
		if i > 0 {
			imgui.SameLine()
		}
		imgui.BeginDisabledV(!b.enabled)
		if imgui.Button(b.name) {
			b.do()
		}
		imgui.EndDisabled()
		hint(b.about)
	}
}

func (s *Shell) toggleTheme() {
	s.w.Change("", func(d *session.Session) error {
		d.Light = !d.Light
		return nil
	})
}

// modelMenu is the popup under the model's name.
func (s *Shell) modelMenu() {
	if !imgui.BeginPopup("models") {
		return
	}
	defer imgui.EndPopup()
	if imgui.SelectableBool("Open a file or folder…") {
		s.files.open(s)
	}
	if imgui.SelectableBool("Built-in model") {
		s.w.OpenModel(demo.Name)
	}
	if len(s.w.Settings.Recent) > 0 {
		imgui.SeparatorText("Recent")
	}
	for i, name := range s.w.Settings.Recent {
		imgui.PushIDInt(int32(i))
		if imgui.SelectableBool(escape(elide(name, 60))) {
			s.w.Open(name)
		}
		imgui.PopID()
	}
}

// elide shortens a text in its middle.
func elide(text string, most int) string {
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	head := (most - 1) / 3
	return string(runes[:head]) + "…" + string(runes[len(runes)-(most-1-head):])
}

// escape makes a text one that Dear ImGui takes as it is: it treats some as formats.
func escape(text string) string { return strings.ReplaceAll(text, "%", "%%") }
