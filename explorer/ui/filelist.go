package ui

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/AllenDang/cimgui-go/imgui"

	"headscope/explorer/workspace"
	"headscope/gpu"
)

// show shows what was read of a folder: folders first, then what can be opened.
func (d *fileDialog) show(path string, entries []workspace.Entry, err error) {
	slices.SortStableFunc(entries, func(a, b workspace.Entry) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)))
	})
	d.folder, d.wanted, d.entries, d.unread, d.chosen = path, path, entries, "", ""
	if err == nil {
		return
	}
	reason := err
	if p := new(fs.PathError); errors.As(err, &p) {
		reason = p.Err
	}
	d.unread = fmt.Sprintf("%s cannot be read: %v. Go up, or type the path of another folder.", path, reason)
}

// inside is a folder's path as one types it to get inside.
func inside(path string) string {
	return strings.TrimSuffix(path, string(filepath.Separator)) + string(filepath.Separator)
}

// rank orders the kinds of entries.
func rank(e workspace.Entry) int {
	switch {
	case e.Folder:
		return 0
	case opens(e.Name):
		return 1
	}
	return 2
}

// opens tells whether a file's name is that of something that can be opened.
func opens(name string) bool {
	return slices.Contains([]string{".safetensors", ".npz", ".npy", ".bin", ".json", ".csv"}, strings.ToLower(filepath.Ext(name)))
}

// listed are the entries that the text leaves over. Names that begin with a dot are for those
// who type one.
func (d *fileDialog) listed() []workspace.Entry {
	filter := strings.ToLower(d.filter)
	var listed []workspace.Entry
	for _, e := range d.entries {
		if strings.HasPrefix(strings.ToLower(e.Name), filter) && (filter != "" || e.Name[0] != '.') {
			listed = append(listed, e)
		}
	}
	return listed
}

// choose makes an entry the text.
func (d *fileDialog) choose(e workspace.Entry) {
	d.chosen = e.Name
	d.write(filepath.Join(d.folder, e.Name))
}

// step chooses the entry so many places further.
func (d *fileDialog) step(listed []workspace.Entry, by int) {
	if len(listed) == 0 {
		return
	}
	d.choose(listed[min(max(0, d.at(listed)+by), len(listed)-1)])
	d.scroll = true
}

// at is the place of the chosen entry, or -1.
func (d *fileDialog) at(listed []workspace.Entry) int {
	return slices.IndexFunc(listed, func(e workspace.Entry) bool { return e.Name == d.chosen })
}

// complete writes as much of a name as is certain, or all of the chosen one.
func (d *fileDialog) complete(s *Shell, listed []workspace.Entry) {
	if len(listed) == 0 {
		return
	}
	for _, e := range listed {
		if e.Name == d.chosen || len(listed) == 1 {
			if d.choose(e); e.Folder {
				d.enter(s, filepath.Join(d.folder, e.Name))
			}
			return
		}
	}
	common := listed[0].Name
	for _, e := range listed {
		for !strings.HasPrefix(e.Name, common) {
			common = common[:len(common)-1]
		}
	}
	if common = strings.ToValidUTF8(common, ""); len(common) > len(d.filter) {
		d.filter = common
		d.write(inside(d.folder) + common)
	}
}

// table lists the entries.
func (d *fileDialog) table(s *Shell, listed []workspace.Entry, height float32) {
	size := imgui.NewVec2(0, height)
	if d.unread != "" || len(listed) == 0 {
		imgui.BeginChildStrV("entries", size, imgui.ChildFlagsBorders, 0)
		defer imgui.EndChild()
		switch {
		case d.unread != "":
			s.problem(d.unread)
		case d.wanted != d.folder:
			s.about("Reading…")
		case d.filter != "":
			s.about("No name here begins like that.")
		default:
			s.about("The folder is empty.")
		}
		return
	}
	if !imgui.BeginTableV("entries", 3, imgui.TableFlagsScrollY|imgui.TableFlagsBordersOuter|imgui.TableFlagsPadOuterX, size, 0) {
		return
	}
	defer imgui.EndTable()
	imgui.TableSetupColumnV("Name", imgui.TableColumnFlagsWidthStretch, 0, 0)
	imgui.TableSetupColumnV("Size", imgui.TableColumnFlagsWidthFixed, s.px(80), 0)
	imgui.TableSetupColumnV("Changed", imgui.TableColumnFlagsWidthFixed, s.px(132), 0)
	imgui.TableSetupScrollFreeze(0, 1)
	imgui.TableNextRowV(imgui.TableRowFlagsHeaders, 0)
	for _, name := range []string{"Name", "Size", "Changed"} {
		if imgui.TableNextColumn(); name == "Size" {
			toRight(name)
		}
		imgui.TableHeader(name)
	}
	rows := imgui.NewListClipper() // a folder may hold any number of files
	defer rows.Destroy()
	rows.Begin(int32(len(listed)))
	if at := d.at(listed); d.scroll && at >= 0 {
		rows.IncludeItemByIndex(int32(at))
	}
	for rows.Step() {
		for _, e := range listed[rows.DisplayStart():rows.DisplayEnd()] {
			imgui.TableNextRow()
			imgui.TableNextColumn()
			d.entry(s, e)
		}
	}
	d.scroll = false
}

// entry is a row of the list.
func (d *fileDialog) entry(s *Shell, e workspace.Entry) {
	imgui.PushIDStr(e.Name)
	if imgui.SelectableBoolV("##entry", e.Name == d.chosen, imgui.SelectableFlagsSpanAllColumns|imgui.SelectableFlagsAllowDoubleClick, imgui.Vec2{}) {
		d.choose(e)
		if imgui.IsMouseDoubleClicked(imgui.MouseButtonLeft) {
			d.accept(s)
		}
	}
	imgui.PopID()
	if d.scroll && e.Name == d.chosen {
		imgui.SetScrollHereYV(0.5)
	}
	name, size, changed := e.Name, gpu.Bytes(uint64(e.Size)), e.Changed.Format("2006-01-02 15:04")
	colour, muted := s.c.Theme().Text, s.c.Theme().Muted
	switch rank(e) {
	case 0:
		name, size = inside(name), ""
	case 2:
		colour = muted
	}
	imgui.SameLineV(0, 0)
	imgui.PushStyleColorVec4(imgui.ColText, colour)
	imgui.TextUnformatted(elide(name, 64))
	imgui.PopStyleColor()
	imgui.PushStyleColorVec4(imgui.ColText, muted)
	imgui.TableNextColumn()
	toRight(size)
	imgui.TextUnformatted(size)
	imgui.TableNextColumn()
	imgui.TextUnformatted(changed)
	imgui.PopStyleColor()
}

// toRight makes a text end where its column does.
func toRight(text string) {
	imgui.SetCursorPosX(imgui.CursorPosX() + imgui.ContentRegionAvail().X - imgui.CalcTextSize(text).X)
}
