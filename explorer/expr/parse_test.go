package expr

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// sketch prints the structure of a tree with every name, for comparison.
func sketch(n *Node) string {
	if !n.IsMatMul() {
		return n.Name
	}
	return fmt.Sprintf("{%s: %s %s}", n.Name, sketch(n.Left), sketch(n.Right))
}

func TestParse(t *testing.T) {
	for _, c := range []struct{ text, tree, printed string }{
		{"A", "A", "A"},
		{" ( A ) ", "A", "A"},
		{"A@B", "{A @ B: A B}", "A @ B"},
		{"A @ B @ C", "{A @ B @ C: {A @ B: A B} C}", "A @ B @ C"},
		{"(A @ B) @ C", "{A @ B @ C: {A @ B: A B} C}", "A @ B @ C"},
		{"A @ (B @ C)", "{A @ (B @ C): A {B @ C: B C}}", "A @ (B @ C)"},
		{"out = A @ B", "{out: A B}", "out = A @ B"},
		{"(x = A @ B) @ C", "{x @ C: {x: A B} C}", "(x = A @ B) @ C"},
		{"x = A @ B @ C", "{x: {A @ B: A B} C}", "x = A @ B @ C"},
		{"x=(A@B)", "{x: A B}", "x = A @ B"},
		{"A @ (y = B @ C)", "{A @ y: A {y: B C}}", "A @ (y = B @ C)"},
		{"1 = 2.a-!#$%^&/[] @ _", "{1: 2.a-!#$%^&/[] _}", "1 = 2.a-!#$%^&/[] @ _"},
		{"A\t@\nB", "{A @ B: A B}", "A @ B"},
		{
			"out = (attn = (Q = input @ wQ) @ (K_t = wK_t @ input_t)) @ (V = input @ wV) @ wO",
			"{out: {attn @ V: {attn: {Q: input wQ} {K_t: wK_t input_t}} {V: input wV}} wO}",
			"out = (attn = (Q = input @ wQ) @ (K_t = wK_t @ input_t)) @ (V = input @ wV) @ wO",
		},
	} {
		n, err := Parse(c.text)
		if err != nil {
			t.Errorf("Parse(%q): %v", c.text, err)
			continue
		}
		if got := sketch(n); got != c.tree {
			t.Errorf("Parse(%q) = %s, want %s", c.text, got, c.tree)
		}
		if got := n.String(); got != c.printed {
			t.Errorf("Parse(%q) prints as %q, want %q", c.text, got, c.printed)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct {
		text   string
		column int
		says   string
	}{
		{"", 1, `found the end, expected a name or "("`},
		{"   ", 4, "found the end"},
		{"A @", 4, "found the end"},
		{"A @ @ B", 5, `found "@", expected a name`},
		{"@ B", 1, `found "@"`},
		{"A B", 3, `found "B", expected "@" or the end`},
		{"(A @ B", 7, `expected "@" or ")"`},
		{"A @ B)", 6, `found ")"`},
		{"A @ é", 5, `found "é"`},
		{"é = A", 1, `found "é"`},
		{"= A @ B", 1, `found "="`},
		{"x = y = A @ B", 1, "y is a single matrix"},
		{"x = (y = A @ B)", 1, "two names, x and y"},
		{"A @ (x = B)", 6, "x = names a product, but B is a single matrix"},
		{"-A @ B", 1, `found "-"`},
		{"A * B", 3, `found "*"`},
		{strings.Repeat("(", 300) + "A", MaxDepth, "parentheses deep"},
		{strings.Repeat("A@", MaxDepth) + "A", 2 * MaxDepth, "matrices deep"},
		{strings.Repeat("A", 3000) + "@" + strings.Repeat("B", 3000), 3001, "give its parts names"},
	} {
		_, err := Parse(c.text)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || syntax.Column != c.column || !strings.Contains(syntax.Problem, c.says) {
			t.Errorf("Parse(%.40q) = %v, want column %d: %s", c.text, err, c.column, c.says)
		}
	}
}

// A wide tree is refused by its number of matrices before it can take much memory.
func TestParseCounts(t *testing.T) {
	full := func(depth int) string {
		s := "A"
		for i := range depth {
			s = fmt.Sprintf("(p%d = %s @ %s)", i, s, s)
		}
		return s
	}
	if _, err := Parse(full(10)); err != nil {
		t.Error(err)
	}
	if _, err := Parse(full(12)); err == nil || !strings.Contains(err.Error(), "more than 4096 matrices") {
		t.Error(err)
	}
}

func TestNamesThatNoExpressionHolds(t *testing.T) {
	leaf := func(name string) *Node { return defaultLeaf(name, true) }
	for _, c := range []struct {
		tree *Node
		want string
	}{
		{&Node{Name: "A @ B", Left: leaf("A2"), Right: leaf("B")}, "A2 @ B"},
		{&Node{Name: "out", Left: leaf("my matrix"), Right: leaf("(x)")}, "out = my_matrix @ _x_"},
		{&Node{Name: "", Left: leaf(""), Right: leaf("-b")}, "_ @ _-b"},
		{&Node{Name: "o", Left: &Node{Name: "old @ name", Left: leaf("A"), Right: leaf("B")}, Right: leaf("é")}, "o = A @ B @ _"},
	} {
		if got := c.tree.String(); got != c.want {
			t.Errorf("%s prints as %q, want %q", sketch(c.tree), got, c.want)
		} else if _, err := Parse(got); err != nil {
			t.Error(err)
		}
	}
}

// names draws names that leave room for duplicates.
var names = rapid.OneOf(rapid.SampledFrom([]string{"A", "B", "input", "x_t"}), rapid.StringMatching(`[A-Za-z0-9_][A-Za-z0-9_.!#$%^&/\[\]-]{0,5}`))

// trees draws trees with names as Parse gives them.
func trees(t *rapid.T) *Node {
	var tree func(depth int) *Node
	tree = func(depth int) *Node {
		if depth > 0 && (depth == 6 || rapid.Bool().Draw(t, "leaf")) {
			return &Node{Name: names.Draw(t, "name")}
		}
		n := &Node{Left: tree(depth + 1), Right: tree(depth + 1)}
		n.Name = n.expansion()
		if rapid.Bool().Draw(t, "named") {
			n.Name = names.Draw(t, "name")
		}
		return n
	}
	return tree(0)
}

func TestPrintingIsTheInverseOfParsing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := trees(t)
		again, err := Parse(n.String())
		if err != nil {
			t.Fatal(err)
		}
		if got, want := sketch(again), sketch(n); got != want {
			t.Fatalf("%s became %s", want, got)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"L @ R", "A @ (B @ C)", "out = (attn = (Q = input @ wQ) @ (K_t = wK_t @ input_t)) @ (V = input @ wV) @ wO",
		"x = (y = A @ B)", "((A", "A @@", "1=2=3", "é @ \x80", strings.Repeat("(", 300), "a.b[0] @ c/d",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := Parse(text)
		if err != nil {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || syntax.Column < 1 || syntax.Column > len([]rune(text))+1 ||
				strings.Contains(err.Error(), "\n") {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		printed := n.String()
		again, err := Parse(printed)
		if err != nil || sketch(again) != sketch(n) || again.String() != printed {
			t.Fatalf("%q prints as %q, which reads as %v, %v", text, printed, again, err)
		}
		if n.IsMatMul() {
			edited, err := Edit(Default(), text)
			if err != nil {
				t.Fatalf("Edit(%q): %v", text, err)
			}
			if err := edited.check(); err != nil {
				t.Fatal(err)
			}
		}
	})
}
