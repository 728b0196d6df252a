package expr

import (
	"fmt"
	"maps"
	"slices"
)

// Read builds the tree of a session's JSON object, as [encoding/json] decodes it
// into a map. What the object leaves out gets the defaults. Keys
// that are none of a node's are kept in Extra; the root's expr, which repeats the tree, is
// not read.
//
// Inner dimensions have to agree. Leaves of one name need not be of one shape: in mm's
// picture of decoding the input is a row on one side and whole on the other. An error names
// the key and what was expected of it.
func Read(object map[string]any) (*Node, error) {
	r := reader{}
	root := &Node{}
	root.settle()
	extra := maps.Clone(object)
	delete(extra, "expr")
	delete(extra, "matmul")
	for _, child := range []struct {
		key  string
		name string
		to   **Node
	}{{"left", "L", &root.Left}, {"right", "R", &root.Right}} {
		v, ok := extra[child.key]
		delete(extra, child.key)
		if !ok {
			v = map[string]any{"name": child.name}
		}
		var err error
		if *child.to, err = r.node(v, child.key, child.key == "left", 1); err != nil {
			return nil, err
		}
	}
	if err := root.read(extra, ""); err != nil {
		return nil, err
	}
	root.Resolve()
	if err := root.check(); err != nil {
		return nil, err
	}
	return root, nil
}

type reader struct{ nodes int }

// node reads the node at a path, depth levels below the root.
func (r *reader) node(v any, path string, left bool, depth int) (*Node, error) {
	object, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s is %s, expected an object with the keys of a matrix", path, Show(v))
	}
	if r.nodes++; r.nodes > MaxNodes {
		return nil, fmt.Errorf("%s: more than %d matrices", path, MaxNodes)
	}
	if depth >= MaxDepth {
		return nil, fmt.Errorf("%.60s...: more than %d matrices deep", path, MaxDepth)
	}
	extra := maps.Clone(object)
	_, leftGiven := extra["left"]
	_, rightGiven := extra["right"]
	matmul := leftGiven || rightGiven
	if v, ok := extra["matmul"]; ok {
		if matmul, ok = v.(bool); !ok {
			return nil, fmt.Errorf("%s.matmul is %s, expected true or false", path, Show(v))
		}
		delete(extra, "matmul")
	}
	if matmul && !(leftGiven && rightGiven) {
		return nil, fmt.Errorf("%.60s is a matmul, expected both a left and a right in it", path)
	}
	n := &Node{}
	if matmul {
		n.Epilog = "none"
		var err error
		if n.Left, err = r.node(extra["left"], path+".left", true, depth+1); err != nil {
			return nil, err
		}
		if n.Right, err = r.node(extra["right"], path+".right", false, depth+1); err != nil {
			return nil, err
		}
		delete(extra, "left")
		delete(extra, "right")
	} else {
		name := "R"
		if left {
			name = "L"
		}
		n = defaultLeaf(name, left)
	}
	return n, n.read(extra, path)
}

// read takes the name and the settings of a node, whose children are there, out of extra,
// and keeps the rest of it.
func (n *Node) read(extra map[string]any, path string) error {
	if v, ok := extra["name"]; ok {
		name, isText := v.(string)
		if !isText {
			return fmt.Errorf("%s is %s, expected a text", join(path, "name"), Show(v))
		}
		n.Name = name
		delete(extra, "name")
	} else if n.IsMatMul() {
		n.Name = n.expansion()
	}
	if len(n.Name) > maxName {
		return fmt.Errorf("%s has %d letters, expected at most %d", join(path, "name"), len(n.Name), maxName)
	}
	group, of := "", extra
	for _, s := range settings {
		if s.group != group {
			group, of = s.group, nil
			if v, ok := extra[group]; ok {
				object, ok := v.(map[string]any)
				if !ok {
					return fmt.Errorf("%s is %s, expected an object", join(path, group), Show(v))
				}
				of = maps.Clone(object)
				extra[group] = of
			}
		}
		v, ok := of[s.key]
		if !ok {
			continue
		}
		if err := n.set(s, v); err != nil {
			return fmt.Errorf("%s %w", join(path, s.full()), err)
		}
		delete(of, s.key)
	}
	n.Extra = prune(extra)
	return nil
}

// prune returns a copy of nested objects without the empty ones, nil if nothing is left.
func prune(object map[string]any) map[string]any {
	var kept map[string]any
	for key, v := range object {
		if inner, ok := v.(map[string]any); ok {
			inner = prune(inner)
			if inner == nil {
				continue
			}
			v = inner
		}
		if kept == nil {
			kept = map[string]any{}
		}
		kept[key] = v
	}
	return kept
}

// check says which product has factors that do not fit.
func (n *Node) check() (err error) {
	n.Walk(func(path string, m *Node) {
		if err != nil || !m.IsMatMul() || m.Left.Cols() == m.Right.Rows() {
			return
		}
		if m == n {
			path = ""
		}
		err = fmt.Errorf("%s: %s (column %d of %s) has %d rows, expected %d, the columns of its left factor %s",
			join(path, "right"), m.Right.token(), n.column(m.Right), Show(n.String()),
			m.Right.Rows(), m.Left.Cols(), m.Left.token())
	})
	return err
}

// Key is one value of a session: the keys that lead to it, and a string, bool, int,
// float64, or what decoded JSON has in its place.
type Key struct {
	Path  []string
	Value any
}

// Keys lists what a session says of the tree, from the root's own keys on: all settings of
// the root and of the leaves, those of another matmul that it does not take from its parent, and
// last what is in Extra. [Read] gives back the same tree.
func (n *Node) Keys() []Key {
	var keys []Key
	put := func(path []string, value any) { keys = append(keys, Key{path, value}) }
	put([]string{"expr"}, n.String())
	n.keys(nil, nil, put)
	n.extras(nil, put)
	return keys
}

func (n *Node) keys(at []string, parent *Node, put func([]string, any)) {
	sub := func(keys ...string) []string { return append(slices.Clone(at), keys...) }
	put(sub("name"), n.Name)
	if parent != nil {
		put(sub("matmul"), n.IsMatMul())
	}
	children := false
	for _, s := range settings {
		if s.group != "" && n.IsMatMul() && !children {
			n.Left.keys(sub("left"), n, put)
			n.Right.keys(sub("right"), n, put)
			children = true
		}
		if !n.says(s, parent) {
			continue
		}
		path := sub(s.key)
		if s.group != "" {
			path = sub(s.group, s.key)
		}
		put(path, value(s.field(n)))
	}
}

// says tells whether a node's own keys include a setting.
func (n *Node) says(s setting, parent *Node) bool {
	switch v := value(s.field(n)); {
	case parent == nil && s.full() == "expr": // the place of the whole tree's expression
		return false
	case n.own[s.full()]:
		return true
	case s.group == "block" && s.key != "k blocks" && parent != nil: // always the parent's
		return false
	case s.group != "":
		return parent == nil || v != value(s.field(parent))
	case s.key == "epilog":
		return n.IsMatMul()
	default:
		return !n.IsMatMul() || v != value(s.field(&Node{}))
	}
}

func (n *Node) extras(at []string, put func([]string, any)) {
	spread(at, n.Extra, put)
	if n.IsMatMul() {
		n.Left.extras(append(slices.Clone(at), "left"), put)
		n.Right.extras(append(slices.Clone(at), "right"), put)
	}
}

// spread puts the values of nested objects, in the order of their keys.
func spread(at []string, object map[string]any, put func([]string, any)) {
	for _, key := range slices.Sorted(maps.Keys(object)) {
		path := append(slices.Clone(at), key)
		if inner, ok := object[key].(map[string]any); ok {
			spread(path, inner, put)
		} else {
			put(path, object[key])
		}
	}
}
