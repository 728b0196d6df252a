package expr

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

func edit(t *testing.T, old *Node, text string) *Node {
	t.Helper()
	n, err := Edit(old, text)
	if err != nil {
		t.Fatal(err)
	}
	if err := n.check(); err != nil {
		t.Fatal(err)
	}
	if n.String() != text {
		t.Fatalf("the expression is %s, want %s", n, text)
	}
	return n
}

// shapes lists the leaves in order: "A 2x3, B 3x4".
func shapes(n *Node) string {
	var s []string
	n.Walk(func(_ string, n *Node) {
		if !n.IsMatMul() {
			s = append(s, fmt.Sprintf("%s %dx%d", n.Name, n.H, n.W))
		}
	})
	return strings.Join(s, ", ")
}

// ab is A @ B of 10 x 20 times 20 x 30.
func ab() *Node {
	n := Default()
	n.Name, n.Left.Name, n.Right.Name = "A @ B", "A", "B"
	n.Left.H, n.Left.W, n.Right.H, n.Right.W = 10, 20, 20, 30
	return n
}

func TestEditShapes(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"A @ B", "A 10x20, B 20x30"},
		{"out = A @ B", "A 10x20, B 20x30"},
		{"A @ B @ C", "A 10x20, B 20x30, C 30x32"},
		{"C @ A @ B", "C 32x10, A 10x20, B 20x30"},
		{"A @ C @ B", "A 10x20, C 20x20, B 20x30"},
		{"A @ (C @ B)", "A 10x20, C 20x20, B 20x30"},
		{"C @ D", "C 32x32, D 32x32"},
		{"B @ A", "B 20x30, A 30x20"}, // the left one prevails
		{"(A = P @ Q) @ B", "P 10x32, Q 32x20, B 20x30"},
		{"A @ (B = P @ Q)", "A 10x20, P 20x32, Q 32x30"},
		{"(A = P @ Q @ R) @ B", "P 10x32, Q 32x32, R 32x20, B 20x30"},
		{"X @ (B = P @ Q)", "X 32x20, P 20x32, Q 32x30"},
		{"(A = B @ Q) @ C", "B 20x30, Q 30x20, C 20x32"},
	} {
		if got := shapes(edit(t, ab(), c.text)); got != c.want {
			t.Errorf("%s: %s, want %s", c.text, got, c.want)
		}
	}
}

func TestEditKeepsSettings(t *testing.T) {
	square := ab()
	square.Left.H, square.Left.W, square.Right.H, square.Right.W = 32, 32, 32, 32
	old := edit(t, square, "out = (S = A @ B) @ A @ C")
	set := func(n *Node, key string, value any) {
		t.Helper()
		if err := n.Set(key, value); err != nil {
			t.Fatal(err)
		}
	}
	s := old.At("left.left")
	set(old, "epilog", "relu")
	set(old, "layout.gap", 9.0)
	set(s, "epilog", "softmax")
	set(s, "block.k blocks", 4)
	set(s.Left, "init", "eye")                // the first A
	set(old.At("left.right"), "init", "diff") // the second A
	old.Extra = map[string]any{"folder": "open"}
	s.Extra = map[string]any{"folder": "closed"}

	n := edit(t, old, "out = C @ ((S = A @ B) @ A)")
	s = n.At("right.left")
	if n.Epilog != "relu" || n.Layout.Gap != 9 || s.Layout.Gap != 9 || s.Epilog != "softmax" || s.Block.K != 4 ||
		s.Left.Init != "eye" || n.At("right.right").Init != "diff" {
		t.Errorf("settings are lost: %+v", n)
	}
	if n.Extra["folder"] != "open" || s.Extra["folder"] != "closed" {
		t.Error("unknown keys are lost")
	}

	// A root that moves down keeps its epilog; what it set for all is the new root's.
	n = edit(t, old, "(out = (S = A @ B) @ A @ C) @ D")
	if n.Epilog != "none" || n.Left.Epilog != "relu" || n.Layout.Gap != 9 || n.Extra["folder"] != "open" || n.Left.Extra != nil {
		t.Errorf("root %+v over %+v", n, n.Left)
	}
	set(n, "layout.gap", 3.0)
	if n.Left.Layout.Gap != 3 {
		t.Error("the old root does not follow the new one")
	}
	// A root that is gone leaves its epilog to the new one.
	if n = edit(t, old, "E @ F"); n.Epilog != "relu" {
		t.Error("the root's epilog is lost")
	}
	// A leaf becomes a matmul and a leaf again.
	n = edit(t, ab(), "(A = P @ Q) @ B")
	if n.Left.H != 10 || n.Left.W != 20 || n.Left.Epilog != "none" || n.Left.Anim.Alg != "none" {
		t.Errorf("%+v", n.Left)
	}
	if got := shapes(edit(t, n, "A @ B")); got != "A 10x20, B 20x30" {
		t.Error(got)
	}
	// New nodes have the defaults of their side.
	n = edit(t, old, "X @ (Y @ Z)")
	if n.Left.Init != "row major" || n.Right.Left.Init != "row major" || n.Right.Right.Init != "col major" ||
		n.Right.Anim.Alg != "inherit" || n.Right.Epilog != "none" || n.Right.Block.K != 1 {
		t.Errorf("%+v", n.Right)
	}
}

func TestResize(t *testing.T) {
	n := edit(t, ab(), "A @ (B @ C) @ D")
	if err := n.Resize(n.At("left.right.left"), 5, 6); err != nil {
		t.Fatal(err)
	}
	if got := shapes(n); got != "A 10x5, B 5x6, C 6x32, D 32x32" || n.check() != nil {
		t.Error(got)
	}
	if err := n.Resize(n.At("right"), 7, 8); err != nil {
		t.Fatal(err)
	}
	if got := shapes(n); got != "A 10x5, B 5x6, C 6x7, D 7x8" || n.check() != nil {
		t.Error(got)
	}
	for _, bad := range [][2]int{{0, 1}, {1, -1}, {MaxDim + 1, 1}} {
		if err := n.Resize(n.Right, bad[0], bad[1]); err == nil || n.Right.H != 7 {
			t.Errorf("%v: %v", bad, err)
		}
	}
	if err := n.Resize(n, 1, 1); err == nil {
		t.Error("a product is resized")
	}
}

func TestRename(t *testing.T) {
	n := edit(t, ab(), "A @ (B @ C) @ D")
	for _, c := range []struct{ path, name, want string }{
		{"left.right.left", "X", "A @ (X @ C) @ D"},
		{"left.right", "S", "A @ (S = X @ C) @ D"},
		{"root", "out", "out = A @ (S = X @ C) @ D"},
		{"left.right", "", "out = A @ (X @ C) @ D"},
		{"root", "", "A @ (X @ C) @ D"},
	} {
		if err := n.Rename(n.At(c.path), c.name); err != nil {
			t.Error(err)
		}
		if n.String() != c.want {
			t.Errorf("%s, want %s", n, c.want)
		}
	}
	if n.Name != "A @ (X @ C) @ D" || n.Left.Name != "A @ (X @ C)" {
		t.Errorf("the expansions are %q, %q", n.Name, n.Left.Name)
	}
	for _, bad := range []string{"", "a b", "x @ y", "-", "é", strings.Repeat("x", maxName)} {
		if err := n.Rename(n.Right, bad); err == nil || n.Name != "A @ (X @ C) @ D" || n.Right.Name != "D" {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestEditErrors(t *testing.T) {
	for text, says := range map[string]string{"A": "expected a product such as A @ B", "A @": "column 4", "": "column 1"} {
		old := ab()
		_, err := Edit(old, text)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %s", text, err, says)
		}
		if diff := cmp.Diff(ab(), old, cmpopts.IgnoreUnexported(Node{})); diff != "" {
			t.Error(diff)
		}
	}
}

// One name is one matrix, unless it was two before.
func TestEditRefusesANameOfTwoShapes(t *testing.T) {
	for text, says := range map[string]string{
		"A @ A":       "A would be 10 x 20 in one place and 20 x 20",
		"A @ (B @ A)": "A would be 10 x 20 in one place and 30 x 20",
	} {
		if n, err := Edit(ab(), text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, %v", text, n, err)
		}
	}
	two := ab()
	two.Right.Name = "A"
	if got := shapes(edit(t, two, "A @ A @ C")); got != "A 10x20, A 20x30, C 30x32" {
		t.Errorf("A of two shapes became %s", got)
	}
}

func TestEditProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		old, err := Edit(Default(), trees(t).String())
		if err != nil {
			t.Fatal(err)
		}
		was := keys(old)
		if err := old.check(); err != nil {
			t.Fatal(err)
		}
		same, err := Edit(old, old.String())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(was, keys(same)); diff != "" {
			t.Fatalf("editing nothing changed something: %s", diff)
		}
		text := trees(t).String()
		n, err := Edit(old, text)
		if err != nil {
			t.Fatal(err)
		}
		if err := n.check(); err != nil {
			t.Fatal(err)
		}
		if n.String() != text {
			t.Fatalf("%s became %s", text, n)
		}
		if diff := cmp.Diff(was, keys(old)); diff != "" {
			t.Fatalf("the old tree changed: %s", diff)
		}
		again, err := Read(object(n))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(n, again, cmpopts.IgnoreUnexported(Node{})); diff != "" {
			t.Fatalf("read back: %s", diff)
		}
	})
}
