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

// fileDialog opens a model, recorded activations or a session. Its text field is what Enter
// acts upon: typing in it filters the list, choosing in the list writes into it.
type fileDialog struct {
	shown bool

	text   string
	reload bool // the text was changed here: an active field must take it over
	filter string

	folder  string // that is listed
	wanted  string // that is to be listed: folder, once it is read
	entries []workspace.Entry
	unread  string // why the folder could not be read; ""
	chosen  string // name of an entry, or ""
	scroll  bool   // to the chosen entry

	opening *workspace.Job
}

// open shows the dialog.
func (d *fileDialog) open(s *Shell) {
	if d.shown {
		return
	}
	s.save.shown, d.shown, d.opening = false, true, nil
	s.w.Dismiss(workspace.AtOpen)
	d.enter(s, cmp.Or(d.folder, s.lastFolder()))
}

// close takes the dialog away, and what it said.
func (d *fileDialog) close(s *Shell) {
	if d.shown {
		d.shown = false
		s.w.Dismiss(workspace.AtOpen)
	}
}

// update closes the dialog when what was to be opened is open.
func (d *fileDialog) update(s *Shell) {
	if d.opening != nil && !s.running(d.opening) {
		d.opening = nil
		if s.w.Notice(workspace.AtOpen) == "" {
			d.shown = false
		}
	}
}

// write puts a text into the field.
func (d *fileDialog) write(text string) { d.text, d.reload = text, true }

// enter lists a folder and makes it the text.
func (d *fileDialog) enter(s *Shell, path string) {
	d.filter = ""
	d.write(inside(path))
	d.list(s, path)
}

// list lists a folder.
func (d *fileDialog) list(s *Shell, path string) {
	d.wanted = path
	s.w.ReadFolder(path, func(entries []workspace.Entry, err error) {
		if path == d.wanted {
			d.show(path, entries, err)
		}
	})
}

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

// edited follows what was typed: the folder is listed, the rest filters its entries.
func (d *fileDialog) edited(s *Shell) {
	s.w.Dismiss(workspace.AtOpen)
	folder, name := filepath.Split(d.text)
	if name == "~" {
		folder, name = name, ""
	}
	d.filter, d.chosen = name, ""
	if folder = absolute(folder, d.folder); folder != d.wanted && !isLink(d.text) {
		d.list(s, folder)
	}
}

// isLink tells whether a text is an address and no path.
func isLink(text string) bool { return strings.Contains(text, "://") }

// accept acts on the text: a folder is entered, or, where it is the listed one, opened; a file
// is opened.
func (d *fileDialog) accept(s *Shell) {
	text := strings.TrimSpace(d.text)
	path := absolute(text, d.folder)
	switch {
	case text == "":
	case isLink(text):
		d.load(s, text)
	case path == d.folder && path == d.wanted:
		d.load(s, path)
	default:
		d.wanted = path
		s.w.ReadFolder(path, func(entries []workspace.Entry, err error) {
			switch {
			case path != d.wanted:
			case err == nil || errors.Is(err, fs.ErrPermission):
				d.filter = ""
				d.write(inside(path))
				d.show(path, entries, err)
			default:
				d.wanted = d.folder
				d.load(s, path)
			}
		})
	}
}

// load opens what a path names.
func (d *fileDialog) load(s *Shell, path string) {
	if s.running(d.opening) {
		return
	}
	s.w.Dismiss(workspace.AtOpen)
	d.opening = s.begun(func() { s.w.Open(path) })
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

// draw makes the dialog's content.
func (d *fileDialog) draw(s *Shell) {
	listed := d.listed()
	d.keys(s, listed)
	if imgui.Button("Up") {
		d.enter(s, filepath.Dir(d.folder))
	}
	hint("The folder that this one is in")
	imgui.SameLine()
	if imgui.Button("Home") {
		d.enter(s, homeFolder())
	}
	imgui.SameLine()
	d.field(s)

	// What is below the list: what went wrong or else what can be opened, and the buttons.
	style := imgui.CurrentStyle()
	problem := s.w.Notice(workspace.AtOpen)
	about := cmp.Or(problem, "Models: a file or a folder. Recorded activations: .csv, .npy. Sessions: .json.")
	below := imgui.CalcTextSizeV(about, false, imgui.ContentRegionAvail().X).Y + imgui.FrameHeight() + 2*style.ItemSpacing().Y
	d.table(s, listed, imgui.ContentRegionAvail().Y-below)
	if problem != "" {
		s.problem(problem)
	} else {
		s.about(about)
	}
	d.buttons(s)
}

// keys are those of the dialog beside the field's.
func (d *fileDialog) keys(s *Shell, listed []workspace.Entry) {
	imgui.InternalSetKeyOwner(imgui.KeyTab, imgui.IDStr("##path")) // it does not go on to the next widget
	switch {
	case entered():
		d.accept(s)
	case imgui.IsKeyPressedBool(imgui.KeyDownArrow):
		d.step(listed, 1)
	case imgui.IsKeyPressedBool(imgui.KeyUpArrow):
		d.step(listed, -1)
	case imgui.IsKeyPressedBool(imgui.KeyTab):
		d.complete(s, listed)
	}
}

// field is the path. It has the keyboard whenever nothing else is held.
func (d *fileDialog) field(s *Shell) {
	if d.reload {
		d.reload = false
		if state := imgui.InternalInputTextState(imgui.IDStr("##path")); state.CData != nil {
			state.InternalReloadUserBufAndMoveToEnd()
			state.SetCursorFollow(true)
		}
	}
	before := d.text
	imgui.SetNextItemWidth(-1)
	if !imgui.IsAnyItemActive() {
		imgui.SetKeyboardFocusHere()
	}
	imgui.InputTextWithHint("##path", "Path of a file or folder", &d.text, imgui.InputTextFlagsElideLeft, nil)
	if imgui.IsItemActivated() {
		d.reload = true // at the end, not all selected
	}
	if d.text != before {
		d.edited(s)
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

// buttons end the dialog.
func (d *fileDialog) buttons(s *Shell) {
	imgui.BeginDisabledV(s.running(d.opening))
	defer imgui.EndDisabled()
	if imgui.Button("Open this folder") {
		d.load(s, d.folder)
	}
	hint("As a model: its weights, config.json, vocab.json and merges.txt lie in it")
	imgui.SameLine()
	s.rightmost(2)
	if s.button("Cancel") {
		d.close(s)
	}
	imgui.SameLine()
	if s.primary("Open") {
		d.accept(s)
	}
}
