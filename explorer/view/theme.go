package view

import (
	"fmt"

	"headscope/explorer/scene"
	"headscope/wgsl/cpu"
)

// Theme is a set of colours.
type Theme uint8

// The themes: Paper is light, to be printed; Ink is dark, for screens.
const (
	Paper Theme = iota
	Ink
)

// ParseTheme finds a theme by its name.
func ParseTheme(name string) (Theme, error) {
	switch name {
	case "paper":
		return Paper, nil
	case "ink":
		return Ink, nil
	}
	return Paper, fmt.Errorf("atlas: there is no theme %q; there is: paper, ink", name)
}

// colours are what a theme paints with.
type colours struct {
	background scene.Colour
	text       scene.Colour
	muted      scene.Colour // of text that says less
	masked     scene.Colour // of the part of a pattern that causality masks
	line       scene.Colour
	palette    cpu.Palette
}

// colours returns the theme's. The masked tone has no hue, lies off every colour of the
// palette, and stands out from the background as well as from weight 0.
func (t Theme) colours() colours {
	if t == Ink {
		return colours{
			background: scene.Colour{0.02, 0.022, 0.035, 1},
			text:       scene.Colour{0.92, 0.92, 0.93, 1},
			muted:      scene.Colour{0.62, 0.63, 0.67, 1},
			masked:     scene.Colour{0.17, 0.17, 0.175, 1},
			line:       scene.Colour{0.5, 0.5, 0.53, 1},
			palette:    cpu.Ink,
		}
	}
	return colours{
		background: scene.Colour{1, 1, 1, 1},
		text:       scene.Colour{0.08, 0.09, 0.11, 1},
		muted:      scene.Colour{0.38, 0.40, 0.43, 1},
		masked:     scene.Colour{0.89, 0.89, 0.885, 1},
		line:       scene.Colour{0.45, 0.47, 0.5, 1},
		palette:    cpu.Paper,
	}
}
