package app

import (
	"testing"

	"headscope/explorer/ui"

	"github.com/go-gl/glfw/v3.3/glfw"
)

// Every name of a key is known to package ui and, apart from those of the two keys that
// stand in different places on keyboards of different countries, of one key alone.
func TestKeyNames(t *testing.T) {
	seen := map[string]glfw.Key{}
	for k := glfw.KeySpace; k <= glfw.KeyLast; k++ {
		name, ok := keyName(k)
		if !ok {
			continue
		}
		if _, known := ui.KeyNamed(name); !known {
			t.Errorf("key %d is %q, which package ui does not know", k, name)
		}
		if other, twice := seen[name]; twice && k != glfw.KeyWorld2 {
			t.Errorf("keys %d and %d are both %q", other, k, name)
		}
		seen[name] = k
	}
	if want := 26 + 10 + 24 + 10 + len(keyNames) - 1; len(seen) != want {
		t.Errorf("%d keys have names, want %d", len(seen), want)
	}
	for k, want := range map[glfw.Key]string{
		glfw.KeyA: "a", glfw.KeyZ: "z", glfw.Key0: "0", glfw.Key9: "9", glfw.KeyF1: "f1", glfw.KeyF24: "f24",
		glfw.KeyKP0: "keypad0", glfw.KeyKP9: "keypad9", glfw.KeyRight: "right", glfw.KeyLeftControl: "ctrl",
	} {
		if name, _ := keyName(k); name != want {
			t.Errorf("key %d is %q, want %q", k, name, want)
		}
	}
	for _, k := range []glfw.Key{glfw.KeyUnknown, glfw.KeyF25, 0, 10000} {
		if name, ok := keyName(k); ok {
			t.Errorf("key %d is %q", k, name)
		}
	}
}
