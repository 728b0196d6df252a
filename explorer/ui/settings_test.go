package ui

import (
	"slices"
	"strings"
	"testing"

	"headscope/explorer/expr"
	"headscope/explorer/layout"
	"headscope/explorer/session"
)

// Every key that a session says of a tree has a row, whose field is the one that Set sets.
func TestEverySettingHasARow(t *testing.T) {
	root := product(t)
	for _, k := range root.Keys() {
		path := k.Path
		for len(path) > 1 && (path[0] == "left" || path[0] == "right") {
			path = path[1:]
		}
		key := strings.Join(path, ".")
		if key == "name" || key == "matmul" || len(k.Path) == 1 && key == "expr" {
			continue // the expression's own
		}
		if !slices.ContainsFunc(settings, func(r setting) bool { return r.key == key }) {
			t.Errorf("%s has no row", strings.Join(k.Path, "."))
		}
	}
	for i := range settings {
		r := &settings[i]
		if r.of == 0 || r.about == "" {
			t.Errorf("%s is shown nowhere, or says nothing of itself", r.key)
		}
		if g := r.group(); g != "" && !slices.ContainsFunc(groups, func(o struct{ name, about string }) bool { return o.name == g }) {
			t.Errorf("%s is in no panel", r.key)
		}
		for _, p := range []place{{"root", root, nil, false}, {"left", root.Left, root, true}, {"left.left", root.Left.Left, root.Left, true}} {
			if r.of&p.kind() == 0 {
				continue
			}
			for _, v := range examples(r, p.node) {
				tree := root.Clone()
				n := tree.At(p.path)
				if err := store(tree, n, r.key, v); err != nil {
					t.Errorf("%s of %s as %v: %v", r.key, p.path, v, err)
				} else if got := valueOf(r.field(n)); got != v {
					t.Errorf("%s of %s is %v after it was set to %v", r.key, p.path, got, v)
				}
				if tree.Resolve(); valueOf(r.field(tree.At(p.path))) != v {
					t.Errorf("%s of %s is not its own", r.key, p.path)
				}
			}
		}
	}
}

// product is a tree with a matmul below its root.
func product(t *testing.T) *expr.Node {
	t.Helper()
	s, err := session.FromExpression("A @ B @ C")
	if err != nil {
		t.Fatal(err)
	}
	return s.Root
}

// examples are values that the control of a setting gives.
func examples(r *setting, n *expr.Node) (all []any) {
	switch valueOf(r.field(n)).(type) {
	case bool:
		return []any{false, true}
	case int:
		if r.most != nil {
			return []any{1, r.most(n)}
		}
		return []any{1, 2, 77}
	case float64:
		return []any{r.min, r.max, (r.min + r.max) / 2}
	}
	for _, c := range r.choices {
		all = append(all, c)
	}
	if r.choices == nil {
		all = []any{"", "i + j"}
	}
	return all
}

func row(t *testing.T, key string) *setting {
	t.Helper()
	i := slices.IndexFunc(settings, func(r setting) bool { return r.key == key })
	if i < 0 {
		t.Fatalf("there is no setting %s", key)
	}
	return &settings[i]
}

// ofExpression is a session without a model.
func ofExpression(t *testing.T, text string) *session.Session {
	t.Helper()
	s, err := session.FromExpression(text)
	if err != nil {
		t.Fatal(err)
	}
	s.View = "head"
	return s
}

// oneRow shows the row of one setting of a node.
func oneRow(t *testing.T, path, key string) *panelStage {
	r := row(t, key)
	return newPanelStage(t, 320, 200, ofExpression(t, "A @ B @ C"), func(s *Shell) { s.settingRow(at(s, path), r) })
}

// at is a place of the document.
func at(s *Shell, path string) place {
	root := s.w.Document().Root
	p := place{path: path, node: root.At(path)}
	root.Walk(func(_ string, n *expr.Node) {
		if n.IsMatMul() && (n.Left == p.node || n.Right == p.node) {
			p.parent, p.left = n, n.Left == p.node
		}
	})
	return p
}

// A drag of a slider is one change, of that node alone.
func TestSlider(t *testing.T) {
	for _, path := range []string{"root", "left", "left.right"} {
		t.Run(path, func(t *testing.T) {
			p := oneRow(t, path, "viz.min size")
			before := p.w.Document().Root
			p.Feed(Event{Kind: Move, X: 180, Y: 20})
			p.Feed(Event{Kind: Button, Button: LeftButton, Down: true})
			p.frames(p.panel)
			for x := 190.0; x <= 260; x += 10 {
				p.Feed(Event{Kind: Move, X: x, Y: 20})
				p.frames(p.panel)
			}
			p.Feed(Event{Kind: Button, Button: LeftButton})
			p.work()
			now := p.w.Document().Root
			v := now.At(path).Viz.MinSize
			if v < 0.5 || v > 0.9 || v*1000 != float64(int(v*1000)) {
				t.Errorf("the size is %v", v)
			}
			if other := now.Right.Viz.MinSize; (other == v) != (path == "root") {
				t.Errorf("the right argument's size is %v", other)
			}
			p.click(180, 20)
			p.frames(p.panel)
			if !p.w.Undo() || p.w.Document().Root.At(path).Viz.MinSize != v {
				t.Error("a click after the drag is no change of its own")
			}
			if !p.w.Undo() || p.w.Document().Root != before || p.w.CanUndo() {
				t.Error("the drag is not one change")
			}
		})
	}
}

func TestCheckboxAndCombo(t *testing.T) {
	p := oneRow(t, "root", "deco.axes")
	p.click(150, 20)
	p.work()
	if !p.w.Document().Root.Deco.Axes {
		t.Error("the checkbox was clicked, and there are no axes")
	}
	p.panel = func() {
		p.shell.bar("panel", p.region(), 0, func() { p.shell.settingRow(at(p.shell, "root"), row(t, "viz.sensitivity")) })
	}
	p.work()
	p.click(200, 20)
	p.frames(p.panel)
	p.click(200, 78) // the second of the list
	p.work()
	if v := p.w.Document().Root.Left.Left.Viz.Sensitivity; v != "local" {
		t.Errorf("the sensitivity is %s", v)
	}
	if p.w.Undo(); p.w.Document().Root.Viz.Sensitivity != "global" || !p.w.Document().Root.Deco.Axes {
		t.Error("undo took back something else than the last change")
	}
}

// A double click on the label brings the usual value back, which is the parent's also when that
// changes later.
func TestUsualValue(t *testing.T) {
	p := oneRow(t, "left", "viz.hue gap")
	p.shell.setSetting(at(p.shell, "left"), row(t, "viz.hue gap"), 0.25, "")
	p.frames(p.panel)
	p.click(30, 20)
	p.click(30, 20)
	p.frames(p.panel)
	if v := p.w.Document().Root.Left.Viz.HueGap; v != 0.74 {
		t.Errorf("the hue gap is %v", v)
	}
	p.shell.setSetting(at(p.shell, "root"), row(t, "viz.hue gap"), 0.5, "")
	if v := p.w.Document().Root.Left.Viz.HueGap; v != 0.5 {
		t.Errorf("the hue gap is %v where the parent's is 0.5", v)
	}
}

// What a text field of a leaf says counts when it is left.
func TestTextSetting(t *testing.T) {
	p := oneRow(t, "left.left", "expr")
	p.shell.setSetting(at(p.shell, "left.left"), row(t, "init"), "expr", "")
	p.click(200, 20)
	p.frames(p.panel)
	p.Feed(Event{Kind: Text, Text: "i % 3"})
	p.frames(p.panel)
	if got := p.w.Document().Root.Left.Left.Expr; got != "" {
		t.Errorf("half a text counts: %q", got)
	}
	p.press("Enter")
	p.work()
	if got := p.w.Document().Root.Left.Left.Expr; got != "i % 3" {
		t.Errorf("the text is %q", got)
	}
	v, err := p.w.Scene().Space.Value("left.left", 5, 0)
	if err != nil || v != 2 {
		t.Errorf("element 5 is %v, %v", v, err)
	}
}

// What follows from a change of one node changes with it.
func TestConsequences(t *testing.T) {
	p := oneRow(t, "root", "layout.scheme")
	set := func(path, key string, v any) { p.shell.setSetting(at(p.shell, path), row(t, key), v, "") }
	placed := func() []expr.Layout {
		root := p.w.Document().Root
		return []expr.Layout{root.Layout, root.Left.Layout}
	}
	for _, c := range [][2]string{{"layout.scheme", "wheel"}, {"layout.polarity", "positive"}, {"layout.result placement", "back"}, {"layout.scheme", "zigzag"}} {
		set("root", c[0], c[1])
		got := placed()
		want := p.w.Document().Root.Clone()
		if err := layout.Derive(want); err != nil {
			t.Fatal(err)
		}
		if got[0] != want.Layout || got[1] != want.Left.Layout {
			t.Errorf("after %s = %s the matrices are placed as %+v", c[0], c[1], got)
		}
	}
	set("root", "block.i blocks", 4)
	if b := p.w.Document().Root.Left.Left.Block.I; b != 4 {
		t.Errorf("the leaf's rows are in %d blocks", b)
	}
	p.w.Change("", func(d *session.Session) error {
		d.Selection = session.Selection{Path: "right", I: 31, J: 3}
		return nil
	})
	set("left.right", "w", 20)
	if d := p.w.Document(); d.Root.Right.H != 20 || d.Selection.Path != "" {
		t.Errorf("the right leaf has %d rows, selected is %+v", d.Root.Right.H, d.Selection)
	}
	version := p.w.Version()
	for _, c := range []struct {
		path, key string
		value     any
	}{{"left.right", "w", 0}, {"left.right", "h", expr.MaxDim + 1}, {"left.right", "init", "noise"}, {"root", "layout.gap", "wide"}} {
		set(c.path, c.key, c.value)
		if p.w.Version() != version {
			t.Errorf("%s as %v changed something", c.key, c.value)
		}
	}
	p.work()
	if text := p.w.Notice("head"); text != "" {
		t.Error(text)
	}
}

// Names and shapes of any length have their line, down to the deepest matrix.
func TestTreeOfLongNames(t *testing.T) {
	text := "deep_" + strings.Repeat("a##", 60)
	for range 20 {
		text = "(" + text + " @ B%s) @ C"
	}
	p := newPanelStage(t, 320, 200, ofExpression(t, "A @ B"), func(s *Shell) {
		d, err := session.FromExpression(text)
		if err != nil {
			t.Fatal(err)
		}
		d.Root.Right.W = expr.MaxDim
		s.settingsTree(d.Root)
	})
	p.click(40, 50) // opens one
	p.work()
}
