package ui

import (
	"math"
	"testing"

	"github.com/AllenDang/cimgui-go/imgui"
)

// luminance is what WCAG 2 calls relative luminance.
func luminance(c imgui.Vec4) float64 {
	linear := func(v float32) float64 {
		if v <= 0.04045 {
			return float64(v) / 12.92
		}
		return math.Pow((float64(v)+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.X) + 0.7152*linear(c.Y) + 0.0722*linear(c.Z)
}

func contrast(a, b imgui.Vec4) float64 {
	x, y := luminance(a)+0.05, luminance(b)+0.05
	return max(x, y) / min(x, y)
}

// over is a colour blended over an opaque one.
func over(c, below imgui.Vec4) imgui.Vec4 {
	mix := func(a, b float32) float32 { return a*c.W + b*(1-c.W) }
	return rgb(mix(c.X, below.X), mix(c.Y, below.Y), mix(c.Z, below.Z))
}

// Text has the contrast that WCAG asks for at level AA, 4.5, wherever it stands, and what is
// no text but must be seen has 3.
func TestContrast(t *testing.T) {
	for _, theme := range []Theme{dark, light} {
		chosen := over(faded(theme.Accent, 0.22), theme.Panel)
		grab := over(faded(theme.Accent, 0.6), theme.Field)
		selected := over(faded(theme.Accent, 0.35), theme.Field)
		for _, c := range []struct {
			name  string
			front imgui.Vec4
			backs []imgui.Vec4
			least float64
		}{
			{"text", theme.Text, []imgui.Vec4{theme.Panel, theme.Popup, theme.Field, theme.Hover, theme.Press, chosen, selected, grab}, 4.5},
			{"muted text", theme.Muted, []imgui.Vec4{theme.Panel, theme.Popup, theme.Field}, 4.5},
			{"errors", theme.Error, []imgui.Vec4{theme.Panel, theme.Popup}, 4.5},
			{"text on the accent", theme.OnAccent, []imgui.Vec4{theme.Accent}, 4.5},
			{"links", theme.Accent, []imgui.Vec4{theme.Panel, theme.Popup}, 4.5},
			{"marks", theme.Accent, []imgui.Vec4{theme.Field}, 3},
		} {
			for i, back := range c.backs {
				if got := contrast(c.front, back); got < c.least {
					t.Errorf("%s: %s on background %d: contrast %.2f, want %.1f", theme.name, c.name, i, got, c.least)
				}
			}
		}
		for i, curve := range theme.curves {
			if got := contrast(curve, theme.Panel); got < 3 {
				t.Errorf("%s: curve %d: contrast %.2f, want 3", theme.name, i, got)
			}
		}
	}
}
