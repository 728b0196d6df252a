package gpt2

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"headscope/models/csv"
	"headscope/models/npy"
	"headscope/models/tensor"
)

// headSet writes the matrices of single heads as mm's sets name them.
func headSet(t testing.TB, m *Model, write func(name string, x tensor.Tensor)) {
	d, dh := m.Config.Width, m.Config.HeadWidth()
	for i, l := range m.Params.Layers {
		w, err := l.AttnW.Tensor()
		must(t, err)
		o, err := l.ProjW.Tensor()
		must(t, err)
		for h := range m.Config.Heads {
			third := func(n int) tensor.Tensor { return Head(w, n*m.Config.Heads+h, 3*m.Config.Heads) }
			write(fmt.Sprintf("layer%d_wq%d_%d_%d", i, h, d, dh), third(0))
			k := stored(t, "", third(1)).Transposed()
			kt, err := k.Tensor()
			must(t, err)
			write(fmt.Sprintf("layer%d_wk_t%d_%d_%d", i, h, dh, d), kt)
			write(fmt.Sprintf("layer%d_wv%d_%d_%d", i, h, d, dh), third(2))
			write(fmt.Sprintf("layer%d_wo%d_%d_%d", i, h, dh, d), tensor.Tensor{Shape: []int{dh, d}, Data: o.Data[h*dh*d : (h+1)*dh*d]})
		}
	}
}

func TestHeadSets(t *testing.T) {
	m := Synthetic(tiny, 9)
	whole := run(t, m, Input[*tensor.Tensor]{IDs: []int32{4, 5, 6}})
	m.Params = m.Params.WithoutAttentionBias()
	x0, x1 := whole["h.0.ln_1"], whole["h.1.ln_1"]
	want := run(t, m, Input[*tensor.Tensor]{Recorded: []*tensor.Tensor{&x0, &x1}})
	for extension, write := range map[string]func(string, tensor.Tensor) error{"csv": csv.WriteFile, "npy": npy.WriteFile} {
		dir := t.TempDir()
		save := func(name string, x tensor.Tensor) { must(t, write(filepath.Join(dir, name+"."+extension), x)) }
		headSet(t, m, save)
		save("layer0_input7_3_8", x0)
		x1t, err := stored(t, "", x1).Transposed().Tensor()
		must(t, err)
		save("layer1_input_t7_8_3", x1t)
		save("layer1_input8_3_8", x0)
		save("readme_1_2", x0)

		got, err := Open(dir)
		must(t, err)
		defer got.Close()
		if !got.HeadsOnly() || got.Config.Layers != 2 || got.Config.Heads != 2 || got.Config.Width != 8 {
			t.Errorf("%s: %+v", extension, got.Config)
		}
		inputs, err := Inputs(dir, 7)
		must(t, err)
		kept := run(t, got, Input[*tensor.Tensor]{Recorded: inputs})
		for name, x := range want {
			if !slices.Equal(kept[name].Data, x.Data) {
				t.Errorf("%s: %s differs", extension, name)
			}
		}
		one, err := Inputs(filepath.Join(dir, "layer1_input8_3_8."+extension), 8)
		must(t, err)
		if len(one) != 2 || one[0] != nil || !slices.Equal(one[1].Data, x0.Data) {
			t.Errorf("%s: a single file gives %v", extension, one)
		}
		if _, err := Inputs(dir, 3); err == nil || !strings.Contains(err.Error(), "sample 3; there are samples [7 8]") {
			t.Errorf("%s: error %v", extension, err)
		}
		save("layer1_input7_3_8", tensor.New(2, 8))
		if _, err := Inputs(dir, 7); err == nil || !strings.Contains(err.Error(), "is [2 8], other layers are [3 8]") {
			t.Errorf("%s: error %v", extension, err)
		}
		if err := os.Remove(filepath.Join(dir, "layer1_wo1_4_8."+extension)); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "1 files of 2 layers with 2 heads are missing: layer1_wo1_4_8") {
			t.Errorf("%s: error %v", extension, err)
		}
	}
	if _, err := Inputs(t.TempDir(), 0); err == nil || !strings.Contains(err.Error(), "expected files such as layer0_input0_256_768.csv") {
		t.Errorf("error %v", err)
	}
}

func TestHeadSetsMayLackLayers(t *testing.T) {
	dir := t.TempDir()
	headSet(t, Synthetic(tiny, 1), func(name string, x tensor.Tensor) {
		if strings.HasPrefix(name, "layer1") {
			must(t, npy.WriteFile(filepath.Join(dir, name+".npy"), x))
		}
	})
	m, err := Open(dir)
	must(t, err)
	defer m.Close()
	x := tensor.New(3, 8)
	run(t, m, Input[*tensor.Tensor]{Recorded: []*tensor.Tensor{nil, &x}})
	r, err := NewReference(m)
	must(t, err)
	if _, err := r.Run(Input[*tensor.Tensor]{Recorded: []*tensor.Tensor{&x}}); err == nil || !strings.Contains(err.Error(), "layer 0 has recorded activations but no weights") {
		t.Errorf("error %v", err)
	}
}

func TestBadHeadSets(t *testing.T) {
	for want, names := range map[string][]string{
		"4 bytes cannot hold the [768 64] values": {"layer0_wq0_768_64.csv"},
		"its name gives no possible shape":        {"layer0_wq0_99999999999999999999_64.csv"},
		"3 files of 1 layers with 1 heads are missing: layer0_wk_t0_2_2, layer0_wv0_2_2, layer0_wo0_2_2": {"layer0_wq0_2_2.csv"},
		"2 heads of width 2 do not make width 2":                                                         {"layer0_wq1_2_2.csv"},
		"are the same matrix":                                                                            {"layer0_wq0_2_2.csv", "layer0_wq0_1_4.csv"},
		"tensor layer0_wv0_1_4 is [1 4], expected":                                                       {"layer0_wq0_2_2.csv", "layer0_wv0_1_4.csv"},
	} {
		dir := t.TempDir()
		for _, name := range names {
			put(t, dir, name, []byte("1,2\n"))
		}
		if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v, want %q", names, err, want)
		}
	}
	dir := t.TempDir()
	headSet(t, Synthetic(tiny, 1), func(name string, x tensor.Tensor) { must(t, csv.WriteFile(filepath.Join(dir, name+".csv"), x)) })
	put(t, dir, "layer1_wv0_8_4.csv", []byte(strings.Repeat("1,2\n", 30)))
	m, err := Open(dir)
	must(t, err)
	defer m.Close()
	if _, err := NewReference(m); err == nil || !strings.Contains(err.Error(), "layer1_wv0_8_4.csv is [30 2], its name says [8 4]") {
		t.Errorf("error %v", err)
	}
}
