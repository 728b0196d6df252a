// Package partition cuts matmuls into blocks that are computed side by side.
//
// A matmul of H x D by D x W is cut along three axes: I (its rows), K (the depth) and J (its
// columns). Neighbours in the tree share axes, so a count is set once, at the matmul that
// owns it ([Owner]), and runs down from there: I along the chain of left children, J along
// that of right children, and K becomes J of the left child and I of the right one. Every
// matrix and cube of a layout.Scene knows the axes that result; [Ranges] are their blocks.
package partition

import (
	"fmt"
	"strings"

	"headscope/explorer/expr"
	"headscope/explorer/layout"
)

// Axis is a dimension of a matmul. Of a leaf I are the rows and J the columns.
type Axis byte

// The axes.
const (
	I Axis = 'i'
	K Axis = 'k'
	J Axis = 'j'
)

// Owner finds the matmul, and its axis, whose block count decides that of an axis of the
// matrix at a path: a matmul owns its K, and the root its I and J too.
func Owner(root *expr.Node, path string, axis Axis) (*expr.Node, Axis, error) {
	n := root.At(path)
	switch {
	case n == nil:
		return nil, 0, fmt.Errorf("%s has no matrix at %q", root.Name, path)
	case axis != I && axis != K && axis != J:
		return nil, 0, fmt.Errorf("%q is no axis: expected i, k or j", axis)
	case axis == K && !n.IsMatMul():
		return nil, 0, fmt.Errorf("%s (%s) has no k blocks: it is no matmul", n.Name, path)
	}
	for n != root && axis != K {
		parent, side := root, path
		if dot := strings.LastIndexByte(path, '.'); dot >= 0 {
			path, side = path[:dot], path[dot+1:]
			parent = root.At(path)
		}
		if (side == "left") == (axis == J) {
			axis = K
		}
		n = parent
	}
	return n, axis, nil
}

// Set sets the number of blocks along an axis of the matrix at a path, and along the same
// axis of all matrices that share it. More blocks than elements count as one an element.
func Set(root *expr.Node, path string, axis Axis, blocks int) error {
	n, axis, err := Owner(root, path, axis)
	if err != nil {
		return err
	}
	return n.Set(fmt.Sprintf("block.%c blocks", axis), blocks)
}

// Range is the elements Lo <= i < Hi of an axis.
type Range struct{ Lo, Hi int }

// Len is the number of elements.
func (r Range) Len() int { return r.Hi - r.Lo }

// Ranges are the blocks of an axis, first to last. None is empty, and all but the last are
// of one size.
func Ranges(a layout.Axis) []Range {
	ranges := make([]Range, a.BlockCount())
	size := a.BlockSize()
	for b := range ranges {
		ranges[b] = Range{b * size, min((b+1)*size, a.N)}
	}
	return ranges
}
