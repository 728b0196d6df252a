package eval

import (
	"fmt"

	"headscope/explorer/anim"
	"headscope/explorer/layout"
	"headscope/gpu"
	"headscope/models/tensor"
)

// shown is what a playback shows of an expression that has run: some matrices in place of
// the complete ones, and planes. It stands in for the expression in a view.
type shown struct {
	e     *Expression // not owned
	laid  layout.Scene
	steps int
	root  *matrix // of the run that it is of; nil: nothing was shown of it yet

	state     anim.State
	planes    []MotionPlane
	instead   map[string]gpu.Tensor // by path; without a buffer: a black matrix
	changed   map[string]bool       // since the Show before; nil: all
	summaries map[string]Summary    // nil: not read yet
	zeros     *gpu.Buffer           // owned: what any black matrix shows
}

// State is that of the last Show.
func (s *shown) State() anim.State { return s.state }

// Planes are those at the step, by result: of a Motion in the order of [anim.Result.Plane].
// They are valid until the next Show.
func (s *shown) Planes() []MotionPlane { return s.planes }

// Changed tells whether the matrix at a path may be another than before the last Show.
func (s *shown) Changed(path string) bool { return s.changed == nil || s.changed[path] }

// Matrix is what is shown of the leaf or result at a path. It is valid until the next Show,
// which may give another buffer.
func (s *shown) Matrix(path string) (gpu.Tensor, error) {
	if s.state.Step == 0 {
		return gpu.Tensor{}, fmt.Errorf("eval: there is no matrix %s: no step is shown", path)
	}
	whole, err := s.e.Matrix(path)
	if err != nil {
		return whole, err
	}
	t, ok := s.instead[path]
	switch {
	case !ok:
		return whole, nil
	case t.Buffer == nil:
		return s.zeros.Tensor(1, whole.Rows, whole.Cols), nil
	}
	return t, nil
}

// ReadPart copies rows [i, i+rows) and columns [j, j+cols) of what is shown of a matrix to the
// CPU.
func (s *shown) ReadPart(path string, i, j, rows, cols int) (tensor.Tensor, error) {
	t, err := s.Matrix(path)
	if err != nil {
		return tensor.Tensor{}, err
	}
	if min(i, j, rows, cols) < 0 || i > t.Rows-rows || j > t.Cols-cols {
		return tensor.Tensor{}, fmt.Errorf("eval: %d x %d elements from (%d, %d) on are not all in %s", rows, cols, i, j, t)
	}
	data, err := s.e.device.Read(t.Part(i, rows, j, cols))
	if err != nil {
		return tensor.Tensor{}, err
	}
	return tensor.Tensor{Shape: []int{rows, cols}, Data: data[0]}, nil
}

// Labels are none: no plane has a name.
func (s *shown) Labels() ([]PlaneLabel, error) { return nil, nil }

// Summaries are those of the complete matrices, which give colours their ranges. They are read
// once.
func (s *shown) Summaries() (map[string]Summary, error) {
	if s.summaries == nil {
		var err error
		if s.summaries, err = s.e.Summaries(); err != nil {
			return nil, err
		}
	}
	return s.summaries, nil
}

// Steps is the length of the playback: step Steps+1 would show what step 1 shows.
func (s *shown) Steps() int { return s.steps }

// Check refuses a step outside the playback.
func (s *shown) Check(step int) error {
	if step < 1 || step > s.steps {
		return fmt.Errorf("step %d is not in the playback: expected 1 to %d", step, s.steps)
	}
	return nil
}

// begin refuses a step that there is not, and an expression that does not hold what the
// playback is of.
func (s *shown) begin(step int) error {
	if err := s.Check(step); err != nil {
		return err
	}
	if !s.e.whole {
		return fmt.Errorf("eval: step %d cannot be shown: the expression was not run to its end", step)
	}
	root := s.e.byPath["root"]
	switch {
	case s.root == root:
	case s.root != nil:
		return fmt.Errorf("eval: step %d cannot be shown: the expression was run again; release the playback first", step)
	case !s.isLaid():
		return fmt.Errorf("eval: step %d cannot be shown: the expression that was run is not the one that was laid out", step)
	}
	s.root = root
	return nil
}

// isLaid tells whether the matrices that there are are those of the layout.
func (s *shown) isLaid() bool {
	for _, m := range s.laid.Matrices {
		x := s.e.byPath[m.Path]
		if x == nil || x.isLeaf() == m.Node.IsMatMul() || x.rows != m.Rows.N || x.cols != m.Cols.N || m.Node.IsMatMul() && x.node.Epilog != m.Node.Epilog {
			return false
		}
	}
	return len(s.laid.Matrices) == len(s.e.byPath)
}

// show makes a step that was recorded what is shown.
func (s *shown) show(step int, results []anim.Result, instead map[string]gpu.Tensor, planes []MotionPlane) {
	changed := map[string]bool{}
	for _, paths := range []map[string]gpu.Tensor{s.instead, instead} {
		for path := range paths {
			before, was := s.instead[path]
			now, is := instead[path]
			black := was && is && before.Buffer == nil && now.Buffer == nil
			changed[path] = step != s.state.Step && !black
		}
	}
	if s.changed = changed; s.state.Step == 0 {
		s.changed = nil
	}
	s.state, s.instead, s.planes = anim.State{Step: step, Results: results}, instead, planes
}

// release frees the matrix of zeros and forgets what is shown.
func (s *shown) release() {
	s.zeros.Release()
	s.zeros, s.root = nil, nil
	s.state, s.planes, s.instead, s.changed, s.summaries = anim.State{}, nil, nil, nil, nil
}

// room makes some buffers, if there is memory for all of them.
func (s *shown) room(what string, rooms ...room) error {
	var bytes uint64
	for _, r := range rooms {
		bytes += r.bytes
	}
	d := s.e.device
	if free, ok := FreeMemory(); ok && d.Adapter.Software() && bytes > free {
		return fmt.Errorf("%s needs %s; this machine has %s free: make the matrices smaller", what, gpu.Bytes(bytes), gpu.Bytes(free))
	}
	for _, r := range rooms {
		var err error
		if *r.of, err = d.NewStorage(r.label, r.bytes); err != nil {
			return fmt.Errorf("%s: %w; smaller matrices need less", what, err)
		}
	}
	return nil
}

// room is a buffer that is to be made.
type room struct {
	of    **gpu.Buffer
	label string
	bytes uint64
}

// columns are the sums of a matrix [h, w] of which the first n columns are to be seen. An
// element may still change after it was reached: it is not whole until the next column is
// there.
func columns(h, w, n int) anim.Sums {
	return anim.Sums{BlockI: h, BlockK: 2, BlockJ: w, PerJ: 1, Rate: 1, Count: n}
}

// most is the size of the largest of some matrices.
func (s *shown) most(paths []string) (bytes uint64) {
	for _, path := range paths {
		bytes = max(bytes, s.e.byPath[path].bytes())
	}
	return bytes
}
