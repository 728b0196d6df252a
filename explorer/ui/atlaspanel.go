package ui

import (
	"fmt"
	"math"

	"github.com/AllenDang/cimgui-go/imgui"

	"headscope/explorer/session"
	"headscope/explorer/view"
	"headscope/explorer/workspace"
)

// atlasPanel says how the heads are ordered and chosen, and what is known of the chosen one.
func (s *Shell) atlasPanel() {
	s.notice(workspace.AtModel)
	pass := s.w.Pass()
	if pass == nil {
		s.noModel()
		return
	}
	if pass.Remark != "" {
		imgui.TextWrapped(escape(pass.Remark))
	}
	imgui.SeparatorText("Order")
	d := s.w.Document()
	sort, err := view.ParseTrait(d.Atlas.Sort)
	if err != nil {
		sort = view.ByLayer
	}
	imgui.BeginDisabledV(len(pass.Stats) == 0)
	if t, ok := s.traitCombo("Sort by", sort, "the model's order"); ok {
		s.w.Sort(t)
	}
	s.filter()
	imgui.EndDisabled()
	s.chosenHead(pass, sort)
	s.nextTokens(pass)
	s.biases()
}

// noModel says what to do where there is nothing to show.
func (s *Shell) noModel() {
	if len(s.w.Jobs()) > 0 {
		imgui.TextDisabled("Loading…")
		return
	}
	imgui.TextWrapped("No model is shown. Open one above, or drop its file or folder on the window.")
}

// traitCombo chooses a trait; none says what the first one, ByLayer, is called.
func (s *Shell) traitCombo(label string, now view.Trait, none string) (chosen view.Trait, ok bool) {
	name := func(t view.Trait) string {
		if t == view.ByLayer {
			return none
		}
		return string(t)
	}
	s.label(label)
	if imgui.BeginCombo("##"+label, name(now)) {
		for _, t := range view.Traits {
			if imgui.SelectableBoolV(name(t), t == now, 0, imgui.NewVec2(0, 0)) {
				chosen, ok = t, t != now
			}
			if t != view.ByLayer {
				hint(t.Meaning())
			}
		}
		imgui.EndCombo()
	}
	return chosen, ok
}

// label writes what the next control is for, left of it, and gives that the rest of the line.
func (s *Shell) label(text string) {
	imgui.AlignTextToFramePadding()
	imgui.TextUnformatted(text)
	imgui.SameLineV(s.px(104), 0)
	imgui.SetNextItemWidth(-1)
}

// filter leaves out heads by a trait.
func (s *Shell) filter() {
	d := s.w.Document()
	trait, err := view.ParseTrait(d.Atlas.Trait)
	if err != nil {
		trait = view.ByLayer
	}
	f := view.Filter{Trait: trait, Min: d.Atlas.Min, Max: d.Atlas.Max}
	if t, ok := s.traitCombo("Show by", trait, "all heads"); ok {
		lo, hi := s.traitRange(t)
		s.w.Filter(view.Filter{Trait: t, Min: lo, Max: hi})
		s.w.Settle()
		return
	}
	if trait == view.ByLayer {
		return
	}
	lo, hi := s.traitRange(trait)
	shown := 0
	for _, h := range s.w.Pass().Stats {
		if v := h.Traits[trait]; v >= f.Min && v <= f.Max {
			shown++
		}
	}
	s.label("from, to")
	ends := [2]float32{float32(f.Min), float32(f.Max)}
	if imgui.SliderFloat2V("##range", &ends, float32(lo), float32(hi), "%.3g", imgui.SliderFlagsNone) {
		s.w.Filter(view.Filter{Trait: trait, Min: float64(min(ends[0], ends[1])), Max: float64(max(ends[0], ends[1]))})
	}
	if imgui.IsItemDeactivated() {
		s.w.Settle()
	}
	imgui.TextDisabled(fmt.Sprintf("%d of %d heads", shown, len(s.w.Pass().Stats)))
}

// traitRange is what a trait runs between over the heads, a little wider, so that rounding
// leaves none out.
func (s *Shell) traitRange(t view.Trait) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, h := range s.w.Pass().Stats {
		if v, ok := h.Traits[t]; ok && !math.IsNaN(v) {
			lo, hi = min(lo, v), max(hi, v)
		}
	}
	if lo > hi {
		return 0, 1
	}
	margin := 1e-4 * (1 + hi - lo)
	return lo - margin, hi + margin
}

// chosenHead is the traits of the chosen head.
func (s *Shell) chosenHead(pass *workspace.Pass, sort view.Trait) {
	layer, head := s.w.Head()
	name := session.HeadName(layer, head)
	imgui.SeparatorText("Head " + name)
	if imgui.Button("Open in space") {
		s.openHead(layer, head)
	}
	hint("Every matrix of the head (Enter)")
	imgui.SameLine()
	if imgui.Button("Zoom") {
		s.near()
	}
	hint("As large as the window (Z)")
	imgui.SameLine()
	if imgui.Button("Compare") {
		s.w.Show("compare")
	}
	hint("Beside other heads (3)")
	for _, h := range pass.Stats {
		if h.Layer == layer && h.Head == head {
			s.traits(h, sort)
		}
	}
}

// beginBars begins a table of names and of numbers with bars, which stand below each other in all
// tables of the panel.
func (s *Shell) beginBars(name string) bool {
	if !imgui.BeginTableV(name, 2, imgui.TableFlagsRowBg, imgui.NewVec2(0, 0), 0) {
		return false
	}
	imgui.TableSetupColumnV("name", imgui.TableColumnFlagsWidthFixed, s.px(shortColumn)-2*imgui.CurrentStyle().CellPadding().X, 0)
	imgui.TableSetupColumnV("number", imgui.TableColumnFlagsWidthStretch, 1, 0)
	return true
}

// traits is a table of a head's traits.
func (s *Shell) traits(h view.HeadStat, sort view.Trait) {
	if !s.beginBars("traits") {
		return
	}
	defer imgui.EndTable()
	for _, t := range view.Traits[1:] {
		imgui.TableNextRow()
		imgui.TableNextColumn()
		if t == sort {
			imgui.PushFont(s.c.Bold, 0)
		}
		imgui.TextUnformatted(string(t))
		if t == sort {
			imgui.PopFont()
		}
		hint(t.Meaning())
		imgui.TableNextColumn()
		v := h.Traits[t]
		if math.IsNaN(v) {
			imgui.TextDisabled("no token repeats")
			continue
		}
		s.bar2(v, t)
	}
}

// bar2 writes a trait's number, with a bar behind it where it is a share.
func (s *Shell) bar2(v float64, t view.Trait) {
	at, width := imgui.CursorScreenPos(), imgui.ContentRegionAvail().X
	if t != view.Distance {
		c := s.c.Theme().Accent
		c.W = 0.35
		imgui.WindowDrawList().AddRectFilled(at, imgui.NewVec2(at.X+width*float32(min(1, max(0, v))), at.Y+imgui.TextLineHeight()), imgui.ColorU32Vec4(c))
	}
	imgui.TextUnformatted(fmt.Sprintf(" %.3f", v))
}

// nextTokens are the likeliest continuations of the prompt.
func (s *Shell) nextTokens(pass *workspace.Pass) {
	if len(pass.Next) == 0 {
		return
	}
	imgui.SeparatorText("Likely next tokens")
	if !s.beginBars("next") {
		return
	}
	defer imgui.EndTable()
	for _, g := range pass.Next {
		imgui.TableNextRow()
		imgui.TableNextColumn()
		imgui.PushFont(s.c.Mono, 0)
		imgui.TextUnformatted(chip(g.Token))
		imgui.PopFont()
		imgui.TableNextColumn()
		s.bar2(g.P, view.ByLayer)
	}
}

// biases says whether the attention has its biases.
func (s *Shell) biases() {
	imgui.SeparatorText("Model")
	with := !s.w.Document().NoBias
	if imgui.Checkbox("Biases of queries, keys and values", &with) {
		s.toggleBias()
	}
	hint("Without them as in mm (B)")
}
