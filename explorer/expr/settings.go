package expr

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// setting is one key of a node in a session, and the field that holds its value.
type setting struct {
	group   string // "layout", or "" beside the name
	key     string
	field   func(*Node) any // pointer to an int, float64, bool or string
	choices []string        // of a string; nil: any text
}

// full is the setting's name within a node: "layout.left placement".
func (s setting) full() string { return join(s.group, s.key) }

// The keys of a node in the order in which they are written, after its name. Those
// without a group belong to a leaf, but for the epilog; the others are inherited.
var settings = []setting{
	{"", "h", func(n *Node) any { return &n.H }, nil},
	{"", "w", func(n *Node) any { return &n.W }, nil},
	{"", "init", func(n *Node) any { return &n.Init }, Inits},
	{"", "url", func(n *Node) any { return &n.URL }, nil},
	{"", "min", func(n *Node) any { return &n.Min }, nil},
	{"", "max", func(n *Node) any { return &n.Max }, nil},
	{"", "dropout", func(n *Node) any { return &n.Dropout }, nil},
	{"", "expr", func(n *Node) any { return &n.Expr }, nil},
	{"", "epilog", func(n *Node) any { return &n.Epilog }, Epilogs},
	{"anim", "fuse", func(n *Node) any { return &n.Anim.Fuse }, Fuses},
	{"anim", "speed", func(n *Node) any { return &n.Anim.Speed }, nil},
	{"anim", "hide inputs", func(n *Node) any { return &n.Anim.HideInputs }, nil},
	{"anim", "alg", func(n *Node) any { return &n.Anim.Alg }, Algs},
	{"anim", "spin", func(n *Node) any { return &n.Anim.Spin }, nil},
	{"block", "i blocks", func(n *Node) any { return &n.Block.I }, nil},
	{"block", "k blocks", func(n *Node) any { return &n.Block.K }, nil},
	{"block", "j blocks", func(n *Node) any { return &n.Block.J }, nil},
	{"layout", "scheme", func(n *Node) any { return &n.Layout.Scheme }, Schemes},
	{"layout", "gap", func(n *Node) any { return &n.Layout.Gap }, nil},
	{"layout", "scatter", func(n *Node) any { return &n.Layout.Scatter }, nil},
	{"layout", "molecule", func(n *Node) any { return &n.Layout.Molecule }, nil},
	{"layout", "blast", func(n *Node) any { return &n.Layout.Blast }, nil},
	{"layout", "polarity", func(n *Node) any { return &n.Layout.Polarity }, []string{"negative", "positive"}},
	{"layout", "left placement", func(n *Node) any { return &n.Layout.Left }, []string{"left", "right"}},
	{"layout", "right placement", func(n *Node) any { return &n.Layout.Right }, []string{"top", "bottom"}},
	{"layout", "result placement", func(n *Node) any { return &n.Layout.Result }, []string{"front", "back"}},
	{"deco", "legends", func(n *Node) any { return &n.Deco.Legends }, nil},
	{"deco", "shape", func(n *Node) any { return &n.Deco.Shape }, nil},
	{"deco", "spotlight", func(n *Node) any { return &n.Deco.Spotlight }, nil},
	{"deco", "row guides", func(n *Node) any { return &n.Deco.RowGuides }, nil},
	{"deco", "flow guides", func(n *Node) any { return &n.Deco.FlowGuides }, nil},
	{"deco", "lens size", func(n *Node) any { return &n.Deco.LensSize }, nil},
	{"deco", "magnification", func(n *Node) any { return &n.Deco.Magnification }, nil},
	{"deco", "interior spotlight", func(n *Node) any { return &n.Deco.InteriorSpotlight }, nil},
	{"deco", "axes", func(n *Node) any { return &n.Deco.Axes }, nil},
	{"viz", "sensitivity", func(n *Node) any { return &n.Viz.Sensitivity }, Sensitivities},
	{"viz", "min size", func(n *Node) any { return &n.Viz.MinSize }, nil},
	{"viz", "min light", func(n *Node) any { return &n.Viz.MinLight }, nil},
	{"viz", "max light", func(n *Node) any { return &n.Viz.MaxLight }, nil},
	{"viz", "elem scale", func(n *Node) any { return &n.Viz.ElemScale }, nil},
	{"viz", "zero hue", func(n *Node) any { return &n.Viz.ZeroHue }, nil},
	{"viz", "hue gap", func(n *Node) any { return &n.Viz.HueGap }, nil},
	{"viz", "hue spread", func(n *Node) any { return &n.Viz.HueSpread }, nil},
}

// What a setting with a fixed set of values may be.
var (
	Inits = []string{"rows", "cols", "row major", "col major", "pt linear", "uniform", "gaussian",
		"tril mask", "triu mask", "eye", "diff", "url", "expr"}
	Epilogs = []string{"none", "relu", "gelu", "sigmoid", "silu", "tanh", "x**2", "x/k", "x/sqrt(k)", "layernorm",
		"softmax", "softmax(x/sqrt(k))", "softmax(tril(x/sqrt(k)))", "softmax(tril(x/8))"}
	Fuses = []string{"none", "sync", "async"}
	Algs  = []string{"none", "inherit", "dotprod (row major)", "dotprod (col major)", "axpy",
		"vmprod", "mvprod", "vvprod"}
	Schemes       = []string{"blocks", "zigzag", "wheel", "custom"}
	Sensitivities = []string{"global", "local", "semilocal", "superlocal"}
)

// Default returns mm's own default session, L @ R.
func Default() *Node {
	n := &Node{Name: "L @ R", Left: defaultLeaf("L", true), Right: defaultLeaf("R", false)}
	n.settle()
	return n
}

func defaultLeaf(name string, left bool) *Node {
	init := "col major"
	if left {
		init = "row major"
	}
	return &Node{Name: name, Leaf: Leaf{H: 32, W: 32, Init: init, Min: -1, Max: 1}}
}

// settle gives the root of a tree the default settings of a session.
func (n *Node) settle() {
	n.Epilog = "none"
	n.Anim = Anim{Fuse: "none", Speed: 20, Alg: "none"}
	n.Block = Block{1, 1, 1}
	n.Layout = Layout{Scheme: "blocks", Gap: 4, Molecule: 1, Polarity: "negative", Left: "left", Right: "top", Result: "front"}
	n.Deco = Deco{Legends: 6, Shape: true, Spotlight: 2, RowGuides: 0.6, FlowGuides: 0.5, LensSize: 0.5, Magnification: 7}
	n.Viz = Viz{Sensitivity: "global", MinSize: 0.2, MinLight: 0.4, MaxLight: 0.7, ElemScale: 1.25,
		ZeroHue: 0.77, HueGap: 0.74, HueSpread: 0.04}
	n.Resolve()
}

// Resolve fills every setting that a node below n was not given itself from its parent.
// Blocks along the two sides that a child shares with its parent always come from there:
// of the left child i and k, of the right child k and j.
func (n *Node) Resolve() {
	if !n.IsMatMul() {
		return
	}
	for _, c := range []*Node{n.Left, n.Right} {
		for _, s := range settings {
			if s.group != "" && !c.own[s.full()] {
				assign(s.field(c), s.field(n))
			}
		}
	}
	n.Left.Block.I, n.Left.Block.J = n.Block.I, n.Block.K
	n.Right.Block.I, n.Right.Block.J = n.Block.K, n.Block.J
	n.Left.Resolve()
	n.Right.Resolve()
}

// Set gives the node a setting of its own, by the key a session has for it, such as "init"
// or "layout.gap", and lets the nodes below that have none of their own follow. A value is
// a string, a bool, or a number of type int or float64. For shapes see [Node.Resize].
func (n *Node) Set(key string, value any) error {
	i := slices.IndexFunc(settings, func(s setting) bool { return s.full() == key })
	if i < 0 {
		return fmt.Errorf("%s is not a setting", key)
	}
	if err := n.set(settings[i], value); err != nil {
		return fmt.Errorf("%s %w", key, err)
	}
	n.Resolve()
	return nil
}

// Inherit takes back that the node was given a setting of its own, by the key as for
// [Node.Set]: it has its parent's from the next [Node.Resolve] of a node above on. At a root,
// and for a setting that is not inherited, the value stays.
func (n *Node) Inherit(key string) { delete(n.own, key) }

func (n *Node) set(s setting, value any) error {
	if err := store(s, s.field(n), value); err != nil {
		return err
	}
	if n.own == nil {
		n.own = map[string]bool{}
	}
	n.own[s.full()] = true
	return nil
}

// store checks a value and puts it into a field. The error goes on after the key.
func store(s setting, field, value any) error {
	switch field := field.(type) {
	case *string:
		v, ok := value.(string)
		if !ok {
			return fmt.Errorf("is %s, expected a text", Show(value))
		}
		if s.choices != nil && !slices.Contains(s.choices, v) {
			return fmt.Errorf("is %s, expected one of %s", Show(v), strings.Join(s.choices, ", "))
		}
		*field = v
	case *bool:
		v, ok := value.(bool)
		if !ok {
			return fmt.Errorf("is %s, expected true or false", Show(value))
		}
		*field = v
	case *float64:
		v, err := Number(value)
		if err != nil {
			return err
		}
		*field = v
	case *int:
		v, err := Number(value)
		if err != nil {
			return err
		}
		if v != math.Trunc(v) || v < 1 || v > MaxDim {
			return fmt.Errorf("is %v, expected a whole number from 1 to %d", value, MaxDim)
		}
		*field = int(v)
	}
	return nil
}

// Number reads a value of decoded JSON that has to be a finite number. The error goes on
// after the name of what was read: "is true, expected a number".
func Number(value any) (float64, error) {
	v, ok := 0.0, true
	switch n := value.(type) {
	case int:
		v = float64(n)
	case float64:
		v = n
	default:
		ok = false
	}
	if !ok || math.IsInf(v, 0) || math.IsNaN(v) {
		return 0, fmt.Errorf("is %s, expected a number", Show(value))
	}
	return v, nil
}

// Zero returns the zero value of the type that keys ending in the given last segment have,
// such as "gap": a string, a bool or a float64. It is nil for a key that no setting has.
func Zero(segment string) any {
	if segment == "name" {
		return ""
	}
	if segment == "matmul" {
		return false
	}
	for _, s := range settings {
		if s.key == segment {
			switch s.field(&Node{}).(type) {
			case *string:
				return ""
			case *bool:
				return false
			default:
				return 0.0
			}
		}
	}
	return nil
}

// Show prints a value of decoded JSON for an error, shortened.
func Show(value any) string {
	switch v := value.(type) {
	case map[string]any:
		return "an object"
	case []any:
		return "a list"
	case nil:
		return "null"
	case string:
		if r := []rune(v); len(r) > 40 {
			v = string(r[:40]) + "..."
		}
		return strconv.Quote(v)
	default:
		return fmt.Sprint(v)
	}
}

// assign copies what one pointer of a setting's field points to into the other.
func assign(to, from any) {
	switch to := to.(type) {
	case *string:
		*to = *from.(*string)
	case *bool:
		*to = *from.(*bool)
	case *float64:
		*to = *from.(*float64)
	case *int:
		*to = *from.(*int)
	}
}

// value is what a field holds.
func value(field any) any {
	switch f := field.(type) {
	case *string:
		return *f
	case *bool:
		return *f
	case *float64:
		return *f
	default:
		return *field.(*int)
	}
}
