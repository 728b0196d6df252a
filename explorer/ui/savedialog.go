package ui

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/AllenDang/cimgui-go/imgui"

	"headscope/explorer/workspace"
)

// saveKind is what a save dialog writes.
type saveKind int

const (
	saveSession saveKind = iota
	savePicture
	saveLink // to the clipboard
	saveMatrix
)

// saveDialog writes the session, a picture of the tab or a matrix to a file, or the session's
// link to the clipboard.
type saveDialog struct {
	shown bool
	kind  saveKind

	name, folder string
	fresh        bool // the field is to be selected
	replace      bool // it has asked whether a file is to be replaced
	wrong        string
	copied       string

	size          int   // of the picture: one of pictureSizes
	width, height int32 // of one's own size

	matrix workspace.Matrix
	source []any // what was on the screen when the matrix was chosen

	job *workspace.Job
}

// pictureSizes are the sizes to choose from, in pixels; none is that of the window, and the
// last one's own.
var pictureSizes = []struct {
	name          string
	width, height int
}{{"As the window", 0, 0}, {"1920 × 1080", 1920, 1080}, {"3840 × 2160", 3840, 2160}, {"Other", 0, 0}}

// openSave shows the dialog for the session.
func (s *Shell) openSave() { s.save.open(s, saveSession) }

// picture shows the dialog for a picture of the tab.
func (d *saveDialog) picture(s *Shell) { d.open(s, savePicture) }

// export shows the dialog for a matrix, which is written as .npy or .csv.
func (d *saveDialog) export(s *Shell, m workspace.Matrix, ext string) {
	d.matrix, d.source = m, s.onScreen()
	d.open(s, saveMatrix)
	d.name = fileName(m.Name) + ext
}

// onScreen is what holds the matrices that can be pointed at.
func (s *Shell) onScreen() []any {
	shown := []any{s.w.Pass(), s.w.Scene()}
	for i, p := range s.w.Panes() {
		shown = append(shown, p.Pass, s.w.PaneScene(i))
	}
	return shown
}

func (d *saveDialog) open(s *Shell, kind saveKind) {
	s.files.close(s)
	s.w.Dismiss(workspace.AtSave)
	d.shown, d.kind, d.job = true, kind, nil
	d.folder = cmp.Or(d.folder, s.lastFolder())
	d.width, d.height = cmp.Or(d.width, int32(s.region.Dx())), cmp.Or(d.height, int32(s.region.Dy()))
	d.choose(s, kind)
}

// choose makes the dialog write something else.
func (d *saveDialog) choose(s *Shell, kind saveKind) {
	d.kind, d.fresh, d.replace, d.wrong, d.copied = kind, true, false, "", ""
	switch kind {
	case saveSession:
		d.name = "session.json"
	case savePicture:
		d.name = s.pictureName() + ".png"
	}
}

// pictureName is what a picture of the tab is called.
func (s *Shell) pictureName() string {
	doc := s.w.Document()
	switch {
	case doc.View != "head":
		return doc.View
	case doc.Model != "" && doc.Form != "":
		return doc.Head
	}
	return cmp.Or(fileName(doc.Root.Name), "scene")
}

// fileName makes a matrix's name one of a file.
func fileName(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) || r < ' ' {
			return '_'
		}
		return r
	}, name)
}

// back takes back the question, or else the dialog.
func (d *saveDialog) back(s *Shell) {
	switch {
	case d.replace:
		d.replace = false
	case d.shown:
		d.shown = false
		s.w.Dismiss(workspace.AtSave)
	}
}

// update closes the dialog when the file is written.
func (d *saveDialog) update(s *Shell) {
	if d.job != nil && !s.running(d.job) {
		d.job = nil
		if s.w.Notice(workspace.AtSave) == "" {
			d.shown = false
		}
	}
}

// path is where the file goes, with the ending of its kind where it has none.
func (d *saveDialog) path() string {
	path := absolute(d.name, absolute(d.folder, homeFolder()))
	if filepath.Ext(d.name) == "" {
		path += d.ending()
	}
	return path
}

// ending is that of the kind of file; of a matrix that of its name, if it is one.
func (d *saveDialog) ending() string {
	switch {
	case d.kind == savePicture:
		return ".png"
	case d.kind == saveSession:
		return ".json"
	case strings.EqualFold(filepath.Ext(d.name), ".csv"):
		return ".csv"
	}
	return ".npy"
}

// accept writes the file, or asks first whether one is to be replaced.
func (d *saveDialog) accept(s *Shell, replace bool) {
	if d.kind == saveLink {
		d.copy(s)
		return
	}
	if s.running(d.job) {
		return
	}
	s.w.Dismiss(workspace.AtSave)
	d.replace = false
	path := d.path()
	if d.wrong = d.check(s, path); d.wrong != "" {
		return
	}
	if _, err := os.Stat(path); err == nil && !replace {
		d.replace = true
		return
	}
	switch d.kind {
	case saveSession:
		d.job = s.w.Save(path)
	case savePicture:
		width, height := d.pictureSize(s)
		scale := min(float64(width)/float64(s.region.Dx()), float64(height)/float64(s.region.Dy()))
		d.job = s.w.Screenshot(path, width, height, workspace.Sight{Scale: s.scale * scale})
	case saveMatrix:
		d.job = s.w.Export(path, d.matrix)
	}
}

// check says what is wrong with what is asked for; "" if nothing is.
func (d *saveDialog) check(s *Shell, path string) string {
	folder, err := os.Stat(filepath.Dir(path))
	switch info, _ := os.Stat(path); {
	case strings.TrimSpace(d.name) == "":
		return "Type a name for the file."
	case info != nil && info.IsDir():
		return path + " is a folder: type a name for a file in it."
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Sprintf("There is no folder %s: type one that is there.", filepath.Dir(path))
	case err == nil && !folder.IsDir():
		return fmt.Sprintf("%s is no folder: type one.", filepath.Dir(path))
	case d.kind == saveSession && !strings.EqualFold(filepath.Ext(path), ".json"):
		return "The name of a session ends in .json."
	case d.kind == saveMatrix && !slices.Equal(d.source, s.onScreen()):
		return "The matrix is no longer on the screen: close this, and export it from there."
	case d.kind == savePicture && s.w.Document().View == "bench":
		return "The bench tab has no picture: headscope bench --plot FILE draws its plots."
	}
	return ""
}

// pictureSize is the size that is chosen, in pixels.
func (d *saveDialog) pictureSize(s *Shell) (width, height int) {
	size := pictureSizes[d.size]
	switch {
	case size.width > 0:
		return size.width, size.height
	case d.size == 0:
		return s.region.Dx(), s.region.Dy()
	}
	return int(d.width), int(d.height)
}

// copy puts the link on the clipboard.
func (d *saveDialog) copy(s *Shell) {
	if link, ok := s.w.Link(); ok {
		s.clipboard.Set(link)
		d.copied = fmt.Sprintf("Copied: %d characters.", utf8.RuneCountInString(link))
	}
}

// draw makes the dialog's content.
func (d *saveDialog) draw(s *Shell) {
	if entered() {
		d.fresh = true // it has let the field go
		if !d.replace {
			d.accept(s, false)
		}
	}
	if d.kind == saveMatrix {
		d.matrixRows(s)
	} else {
		for _, k := range []struct {
			kind saveKind
			name string
		}{{saveSession, "Session"}, {savePicture, "Picture"}, {saveLink, "mm link"}} {
			if s.tab(k.name, d.kind == k.kind) {
				s.w.Dismiss(workspace.AtSave)
				d.choose(s, k.kind)
			}
			imgui.SameLine()
		}
		imgui.NewLine()
	}
	switch d.kind {
	case saveSession:
		s.about("Model, prompt, expression, settings and camera. Ctrl+O opens it again.")
	case saveLink:
		s.about("The session as a link for the clipboard, which mm and headscope open.")
	case savePicture:
		d.pictureRows(s)
	}
	if d.kind != saveLink {
		d.fields(s)
	}
	s.problem(cmp.Or(d.wrong, s.w.Notice(workspace.AtSave)))
	d.buttons(s)
}

// matrixRows say what is exported, and as what.
func (d *saveDialog) matrixRows(s *Shell) {
	for _, ext := range []string{".npy", ".csv"} {
		if s.tab(ext, d.ending() == ext) {
			stem := strings.TrimSuffix(strings.TrimSuffix(d.name, ".npy"), ".csv")
			d.name, d.fresh, d.replace = stem+ext, true, false
		}
		imgui.SameLine()
	}
	imgui.NewLine()
	t := d.matrix.Tensor
	s.about(fmt.Sprintf("%s, %d × %d numbers", d.matrix.Name, t.Rows, t.Cols))
}

// pictureRows are the choice of a size.
func (d *saveDialog) pictureRows(s *Shell) {
	s.label("Size")
	if imgui.BeginCombo("##size", pictureSizes[d.size].name) {
		for i, size := range pictureSizes {
			if imgui.SelectableBoolV(size.name, d.size == i, 0, imgui.Vec2{}) {
				d.size = i
			}
		}
		imgui.EndCombo()
	}
	if d.size == len(pictureSizes)-1 {
		s.label("Pixels")
		imgui.SetNextItemWidth(s.px(80))
		imgui.InputIntV("##width", &d.width, 0, 0, 0)
		imgui.SameLine()
		imgui.TextUnformatted("×")
		imgui.SameLine()
		imgui.SetNextItemWidth(s.px(80))
		imgui.InputIntV("##height", &d.height, 0, 0, 0)
	}
}

// fields are the name of the file and its folder.
func (d *saveDialog) fields(s *Shell) {
	before := d.name + "\x00" + d.folder
	s.label("Name")
	if d.fresh {
		imgui.SetKeyboardFocusHere()
		d.fresh = false
	}
	imgui.InputTextWithHint("##name", "Name of the file", &d.name, imgui.InputTextFlagsAutoSelectAll, nil)
	s.label("Folder")
	imgui.InputTextWithHint("##folder", "Path of the folder", &d.folder, imgui.InputTextFlagsElideLeft, nil)
	if d.name+"\x00"+d.folder != before {
		d.replace, d.wrong = false, ""
	}
}

// buttons end the dialog, or answer its question.
func (d *saveDialog) buttons(s *Shell) {
	if d.replace {
		imgui.TextWrapped(escape(filepath.Base(d.path()) + " is there already. Replace it?"))
	}
	imgui.Spacing()
	imgui.AlignTextToFramePadding()
	s.about(d.copied)
	imgui.SameLine()
	s.rightmost(2)
	back := "Cancel"
	if d.kind == saveLink {
		back = "Close"
	}
	if s.button(back) {
		d.back(s)
	}
	imgui.SameLine()
	imgui.BeginDisabledV(s.running(d.job))
	defer imgui.EndDisabled()
	switch {
	case d.replace:
		if s.primary("Replace") {
			d.accept(s, true)
		}
	case d.kind == saveLink:
		if s.primary("Copy") {
			d.copy(s)
		}
	default:
		if s.primary("Save") {
			d.accept(s, false)
		}
	}
}
