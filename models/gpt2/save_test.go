package gpt2

import (
	"bytes"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"headscope/models/safetensors"
	"headscope/models/tensor"
)

// The names that Save is given, a form each.
var savedAs = []string{"m.safetensors", "m.npz", "npys", "m-csv"}

// values decodes everything a model is, by name: its parameters, or the matrices
// of its heads.
func values(t testing.TB, m *Model) map[string]tensor.Tensor {
	t.Helper()
	all := make(map[string]tensor.Tensor)
	MapParams(m.Params, func(name string, s *tensor.Stored) (int, error) {
		x, err := s.Tensor()
		must(t, err)
		all[name] = tensor.Tensor{Shape: x.Shape, Data: slices.Clone(x.Data)}
		return 0, nil
	})
	return all
}

// sameValues compares by bits, so that -0 and NaN count.
func sameValues(t testing.TB, got, want map[string]tensor.Tensor) {
	t.Helper()
	if names, wants := slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)); !slices.Equal(names, wants) {
		t.Fatalf("tensors %q, want %q", names, wants)
	}
	for name, x := range want {
		y := got[name]
		if !slices.Equal(x.Shape, y.Shape) {
			t.Fatalf("%s is %v, want %v", name, y.Shape, x.Shape)
		}
		for i, v := range x.Data {
			if math.Float32bits(v) != math.Float32bits(y.Data[i]) && (v == v || y.Data[i] == y.Data[i]) {
				t.Fatalf("%s[%d] is %v, want %v", name, i, y.Data[i], v)
			}
		}
	}
}

// headsAlone is what a per-head set keeps of a model.
func headsAlone(all map[string]tensor.Tensor) map[string]tensor.Tensor {
	kept := maps.Clone(all)
	maps.DeleteFunc(kept, func(name string, _ tensor.Tensor) bool {
		return !strings.HasSuffix(name, ".attn.c_attn.weight") && !strings.HasSuffix(name, ".attn.c_proj.weight")
	})
	return kept
}

// reopened saves a model and opens what is there then.
func reopened(t testing.TB, m *Model, name string) *Model {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	var told int64
	plan, err := PlanSave(m, path)
	must(t, err)
	must(t, plan.Write(t.Context(), func(n int64) { told += n }))
	if told != plan.Bytes {
		t.Errorf("%s: progress says %d bytes, the plan %d", name, told, plan.Bytes)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	must(t, err)
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".tmp") {
			t.Errorf("%s is left over", e.Name())
		}
	}
	got, err := Open(path)
	must(t, err)
	t.Cleanup(func() { got.Close() })
	if got.Format != plan.Format || len(got.Tensors()) != plan.Tensors {
		t.Errorf("%s: %s with %d tensors, planned were %s with %d", name, got.Format, len(got.Tensors()), plan.Format, plan.Tensors)
	}
	return got
}

// sources are small models of every kind.
func sources(t testing.TB) map[string]*Model {
	t.Helper()
	assemble := func(m *Model, vocab string, keep func(*tensor.Stored) bool, more ...*tensor.Stored) *Model {
		file := &tensor.File{Tensors: append(slices.Clone(m.Tensors()), more...)}
		file.Tensors = slices.DeleteFunc(file.Tensors, func(s *tensor.Stored) bool { return !keep(s) })
		config, err := m.configJSON()
		must(t, err)
		parts := Parts{Path: "made", Tensors: file, Config: &File{"config.json", config}}
		if vocab != "" {
			parts.Vocab, parts.Merges = &File{"vocab.json", []byte(vocab)}, &File{"merges.txt", []byte("a b\n")}
		}
		made, err := Assemble(parts)
		must(t, err)
		return made
	}
	all := func(*tensor.Stored) bool { return true }
	odd := Synthetic(Config{Layers: 3, Heads: 5, Width: 15, Hidden: 7, Context: 3, Vocab: 301, Eps: 3e-4}, 2)
	head := stored(t, "lm_head.weight", tensor.New(301, 15))
	strange := Synthetic(tiny, 6)
	special, err := strange.Params.Layers[1].AttnW.Tensor()
	must(t, err)
	copy(special.Data, []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.Copysign(0, -1)), math.SmallestNonzeroFloat32, math.MaxFloat32})
	return map[string]*Model{
		"plain":        Synthetic(tiny, 1),
		"odd sizes":    odd,
		"one head":     Synthetic(Config{Layers: 1, Heads: 1, Width: 1, Hidden: 1, Context: 1, Vocab: 1, Eps: 0.5}, 3),
		"untied head":  assemble(odd, "", all, head),
		"own vocab":    assemble(Synthetic(tiny, 4), tinyVocab(`, "ab": 256, "<|endoftext|>": 299`), all),
		"without bias": assemble(Synthetic(tiny, 5), "", func(s *tensor.Stored) bool { return !strings.HasSuffix(s.Name, ".bias") }),
		"odd values":   strange,
	}
}

// Every format to every format: what is read back is the model it was, down to
// the bits, through two conversions.
func TestSaveKeepsTheModel(t *testing.T) {
	for kind, m := range sources(t) {
		want := values(t, m)
		for _, first := range savedAs {
			for _, second := range savedAs {
				t.Run(kind+"/"+first+"/"+second, func(t *testing.T) {
					once := reopened(t, m, first)
					got := reopened(t, once, second)
					want := want
					if first == "m-csv" || second == "m-csv" {
						want = headsAlone(want)
					}
					sameValues(t, values(t, got), want)
					if got.Config != m.Config {
						t.Errorf("%+v, want %+v", got.Config, m.Config)
					}
					if (got.Tokenizer == nil) != (m.Tokenizer == nil) {
						t.Fatalf("tokenizer %v, want %v", got.Tokenizer, m.Tokenizer)
					}
					if m.Tokenizer == nil {
						return
					}
					if a, b := got.Tokenizer.Prompt("abba"), m.Tokenizer.Prompt("abba"); !slices.Equal(a, b) || got.Tokenizer.Vocab() != m.Tokenizer.Vocab() {
						t.Errorf("tokens %v, want %v", a, b)
					}
					if !bytes.Equal(got.vocab.Data, m.vocab.Data) || !bytes.Equal(got.merges.Data, m.merges.Data) {
						t.Error("the vocabulary's files differ")
					}
				})
			}
		}
	}
}

func TestSaveTheDemoModel(t *testing.T) {
	m, err := Open(filepath.Join("..", "demo"))
	must(t, err)
	defer m.Close()
	want := values(t, m)
	for _, name := range savedAs {
		got := reopened(t, m, name)
		if name == "m-csv" {
			want = headsAlone(want)
		}
		sameValues(t, values(t, got), want)
		if got.Config != m.Config || !slices.Equal(got.Tokenizer.Prompt("The cat sat."), m.Tokenizer.Prompt("The cat sat.")) {
			t.Errorf("%s: %+v", name, got.Config)
		}
	}
}

func TestSaveAnLLMCCheckpoint(t *testing.T) {
	m := Synthetic(tiny, 3)
	in, err := Open(put(t, t.TempDir(), "gpt2.bin", llmcBytes(t, m)))
	must(t, err)
	defer in.Close()
	for _, name := range savedAs[:3] {
		got := reopened(t, in, name)
		sameValues(t, values(t, got), values(t, m))
		if got.Config != m.Config || slices.ContainsFunc(got.Notes, func(n string) bool { return strings.Contains(n, "[out, in]") }) {
			t.Errorf("%s: %+v, %q", name, got.Config, got.Notes)
		}
	}
}

// A set with a layer missing, from a folder without a config.json.
func TestSaveHeadSets(t *testing.T) {
	dir := t.TempDir()
	headSet(t, Synthetic(tiny, 1), func(name string, x tensor.Tensor) {
		if strings.HasPrefix(name, "layer1") {
			must(t, safetensors.WriteFile(filepath.Join(dir, name), tensor.F32, []*tensor.Stored{stored(t, "transformer."+name, x)}))
		}
	})
	file := &tensor.File{}
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, e := range entries {
		one, err := safetensors.Open(filepath.Join(dir, e.Name()))
		must(t, err)
		defer one.Close()
		file.Tensors = append(file.Tensors, one.Tensors...)
	}
	m, err := Assemble(Parts{Path: "set", Tensors: file})
	must(t, err)
	for _, name := range savedAs {
		got := reopened(t, m, name)
		sameValues(t, values(t, got), values(t, m))
		if got.Config != m.Config || !got.HeadsOnly() || got.Params.Layers[0].AttnW != nil {
			t.Errorf("%s: %+v", name, got.Config)
		}
	}
	many := Synthetic(Config{Layers: 1, Heads: 1024, Width: 1024, Hidden: 1, Context: 1, Vocab: 1, Eps: 0.5}, 1)
	if _, err := PlanSave(many, filepath.Join(dir, "x-csv")); err == nil || !strings.Contains(err.Error(), "three digits") {
		t.Errorf("1024 heads: error %v", err)
	}
}

func TestSaveKeepsHalves(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		first, rest, want tensor.Dtype
	}{
		{tensor.F16, tensor.F16, tensor.F16}, {tensor.BF16, tensor.BF16, tensor.BF16}, {tensor.BF16, tensor.F32, tensor.F32},
	} {
		file := &tensor.File{}
		for i, s := range Synthetic(tiny, 1).Tensors() {
			dtype := c.rest
			if i == 0 {
				dtype = c.first
			}
			path := filepath.Join(dir, "part")
			must(t, safetensors.WriteFile(path, dtype, []*tensor.Stored{s}))
			one, err := safetensors.Open(path)
			must(t, err)
			defer one.Close()
			file.Tensors = append(file.Tensors, one.Tensors...)
		}
		m, err := Assemble(Parts{Path: "half", Tensors: file, Heads: 2})
		must(t, err)
		for _, name := range savedAs[:3] {
			got := reopened(t, m, name)
			sameValues(t, values(t, got), values(t, m))
			if want := c.want; got.Tensors()[3].Dtype != want && name == "m.safetensors" {
				t.Errorf("%v and %v become %v, want %v", c.first, c.rest, got.Tensors()[3].Dtype, want)
			}
		}
	}
	wide := *Synthetic(tiny, 1).Tensors()[0]
	wide.Dtype, wide.Bytes = tensor.F64, make([]byte, 8*wide.Len())
	m := Synthetic(tiny, 1)
	m.Params.WTE = &wide
	plan, err := PlanSave(m, filepath.Join(dir, "x.npz"))
	if must(t, err); !slices.Equal(plan.Notes, []string{"F64 values are rounded to F32"}) {
		t.Errorf("notes %q", plan.Notes)
	}
	if plan, err = PlanSave(m, filepath.Join(dir, "x-csv")); err != nil || len(plan.Notes) != 1 || !strings.Contains(plan.Notes[0], "biases") {
		t.Errorf("notes %q, error %v", plan.Notes, err)
	}
}
