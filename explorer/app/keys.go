package app

import (
	"fmt"

	"github.com/go-gl/glfw/v3.3/glfw"
)

// keyNames are GLFW's keys as package ui names them. Letters, digits, function keys and the
// keypad's digits follow one another in both.
var keyNames = map[glfw.Key]string{
	glfw.KeyLeft: "left", glfw.KeyRight: "right", glfw.KeyUp: "up", glfw.KeyDown: "down",
	glfw.KeyPageUp: "pageup", glfw.KeyPageDown: "pagedown", glfw.KeyHome: "home", glfw.KeyEnd: "end",
	glfw.KeyInsert: "insert", glfw.KeyDelete: "delete", glfw.KeyBackspace: "backspace",
	glfw.KeyTab: "tab", glfw.KeySpace: "space", glfw.KeyEnter: "enter", glfw.KeyEscape: "escape", glfw.KeyMenu: "menu",
	glfw.KeyApostrophe: "'", glfw.KeyComma: ",", glfw.KeyMinus: "-", glfw.KeyPeriod: ".", glfw.KeySlash: "/",
	glfw.KeySemicolon: ";", glfw.KeyEqual: "=", glfw.KeyLeftBracket: "[", glfw.KeyBackslash: `\`, glfw.KeyRightBracket: "]",
	glfw.KeyGraveAccent: "`", glfw.KeyWorld1: "<", glfw.KeyWorld2: "<",
	glfw.KeyCapsLock: "capslock", glfw.KeyScrollLock: "scrolllock", glfw.KeyNumLock: "numlock",
	glfw.KeyPrintScreen: "printscreen", glfw.KeyPause: "pause",
	glfw.KeyKPDecimal: "keypad.", glfw.KeyKPDivide: "keypad/", glfw.KeyKPMultiply: "keypad*", glfw.KeyKPSubtract: "keypad-",
	glfw.KeyKPAdd: "keypadadd", glfw.KeyKPEnter: "keypadenter", glfw.KeyKPEqual: "keypad=",
	glfw.KeyLeftControl: "ctrl", glfw.KeyLeftShift: "shift", glfw.KeyLeftAlt: "alt", glfw.KeyLeftSuper: "super",
	glfw.KeyRightControl: "rightctrl", glfw.KeyRightShift: "rightshift", glfw.KeyRightAlt: "rightalt", glfw.KeyRightSuper: "rightsuper",
}

// keyName is the name of a key for package ui; not of keys that it does not know.
func keyName(k glfw.Key) (string, bool) {
	switch {
	case k >= glfw.KeyA && k <= glfw.KeyZ:
		return string(rune('a' + k - glfw.KeyA)), true
	case k >= glfw.Key0 && k <= glfw.Key9:
		return string(rune('0' + k - glfw.Key0)), true
	case k >= glfw.KeyF1 && k <= glfw.KeyF24:
		return fmt.Sprintf("f%d", k-glfw.KeyF1+1), true
	case k >= glfw.KeyKP0 && k <= glfw.KeyKP9:
		return fmt.Sprintf("keypad%d", k-glfw.KeyKP0), true
	}
	name, ok := keyNames[k]
	return name, ok
}

// modifiers are the keys that change what others do.
var modifiers = map[string]bool{
	"ctrl": true, "shift": true, "alt": true, "super": true,
	"rightctrl": true, "rightshift": true, "rightalt": true, "rightsuper": true,
}
