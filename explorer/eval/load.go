package eval

import (
	"cmp"
	"context"
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
	l, err := newLoader(d, progress)
	if err != nil {
		return nil, err
	}
	model := &Model{Config: m.Config, device: d}
	model.params, err = gpt2.MapParams(m.Params, func(name string, s *tensor.Stored) (*handle, error) {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return l.upload(name, s, func() { m.Drop(s) })
	})
	err = cmp.Or(err, l.close())
	model.Warnings = l.warnings
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
