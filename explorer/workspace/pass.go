package workspace

import (
	"fmt"
	"strings"

	"headscope/explorer/eval"
	"headscope/explorer/session"
	"headscope/explorer/view"
	"headscope/gpu"
	"headscope/gpu/render"
	"headscope/models/gpt2"
	"headscope/models/tensor"
)

// passKey decides a forward pass: a model and what it runs on.
type passKey struct {
	model  string
	prompt string
	inputs inputKey // with a path: instead of the prompt
	noBias bool
}

// Pass is what a model makes of a prompt, on the device.
type Pass struct {
	Model  *Model // not owned
	Text   *Text  // nil for recorded activations
	Tokens []string
	Layers []render.Layer  // attention [heads, tokens, tokens] and its pyramid; zero: not computed
	Stats  []view.HeadStat // of every head; none where there are no token ids, or no matrices
	Next   []view.Guess    // likeliest next tokens
	Remark string          // what is different from usual, or ""

	key      passKey
	acts     *eval.Activations // owned
	recorded []*tensor.Tensor  // activations, or nil
	inputs   map[int]input     // by layer, those that were read
	leaves   *eval.ModelLeaves
}

// release gives the buffers to the model's next pass.
func (p *Pass) release() {
	p.Model.spare.Release()
	p.Model.spare = p.acts
}

// kept are the results that a pass keeps.
func kept(name string) bool {
	return eval.AttnOnly(name) || eval.RegionInputs(name) || strings.HasSuffix(name, ".ln_1")
}

// regionSide is how many cells a side of a head has that is drawn without its matrix.
const regionSide = 512

// wantPass is the entry of a pass, or nil until what it needs is there. What is wrong before
// that is said at the place.
func (w *Workspace) wantPass(key passKey, model, prompt Place) *entry[passKey, *Pass] {
	m := w.wantModel(key.model)
	if !m.ready() {
		w.tell(model, m.err)
		return nil
	}
	w.tell(model, m.value.remark)
	var text *Text
	var in *recorded
	if key.inputs.path != "" {
		e := w.wantInputs(key.inputs)
		if w.tell(prompt, e.err); !e.ready() {
			return nil
		}
		if in = e.value; in.ids != nil {
			text, in = m.value.text(in.ids), nil
		}
	} else {
		e := w.wantText(m.value, key.prompt)
		if w.tell(prompt, e.err); !e.ready() {
			return nil
		}
		text = e.value
	}
	e := w.passes.want(key, "Running "+m.value.Name(), func(j *Job) (*Pass, error) {
		return w.forward(j, key, m.value, text, in)
	}, m.value)
	w.tell(prompt, e.err)
	return e
}

// forward runs a model.
func (w *Workspace) forward(j *Job, key passKey, m *Model, text *Text, in *recorded) (p *Pass, err error) {
	p = &Pass{Model: m, Text: text, key: key, inputs: map[int]input{}}
	p.leaves = eval.NewModelLeaves(m.File, func(layer int) (tensor.Tensor, error) {
		return p.inputs[layer].values, p.inputs[layer].err
	})
	p.leaves.Sample = key.inputs.sample
	opt := eval.Options{LastOnly: true, NoBias: key.noBias}
	n := 0
	if in != nil {
		p.recorded = in.layers
		for _, x := range in.layers {
			if x != nil {
				n = x.Rows()
			}
		}
		for i := range n {
			p.Tokens = append(p.Tokens, fmt.Sprint(i))
		}
	} else {
		p.Tokens, n = text.Tokens, len(text.IDs)
		if err := gpt2.CheckIDs(m.File.Config, text.IDs); err != nil {
			return nil, err
		}
	}
	if why := m.device.AttentionFits(n); why != nil {
		opt.Blockwise = true
		p.Remark = fmt.Sprintf("%v; drawn from queries, keys and log-sum-exps, without traits", why)
	}
	if p.acts = m.spare; p.acts == nil {
		p.acts = m.device.Activations(kept)
	}
	m.spare = nil
	defer func() {
		if err != nil {
			p.release()
			p = nil
		}
	}()
	var patterns []eval.Patterns
	after := func(r *gpu.Recorder) {
		if opt.Blockwise {
			patterns = p.acts.Regions(r, regionSide)
		} else {
			patterns = p.acts.Patterns(r)
		}
	}
	opt.Until = j.ctx
	if in != nil {
		err = p.acts.RunRecorded(in.layers, opt, after)
	} else {
		err = p.acts.Run(text.IDs, opt, after)
	}
	if err != nil {
		return p, err
	}
	if err := w.Device.Wait(); err != nil {
		return p, err
	}
	p.Layers = make([]render.Layer, len(patterns))
	for i, l := range patterns {
		p.Layers[i] = render.Layer{Values: l.Attn, Pyramid: l.Pyramid}
	}
	if text == nil {
		return p, nil
	}
	j.pause()
	if !opt.Blockwise {
		traits, err := p.acts.Traits(patterns, text.IDs)
		if err != nil {
			return p, err
		}
		p.Stats = view.HeadStats(traits)
	}
	next, err := p.acts.TopNext(5)
	if err != nil {
		return p, err
	}
	for _, n := range next {
		p.Next = append(p.Next, view.Guess{Token: m.text([]int32{n.ID}).Tokens[0], P: n.Prob})
	}
	return p, nil
}

// input is what the heads of a layer multiply, [tokens, width].
type input struct {
	values tensor.Tensor
	err    error // said by the leaf that needs it
}

// read makes the input of a layer's heads known to the leaves.
func (p *Pass) read(layer int) {
	if _, ok := p.inputs[layer]; ok {
		return
	}
	var in input
	switch {
	case p.recorded == nil:
		in.values, in.err = p.acts.Read(gpt2.Name(layer, "ln_1"))
	case layer < len(p.recorded) && p.recorded[layer] != nil:
		in.values = *p.recorded[layer]
	default:
		in.err = fmt.Errorf("there is no recorded input of layer %d", layer)
	}
	p.inputs[layer] = in
}

// shape is what a built-in session needs to know of a head of the pass.
func (p *Pass) shape(layer, head int) session.Shape {
	c := p.Model.File.Config
	return session.Shape{
		Tokens: len(p.Tokens), Width: c.Width, HeadWidth: c.HeadWidth(), Hidden: c.Hidden,
		Layer: layer, Head: head, Sample: p.key.inputs.sample, Bias: !p.key.noBias,
	}
}
