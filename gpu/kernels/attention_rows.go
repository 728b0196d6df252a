package kernels

import (
	"fmt"

	"headscope/gpu"
)

// FewRows is up to how many queries count as decoding: a key block's rows of scores would
// not fill the device, so that the keys are split over threads.
const FewRows = 4

// splitKeys cuts m keys into splits of `step`.
func splitKeys(m int) (step, splits int) {
	const least, most = 32, 64 // keys a split, splits
	step = max(least, ceil(m, most))
	return step, ceil(m, step)
}

type attentionSplitParams struct {
	Batch, Rows, Splits, Step, Keys, D4, Causal uint32
	Position                                    int32
	Scale                                       float32
	QOffset4, QStride4, QBatch4                 uint32
	KOffset4, KStride4, KBatch4                 uint32
	VOffset4, VStride4, VBatch4                 uint32
	WorkOffset4, Unused                         uint32
}

// split stores, for each query and each `step` keys, what they come to. Heads are cut so that
// no dispatch is long.
func split(r *gpu.Recorder, work, q, k, v gpu.Tensor, a Attention, step int) {
	splits := ceil(k.Rows, step)
	one := 4 * float64(q.Rows*q.Cols) * float64(k.Rows) // work of a head
	byHeads(r, q.Batch, one, func(h, n int) {
		of, ks, vs := batches(q, h, n), batches(k, h, n), batches(v, h, n)
		p := attentionSplitParams{
			Batch: uint32(n), Rows: uint32(q.Rows), Splits: uint32(splits), Step: uint32(step), Keys: uint32(k.Rows), D4: uint32(q.Cols / 4),
			Causal: flag(a.Mask.Causal), Position: int32(a.Mask.Position), Scale: a.scale(q.Cols),
			QOffset4: uint32(of.Offset / 4), QStride4: uint32(q.RowStride / 4), QBatch4: batchStride(of) / 4,
			KOffset4: uint32(ks.Offset / 4), KStride4: uint32(k.RowStride / 4), KBatch4: batchStride(ks) / 4,
			VOffset4: uint32(vs.Offset / 4), VStride4: uint32(v.RowStride / 4), VBatch4: batchStride(vs) / 4,
			WorkOffset4: uint32(h * q.Rows * splits * (4 + q.Cols) / 4),
		}
		r.Dispatch(fmt.Sprintf("attention_split_%d", padded(q.Cols)), gpu.Uniform(&p), fold(r, ceil(n*q.Rows*splits, 32)), float64(n)*one,
			q.Buffer, k.Buffer, v.Buffer, work.Buffer)
	})
}

type attentionMergeParams struct {
	Batch, Rows, Splits, D4           uint32
	OutOffset4, OutStride4, OutBatch4 uint32
	LSEOffset, LSEStride              uint32
	Unused                            [3]uint32
}

// attendSplit is attention of few rows.
func attendSplit(r *gpu.Recorder, out, lse, work, q, k, v gpu.Tensor, a Attention) {
	step, splits := splitKeys(k.Rows)
	split(r, work, q, k, v, a, step)
	p := attentionMergeParams{
		Batch: uint32(q.Batch), Rows: uint32(q.Rows), Splits: uint32(splits), D4: uint32(q.Cols / 4),
		OutOffset4: uint32(out.Offset / 4), OutStride4: uint32(out.RowStride / 4), OutBatch4: uint32(out.BatchStride / 4),
		LSEOffset: uint32(lse.Offset), LSEStride: uint32(lse.RowStride),
	}
	r.Dispatch("attention_merge", gpu.Uniform(&p), fold(r, ceil(out.Len()/4, 64)), float64(out.Len()*splits*4), work.Buffer, out.Buffer, lse.Buffer)
}

// TraceBlocks is how many key blocks [AttentionTrace] records of m keys.
func TraceBlocks(d *gpu.Device, m, head int, a Attention) int {
	_, keys := a.Blocks(d, head)
	return ceil(m, keys)
}

// TraceWork is the size of the working space that [AttentionTrace] needs.
func TraceWork(d *gpu.Device, heads, m, head int, a Attention) (floats int) {
	return heads * TraceBlocks(d, m, head, a) * (4 + head)
}

type attentionTraceParams struct {
	Batch, Splits, D4                 uint32
	OutOffset4, OutStride4, OutBatch4 uint32
	Unused                            [2]uint32
}

// AttentionTrace records the online softmax of the chosen query rows, block of BlockK keys by
// block: out [H, rows * blocks, 4 + d] has in row i*blocks + j, with [TraceBlocks] blocks, the
// state of query rows[i] after key block j: the running maximum m and sum l, the factor c that
// sum and output before were rescaled with (0 in the first block), a 0, and the d values of the
// output gathered so far, which divided by l are those of the keys seen until then. Blocks that
// the row does not see change nothing: c is 1.
func AttentionTrace(r *gpu.Recorder, out, work, q, k, v gpu.Tensor, rows []int, a Attention) {
	if !a.check(r, "attention trace", q, k, v) {
		return
	}
	_, keys := a.Blocks(r.Device(), q.Cols)
	blocks := ceil(k.Rows, keys)
	ok := out.Batch == q.Batch && out.Rows == len(rows)*blocks && out.Cols == 4+q.Cols && aligned(out) &&
		work.Offset == 0 && work.Cols >= TraceWork(r.Device(), q.Batch, k.Rows, q.Cols, a)
	if !check(r, ok, "attention trace", out, work, q) {
		return
	}
	for i, row := range rows {
		if row < 0 || row >= q.Rows {
			r.Fail(fmt.Errorf("kernels: attention trace: row %d; there are %d", row, q.Rows))
			return
		}
		one := a
		one.Mask = a.Mask.at(row, 0)
		split(r, work, q.Part(row, 1, 0, q.Cols), k, v, one, keys)
		to := out.Part(i*blocks, blocks, 0, out.Cols)
		p := attentionTraceParams{
			Batch: uint32(q.Batch), Splits: uint32(blocks), D4: uint32(q.Cols / 4),
			OutOffset4: uint32(to.Offset / 4), OutStride4: uint32(to.RowStride / 4), OutBatch4: uint32(to.BatchStride / 4),
		}
		r.Dispatch("attention_trace", gpu.Uniform(&p), fold(r, ceil(q.Batch*q.Cols/4, 8)), float64(to.Len()*4), work.Buffer, out.Buffer)
	}
}
