package gpu

import (
	"fmt"
	"math"
)

// Tensor is a view of float32 values in a buffer: a batch of matrices whose columns
// are contiguous. Views are plain values; the buffer belongs to whoever made it.
//
// Strides and the offset are counted in floats and are multiples of 4 in every
// tensor that [Device.NewTensor] makes; a view may break that, and is then only
// accepted by kernels that load single floats.
type Tensor struct {
	Buffer                 *Buffer // not owned
	Batch, Rows, Cols      int
	Offset                 int // of element [0, 0, 0]
	RowStride, BatchStride int
}

// Stride4 is the number of floats from one row to the next: n rounded up to 4.
func Stride4(n int) int { return (n + 3) &^ 3 }

// NewTensor allocates a zeroed tensor [batch, rows, cols], rows padded to a multiple
// of 4 floats. Free it with t.Buffer.Release.
func (d *Device) NewTensor(label string, batch, rows, cols int) (Tensor, error) {
	if batch < 0 || rows < 0 || cols < 0 || float64(batch)*float64(rows)*float64(Stride4(cols)) > math.MaxUint32 {
		return Tensor{}, fmt.Errorf("gpu: %s: [%d, %d, %d] is no tensor a kernel can index", label, batch, rows, cols)
	}
	b, err := d.NewStorage(label, uint64(batch)*uint64(rows)*uint64(Stride4(cols))*4)
	if err != nil {
		return Tensor{}, err
	}
	return b.Tensor(batch, rows, cols), nil
}

// Packed views the start of the buffer as a matrix whose rows follow one another without
// padding.
func (b *Buffer) Packed(rows, cols int) Tensor {
	return Tensor{Buffer: b, Batch: 1, Rows: rows, Cols: cols, RowStride: cols, BatchStride: rows * cols}
}

// Tensor views the start of the buffer as a padded tensor [batch, rows, cols].
func (b *Buffer) Tensor(batch, rows, cols int) Tensor {
	stride := Stride4(cols)
	return Tensor{Buffer: b, Batch: batch, Rows: rows, Cols: cols, RowStride: stride, BatchStride: rows * stride}
}

// Upload makes a tensor [rows, cols] of row-major data.
func (d *Device) Upload(label string, rows, cols int, data []float32) (Tensor, error) {
	if len(data) != rows*cols {
		return Tensor{}, fmt.Errorf("gpu: %s: %d values for [%d, %d]", label, len(data), rows, cols)
	}
	t, err := d.NewTensor(label, 1, rows, cols)
	if err != nil {
		return Tensor{}, err
	}
	if err := d.WriteRows(t, 0, data); err != nil {
		t.Buffer.Release()
		return Tensor{}, err
	}
	return t, nil
}

// WriteRows copies whole rows of row-major data into the rows of the tensor from
// row first on, with zeros in the padding. The tensor has one batch and is packed.
func (d *Device) WriteRows(t Tensor, first int, data []float32) error {
	if t.Cols == 0 || len(data) == 0 {
		return nil
	}
	if len(data)%t.Cols != 0 || t.Batch != 1 || first+len(data)/t.Cols > t.Rows {
		return fmt.Errorf("gpu: %s: %d values from row %d do not fit [%d, %d]", t.Buffer.Label, len(data), first, t.Rows, t.Cols)
	}
	if t.RowStride == t.Cols {
		return d.WriteFloats(t.Buffer, t.Offset+first*t.Cols, data)
	}
	const block = 1 << 18 // floats padded at a time
	rows := max(1, block/t.RowStride)
	padded := make([]float32, min(rows, len(data)/t.Cols)*t.RowStride)
	for ; len(data) > 0; first += rows {
		n := min(rows, len(data)/t.Cols)
		for r := range n {
			copy(padded[r*t.RowStride:], data[r*t.Cols:(r+1)*t.Cols])
		}
		if err := d.WriteFloats(t.Buffer, t.Offset+first*t.RowStride, padded[:n*t.RowStride]); err != nil {
			return err
		}
		data = data[n*t.Cols:]
	}
	return nil
}

// Part views rows [row, row+rows) and columns [col, col+cols) of every batch.
func (t Tensor) Part(row, rows, col, cols int) Tensor {
	t.Offset += row*t.RowStride + col
	t.Rows, t.Cols = rows, cols
	return t
}

// At views one batch.
func (t Tensor) At(batch int) Tensor {
	t.Offset += batch * t.BatchStride
	t.Batch = 1
	return t
}

// Heads views a matrix whose columns are n blocks of equal width as a batch of n
// matrices, without a copy: the per-head view of Q, K, V or of the heads' outputs.
func (t Tensor) Heads(n int) Tensor {
	t.Batch, t.Cols = n, t.Cols/n
	t.BatchStride = t.Cols
	return t
}

// Len is the number of elements, padding apart.
func (t Tensor) Len() int { return t.Batch * t.Rows * t.Cols }

// Aligned reports whether kernels may load vec4s along the columns.
func (t Tensor) Aligned() bool {
	return t.Offset%4 == 0 && t.RowStride%4 == 0 && (t.Batch == 1 || t.BatchStride%4 == 0)
}

// span is the range of floats [lo, hi) that the view touches.
func (t Tensor) span() (lo, hi int) {
	if t.Len() == 0 {
		return t.Offset, t.Offset
	}
	return t.Offset, t.Offset + (t.Batch-1)*t.BatchStride + (t.Rows-1)*t.RowStride + t.Cols
}

// String gives the label and shape: "h.0.attn [12, 256, 256]".
func (t Tensor) String() string {
	label := "nil"
	if t.Buffer != nil {
		label = t.Buffer.Label
	}
	if t.Batch == 1 {
		return fmt.Sprintf("%s [%d, %d]", label, t.Rows, t.Cols)
	}
	return fmt.Sprintf("%s [%d, %d, %d]", label, t.Batch, t.Rows, t.Cols)
}
