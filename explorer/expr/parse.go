package expr

import (
	"fmt"
	"strings"
	"unicode"
)

// SyntaxError is what is wrong with the text of an expression.
type SyntaxError struct {
	Text    string // of the expression
	Column  int    // of the character where it shows, from 1
	Problem string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("expression, column %d: %s", e.Column, e.Problem)
}

// Excerpt is the place of the problem in two lines: the text about it, and a caret below
// the character.
func (e *SyntaxError) Excerpt() string {
	const around = 36 // characters either side
	text := []rune(e.Text)
	at := min(e.Column-1, len(text))
	from, to := max(at-around, 0), min(at+around, len(text))
	before, after := "", ""
	if from > 0 {
		before = "..."
	}
	if to < len(text) {
		after = "..."
	}
	shown := strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return ' '
		}
		return c
	}, string(text[from:to]))
	return before + shown + after + "\n" + strings.Repeat(" ", len(before)+at-from) + "^"
}

// Parse reads an expression into a tree of names; settings and shapes are left zero
// ([Edit] fills them). The grammar, where @ associates to the left:
//
//	expr := [name =] term (@ term)*
//	term := name | ( expr )
//	name := a letter, digit or _ ..., then any of those and . - ! # $ % ^ & / [ ]
//
// A product without a name is named by its expansion. Errors are of type [*SyntaxError].
func Parse(text string) (*Node, error) {
	p := parser{text: []rune(text), height: map[*Node]int{}}
	n, err := p.expr(0)
	if err == nil && p.peek() != end {
		err = p.unexpected(`"@" or the end`)
	}
	if err != nil {
		return nil, err
	}
	return n, nil
}

// end is what peek sees behind the text. It is no character.
const end = rune(-1)

type parser struct {
	text   []rune
	at     int           // index of the next character
	nodes  int           // read so far
	height map[*Node]int // of the matmuls read so far: nodes from there to the lowest leaf, less 1
}

// peek skips blanks and returns the next character.
func (p *parser) peek() rune {
	for p.at < len(p.text) && strings.ContainsRune(" \t\r\n", p.text[p.at]) {
		p.at++
	}
	if p.at == len(p.text) {
		return end
	}
	return p.text[p.at]
}

func (p *parser) fail(at int, format string, args ...any) error {
	return &SyntaxError{string(p.text), at + 1, fmt.Sprintf(format, args...)}
}

func (p *parser) unexpected(expected string) error {
	found := "the end"
	if c := p.peek(); c != end {
		found = fmt.Sprintf("%q", string(c))
	}
	return p.fail(p.at, "found %s, expected %s", found, expected)
}

// expr reads an expression within depth parentheses.
func (p *parser) expr(depth int) (*Node, error) {
	name, start := "", 0
	if p.peek(); p.named() {
		start = p.at
		name = p.name()
		p.peek()
		p.at++ // the =
	}
	n, err := p.term(depth)
	if err != nil {
		return nil, err
	}
	for p.peek() == '@' {
		at := p.at
		p.at++
		right, err := p.term(depth)
		if err != nil {
			return nil, err
		}
		if n, err = p.product(n, right, at); err != nil {
			return nil, err
		}
	}
	switch {
	case name == "":
		return n, nil
	case !n.IsMatMul():
		return nil, p.fail(start, "%s = names a product, but %s is a single matrix", name, n.Name)
	case n.named():
		return nil, p.fail(start, "the product has two names, %s and %s", name, n.Name)
	}
	n.Name = name
	return n, nil
}

// named tells whether "name =" comes next.
func (p parser) named() bool { return p.name() != "" && p.peek() == '=' }

func (p *parser) term(depth int) (*Node, error) {
	switch c := p.peek(); {
	case c == '(':
		if depth+1 >= MaxDepth {
			return nil, p.fail(p.at, "more than %d parentheses deep", MaxDepth)
		}
		p.at++
		n, err := p.expr(depth + 1)
		if err != nil {
			return nil, err
		}
		if p.peek() != ')' {
			return nil, p.unexpected(`"@" or ")"`)
		}
		p.at++
		return n, nil
	case isWord(c):
		at := p.at
		n := &Node{Name: p.name()}
		return n, p.count(at)
	default:
		return nil, p.unexpected(`a name or "("`)
	}
}

func (p *parser) product(left, right *Node, at int) (*Node, error) {
	n := &Node{Left: left, Right: right}
	p.height[n] = 1 + max(p.height[left], p.height[right])
	if p.height[n] >= MaxDepth {
		return nil, p.fail(at, "more than %d matrices deep", MaxDepth)
	}
	n.Name = n.expansion()
	if len(n.Name) > maxName {
		return nil, p.fail(at, "an unnamed product of more than %d letters: give its parts names", maxName)
	}
	return n, p.count(at)
}

// maxName bounds the letters of an expansion. Expansions hold their children's, so
// without a bound those of a deep tree would take the square of its text.
const maxName = 1 << 12

func (p *parser) count(at int) error {
	if p.nodes++; p.nodes > MaxNodes {
		return p.fail(at, "more than %d matrices", MaxNodes)
	}
	return nil
}

// name reads a name, or nothing where none starts.
func (p *parser) name() string {
	start := p.at
	for p.at < len(p.text) && (isWord(p.text[p.at]) || p.at > start && strings.ContainsRune(nameMarks, p.text[p.at])) {
		p.at++
	}
	return string(p.text[start:p.at])
}

const nameMarks = ".-!#$%^&/[]"

func isWord(c rune) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// expansion is what a product without a name of its own is called.
func (n *Node) expansion() string {
	right := n.Right.token()
	if strings.Contains(right, " ") {
		right = "(" + right + ")"
	}
	return n.Left.token() + " @ " + right
}

// named tells a matmul with a name of its own from one that is called by its expansion.
// A name that no expression can hold, such as the expansion from before a child was
// renamed, does not count.
func (n *Node) named() bool { return isName(n.Name) }

func isName(s string) bool {
	p := parser{text: []rune(s)}
	return s != "" && p.name() == s
}

// token is the name of a node as it stands in an expression: its own, where an expression
// can hold it; of another matmul the expansion; of another leaf the letters that can stay.
func (n *Node) token() string {
	switch {
	case isName(n.Name):
		return n.Name
	case n.IsMatMul():
		return n.expansion()
	}
	s := strings.Map(func(c rune) rune {
		if isWord(c) || strings.ContainsRune(nameMarks, c) {
			return c
		}
		return '_'
	}, n.Name)
	if !isName(s) {
		s = "_" + s
	}
	return s
}

// String prints the tree as an expression, the inverse of [Parse]: a matmul as
// "name = left @ right" or, where its name is its expansion, "left @ right". A named left
// child and every right matmul child stand in parentheses.
func (n *Node) String() string {
	s := printer{}
	s.node(n)
	return s.String()
}

// column is where the node stands in the expression of the whole tree, from 1.
func (n *Node) column(of *Node) int {
	s := printer{of: of}
	s.node(n)
	return s.column
}

type printer struct {
	strings.Builder
	of     *Node // whose column is wanted
	column int
}

func (s *printer) node(n *Node) {
	if n == s.of {
		s.column = s.Len() + 1
	}
	if !n.IsMatMul() {
		s.WriteString(n.token())
		return
	}
	if n.named() {
		s.WriteString(n.Name + " = ")
	}
	s.child(n.Left, n.Left.IsMatMul() && n.Left.named())
	s.WriteString(" @ ")
	s.child(n.Right, n.Right.IsMatMul())
}

func (s *printer) child(n *Node, parens bool) {
	if parens {
		s.WriteString("(")
	}
	s.node(n)
	if parens {
		s.WriteString(")")
	}
}
