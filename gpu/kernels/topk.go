package kernels

import "headscope/gpu"

type topKParams struct {
	Rows, Chunks, Chunk, Cols   uint32
	K, XOffset, XStride, Mapped uint32
}

// topChunk is how many columns one thread or workgroup looks through.
const topChunk = 2048

// MaxTopK is the largest k of [TopK].
const MaxTopK = 16

// Top holds the results of [TopK], N*k floats and words, and its working space.
type Top struct {
	Values, Indices         *gpu.Buffer
	PartValues, PartIndices *gpu.Buffer // of TopParts words
}

// TopParts is the size in words of the working space that rows of so many columns need.
func TopParts(rows, cols, k int) int { return rows * ceil(cols, topChunk) * k }

// TopK finds the k largest values of each row of x [N, V] and their columns, falling, of
// equal values the lower column first.
func TopK(r *gpu.Recorder, top Top, x gpu.Tensor, k int) {
	chunks := ceil(x.Cols, topChunk)
	ok := x.Batch == 1 && k >= 1 && k <= min(x.Cols, MaxTopK) &&
		min(top.Values.Size, top.Indices.Size) >= uint64(4*x.Rows*k) &&
		min(top.PartValues.Size, top.PartIndices.Size) >= uint64(4*x.Rows*chunks*k) && loops(r, chunks*k*k)
	if !check(r, ok, "topk", x) {
		return
	}
	p := topKParams{
		Rows: uint32(x.Rows), Chunks: uint32(chunks), Chunk: topChunk, Cols: uint32(x.Cols),
		K: uint32(k), XOffset: uint32(x.Offset), XStride: uint32(x.RowStride),
	}
	name, rows := rowKernel(r, "topk")
	if chunks == 1 {
		r.Dispatch(name, gpu.Uniform(&p), fold(r, ceil(x.Rows, rows)), float64(x.Len()*k*100), x.Buffer, top.PartIndices, top.Values, top.Indices)
		return
	}
	// The candidates go to the working space, and from there the best to the results.
	r.Dispatch(name, gpu.Uniform(&p), fold(r, ceil(x.Rows*chunks, rows)), float64(x.Len()*k*100), x.Buffer, top.Indices, top.PartValues, top.PartIndices)
	q := topKParams{
		Rows: uint32(x.Rows), Chunks: 1, Chunk: uint32(chunks * k), Cols: uint32(chunks * k),
		K: uint32(k), XStride: uint32(chunks * k), Mapped: 1,
	}
	r.Dispatch(name, gpu.Uniform(&q), fold(r, ceil(x.Rows, rows)), float64(x.Rows*chunks*k*k*100), top.PartValues, top.PartIndices, top.Values, top.Indices)
}
