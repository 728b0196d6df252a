package eval

import (
	"fmt"
	"math"
	"strings"

	"headscope/gpu"
	"headscope/gpu/kernels"
	"headscope/models/gpt2"
	"headscope/wgsl/cpu"
)

// AttnOnly keeps the attention patterns of all layers and the logits: what an atlas
// shows.
func AttnOnly(name string) bool {
	return name == "logits" || len(name) > 5 && name[len(name)-5:] == ".attn"
}

// Patterns are what is derived on the device from the attention of one layer.
type Patterns struct {
	Attn    gpu.Tensor  // [H, N, N]
	Pyramid *gpu.Buffer // mip pyramids, see kernels.Pyramid; not owned
	traits  gpu.Tensor  // rows of kernels.Traits; no buffer without token ids
}

// Patterns records, for every layer whose attention the pass keeps, the mip pyramids
// and, where the tokens are known, the traits of each row. It belongs behind a pass:
// give it to Run as after. A layer that was left out has a zero Patterns.
func (a *Activations) Patterns(r *gpu.Recorder) []Patterns {
	all := make([]Patterns, a.model.Config.Layers)
	for l := range all {
		attn, ok := a.results[gpt2.Name(l, "attn")]
		if !ok || r.Err() != nil {
			continue
		}
		_, cells := kernels.PyramidLevels(attn.Rows, attn.Cols)
		pyramid, err := a.slot(gpt2.Name(l, "pyramid"), attn.Batch, 1, max(1, 2*cells), true)
		if err != nil {
			r.Fail(err)
			return nil
		}
		kernels.Pyramid(r, pyramid.Buffer, attn)
		all[l] = Patterns{Attn: attn, Pyramid: pyramid.Buffer}
		if !a.hasIDs {
			continue
		}
		if all[l].traits, err = a.slot(gpt2.Name(l, "traits"), 1, 1, 8*attn.Batch*attn.Rows, true); err != nil {
			r.Fail(err)
			return nil
		}
		kernels.Traits(r, all[l].traits, attn, a.ids)
	}
	return all
}

// RegionInputs keeps what [Activations.Regions] draws from, and the logits.
func RegionInputs(name string) bool {
	return name == "logits" || strings.HasSuffix(name, ".qkv") || strings.HasSuffix(name, ".lse")
}

// Regions records heat maps of every layer's attention of side x side cells, or as many as
// there are tokens, from the queries, keys and log-sum-exps that a blockwise pass keeps: the
// matrices never exist, and nothing here grows with their size. Traits need the matrices, so
// there are none. It belongs behind a pass as [Activations.Patterns] does.
func (a *Activations) Regions(r *gpu.Recorder, side int) []Patterns {
	heads, n := a.model.Config.Heads, a.tokens
	side = min(side, n)
	all := make([]Patterns, a.model.Config.Layers)
	g := kernels.Region{Rows: n, Cols: n}
	for l := range all {
		qkv, ok := a.results[gpt2.Name(l, "qkv")]
		lse, kept := a.results[gpt2.Name(l, "lse")]
		if !ok || !kept || r.Err() != nil {
			continue
		}
		make := func(name string, batch, rows, cols int, keep bool) gpu.Tensor {
			t, err := a.slot(name, batch, rows, cols, keep)
			if err != nil {
				r.Fail(err)
			}
			return t
		}
		work := make("region work", 1, 1, kernels.RegionWork(heads, g, side), false)
		cells := make("region cells", heads, side, 2*side, false)
		_, levels := kernels.PyramidLevels(side, side)
		maps, pyramid := make(gpt2.Name(l, "map"), heads, side, side, true), make(gpt2.Name(l, "pyramid"), heads, 1, max(1, 2*levels), true)
		if r.Err() != nil {
			return nil
		}
		kernels.AttentionRegion(r, cells, work, third(qkv, 0, heads), third(qkv, 1, heads), lse, kernels.Attention{Mask: causal}, g)
		kernels.Condense(r, maps, cells, n, 1)
		kernels.Pyramid(r, pyramid.Buffer, maps)
		all[l] = Patterns{Attn: maps, Pyramid: pyramid.Buffer}
	}
	return all
}

// Traits reads the traits of every head of the layers, averaged over the rows for which
// each is defined. ids are those of the pass.
func (a *Activations) Traits(layers []Patterns, ids []int32) ([][]cpu.HeadTraits, error) {
	copies := make([]int, len(ids))
	seen := map[int32]int{}
	for i, id := range ids {
		copies[i] = seen[id]
		seen[id]++
	}
	heads := make([][]cpu.HeadTraits, len(layers))
	for l, p := range layers {
		if p.traits.Buffer == nil {
			return nil, fmt.Errorf("eval: layer %d has no traits: they need the attention of a pass on tokens", l)
		}
		data, err := a.model.device.Read(p.traits)
		if err != nil {
			return nil, err
		}
		for h := range p.Attn.Batch {
			rows := make([]cpu.RowTraits, len(ids))
			for i := range rows {
				rows[i] = rowTraits(data[0][8*(h*len(ids)+i):], i, copies[i])
			}
			heads[l] = append(heads[l], cpu.Average(rows))
		}
	}
	return heads, nil
}

// rowTraits unpacks the eight values of kernels.Traits for row i.
func rowTraits(v []float32, i, copies int) cpu.RowTraits {
	t := cpu.RowTraits{
		Current: float64(v[0]), Previous: float64(v[1]), First: float64(v[2]), Entropy: float64(v[3]),
		Distance: float64(v[4]), Copies: copies, Duplicate: float64(v[6]), Induction: float64(v[7]),
	}
	t.Spread = math.Sqrt(max(0, float64(v[5])-t.Distance*t.Distance))
	if i > 0 {
		t.Normalized = t.Entropy / math.Log(float64(i+1))
	}
	return t
}

// Next is a likely next token.
type Next struct {
	ID   int32
	Prob float64
}

// TopNext finds the k likeliest next tokens after the last one, from the logits that the
// pass keeps.
func (a *Activations) TopNext(k int) ([]Next, error) {
	logits, err := a.Result("logits")
	if err != nil {
		return nil, err
	}
	last := logits.Part(logits.Rows-1, 1, 0, logits.Cols)
	k = min(k, last.Cols, kernels.MaxTopK)
	parts := kernels.TopParts(1, last.Cols, k)
	var slots [6]gpu.Tensor
	for i, size := range []int{k, k, parts, parts, last.Cols, 1} {
		if slots[i], err = a.slot(fmt.Sprintf("top.%d", i), 1, 1, size, true); err != nil {
			return nil, err
		}
	}
	values, indices, probs, lse := slots[0], slots[1], slots[4], slots[5]
	d := a.model.device
	r := d.Record("next tokens")
	kernels.Softmax(r, probs, lse, last, 1, kernels.Mask{})
	kernels.TopK(r, kernels.Top{Values: values.Buffer, Indices: indices.Buffer, PartValues: slots[2].Buffer, PartIndices: slots[3].Buffer}, probs, k)
	if err := r.Submit(); err != nil {
		return nil, err
	}
	data, err := d.Read(values)
	if err != nil {
		return nil, err
	}
	at, err := d.ReadWords(indices.Buffer, k)
	if err != nil {
		return nil, err
	}
	next := make([]Next, k)
	for i := range next {
		next[i] = Next{int32(at[i]), float64(data[0][i])}
	}
	return next, nil
}
