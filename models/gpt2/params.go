package gpt2

import "fmt"

// Params are the parameters of a GPT-2, each as a handle P: a stored tensor, a
// tensor in memory, a buffer on a device. The zero handle is a parameter that
// is absent. d is the width, V the vocabulary, T the context.
type Params[P comparable] struct {
	WTE     P // [V, d] token embedding
	WPE     P // [T, d] position embedding
	Layers  []LayerParams[P]
	LnFGain P // [d]
	LnFBias P // [d]
	Head    P // [V, d]; absent when it is tied to WTE, as GPT-2's is
}

// LayerParams are one block's. Matrices are [in, out]: y = x W + b.
type LayerParams[P comparable] struct {
	Ln1Gain, Ln1Bias P // [d]
	AttnW            P // [d, 3d]: queries, keys, values; head h is columns h*d/H... of each third
	AttnB            P // [3d]
	ProjW            P // [d, d]: head h is rows h*d/H...
	ProjB            P // [d]
	Ln2Gain, Ln2Bias P // [d]
	FcW              P // [d, 4d]
	FcB              P // [4d]
	MlpW             P // [4d, d]
	MlpB             P // [d]
}

// each visits every parameter, absent ones too, under the name that GPT-2's
// files give it, in the order of use.
func (p *Params[P]) each(visit func(name string, at *P)) {
	visit("wte.weight", &p.WTE)
	visit("wpe.weight", &p.WPE)
	for i := range p.Layers {
		l := &p.Layers[i]
		for _, f := range []struct {
			name string
			at   *P
		}{
			{"ln_1.weight", &l.Ln1Gain}, {"ln_1.bias", &l.Ln1Bias},
			{"attn.c_attn.weight", &l.AttnW}, {"attn.c_attn.bias", &l.AttnB},
			{"attn.c_proj.weight", &l.ProjW}, {"attn.c_proj.bias", &l.ProjB},
			{"ln_2.weight", &l.Ln2Gain}, {"ln_2.bias", &l.Ln2Bias},
			{"mlp.c_fc.weight", &l.FcW}, {"mlp.c_fc.bias", &l.FcB},
			{"mlp.c_proj.weight", &l.MlpW}, {"mlp.c_proj.bias", &l.MlpB},
		} {
			visit(Name(i, f.name), f.at)
		}
	}
	visit("ln_f.weight", &p.LnFGain)
	visit("ln_f.bias", &p.LnFBias)
	visit("lm_head.weight", &p.Head)
}

// Name is what layer i calls one of its parameters or results: h.3.attn.
func Name(layer int, what string) string { return fmt.Sprintf("h.%d.%s", layer, what) }

// MapParams makes other handles of the same parameters, for example uploads
// them. It calls f for each parameter that is there, in the order of use, with
// its name in GPT-2's files (h.0.attn.c_attn.weight), and stops at the first
// error. What f has made until then is returned with the error, for release.
func MapParams[A, B comparable](from Params[A], f func(name string, a A) (B, error)) (Params[B], error) {
	to := Params[B]{Layers: make([]LayerParams[B], len(from.Layers))}
	var slots []*B
	to.each(func(_ string, at *B) { slots = append(slots, at) })
	var none A
	var err error
	next := 0
	from.each(func(name string, at *A) {
		if *at != none && err == nil {
			*slots[next], err = f(name, *at)
		}
		next++
	})
	return to, err
}

// WithoutAttentionBias leaves out the biases of the attention's two matrices,
// c_attn and c_proj, as mm does in its pictures of GPT-2's heads.
func (p Params[P]) WithoutAttentionBias() Params[P] {
	var none P
	layers := make([]LayerParams[P], len(p.Layers))
	for i, l := range p.Layers {
		l.AttnB, l.ProjB = none, none
		layers[i] = l
	}
	p.Layers = layers
	return p
}
