package eval

import (
	"context"
	"fmt"

	"headscope/explorer/anim"
	"headscope/gpu"
	"headscope/models/tensor"
)

// Motion is an expression in motion: what each of its matrices shows at a step of its
// animation, and the planes inside its cubes, on the device. What a step shows is computed
// of the complete matrices and the number of the step alone. It stands in for the
// expression in a view. A Run of the expression ends it.
type Motion struct {
	e *Expression     // not owned
	a *anim.Animation // not owned

	state     anim.State
	planes    []MotionPlane
	matmuls   []*moving      // owned: by result of the state
	index     map[string]int // of a matmul's path in the state's results
	hidden    map[string]bool
	changed   map[string]bool    // since the Show before; nil: all
	summaries map[string]Summary // nil: not read yet

	zeros   *gpu.Buffer    // owned: what any black matrix or plane shows
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
	m := &Motion{e: e, a: a, index: map[string]int{}, hidden: map[string]bool{}}
	for n, r := range a.At(1).Results {
		m.index[r.Path] = n
		prefix := r.Path + "."
		if r.Path == "root" {
			prefix = ""
		}
		if !r.Node.Left.IsMatMul() {
			m.hidden[prefix+"left"] = r.InputsHidden
		}
		if !r.Node.Right.IsMatMul() {
			m.hidden[prefix+"right"] = r.InputsHidden
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
	for _, b := range []**gpu.Buffer{&m.zeros, &m.scratch[0], &m.scratch[1], &m.reached[0], &m.reached[1]} {
		(*b).Release()
		*b = nil
	}
	m.state, m.planes, m.matmuls, m.changed = anim.State{}, nil, nil, nil
}

// Show computes what a step shows, as far as the device does not hold it from before. It does
// not wait. An error names a step outside the cycle, or what does not fit the device; after
// another than the first nothing is shown until the next Show.
func (m *Motion) Show(ctx context.Context, step int) error {
	if err := m.a.Check(step); err != nil {
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
	for n, res := range state.Results {
		if r.Err() != nil {
			break
		}
		if res.Phase == anim.Running && res.Shown.Count > 0 {
			m.result(r, m.matmuls[n], res)
		}
		planes = m.cube(r, planes, n, res)
	}
	if err := r.Submit(); err != nil {
		m.forget()
		return err
	}
	m.changed = m.compare(state)
	m.state, m.planes = state, planes
	return nil
}

// forget leaves nothing shown and nothing held, since what is half done is not known.
func (m *Motion) forget() {
	m.state, m.planes = anim.State{}, nil
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

// State is that of the last Show.
func (m *Motion) State() anim.State { return m.state }

// Planes are those alive at the step, by result and then in the order of
// [anim.Result.Plane]. They are valid until the next Show.
func (m *Motion) Planes() []MotionPlane { return m.planes }

// Changed tells whether the matrix at a path may be another than before the last Show.
func (m *Motion) Changed(path string) bool { return m.changed == nil || m.changed[path] }

// Matrix is what is shown of the leaf or result at a path: of a leaf its own values, or
// zeros where its matmul hides them; of a result its sums so far through its epilog, 0 where
// nothing was reached. It is valid until the next Show, which may give another buffer.
func (m *Motion) Matrix(path string) (gpu.Tensor, error) {
	if m.state.Step == 0 {
		return gpu.Tensor{}, fmt.Errorf("eval: there is no matrix %s: no step is shown", path)
	}
	whole, err := m.e.Matrix(path)
	if err != nil {
		return gpu.Tensor{}, err
	}
	n, isResult := m.index[path]
	switch {
	case !isResult && !m.hidden[path]:
		return whole, nil
	case !isResult || m.state.Results[n].Shown.Count == 0:
		return m.black(whole.Rows, whole.Cols)
	case m.state.Results[n].Phase == anim.Running:
		return m.matmuls[n].like(m.matmuls[n].shown), nil
	}
	return whole, nil
}

// Summaries are those of the complete matrices, which give colours their ranges. They are
// read once.
func (m *Motion) Summaries() (map[string]Summary, error) {
	if m.summaries == nil {
		var err error
		if m.summaries, err = m.e.Summaries(); err != nil {
			return nil, err
		}
	}
	return m.summaries, nil
}

// ReadPart copies rows [i, i+rows) and columns [j, j+cols) of what is shown of a matrix to the
// CPU.
func (m *Motion) ReadPart(path string, i, j, rows, cols int) (tensor.Tensor, error) {
	t, err := m.Matrix(path)
	if err != nil {
		return tensor.Tensor{}, err
	}
	if min(i, j, rows, cols) < 0 || i > t.Rows-rows || j > t.Cols-cols {
		return tensor.Tensor{}, fmt.Errorf("eval: %d x %d elements from (%d, %d) on are not all in %s", rows, cols, i, j, t)
	}
	data, err := m.e.device.Read(t.Part(i, rows, j, cols))
	if err != nil {
		return tensor.Tensor{}, err
	}
	return tensor.Tensor{Shape: []int{rows, cols}, Data: data[0]}, nil
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
