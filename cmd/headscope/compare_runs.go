package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"headscope/explorer/eval"
	"headscope/explorer/view"
	"headscope/explorer/workspace"
	"headscope/gpu"
	"headscope/gpu/render"
)

// runs are the models of a comparison and their forward passes, each made once.
type runs struct {
	*app
	device *gpu.Device // not owned
	flags  *compareFlags
	models map[string]*loaded
	passes map[passKey]*passed
	keep   func(name string) bool // what the passes keep
}

type passKey struct {
	model  string
	prompt int
}

// passed is a model's forward pass on a prompt.
type passed struct {
	model    *loaded
	in       input
	tokens   []string
	acts     *eval.Activations // owned
	patterns []eval.Patterns
}

func (r *runs) close() {
	for _, p := range r.passes {
		p.acts.Release()
	}
	for _, m := range r.models {
		m.unload()
	}
}

// head finds a head and the pass that has it.
func (r *runs) head(ctx context.Context, h compared) (p *passed, layer, head int, err error) {
	m, err := r.model(ctx, h.Model)
	if err != nil {
		return nil, 0, 0, err
	}
	if layer, head, err = parseHead(h.Head, m.file.Config); err != nil {
		return nil, 0, 0, err
	}
	if p, err = r.pass(m, passKey{h.Model, h.prompt}); err != nil {
		return nil, 0, 0, err
	}
	if p.patterns[layer].Attn.Buffer == nil {
		err = fmt.Errorf("%s has no input of layer %d", p.in.text, layer)
	}
	return p, layer, head, err
}

// pane computes a head's pattern and names it.
func (r *runs) pane(ctx context.Context, h compared) (view.Pane, error) {
	p, layer, head, err := r.head(ctx, h)
	if err != nil {
		return view.Pane{}, err
	}
	return view.Pane{
		Title:    h.Head,
		Subtitle: workspace.ModelName(p.model.file.Path) + ", “" + strings.Join(strings.Fields(p.in.text), " ") + "”",
		Layer:    render.Layer{Values: p.patterns[layer].Attn, Pyramid: p.patterns[layer].Pyramid},
		Head:     head,
		Tokens:   p.tokens,
	}, nil
}

// model loads a model.
func (r *runs) model(ctx context.Context, path string) (*loaded, error) {
	if m := r.models[path]; m != nil {
		return m, nil
	}
	file, err := r.openModel(path)
	if err != nil {
		return nil, err
	}
	m := &loaded{device: r.device, file: file}
	if err := r.upload(ctx, m, path); err != nil {
		m.unload()
		return nil, err
	}
	r.models[path] = m
	return m, nil
}

// pass runs a model on a prompt.
func (r *runs) pass(m *loaded, key passKey) (*passed, error) {
	if p := r.passes[key]; p != nil {
		return p, nil
	}
	flags := r.flags.modelFlags
	if len(r.flags.prompts) > 0 {
		flags.prompt = r.flags.prompts[key.prompt]
	}
	in, err := flags.input(m.file)
	if err != nil {
		return nil, err
	}
	p := &passed{model: m, in: in, acts: m.model.Activations(r.keep), tokens: in.labels(m.file)}
	r.passes[key] = p
	if err := m.pass(p.acts, in, eval.Options{LastOnly: true, NoBias: flags.noBias}, func(rec *gpu.Recorder) { p.patterns = p.acts.Patterns(rec) }); err != nil {
		return nil, err
	}
	for i := len(p.tokens); i < p.acts.Tokens(); i++ { // recorded inputs have no tokens
		p.tokens = append(p.tokens, strconv.Itoa(i))
	}
	return p, nil
}
