package ui

import (
	"strings"
	"testing"

	"github.com/AllenDang/cimgui-go/imgui"
)

// press presses keys one after the other and lets them go.
func (s *stage) press(names ...string) {
	for _, k := range names {
		s.Feed(Event{Kind: Key, Key: k, Down: true})
	}
	for i := range names {
		s.Feed(Event{Kind: Key, Key: names[len(names)-1-i]})
	}
}

// click clicks at a place.
func (s *stage) click(x, y float64) {
	s.Feed(Event{Kind: Move, X: x, Y: y})
	s.Feed(Event{Kind: Button, Button: LeftButton, Down: true})
	s.Feed(Event{Kind: Button, Button: LeftButton})
}

// fields is a window with a text field at its top and a button below it.
func fields(text *string, pressed *int) func() {
	return func() {
		imgui.SetNextWindowPos(imgui.NewVec2(0, 0))
		imgui.SetNextWindowSize(imgui.NewVec2(200, 100))
		imgui.BeginV("fields", nil, imgui.WindowFlagsNoDecoration)
		imgui.SetNextItemWidth(-1)
		imgui.InputTextWithHint("##text", "", text, imgui.InputTextFlagsNone, nil)
		if imgui.Button("press") {
			*pressed++
		}
		imgui.End()
	}
}

func TestTyping(t *testing.T) {
	s := newStage(t, 200, 100)
	text, pressed := "", 0
	widgets := fields(&text, &pressed)
	s.frames(widgets)
	if s.WantsText() || s.Cursor() != ArrowCursor {
		t.Error("nobody has touched the text field")
	}
	s.click(60, 24)
	s.frames(widgets)
	if !s.WantsText() || !s.WantsMouse() || s.Cursor() != TextCursor {
		t.Errorf("the text field was clicked: text %v, mouse %v, cursor %d", s.WantsText(), s.WantsMouse(), s.Cursor())
	}
	s.Feed(Event{Kind: Text, Text: "Grüße"})
	s.press("Backspace")
	s.Feed(Event{Kind: Text, Text: "n, x"})
	if !s.Pending() {
		t.Error("events wait for the next frame")
	}
	s.frames(widgets)
	if want := "Grüßn, x"; text != want {
		t.Errorf("typed %q, want %q", text, want)
	}
	if s.Pending() {
		t.Error("no event waits")
	}
	s.press("Escape")
	s.frames(widgets)
	if s.WantsText() {
		t.Error("Escape leaves the text field")
	}
}

// A field whose lines break anew, since it is narrower now, keeps the keyboard in every frame.
func TestTypingWhileLinesBreak(t *testing.T) {
	s := newStage(t, 200, 100)
	text, width := "the cat sat on the mat", float32(180)
	widgets := func() {
		imgui.SetNextWindowPos(imgui.NewVec2(0, 0))
		imgui.SetNextWindowSize(imgui.NewVec2(200, 100))
		imgui.BeginV("lines", nil, imgui.WindowFlagsNoDecoration)
		imgui.InputTextMultiline("##text", &text, imgui.NewVec2(width, 60), imgui.InputTextFlagsWordWrap, nil)
		imgui.End()
	}
	s.frames(widgets)
	s.click(60, 24)
	s.frames(widgets)
	for ; width > 100; width -= 10 {
		if err := s.frame(widgets); err != nil {
			t.Fatal(err)
		}
		next := func() {
			if !s.WantsText() {
				t.Errorf("the field loses the keyboard at a width of %v", width)
			}
			widgets()
		}
		if err := s.frame(next); err != nil {
			t.Fatal(err)
		}
	}
}

func TestClipboard(t *testing.T) {
	s := newStage(t, 200, 100)
	text, pressed := "attention", 0
	widgets := fields(&text, &pressed)
	s.frames(widgets)
	s.click(60, 24)
	s.press("ctrl", "a")
	s.press("ctrl", "c")
	s.frames(widgets)
	if s.copied.text != "attention" {
		t.Errorf("copied %q", s.copied.text)
	}
	s.press("End")
	s.copied.text = " ist Übung"
	s.press("ctrl", "v")
	s.frames(widgets)
	if want := "attention ist Übung"; text != want {
		t.Errorf("pasted: %q, want %q", text, want)
	}
	s.copied.text = ""
	s.press("rightctrl", "v")
	s.frames(widgets)
	if want := "attention ist Übung"; text != want {
		t.Errorf("pasted nothing: %q, want %q", text, want)
	}
}

func TestMouse(t *testing.T) {
	s := newStage(t, 200, 100)
	text, pressed := "", 0
	widgets := fields(&text, &pressed)
	s.frames(widgets)
	// A press and release before one frame are a click all the same.
	s.click(30, 58)
	s.frames(widgets)
	if pressed != 1 {
		t.Errorf("the button was pressed %d times", pressed)
	}
	s.Feed(Event{Kind: Move, X: 150, Y: 90})
	s.Feed(Event{Kind: Wheel, Y: 2})
	wheel := float32(0)
	s.frames(func() {
		wheel += imgui.CurrentIO().MouseWheel()
		widgets()
	})
	if wheel != 2 {
		t.Errorf("the wheel turned by %v", wheel)
	}
	s.Feed(Event{Kind: Leave})
	s.frames(widgets)
	if s.WantsMouse() {
		t.Error("the mouse has left the window")
	}
}

// Chords are seen with the modifiers that are held, of either side, and with no others.
func TestChords(t *testing.T) {
	s := newStage(t, 200, 100)
	const undo, redo, plain = imgui.KeyChord(imgui.ModCtrl) | imgui.KeyChord(imgui.KeyZ), imgui.KeyChord(imgui.ModCtrl|imgui.ModShift) | imgui.KeyChord(imgui.KeyZ), imgui.KeyChord(imgui.KeyZ)
	for _, c := range []struct {
		keys string
		want imgui.KeyChord
	}{
		{"z", plain},
		{"ctrl+z", undo},
		{"rightctrl+Z", undo},
		{"ctrl+shift+z", redo},
		{"rightshift+rightctrl+z", redo},
		{"ctrl+rightctrl+z", undo},
	} {
		s.press(strings.Split(c.keys, "+")...)
		seen := map[imgui.KeyChord]int{}
		s.frames(func() {
			for _, chord := range []imgui.KeyChord{undo, redo, plain} {
				if imgui.IsKeyChordPressed(chord) {
					seen[chord]++
				}
			}
		})
		if len(seen) != 1 || seen[c.want] != 1 {
			t.Errorf("%s: saw %v, want %d once", c.keys, seen, c.want)
		}
	}
	// One of two ctrl keys is let go: the other one still counts.
	s.Feed(Event{Kind: Key, Key: "ctrl", Down: true})
	s.Feed(Event{Kind: Key, Key: "rightctrl", Down: true})
	s.Feed(Event{Kind: Key, Key: "ctrl"})
	s.frames(func() {})
	if !imgui.CurrentIO().KeyCtrl() {
		t.Error("the right ctrl key is held")
	}
	// Keys that are held when the window loses the keyboard are not held after that.
	s.Feed(Event{Kind: Focus})
	s.frames(func() {})
	s.Feed(Event{Kind: Focus, Down: true})
	s.Feed(Event{Kind: Key, Key: "ctrl", Down: true})
	s.Feed(Event{Kind: Key, Key: "ctrl"})
	s.frames(func() {})
	if imgui.CurrentIO().KeyCtrl() {
		t.Error("no key is held in a window that has just got the keyboard")
	}
	s.Feed(Event{Kind: Key, Key: "no such key", Down: true})
	s.frames(func() {})
}

func TestKeyNames(t *testing.T) {
	for name, want := range map[string]imgui.Key{
		"Right": imgui.KeyRightArrow, "PAGEUP": imgui.KeyPageUp, "Escape": imgui.KeyEscape, "F1": imgui.KeyF1, "f24": imgui.KeyF24,
		"a": imgui.KeyA, "Z": imgui.KeyZ, "0": imgui.Key0, "9": imgui.Key9, "Keypad9": imgui.KeyKeypad9, "KeypadEnter": imgui.KeyKeypadEnter,
		"ctrl": imgui.KeyLeftCtrl, "RightSuper": imgui.KeyRightSuper, "[": imgui.KeyLeftBracket, "`": imgui.KeyGraveAccent,
	} {
		if k, ok := KeyNamed(name); !ok || k != want {
			t.Errorf("%s is %d, %v; want %d", name, k, ok, want)
		}
	}
	for _, name := range []string{"", "f0", "f25", "ctrl+z", "ä", "keypad10", " a"} {
		if k, ok := KeyNamed(name); ok {
			t.Errorf("%q is %d", name, k)
		}
	}
	names := map[imgui.Key]string{}
	for name, k := range keyNames {
		if other := names[k]; other != "" {
			t.Errorf("%q and %q are one key", name, other)
		}
		names[k] = name
	}
}
