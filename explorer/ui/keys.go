package ui

import (
	"math"

	"github.com/AllenDang/cimgui-go/imgui"

	"headscope/explorer/session"
)

// shortcut is a key and what it does. The table of them is what the keys do and what the help
// says.
type shortcut struct {
	chord imgui.Key // with modifiers
	key   string    // as the help names it; "": the same as the line before
	about string
	do    func(s *Shell)
	typed bool // also while a text field has the keyboard
}

var shortcuts = []shortcut{
	{imgui.Key1, "1 2 3 4", "atlas, head, compare, bench", func(s *Shell) { s.w.Show("atlas") }, false},
	{imgui.Key2, "", "", func(s *Shell) { s.w.Show("head") }, false},
	{imgui.Key3, "", "", func(s *Shell) { s.w.Show("compare") }, false},
	{imgui.Key4, "", "", func(s *Shell) { s.w.Show("bench") }, false},
	{imgui.KeyLeftArrow, "← →", "the head before, the next head", func(s *Shell) { s.w.StepHead(-1, 0) }, false},
	{imgui.KeyRightArrow, "", "", func(s *Shell) { s.w.StepHead(1, 0) }, false},
	{imgui.KeyUpArrow, "↑ ↓", "the layer before, the next layer", func(s *Shell) { s.w.StepHead(0, -1) }, false},
	{imgui.KeyDownArrow, "", "", func(s *Shell) { s.w.StepHead(0, 1) }, false},
	{imgui.KeyEnter, "Enter", "open the chosen head in space", func(s *Shell) { s.w.Show("head") }, false},
	{imgui.KeyLeftBracket, "[ ]", "the token before, the next token", func(s *Shell) { s.w.ChooseToken(s.w.Document().Token - 1) }, false},
	{imgui.KeyRightBracket, "", "", func(s *Shell) { s.w.ChooseToken(s.w.Document().Token + 1) }, false},
	{imgui.KeyPageUp, "Page up, down", "the recorded sample before, the next one", func(s *Shell) { s.w.StepSample(-1) }, false},
	{imgui.KeyPageDown, "", "", func(s *Shell) { s.w.StepSample(1) }, false},
	{imgui.KeyF, "F", "see all: the whole atlas, pattern or scene", (*Shell).fit, false},
	{imgui.KeyZ, "Z", "come near to the chosen head of the atlas", (*Shell).near, false},
	{imgui.KeyL, "L", "magnifier with values, in space", func(s *Shell) { s.lens = !s.lens }, false},
	{imgui.KeySpace, "Space, P", "play the animation, or pause", (*Shell).togglePlay, false},
	{imgui.KeyP, "", "", (*Shell).togglePlay, false},
	{imgui.KeyS, "S, Shift+S", "a step on, a step back", func(s *Shell) { s.w.MoveStep(1) }, false},
	{imgui.Key(imgui.ModShift) | imgui.KeyS, "", "", func(s *Shell) { s.w.MoveStep(-1) }, false},
	{imgui.KeyD, "D", "difference of the compared heads", (*Shell).toggleDifference, false},
	{imgui.KeyB, "B", "with or without biases", (*Shell).toggleBias, false},
	{imgui.KeyT, "T", "light or dark", (*Shell).toggleTheme, false},
	{imgui.KeyH, "H", "hide the panels", func(s *Shell) { s.hidden = !s.hidden }, false},
	{imgui.KeySlash, "/", "type a prompt; Ctrl+Enter begins a new line in it", func(s *Shell) { s.focusPrompt = true }, false},
	{imgui.KeyEscape, "Esc", "take back: a dialog, the chosen token, the zoom", (*Shell).escape, false},
	{imgui.Key(imgui.ModCtrl) | imgui.KeyZ, "Ctrl+Z", "undo", func(s *Shell) { s.w.Undo() }, false},
	{imgui.Key(imgui.ModCtrl) | imgui.KeyY, "Ctrl+Y", "redo", func(s *Shell) { s.w.Redo() }, false},
	{imgui.Key(imgui.ModCtrl|imgui.ModShift) | imgui.KeyZ, "", "", func(s *Shell) { s.w.Redo() }, false},
	{imgui.Key(imgui.ModCtrl) | imgui.KeyO, "Ctrl+O", "open a model, recorded activations or a session", func(s *Shell) { s.files.open(s) }, true},
	{imgui.Key(imgui.ModCtrl) | imgui.KeyS, "Ctrl+S", "save the session, a picture or an mm link", (*Shell).openSave, true},
	{imgui.Key(imgui.ModCtrl) | imgui.KeyC, "Ctrl+C", "copy the session as an mm link", (*Shell).copyLink, false},
	{imgui.Key(imgui.ModCtrl) | imgui.KeyV, "Ctrl+V", "open what is copied: a link, a path, an expression", (*Shell).paste, false},
	{imgui.Key(imgui.ModCtrl) | imgui.KeyEqual, "Ctrl+= Ctrl+-", "larger, smaller text", func(s *Shell) { s.w.Settings.Grow(1.125) }, true},
	{imgui.Key(imgui.ModCtrl) | imgui.KeyMinus, "", "", func(s *Shell) { s.w.Settings.Grow(1 / 1.125) }, true},
	{imgui.KeyF12, "F12", "save a picture", func(s *Shell) { s.save.picture(s) }, true},
	{imgui.KeyF1, "F1", "this help", func(s *Shell) { s.help = !s.help }, true},
}

// pointerHelp says what the pointer does.
var pointerHelp = [][2]string{
	{"drag", "turn a scene; move the atlas and patterns"},
	{"right drag, Shift+drag", "move a scene"},
	{"wheel", "nearer, farther: towards what is under the pointer"},
	{"click", "open a head; select an element; choose a token"},
	{"right click", "what else can be done with what is there"},
	{"drop files", "open models, recorded activations, sessions"},
}

// shortcuts acts on the keys that were pressed.
func (s *Shell) shortcuts() {
	typing := s.c.WantsText() || s.asking()
	for _, k := range shortcuts {
		if (!typing || k.typed) && imgui.InternalIsKeyChordPressedInputFlagsV(imgui.KeyChord(k.chord), imgui.InputFlagsRepeat, 0) {
			k.do(s)
		}
	}
}

// fit shows the whole of what the tab shows.
func (s *Shell) fit() {
	switch d := s.w.Document(); {
	case s.inSpace():
		s.w.Fit(s.paneRegion())
	case d.View == "atlas":
		s.w.MoveWall(0.5, 0.5, 1)
	case d.View == "compare":
		s.w.MoveCompare(0.5, 0.5, 1)
	}
	s.w.Settle()
}

// near shows the chosen head of the atlas as large as it goes.
func (s *Shell) near() {
	if s.w.Document().View == "atlas" && s.w.Pass() != nil {
		layer, head := s.w.Head()
		s.w.MoveWall(s.w.Wall.Focus(s.region, layer, head))
		s.w.Settle()
	}
}

func (s *Shell) toggleDifference() {
	s.w.Change("", func(d *session.Session) error {
		d.Compare.Difference = !d.Compare.Difference
		return nil
	})
}

func (s *Shell) toggleBias() {
	s.w.Change("", func(d *session.Session) error {
		d.NoBias = !d.NoBias
		return nil
	})
}

// escape takes back what is nearest: a dialog, a menu, the choice of a token, the zoom, the tab.
func (s *Shell) escape() {
	d := s.w.Document()
	switch {
	case s.help:
		s.help = false
	case imgui.IsPopupOpenStrV("", imgui.PopupFlagsAnyPopup):
		imgui.InternalClosePopupToLevel(0, true)
	case s.hidden:
		s.hidden = false
	case d.Token >= 0:
		s.w.ChooseToken(-1)
		s.w.Settle()
	case d.View == "atlas" && d.Atlas.Zoom != 1 || d.View == "compare" && d.Compare.Zoom != 1:
		s.fit()
	case d.View != "atlas" && d.Model != "":
		s.w.Show("atlas")
	}
}

// copyLink puts the session on the clipboard, as an mm link.
func (s *Shell) copyLink() {
	if link, ok := s.w.Link(); ok {
		s.clipboard.Set(link)
	}
}

// paste opens what is on the clipboard.
func (s *Shell) paste() { s.w.Open(s.clipboard.Get()) }

func abs(x float32) float32 { return max(x, -x) }

func pow(base, exponent float64) float64 { return math.Pow(base, exponent) }
