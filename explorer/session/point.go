package session

import (
	"fmt"
	"regexp"
	"strings"

	"headscope/explorer/expr"
)

// scaledEpilog scales scores by the square root of 64. Queries below it are taken scaled
// (wqs), so that it does for heads of any width.
const scaledEpilog = "softmax(tril(x/8))"

// Point lets the leaves that name a model's matrices name those of another layer, head,
// sample and length of input, with or without biases, of a model of the same sizes or of
// others. What their URLs have before the file's name stays, and so do the camera and all
// settings. A leaf's name that is numbered as in the built-in sessions gets the new numbers,
// any other stays.
//
// Other leaves follow the shapes of those that they meet in a product. A leaf that shows only
// the first rows or columns of its file goes on to. Biases are left out where a leaf meets one
// without room for them. Head, Sample and NoBias become the shape's; a selection or chosen token
// that is no more is dropped. On an error nothing has changed.
func (s *Session) Point(to Shape) error {
	p := pointer{root: s.Root.Clone(), to: to, names: map[*expr.Node]LeafName{}, meets: map[side]side{}}
	hidden := 0
	for _, n := range leaves(p.root) {
		if name, ok := ParseLeafName(n.URL); ok && n.Init == "url" {
			p.names[n] = name
			if strings.Contains(kinds[name.Kind].size, "F") {
				hidden = 1
			}
		}
	}
	if err := to.check(hidden); err != nil {
		return err
	}
	p.visit(p.root, false)
	for _, n := range leaves(p.root) {
		if _, ok := p.names[n]; !ok {
			continue
		}
		if err := p.point(n); err != nil {
			return err
		}
	}
	if err := p.agree(); err != nil {
		return err
	}
	s.Root = p.root
	s.shows(to)
	if s.Selection.check(s.Root) != nil {
		s.Selection = Selection{}
	}
	if s.Token >= to.Tokens {
		s.Token = -1
	}
	return nil
}

// shows notes which head of a model the leaves are of.
func (s *Session) shows(shape Shape) {
	s.Head, s.Sample, s.NoBias = HeadName(shape.Layer, shape.Head), shape.Sample, !shape.Bias
}

// pointer points the leaves of a tree to a shape's matrices.
type pointer struct {
	root  *expr.Node
	to    Shape
	names map[*expr.Node]LeafName // what the leaves name that name a model's matrices
	meets map[side]side           // the sides that meet in a product, either way
}

// side is a dimension of a leaf.
type side struct {
	leaf *expr.Node
	cols bool
}

func (s side) size() *int {
	if s.cols {
		return &s.leaf.W
	}
	return &s.leaf.H
}

// visit notes which sides meet at a node and below it, and names queries scaled where they
// are to be. It returns the sides that the matrix shows to the outside: its rows and its
// columns.
func (p *pointer) visit(n *expr.Node, scaled bool) (rows, cols side) {
	if !n.IsMatMul() {
		if name := p.names[n]; name.Kind == "wq" || name.Kind == "wqs" {
			name.Kind = "wq"
			if scaled {
				name.Kind = "wqs"
			}
			p.names[n] = name
		}
		return side{n, false}, side{n, true}
	}
	scaled = scaled || n.Epilog == scaledEpilog
	rows, left := p.visit(n.Left, scaled)
	right, cols := p.visit(n.Right, scaled)
	p.meets[left], p.meets[right] = right, left
	return rows, cols
}

// widened is the side of a model's leaf that biases make longer by 1, if it has one.
func (p *pointer) widened(n *expr.Node) (side, bool) {
	i := strings.IndexByte(kinds[p.names[n].Kind].size, 'E')
	return side{n, i == 1}, i >= 0
}

// biased reports whether a leaf is with biases, if the shape is: not where what it is
// multiplied by has no room for them.
func (p *pointer) biased(n *expr.Node) bool {
	mine, ok := p.widened(n)
	other, met := p.meets[mine]
	if !ok || !met {
		return true
	}
	its, ok := p.widened(other.leaf)
	return ok && its == other
}

// point lets one leaf name the matrix of the new shape, and gives it its shape and name.
func (p *pointer) point(n *expr.Node) error {
	was, _ := ParseLeafName(n.URL)
	now := p.to.file(p.names[n].Kind, p.to.Bias && p.biased(n))
	follow := func(shown *int, was, now int) {
		if *shown == was {
			*shown = now
		} else {
			*shown = min(*shown, now)
		}
	}
	follow(&n.H, was.Rows, now.Rows)
	follow(&n.W, was.Cols, now.Cols)
	n.URL = n.URL[:strings.LastIndexByte(n.URL, '/')+1] + p.to.unscaled(now).String()
	of := kinds[now.Kind].of
	numbers := twoNumbers
	if of == ofLayer {
		numbers = oneNumber
	}
	if m := numbers.FindStringSubmatch(n.Name); m != nil && parts[m[1]].file != "" && kinds[parts[m[1]].file].of == of {
		return p.root.Rename(n, m[1]+p.to.suffix(of))
	}
	return nil
}

// Names as the built-in sessions number them.
var (
	oneNumber  = regexp.MustCompile(`^(.+)_\d+$`)
	twoNumbers = regexp.MustCompile(`^(.+)_\d+_\d+$`)
)

// agree gives leaves that are no model's the length of what they meet, and refuses a
// product of matrices of a model that do not fit.
func (p *pointer) agree() error {
	for _, n := range leaves(p.root) {
		left := side{n, true}
		right, met := p.meets[left]
		if !met || *left.size() == *right.size() {
			continue
		}
		_, leftGiven := p.names[left.leaf]
		_, rightGiven := p.names[right.leaf]
		switch {
		case !rightGiven:
			*right.size() = *left.size()
		case !leftGiven:
			*left.size() = *right.size()
		default:
			return fmt.Errorf("%.40s would have %d columns and %.40s %d rows, expected as many: their product is of no such head",
				n.Name, n.W, right.leaf.Name, right.leaf.H)
		}
	}
	return nil
}
