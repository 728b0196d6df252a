package session

import (
	"fmt"
	"testing"

	"headscope/explorer/expr"

	"pgregory.net/rapid"
)

// drawRest gives a session what no link holds, some of it as usual.
func drawRest(t *rapid.T, s *Session) {
	text := func(name string) string {
		return rapid.OneOf(rapid.Just(""), rapid.Just("a \"b\"\n\u2028"), rapid.String()).Draw(t, name)
	}
	key := func(name string) string { return rapid.SampledFrom([]string{"", "previous", "é ü"}).Draw(t, name) }
	number := func(name string) float64 {
		return rapid.OneOf(rapid.Just(0.0), rapid.Float64Range(-1e300, 1e300)).Draw(t, name)
	}
	head := func(name string) string {
		if rapid.Bool().Draw(t, name) {
			return ""
		}
		return HeadName(rapid.IntRange(0, 999).Draw(t, name), rapid.IntRange(0, 999).Draw(t, name))
	}
	place := func(name string) Place {
		if rapid.Bool().Draw(t, name) {
			return Whole
		}
		return Place{number(name), number(name), rapid.Float64Range(1e-3, 1e9).Draw(t, name)}
	}
	s.Model, s.Prompt, s.Inputs, s.Head = text("model"), text("prompt"), text("inputs"), head("head")
	s.Sample, s.NoBias = rapid.IntRange(0, maxSample).Draw(t, "sample"), rapid.Bool().Draw(t, "no bias")
	s.Form = rapid.SampledFrom(append(builtinNames(), "")).Draw(t, "form")
	s.View = rapid.SampledFrom(append([]string{""}, Views...)).Draw(t, "view")
	s.Token = rapid.IntRange(-1, expr.MaxDim-1).Draw(t, "token")
	if rapid.Bool().Draw(t, "selected") {
		s.Selection = Selection{"right", s.Root.Right.Rows() - 1, 3}
	}
	s.Atlas = Atlas{Sort: key("sort"), Trait: key("trait"), Min: number("min"), Max: number("max"), Place: place("atlas")}
	for i := range rapid.IntRange(0, MaxPanes).Draw(t, "panes") {
		name := fmt.Sprint("pane ", i)
		s.Compare.Panes = append(s.Compare.Panes, Pane{text(name), text(name), head(name)})
	}
	s.Compare.Difference, s.Compare.Space = rapid.Bool().Draw(t, "difference"), rapid.Bool().Draw(t, "space")
	s.Compare.Place = place("compare")
	s.Light, s.Safe = rapid.Bool().Draw(t, "light"), rapid.Bool().Draw(t, "safe")
}

// What is as usual is not written: a file of the default session has mm's params alone, and
// one that has nothing at all is it.
func TestUsualValuesAreLeftOut(t *testing.T) {
	file, err := Default().File()
	if err != nil {
		t.Fatal(err)
	}
	object, err := decode(file)
	if err != nil || len(object) != 2 || object["params"] == nil {
		t.Errorf("%s, %v", file, err)
	}
	s, err := Open("f", fake(map[string]string{"f": `{"headscope": 1}`}))
	if err != nil {
		t.Fatal(err)
	}
	if d := diff(Default(), s); d != "" {
		t.Error(d)
	}
	for what, made := range map[string]*Session{
		"an expression": open(t, "A @ B"), "a link": open(t, "?params={}"), "a built-in": open(t, "lora"), "a file": s,
	} {
		if made.Token != -1 || made.Atlas.Place != Whole || made.Compare.Place != Whole {
			t.Errorf("%s has token %d, places %v and %v", what, made.Token, made.Atlas.Place, made.Compare.Place)
		}
	}
}

func TestClone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSession(t)
		drawRest(t, s)
		before, err := s.File()
		if err != nil {
			t.Fatal(err)
		}
		c := s.Clone()
		if d := diff(s, c); d != "" {
			t.Fatal(d)
		}
		if err := c.Root.Rename(c.Root.Right, "renamed"); err != nil {
			t.Fatal(err)
		}
		if err := c.Root.Left.Set("min", 17); err != nil {
			t.Fatal(err)
		}
		for i := range c.Compare.Panes {
			c.Compare.Panes[i].Head = "L1H1"
		}
		c.Camera.Position[0], c.Token, c.Atlas.X = 7, 3, 9
		if after, err := s.File(); err != nil || string(after) != string(before) {
			t.Fatalf("a change of the copy made\n%s\nof\n%s, %v", after, before, err)
		}
	})
}
