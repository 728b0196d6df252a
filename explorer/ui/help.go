package ui

import "github.com/AllenDang/cimgui-go/imgui"

// helpGroup is keys that belong together: those of the table from one on.
type helpGroup struct {
	title string
	lines [][2]string // key and what it does
}

// helpTitles are the groups, by the key that each begins with.
var helpTitles = map[string]string{
	"1 2 3 4": "Where to",
	"F":       "What is shown",
	"Ctrl+Z":  "Changes and files",
}

// helpGroups are the lines of the help: of the table of keys, and what the pointer does.
func helpGroups() []helpGroup {
	var groups []helpGroup
	for _, k := range shortcuts {
		if k.key == "" {
			continue
		}
		if title := helpTitles[k.key]; title != "" || len(groups) == 0 {
			groups = append(groups, helpGroup{title: title})
		}
		g := &groups[len(groups)-1]
		g.lines = append(g.lines, [2]string{k.key, k.about})
	}
	return append(groups, helpGroup{"Mouse", pointerHelp})
}

// helpWidth is that of two columns of keys, in units of text.
const helpWidth = 1180.0

// helpPage lists every key, in two columns where there is room. A click beside it closes it.
func (s *Shell) helpPage() {
	if imgui.IsMouseClickedBool(imgui.MouseButtonLeft) && !imgui.IsWindowHoveredV(imgui.HoveredFlagsChildWindows) && !imgui.IsWindowAppearing() {
		s.help = false
	}
	columns := int32(1)
	if imgui.ContentRegionAvail().X > s.px(800) {
		columns = 2
	}
	if !imgui.BeginTable("columns", columns) {
		return
	}
	defer imgui.EndTable()
	imgui.TableNextColumn()
	groups := helpGroups()
	about := s.keyWidth(groups) + s.px(2*padding)
	for i, g := range groups {
		if columns == 2 && i == len(groups)/2 {
			imgui.TableNextColumn()
		}
		s.helpGroup(g, about)
	}
}

// keyWidth is that of the longest key, in pixels.
func (s *Shell) keyWidth(groups []helpGroup) (width float32) {
	imgui.PushFont(s.c.Mono, 0)
	defer imgui.PopFont()
	for _, g := range groups {
		for _, l := range g.lines {
			width = max(width, imgui.CalcTextSize(l[0]).X)
		}
	}
	return width
}

// helpGroup lists keys, and so far from their beginning what they do.
func (s *Shell) helpGroup(g helpGroup, about float32) {
	imgui.PushFont(s.c.Bold, 0)
	imgui.SeparatorText(g.title)
	imgui.PopFont()
	for _, l := range g.lines {
		x := imgui.CursorPosX()
		imgui.PushFont(s.c.Mono, 0)
		imgui.TextUnformatted(l[0])
		imgui.PopFont()
		imgui.SameLine()
		imgui.SetCursorPosX(x + about)
		s.about(l[1])
	}
	imgui.Dummy(imgui.NewVec2(0, s.px(4)))
}
