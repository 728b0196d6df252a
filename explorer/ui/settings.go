package ui

import (
	"strings"

	"headscope/explorer/expr"
)

// The kinds of nodes that a setting is shown for.
const (
	ofRoot    = 1 << iota // as the whole session's
	ofProduct             // a matmul below the root
	ofLeaf
	ofMatMul = ofRoot | ofProduct
	ofAll    = ofMatMul | ofLeaf
)

// setting is a setting of mm as its row shows it. What control fits it says its field: one of
// choices, a checkbox for a bool, a text, a slider from min to max for a number, or, without
// those, a number without bounds.
type setting struct {
	key      string // as expr.Node.Set takes it
	of       int    // kinds of nodes
	field    func(n *expr.Node) any
	choices  []string
	min, max float64
	steps    float64                 // to a whole number: that many are 1
	most     func(n *expr.Node) int  // of a count, in place of max
	applies  func(n *expr.Node) bool // nil: always
	about    string
}

// label is the setting's name in mm's panels.
func (r *setting) label() string { return r.key[strings.IndexByte(r.key, '.')+1:] }

// group is the panel of mm that the setting is in, "" for a leaf's own and the epilog.
func (r *setting) group() string { return r.key[:max(0, strings.IndexByte(r.key, '.'))] }

// groups are mm's panels, and what they are about.
var groups = []struct{ name, about string }{
	{"anim", "How a product is computed step by step"},
	{"block", "The blocks that a product is cut into"},
	{"layout", "Where a product's arguments and result stand"},
	{"deco", "What is written and drawn around the matrices"},
	{"viz", "Sizes and colours of the elements"},
}

// placing are the settings that a layout scheme decides for the matmuls below: changing one
// places those anew.
func (r *setting) placing() bool { return r.key == "layout.scheme" || r.placement() }

// placement tells whether the parent's scheme decides the setting of a matmul.
func (r *setting) placement() bool {
	return r.key == "layout.polarity" || strings.HasSuffix(r.key, " placement")
}

// settings are all there are, in the order of the panels.
var settings = []setting{
	{key: "epilog", of: ofMatMul, field: func(n *expr.Node) any { return &n.Epilog }, choices: expr.Epilogs,
		about: "What is done to the whole product"},
	{key: "init", of: ofLeaf, field: func(n *expr.Node) any { return &n.Init }, choices: expr.Inits,
		about: "Where the values come from"},
	{key: "url", of: ofLeaf, field: func(n *expr.Node) any { return &n.URL }, applies: inits("url"),
		about: "A matrix of the model, or a file: CSV without a header, or npy"},
	{key: "expr", of: ofLeaf, field: func(n *expr.Node) any { return &n.Expr }, applies: inits("expr"),
		about: "JavaScript in i, j, h and w"},
	{key: "min", of: ofLeaf, field: func(n *expr.Node) any { return &n.Min }, steps: 1000, applies: inits(ranged...),
		about: "The values' lower end"},
	{key: "max", of: ofLeaf, field: func(n *expr.Node) any { return &n.Max }, steps: 1000, applies: inits(ranged...),
		about: "The values' upper end"},
	{key: "dropout", of: ofLeaf, field: func(n *expr.Node) any { return &n.Dropout }, max: 1, steps: 1000,
		applies: inits(append([]string{"pt linear"}, ranged...)...), about: "The probability that an element is 0"},
	{key: "h", of: ofLeaf, field: func(n *expr.Node) any { return &n.H }, about: "Rows; what it is multiplied by follows"},
	{key: "w", of: ofLeaf, field: func(n *expr.Node) any { return &n.W }, about: "Columns; what it is multiplied by follows"},

	{key: "anim.fuse", of: ofMatMul, field: func(n *expr.Node) any { return &n.Anim.Fuse }, choices: expr.Fuses,
		about: "Whether a product steps together with arguments that are not done"},
	{key: "anim.speed", of: ofRoot, field: func(n *expr.Node) any { return &n.Anim.Speed }, min: 1, max: 100, steps: 1,
		about: "Steps a second"},
	{key: "anim.hide inputs", of: ofMatMul, field: func(n *expr.Node) any { return &n.Anim.HideInputs },
		about: "Hide arguments while they are in use"},
	{key: "anim.alg", of: ofMatMul, field: func(n *expr.Node) any { return &n.Anim.Alg }, choices: expr.Algs,
		about: "What one step of a product is"},
	{key: "anim.spin", of: ofRoot, field: func(n *expr.Node) any { return &n.Anim.Spin }, min: -10, max: 10, steps: 10,
		about: "Turns of the camera a minute"},

	{key: "block.i blocks", of: ofRoot, field: func(n *expr.Node) any { return &n.Block.I },
		most: func(n *expr.Node) int { return n.Rows() }, about: "Blocks of the result's rows"},
	{key: "block.j blocks", of: ofRoot, field: func(n *expr.Node) any { return &n.Block.J },
		most: func(n *expr.Node) int { return n.Cols() }, about: "Blocks of the result's columns"},
	{key: "block.k blocks", of: ofMatMul, field: func(n *expr.Node) any { return &n.Block.K },
		most: func(n *expr.Node) int { return n.Left.Cols() }, about: "Blocks of the inner dimension"},

	{key: "layout.scheme", of: ofMatMul, field: func(n *expr.Node) any { return &n.Layout.Scheme }, choices: expr.Schemes,
		about: "How the arguments' placements follow the product's"},
	{key: "layout.gap", of: ofMatMul, field: func(n *expr.Node) any { return &n.Layout.Gap }, max: 32, steps: 1,
		about: "Air around a matrix and between its blocks, in elements"},
	{key: "layout.scatter", of: ofMatMul, field: func(n *expr.Node) any { return &n.Layout.Scatter }, max: 64, steps: 1,
		about: "Extra distance of an argument that is a product, in elements"},
	{key: "layout.molecule", of: ofMatMul, field: func(n *expr.Node) any { return &n.Layout.Molecule }, min: 1, max: 10, steps: 1,
		about: "Products that an argument must have to be scattered"},
	{key: "layout.blast", of: ofMatMul, field: func(n *expr.Node) any { return &n.Layout.Blast }, min: -2, max: 2, steps: 100,
		about: "Growth of the scatter with the products of an argument"},
	{key: "layout.polarity", of: ofMatMul, field: func(n *expr.Node) any { return &n.Layout.Polarity },
		choices: []string{"negative", "positive"}, about: "The end of the inner dimension that is at the front: the last or the first"},
	{key: "layout.left placement", of: ofMatMul, field: func(n *expr.Node) any { return &n.Layout.Left },
		choices: []string{"left", "right"}, about: "Side of the left argument"},
	{key: "layout.right placement", of: ofMatMul, field: func(n *expr.Node) any { return &n.Layout.Right },
		choices: []string{"top", "bottom"}, about: "Side of the right argument"},
	{key: "layout.result placement", of: ofMatMul, field: func(n *expr.Node) any { return &n.Layout.Result },
		choices: []string{"front", "back"}, about: "Side of the result"},

	{key: "deco.legends", of: ofAll, field: func(n *expr.Node) any { return &n.Deco.Legends }, max: 20, steps: 10,
		about: "Size of the names; 0: none"},
	{key: "deco.shape", of: ofAll, field: func(n *expr.Node) any { return &n.Deco.Shape },
		about: "Show dimensions"},
	{key: "deco.row guides", of: ofAll, field: func(n *expr.Node) any { return &n.Deco.RowGuides }, max: 1, steps: 1000,
		about: "Brightness of the lines along the rows"},
	{key: "deco.flow guides", of: ofMatMul, field: func(n *expr.Node) any { return &n.Deco.FlowGuides }, max: 1, steps: 1000,
		about: "Brightness of the arrows to the results"},
	{key: "deco.axes", of: ofRoot, field: func(n *expr.Node) any { return &n.Deco.Axes },
		about: "The world's axes: x red, y green, z blue"},
	{key: "deco.lens size", of: ofRoot, field: func(n *expr.Node) any { return &n.Deco.LensSize }, max: 1, steps: 100,
		about: "Side of the magnifier over the window's height"},
	{key: "deco.magnification", of: ofRoot, field: func(n *expr.Node) any { return &n.Deco.Magnification }, min: 1, max: 32, steps: 10,
		about: "Of the magnifier"},
	{key: "deco.spotlight", of: ofAll, field: func(n *expr.Node) any { return &n.Deco.Spotlight }, max: 10, steps: 1,
		about: "Within how many elements of the pointer the magnifier shows values"},
	{key: "deco.interior spotlight", of: ofRoot, field: func(n *expr.Node) any { return &n.Deco.InteriorSpotlight },
		about: "Values of the planes inside an animated cube, too"},

	{key: "viz.sensitivity", of: ofAll, field: func(n *expr.Node) any { return &n.Viz.Sensitivity }, choices: expr.Sensitivities,
		about: "Whose largest |x| is full size and light: that of all matrices, of this one, or between them"},
	{key: "viz.min size", of: ofAll, field: func(n *expr.Node) any { return &n.Viz.MinSize }, max: 1, steps: 1000,
		about: "Size at the low end, as a part of the full size"},
	{key: "viz.min light", of: ofAll, field: func(n *expr.Node) any { return &n.Viz.MinLight }, max: 1, steps: 1000,
		about: "Lightness at the low end"},
	{key: "viz.max light", of: ofAll, field: func(n *expr.Node) any { return &n.Viz.MaxLight }, max: 1, steps: 1000,
		about: "Lightness at the high end"},
	{key: "viz.elem scale", of: ofAll, field: func(n *expr.Node) any { return &n.Viz.ElemScale }, max: 3, steps: 1000,
		about: "The full size; from about 1.6 on balls touch"},
	{key: "viz.zero hue", of: ofAll, field: func(n *expr.Node) any { return &n.Viz.ZeroHue }, max: 1, steps: 1000,
		about: "The hue that positive and negative ones stand about"},
	{key: "viz.hue gap", of: ofAll, field: func(n *expr.Node) any { return &n.Viz.HueGap }, max: 1, steps: 1000,
		about: "Distance of either sign's hue from there"},
	{key: "viz.hue spread", of: ofAll, field: func(n *expr.Node) any { return &n.Viz.HueSpread }, max: 1, steps: 1000,
		about: "How far hues of one sign spread over its range"},
}

// ranged are the inits between min and max.
var ranged = []string{"rows", "cols", "row major", "col major", "uniform", "gaussian"}

// inits tells whether a leaf has one of some inits.
func inits(some ...string) func(n *expr.Node) bool {
	return func(n *expr.Node) bool {
		for _, init := range some {
			if n.Init == init {
				return true
			}
		}
		return false
	}
}
