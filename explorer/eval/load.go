package eval

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"headscope/gpu"
	"headscope/models/gpt2"
	"headscope/models/tensor"
)

// Model is a GPT-2 on a device: parameters only.
type Model struct {
	Config   gpt2.Config
	Warnings []string // parameters that hold NaN or infinities, a sentence each

	device *gpu.Device          // not owned
	params gpt2.Params[*handle] // owned
	bytes  uint64               // of the parameters on the device
}

// handle is a tensor on the device in one piece or, for a parameter over the adapter's
// binding limit, in parts of consecutive rows.
type handle struct{ parts []gpu.Tensor }

// one returns a tensor that is in one piece.
func (h *handle) one() gpu.Tensor {
	if h == nil {
		return gpu.Tensor{}
	}
	return h.parts[0]
}

// rows counts the rows of all parts.
func (h *handle) rows() int {
	n := 0
	for _, p := range h.parts {
		n += p.Rows
	}
	return n
}

func (h *handle) release() {
	if h != nil {
		for _, p := range h.parts {
			p.Buffer.Release()
		}
	}
}

// chunkFloats is how much is decoded, looked through and uploaded at a time.
const chunkFloats = 1 << 20

// Load uploads the parameters of m. progress, if not nil, is told the bytes uploaded
// after every piece. A model that cannot fit is refused before anything is allocated; a
// cancelled ctx ends the load with its error.
func Load(ctx context.Context, d *gpu.Device, m *gpt2.Model, progress func(bytes int64)) (*Model, error) {
	if err := checkFits(d, m); err != nil {
		return nil, err
	}
	if progress == nil {
		progress = func(int64) {}
	}
	l := newLoader(d, progress)
	model := &Model{Config: m.Config, device: d}
	var err error
	model.params, err = gpt2.MapParams(m.Params, func(name string, s *tensor.Stored) (*handle, error) {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		h, err := l.upload(name, s)
		m.Drop(s)
		return h, err
	})
	l.stop()
	model.Warnings, model.bytes = l.warnings, l.bytes
	if err != nil {
		model.Release()
		return nil, err
	}
	return model, nil
}

// onDevice is a parameter as the device keeps it: matrices transposed, [out, in] like the
// token table, since products with their rows are the fastest on software adapters, no
// slower on GPUs, and a matrix in parts then gives ranges of columns.
func onDevice(name string, s *tensor.Stored) *tensor.Stored {
	if len(s.Shape) == 2 && strings.HasPrefix(name, "h.") {
		return s.Transposed()
	}
	return s
}

// Release frees the parameters. It is safe to call twice.
func (m *Model) Release() {
	if m == nil {
		return
	}
	// MapParams is also the way to visit every parameter.
	gpt2.MapParams(m.params, func(_ string, h *handle) (*handle, error) {
		h.release()
		return nil, nil
	})
	m.params = gpt2.Params[*handle]{}
}

// Bytes is the device memory that the parameters take.
func (m *Model) Bytes() uint64 { return m.bytes }

// loader moves parameters to the device in pieces: one goroutine decodes and looks for
// NaN while this one uploads the piece before.
type loader struct {
	d        *gpu.Device
	progress func(int64)
	bytes    uint64
	warnings []string
	jobs     chan job
	pieces   chan piece
	scratch  chan []float32 // free decode buffers
}

// job is a range of rows of a stored tensor to decode.
type job struct {
	s           *tensor.Stored
	start, size int // elements
}

// piece is a decoded range.
type piece struct {
	data []float32
	own  bool // data is scratch and goes back
	bad  int  // index within the tensor of the first NaN or infinity, or -1
	err  error
}

func newLoader(d *gpu.Device, progress func(int64)) *loader {
	l := &loader{d: d, progress: progress, jobs: make(chan job, 64), pieces: make(chan piece, 2), scratch: make(chan []float32, 3)}
	for range cap(l.scratch) {
		l.scratch <- nil
	}
	go func() {
		defer close(l.pieces)
		for j := range l.jobs {
			l.pieces <- l.decode(j)
		}
	}()
	return l
}

// stop ends the goroutine. Pieces that an error left behind are dropped.
func (l *loader) stop() {
	close(l.jobs)
	for p := range l.pieces {
		l.recycle(p)
	}
}

func (l *loader) decode(j job) piece {
	p := piece{bad: -1}
	if all, ok := j.s.View(); ok {
		p.data = all[j.start : j.start+j.size]
	} else {
		buf := <-l.scratch
		if cap(buf) < j.size {
			buf = make([]float32, max(j.size, chunkFloats))
		}
		p.data, p.own = buf[:j.size], true
		p.err = j.s.Decode(p.data, j.start)
	}
	if bad := tensor.FirstNonFinite(p.data); p.err == nil && bad >= 0 {
		p.bad = j.start + bad
	}
	return p
}

func (l *loader) recycle(p piece) {
	if p.own {
		l.scratch <- p.data
	}
}

// upload makes the handle of one parameter: a vector [n] becomes [1, n].
func (l *loader) upload(name string, s *tensor.Stored) (*handle, error) {
	stored := s
	s, err := loaded(onDevice(name, stored))
	if err != nil {
		return nil, err
	}
	rows, cols := matrixShape(s.Shape)
	h := &handle{}
	for first := 0; first < rows; {
		n := min(rows-first, partRows(l.d, cols))
		t, err := l.d.NewTensor(name, 1, n, cols)
		if err != nil {
			return h, err
		}
		h.parts = append(h.parts, t)
		l.bytes += t.Buffer.Size
		first += n
	}
	if err := l.fill(name, h, s, stored, cols); err != nil {
		return h, fmt.Errorf("%s: %w", name, err)
	}
	return h, nil
}

// loaded parses a tensor that is not laid out in a file (CSV, compressed npz) once for
// all its pieces.
func loaded(s *tensor.Stored) (*tensor.Stored, error) {
	if s.Load == nil {
		return s, nil
	}
	b, err := s.Load()
	if err != nil {
		return nil, err
	}
	c := *s
	c.Load, c.Bytes = nil, b
	return &c, nil
}

func matrixShape(shape []int) (rows, cols int) {
	if len(shape) == 1 {
		return 1, shape[0]
	}
	return shape[0], shape[1]
}

// partRows is how many rows of so many columns one binding of the adapter holds.
func partRows(d *gpu.Device, cols int) int {
	return int(d.Limits.StorageBinding/uint64(4*gpu.Stride4(cols))) &^ 3 // so that the logits of a part begin at a multiple of 4
}

// fill streams the rows of s into the parts of h. stored is s as the file has it.
func (l *loader) fill(name string, h *handle, s, stored *tensor.Stored, cols int) error {
	step := max(1, chunkFloats/cols)
	type span struct {
		t     gpu.Tensor
		first int // row within t
		rows  int
	}
	var spans []span
	for _, t := range h.parts {
		for first := 0; first < t.Rows; first += step {
			spans = append(spans, span{t, first, min(step, t.Rows-first)})
		}
	}
	go func(start int) {
		for _, sp := range spans {
			l.jobs <- job{s, start, sp.rows * cols}
			start += sp.rows * cols
		}
	}(0)
	var failed error
	warned := false
	for _, sp := range spans {
		p := <-l.pieces
		if failed == nil {
			failed = p.err
		}
		if failed == nil {
			failed = l.d.WriteRows(sp.t, sp.first, p.data)
		}
		if p.bad >= 0 && !warned {
			warned = true
			at := position(s.Shape, p.bad)
			if s.Fortran != stored.Fortran { // as the file has it
				slices.Reverse(at)
			}
			l.warnings = append(l.warnings, fmt.Sprintf("%s holds a NaN or infinity at %v: what depends on it is not to be trusted", name, at))
		}
		l.recycle(p)
		l.progress(int64(sp.rows * cols * 4))
	}
	return failed
}

// position is the index tuple of element i of a shape.
func position(shape []int, i int) []int {
	at := make([]int, len(shape))
	for d := len(shape) - 1; d >= 0; d-- {
		at[d], i = i%shape[d], i/shape[d]
	}
	return at
}
