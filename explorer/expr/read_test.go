package expr

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// keys lists a tree's keys with dots.
func keys(n *Node) map[string]any {
	all := map[string]any{}
	for _, k := range n.Keys() {
		all[strings.Join(k.Path, ".")] = k.Value
	}
	return all
}

// object nests a tree's keys as decoded JSON has them.
func object(n *Node) map[string]any {
	root := map[string]any{}
	for _, k := range n.Keys() {
		at := root
		for _, key := range k.Path[:len(k.Path)-1] {
			if at[key] == nil {
				at[key] = map[string]any{}
			}
			at = at[key].(map[string]any)
		}
		at[k.Path[len(k.Path)-1]] = k.Value
	}
	return root
}

func decode(t *testing.T, text string) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func read(t *testing.T, text string) *Node {
	t.Helper()
	n, err := Read(decode(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestReadDefaults(t *testing.T) {
	n := read(t, `{}`)
	if diff := cmp.Diff(Default(), n, cmpopts.IgnoreUnexported(Node{})); diff != "" {
		t.Error(diff)
	}
	if n.Layout.Gap != 4 || n.Deco.Magnification != 7 || n.Viz.HueSpread != 0.04 || n.Anim.Speed != 20 ||
		n.Block != (Block{1, 1, 1}) || n.Left.Init != "row major" || n.Right.Init != "col major" || n.Left.Max != 1 {
		t.Errorf("%+v", n)
	}
	n = read(t, `{"right": {"left": {}, "right": {"w": 5}}, "left": {"name": "A"}}`)
	if n.String() != "A @ (L @ R)" || n.Name != "A @ (L @ R)" || n.Cols() != 5 {
		t.Errorf("%s, named %s, %d columns", n, n.Name, n.Cols())
	}
}

func TestInheritance(t *testing.T) {
	n := read(t, `{"layout": {"gap": 5}, "block": {"i blocks": 2, "j blocks": 3, "k blocks": 4}, "deco": {"legends": 1},
		"left": {"matmul": true, "anim": {"alg": "vmprod", "j blocks": 1, "folder": "open"}, "block": {"k blocks": 7, "i blocks": 9},
			"layout": {"polarity": "positive"}, "left": {"name": "A", "viz": {"elem scale": 2}},
			"right": {"matmul": true, "left": {"name": "B"}, "right": {"name": "C"}, "layout": {"gap": 1}}}}`)
	l, lr := n.Left, n.Left.Right
	if l.Layout.Gap != 5 || l.Layout.Polarity != "positive" || lr.Layout.Gap != 1 || lr.Layout.Polarity != "positive" ||
		n.Layout.Polarity != "negative" || lr.Anim.Alg != "vmprod" || lr.Left.Deco.Legends != 1 || l.Left.Viz.ElemScale != 2 {
		t.Error("a child does not take from its parent what it has not")
	}
	for path, want := range map[string]Block{
		"root": {2, 4, 3}, "left": {2, 7, 4}, "right": {4, 4, 3}, "left.left": {2, 7, 7}, "left.right": {7, 7, 4}, "left.right.left": {7, 7, 7},
	} {
		if got := n.At(path).Block; got != want {
			t.Errorf("%s has blocks %v, want %v", path, got, want)
		}
	}
	want := map[string]any{"anim": map[string]any{"j blocks": 1.0, "folder": "open"}}
	if diff := cmp.Diff(want, l.Extra); diff != "" {
		t.Errorf("unknown keys: %s", diff)
	}
	if err := n.Set("layout.gap", 8); err != nil {
		t.Fatal(err)
	}
	if l.Layout.Gap != 8 || lr.Layout.Gap != 1 {
		t.Error("a new setting does not reach just those without one of their own")
	}
	if got := keys(n); got["left.layout.gap"] != nil || got["left.right.layout.gap"] != 1.0 {
		t.Error("what is inherited is written, or what is not is missing")
	}
	if lr.Inherit("layout.gap"); lr.Layout.Gap != 1 {
		t.Error("a setting follows before the tree is resolved")
	}
	if n.Resolve(); lr.Layout.Gap != 8 || lr.Left.Layout.Gap != 8 || keys(n)["left.right.layout.gap"] != nil {
		t.Error("a setting does not follow the parent's again")
	}
	if err := n.Set("layout.gap", 5); err != nil || lr.Left.Layout.Gap != 5 {
		t.Error("a setting does not go on following")
	}
}

func TestSet(t *testing.T) {
	for _, s := range settings {
		n := Default()
		var v any
		switch f := s.field(n).(type) {
		case *string:
			v = "other"
			if s.choices != nil {
				v = s.choices[len(s.choices)-1]
			}
		case *bool:
			v = !*f
		case *float64:
			v = 0.125
		case *int:
			v = 3
		}
		if err := n.Set(s.full(), v); err != nil {
			t.Errorf("%s: %v", s.full(), err)
		}
		if got := value(s.field(n)); got != v {
			t.Errorf("%s is %v, want %v", s.full(), got, v)
		}
		for _, bad := range []any{nil, []any{}, map[string]any{}, math.NaN(), math.Inf(1), "no such choice", 2.5, 0, true} {
			before := n.Clone()
			err := n.Set(s.full(), bad)
			if err == nil {
				continue // of this type
			}
			if !strings.HasPrefix(err.Error(), s.full()+" is ") || !strings.Contains(err.Error(), "expected") {
				t.Errorf("%s: %v", s.full(), err)
			}
			if diff := cmp.Diff(before, n, cmpopts.IgnoreUnexported(Node{})); diff != "" {
				t.Errorf("a refused value changed %s", diff)
			}
		}
		if Zero(s.key) == nil {
			t.Errorf("%s has no type", s.key)
		}
	}
	if err := Default().Set("layout.gappp", 1); err == nil {
		t.Error("an unknown key is set")
	}
	if Zero("folder") != nil {
		t.Error("folder has a type")
	}
}

func TestReadErrors(t *testing.T) {
	deep := `{"left": ` + strings.Repeat(`{"matmul": true, "right": {}, "left": `, 300) + `{}` + strings.Repeat(`}`, 300) + `}`
	var wide func(depth int) string
	wide = func(depth int) string {
		if depth == 0 {
			return "{}"
		}
		return fmt.Sprintf(`{"name": "p", "left": %s, "right": %s}`, wide(depth-1), wide(depth-1))
	}
	for _, c := range []struct{ text, want string }{
		{`{"left": 5}`, "left is 5, expected an object"},
		{`{"left": {"h": "x"}}`, `left.h is "x", expected a number`},
		{`{"left": {"h": 0}}`, "left.h is 0, expected a whole number from 1 to 1048576"},
		{`{"left": {"h": 2.5}}`, "left.h is 2.5"},
		{`{"left": {"h": 1e300}}`, "left.h is 1e+300"},
		{`{"left": {"name": 5}}`, "left.name is 5, expected a text"},
		{`{"name": null}`, "name is null, expected a text"},
		{`{"left": {"matmul": "yes"}}`, `left.matmul is "yes"`},
		{`{"left": {"matmul": true, "left": {}}}`, "left is a matmul, expected both a left and a right"},
		{`{"left": {"right": {}}}`, "left is a matmul, expected both a left and a right"},
		{`{"left": {"init": "foo"}}`, `left.init is "foo", expected one of rows, cols`},
		{`{"anim": []}`, "anim is a list, expected an object"},
		{`{"right": {"left": {}, "right": {}, "layout": {"gap": {}}}}`, "right.layout.gap is an object, expected a number"},
		{`{"left": {"w": 5}}`, `right: R (column 5 of "L @ R") has 32 rows, expected 5, the columns of its left factor L`},
		{`{"right": {"left": {"name": "A"}, "right": {"name": "B", "h": 7}}}`, `right.right: B (column 10 of "L @ (A @ B)") has 7 rows`},
		{`{"name": "` + strings.Repeat("x", 5000) + `"}`, "name has 5000 letters"},
		{deep, "matrices deep"},
		{wide(12), "more than 4096 matrices"},
	} {
		if _, err := Read(decode(t, c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.60s: %v, want %s", c.text, err, c.want)
		} else if strings.Contains(err.Error(), "\n") || len(err.Error()) > 400 {
			t.Errorf("the error is long: %v", err)
		}
	}
}

func TestUnknownKeysStay(t *testing.T) {
	text := `{"folder": "open", "nothing": {"here": {}}, "future": {"list": [1, {"a": 2}], "n": 5}, "anim": {"folder": "closed"},
		"left": {"folder": "open", "matmul": false, "left": {"name": "was", "h": 3}},
		"right": {"left": {}, "right": {}, "h": 32, "init": "eye", "cam": {"x": 5}}}`
	n := read(t, text)
	if n.Left.IsMatMul() {
		t.Error("matmul: false does not make a leaf")
	}
	got := object(n)
	for _, path := range []string{"folder", "future", "anim.folder", "left.folder", "left.left", "right.h", "right.init", "right.cam"} {
		var in, out any = decode(t, text), got
		for key := range strings.SplitSeq(path, ".") {
			in, out = in.(map[string]any)[key], out.(map[string]any)[key]
		}
		if fmt.Sprint(in) != fmt.Sprint(out) {
			t.Errorf("%s was %v and is %v", path, in, out)
		}
	}
	again, err := Read(got)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(n, again, cmpopts.IgnoreUnexported(Node{})); diff != "" {
		t.Error(diff)
	}
}

func TestShape(t *testing.T) {
	n := read(t, `{"left": {"h": 3, "w": 5}, "right": {"left": {"h": 5, "w": 7}, "right": {"h": 7, "w": 11}}}`)
	if h, d, w := n.Shape(); h != 3 || d != 5 || w != 11 {
		t.Error(h, d, w)
	}
	if h, d, w := n.Right.Shape(); h != 5 || d != 7 || w != 11 {
		t.Error(h, d, w)
	}
	if h, d, w := n.Left.Shape(); h != 3 || d != 0 || w != 5 {
		t.Error(h, d, w)
	}
	if n.MatMuls() != 2 || n.Left.MatMuls() != 0 {
		t.Error("matmuls are miscounted")
	}
	var paths []string
	n.Walk(func(path string, m *Node) {
		paths = append(paths, path)
		if n.At(path) != m {
			t.Error(path)
		}
	})
	if got := strings.Join(paths, " "); got != "root left right right.left right.right" {
		t.Error(got)
	}
	if n.At("left.left") != nil || n.At("") != nil {
		t.Error("a node that is not there is found")
	}
}
