package kernels

import "headscope/gpu"

// Whole matrices are summarised in parts of at most partCols columns of one row, and then
// partFan parts at a time until one is left: sums in float32 stay short and exact, and no
// thread's loop long.
const (
	partCols = 1024
	partFan  = 256
)

// partCounts lists how many parts of a matrix are left after each step, down to 1.
func partCounts(rows, cols int) []int {
	counts := []int{rows * ceil(cols, partCols)}
	for n := counts[0]; n > 1; {
		n = ceil(n, partFan)
		counts = append(counts, n)
	}
	return counts
}

// WorkFloats is the size of the working space that [Reduce] and [Standardize] of matrices
// [batch, rows, cols] need.
func WorkFloats(batch, rows, cols int) int {
	floats := 0
	for _, n := range partCounts(rows, cols) {
		floats += 4 * batch * n
	}
	return floats
}

type reduceParams struct {
	Batch, Rows, Cols           uint32
	Parts, Step, Stage, Last    uint32
	XOffset4, XStride4, XBatch4 uint32
	Source, Result              uint32
}

// Summary holds the working space, of [WorkFloats], and the result of [Reduce]: a quadruple
// a matrix, Out [H, 4]: max |x|, sum, min |x|, and how many values are NaN or infinite,
// which the others leave out. Where nothing is finite they are 0. The sum is within about
// 1e-6 of the sum of all |x|, the count exact up to 2^24.
type Summary struct{ Work, Out gpu.Tensor }

// Reduce summarises each matrix of x [H, N, M].
func Reduce(r *gpu.Recorder, s Summary, x gpu.Tensor) {
	ok := s.Work.Offset == 0 && s.Work.Cols >= WorkFloats(x.Batch, x.Rows, x.Cols) &&
		s.Out.Rows >= x.Batch && s.Out.Cols == 4 && s.Out.RowStride == 4 && aligned(x, s.Out)
	if !check(r, ok, "reduce", s.Work, s.Out, x) || x.Len() == 0 {
		return
	}
	name, rows := rowKernel(r, "reduce")
	counts := partCounts(x.Rows, x.Cols)
	p := reduceParams{
		Batch: uint32(x.Batch), Rows: uint32(x.Rows), Cols: uint32(x.Cols),
		Parts: uint32(counts[0] / x.Rows), Step: partCols / 4,
		XOffset4: uint32(x.Offset / 4), XStride4: uint32(x.RowStride / 4), XBatch4: uint32(x.BatchStride / 4),
	}
	cost := float64(x.Len() * 50)
	for stage, n := range counts {
		if stage > 0 {
			before := uint32(counts[stage-1])
			p.Stage, p.Rows, p.Cols, p.Parts, p.Step = 1, 1, before, uint32(n), partFan
			p.Source, p.Result = p.Result, p.Result+p.Batch*before
			cost = float64(x.Batch) * float64(before) * 50
		}
		if stage == len(counts)-1 {
			p.Last, p.Result = 1, uint32(s.Out.Offset/4)
		}
		r.Dispatch(name, gpu.Uniform(&p), fold(r, ceil(x.Batch*n, rows)), cost, x.Buffer, s.Work.Buffer, s.Out.Buffer)
	}
}

type standardizeParams struct {
	Rows, Cols, Parts, Step, Stage             uint32
	Eps                                        float32
	XOffset4, XStride4, OutOffset4, OutStride4 uint32
	Source, Result                             uint32
}

// Standardize computes out = (x - mean) / sqrt(variance + eps), with the mean and the biased
// variance of the whole matrix; x, out [N, M]. work has [WorkFloats]. A NaN or infinity in x
// makes all of out NaN.
func Standardize(r *gpu.Recorder, out, x, work gpu.Tensor, eps float32) {
	ok := out.Batch == 1 && x.Batch == 1 && out.Rows == x.Rows && out.Cols == x.Cols && aligned(out, x) &&
		work.Offset == 0 && work.Cols >= WorkFloats(1, x.Rows, x.Cols)
	if !check(r, ok, "standardize", out, x, work) || x.Len() == 0 {
		return
	}
	name, rows := rowKernel(r, "standardize")
	counts := partCounts(x.Rows, x.Cols)
	whole := standardizeParams{
		Rows: uint32(x.Rows), Cols: uint32(x.Cols), Parts: uint32(counts[0] / x.Rows), Step: partCols / 4, Eps: eps,
		XOffset4: uint32(x.Offset / 4), XStride4: uint32(x.RowStride / 4),
		OutOffset4: uint32(out.Offset / 4), OutStride4: uint32(out.RowStride / 4),
	}
	dispatch := func(p standardizeParams, parts, values int) {
		r.Dispatch(name, gpu.Uniform(&p), fold(r, ceil(parts, rows)), float64(values)*50, x.Buffer, work.Buffer, out.Buffer)
	}
	dispatch(whole, counts[0], x.Len())
	at := 0 // where the moments of the last stage begin
	for stage := 1; stage < len(counts); stage++ {
		before := counts[stage-1]
		p := whole
		p.Stage, p.Rows, p.Cols, p.Parts, p.Step = 1, 1, uint32(before), uint32(counts[stage]), partFan
		p.Source, p.Result = uint32(at), uint32(at+before)
		at += before
		dispatch(p, counts[stage], before)
	}
	whole.Stage, whole.Source = 2, uint32(at)
	dispatch(whole, counts[0], x.Len())
}
