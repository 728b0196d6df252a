package ui

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/AllenDang/cimgui-go/imgui"

	"headscope/explorer/workspace"
)

// dialogs draws the dialog that is open. Help goes before the others, which come back after it.
func (s *Shell) dialogs() {
	const help, files, save = "Help", "Open", "Save"
	// An Escape that has closed the help is not for what is under it.
	if imgui.IsKeyPressedBoolV(imgui.KeyEscape, false) && !imgui.IsPopupOpenStr(help) {
		s.files.close(s)
		s.save.back(s)
	}
	s.files.update(s)
	s.save.update(s)
	s.modal(help, s.help, helpWidth, 0, s.helpPage)
	s.modal(files, s.files.shown && !s.help, 760, 540, func() { s.files.draw(s) })
	s.modal(save, s.save.shown && !s.help, 560, 0, func() { s.save.draw(s) })
}

// asking tells whether a dialog has the keyboard, so that keys do nothing else.
func (s *Shell) asking() bool { return (s.files.shown || s.save.shown) && !s.help }

// modal draws a dialog in the middle of the window while it is shown, over all else, which is
// dimmed and gets no input. Sizes are in units of text; height 0 is that of the content.
func (s *Shell) modal(name string, shown bool, width, height float64, content func()) {
	switch open := imgui.IsPopupOpenStr(name); {
	case shown && !open:
		imgui.OpenPopupStr(name)
	case open && !shown:
		imgui.InternalClosePopupToLevel(0, true)
	}
	if !shown {
		return
	}
	most := imgui.NewVec2(float32(s.width)-2*s.px(padding), float32(s.height)-2*s.px(padding))
	imgui.SetNextWindowPosV(imgui.NewVec2(float32(s.width)/2, float32(s.height)/2), imgui.CondAlways, imgui.NewVec2(0.5, 0.5))
	imgui.SetNextWindowSize(imgui.NewVec2(min(s.px(width), most.X), min(s.px(height), most.Y)))
	imgui.SetNextWindowSizeConstraints(imgui.Vec2{}, most)
	imgui.PushStyleVarVec2(imgui.StyleVarWindowPadding, imgui.NewVec2(s.px(16), s.px(12)))
	imgui.PushStyleVarVec2(imgui.StyleVarFramePadding, imgui.NewVec2(s.px(16), s.px(6))) // of the title, which stands over the content
	open := imgui.BeginPopupModalV(name, nil, imgui.WindowFlagsNoResize|imgui.WindowFlagsNoMove|imgui.WindowFlagsNoSavedSettings)
	imgui.PopStyleVarV(2)
	if open {
		imgui.CurrentContext().SetDimBgRatio(1) // dimming by and by would need frames
		content()
		imgui.EndPopup()
	}
}

// running tells whether a job goes on.
func (s *Shell) running(j *workspace.Job) bool { return j != nil && slices.Contains(s.w.Jobs(), j) }

// problem says what went wrong, if anything did, as part of a dialog.
func (s *Shell) problem(text string) {
	if text != "" {
		imgui.PushStyleColorVec4(imgui.ColText, s.c.Theme().Error)
		imgui.TextWrapped(escape(text))
		imgui.PopStyleColor()
	}
}

// about is a muted paragraph.
func (s *Shell) about(text string) {
	imgui.PushStyleColorVec4(imgui.ColText, s.c.Theme().Muted)
	imgui.TextWrapped(escape(text))
	imgui.PopStyleColor()
}

// buttonWidth is that of the buttons that end a dialog.
const buttonWidth = 96.0

// rightmost places a row of n buttons at the right end of the dialog.
func (s *Shell) rightmost(n int) {
	width := float32(n)*s.px(buttonWidth) + float32(n-1)*imgui.CurrentStyle().ItemSpacing().X
	imgui.SetCursorPosX(imgui.CursorPosX() + imgui.ContentRegionAvail().X - width)
}

// button is one of them.
func (s *Shell) button(name string) bool {
	return imgui.ButtonV(name, imgui.NewVec2(s.px(buttonWidth), 0))
}

// primary is the one of them that Enter presses.
func (s *Shell) primary(name string) bool {
	colours := s.c.Theme()
	imgui.PushStyleColorVec4(imgui.ColButton, colours.Accent)
	imgui.PushStyleColorVec4(imgui.ColButtonHovered, faded(colours.Accent, 0.85))
	imgui.PushStyleColorVec4(imgui.ColButtonActive, faded(colours.Accent, 0.85))
	imgui.PushStyleColorVec4(imgui.ColText, colours.OnAccent)
	defer imgui.PopStyleColorV(4)
	return s.button(name)
}

// entered tells whether Enter was pressed, of either side of the keyboard.
func entered() bool {
	return imgui.IsKeyPressedBoolV(imgui.KeyEnter, false) || imgui.IsKeyPressedBoolV(imgui.KeyKeypadEnter, false)
}

// lastFolder is where dialogs begin: beside what was opened last, or else the working folder.
func (s *Shell) lastFolder() string {
	for _, name := range s.w.Settings.Recent {
		if filepath.IsAbs(name) {
			return filepath.Dir(name)
		}
	}
	if dir, err := os.Getwd(); err == nil {
		return dir
	}
	return homeFolder()
}

// homeFolder is the user's own, or the root.
func homeFolder() string {
	if dir, err := os.UserHomeDir(); err == nil {
		return dir
	}
	return string(filepath.Separator)
}

// absolute is the path that a user's text names, seen from a folder; ~ is the home folder.
func absolute(text, folder string) string {
	text = strings.TrimSpace(text)
	if rest, ok := strings.CutPrefix(text, "~"); ok && (rest == "" || rest[0] == filepath.Separator) {
		text = homeFolder() + rest
	}
	if !filepath.IsAbs(text) {
		text = filepath.Join(folder, text)
	}
	return filepath.Clean(text)
}
