package eval

import (
	"math"
	"slices"
	"strings"
	"testing"

	"headscope/gpu"
	"headscope/gpu/gputest"
	"headscope/models/demo"
	"headscope/models/demo/golden"
	"headscope/models/gpt2"
	"headscope/models/tensor"
)

// load opens a device and a model on it, released when the test ends.
func load(t *testing.T, m *gpt2.Model) (*gpu.Device, *Model) {
	t.Helper()
	d := gputest.Device(t)
	t.Cleanup(func() { m.Close() })
	model, err := Load(t.Context(), d, m, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(model.Release)
	return d, model
}

func openDemo(t *testing.T) *gpt2.Model {
	t.Helper()
	m, err := demo.Open()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Every recorded intermediate of the demo model, on both kernel families.
func TestDemoEqualsRecordings(t *testing.T) {
	cases, err := golden.Cases()
	if err != nil {
		t.Fatal(err)
	}
	d, model := load(t, openDemo(t))
	for _, d.Family = range []gpu.Family{gpu.Registers, gpu.Workgroups} {
		a := model.Activations(KeepAll)
		defer a.Release()
		for _, c := range cases {
			if err := a.Run(c.IDs, Options{}, nil); err != nil {
				t.Fatal(err)
			}
			worst, at := 0.0, ""
			for _, name := range c.Names() {
				got, err := a.Read(name)
				if err != nil {
					t.Fatal(err)
				}
				share, err := c.Compare(name, got)
				if err != nil {
					t.Fatal(err)
				}
				if share > 1 {
					t.Errorf("%q: %s is off by %.3g times what is allowed", c.Text[:20], name, share)
				}
				if share > worst {
					worst, at = share, name
				}
			}
			t.Logf("%d tokens: %d results, worst %s at %.2g of what is allowed", len(c.IDs), len(c.Names()), at, worst)
			next, err := a.TopNext(5)
			if err != nil {
				t.Fatal(err)
			}
			for i, n := range next {
				if n.ID != c.TopNext[i] {
					t.Errorf("likeliest next token %d is %d, recorded %d", i, n.ID, c.TopNext[i])
				}
			}
		}
	}
}

// What is fused and shared when little is kept equals what is not.
func TestFusedEqualsKept(t *testing.T) {
	d, model := load(t, openDemo(t))
	cases, err := golden.Cases()
	if err != nil {
		t.Fatal(err)
	}
	ids := cases[1].IDs
	all, few := model.Activations(KeepAll), model.Activations(AttnOnly)
	defer all.Release()
	defer few.Release()
	for _, a := range []*Activations{all, few} {
		if err := a.Run(ids, Options{LastOnly: a == few}, nil); err != nil {
			t.Fatal(err)
		}
	}
	for l := range model.Config.Layers {
		name := gpt2.Name(l, "attn")
		want, err := all.Read(name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := few.Read(name)
		if err != nil {
			t.Fatal(err)
		}
		gputest.Close(t, name, got.Data, want.Data, 1e-6, 1e-5)
	}
	want, _ := all.Result("logits")
	got, _ := few.Result("logits")
	if got.Rows != 1 {
		t.Fatalf("logits of the last token only are %v", got)
	}
	w, err := d.Read(want.Part(want.Rows-1, 1, 0, want.Cols))
	if err != nil {
		t.Fatal(err)
	}
	g, err := d.Read(got)
	if err != nil {
		t.Fatal(err)
	}
	gputest.Close(t, "logits", g[0], w[0], 1e-4, 1e-5)
	if _, err := few.Result("h.0.fc"); err == nil {
		t.Error("a result that was not kept is there")
	}
}

// A second prompt compiles nothing and allocates nothing that the first had not. (Prompts
// of at most four tokens take the matrix-vector kernels instead, once compiled.)
func TestSecondPromptAllocatesNothing(t *testing.T) {
	d, model := load(t, openDemo(t))
	a := model.Activations(AttnOnly)
	defer a.Release()
	var before gpu.Live
	for i, n := range []int{200, 193, 40, 5, 200} {
		ids := make([]int32, n)
		for j := range ids {
			ids[j] = int32((j*7 + i) % model.Config.Vocab)
		}
		if err := a.Run(ids, Options{LastOnly: true}, func(r *gpu.Recorder) { a.Patterns(r) }); err != nil {
			t.Fatal(err)
		}
		if _, err := a.TopNext(5); err != nil {
			t.Fatal(err)
		}
		if live := d.Live(); i == 0 {
			before = live
		} else if live != before {
			t.Errorf("after a prompt of %d tokens: %+v, before %+v", n, live, before)
		}
	}
}

// Shapes that fit no tile and no vec4, against the CPU reference.
func TestSyntheticEqualsReference(t *testing.T) {
	for _, cfg := range []gpt2.Config{
		{Layers: 1, Heads: 1, Width: 4, Hidden: 16, Context: 9, Vocab: 11, Eps: 1e-5},
		{Layers: 2, Heads: 3, Width: 15, Hidden: 60, Context: 70, Vocab: 33, Eps: 1e-5},
		{Layers: 2, Heads: 5, Width: 30, Hidden: 50, Context: 66, Vocab: 129, Eps: 1e-5},
		{Layers: 2, Heads: 2, Width: 128, Hidden: 512, Context: 65, Vocab: 1001, Eps: 1e-5},
	} {
		m := gpt2.Synthetic(cfg, 1)
		ids := make([]int32, cfg.Context)
		for i := range ids {
			ids[i] = int32(i * 31 % cfg.Vocab)
		}
		want, err := m.Run(ids)
		if err != nil {
			t.Fatal(err)
		}
		_, model := load(t, m)
		a := model.Activations(KeepAll)
		defer a.Release()
		if err := a.Run(ids, Options{}, nil); err != nil {
			t.Fatal(err)
		}
		for name, w := range want {
			got, err := a.Read(name)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got.Shape, w.Shape) {
				t.Errorf("%s is %v, the reference has %v", name, got.Shape, w.Shape)
			}
			gputest.Close(t, name, got.Data, w.Data, 5e-5, 1e-4)
		}
	}
}

// A token table that is over the binding limit is split, and computes the same.
func TestSplitTable(t *testing.T) {
	cfg := gpt2.Config{Layers: 1, Heads: 2, Width: 8, Hidden: 32, Context: 40, Vocab: 103, Eps: 1e-5}
	m := gpt2.Synthetic(cfg, 2)
	ids := make([]int32, 40)
	for i := range ids {
		ids[i] = int32(i * 13 % cfg.Vocab)
	}
	want, err := m.Run(ids)
	if err != nil {
		t.Fatal(err)
	}
	d := gputest.Device(t)
	whole := d.Limits.StorageBinding
	d.Limits.StorageBinding = 20 * 8 * 4 * 2 // 40 rows a part: three parts
	model, err := Load(t.Context(), d, m, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer model.Release()
	if n := len(model.params.WTE.parts); n != 3 {
		t.Fatalf("the table came in %d parts", n)
	}
	d.Limits.StorageBinding = whole
	a := model.Activations(KeepAll)
	defer a.Release()
	if err := a.Run(ids, Options{}, nil); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"embed", "logits"} {
		got, err := a.Read(name)
		if err != nil {
			t.Fatal(err)
		}
		gputest.Close(t, name, got.Data, want[name].Data, 1e-5, 1e-5)
	}
}

func TestTraitsEqualRecordings(t *testing.T) {
	_, model := load(t, openDemo(t))
	cases, err := golden.Cases()
	if err != nil {
		t.Fatal(err)
	}
	ids := cases[2].IDs
	a := model.Activations(AttnOnly)
	defer a.Release()
	var layers []Patterns
	if err := a.Run(ids, Options{LastOnly: true}, func(r *gpu.Recorder) { layers = a.Patterns(r) }); err != nil {
		t.Fatal(err)
	}
	traits, err := a.Traits(layers, ids)
	if err != nil {
		t.Fatal(err)
	}
	// The strongest heads on this prompt, as recorded with the demo model.
	for _, w := range []struct {
		name      string
		got, want float64
	}{
		{"previous L8H0", traits[8][0].Previous, .23}, {"previous L9H2", traits[9][2].Previous, .22},
		{"first L1H3", traits[1][3].First, .06}, {"current L0H2", traits[0][2].Current, .36},
	} {
		if math.Abs(w.got-w.want) > 0.0051 {
			t.Errorf("%s is %.4f, recorded %.2f", w.name, w.got, w.want)
		}
	}
}

func TestBadInput(t *testing.T) {
	_, model := load(t, openDemo(t))
	a := model.Activations(AttnOnly)
	defer a.Release()
	for want, ids := range map[string][]int32{
		"no tokens": {}, "512": {1, 512}, "-1": {-1}, "257 tokens": make([]int32, 257),
	} {
		if err := a.Run(ids, Options{}, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d ids: %v; want an error with %q", len(ids), err, want)
		}
	}
	bad := tensor.New(3, 7)
	if err := a.RunRecorded([]*tensor.Tensor{&bad}, Options{}, nil); err == nil || !strings.Contains(err.Error(), "192") {
		t.Errorf("a recorded input of the wrong width: %v", err)
	}
}

func TestNaNWeightsAreNamed(t *testing.T) {
	m := gpt2.Synthetic(gpt2.Config{Layers: 1, Heads: 1, Width: 8, Hidden: 32, Context: 4, Vocab: 5, Eps: 1e-5}, 1)
	w := m.Params.Layers[0].FcW
	copy(w.Bytes[4*(2*32+7):], []byte{0, 0, 0xc0, 0x7f})
	_, model := load(t, m)
	if len(model.Warnings) != 1 || !strings.Contains(model.Warnings[0], "h.0.mlp.c_fc.weight") || !strings.Contains(model.Warnings[0], "[2 7]") {
		t.Errorf("warnings: %q", model.Warnings)
	}
}

// A forward pass of GPT-2 small's shape on 256 tokens, to the logits of the last one.
func BenchmarkForwardSmall(b *testing.B) {
	d := gputest.Device(b)
	model, err := Load(b.Context(), d, gpt2.Synthetic(gpt2.Small, 1), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer model.Release()
	a := model.Activations(AttnOnly)
	defer a.Release()
	ids := make([]int32, 256)
	for i := range ids {
		ids[i] = int32(i * 197)
	}
	for b.Loop() {
		if err := a.Run(ids, Options{LastOnly: true}, nil); err != nil {
			b.Fatal(err)
		}
		if err := d.Wait(); err != nil {
			b.Fatal(err)
		}
	}
}

// The upload of GPT-2 small's weights that lie decoded in memory.
func BenchmarkLoadSmall(b *testing.B) {
	d := gputest.Device(b)
	m := gpt2.Synthetic(gpt2.Small, 1)
	b.SetBytes(int64(WeightBytes(m)))
	for b.Loop() {
		model, err := Load(b.Context(), d, m, nil)
		if err != nil {
			b.Fatal(err)
		}
		if err := d.Wait(); err != nil {
			b.Fatal(err)
		}
		model.Release()
	}
}
