package kernels

import (
	"math"

	"headscope/gpu"
)

// Region is a rectangle of an attention matrix: queries [Row, Row+Rows), keys [Col, Col+Cols).
type Region struct{ Row, Rows, Col, Cols int }

// A region goes through tiles of scores of at most so many rows and columns.
const (
	regionRows = 256
	regionCols = 1024
)

// tiles are the tiles of a region of several heads.
func (g Region) tiles(heads int) tiles {
	t := tiles{queries: min(regionRows, g.Rows), keys: min(regionCols, ceil(g.Cols, 64)*64)}
	t.heads = min(heads, max(1, tileFloats/max(1, t.queries*t.keys)))
	return t
}

// RegionWork is the size of the working space that [AttentionRegion] needs for so many heads
// and columns of cells.
func RegionWork(heads int, g Region, cols int) (floats int) {
	t := g.tiles(heads)
	return t.heads * t.queries * (t.keys + 2*cols)
}

type attentionStripsParams struct {
	Rows, Cells, Cols, FirstCell, EndCell, TileCol, TileEnd, Causal uint32
	Position                                                        int32
	SOffset, SStride, SBatch, StripOffset, LSEOffset, LSEStride     uint32
	Unused                                                          uint32
}

type attentionCellsParams struct {
	Rows, Cols, RegionRows, RegionCols, FirstRow, TileRow, TileEnd uint32
	StripOffset2, CellOffset2, CellStride2, CellBatch2             uint32
	Unused                                                         uint32
}

// AttentionRegion draws a region of the heads' attention matrices, from q [H, N, d], k and
// lse [H, N] as [BlockwiseAttention] stored it: of the matrices themselves, no more exists at
// a time than a tile. cells [H, R, 2 C] receives R x C pairs: mean and maximum of the attention
// in what a cell covers, where a query does not see, 0. Cell (i, j) begins at the region's row
// i*Rows/R and column j*Cols/C, rounded down, and ends where the next begins; R and C are at
// most Rows and Cols, which give the attention itself. work [1, 1, floats] has the floats of
// [RegionWork].
func AttentionRegion(r *gpu.Recorder, cells, work, q, k, lse gpu.Tensor, a Attention, g Region) {
	if !a.check(r, "attention region", q, k, k) {
		return
	}
	rows, cols := cells.Rows, cells.Cols/2
	ok := g.Row >= 0 && g.Col >= 0 && g.Row+g.Rows <= q.Rows && g.Col+g.Cols <= k.Rows && cells.Batch == q.Batch && cells.Cols%2 == 0 &&
		rows > 0 && cols > 0 && rows <= g.Rows && cols <= g.Cols && aligned(cells) && lse.Batch == 1 && lse.Rows == q.Batch && lse.Cols == q.Rows &&
		float64(cols)*float64(g.Cols) <= math.MaxUint32 && float64(rows)*float64(g.Rows) <= math.MaxUint32 &&
		work.Offset == 0 && work.Cols >= RegionWork(q.Batch, g, cols)
	if !check(r, ok, "attention region", cells, work, q, k, lse) {
		return
	}
	t := g.tiles(q.Batch)
	for h := 0; h < q.Batch; h += t.heads {
		n := min(t.heads, q.Batch-h)
		of, ks := batches(q, h, n), batches(k, h, n)
		for row := 0; row < g.Rows; row += t.queries {
			high := min(t.queries, g.Rows-row)
			queries := of.Part(g.Row+row, high, 0, q.Cols)
			mask := a.Mask.at(g.Row+row, g.Col)
			strips := attentionStripsParams{
				Rows: uint32(high), Cells: uint32(cols), Cols: uint32(g.Cols), Causal: flag(mask.Causal), Position: int32(mask.Position),
				StripOffset: uint32(t.heads * t.queries * t.keys), LSEOffset: uint32(lse.Offset + h*lse.RowStride + g.Row + row), LSEStride: uint32(lse.RowStride),
			}
			seen := mask.end(high, g.Cols)
			for col := 0; col < g.Cols; {
				end := g.Cols // behind what is seen, all at once
				if col < seen {
					end = min(col+t.keys, g.Cols)
					keys := ks.Part(g.Col+col, end-col, 0, k.Cols)
					s := tileOf(r, work, queries, keys)
					scoresOf(r, s, queries, keys, a.scale(q.Cols), mask.at(0, col))
					strips.SStride, strips.SBatch = uint32(s.RowStride), uint32(s.BatchStride)
				}
				strips.TileCol, strips.TileEnd = uint32(col), uint32(end)
				first, last := cellOf(col, g.Cols, cols), cellOf(end-1, g.Cols, cols)
				strips.FirstCell, strips.EndCell = uint32(first), uint32(last+1)
				r.Dispatch("attention_strips", gpu.Uniform(&strips), [3]int{ceil(last+1-first, 16), high, n}, 20*float64(n*high*(min(end, max(seen, col))-col)),
					lse.Buffer, work.Buffer)
				col = end
			}
			first, last := cellOf(row, g.Rows, rows), cellOf(row+high-1, g.Rows, rows)
			p := attentionCellsParams{
				Rows: uint32(rows), Cols: uint32(cols), RegionRows: uint32(g.Rows), RegionCols: uint32(g.Cols),
				FirstRow: uint32(first), TileRow: uint32(row), TileEnd: uint32(row + high), StripOffset2: strips.StripOffset / 2,
				CellOffset2: uint32((cells.Offset + h*cells.BatchStride) / 2), CellStride2: uint32(cells.RowStride / 2), CellBatch2: uint32(cells.BatchStride / 2),
			}
			r.Dispatch("attention_cells", gpu.Uniform(&p), [3]int{ceil(cols, 16), last + 1 - first, n}, 4*float64(n*high*cols), work.Buffer, cells.Buffer)
		}
	}
}

// cellOf is which of so many cells, cut from n elements, element i belongs to.
func cellOf(i, n, cells int) int { return ((i+1)*cells - 1) / n }
