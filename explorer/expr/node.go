package expr

import "maps"

// The bounds of a tree: far above any session, low enough that a hostile link can neither
// exhaust the stack nor overflow a product of two dimensions.
const (
	MaxDepth = 256     // nodes from the root to a leaf
	MaxNodes = 4096    // leaves and matmuls
	MaxDim   = 1 << 20 // rows or columns of a matrix, and blocks of a dimension
)

// Node is one matrix of an expression: a leaf, whose values are given, or a matmul, the
// product of its two children followed by an epilog.
//
// Its settings are resolved: what the session leaves out was filled in from the parent,
// key by key, and at the root from the defaults ([Node.Resolve]).
type Node struct {
	Name        string // own, or the expansion of a matmul without one: "attn @ V"
	Left, Right *Node  // nil: a leaf
	Leaf
	Epilog string // of a matmul: applied to the whole product
	Anim   Anim
	Block  Block
	Layout Layout
	Deco   Deco
	Viz    Viz

	// Extra is what a session says of the node that no field holds, as the nested JSON
	// object it came in, so that writing gives it back: GUI state such as anim.folder.
	Extra map[string]any

	own map[string]bool // keys of settings the node was given itself
}

// Leaf says how a leaf's values come about. A matmul may carry one too: it keeps the H and
// W it had before it became a matmul, which are not its shape ([Node.Shape]).
type Leaf struct {
	H, W     int     // rows and columns
	Init     string  // "row major", "gaussian", "url", "expr" ...
	URL      string  // of a CSV, for init "url"
	Expr     string  // JavaScript in i, j, h, w, for init "expr"
	Min, Max float64 // what the scaled inits span
	Dropout  float64 // probability of a 0
}

// Anim says how a matmul is animated.
type Anim struct {
	Fuse       string  // "none", "sync", "async"
	Speed      float64 // steps a second
	HideInputs bool
	Alg        string  // "none", "inherit", "vmprod" ...
	Spin       float64 // of the camera about the vertical
}

// Block counts the blocks along a matmul's three dimensions. Of a matrix seen alone, rows
// are in I blocks and columns in J.
type Block struct{ I, K, J int }

// Layout says where a matmul puts its children and its result.
type Layout struct {
	Scheme   string  // how a child's placement follows its parent's: "blocks", "zigzag", "wheel", "custom"
	Gap      float64 // between blocks and around a matrix, in elements
	Scatter  float64 // extra distance of a child
	Molecule float64 // matmuls a child needs to be scattered
	Blast    float64 // growth of the scatter with the matmuls below
	Polarity string  // "negative", "positive"
	Left     string  // placement of the left child: "left", "right"
	Right    string  // placement of the right child: "top", "bottom"
	Result   string  // placement of the result: "front", "back"
}

// Deco sets the decoration. Guides are brightnesses, 0 to 1.
type Deco struct {
	Legends           float64 // text size; 0: none
	Shape             bool    // dimension labels
	Spotlight         float64 // reach of the numeric values, in elements
	RowGuides         float64
	FlowGuides        float64
	LensSize          float64 // side of the lens over the window's height
	Magnification     float64
	InteriorSpotlight bool
	Axes              bool
}

// Viz sets sizes and colours of elements. Lightness and hue are 0 to 1.
type Viz struct {
	Sensitivity string  // whose largest value is full scale: "local", "global", "semilocal", "superlocal"
	MinSize     float64 // of an element other than 0, as a part of the full size
	MinLight    float64
	MaxLight    float64
	ElemScale   float64 // the full size
	ZeroHue     float64
	HueGap      float64 // from the hue of 0 to that of either sign
	HueSpread   float64 // within a sign
}

// IsMatMul tells a matmul from a leaf.
func (n *Node) IsMatMul() bool { return n.Left != nil }

// Shape returns the dimensions of a matmul: h x d times d x w. A leaf has d = 0.
func (n *Node) Shape() (h, d, w int) {
	if !n.IsMatMul() {
		return n.H, 0, n.W
	}
	return n.Left.Rows(), n.Left.Cols(), n.Right.Cols()
}

// Rows is the number of rows of the matrix, leaf or result.
func (n *Node) Rows() int {
	for n.IsMatMul() {
		n = n.Left
	}
	return n.H
}

// Cols is the number of columns of the matrix, leaf or result.
func (n *Node) Cols() int {
	for n.IsMatMul() {
		n = n.Right
	}
	return n.W
}

// MatMuls counts the matmuls at and below n.
func (n *Node) MatMuls() int {
	if !n.IsMatMul() {
		return 0
	}
	return 1 + n.Left.MatMuls() + n.Right.MatMuls()
}

// Walk visits n and all nodes below it, a parent before its children and the left child
// before the right. The path of n is "root", that of another node the sides one takes to
// it: "left.right".
func (n *Node) Walk(visit func(path string, n *Node)) {
	n.walk("", visit)
}

func (n *Node) walk(path string, visit func(string, *Node)) {
	if path == "" {
		visit("root", n)
	} else {
		visit(path, n)
	}
	if n.IsMatMul() {
		n.Left.walk(join(path, "left"), visit)
		n.Right.walk(join(path, "right"), visit)
	}
}

// At returns the node at a path as [Node.Walk] names it, or nil if there is none.
func (n *Node) At(path string) *Node {
	var found *Node
	n.Walk(func(p string, m *Node) {
		if p == path {
			found = m
		}
	})
	return found
}

// Clone returns a copy of the tree that shares nothing with it but the values in Extra,
// which nobody writes to.
func (n *Node) Clone() *Node {
	c := *n
	c.own, c.Extra = maps.Clone(n.own), maps.Clone(n.Extra)
	if n.IsMatMul() {
		c.Left, c.Right = n.Left.Clone(), n.Right.Clone()
	}
	return &c
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
