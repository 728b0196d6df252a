package eval

import (
	"context"
	"fmt"
	"strings"

	"headscope/gpu"
	"headscope/models/gpt2"
	"headscope/models/tensor"
)

// Activations hold the results of one forward pass, each under its name. They belong to
// the caller, who releases them before the model's device.
type Activations struct {
	model   *Model // not owned
	keep    func(name string) bool
	slots   map[string]*gpu.Buffer // owned: by name where kept, else by the name without the layer
	results map[string]gpu.Tensor  // of the last Run, those kept
	ids     *gpu.Buffer            // owned: the token ids
	hasIDs  bool                   // the last Run was on tokens
	tokens  int
}

// Activations makes the working space of a forward pass that keeps the results for which
// keep says so, for example "h.3.attn"; a kept result stays until the next Run.
func (m *Model) Activations(keep func(name string) bool) *Activations {
	return &Activations{model: m, keep: keep, slots: map[string]*gpu.Buffer{}, results: map[string]gpu.Tensor{}}
}

// KeepAll keeps every intermediate.
func KeepAll(string) bool { return true }

// Release frees all results.
func (a *Activations) Release() {
	if a == nil {
		return
	}
	for _, b := range a.slots {
		b.Release()
	}
	a.ids.Release()
	clear(a.slots)
	clear(a.results)
	a.ids = nil
}

// Options of a forward pass.
type Options struct {
	LastOnly bool // logits of the last token only
	NoBias   bool // leave the attention's biases out, as mm does

	// Blockwise computes attention a block at a time: there are no scores and no attn, and
	// none of their memory; lse and head_out are there.
	Blockwise bool

	// Until ends the pass with its error between two submits; nil: nothing does.
	Until context.Context
}

// Run records and submits a forward pass on token ids. after, if not nil, records more
// behind it. It does not wait.
func (a *Activations) Run(ids []int32, opt Options, after func(r *gpu.Recorder)) error {
	if err := gpt2.CheckIDs(a.model.Config, ids); err != nil {
		return err
	}
	clear(a.results)
	if err := a.setIDs(ids); err != nil {
		return err
	}
	return a.run(gpt2.Input[*handle]{IDs: ids, LastOnly: opt.LastOnly}, opt, after)
}

// RunRecorded is Run on recorded activations [N, D], one for each layer from the first
// (nil leaves its layer out), all of the same N: only the layers' attention is computed.
func (a *Activations) RunRecorded(inputs []*tensor.Tensor, opt Options, after func(r *gpu.Recorder)) error {
	clear(a.results)
	a.hasIDs = false
	in := gpt2.Input[*handle]{Recorded: make([]*handle, len(inputs))}
	for i, x := range inputs {
		if x == nil {
			continue
		}
		if x.Cols() != a.model.Config.Width {
			return fmt.Errorf("the recorded input of layer %d is %v; expected [N, %d]", i, x.Shape, a.model.Config.Width)
		}
		a.tokens = x.Rows()
		t, err := a.slot(gpt2.Name(i, "recorded"), 1, x.Rows(), x.Cols(), true)
		if err != nil {
			return err
		}
		if err := a.model.device.WriteRows(t, 0, x.Data); err != nil {
			return err
		}
		in.Recorded[i] = &handle{parts: []gpu.Tensor{t}}
	}
	return a.run(in, opt, after)
}

func (a *Activations) run(in gpt2.Input[*handle], opt Options, after func(r *gpu.Recorder)) error {
	if err := a.checkFits(); err != nil && !opt.Blockwise {
		return err
	}
	params := a.model.params
	if opt.NoBias {
		params = params.WithoutAttentionBias()
	}
	r := a.model.device.Record("forward")
	if opt.Until != nil {
		r.Until(opt.Until)
	}
	_, err := gpt2.Forward(&ops{r: r, a: a, blockwise: opt.Blockwise}, a.model.Config, params, in)
	if err != nil {
		r.Fail(err)
	} else if after != nil {
		after(r)
	}
	return r.Submit()
}

func (a *Activations) setIDs(ids []int32) error {
	a.tokens, a.hasIDs = len(ids), true
	if a.ids == nil {
		b, err := a.model.device.NewStorage("ids", uint64(4*a.model.Config.Context))
		if err != nil {
			return err
		}
		a.ids = b
	}
	return a.model.device.Write(a.ids, 0, gpu.Words(ids))
}

// Tokens is the number of tokens of the last Run.
func (a *Activations) Tokens() int { return a.tokens }

// Result returns a kept result of the last Run. Beside the names of [gpt2.Forward] there
// are h.L.q, h.L.k and h.L.v: views [H, N, D/H] of h.L.qkv.
func (a *Activations) Result(name string) (gpu.Tensor, error) {
	if t, ok := a.results[name]; ok {
		return t, nil
	}
	if at := strings.LastIndex(name, ".") + 1; at > 0 {
		if which := strings.Index("qkv", name[at:]); which >= 0 && len(name) == at+1 {
			qkv, err := a.Result(name[:at] + "qkv")
			return third(qkv, which, a.model.Config.Heads), err
		}
	}
	return gpu.Tensor{}, fmt.Errorf("eval: there is no result %s in this pass", name)
}

// Read copies a kept result to the CPU: [N, M], or [H, N, M] where there are heads.
func (a *Activations) Read(name string) (tensor.Tensor, error) {
	t, err := a.Result(name)
	if err != nil {
		return tensor.Tensor{}, err
	}
	data, err := a.model.device.Read(t)
	if err != nil {
		return tensor.Tensor{}, err
	}
	shape := []int{t.Rows, t.Cols}
	if t.Batch > 1 || strings.HasSuffix(name, ".scores") || strings.HasSuffix(name, ".attn") {
		shape = []int{t.Batch, t.Rows, t.Cols}
	}
	return tensor.Tensor{Shape: shape, Data: data[0]}, nil
}

// slotTokens is what slots grow by, so that prompts of similar length share them.
const slotTokens = 64

// slot returns the buffer behind a result as a tensor: of its own if kept, else shared
// by all layers. It allocates only when the buffer is too small.
func (a *Activations) slot(name string, batch, rows, cols int, keep bool) (gpu.Tensor, error) {
	key := name
	if rest, ok := strings.CutPrefix(name, "h."); ok && !keep {
		key = "h.*" + rest[strings.Index(rest, "."):]
	}
	d := a.model.device
	b := a.slots[key]
	if need := uint64(batch) * uint64(rows) * uint64(gpu.Stride4(cols)) * 4; b == nil || b.Size < need {
		roomy := uint64(batch) * uint64(roundUp(rows)) * uint64(gpu.Stride4(roundUp(cols))) * 4
		if roomy <= d.Limits.StorageBinding {
			need = roomy
		}
		b.Release()
		delete(a.slots, key)
		var err error
		if b, err = d.NewStorage(key, need); err != nil {
			return gpu.Tensor{}, fmt.Errorf("%w; a shorter prompt needs less", err)
		}
		a.slots[key] = b
	}
	t := b.Tensor(batch, rows, cols)
	if keep {
		a.results[name] = t
	}
	return t, nil
}

// roundUp rounds a dimension up to slotTokens, but for the one row of a single result.
func roundUp(n int) int {
	if n == 1 {
		return 1
	}
	return (n + slotTokens - 1) / slotTokens * slotTokens
}
