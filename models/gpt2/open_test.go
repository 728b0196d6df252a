package gpt2

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"headscope/models/npy"
	"headscope/models/safetensors"
	"headscope/models/tensor"
)

const tinyConfig = `{"n_layer": 2, "n_head": 2, "n_embd": 8, "n_positions": 16, "vocab_size": 300}`

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func put(t testing.TB, dir, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	must(t, os.WriteFile(path, data, 0o666))
	return path
}

// renamed copies tensors under other names.
func renamed(tensors []*tensor.Stored, name func(string) string) []*tensor.Stored {
	var out []*tensor.Stored
	for _, s := range tensors {
		c := *s
		c.Name = name(s.Name)
		out = append(out, &c)
	}
	return out
}

// turned stores the matrices of the layers as [out, in].
func turned(t testing.TB, tensors []*tensor.Stored) []*tensor.Stored {
	var out []*tensor.Stored
	for _, s := range tensors {
		if strings.HasPrefix(s.Name, "h.") && len(s.Shape) == 2 {
			x, err := s.Transposed().Tensor()
			must(t, err)
			s = stored(t, s.Name, x)
		}
		out = append(out, s)
	}
	return out
}

func stored(t testing.TB, name string, x tensor.Tensor) *tensor.Stored {
	var b bytes.Buffer
	must(t, tensor.Encode(&b, tensor.F32, x.Data))
	return &tensor.Stored{Name: name, Shape: x.Shape, Dtype: tensor.F32, Bytes: b.Bytes()}
}

func writeNpys(t testing.TB, dir string, tensors []*tensor.Stored) {
	for _, s := range tensors {
		x, err := s.Tensor()
		must(t, err)
		must(t, npy.WriteFile(filepath.Join(dir, s.Name+".npy"), x))
	}
}

// llmcBytes is the model as an llm.c checkpoint.
func llmcBytes(t testing.TB, m *Model) []byte {
	header := make([]int32, 256)
	c := m.Config
	padded := c.Vocab + 20
	copy(header, []int32{20240326, 3, int32(c.Context), int32(c.Vocab), int32(c.Layers), int32(c.Heads), int32(c.Width), int32(padded)})
	var b bytes.Buffer
	must(t, binary.Write(&b, binary.LittleEndian, header))
	add := func(s *tensor.Stored) {
		if strings.HasPrefix(s.Name, "h.") && len(s.Shape) == 2 {
			s = s.Transposed()
		}
		x, err := s.Tensor()
		must(t, err)
		must(t, tensor.Encode(&b, tensor.F32, x.Data))
		if s.Name == "wte.weight" {
			b.Write(make([]byte, 4*(padded-c.Vocab)*c.Width))
		}
	}
	add(m.Params.WTE)
	add(m.Params.WPE)
	for _, get := range []func(LayerParams[*tensor.Stored]) *tensor.Stored{
		func(l LayerParams[*tensor.Stored]) *tensor.Stored { return l.Ln1Gain },
		func(l LayerParams[*tensor.Stored]) *tensor.Stored { return l.Ln1Bias },
		func(l LayerParams[*tensor.Stored]) *tensor.Stored { return l.AttnW },
		func(l LayerParams[*tensor.Stored]) *tensor.Stored { return l.AttnB },
		func(l LayerParams[*tensor.Stored]) *tensor.Stored { return l.ProjW },
		func(l LayerParams[*tensor.Stored]) *tensor.Stored { return l.ProjB },
		func(l LayerParams[*tensor.Stored]) *tensor.Stored { return l.Ln2Gain },
		func(l LayerParams[*tensor.Stored]) *tensor.Stored { return l.Ln2Bias },
		func(l LayerParams[*tensor.Stored]) *tensor.Stored { return l.FcW },
		func(l LayerParams[*tensor.Stored]) *tensor.Stored { return l.FcB },
		func(l LayerParams[*tensor.Stored]) *tensor.Stored { return l.MlpW },
		func(l LayerParams[*tensor.Stored]) *tensor.Stored { return l.MlpB },
	} {
		for _, l := range m.Params.Layers {
			add(get(l))
		}
	}
	add(m.Params.LnFGain)
	add(m.Params.LnFBias)
	return b.Bytes()
}

func TestEveryFormatGivesTheSameModel(t *testing.T) {
	m := Synthetic(tiny, 1)
	want := run(t, m, Input[*tensor.Tensor]{IDs: []int32{3, 1, 4, 1, 5}})["logits"]
	mask := &tensor.Stored{Name: "h.0.attn.bias", Shape: []int{1, 1, 2, 2}, Dtype: tensor.F32, Bytes: make([]byte, 16)}
	extra := &tensor.Stored{Name: "adapter", Shape: []int{1}, Dtype: tensor.F32, Bytes: make([]byte, 4)}
	for _, c := range []struct {
		name, format, path string
		write              func(dir string)
		notes              []string
	}{
		{"HuggingFace", "safetensors", "", func(dir string) {
			must(t, safetensors.WriteFile(filepath.Join(dir, "model.safetensors"), tensor.F32, m.Tensors()))
		}, nil},
		{"prefix, masks, strangers", "safetensors", "", func(dir string) {
			all := renamed(append(slices.Clone(m.Tensors()), mask), func(s string) string { return "transformer." + s })
			must(t, safetensors.WriteFile(filepath.Join(dir, "model.safetensors"), tensor.F32, append(all, extra)))
		}, []string{"left out, as not GPT-2's (1): adapter"}},
		{"a file of another name", "safetensors", "gpt2-tiny.safetensors", func(dir string) {
			must(t, safetensors.WriteFile(filepath.Join(dir, "gpt2-tiny.safetensors"), tensor.F32, m.Tensors()))
		}, nil},
		{"tied head", "safetensors", "", func(dir string) {
			head := renamed(m.Tensors()[:1], func(string) string { return "lm_head.weight" })
			must(t, safetensors.WriteFile(filepath.Join(dir, "model.safetensors"), tensor.F32, append(head, m.Tensors()...)))
		}, nil},
		{"nanoGPT", "safetensors", "", func(dir string) {
			must(t, safetensors.WriteFile(filepath.Join(dir, "model.safetensors"), tensor.F32, turned(t, m.Tensors())))
		}, []string{"[out, in]"}},
		{"sharded", "sharded safetensors", "", func(dir string) {
			half := len(m.Tensors()) / 2
			index := map[string]map[string]string{"weight_map": {}}
			for i, s := range m.Tensors() {
				index["weight_map"][s.Name] = fmt.Sprintf("part%d.safetensors", i/half)
			}
			for i := 0; i*half < len(m.Tensors()); i++ {
				part := m.Tensors()[i*half : min(len(m.Tensors()), (i+1)*half)]
				must(t, safetensors.WriteFile(filepath.Join(dir, fmt.Sprintf("part%d.safetensors", i)), tensor.F32, part))
			}
			text, err := json.Marshal(index)
			must(t, err)
			put(t, dir, "model.safetensors.index.json", text)
		}, nil},
		{"npy files", "folder of npy files", "", func(dir string) { writeNpys(t, dir, m.Tensors()) }, nil},
		{"npy files of nanoGPT", "folder of npy files", "", func(dir string) { writeNpys(t, dir, turned(t, m.Tensors())) }, []string{"[out, in]"}},
		{"npz", "npz", "", func(dir string) {
			named := map[string]*tensor.Stored{}
			for _, s := range m.Tensors() {
				named[s.Name] = s
			}
			must(t, npy.WriteNpz(filepath.Join(dir, "weights.npz"), slices.Sorted(maps.Keys(named)), func(name string) (tensor.Tensor, error) {
				return named[name].Tensor()
			}))
		}, nil},
		{"llm.c", "llm.c checkpoint", "", func(dir string) {
			put(t, dir, "tiny.bin", llmcBytes(t, m))
			put(t, dir, "tokenizer.bin", make([]byte, 100))
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			c.write(dir)
			if c.format != "llm.c checkpoint" { // its header says all
				put(t, dir, "config.json", []byte(tinyConfig))
			}
			put(t, dir, "vocab.json", []byte(tinyVocab("")))
			put(t, dir, "merges.txt", nil)
			got, err := Open(filepath.Join(dir, c.path))
			must(t, err)
			defer got.Close()
			if got.Config != tiny || got.Format != c.format || got.Params.Head != nil || got.Tokenizer.Vocab() != 256 {
				t.Errorf("%+v, %s, head %v", got.Config, got.Format, got.Params.Head)
			}
			logits := run(t, got, Input[*tensor.Tensor]{IDs: []int32{3, 1, 4, 1, 5}})["logits"]
			if !slices.Equal(logits.Data, want.Data) {
				t.Error("the logits differ")
			}
			if len(got.Notes) != len(c.notes) || len(c.notes) > 0 && !strings.Contains(got.Notes[0], c.notes[0]) {
				t.Errorf("notes %q, want %q", got.Notes, c.notes)
			}
			must(t, got.Close())
			must(t, got.Close())
		})
	}
}

func TestOpenWithoutConfig(t *testing.T) {
	cfg := Config{Layers: 1, Heads: 2, Width: 128, Hidden: 256, Context: 4, Vocab: 10, Eps: 1e-5}
	dir := t.TempDir()
	must(t, safetensors.WriteFile(filepath.Join(dir, "model.safetensors"), tensor.F32, Synthetic(cfg, 1).Tensors()))
	m, err := Open(dir)
	must(t, err)
	defer m.Close()
	if m.Config != cfg {
		t.Errorf("shapes give %+v, want %+v", m.Config, cfg)
	}
	if m.Tokenizer != nil || len(m.Notes) != 1 || !strings.Contains(m.Notes[0], "--tokens") {
		t.Errorf("tokenizer %v, notes %q", m.Tokenizer, m.Notes)
	}
}

func TestUntiedHeadIsUsed(t *testing.T) {
	m := Synthetic(tiny, 1)
	head := *m.Params.WTE
	head.Name, head.Bytes = "lm_head.weight", slices.Clone(head.Bytes)
	binary.LittleEndian.PutUint32(head.Bytes, math.Float32bits(5))
	dir := t.TempDir()
	must(t, safetensors.WriteFile(filepath.Join(dir, "model.safetensors"), tensor.F32, append(slices.Clone(m.Tensors()), &head)))
	put(t, dir, "config.json", []byte(tinyConfig))
	got, err := Open(dir)
	must(t, err)
	defer got.Close()
	a := run(t, m, Input[*tensor.Tensor]{IDs: []int32{7}})["logits"]
	b := run(t, got, Input[*tensor.Tensor]{IDs: []int32{7}})["logits"]
	if a.Data[0] == b.Data[0] || !slices.Equal(a.Data[1:], b.Data[1:]) {
		t.Error("only the first token's logit should change")
	}
	if !strings.Contains(strings.Join(got.Notes, "\n"), "lm_head.weight differs") {
		t.Errorf("notes %q", got.Notes)
	}
}

func TestBiasesMayBeMissing(t *testing.T) {
	m := Synthetic(tiny, 1)
	file := &tensor.File{}
	for _, s := range m.Tensors() {
		if !strings.HasSuffix(s.Name, ".bias") {
			file.Tensors = append(file.Tensors, s)
		}
	}
	got, err := Assemble(Parts{Path: "x", Tensors: file, Heads: 2})
	must(t, err)
	if got.Params.Layers[1].FcB != nil || got.Params.LnFBias != nil {
		t.Error("a missing bias is there")
	}
	run(t, got, Input[*tensor.Tensor]{IDs: []int32{1, 2}})
}

func TestAssembleRefuses(t *testing.T) {
	zeros := func(name string, dtype tensor.Dtype, shape ...int) *tensor.Stored {
		n := dtype.Size()
		for _, d := range shape {
			n *= d
		}
		return &tensor.Stored{Name: name, Shape: shape, Dtype: dtype, Bytes: make([]byte, n)}
	}
	replace := func(name string, by ...*tensor.Stored) []*tensor.Stored {
		all := slices.Clone(Synthetic(tiny, 1).Tensors())
		i := slices.IndexFunc(all, func(s *tensor.Stored) bool { return s.Name == name })
		return slices.Replace(all, i, i+1, by...)
	}
	const proj = "h.1.mlp.c_proj.weight"
	for _, c := range []struct {
		config  string
		tensors []*tensor.Stored
		want    string
	}{
		{tinyConfig, nil, "this is no GPT-2"},
		{tinyConfig, []*tensor.Stored{zeros("model.embed", tensor.F32, 2, 2)}, "there are model.embed"},
		{tinyConfig, replace(proj), "tensor h.1.mlp.c_proj.weight is missing, expected [32 8]"},
		{tinyConfig, replace(proj, zeros(proj, tensor.F32, 8, 32)), "tensor h.1.mlp.c_proj.weight is [8 32], expected [32 8]"},
		{tinyConfig, replace(proj, zeros(proj, tensor.I32, 32, 8)), "holds I32, expected floating point"},
		{tinyConfig, replace(proj, zeros(proj, tensor.F32, 32, 8), zeros("transformer."+proj, tensor.F32, 32, 8)), "is there twice"},
		{tinyConfig, replace("wte.weight", zeros("wte.weight", tensor.F32, 300)), "this is no GPT-2"},
		{tinyConfig, replace("wpe.weight", zeros("wpe.weight", tensor.F32, 15, 8)), "tensor wpe.weight is [15 8], expected [16 8]"},
		{strings.Replace(tinyConfig, `"n_layer": 2`, `"n_layer": 3`, 1), Synthetic(tiny, 1).Tensors(), "tensor h.2.ln_1.weight is missing"},
		{strings.Replace(tinyConfig, `"n_head": 2`, `"n_head": 3`, 1), Synthetic(tiny, 1).Tensors(), "not divisible by n_head 3"},
		{`{}`, Synthetic(tiny, 1).Tensors(), "put a config.json with n_head beside"},
		{`[`, Synthetic(tiny, 1).Tensors(), "config.json: line 1"},
	} {
		_, err := Assemble(Parts{Path: "here", Tensors: &tensor.File{Tensors: c.tensors}, Config: &File{"config.json", []byte(c.config)}})
		if err == nil || !strings.HasPrefix(err.Error(), "here: ") || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
	_, err := Assemble(Parts{Path: "here", Tensors: &tensor.File{Tensors: Synthetic(tiny, 1).Tensors()}, Heads: 2, Vocab: &File{"vocab.json", []byte("{}")}})
	if err == nil || !strings.Contains(err.Error(), "vocab.json and merges.txt belong together") {
		t.Errorf("error %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	wants := map[string]string{
		"absent":        "no such file",
		"x.npy":         "is one matrix of a model: give the folder",
		"torch.bin":     "is no llm.c checkpoint; if torch wrote it, save it as safetensors",
		"notes.txt":     "expected a .safetensors, .npz or llm.c .bin file",
		"a.safetensors": "a.safetensors: not a safetensors file",
		"b.npz":         "b.npz: not a complete .npz archive",
		"":              "holds several models, a.safetensors, b.npz: give one of them",
	}
	for name := range wants {
		if name != "absent" && name != "" {
			put(t, dir, name, []byte("junk"))
		}
	}
	for name, want := range wants {
		if _, err := Open(filepath.Join(dir, name)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", name, err, want)
		}
	}
	if _, err := Open(t.TempDir()); err == nil || !strings.Contains(err.Error(), "holds no model: expected model.safetensors") {
		t.Errorf("an empty folder: error %v", err)
	}
	large := t.TempDir()
	put(t, large, "model.safetensors", nil)
	f, err := os.Create(filepath.Join(large, "vocab.json"))
	must(t, err)
	must(t, f.Truncate(65<<20))
	must(t, f.Close())
	if _, err := Open(large); err == nil || !strings.Contains(err.Error(), "vocab.json is larger than 64 MiB") {
		t.Errorf("a huge vocabulary: error %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	dir := f.TempDir()
	must(f, safetensors.WriteFile(filepath.Join(dir, "a"), tensor.F16, Synthetic(Config{Layers: 1, Heads: 1, Width: 2, Hidden: 8, Context: 2, Vocab: 3, Eps: 0.5}, 1).Tensors()))
	good, err := os.ReadFile(filepath.Join(dir, "a"))
	must(f, err)
	f.Add(good, []byte(`{"n_head": 1}`))
	f.Add(good[:len(good)-3], []byte(`{"n_head": 2, "n_layer": 1000}`))
	f.Add([]byte("\x02\x00\x00\x00\x00\x00\x00\x00{}"), []byte(`{}`))
	f.Fuzz(func(t *testing.T, weights, config []byte) {
		dir := t.TempDir()
		put(t, dir, "model.safetensors", weights)
		put(t, dir, "config.json", config)
		m, err := Open(dir)
		if err != nil {
			return
		}
		defer m.Close()
		if m.Config.Validate() != nil {
			t.Fatalf("%+v", m.Config)
		}
		if kept, err := m.Run([]int32{0}); err == nil && kept["logits"].Len() != m.Config.Vocab {
			t.Fatalf("%d logits of %d tokens", kept["logits"].Len(), m.Config.Vocab)
		}
	})
}
