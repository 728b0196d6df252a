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
		imgui.SetCursorPosX(imgui.CursorPosX() + s.px(padding))
		name := "Open a model…"
		if doc.Model != "" {
			name = workspace.ModelName(doc.Model)
		}
		if imgui.Button(escape(elide(name, 28)) + "###model") {
			imgui.OpenPopupStr("models")
		}
		hint("The model: open another one, or a recent one")
		s.modelMenu()
		if m := s.w.Model(); m != nil {
			c := m.File.Config
			imgui.SameLine()
			imgui.AlignTextToFramePadding()
			imgui.TextDisabled(fmt.Sprintf("%d layers × %d heads of %d", c.Layers, c.Heads, c.HeadWidth()))
		}
		s.topRight()
	})
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
	return imgui.ButtonV(name, imgui.NewVec2(s.px(76), 0))
}

// topRight is the buttons at the bar's right end.
func (s *Shell) topRight() {
	doc := s.w.Document()
	theme := "Light"
	if doc.Light {
		theme = "Dark"
	}
	buttons := []struct {
		name, about string
		enabled     bool
		do          func()
	}{
		{"Undo", "Take the last change back (Ctrl+Z)", s.w.CanUndo(), func() { s.w.Undo() }},
		{"Redo", "Make it again (Ctrl+Y)", s.w.CanRedo(), func() { s.w.Redo() }},
		{"Save…", "Save the session, a picture or an mm link (Ctrl+S)", true, s.openSave},
		{theme, "Light or dark colours (T)", true, s.toggleTheme},
		{"Help", "Every key (F1)", true, func() { s.help = !s.help }},
	}
	style := imgui.CurrentStyle()
	width := float32(0)
	for _, b := range buttons {
		width += imgui.CalcTextSize(b.name).X + 2*style.FramePadding().X + style.ItemSpacing().X
	}
	imgui.SameLineV(float32(s.width)-width-s.px(padding)+style.ItemSpacing().X, -1)
	for i, b := range buttons {
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
		s.w.Settings.Light = d.Light
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
