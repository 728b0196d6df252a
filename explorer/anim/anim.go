// Package anim says, as data, what an animated expression shows at a step.
//
// [New] takes a laid-out expression: its matmuls with the algorithm, fusion and blocks of
// each. It works out once in which steps each matmul advances, from children to parents, as
// a few runs of steps. [Animation.At] then finds, for a step, how many indices each matmul
// has gone through, and a [Result] tells the rest in closed form: how far its sums are
// ([Sums]), which rows and columns of its inputs are in use ([Highlight]), and the planes of
// products and the partial results inside its cube ([Plane]), each of which knows the terms
// of its elements. A step is a function of its number alone, so that every way to it shows
// the same. Nothing here holds a matrix' values. A [Player] turns time into steps.
//
// A matmul goes through the indices of one axis of its blocks, or of two, the second anew for
// each index of the first. All blocks go in parallel, each from its own start, as long as the largest takes:
//
//	algorithm            goes through   plane (rows x columns)   result appears
//	vmprod               i              K x J                    by row
//	mvprod               j              I x K                    by column
//	vvprod               k              I x J                    everywhere, as sums build up
//	dotprod (row major)  i, then j      K x 1                    by element
//	dotprod (col major)  j, then i      1 x K                    by element
//	axpy                 j, then k      I x 1                    by column, as sums build up
//
// A matmul starts in the step after its children have ended, and spends a step on ending,
// in which its planes vanish. With fusion it steps together with children that still run if
// their planes are parallel: a vmprod with a left vmprod, a mvprod with a right mvprod, a
// vvprod with a left mvprod and a right vmprod; unless fusion is "async", only while they
// are at the same index. Products are always those of the children's complete results,
// which are what a child that may be joined has at every index that it has reached.
package anim

import (
	"fmt"
	"slices"
	"strings"

	"headscope/explorer/expr"
	"headscope/explorer/layout"
	"headscope/explorer/partition"
)

// Animation is a laid-out expression in motion. It does not change and may be used from
// several goroutines.
type Animation struct {
	matmuls []*matmul // in the order of the scene's cubes
	moving  []*matmul // those that are animated, in the same order
	steps   int
}

// matmul is a matmul and what stays the same of it over all steps.
type matmul struct {
	cube         layout.Cube
	axes         [3]layout.Axis // by axisI, axisK, axisJ
	alg          algorithm
	left, right  *matmul // the children that are animated
	hidden       bool    // an input of one that hides its inputs
	inputsHidden bool
	clock
}

// New prepares the animation of a laid-out expression. A matmul with algorithm "inherit" has
// its parent's; a root with nobody to inherit from has "none". A matmul with "none" stays
// computed, and all below it. The error names an algorithm or fusion that is none.
func New(s layout.Scene) (*Animation, error) {
	a := &Animation{}
	if len(s.Cubes) == 0 {
		return a, nil
	}
	b := builder{Animation: a, cubes: s.Cubes}
	if _, err := b.add(inherited{alg: "none"}); err != nil {
		return nil, err
	}
	if len(a.moving) > 0 {
		a.steps = schedule(a.moving)
	}
	return a, nil
}

// builder adds matmuls in the order of their cubes.
type builder struct {
	*Animation
	cubes []layout.Cube // still to add
}

// inherited is what a child takes from its parent.
type inherited struct {
	alg    string // to inherit
	still  bool   // the parent is not animated
	hidden bool   // the child is a hidden input
}

// add adds the next cube's matmul and those below it. The matmul is nil if it is not
// animated.
func (b *builder) add(from inherited) (*matmul, error) {
	c := b.cubes[0]
	b.cubes = b.cubes[1:]
	name := c.Node.Anim.Alg
	if name == "inherit" {
		name = from.alg
	}
	alg, ok := algorithms[name]
	if !ok && name != "none" {
		return nil, refuse("alg", c, name, expr.Algs)
	}
	if f := c.Node.Anim.Fuse; !slices.Contains(expr.Fuses, f) {
		return nil, refuse("fuse", c, f, expr.Fuses)
	}
	m := &matmul{cube: c, axes: [3]layout.Axis{axisI: c.I, axisK: c.K, axisJ: c.J}, alg: alg, hidden: from.hidden}
	moves := name != "none" && !from.still
	m.inputsHidden = m.hidden || moves && c.Node.Anim.HideInputs
	b.matmuls = append(b.matmuls, m)
	if moves {
		m.length = 1
		for _, axis := range alg.loops {
			m.length *= m.axes[axis].BlockSize()
		}
		b.moving = append(b.moving, m)
	}
	for _, side := range []struct {
		node  *expr.Node
		child **matmul
	}{{c.Node.Left, &m.left}, {c.Node.Right, &m.right}} {
		if !side.node.IsMatMul() {
			continue
		}
		child, err := b.add(inherited{alg: name, still: !moves, hidden: m.inputsHidden})
		if err != nil {
			return nil, err
		}
		*side.child = child
	}
	if !moves {
		return nil, nil
	}
	return m, nil
}

func refuse(key string, c layout.Cube, value string, choices []string) error {
	return fmt.Errorf("anim.%s of %s (%s) is %q: expected one of %s",
		key, c.Node.Name, c.Path, value, strings.Join(choices, ", "))
}

// Steps is the length of a cycle: step Steps+1 shows what step 1 shows. In it the root ends,
// everything starts anew, and the first index is shown, all in one step. It is 0 where
// nothing moves.
func (a *Animation) Steps() int { return a.steps }

// Check refuses a step outside the cycle. Step 1 is there even where nothing moves.
func (a *Animation) Check(step int) error {
	if last := max(a.steps, 1); step < 1 || step > last {
		return fmt.Errorf("step %d is not in the animation: expected 1 to %d", step, last)
	}
	return nil
}

// wrap brings a step into a cycle: behind the last comes the first, and the other way round.
func wrap(step, steps int) int {
	if steps == 0 {
		return 1
	}
	return (step%steps+steps-1)%steps + 1
}

// At is what a step shows. Step 1 is the state right after the start, when the first index
// is shown. Steps outside the cycle wrap around.
func (a *Animation) At(step int) State {
	step = wrap(step, a.steps)
	s := State{Step: step, Results: make([]Result, len(a.matmuls))}
	for n, m := range a.matmuls {
		s.Results[n] = m.result(step)
	}
	return s
}

// State is what a step shows.
type State struct {
	Step    int      // in the cycle
	Results []Result // one a matmul, in the order of [expr.Node.Walk]
}

// Phase is how far a matmul is.
type Phase byte

const (
	Waiting Phase = iota // for its children: its planes are there, but black like its result
	Running
	Done // or not animated: no planes, and its result is whole
)

func (p Phase) String() string { return [...]string{"waiting", "running", "done"}[p] }

// Result is a matmul at a step.
type Result struct {
	Path  string
	Node  *expr.Node
	Phase Phase

	// Shown is how far the sums of the result are; an element with none of its products
	// summed is black. With more than one block along k, sums that do not build up are in
	// partial results, one a block of k, and the result itself is black until they are done.
	// Where sums build up the epilog is applied to all of them as they are. One that takes
	// more than an element at a time finds sums of 0 where nothing was reached.
	Shown Sums

	Left, Right  Highlight // what is in use of the inputs
	InputsHidden bool      // leaves that are inputs of this matmul are black

	m     *matmul
	count int // indices gone through
}

// result is the matmul at a step of the cycle.
func (m *matmul) result(step int) Result {
	r := Result{Path: m.cube.Path, Node: m.cube.Node, Phase: Done, InputsHidden: m.inputsHidden, m: m}
	if m.length > 0 {
		r.count = m.at(step)
		switch {
		case r.count == 0:
			r.Phase = Waiting
		case r.count <= m.length:
			r.Phase = Running
		}
	}
	switch r.Phase {
	case Running:
		if m.partials() == 0 {
			r.Shown = m.sums(r.count)
		} else {
			r.Shown = m.all(false)
		}
		if !m.inputsHidden {
			cursor := m.cursor(r.count)
			r.Left = m.highlight(cursor, axisI, axisK)
			r.Right = m.highlight(cursor, axisK, axisJ)
		}
	case Waiting:
		r.Shown = m.all(false)
	default:
		// A result that was animated stays to be seen even as a hidden input.
		r.Shown = m.all(m.length > 0 || !m.hidden)
	}
	return r
}

// PlaneCount is the number of planes and partial results that are alive in the cube.
func (r Result) PlaneCount() int {
	if r.Phase == Done {
		return 0
	}
	return r.m.partials() + r.m.axes[axisI].BlockCount()*r.m.axes[axisK].BlockCount()*r.m.axes[axisJ].BlockCount()
}

// Plane is one of the planes alive in the cube, 0 <= n < PlaneCount: the partial results, by
// k block, then the planes of products, by i, within that k, within that j block.
func (r Result) Plane(n int) Plane {
	partials := r.m.partials()
	if n < partials {
		return r.m.partial(n, r.count)
	}
	n -= partials
	nk, nj := r.m.axes[axisK].BlockCount(), r.m.axes[axisJ].BlockCount()
	return r.m.products([3]int{axisI: n / (nk * nj), axisK: n / nj % nk, axisJ: n % nj}, r.count)
}

// block is the elements of a block.
func block(a layout.Axis, n int) partition.Range {
	size := a.BlockSize()
	return partition.Range{Lo: n * size, Hi: min((n+1)*size, a.N)}
}
