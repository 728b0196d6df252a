package ui

import (
	"fmt"
	"math"

	"github.com/AllenDang/cimgui-go/imgui"

	"headscope/explorer/expr"
	"headscope/explorer/layout"
	"headscope/explorer/session"
)

// place is a node of the document's tree, as the rows of its settings need it.
type place struct {
	path   string
	node   *expr.Node
	parent *expr.Node // nil: the node is the root
	left   bool       // it is its parent's left argument
}

// kind is the node's among those of a setting.
func (p place) kind() int {
	switch {
	case p.parent == nil:
		return ofRoot
	case p.node.IsMatMul():
		return ofProduct
	}
	return ofLeaf
}

// shows tells whether a setting has a row at the node.
func (p place) shows(r *setting) bool {
	return r.of&p.kind() != 0 && (r.applies == nil || r.applies(p.node))
}

// usual is the node whose value a setting has if nothing else is said: the parent, or a node
// of the default session.
func (p place) usual(r *setting) *expr.Node {
	switch {
	case p.parent != nil && r.group() != "":
		return p.parent
	case p.node.IsMatMul():
		return defaults
	case p.left:
		return defaults.Left
	}
	return defaults.Right
}

// defaults is only read.
var defaults = expr.Default()

// setSetting changes a setting of a node. Changes of one what are one for Undo. A value that a
// setting cannot have changes nothing.
func (s *Shell) setSetting(p place, r *setting, value any, what string) {
	s.changeSetting(p, r, what, func(root, n *expr.Node) error { return store(root, n, r.key, value) })
}

// resetSetting gives a setting its usual value: what a parent says is followed from then on.
func (s *Shell) resetSetting(p place, r *setting) {
	if p.parent == nil || r.group() == "" {
		s.setSetting(p, r, valueOf(r.field(p.usual(r))), "")
		return
	}
	s.changeSetting(p, r, "", func(_, n *expr.Node) error {
		n.Inherit(r.key)
		return nil
	})
}

// changeSetting changes the document by what is done to a node of its tree, and by all that
// follows from it.
func (s *Shell) changeSetting(p place, r *setting, what string, change func(root, n *expr.Node) error) {
	s.w.Change(what, func(d *session.Session) error {
		d.Root = d.Root.Clone()
		if err := change(d.Root, d.Root.At(p.path)); err != nil {
			return err
		}
		d.Root.Resolve() // blocks of a child are its parent's, and so is what it inherits
		if r.key == "init" || r.key == "url" {
			d.Form = "" // it is an expression of the user's own
		}
		if at := d.Root.At(d.Selection.Path); at != nil && (d.Selection.I >= at.Rows() || d.Selection.J >= at.Cols()) {
			d.Selection = session.Selection{}
		}
		if r.placing() {
			return layout.Derive(d.Root)
		}
		return nil
	})
}

// store gives a node of a tree a value.
func store(root, n *expr.Node, key string, value any) error {
	size, _ := value.(int)
	switch key {
	case "h":
		return root.Resize(n, size, n.W)
	case "w":
		return root.Resize(n, n.H, size)
	}
	return n.Set(key, value)
}

// valueOf is what a field of a setting holds.
func valueOf(field any) any {
	switch f := field.(type) {
	case *string:
		return *f
	case *bool:
		return *f
	case *int:
		return *f
	}
	return *field.(*float64)
}

// settingRow is the label of a setting and the control that fits it. What is not as usual has
// a bright label.
func (s *Shell) settingRow(p place, r *setting) {
	imgui.PushIDStr(r.key)
	defer imgui.PopID()
	usual := valueOf(r.field(p.usual(r)))
	now := valueOf(r.field(p.node))
	decided := r.placement() && p.parent != nil && p.parent.Layout.Scheme != "custom"
	about, resets := r.about, !decided
	switch {
	case decided:
		about += fmt.Sprintf("\nAs the scheme %s of %s says", p.parent.Layout.Scheme, p.parent.Name)
	case r.key == "h" || r.key == "w":
		usual, resets = now, false
	case p.parent != nil && r.group() != "":
		about += fmt.Sprintf("\nUsually that of %s: %v (double-click)", elide(p.parent.Name, 40), usual)
	case usual != "":
		about += fmt.Sprintf("\nUsually %v (double-click)", usual)
	}
	column := settingsColumn
	if r.group() == "" {
		column = shortColumn
	}
	if s.settingLabel(r.label(), about, column, now != usual) && resets {
		s.resetSetting(p, r)
	}
	imgui.BeginDisabledV(decided)
	s.settingControl(p, r)
	imgui.EndDisabled()
	if imgui.IsItemDeactivated() {
		s.w.Settle()
	}
}

// Where the controls of the panel begin, in units of text: those of mm's panels, and those
// with short names.
const (
	settingsColumn = 140.0
	shortColumn    = 84.0
)

// settingLabel writes what the next control is for, left of it, and reports a double click.
func (s *Shell) settingLabel(text, about string, column float64, bright bool) bool {
	imgui.AlignTextToFramePadding()
	if bright {
		imgui.TextUnformatted(text)
	} else {
		imgui.TextDisabled(text)
	}
	if about != "" {
		hint(about)
	}
	twice := imgui.IsItemHovered() && imgui.IsMouseDoubleClicked(imgui.MouseButtonLeft)
	imgui.SameLineV(s.px(column), 0)
	imgui.SetNextItemWidth(-1)
	return twice
}

// settingControl changes the setting. Drags, and what is typed into a number, are one change.
func (s *Shell) settingControl(p place, r *setting) {
	what := r.key + " of " + p.path
	set := func(v any) { s.setSetting(p, r, v, what) }
	switch f := r.field(p.node).(type) {
	case *bool:
		v := *f
		if imgui.Checkbox("##", &v) {
			set(v)
		}
	case *string:
		if r.choices == nil {
			s.settingText(*f, set)
		} else if v, ok := combo(*f, r.choices); ok {
			s.setSetting(p, r, v, "")
		}
	case *int:
		v, changed := int32(*f), false
		if r.most != nil {
			changed = imgui.SliderIntV("##", &v, 1, int32(r.most(p.node)), "%d", imgui.SliderFlagsAlwaysClamp|imgui.SliderFlagsLogarithmic)
		} else {
			changed = imgui.DragIntV("##", &v, 0.5, 1, expr.MaxDim, "%d", imgui.SliderFlagsAlwaysClamp)
		}
		if changed {
			set(int(v))
		}
	case *float64:
		const flags = imgui.SliderFlagsAlwaysClamp | imgui.SliderFlagsNoRoundToFormat
		v, changed := float32(*f), false
		if r.max > r.min {
			changed = imgui.SliderFloatV("##", &v, float32(r.min), float32(r.max), "%.4g", flags)
		} else {
			changed = imgui.DragFloatV("##", &v, 0.01, 0, 0, "%.4g", flags)
		}
		if changed {
			set(math.Round(float64(v)*r.steps) / r.steps)
		}
	}
}

// settingText is a text that counts when it is left.
func (s *Shell) settingText(now string, set func(v any)) {
	text := now
	imgui.PushFont(s.c.Mono, 0)
	imgui.InputTextWithHint("##", "", &text, imgui.InputTextFlagsNone, nil)
	imgui.PopFont()
	if imgui.IsItemDeactivatedAfterEdit() && text != now {
		set(text)
	}
	hintLong(now)
}

// hintLong says the value of the control before that may have no room for it.
func hintLong(value string) {
	if len(value) > 20 {
		hint(value)
	}
}

// combo chooses one of some texts.
func combo(now string, choices []string) (chosen string, ok bool) {
	if !imgui.BeginCombo("##", now) {
		hintLong(now)
		return "", false
	}
	defer imgui.EndCombo()
	for _, c := range choices {
		if imgui.SelectableBoolV(c, c == now, 0, imgui.NewVec2(0, 0)) && c != now {
			chosen, ok = c, true
		}
	}
	return chosen, ok
}
