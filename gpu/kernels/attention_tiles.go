package kernels

import (
	"headscope/gpu"
	"headscope/wgsl"
)

// Blockwise attention for software adapters goes through a tile of scores at a time: a
// product, the online softmax of its rows, and a product that adds to the output. Tiles of
// several heads go together while they are small.

// tiles is the size of a tile: heads x queries x keys. Keys are a multiple of 64, so that
// images take the tile.
type tiles struct{ heads, queries, keys int }

// tileFloats is up to how many scores heads go together: a cache's worth.
const tileFloats = 1 << 20

func (a Attention) tiles(d *gpu.Device, heads, n, m, head int) tiles {
	queries, keys := a.Blocks(d, head)
	t := tiles{queries: min(queries, n), keys: min(keys, ceil(m, 64)*64)}
	t.heads = min(heads, max(1, tileFloats/max(1, t.queries*t.keys)))
	return t
}

// floats is the room for scores, a copy of the block of outputs, and (m, l, c, 0) of each row.
func (t tiles) floats(head int) int { return t.heads * t.queries * (t.keys + head + 4) }

type attentionOnlineParams struct {
	Batch, Rows, Cols, D4, First, Causal uint32
	Position                             int32
	SOffset4, SStride4, SBatch4          uint32
	OutOffset4, OutStride4, OutBatch4    uint32
	CopyOffset4, StateOffset4            uint32
	Unused                               uint32
}

type attentionFinishParams struct {
	Batch, Rows, D4, StateOffset4     uint32
	OutOffset4, OutStride4, OutBatch4 uint32
	LSEOffset, LSEStride              uint32
	Unused                            [3]uint32
}

func attendTiles(r *gpu.Recorder, out, lse, work, q, k, v gpu.Tensor, a Attention) {
	t := a.tiles(r.Device(), q.Batch, q.Rows, k.Rows, q.Cols)
	for h := 0; h < q.Batch; h += t.heads {
		n := min(t.heads, q.Batch-h)
		ks, vs := batches(k, h, n), batches(v, h, n)
		for row := 0; row < q.Rows; row += t.queries {
			rows := min(t.queries, q.Rows-row)
			to := batches(out, h, n).Part(row, rows, 0, q.Cols)
			of := batches(q, h, n).Part(row, rows, 0, q.Cols)
			b := block{tiles: t, out: to, work: work}
			mask := a.Mask.at(row, 0)
			end := mask.end(rows, k.Rows)
			for key := 0; key < end; key += t.keys {
				cols := min(t.keys, end-key)
				b.add(r, of, ks.Part(key, cols, 0, q.Cols), vs.Part(key, cols, 0, q.Cols), a.scale(q.Cols), mask.at(0, key), key == 0)
			}
			b.finish(r, lse.Offset+h*lse.RowStride+row, lse.RowStride, lse)
		}
	}
}

// block is a block of queries on its way past the keys. Its tile of scores lies at the start
// of work, behind that the copy of out and the rows' states.
type block struct {
	tiles
	out, work gpu.Tensor
}

func (b block) copyAt() int  { return b.heads * b.queries * b.keys }
func (b block) stateAt() int { return b.copyAt() + b.heads*b.queries*b.out.Cols }

// add lets the queries see a block of keys, the first or a further one.
func (b block) add(r *gpu.Recorder, q, k, v gpu.Tensor, scale float32, mask Mask, first bool) {
	if mask.Causal && mask.Position >= k.Rows-1 {
		mask = Mask{} // all of the keys are seen by all
	}
	s := tileOf(r, b.work, q, k)
	scoresOf(r, s, q, k, scale, mask)

	p := attentionOnlineParams{
		Batch: uint32(q.Batch), Rows: uint32(q.Rows), Cols: uint32(k.Rows), D4: uint32(q.Cols / 4),
		First: flag(first), Causal: flag(mask.Causal), Position: int32(mask.Position),
		SStride4: uint32(s.RowStride / 4), SBatch4: uint32(s.BatchStride / 4),
		OutOffset4: uint32(b.out.Offset / 4), OutStride4: uint32(b.out.RowStride / 4), OutBatch4: uint32(b.out.BatchStride / 4),
		CopyOffset4: uint32(b.copyAt() / 4), StateOffset4: uint32(b.stateAt() / 4),
	}
	r.Dispatch("attention_online", gpu.Uniform(&p), fold(r, ceil(q.Batch*q.Rows, 8)), float64(s.Len()*40), b.out.Buffer, b.work.Buffer)

	e := Epilogue{Mask: mask}
	if !first {
		e.Residual = gpu.Tensor{Buffer: b.work.Buffer, Batch: q.Batch, Rows: q.Rows, Cols: q.Cols, Offset: b.copyAt(), RowStride: q.Cols, BatchStride: q.Rows * q.Cols}
	}
	mix(r, b.out, s, v, e)
}

// finish divides by the rows' sums and stores their LSE.
func (b block) finish(r *gpu.Recorder, lseAt, lseStride int, lse gpu.Tensor) {
	p := attentionFinishParams{
		Batch: uint32(b.out.Batch), Rows: uint32(b.out.Rows), D4: uint32(b.out.Cols / 4), StateOffset4: uint32(b.stateAt() / 4),
		OutOffset4: uint32(b.out.Offset / 4), OutStride4: uint32(b.out.RowStride / 4), OutBatch4: uint32(b.out.BatchStride / 4),
		LSEOffset: uint32(lseAt), LSEStride: uint32(lseStride),
	}
	r.Dispatch("attention_finish", gpu.Uniform(&p), fold(r, ceil(b.out.Len()/4, 64)), float64(b.out.Len()*2), b.work.Buffer, b.out.Buffer, lse.Buffer)
}

// tileOf is the tile of scores of q and k at the start of work.
func tileOf(r *gpu.Recorder, work, q, k gpu.Tensor) gpu.Tensor {
	s := gpu.Tensor{Buffer: work.Buffer, Batch: q.Batch, Rows: q.Rows, Cols: k.Rows, RowStride: gpu.Stride4(k.Rows)}
	if inImages(r, s, q, k) {
		s.RowStride = ceil(k.Rows, 64) * 64 // so that images take the weights, too
	}
	s.BatchStride = s.Rows * s.RowStride
	return s
}

type attentionScoresParams struct {
	M, N, D4, Causal   uint32
	Position           int32
	Scale              float32
	SOffset4, SStride4 uint32
}

// scoresOf computes s = scale q k^T, where the mask hides tiles nothing in particular. What
// lies behind a row's last column, up to a multiple of 4, may be anything.
func scoresOf(r *gpu.Recorder, s, q, k gpu.Tensor, scale float32, mask Mask) {
	if !inImages(r, s, q, k) {
		MatMulT(r, s, q, k, Epilogue{Scale: scale, Mask: mask})
		return
	}
	const name = "attention_scores"
	side := 1024 // of a dispatch
	for side > 128 && 2*float64(side*side*q.Cols) > r.MaxCost() {
		side /= 2
	}
	for h := range s.Batch {
		for row := 0; row < s.Rows; row += side {
			rows := min(side, s.Rows-row)
			for col := 0; col < mask.at(row, 0).end(rows, s.Cols); col += side {
				cols := min(side, s.Cols-col)
				to, m := s.At(h).Part(row, rows, col, cols), mask.at(row, col)
				p := attentionScoresParams{
					M: uint32(rows), N: uint32(cols), D4: uint32(q.Cols / 4), Causal: flag(m.Causal), Position: int32(m.Position),
					Scale: scale, SOffset4: uint32(to.Offset / 4), SStride4: uint32(to.RowStride / 4),
				}
				x, y := wgsl.Block(name)
				r.DispatchTexels(name, gpu.Uniform(&p), [3]int{ceil(rows, x), ceil(cols, y), 1}, 2*float64(rows*cols*q.Cols),
					batches(q, h, 1).Part(row, rows, 0, q.Cols), batches(k, h, 1).Part(col, cols, 0, q.Cols), s.Buffer)
			}
		}
	}
}

// mix computes out = weights v, then the epilogue: head by head where images can be read. v
// has no more rows then than an image.
func mix(r *gpu.Recorder, out, weights, v gpu.Tensor, e Epilogue) {
	if !inImages(r, weights, weights, v) {
		MatMul(r, out, weights, v, e)
		return
	}
	for h := range out.Batch {
		one := e
		if e.Residual.Buffer != nil {
			one.Residual = batches(e.Residual, h, 1)
		}
		MatMul(r, out.At(h), weights.At(h), batches(v, h, 1), one)
	}
}

// inImages reports whether a product of scores s, by way of images x and y, head by head, can
// be and is worth it: a dispatch a head instead of one for all.
func inImages(r *gpu.Recorder, s, x, y gpu.Tensor) bool {
	const worth = 1 << 15 // scores a head
	fit := func(t gpu.Tensor) bool { return t.Part(0, 1, 0, 4).At(0).FitsTexels() && t.Cols <= 4*gpu.TexelSide }
	return r.Device().Texels && r.Device().Family == gpu.Registers && s.Rows > matVecRows && fit(x) && fit(y) && (s.Batch == 1 || s.Rows*s.Cols >= worth)
}
