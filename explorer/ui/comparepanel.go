package ui

import (
	"fmt"

	"github.com/AllenDang/cimgui-go/imgui"

	"headscope/explorer/session"
	"headscope/explorer/workspace"
	"headscope/models/demo"
)

// comparePanel chooses what is compared, and says how far apart it is.
func (s *Shell) comparePanel() {
	d := s.w.Document()
	s.notice(workspace.AtCompare)
	if s.w.Pass() == nil && len(s.w.Panes()) == 0 {
		s.noModel()
	}
	for i, p := range d.Compare.Panes {
		s.pane(i, p)
	}
	if n := len(d.Compare.Panes); n < session.MaxPanes && n > 0 {
		if imgui.Button("Add a head") {
			s.w.SetPane(n, d.Compare.Panes[n-1])
		}
	}
	imgui.SeparatorText("Show")
	if imgui.RadioButtonBool("patterns", !d.Compare.Space) {
		s.compareSpace(false)
	}
	imgui.SameLine()
	if imgui.RadioButtonBool("heads in space", d.Compare.Space) {
		s.compareSpace(true)
	}
	difference := d.Compare.Difference
	imgui.BeginDisabledV(d.Compare.Space)
	if imgui.Checkbox("difference of the first two", &difference) {
		s.toggleDifference()
	}
	imgui.EndDisabled()
	hint("The first pattern minus the second one, with signs (D)")
	s.distances()
}

func (s *Shell) compareSpace(on bool) {
	if on == s.w.Document().Compare.Space {
		return
	}
	s.w.Change("", func(d *session.Session) error {
		d.Compare.Space = on
		return nil
	})
}

// pane is one head of the comparison: which one, of what model, on what prompt.
func (s *Shell) pane(i int, p session.Pane) {
	imgui.PushIDInt(int32(i))
	defer imgui.PopID()
	imgui.SeparatorText(fmt.Sprintf("%d", i+1))
	layer, head, err := session.ParseHead(p.Head)
	if err != nil {
		layer, head = 0, 0
	}
	set := func(layer, head int) {
		p.Head = session.HeadName(max(0, layer), max(0, head))
		s.w.SetPane(i, p)
	}
	layers, heads := 1<<10, 1<<10
	if panes := s.w.Panes(); i < len(panes) && panes[i].Pass != nil {
		c := panes[i].Pass.Model.File.Config
		layers, heads = c.Layers, c.Heads
	}
	if v, ok := s.stepper("Layer", layer, layers); ok {
		set(v, head)
	}
	imgui.SameLineV(s.px(160), 0)
	if v, ok := s.stepper("Head", head, heads); ok {
		set(layer, v)
	}
	s.label("Prompt")
	if imgui.BeginCombo("##prompt", escape(elide(s.promptName(p.Prompt), 40))) {
		if imgui.SelectableBool("the window's own") {
			p.Prompt = ""
			s.w.SetPane(i, p)
		}
		for _, sample := range demo.Prompts() {
			if imgui.SelectableBool(escape(sample.Title)) {
				p.Prompt = sample.Text
				s.w.SetPane(i, p)
			}
		}
		imgui.EndCombo()
	}
	imgui.SetNextItemWidth(-1)
	text := p.Prompt
	if imgui.InputTextWithHint("##text", "another prompt for this pane", &text, imgui.InputTextFlagsEnterReturnsTrue, nil) || imgui.IsItemDeactivatedAfterEdit() {
		p.Prompt = text
		s.w.SetPane(i, p)
	}
	s.label("Model")
	if imgui.BeginCombo("##model", escape(elide(s.modelName(p.Model), 40))) {
		for _, m := range s.knownModels() {
			if imgui.SelectableBool(escape(elide(s.modelName(m), 60))) {
				p.Model = m
				s.w.SetPane(i, p)
			}
		}
		imgui.EndCombo()
	}
	s.notice(workspace.PanePlace(i))
	if len(s.w.Document().Compare.Panes) > 2 && imgui.SmallButton("Remove") {
		s.w.RemovePane(i)
	}
}

// stepper shows a number with a button to either side; it is below count.
func (s *Shell) stepper(label string, v, count int) (int, bool) {
	imgui.PushIDStr(label)
	defer imgui.PopID()
	imgui.AlignTextToFramePadding()
	imgui.TextUnformatted(label)
	imgui.SameLine()
	imgui.BeginDisabledV(v <= 0)
	down := imgui.ArrowButton("down", imgui.DirLeft)
	imgui.EndDisabled()
	imgui.SameLineV(0, s.px(4))
	imgui.AlignTextToFramePadding()
	imgui.TextUnformatted(fmt.Sprintf("%2d", v))
	imgui.SameLineV(0, s.px(4))
	imgui.BeginDisabledV(v >= count-1)
	up := imgui.ArrowButton("up", imgui.DirRight)
	imgui.EndDisabled()
	switch {
	case down:
		return v - 1, true
	case up:
		return v + 1, true
	}
	return v, false
}

func (s *Shell) promptName(text string) string {
	if text == "" {
		return "the window's own"
	}
	for _, p := range demo.Prompts() {
		if p.Text == text {
			return p.Title
		}
	}
	return text
}

func (s *Shell) modelName(path string) string {
	if path == "" {
		return "the window's own"
	}
	return workspace.ModelName(path)
}

// knownModels are those that a pane can show: "" is the window's own.
func (s *Shell) knownModels() []string {
	return append([]string{"", demo.Name}, s.w.Settings.Recent...)
}

// distances says how far the other patterns are from the first one.
func (s *Shell) distances() {
	panes := s.w.Compare.Panes
	if s.w.Document().Compare.Space || len(panes) < 2 {
		return
	}
	imgui.SeparatorText("Distance from " + panes[0].Title)
	for i := 1; i < len(panes); i++ {
		p := panes[i]
		d, ok := s.w.Compare.Distance(i)
		if !ok {
			imgui.TextWrapped(escape(fmt.Sprintf("%s: %d and %d tokens cannot be compared", p.Title, len(panes[0].Tokens), len(p.Tokens))))
			continue
		}
		imgui.TextUnformatted(fmt.Sprintf("%s: Jensen-Shannon %.3f, cosine %.3f", p.Title, d.JS, d.Cosine))
		hint("The mean over the rows of the Jensen-Shannon distance, 0 to 1, and the cosine of the two patterns as vectors")
	}
}
