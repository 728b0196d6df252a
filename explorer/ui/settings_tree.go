package ui

import (
	"strconv"
	"strings"

	"github.com/AllenDang/cimgui-go/imgui"

	"headscope/explorer/expr"
)

// settingsOf is the rows of a node: what has no group, and the groups, folded.
func (s *Shell) settingsOf(p place) {
	imgui.PushIDStr(p.path)
	defer imgui.PopID()
	s.settingGroup(p, "")
	for _, g := range groups {
		if !hasSettings(p, g.name) {
			continue
		}
		open := imgui.TreeNodeExStrV(g.name, imgui.TreeNodeFlagsSpanAvailWidth|imgui.TreeNodeFlagsFramePadding|imgui.TreeNodeFlagsNoTreePushOnOpen)
		hint(g.about)
		if open {
			s.settingGroup(p, g.name)
		}
	}
}

func hasSettings(p place, group string) bool {
	for i := range settings {
		if r := &settings[i]; r.group() == group && p.shows(r) {
			return true
		}
	}
	return false
}

// settingGroup is the rows of one group.
func (s *Shell) settingGroup(p place, group string) {
	imgui.IndentV(s.px(padding))
	defer imgui.UnindentV(s.px(padding))
	for i := range settings {
		if r := &settings[i]; r.group() == group && p.shows(r) {
			s.settingRow(p, r)
		}
	}
}

// settingsTree lists the matrices of the expression, a parent above its arguments. Each opens
// its own settings.
func (s *Shell) settingsTree(root *expr.Node) {
	var visit func(p place, depth int)
	visit = func(p place, depth int) {
		if depth > 0 {
			s.settingsNode(p, depth-1)
		}
		if !p.node.IsMatMul() {
			return
		}
		prefix := strings.TrimPrefix(p.path+".", "root.")
		visit(place{prefix + "left", p.node.Left, p.node, true}, depth+1)
		visit(place{prefix + "right", p.node.Right, p.node, false}, depth+1)
	}
	visit(place{"root", root, nil, false}, 0)
}

// settingsNode is the line of a matrix: its name, by its depth in the tree, and its shape. Its
// settings, when they are open, have a bar at their side.
func (s *Shell) settingsNode(p place, depth int) {
	indent := s.px(padding * min(float64(depth), 8))
	shape := strconv.Itoa(p.node.Rows()) + " × " + strconv.Itoa(p.node.Cols())
	right := imgui.CursorPosX() + imgui.ContentRegionAvail().X - imgui.CalcTextSize(shape).X
	name := elide(p.node.Name, max(4, int((right-imgui.CursorPosX()-indent)/s.px(8.5))-4))
	if indent > 0 {
		imgui.IndentV(indent)
	}
	const flags = imgui.TreeNodeFlagsSpanAvailWidth | imgui.TreeNodeFlagsFramePadding | imgui.TreeNodeFlagsNoTreePushOnOpen
	open := imgui.TreeNodeExStrStr(p.path, flags, escape(name)) // names may have ## in them
	if indent > 0 {
		imgui.UnindentV(indent)
	}
	if name != p.node.Name {
		hint(p.node.Name)
	}
	imgui.SameLineV(right, 0)
	imgui.TextDisabled(shape)
	if !open {
		return
	}
	from := imgui.CursorScreenPos()
	s.settingsOf(p)
	to := imgui.CursorScreenPos()
	line := imgui.NewVec2(from.X+s.px(2), from.Y+s.px(2))
	imgui.WindowDrawList().AddRectFilled(line, imgui.NewVec2(line.X+s.px(2), to.Y-s.px(6)), imgui.ColorU32Vec4(s.c.Theme().Accent))
}
