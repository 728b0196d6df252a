package ui

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/AllenDang/cimgui-go/imgui"

	"headscope/explorer/expr"
	"headscope/explorer/session"
	"headscope/explorer/workspace"
)

// headMemory is what the head panel keeps from frame to frame.
type headMemory struct {
	wrong error  // about the text of the expression field
	of    string // the document's expression at that time

	// The selected element's value, read once.
	selection session.Selection
	scene     *workspace.Scene
	step      int // of its animation
	value     string
}

// headPanel is all about what the head tab shows: which head and how, its expression, the
// selected element, every setting.
func (s *Shell) headPanel() {
	s.notice(workspace.AtModel)
	s.missingFiles()
	s.notice(workspace.AtHead)
	s.notice(workspace.AtPlay)
	if pass := s.w.Pass(); pass != nil {
		s.headChoice(pass)
	}
	s.headLooks()
	imgui.SeparatorText("Expression")
	s.expressionField()
	s.selectedElement()
	imgui.SeparatorText("Settings")
	root := s.w.Document().Root
	s.settingsOf(place{path: "root", node: root})
	imgui.SeparatorText("Matrices")
	s.settingsTree(root)
}

// missingFiles says what to do where files that leaves name are not found.
func (s *Shell) missingFiles() {
	if s.w.Notice(workspace.AtHead) == "" || !s.w.OnWeb() {
		return
	}
	imgui.TextWrapped("The session names files on the web. Drop the folder that holds them on the window, or:")
	if imgui.Button("Fetch them") {
		s.w.AllowFetch()
	}
	hint("Download what the session names, until the window is closed")
}

// headChoice is which head of the model is shown, and as what.
func (s *Shell) headChoice(pass *workspace.Pass) {
	s.settingLabel("Shown as", "The built-in session that shows the head", shortColumn, true)
	form := s.w.Document().Form
	preview := form
	if form == "" {
		preview = "own expression"
	}
	if imgui.BeginCombo("##form", preview) {
		for _, line := range session.Builtins() {
			name, about, _ := strings.Cut(line, ": ")
			if imgui.SelectableBoolV(name, name == form, 0, imgui.NewVec2(0, 0)) {
				s.w.SetForm(name)
			}
			hint(about)
		}
		imgui.EndCombo()
	}
	c := pass.Model.File.Config
	layer, head := s.w.Head()
	if v, ok := s.stepper("Layer", layer, c.Layers); ok {
		s.w.ChooseHead(v, head)
	}
	imgui.SameLineV(s.px(160), 0)
	if v, ok := s.stepper("Head", head, c.Heads); ok {
		s.w.ChooseHead(layer, v)
	}
	with := !s.w.Document().NoBias
	if imgui.Checkbox("Biases", &with) {
		s.toggleBias()
	}
	hint("Those of queries, keys and values; without them as in mm (B)")
}

// headLooks is how the scene is looked at.
func (s *Shell) headLooks() {
	if s.w.Pass() != nil {
		imgui.SameLineV(s.px(160), 0)
	}
	imgui.Checkbox("Magnifier", &s.lens)
	hint("With the values of elements, at the pointer (L)")
	safe := s.w.Document().Safe
	if imgui.Checkbox("Safe colours", &safe) {
		s.w.Change("", func(d *session.Session) error {
			d.Safe = safe
			s.w.Settings.Safe = safe
			return nil
		})
	}
	hint("Colours that do not need red told from green")
	imgui.SameLineV(s.px(160), 0)
	if imgui.ButtonV("See all", imgui.NewVec2(-1, 0)) {
		s.fit()
	}
	hint("Move the camera so that everything is in view (F)")
}

// expressionField is the expression, to be edited. A wrong one stays in the field, with what is
// wrong below, until it is right or the document has another one.
func (s *Shell) expressionField() {
	now := s.w.Document().Root.String()
	m := &s.head
	if m.wrong != nil && (now != m.of || s.w.Notice(workspace.AtExpression) == "") {
		m.wrong = nil
		s.w.Dismiss(workspace.AtExpression)
	}
	f := &s.expression
	if m.wrong == nil {
		f.follow(now)
	}
	const flags = imgui.InputTextFlagsWordWrap | imgui.InputTextFlagsCtrlEnterForNewLine
	lines := 3*imgui.TextLineHeight() + 2*imgui.CurrentStyle().FramePadding().Y
	imgui.InputTextMultiline(wrappedID("expression", imgui.ContentRegionAvail().X), &f.text, imgui.NewVec2(-1, lines), flags, nil)
	f.active = imgui.IsItemActive()
	if imgui.IsItemDeactivatedAfterEdit() && (f.text != now || m.wrong != nil) {
		m.wrong, m.of = s.w.EditExpression(f.text), now
	}
	hint("name = A @ B, with parentheses; Enter applies it")
	if m.wrong == nil {
		return
	}
	var syntax *expr.SyntaxError
	if errors.As(m.wrong, &syntax) {
		imgui.PushFont(s.c.Mono, 0)
		imgui.TextUnformatted(around(syntax.Excerpt(), int(imgui.ContentRegionAvail().X/imgui.CalcTextSize("0").X)))
		imgui.PopFont()
	}
	s.notice(workspace.AtExpression)
}

// around cuts an excerpt to so many characters a line, those about its caret.
func around(excerpt string, width int) string {
	line, caret, _ := strings.Cut(excerpt, "\n")
	text, at := []rune(line), utf8.RuneCountInString(caret)-1
	from := max(0, min(at-width/2, max(len(text), at+1)-width))
	return string(text[from:min(len(text), from+width)]) + "\n" + strings.Repeat(" ", at-from) + "^"
}

// selectedElement is where the selected element is, and its value.
func (s *Shell) selectedElement() {
	sel := s.w.Document().Selection
	if sel.Path == "" {
		return
	}
	imgui.SeparatorText("Selected element")
	name, value := sel.Path, s.selectedValue(sel)
	if n := s.w.Document().Root.At(sel.Path); n != nil {
		name = n.Name
	}
	for _, row := range [][2]string{
		{"Matrix", elide(name, 24)}, {"Element", fmt.Sprintf("row %d, column %d", sel.I, sel.J)}, {"Value", value},
	} {
		s.settingLabel(row[0], "", shortColumn, false)
		imgui.TextUnformatted(row[1])
	}
	imgui.SameLine()
	if imgui.SmallButton("Clear") {
		s.w.Change("", func(d *session.Session) error {
			d.Selection = session.Selection{}
			return nil
		})
	}
}

// selectedValue reads the selected element of what is on the screen, once: it waits for the
// device.
func (s *Shell) selectedValue(sel session.Selection) string {
	m, scene := &s.head, s.w.Scene()
	if scene == nil {
		return "…"
	}
	moved, _ := s.w.Playback()
	if m.selection == sel && m.scene == scene && m.step == moved.Step {
		return m.value
	}
	m.selection, m.scene, m.step = sel, scene, moved.Step
	v, err := scene.Space.Value(sel.Path, sel.I, sel.J)
	if m.value = fmt.Sprintf("%.6g", v); err != nil {
		m.value = "…" // the scene is still that of another expression
	}
	return m.value
}
