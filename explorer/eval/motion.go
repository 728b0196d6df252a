package eval

import (
	"context"
	"fmt"

	"headscope/explorer/anim"
	"headscope/explorer/expr"
	"headscope/gpu"
)

// Motion is an expression in motion: what each of its matrices shows at a step of its
// animation, and the planes inside its cubes, on the device. Of a result that is its sums so far
// through its epilog, 0 where nothing was reached; a leaf whose matmul hides it is black. What a
// step shows is computed of the complete matrices and the number of the step alone. A Run of the
// expression ends it.
type Motion struct {
	shown
	a       *anim.Animation // not owned
	hidden  []string        // paths of black leaves
	matmuls []*moving       // owned: by result of the state

	scratch [2]*gpu.Buffer // owned: sums on their way through an epilog
	reached [2]*gpu.Buffer // owned: the inputs' elements that were reached
}

// MotionPlane is a plane or partial result inside a cube.
type MotionPlane struct {
	Result int // whose cube it is in: index into the Results of [Motion.State]
	anim.Plane
	Values gpu.Tensor // [h, w] as drawn: 0 where nothing is to be seen
}

// NewMotion sets an expression in motion that has run, by the animation of its layout. It
// belongs to the caller, who releases it before e.
func NewMotion(e *Expression, a *anim.Animation) *Motion {
	m := &Motion{shown: shown{e: e, steps: a.Steps()}, a: a}
	for _, r := range a.At(1).Results {
		for _, side := range []struct {
			path string
			node *expr.Node
		}{{below(r.Path) + "left", r.Node.Left}, {below(r.Path) + "right", r.Node.Right}} {
			if r.InputsHidden && !side.node.IsMatMul() {
				m.hidden = append(m.hidden, side.path)
			}
		}
	}
	return m
}

// Release frees what the motion holds beside the expression. Show may follow.
func (m *Motion) Release() {
	if m == nil {
		return
	}
	for _, mm := range m.matmuls {
		mm.release()
	}
	for _, b := range []**gpu.Buffer{&m.scratch[0], &m.scratch[1], &m.reached[0], &m.reached[1]} {
		(*b).Release()
		*b = nil
	}
	m.matmuls = nil
	m.release()
}

// Check refuses a step outside the cycle. Step 1 is there even where nothing moves.
func (m *Motion) Check(step int) error { return m.a.Check(step) }

// Show computes what a step shows, as far as the device does not hold it from before. It does
// not wait. An error names a step outside the cycle, or what does not fit the device; after
// another than the first nothing is shown until the next Show.
func (m *Motion) Show(ctx context.Context, step int) error {
	if err := m.Check(step); err != nil {
		return err
	}
	if !m.e.whole {
		return fmt.Errorf("eval: step %d cannot be shown: the expression was not run to its end", step)
	}
	state := m.a.At(step)
	if m.matmuls == nil {
		for _, res := range state.Results {
			m.matmuls = append(m.matmuls, &moving{matrix: m.e.byPath[res.Path]})
		}
	}
	r := m.e.device.Record("motion")
	r.Until(ctx)
	r.Fail(ctx.Err())
	var planes []MotionPlane
	instead, black := map[string]gpu.Tensor{}, len(m.hidden) > 0
	for _, path := range m.hidden {
		instead[path] = gpu.Tensor{} // black
	}
	for n, res := range state.Results {
		if r.Err() != nil {
			break
		}
		switch {
		case res.Shown.Count == 0:
			instead[res.Path], black = gpu.Tensor{}, true
		case res.Phase == anim.Running:
			m.result(r, m.matmuls[n], res)
			instead[res.Path] = m.matmuls[n].like(m.matmuls[n].shown)
		}
		planes = m.cube(r, planes, n, res)
	}
	if black {
		_, err := m.room(&m.zeros, "zeros", m.largest())
		r.Fail(err)
	}
	if err := r.Submit(); err != nil {
		m.forget()
		return err
	}
	changed := m.compare(state)
	m.show(step, state.Results, instead, planes)
	m.changed = changed
	return nil
}

// forget leaves nothing shown and nothing held, since what is half done is not known.
func (m *Motion) forget() {
	m.state, m.planes, m.instead = anim.State{}, nil, nil
	for _, mm := range m.matmuls {
		mm.forget()
	}
}

// compare says which results may show something else than before.
func (m *Motion) compare(state anim.State) map[string]bool {
	if m.state.Step == 0 {
		return nil
	}
	changed := map[string]bool{}
	for n, now := range state.Results {
		before := m.state.Results[n]
		changed[now.Path] = now.Shown != before.Shown || (now.Phase == anim.Done) != (before.Phase == anim.Done)
	}
	return changed
}

// black is a matrix of zeros. A plane of products has no more elements than one of the three
// matrices whose product it is about.
func (m *Motion) black(rows, cols int) (gpu.Tensor, error) {
	b, err := m.room(&m.zeros, "zeros", m.largest())
	if err != nil {
		return gpu.Tensor{}, err
	}
	return b.Tensor(1, rows, cols), nil
}

// largest is the size of the largest matrix, in bytes.
func (m *Motion) largest() (most uint64) {
	for _, x := range m.e.matrices {
		most = max(most, x.bytes())
	}
	return most
}

// room makes a buffer that is not there yet, if there is memory for it.
func (m *Motion) room(b **gpu.Buffer, label string, bytes uint64) (*gpu.Buffer, error) {
	if *b != nil {
		return *b, nil
	}
	if free, ok := FreeMemory(); ok && m.e.device.Adapter.Software() && bytes > free {
		return nil, fmt.Errorf("the animation's %s need %s; this machine has %s free: make the matrices smaller or the blocks fewer", label, gpu.Bytes(bytes), gpu.Bytes(free))
	}
	var err error
	if *b, err = m.e.device.NewStorage(label, bytes); err != nil {
		return nil, fmt.Errorf("the animation: %w; smaller matrices or fewer blocks need less", err)
	}
	return *b, nil
}
