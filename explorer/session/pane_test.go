package session

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseHead(t *testing.T) {
	for text, want := range map[string][2]int{"L5H4": {5, 4}, "l0h11": {0, 11}, "L999H999": {999, 999}, "L05H4": {5, 4}} {
		if layer, head, err := ParseHead(text); err != nil || [2]int{layer, head} != want {
			t.Errorf("%q is layer %d, head %d, %v", text, layer, head, err)
		}
	}
	for _, text := range []string{"", "L5", "H4", "5H4", "L5H", "LH", "L-1H4", "L+1H4", "L5H4 ", " L5H4", "L5H4x", "L1000H0", "L5.0H4", "L٥H4", strings.Repeat("L", 999)} {
		if _, _, err := ParseHead(text); err == nil || !strings.Contains(err.Error(), "expected a form like L5H4") || len(err.Error()) > 300 {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestParsePane(t *testing.T) {
	for text, want := range map[string]struct {
		Pane
		prompt int
	}{
		"L5H4":                        {Pane{Head: "L5H4"}, 0},
		"l5h4@PROMPT#2":               {Pane{Head: "L5H4"}, 2},
		"gpt2:L0H0":                   {Pane{Model: "gpt2", Head: "L0H0"}, 0},
		"a/b:c/d@e:L1H2@PROMPT#12":    {Pane{Model: "a/b:c/d@e", Head: "L1H2"}, 12},
		"L1H1:L2H2":                   {Pane{Model: "L1H1", Head: "L2H2"}, 0},
		"x:L1H1@PROMPT#1:L5H4":        {Pane{Model: "x:L1H1@PROMPT#1", Head: "L5H4"}, 0},
		"https://x.org/m.npz:L0H1":    {Pane{Model: "https://x.org/m.npz", Head: "L0H1"}, 0},
		"/my models/é:L3H3@PROMPT#44": {Pane{Model: "/my models/é", Head: "L3H3"}, 44},
	} {
		if p, prompt, err := ParsePane(text); err != nil || p != want.Pane || prompt != want.prompt {
			t.Errorf("%q is %+v with prompt %d, %v", text, p, prompt, err)
		}
	}
	for _, text := range []string{"", ":L5H4", "gpt2", "gpt2:", "gpt2:5", "L5H4@", "L5H4@PROMPT#0", "L5H4@PROMPT#-1", "L5H4@PROMPT#", "L5H4@2", "L5H4@PROMPT#9999999999", "gpt2:L1000H0", "L5H4 "} {
		if _, _, err := ParsePane(text); err == nil || !strings.Contains(err.Error(), "expected a form like L5H4") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestPanesComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Pane{
			Model: rapid.StringMatching(`([a-zA-Z0-9:/@#. -]{1,20})?`).Draw(t, "model"),
			Head:  HeadName(rapid.IntRange(0, 999).Draw(t, "layer"), rapid.IntRange(0, 999).Draw(t, "head")),
		}
		if again, prompt, err := ParsePane(p.String()); err != nil || again != p || prompt != 0 {
			t.Fatalf("%q is %+v with prompt %d, %v", p, again, prompt, err)
		}
	})
}
