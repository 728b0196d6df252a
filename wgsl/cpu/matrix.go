// Package cpu holds the CPU twins of the WGSL kernels: the same names, plain
// loops, sums in float64. They are what a kernel's result is compared with,
// in its test and in the self-test of `doctor`, and they carry the CPU
// reference of the model.
//
// A forward pass goes through them in this order: Embed, then for each block
// LayerNorm, MatMul (queries, keys and values), MatMulT (scores), Softmax,
// MatMul (mixing the values), MatMul with a Residual, LayerNorm, MatMul with
// GELU, MatMul with a Residual; at the end LayerNorm and MatMulT (logits).
// Activate and Standardize are what else a product may go through; Reached, Sums and
// Products are products that are under way. Reduce, Pyramid, TopK and Traits describe what
// came out, and Compare how far two patterns are apart.
//
// Everything is row-major float32. A Mat is a strided view, so a head, a
// third of a fused projection or a block of rows needs no copy. Sizes that do
// not fit together are a mistake of the caller and panic with both shapes.
package cpu

import (
	"fmt"
	"runtime"
	"sync"
)

// Mat is a strided view of a row-major matrix: element (i, j) is
// Data[i*Stride+j].
type Mat struct {
	Data               []float32
	Rows, Cols, Stride int
}

// NewMat returns a zero matrix without gaps.
func NewMat(rows, cols int) Mat {
	return Mat{Data: make([]float32, rows*cols), Rows: rows, Cols: cols, Stride: cols}
}

// MatOf views a slice as a matrix without gaps; data must hold rows*cols
// values.
func MatOf(data []float32, rows, cols int) Mat {
	return Mat{Data: data[:rows*cols], Rows: rows, Cols: cols, Stride: cols}
}

// Row is row i, Cols values long, sharing the matrix's memory.
func (m Mat) Row(i int) []float32 {
	return m.Data[i*m.Stride : i*m.Stride+m.Cols]
}

// At is element (i, j).
func (m Mat) At(i, j int) float32 { return m.Data[i*m.Stride+j] }

// Sub is the block of rows x cols whose first element is (row, col), sharing
// the matrix's memory.
func (m Mat) Sub(row, col, rows, cols int) Mat {
	if row < 0 || col < 0 || rows < 0 || cols < 0 || row+rows > m.Rows || col+cols > m.Cols {
		panic(fmt.Sprintf("cpu: block %dx%d at (%d, %d) is outside a %dx%d matrix", rows, cols, row, col, m.Rows, m.Cols))
	}
	if rows == 0 || cols == 0 {
		return Mat{Rows: rows, Cols: cols, Stride: m.Stride}
	}
	return Mat{Data: m.Data[row*m.Stride+col:], Rows: rows, Cols: cols, Stride: m.Stride}
}

// Batch is a strided view of Count matrices of one shape: matrix n begins at
// Data[n*Step]. The heads of a [tokens, 3*width] projection are a Batch whose
// Step is the head's width and whose Stride is that of the projection.
type Batch struct {
	Data                            []float32
	Count, Step, Rows, Cols, Stride int
}

// BatchOf views a slice as count matrices without gaps.
func BatchOf(data []float32, count, rows, cols int) Batch {
	return Batch{Data: data[:count*rows*cols], Count: count, Step: rows * cols, Rows: rows, Cols: cols, Stride: cols}
}

// Heads cuts a matrix into count matrices of equal width, side by side.
func (m Mat) Heads(count int) Batch {
	width := m.Cols / count
	return Batch{Data: m.Data, Count: count, Step: width, Rows: m.Rows, Cols: width, Stride: m.Stride}
}

// Mat is matrix n of the batch.
func (b Batch) Mat(n int) Mat {
	if n < 0 || n >= b.Count {
		panic(fmt.Sprintf("cpu: matrix %d of a batch of %d", n, b.Count))
	}
	return Mat{Data: b.Data[n*b.Step:], Rows: b.Rows, Cols: b.Cols, Stride: b.Stride}
}

// Parallel calls do for ranges [lo, hi) that cover 0..n, on as many goroutines
// as there are processors, and returns when all are done.
func Parallel(n int, do func(lo, hi int)) {
	workers := min(runtime.GOMAXPROCS(0), n)
	if workers <= 1 {
		do(0, n)
		return
	}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() { do(n*w/workers, n*(w+1)/workers) })
	}
	wg.Wait()
}
