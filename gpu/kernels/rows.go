package kernels

import (
	"math"

	"headscope/gpu"
)

type layerNormParams struct {
	Rows, Cols                                 uint32
	XOffset4, XStride4, OutOffset4, OutStride4 uint32
	Eps                                        float32
	HasBias                                    uint32
}

// LayerNorm normalises each row: out = (x - mean) / sqrt(variance + eps) * gain + bias,
// with the row's own mean and biased variance. x, out [N, D]; gain, bias [1, D]; a bias
// without a buffer is none.
func LayerNorm(r *gpu.Recorder, out, x, gain, bias gpu.Tensor, eps float32) {
	hasBias := bias.Buffer != nil
	if !hasBias {
		bias = gain
	}
	ok := loops(r, 3*x.Cols/4) && out.Batch == 1 && x.Batch == 1 && out.Rows == x.Rows && out.Cols == x.Cols && gain.Cols == x.Cols && bias.Cols == x.Cols &&
		gain.Offset == 0 && bias.Offset == 0 && aligned(out, x)
	if !check(r, ok, "layernorm", out, x, gain, bias) {
		return
	}
	p := layerNormParams{
		Rows: uint32(x.Rows), Cols: uint32(x.Cols),
		XOffset4: uint32(x.Offset / 4), XStride4: uint32(x.RowStride / 4),
		OutOffset4: uint32(out.Offset / 4), OutStride4: uint32(out.RowStride / 4),
		Eps: eps, HasBias: flag(hasBias),
	}
	name, rows := rowKernel(r, "layernorm")
	r.Dispatch(name, gpu.Uniform(&p), fold(r, ceil(x.Rows, rows)), float64(x.Len()*100), x.Buffer, gain.Buffer, bias.Buffer, out.Buffer)
}

type softmaxParams struct {
	Batch, Rows, Cols, Causal         uint32
	Scale                             float32
	XOffset4, XStride4, XBatch4       uint32
	OutOffset4, OutStride4, OutBatch4 uint32
	Position, LSEOffset               uint32
	Unused                            [3]uint32
}

// Mask says which columns a row of a softmax sees.
type Mask struct {
	Causal   bool // row i sees the columns up to Position + i, else all
	Position int
}

// SoftmaxCols is how many columns [Softmax] takes on a device.
func SoftmaxCols(d *gpu.Device) int {
	if d.Family == gpu.Registers {
		return 4 * (maxRounds - 1) / 3 // three loops over vec4s
	}
	return math.MaxInt32
}

// Softmax computes each row's softmax of scale*x, x and out [H, N, M]; masked columns
// come out 0. lse [1, H*N] receives ln sum exp of each row, packed.
func Softmax(r *gpu.Recorder, out, lse, x gpu.Tensor, scale float32, mask Mask) {
	ok := x.Cols <= SoftmaxCols(r.Device()) && out.Batch == x.Batch && out.Rows == x.Rows && out.Cols == x.Cols && lse.Cols >= x.Batch*x.Rows && lse.Offset == 0 && aligned(out, x)
	if !check(r, ok, "softmax", out, lse, x) {
		return
	}
	name, rows := rowKernel(r, "softmax")
	one := float64(x.Rows * x.Cols * 150) // cost of a head
	byHeads(r, x.Batch, one, func(h, n int) {
		from, to := batches(x, h, n), batches(out, h, n)
		p := softmaxParams{
			Batch: uint32(n), Rows: uint32(x.Rows), Cols: uint32(x.Cols), Causal: flag(mask.Causal), Position: uint32(mask.Position), Scale: scale,
			XOffset4: uint32(from.Offset / 4), XStride4: uint32(x.RowStride / 4), XBatch4: uint32(x.BatchStride / 4),
			OutOffset4: uint32(to.Offset / 4), OutStride4: uint32(out.RowStride / 4), OutBatch4: uint32(out.BatchStride / 4),
			LSEOffset: uint32(h * x.Rows),
		}
		r.Dispatch(name, gpu.Uniform(&p), fold(r, ceil(n*x.Rows, rows)), float64(n)*one, x.Buffer, out.Buffer, lse.Buffer)
	})
}

type addParams struct {
	Rows, Cols4                                                    uint32
	AOffset4, AStride4, BOffset4, BStride4, OutOffset4, OutStride4 uint32
}

// Add computes out = a + b, all [N, D].
func Add(r *gpu.Recorder, out, a, b gpu.Tensor) {
	ok := out.Batch == 1 && a.Batch == 1 && b.Batch == 1 && out.Rows == a.Rows && out.Cols == a.Cols && a.Rows == b.Rows && a.Cols == b.Cols && aligned(out, a, b)
	if !check(r, ok, "add", out, a, b) {
		return
	}
	p := addParams{
		Rows: uint32(a.Rows), Cols4: uint32(ceil(a.Cols, 4)),
		AOffset4: uint32(a.Offset / 4), AStride4: uint32(a.RowStride / 4),
		BOffset4: uint32(b.Offset / 4), BStride4: uint32(b.RowStride / 4),
		OutOffset4: uint32(out.Offset / 4), OutStride4: uint32(out.RowStride / 4),
	}
	r.Dispatch("add", gpu.Uniform(&p), grid(r, int(p.Cols4), a.Rows), float64(a.Len()*100), a.Buffer, b.Buffer, out.Buffer)
}
