package scene

import (
	"math"
	"strconv"
	"strings"
	"unicode"

	"github.com/go-gl/mathgl/mgl64"

	"headscope/explorer/camera"
	"headscope/explorer/expr"
	"headscope/explorer/layout"
	"headscope/explorer/session"
)

const (
	tokenLetters = 12   // that the label of a token has at most
	tokenPixels  = 7    // an element smaller than that has no label
	tokenSize    = 0.9  // of a label's em, in elements: lines stand one element apart
	tokenGrey    = 0.7  // of labels
	tokenAir     = 0.75 // between a label and the middle of the element next to it, in elements
)

// Tokens are the texts that a prompt was cut into, and which of them is chosen; -1 for none.
type Tokens struct {
	Texts  []string
	Chosen int
	Beside []layout.Matrix // in the planes of matrices, next to their columns: labels of rows keep clear of them
}

// TokenAxis says whether one axis of a matrix is tokens: its elements are the first ones of a
// prompt of so many, or its one element is the last of them.
type TokenAxis struct {
	Of   int // 0: no tokens, or the last one
	Last bool
}

// first is the token that the axis begins with, and whether the axis is of these tokens.
func (a TokenAxis) first(n int) (int, bool) {
	if a.Last {
		return n - 1, n > 0
	}
	return 0, n > 0 && a.Of == n
}

// TokenAxes are those of a matrix.
type TokenAxes struct{ Rows, Cols TokenAxis }

// both reports whether rows and columns are tokens, as those of attention are.
func (a TokenAxes) both() bool { return a.Rows != TokenAxis{} && a.Cols != TokenAxis{} }

// FindTokens says of each matrix of a scene which axes are tokens: those of a model's
// activations, by the names of their files ([session.LeafName]), and in a product the rows of
// the left factor and the columns of the right one.
func FindTokens(s layout.Scene) []TokenAxes {
	all := make([]TokenAxes, len(s.Matrices))
	for i, m := range s.Matrices {
		all[i] = TokenAxes{rowTokens(m.Node), colTokens(m.Node)}
	}
	return all
}

func rowTokens(n *expr.Node) TokenAxis {
	for n.IsMatMul() {
		n = n.Left
	}
	name, ok := leafName(n)
	if rows, _ := name.Tokens(); !ok || !rows {
		return TokenAxis{}
	}
	if name.Kind == "inputl" {
		return TokenAxis{Last: true}
	}
	return TokenAxis{Of: name.Rows}
}

func colTokens(n *expr.Node) TokenAxis {
	for n.IsMatMul() {
		n = n.Right
	}
	name, ok := leafName(n)
	if _, cols := name.Tokens(); !ok || !cols {
		return TokenAxis{}
	}
	return TokenAxis{Of: name.Cols}
}

// leafName is what a leaf names of a model.
func leafName(n *expr.Node) (session.LeafName, bool) {
	if n.Init != "url" {
		return session.LeafName{}, false
	}
	return session.ParseLeafName(n.URL)
}

// TokenText is a token as its label has it: spaces seen as dots, escapes for what cannot be
// seen at all, and no more than a dozen letters.
func TokenText(token string) string {
	var letters []rune
	for _, r := range token {
		switch {
		case r == ' ':
			letters = append(letters, '·')
		case unicode.IsPrint(r):
			letters = append(letters, r)
		default:
			letters = append(letters, []rune(strings.Trim(strconv.QuoteRune(r), "'"))...)
		}
		if len(letters) > tokenLetters {
			return string(letters[:tokenLetters-1]) + "…"
		}
	}
	return string(letters)
}

// LabelTokens labels the tokens of a scene's matrices ([FindTokens] says which these are), a
// list of marks a matrix, flat in the matrix' plane: each row that stands for a token at the
// ends of the columns, and each column at the ends of the rows, on the sides away from what the
// matrix meets. The chosen token's is brighter, and where both axes are tokens its row is
// framed. Labels that are out of view up to a depth, or beside elements too small for them,
// are left out.
func LabelTokens(s layout.Scene, axes []TokenAxes, t Tokens, c camera.Camera, v camera.Viewport, depth float64, look Look) []Marks {
	l := tokenLabels{Tokens: t, viewer: newViewer(c, v), look: look, camera: c, viewport: v, depth: depth}
	all := make([]Marks, len(s.Matrices))
	cubes := s.Cubes
	for i := range s.Matrices {
		m := &s.Matrices[i]
		joint := m.ToWorld.Col(3).Vec3()
		if len(cubes) > 0 && cubes[0].Path == m.Path {
			joint = jointOf(&cubes[0])
			cubes = cubes[1:]
		}
		if axes[i].both() {
			all[i] = l.mark(m, axes[i], joint)
		}
	}
	return all
}

// tokenLabels is what the labels of all matrices have in common.
type tokenLabels struct {
	Tokens
	viewer   viewer
	look     Look
	camera   camera.Camera
	viewport camera.Viewport
	depth    float64
}

// mark is one matrix' labels, and the frame of the chosen row.
func (l *tokenLabels) mark(m *layout.Matrix, axes TokenAxes, joint mgl64.Vec3) (g Marks) {
	p := planeOf(m)
	right, bottom := m.Cols.At(m.Cols.N-1), m.Rows.At(m.Rows.N-1)
	jx, jy := p.local(joint)
	if first, ok := axes.Rows.first(len(l.Texts)); ok {
		lo, hi := l.beside(p, m)
		x, outward := lo-tokenAir, p.x.Mul(-1)
		if jx < right/2 {
			x, outward = hi+tokenAir, p.x
		}
		at := func(i int) mgl64.Vec3 { return p.at(x, m.Rows.At(i)) }
		g.Labels = l.column(g.Labels, m.Rows, first, at, outward, p.y)
		if i := l.Chosen - first; l.Chosen >= 0 && i >= 0 && i < m.Rows.N {
			g.Lines = frame(p, -0.5, right+0.5, m.Rows.At(i)-0.5, m.Rows.At(i)+0.5, l.look.Guide(1))
		}
	}
	if first, ok := axes.Cols.first(len(l.Texts)); ok {
		y := -tokenAir
		outward := p.y.Mul(-1)
		if jy < bottom/2 {
			y, outward = bottom+tokenAir, p.y
		}
		at := func(j int) mgl64.Vec3 { return p.at(m.Cols.At(j), y) }
		g.Labels = l.column(g.Labels, m.Cols, first, at, outward, p.x)
	}
	return g
}

// beside is where, along the rows of a matrix, it and what stands beside it in its plane begin
// and end: the middles of the outermost columns.
func (l *tokenLabels) beside(p plane, m *layout.Matrix) (left, right float64) {
	right = m.Cols.At(m.Cols.N - 1)
	for i := range l.Beside {
		b := planeOf(&l.Beside[i])
		if off := b.origin.Sub(p.origin).Dot(p.x.Cross(p.y)); math.Abs(off) > 1e-3 || b.x.Dot(p.x) < 0.999 || l.Beside[i].Rows != m.Rows {
			continue
		}
		x, y := p.local(b.origin)
		if math.Abs(y) < 1e-3 {
			left, right = min(left, x), max(right, x+l.Beside[i].Cols.At(l.Beside[i].Cols.N-1))
		}
	}
	return left, right
}

// column adds the labels of an axis: each begins at a point and reads outwards, or ends
// there and reads inwards; along is the direction of the axis.
func (l *tokenLabels) column(labels []Label, a layout.Axis, first int, at func(int) mgl64.Vec3, outward, along mgl64.Vec3) []Label {
	lo, hi := l.reach(a, at(0), outward, along)
	for i := lo; i < min(hi, len(l.Texts)-first); i++ {
		place, token := at(i), first+i
		text := TokenText(l.Texts[token])
		if text == "" || l.viewer.pixels(place, 1) < tokenPixels {
			continue
		}
		colour := l.look.Guide(tokenGrey)
		if token == l.Chosen {
			colour = l.look.Guide(1)
		}
		right, up := l.viewer.readable(place, outward, along)
		shift := -0.5
		if right.Dot(outward) > 0 {
			shift = 0.5
		}
		labels = append(labels, Label{At: place, Shift: shift, Right: right, Up: up, Size: tokenSize, Text: text, Colour: colour})
	}
	return labels
}

// reach is the range of an axis whose labels may be in view: they are the rows of a matrix as
// wide as a label is long.
func (l *tokenLabels) reach(a layout.Axis, at, outward, along mgl64.Vec3) (lo, hi int) {
	long := int(width(strings.Repeat("m", tokenLetters), tokenSize))
	strip := layout.Matrix{Rows: a, Cols: layout.NewAxis(1+long, 1, 0), ToWorld: mgl64.Mat4FromCols(
		outward.Vec4(0), along.Vec4(0), outward.Cross(along).Vec4(0), at.Vec4(1))}
	rows, _, ok := Reach(strip, l.camera, l.viewport, Whole(l.viewport), l.depth)
	if !ok {
		return 0, 0
	}
	return rows.Lo, rows.Hi
}

// frame is the outline of a rectangle of a plane.
func frame(p plane, x0, x1, y0, y1 float64, colour Colour) []Line {
	a, b, c, d := p.at(x0, y0), p.at(x1, y0), p.at(x1, y1), p.at(x0, y1)
	return []Line{{a, b, guidePixels, colour}, {b, c, guidePixels, colour}, {c, d, guidePixels, colour}, {d, a, guidePixels, colour}}
}
