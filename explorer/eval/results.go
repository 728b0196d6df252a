package eval

import (
	"fmt"

	"headscope/gpu"
	"headscope/models/tensor"
)

// Matrix returns the leaf or result at a path as [expr.Node.Walk] names it. It is valid
// until the next Run.
func (e *Expression) Matrix(path string) (gpu.Tensor, error) {
	if !e.whole {
		return gpu.Tensor{}, fmt.Errorf("eval: there is no matrix %s: nothing was run to its end", path)
	}
	m := e.byPath[path]
	if m == nil {
		return gpu.Tensor{}, fmt.Errorf("eval: there is no matrix %s in this expression", path)
	}
	return m.tensor(), nil
}

// Summary is what there is to say of a matrix: of its finite values, but for the count of
// the others. Where nothing is finite it is 0.
type Summary struct {
	AbsMax, AbsMin float64 // largest and smallest |x|
	Sum            float64 // within 1e-6 of the sum of all |x|
	NotFinite      int     // NaNs and infinities
}

// Summaries reads those of all matrices, leaves and results, by path.
func (e *Expression) Summaries() (map[string]Summary, error) {
	if !e.whole {
		return nil, fmt.Errorf("eval: there are no summaries: nothing was run to its end")
	}
	data, err := e.device.Read(e.sums.Tensor(1, len(e.matrices), 4))
	if err != nil {
		return nil, err
	}
	of := map[*matrix]Summary{}
	for i, m := range e.matrices {
		v := data[0][4*i:]
		of[m] = Summary{AbsMax: float64(v[0]), Sum: float64(v[1]), AbsMin: float64(v[2]), NotFinite: int(v[3])}
	}
	all := make(map[string]Summary, len(e.byPath))
	for path, m := range e.byPath {
		all[path] = of[m]
	}
	return all, nil
}

// Read copies a matrix to the CPU, [H, W].
func (e *Expression) Read(path string) (tensor.Tensor, error) {
	t, err := e.Matrix(path)
	if err != nil {
		return tensor.Tensor{}, err
	}
	return e.ReadPart(path, 0, 0, t.Rows, t.Cols)
}

// ReadPart copies rows [i, i+rows) and columns [j, j+cols) of a matrix to the CPU.
func (e *Expression) ReadPart(path string, i, j, rows, cols int) (tensor.Tensor, error) {
	t, err := e.Matrix(path)
	if err != nil {
		return tensor.Tensor{}, err
	}
	if min(i, j, rows, cols) < 0 || i > t.Rows-rows || j > t.Cols-cols {
		return tensor.Tensor{}, fmt.Errorf("eval: %d x %d elements from (%d, %d) on are not all in %s", rows, cols, i, j, t)
	}
	data, err := e.device.Read(t.Part(i, rows, j, cols))
	if err != nil {
		return tensor.Tensor{}, err
	}
	return tensor.Tensor{Shape: []int{rows, cols}, Data: data[0]}, nil
}

// Element is one place in one matrix.
type Element struct {
	Path string
	I, J int
}

// ReadElements copies single elements, of any matrices, to the CPU, all at once.
func (e *Expression) ReadElements(elements []Element) ([]float32, error) {
	if len(elements) == 0 {
		return nil, nil
	}
	values, err := e.device.NewTensor("elements", 1, 1, len(elements))
	if err != nil {
		return nil, err
	}
	defer values.Buffer.Release()
	r := e.device.Record("elements")
	for n, el := range elements {
		t, err := e.Matrix(el.Path)
		if err == nil && (min(el.I, el.J) < 0 || el.I >= t.Rows || el.J >= t.Cols) {
			err = fmt.Errorf("eval: there is no element (%d, %d) in %s", el.I, el.J, t)
		}
		if err != nil {
			r.Fail(err)
			break
		}
		r.Copy(values.Buffer, uint64(4*n), t.Buffer, uint64(t.Offset+el.I*t.RowStride+el.J)*4, 4)
	}
	if err := r.Submit(); err != nil {
		return nil, err
	}
	data, err := e.device.Read(values)
	if err != nil {
		return nil, err
	}
	return data[0], nil
}
