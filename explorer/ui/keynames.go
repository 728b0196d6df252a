package ui

import (
	"fmt"
	"strings"

	"github.com/AllenDang/cimgui-go/imgui"
)

// modifier is a pair of keys that change what others do. Its name is that of the left one.
type modifier struct {
	name             string
	left, right, mod imgui.Key
}

var modifiers = []modifier{
	{"ctrl", imgui.KeyLeftCtrl, imgui.KeyRightCtrl, imgui.ModCtrl},
	{"shift", imgui.KeyLeftShift, imgui.KeyRightShift, imgui.ModShift},
	{"alt", imgui.KeyLeftAlt, imgui.KeyRightAlt, imgui.ModAlt},
	{"super", imgui.KeyLeftSuper, imgui.KeyRightSuper, imgui.ModSuper},
}

// keyNames are all keys by name.
var keyNames = func() map[string]imgui.Key {
	table := map[string]imgui.Key{
		"left": imgui.KeyLeftArrow, "right": imgui.KeyRightArrow, "up": imgui.KeyUpArrow, "down": imgui.KeyDownArrow,
		"pageup": imgui.KeyPageUp, "pagedown": imgui.KeyPageDown, "home": imgui.KeyHome, "end": imgui.KeyEnd,
		"insert": imgui.KeyInsert, "delete": imgui.KeyDelete, "backspace": imgui.KeyBackspace,
		"tab": imgui.KeyTab, "space": imgui.KeySpace, "enter": imgui.KeyEnter, "escape": imgui.KeyEscape, "menu": imgui.KeyMenu,
		"'": imgui.KeyApostrophe, ",": imgui.KeyComma, "-": imgui.KeyMinus, ".": imgui.KeyPeriod, "/": imgui.KeySlash,
		";": imgui.KeySemicolon, "=": imgui.KeyEqual, "[": imgui.KeyLeftBracket, `\`: imgui.KeyBackslash, "]": imgui.KeyRightBracket,
		"`": imgui.KeyGraveAccent, "<": imgui.KeyOem102,
		"capslock": imgui.KeyCapsLock, "scrolllock": imgui.KeyScrollLock, "numlock": imgui.KeyNumLock,
		"printscreen": imgui.KeyPrintScreen, "pause": imgui.KeyPause,
		"keypad.": imgui.KeyKeypadDecimal, "keypad/": imgui.KeyKeypadDivide, "keypad*": imgui.KeyKeypadMultiply,
		"keypad-": imgui.KeyKeypadSubtract, "keypadadd": imgui.KeyKeypadAdd, "keypadenter": imgui.KeyKeypadEnter, "keypad=": imgui.KeyKeypadEqual,
	}
	for i := range imgui.Key(26) {
		table[string(rune('a'+i))] = imgui.KeyA + i
	}
	for i := range imgui.Key(10) {
		table[fmt.Sprintf("%d", i)] = imgui.Key0 + i
		table[fmt.Sprintf("keypad%d", i)] = imgui.KeyKeypad0 + i
	}
	for i := range imgui.Key(24) {
		table[fmt.Sprintf("f%d", i+1)] = imgui.KeyF1 + i
	}
	for _, m := range modifiers {
		table[m.name], table["right"+m.name] = m.left, m.right
	}
	return table
}()

// KeyNamed finds a key by its name, in large letters or small: a, 7, F1, Right, PageUp,
// Escape, Keypad5, Ctrl, RightCtrl, and what is written on the key of an American keyboard:
// [, =, -. The plus of the keypad is KeypadAdd, because chords are written with one.
func KeyNamed(name string) (imgui.Key, bool) {
	k, ok := keyNames[strings.ToLower(name)]
	return k, ok
}
