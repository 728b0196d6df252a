package eval

import (
	"context"
	"errors"
	"strings"

	"headscope/explorer/layout"
	"headscope/gpu"
	"headscope/gpu/kernels"
	"headscope/wgsl/cpu"
)

// Online is the online softmax of blockwise attention, step by step: in an expression that
// has attn @ V, where attn ends in a softmax, a block of keys after the other passes by all
// blocks of queries. After each block attn shows exp(s - m) of the keys so far, with the
// running maximum m of that moment, so that cells of earlier blocks shrink when it grows;
// attn @ V shows the output gathered so far, o; and three columns between the two show each
// row's m, its running sum l, and the factor c that l and o before were rescaled with. In the
// last step all is divided by l: attn and attn @ V are themselves, and what comes of them,
// black until then, is there.
//
// Blocks of queries that see none of a block's keys skip it, and have no c in its step. What
// a step shows is computed of the scores and the number of the step alone. A Run of the
// expression ends it.
type Online struct {
	shown
	cube    int      // of attn @ V: index into the scene's cubes
	attn    string   // path of attn
	waiting []string // paths of what comes of attn @ V
	causal  bool

	scores  *gpu.Buffer // owned: [N, M], of attn before its softmax
	weights *gpu.Buffer // owned: [N, M], exp(s - m)
	out     *gpu.Buffer // owned: [N, W], o
	rows    *gpu.Buffer // owned: [3, N, 1], m, l and c
	passed  int         // blocks of keys that they are after
	ranges  *gpu.Buffer // owned: [4, 4], of kernels.Reduce: m after the first block; m, l and o after the last
	peaks   *peaks      // of them; nil: not read yet
}

// NewOnline plays the online softmax of an expression by its layout: of the first attn @ V
// that there is on the way from the root to the leaves, left sides first, in the blocks of
// that product. It belongs to the caller, who releases it before e.
func NewOnline(e *Expression, laid layout.Scene) (*Online, error) {
	o := &Online{shown: shown{e: e, laid: laid}}
	if o.cube = attentionIn(laid); o.cube < 0 {
		return nil, errors.New("this expression has no attention: an online softmax needs attn @ V, where attn is a product that ends in a softmax")
	}
	c := laid.Cubes[o.cube]
	o.attn = below(c.Path) + "left"
	o.waiting = above(laid, c.Path)
	o.causal = strings.Contains(c.Node.Left.Epilog, "tril")
	o.steps = c.K.BlockCount() + 1
	return o, nil
}

// attentionIn is the first cube whose left child ends in a softmax, -1 if there is none.
func attentionIn(laid layout.Scene) int {
	for n, c := range laid.Cubes {
		if left := c.Node.Left; left.IsMatMul() {
			if e, ok := epilogOf(left.Epilog); ok && e.wide {
				return n
			}
		}
	}
	return -1
}

// below is what the paths of a matmul's children begin with.
func below(path string) string { return strings.TrimPrefix(path+".", "root.") }

// above lists the paths of the matmuls that a result goes into, from the root on.
func above(laid layout.Scene, path string) (paths []string) {
	for _, c := range laid.Cubes {
		if c.Path != path && strings.HasPrefix(path, below(c.Path)) {
			paths = append(paths, c.Path)
		}
	}
	return paths
}

// Release frees what the playback holds beside the expression. Show may follow.
func (o *Online) Release() {
	if o == nil {
		return
	}
	for _, b := range []**gpu.Buffer{&o.scores, &o.weights, &o.out, &o.rows, &o.ranges} {
		(*b).Release()
		*b = nil
	}
	o.passed, o.peaks = 0, nil
	o.release()
}

// Show computes what a step shows, as far as the device does not hold it from before. It does
// not wait. An error names a step outside the playback, or what does not fit the device; after
// another than the first nothing is shown until the next Show.
func (o *Online) Show(ctx context.Context, step int) error {
	if err := o.begin(step); err != nil {
		return err
	}
	if err := o.prepare(ctx); err != nil {
		o.Release()
		return err
	}
	passed := o.after(step)
	if o.passed != passed {
		r := o.e.device.Record("online softmax")
		r.Until(ctx)
		r.Fail(ctx.Err())
		o.pass(r, passed)
		if err := r.Submit(); err != nil {
			o.Release() // what is half done holds nothing that can be told
			return err
		}
		o.passed = passed
	}
	instead := map[string]gpu.Tensor{}
	if step < o.steps {
		instead[o.attn] = o.weights.Tensor(1, o.product().I.N, o.product().K.N)
		instead[o.product().Path] = o.out.Tensor(1, o.product().I.N, o.product().J.N)
		for _, path := range o.waiting {
			instead[path] = gpu.Tensor{} // black
		}
	}
	o.show(step, o.results(step), instead, o.beside(step))
	return nil
}

// product is the cube of attn @ V.
func (o *Online) product() layout.Cube { return o.laid.Cubes[o.cube] }

// after is how many blocks of keys have passed at a step.
func (o *Online) after(step int) int { return min(step, o.steps-1) }

// prepare makes room and computes, once, what does not depend on a step: the scores, and the
// ranges that colours need.
func (o *Online) prepare(ctx context.Context) error {
	if o.scores != nil {
		return nil
	}
	attn, out := o.e.byPath[o.attn], o.e.byPath[o.product().Path]
	err := o.room("the online softmax",
		room{&o.scores, "scores", attn.bytes()}, room{&o.weights, "weights", attn.bytes()}, room{&o.out, "output", out.bytes()},
		room{&o.rows, "m, l and c", 3 * 16 * uint64(attn.rows)}, room{&o.ranges, "ranges", 4 * 16}, room{&o.zeros, "zeros", max(16, o.most(o.waiting))})
	if err != nil {
		return err
	}
	r := o.e.device.Record("online softmax")
	r.Until(ctx)
	multiply(r, o.scores.Tensor(1, attn.rows, attn.cols), o.e.scratch.Tensor(1, attn.rows, attn.cols), attn)
	reduce := func(n int, x gpu.Tensor) {
		kernels.Reduce(r, kernels.Summary{Work: floats(o.e.work), Out: o.ranges.Tensor(1, 4, 4).Part(n, 1, 0, 4)}, x)
	}
	rows := o.rows.Tensor(3, attn.rows, 1)
	o.pass(r, 1)
	reduce(0, rows.At(0))
	o.passed = o.steps - 1
	o.pass(r, o.passed)
	reduce(1, rows.At(0))
	reduce(2, rows.At(1))
	reduce(3, o.out.Tensor(1, out.rows, out.cols))
	return r.Submit()
}

// pass records the state after some blocks of keys.
func (o *Online) pass(r *gpu.Recorder, blocks int) {
	attn, out := o.e.byPath[o.attn], o.e.byPath[o.product().Path]
	kernels.RunningSoftmax(r, o.weights.Tensor(1, attn.rows, attn.cols), o.rows.Tensor(3, attn.rows, 1), o.scores.Tensor(1, attn.rows, attn.cols), o.running(blocks))
	weights := &matrix{rows: attn.rows, cols: attn.cols, buffer: o.weights}
	none, _ := epilogOf("none")
	sums := &matrix{rows: out.rows, cols: out.cols, left: weights, right: out.right, epilog: none}
	multiply(r, o.out.Tensor(1, out.rows, out.cols), o.e.scratch.Tensor(1, out.rows, out.cols), sums)
}

// running is the online softmax after some blocks of keys.
func (o *Online) running(blocks int) cpu.Running {
	return cpu.Running{Queries: o.product().I.BlockSize(), Keys: o.product().K.BlockSize(), Causal: o.causal, Passed: blocks}
}
