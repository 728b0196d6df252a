package layout

import "headscope/explorer/expr"

// The placements, as sessions spell them.
const (
	negative, positive = "negative", "positive"
	left, right        = "left", "right"
	top, bottom        = "top", "bottom"
	front, back        = "front", "back"
)

// Derive gives every matmul below the root the placements that its parent's layout scheme
// gives it; under "custom" a child keeps its own. It is for after an edit of a scheme, of
// the root's polarity or placements, or of the expression: a session that was read keeps
// what it says. Deriving twice changes nothing more.
func Derive(root *expr.Node) error {
	if err := check(root); err != nil {
		return err
	}
	return derive(root)
}

func derive(n *expr.Node) error {
	if !n.IsMatMul() {
		return nil
	}
	if n.Layout.Scheme != "custom" {
		l, r := children(n.Layout.Scheme, placementOf(n.Layout))
		if err := l.set(n.Left); err != nil {
			return err
		}
		if err := r.set(n.Right); err != nil {
			return err
		}
	}
	if err := derive(n.Left); err != nil {
		return err
	}
	return derive(n.Right)
}

// placement is where a matmul puts its parts, each a choice of two.
type placement struct {
	positive bool // polarity
	right    bool // the left child stands on the right
	bottom   bool // the right child stands below
	back     bool // the result lies at the back
}

func placementOf(l expr.Layout) placement {
	return placement{l.Polarity == positive, l.Left == right, l.Right == bottom, l.Result == back}
}

// children are the placements of the left and the right child under a scheme. "wheel"
// repeats the parent's. Under the others a child's result faces the cube that uses it, and
// the grandchild along the depth (the left one of a left child, the right one of a right
// child) stands away from the result of the cube; the other grandchild changes sides from
// generation to generation under "blocks" and stays on its side under "zigzag".
func children(scheme string, p placement) (l, r placement) {
	if scheme == "wheel" {
		return p, p
	}
	l = placement{!p.positive, p.positive != p.back, p.bottom, p.positive == p.right}
	r = placement{!p.positive, p.right, p.positive != p.back, p.positive == p.bottom}
	if scheme == "blocks" {
		l.bottom, r.right = !p.bottom, !p.right
	}
	return l, r
}

// set makes the placement a matmul's own. A leaf has nothing to place.
func (p placement) set(n *expr.Node) error {
	if !n.IsMatMul() {
		return nil
	}
	for _, s := range []struct {
		key     string
		choice  bool
		no, yes string
	}{
		{"layout.polarity", p.positive, negative, positive},
		{"layout.left placement", p.right, left, right},
		{"layout.right placement", p.bottom, top, bottom},
		{"layout.result placement", p.back, front, back},
	} {
		value := s.no
		if s.choice {
			value = s.yes
		}
		if err := n.Set(s.key, value); err != nil {
			return err
		}
	}
	return nil
}
