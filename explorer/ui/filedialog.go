package ui

import (
	"cmp"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/AllenDang/cimgui-go/imgui"

	"headscope/explorer/workspace"
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
	d.opening = s.w.Open(path)
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
