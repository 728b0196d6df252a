package eval

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"headscope/explorer/anim"
	"headscope/explorer/expr"
	"headscope/explorer/layout"
	"headscope/explorer/session"
	"headscope/gpu"
	"headscope/gpu/kernels"
	"headscope/models/tensor"
	"headscope/wgsl/cpu"
)

// Decode is decoding, token by token: of an expression whose queries are those of one token,
// with the keys and values of all. At step t the token is number t, from 1: the keys K_t have
// grown to t columns, the values V to t rows, the one row of the input is that token's, and
// all that comes of them is computed anew, with the expression's own epilogs; attn is a softmax
// over t keys. The last step is the expression itself.
//
// What a step shows hangs on its number alone. A Run of the expression ends it.
type Decode struct {
	shown
	cube  int           // of attn @ V: index into the scene's cubes
	leaf  string        // path of the query token's
	input tensor.Tensor // of all tokens

	tokens *gpu.Buffer // owned: input, on the device
	step   int         // that the matrices are at; 0: none

	// In place of the expression's own, with buffers that are owned.
	query, keys, values *matrix
	chain               []*matrix // what comes of the query, children before their parents
}

// DecodeInput is a leaf as the one that a decoding expression has its query token in, but with
// the rows of all tokens: what [Leaves] say of it is the input of [NewDecode]. It errs where
// the expression does not decode.
func DecodeInput(laid layout.Scene) (*expr.Node, error) {
	cube, leaf, err := decoding(laid)
	if err != nil {
		return nil, err
	}
	query, _ := laid.Matrix(leaf)
	all := query.Node.Clone()
	all.H = laid.Cubes[cube].K.N
	if name, ok := session.ParseLeafName(all.URL); ok && name.Kind == "inputl" {
		name.Kind, name.Rows = "input", all.H
		all.URL = name.String()
	}
	return all, nil
}

// decoding finds attn @ V in an expression that decodes, and the path of the leaf with the query
// token.
func decoding(laid layout.Scene) (cube int, leaf string, err error) {
	if cube = attentionIn(laid); cube < 0 {
		return 0, "", errors.New("this expression has no attention: decoding needs attn @ V, where attn is a product that ends in a softmax")
	}
	c := laid.Cubes[cube]
	attn := c.Node.Left
	switch {
	case c.I.N != 1:
		return 0, "", fmt.Errorf("%.40q has queries of %d tokens: decoding needs those of one", attn.Name, c.I.N)
	case strings.Contains(attn.Epilog, "tril"):
		return 0, "", fmt.Errorf("%.40q has the epilog %s, which shows its one query the first token alone: decoding needs one without tril", attn.Name, attn.Epilog)
	}
	leaf = below(c.Path) + "left.left"
	for n := attn.Left; n.IsMatMul(); n = n.Left {
		leaf += ".left"
	}
	return cube, leaf, nil
}

// NewDecode plays decoding by an expression, by its layout. input [tokens, width] has the rows
// of all tokens ([DecodeInput]); of the last one the expression has its own. The playback belongs
// to the caller, who releases it before e.
func NewDecode(e *Expression, laid layout.Scene, input tensor.Tensor) (*Decode, error) {
	cube, leaf, err := decoding(laid)
	if err != nil {
		return nil, err
	}
	query, _ := laid.Matrix(leaf)
	tokens, width := laid.Cubes[cube].K.N, query.Cols.N
	if len(input.Shape) != 2 || input.Rows() != tokens || input.Cols() != width || len(input.Data) != tokens*width {
		return nil, fmt.Errorf("decoding of %.40q: the input is %v, expected [%d, %d]: a row for each token that %d keys are of", query.Node.Name, input.Shape, tokens, width, tokens)
	}
	return &Decode{shown: shown{e: e, laid: laid, steps: tokens}, cube: cube, leaf: leaf, input: input}, nil
}

// Release frees what the playback holds beside the expression. Show may follow.
func (d *Decode) Release() {
	if d == nil {
		return
	}
	d.tokens.Release()
	for _, m := range d.grown() {
		m.buffer.Release()
	}
	d.tokens, d.query, d.keys, d.values, d.chain, d.step = nil, nil, nil, nil, nil, 0
	d.release()
}

// Show computes what a step shows, as far as the device does not hold it from before. It does
// not wait. An error names a step outside the playback, or what does not fit the device; after
// another than the first nothing is shown until the next Show.
func (d *Decode) Show(ctx context.Context, step int) error {
	if err := d.begin(step); err != nil {
		return err
	}
	instead := map[string]gpu.Tensor{}
	if step < d.steps {
		err := d.prepare()
		if err == nil && d.step != step {
			err = d.compute(ctx, step)
		}
		if err != nil {
			d.Release() // what is half done holds nothing that can be told
			return err
		}
		d.step = step
		for _, m := range d.grown() {
			instead[m.path] = m.tensor()
		}
	}
	d.show(step, d.results(step), instead, nil)
	return nil
}

// grown lists the matrices in place of the expression's own.
func (d *Decode) grown() []*matrix {
	if d.query == nil {
		return nil
	}
	return append([]*matrix{d.query, d.keys, d.values}, d.chain...)
}

// attn is the path of the softmax.
func (d *Decode) attn() string { return below(d.laid.Cubes[d.cube].Path) + "left" }

// prepare makes the matrices, once.
func (d *Decode) prepare() error {
	if d.query != nil {
		return nil
	}
	var rooms []room
	like := func(path string) *matrix {
		m := *d.e.byPath[path]
		m.path, m.buffer = path, nil
		rooms = append(rooms, room{&m.buffer, m.String(), m.bytes()})
		return &m
	}
	product := d.laid.Cubes[d.cube].Path
	query, keys, values := like(d.leaf), like(d.attn()+".right"), like(below(product)+"right")
	var chain []*matrix
	for child := query; child.path != "root"; child = chain[len(chain)-1] {
		parent, side := "root", child.path
		if dot := strings.LastIndexByte(child.path, '.'); dot >= 0 {
			parent, side = child.path[:dot], child.path[dot+1:]
		}
		m := like(parent)
		if side == "left" {
			m.left = child
		} else {
			m.right = child
		}
		switch parent {
		case d.attn():
			m.right = keys
		case product:
			m.right = values
		}
		chain = append(chain, m)
	}
	d.query, d.keys, d.values, d.chain = query, keys, values, chain
	tokens := uint64(d.steps) * uint64(gpu.Stride4(query.cols)) * 4
	if err := d.room("decoding", append(rooms, room{&d.tokens, "input", tokens})...); err != nil {
		return err
	}
	return d.e.upload(d.tokens.Tensor(1, d.steps, query.cols), d.input.Data)
}

// compute records and submits a step before the last.
func (d *Decode) compute(ctx context.Context, step int) error {
	r := d.e.device.Record("decode")
	r.Until(ctx)
	r.Fail(ctx.Err())
	row := d.query.bytes()
	r.Copy(d.query.buffer, 0, d.tokens, uint64(step-1)*row, row)
	kernels.Reached(r, d.keys.tensor(), d.e.byPath[d.keys.path].tensor(), cpu.Reach{BlockI: d.keys.rows, BlockK: 1, BlockJ: d.keys.cols, PerJ: 1, Rate: 1, Count: step})
	kernels.Reached(r, d.values.tensor(), d.e.byPath[d.values.path].tensor(), cpu.Reach{BlockI: d.values.rows, BlockK: 1, BlockJ: d.values.cols, PerI: 1, Rate: 1, Count: step})
	for _, m := range d.chain {
		if m.path == d.attn() { // the keys that are still to come are none
			m.epilog.then = softmaxRows(kernels.Mask{Causal: true, Position: step - 1})
		}
		d.e.product(r, m)
	}
	return r.Submit()
}

// results say how far the matmuls are at a step, and that the keys' last column and the
// values' last row are new.
func (d *Decode) results(step int) []anim.Result {
	results := make([]anim.Result, len(d.laid.Cubes))
	newest, all := anim.Every{Block: d.steps, Index: step - 1, Count: 1}, anim.Every{Block: 1, Count: 1}
	for n, c := range d.laid.Cubes {
		results[n] = anim.Result{Path: c.Path, Node: c.Node, Phase: anim.Done, Shown: columns(c.I.N, c.J.N, c.J.N)}
		switch {
		case c.Path == d.attn():
			results[n].Shown = columns(c.I.N, c.J.N, step)
			results[n].Right = anim.Highlight{Rows: all, Cols: newest}
		case n == d.cube:
			results[n].Right = anim.Highlight{Rows: newest, Cols: all}
		}
	}
	return results
}

// Summaries are those of the complete matrices, which give colours their ranges, but that attn
// begins with the only token's 1. They are read once.
func (d *Decode) Summaries() (map[string]Summary, error) {
	if d.summaries == nil {
		all, err := d.e.Summaries()
		if err != nil {
			return nil, err
		}
		attn := all[d.attn()]
		attn.AbsMax = 1
		all[d.attn()] = attn
		d.summaries = all
	}
	return d.summaries, nil
}
