package layout

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"headscope/explorer/expr"
)

// check refuses a tree that has no geometry: shapes that do not fit, settings that are no
// numbers or no placements. The error says which node and setting, and what was expected.
func check(root *expr.Node) error {
	var err error
	root.Walk(func(path string, n *expr.Node) {
		if err == nil {
			err = checkNode(path, n)
		}
	})
	return err
}

func checkNode(path string, n *expr.Node) error {
	if n.IsMatMul() {
		if d, e := n.Left.Cols(), n.Right.Rows(); d != e {
			return fmt.Errorf("%s (%s) multiplies %d columns by %d rows: expected as many rows as columns", n.Name, path, d, e)
		}
	} else if n.H < 1 || n.W < 1 || n.H > expr.MaxDim || n.W > expr.MaxDim {
		return fmt.Errorf("%s (%s) is %d x %d: expected 1 to %d rows and columns", n.Name, path, n.H, n.W, expr.MaxDim)
	}
	l := n.Layout
	for _, s := range []struct {
		key     string
		value   float64
		atLeast float64
	}{
		{"gap", l.Gap, 0},
		{"scatter", l.Scatter, math.Inf(-1)},
		{"molecule", l.Molecule, math.Inf(-1)},
		{"blast", l.Blast, math.Inf(-1)},
	} {
		if math.IsNaN(s.value) || math.IsInf(s.value, 0) || s.value < s.atLeast {
			expected := "a number"
			if s.atLeast == 0 {
				expected += " from 0"
			}
			return fmt.Errorf("layout.%s of %s (%s) is %v: expected %s", s.key, n.Name, path, s.value, expected)
		}
	}
	for _, s := range []struct {
		key, value string
		choices    []string
	}{
		{"scheme", l.Scheme, expr.Schemes},
		{"polarity", l.Polarity, []string{negative, positive}},
		{"left placement", l.Left, []string{left, right}},
		{"right placement", l.Right, []string{top, bottom}},
		{"result placement", l.Result, []string{front, back}},
	} {
		if !slices.Contains(s.choices, s.value) {
			return fmt.Errorf("layout.%s of %s (%s) is %q: expected one of %s",
				s.key, n.Name, path, s.value, strings.Join(s.choices, ", "))
		}
	}
	return nil
}
