package kernels

import (
	"fmt"
	"math"
	"slices"

	"headscope/gpu"
	"headscope/wgsl"
)

// Attention is what every way to compute attention takes beside its tensors: for each of H
// heads, queries q [H, N, d], keys k and values v [H, M, d], one batch of keys and values
// serving all heads if there is but one, make
//
//	out = softmax(Scale q k^T, masked) v    [H, N, d]
//	lse = ln sum exp(Scale q k^T, masked)   [H, N], one matrix
//
// so that any cell of the attention matrix is exp(score - lse). d is a multiple of 4 up to
// 128; software adapters are much faster where the rows of q, k and v begin at multiples of 64
// floats. A NaN or infinity in q, k or v spreads: [CheckFinite] names it beforehand.
type Attention struct {
	Scale float32 // of the scores, 0 for 1/sqrt(d)
	Mask  Mask    // causal: Position is that of the first query among the keys, not negative

	// BlockQ and BlockK are the queries and keys of a block, 0 for the family's best.
	//
	// gpu.Registers keeps a block of scores at a time: any multiples of 64 up to 2048.
	// gpu.Workgroups holds BlockK keys and values in workgroup memory: 8, 16, 32 or 64. A
	// workgroup there takes 64 queries, whatever BlockQ says; it is then but the block of
	// [BlockwiseLayer].
	BlockQ, BlockK int
}

// The blocks that are chosen for BlockQ or BlockK 0.
const (
	registersBlockQ  = 512
	registersBlockK  = 1024
	workgroupsBlockQ = 512
	workgroupTile    = 16 << 10 // bytes of keys and values: what every adapter has
)

// maxBlock is the largest block of scores a side: what an image holds.
const maxBlock = gpu.TexelSide

// maxPosition leaves room for the queries behind it in 32 bits.
const maxPosition = 1 << 30

// Check says whether the device computes attention of heads of so many columns in these
// blocks, in one line.
func (a Attention) Check(d *gpu.Device, head int) error {
	widest := wgsl.AttentionHeads[len(wgsl.AttentionHeads)-1]
	switch block := a.BlockK; {
	case head < 4 || head > widest || head%4 != 0:
		return fmt.Errorf("kernels: attention: heads of %d; a multiple of 4 up to %d is expected", head, widest)
	case a.Mask.Causal && (a.Mask.Position < 0 || a.Mask.Position > maxPosition):
		return fmt.Errorf("kernels: attention: the first query is at position %d; 0 to %d is expected", a.Mask.Position, maxPosition)
	case a.BlockQ%64 != 0 || a.BlockQ < 0 || a.BlockQ > maxBlock:
		return fmt.Errorf("kernels: attention: blocks of %d queries; a multiple of 64 up to %d is expected", a.BlockQ, maxBlock)
	case d.Family == gpu.Registers && (block%64 != 0 || block < 0 || block > maxBlock):
		return fmt.Errorf("kernels: attention: blocks of %d keys; a multiple of 64 up to %d is expected on %s", block, maxBlock, d.Adapter.Name)
	case d.Family == gpu.Workgroups && block != 0 && !slices.Contains(wgsl.AttentionKeys, block):
		return fmt.Errorf("kernels: attention: blocks of %d keys; one of %v is expected on %s", block, wgsl.AttentionKeys, d.Adapter.Name)
	case d.Family == gpu.Workgroups && tileBytes(head, block) > int(d.Limits.WorkgroupStorage):
		return fmt.Errorf("kernels: attention: blocks of %d keys of heads of %d take %s of workgroup memory; %s has %s",
			block, head, gpu.Bytes(uint64(tileBytes(head, block))), d.Adapter.Name, gpu.Bytes(uint64(d.Limits.WorkgroupStorage)))
	}
	return nil
}

// padded is the head size of the kernel that takes heads of so many columns.
func padded(head int) int {
	i, _ := slices.BinarySearch(wgsl.AttentionHeads, head)
	return wgsl.AttentionHeads[min(i, len(wgsl.AttentionHeads)-1)]
}

// tileBytes is the workgroup memory of so many keys and values.
func tileBytes(head, keys int) int { return 2 * 4 * padded(head) * keys }

// Blocks returns the queries and keys of a block on a device, for heads of so many columns.
func (a Attention) Blocks(d *gpu.Device, head int) (queries, keys int) {
	queries, keys = a.BlockQ, a.BlockK
	switch {
	case d.Family == gpu.Registers:
		queries, keys = orElse(queries, registersBlockQ), orElse(keys, registersBlockK)
	default:
		queries = orElse(queries, workgroupsBlockQ)
		for _, n := range wgsl.AttentionKeys {
			if a.BlockK == 0 && n <= 32 && tileBytes(head, n) <= workgroupTile {
				keys = n
			}
		}
	}
	return queries, keys
}

// orElse is n, or other for 0.
func orElse(n, other int) int {
	if n == 0 {
		return other
	}
	return n
}

// check fails the recording unless the tensors fit together, and the device and blocks them.
func (a Attention) check(r *gpu.Recorder, kernel string, q, k, v gpu.Tensor) bool {
	if err := a.Check(r.Device(), q.Cols); err != nil {
		r.Fail(err)
		return false
	}
	ok := q.Rows > 0 && k.Rows > 0 && k.Cols == q.Cols && v.Cols == q.Cols && k.Rows == v.Rows && max(q.Rows, k.Rows) <= maxPosition &&
		(k.Batch == q.Batch || k.Batch == 1) && (v.Batch == q.Batch || v.Batch == 1) && aligned(q, k, v)
	return check(r, ok, kernel, q, k, v)
}

// scale is the factor of the scores of heads of so many columns.
func (a Attention) scale(head int) float32 {
	if a.Scale == 0 {
		return float32(1 / math.Sqrt(float64(head)))
	}
	return a.Scale
}

// at is the attention of queries from `row` on to keys from `key` on.
func (m Mask) at(row, key int) Mask {
	if m.Causal {
		m.Position += row - key
	}
	return m
}

// end is how many of the keys the first `rows` queries see.
func (m Mask) end(rows, keys int) int {
	if m.Causal {
		return max(0, min(keys, m.Position+rows))
	}
	return keys
}

// FullAttention computes all scores [H, N, M], their masked softmax into weights, of the
// same shape, and its product with v. The mask costs nothing and saves nothing, unless skip:
// then the blocks above the diagonal are left out of scores and products. lse is packed. What
// is in scores afterwards is of no use. Like those of q, k and v, the rows of scores and
// weights begin at multiples of 64 floats where software adapters are to be fast.
func FullAttention(r *gpu.Recorder, out, lse, scores, weights, q, k, v gpu.Tensor, a Attention, skip bool) {
	ok := fits(out, lse, q) && lse.RowStride == lse.Cols && lse.Offset == 0 && scores.Batch == q.Batch && scores.Rows == q.Rows && scores.Cols == k.Rows
	if !a.check(r, "full attention", q, k, v) || !check(r, ok, "full attention", out, lse, scores, q, k) {
		return
	}
	var mask Mask
	if skip {
		mask = a.Mask
	}
	scoresOf(r, scores, q, k, a.scale(q.Cols), mask)
	packed := gpu.Tensor{Buffer: lse.Buffer, Batch: 1, Rows: 1, Cols: lse.Rows * lse.Cols}
	Softmax(r, weights, packed, scores, 1, a.Mask)

	// As many values as an image holds at a time, whose sums pass to and fro between out and
	// the room that scores leave.
	step := v.Rows
	if inImages(r, weights, weights, v) {
		step = min(step, gpu.TexelSide)
	}
	to, other := out, gpu.Tensor{Buffer: scores.Buffer, Batch: out.Batch, Rows: out.Rows, Cols: out.Cols, RowStride: out.Cols, BatchStride: out.Rows * out.Cols}
	if ceil(v.Rows, step)%2 == 0 {
		to, other = other, to
	}
	for key := 0; key < v.Rows; key += step {
		n := min(step, v.Rows-key)
		e := Epilogue{Mask: mask.at(0, key)}
		if key > 0 {
			e.Residual = other
		}
		mix(r, to, weights.Part(0, q.Rows, key, n), v.Part(key, n, 0, v.Cols), e)
		to, other = other, to
	}
}

// fits reports whether out and lse are those of queries q.
func fits(out, lse, q gpu.Tensor) bool {
	return out.Batch == q.Batch && out.Rows == q.Rows && out.Cols == q.Cols && aligned(out) &&
		lse.Batch == 1 && lse.Rows == q.Batch && lse.Cols == q.Rows && lse.Buffer != out.Buffer
}

// BlockwiseAttention computes attention in one pass over the keys for each block of queries,
// with an online softmax: no more of the scores exists at a time than one block. Up to
// [FewRows] queries, decoding, have their keys split over threads instead, and merged. work
// [1, 1, floats] has the floats of [BlockwiseWork].
func BlockwiseAttention(r *gpu.Recorder, out, lse, work, q, k, v gpu.Tensor, a Attention) {
	if !a.check(r, "blockwise attention", q, k, v) {
		return
	}
	floats := BlockwiseWork(r.Device(), q.Batch, q.Rows, k.Rows, q.Cols, a)
	ok := fits(out, lse, q) && work.Offset == 0 && work.Cols >= floats
	if !check(r, ok, "blockwise attention", out, lse, work, q) {
		return
	}
	switch {
	case q.Rows <= FewRows:
		attendSplit(r, out, lse, work, q, k, v, a)
	case r.Device().Family == gpu.Registers:
		attendTiles(r, out, lse, work, q, k, v, a)
	default:
		attendBlocks(r, out, lse, q, k, v, a)
	}
}

// BlockwiseWork is the size of the working space that [BlockwiseAttention] of queries
// [heads, n, head] and m keys needs. It does not grow with n, and with m only for few rows.
func BlockwiseWork(d *gpu.Device, heads, n, m, head int, a Attention) (floats int) {
	switch {
	case n <= FewRows:
		_, splits := splitKeys(m)
		return heads * n * splits * (4 + head)
	case d.Family == gpu.Registers:
		return a.tiles(d, heads, n, m, head).floats(head)
	}
	return 0
}

type attentionBlockParams struct {
	Rows, Keys, D4, Causal            uint32
	Position                          int32
	Scale                             float32
	QOffset4, QStride4, QBatch4       uint32
	KOffset4, KStride4, KBatch4       uint32
	VOffset4, VStride4, VBatch4       uint32
	OutOffset4, OutStride4, OutBatch4 uint32
	LSEOffset, LSEStride              uint32
}

// attendBlocks is blockwise attention with tiles in workgroup memory. Queries and heads are
// cut so that no dispatch is long.
func attendBlocks(r *gpu.Recorder, out, lse, q, k, v gpu.Tensor, a Attention) {
	const group = 64 // queries a workgroup
	_, tile := a.Blocks(r.Device(), q.Cols)
	name := fmt.Sprintf("attention_block_%d_%d", padded(q.Cols), tile)
	limit := int(r.Device().Limits.WorkgroupsPerDim)
	one := 4 * group * float64(k.Rows) * float64(q.Cols) // work of a workgroup
	most := max(1, int(r.MaxCost()/one))                 // workgroups a dispatch
	heads := min(most, q.Batch, limit)
	rows := group * min(max(1, most/heads), limit)
	for h := 0; h < q.Batch; h += heads {
		for row := 0; row < q.Rows; row += rows {
			n, hs := min(rows, q.Rows-row), min(heads, q.Batch-h)
			mask := a.Mask.at(row, 0)
			to, from := batches(out, h, hs).Part(row, n, 0, q.Cols), batches(q, h, hs).Part(row, n, 0, q.Cols)
			keys, values := batches(k, h, hs), batches(v, h, hs)
			p := attentionBlockParams{
				Rows: uint32(n), Keys: uint32(k.Rows), D4: uint32(q.Cols / 4), Causal: flag(mask.Causal), Position: int32(mask.Position), Scale: a.scale(q.Cols),
				QOffset4: uint32(from.Offset / 4), QStride4: uint32(from.RowStride / 4), QBatch4: batchStride(from) / 4,
				KOffset4: uint32(keys.Offset / 4), KStride4: uint32(k.RowStride / 4), KBatch4: batchStride(keys) / 4,
				VOffset4: uint32(values.Offset / 4), VStride4: uint32(v.RowStride / 4), VBatch4: batchStride(values) / 4,
				OutOffset4: uint32(to.Offset / 4), OutStride4: uint32(to.RowStride / 4), OutBatch4: batchStride(to) / 4,
				LSEOffset: uint32(lse.Offset + h*lse.RowStride + row), LSEStride: uint32(lse.RowStride),
			}
			cost := 4 * float64(hs*n) * float64(mask.end(n, k.Rows)) * float64(q.Cols)
			r.Dispatch(name, gpu.Uniform(&p), [3]int{ceil(n, group), hs, 1}, cost, q.Buffer, k.Buffer, v.Buffer, out.Buffer, lse.Buffer)
		}
	}
}

// batches views n batches of t from `first` on; a single batch serves all.
func batches(t gpu.Tensor, first, n int) gpu.Tensor {
	if t.Batch > 1 {
		t.Offset += first * t.BatchStride
		t.Batch = n
	}
	return t
}

// byHeads calls f for as many of some heads at a time, n from head h on, as one submit may hold
// at the cost of one head.
func byHeads(r *gpu.Recorder, heads int, one float64, f func(h, n int)) {
	most := max(1, min(heads, int(r.MaxCost()/max(one, 1))))
	for h := 0; h < heads; h += most {
		f(h, min(most, heads-h))
	}
}

// CheckFinite returns an error that names the first of the tensors with values that are NaN
// or infinite, and how many. It waits for the device.
func CheckFinite(d *gpu.Device, tensors ...gpu.Tensor) error {
	for _, t := range tensors {
		counts, err := notFinite(d, t)
		if err != nil {
			return err
		}
		for h, n := range counts {
			if n > 0 {
				return fmt.Errorf("kernels: %s: %.0f values of matrix %d are NaN or infinite; attention needs numbers", t, n, h)
			}
		}
	}
	return nil
}

// notFinite counts the values of each matrix that are NaN or infinite.
func notFinite(d *gpu.Device, t gpu.Tensor) (counts []float32, err error) {
	work, err := d.NewTensor("check", 1, 1, WorkFloats(t.Batch, t.Rows, t.Cols))
	if err != nil {
		return nil, err
	}
	defer work.Buffer.Release()
	out, err := d.NewTensor("check", 1, t.Batch, 4)
	if err != nil {
		return nil, err
	}
	defer out.Buffer.Release()
	r := d.Record("check")
	Reduce(r, Summary{Work: work, Out: out}, t)
	if err := r.Submit(); err != nil {
		return nil, err
	}
	sums, err := d.Read(out)
	if err != nil {
		return nil, err
	}
	for h := range t.Batch {
		counts = append(counts, sums[0][4*h+3])
	}
	return counts, nil
}
