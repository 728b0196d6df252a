package kernels

import (
	"fmt"

	"headscope/gpu"
	"headscope/wgsl/cpu"
)

type attentionRunningParams struct {
	Rows, Cols, Keys, Queries, Passed, Causal  uint32
	SOffset4, SStride4, OutOffset4, OutStride4 uint32
	StateOffset4, StateStride4, StateBatch4    uint32
	Unused                                     [3]uint32
}

// RunningSoftmax computes the online softmax of scores s [N, M] after some blocks of keys have
// passed all blocks of queries: out [N, M] = exp(s - m), 0 where a query does not see and for
// keys that are still to come, and in state [3, N, 1] the running maximum m and sum l of each
// row and the factor c that all before the last block was rescaled with. c is 0 if there was
// nothing before, or the row skips that block ([cpu.Running.Skips]). out v is the output that
// was gathered so far, not yet divided by l.
func RunningSoftmax(r *gpu.Recorder, out, state, s gpu.Tensor, how cpu.Running) {
	ok := max(out.Batch, s.Batch) == 1 && out.Rows == s.Rows && out.Cols == s.Cols && state.Batch == 3 && state.Rows == s.Rows && state.Cols == 1 &&
		aligned(out, state, s) && how.Queries > 0 && how.Keys > 0 && how.Passed > 0 && (how.Passed-1)*how.Keys < s.Cols
	if !check(r, ok, "running softmax", out, state, s) {
		return
	}
	if !loops(r, 3*ceil(s.Cols, 4)+5*how.Passed) {
		r.Fail(fmt.Errorf("kernels: running softmax: rows of %d scores after %d blocks of keys are more than %s computes at a time: make them shorter, or the blocks larger",
			s.Cols, how.Passed, r.Device().Adapter.Name))
		return
	}
	p := attentionRunningParams{
		Rows: uint32(s.Rows), Cols: uint32(s.Cols), Keys: uint32(min(how.Keys, s.Cols)), Queries: uint32(min(how.Queries, s.Rows)),
		Passed: uint32(how.Passed), Causal: flag(how.Causal),
		SOffset4: uint32(s.Offset / 4), SStride4: uint32(s.RowStride / 4), OutOffset4: uint32(out.Offset / 4), OutStride4: uint32(out.RowStride / 4),
		StateOffset4: uint32(state.Offset / 4), StateStride4: uint32(state.RowStride / 4), StateBatch4: uint32(state.BatchStride / 4),
	}
	r.Dispatch("attention_running", gpu.Uniform(&p), fold(r, ceil(s.Rows, 8)), float64(s.Len()*40), s.Buffer, out.Buffer, state.Buffer)
}
