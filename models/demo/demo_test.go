package demo_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"headscope/models/demo"
	"headscope/models/demo/golden"
	"headscope/models/gpt2"
	"headscope/models/tensor"
	"headscope/wgsl/cpu"
)

func open(t testing.TB) (*gpt2.Model, *gpt2.Reference) {
	t.Helper()
	m, err := demo.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	r, err := gpt2.NewReference(m)
	if err != nil {
		t.Fatal(err)
	}
	return m, r
}

func TestConfig(t *testing.T) {
	m, _ := open(t)
	want := gpt2.Config{Layers: 12, Heads: 12, Width: 192, Hidden: 768, Context: 256, Vocab: 512, Eps: 1e-5}
	if m.Config != want {
		t.Errorf("config %+v, want %+v", m.Config, want)
	}
	if len(m.Notes) != 0 || m.Params.Head != nil || m.HeadsOnly() {
		t.Errorf("notes %q, head %v", m.Notes, m.Params.Head)
	}
	values := 0
	for _, s := range m.Tensors() {
		values += s.Len()
	}
	if math.Round(float64(values)/1e4) != 549 {
		t.Errorf("%d parameters, the card says 5.49 million", values)
	}
}

func TestReferenceMatchesTheRecordings(t *testing.T) {
	m, r := open(t)
	cases, err := golden.Cases()
	if err != nil {
		t.Fatal(err)
	}
	if len(cases) != 3 {
		t.Fatalf("%d recorded prompts, want 3", len(cases))
	}
	for _, c := range cases {
		if ids := m.Tokenizer.Prompt(c.Text); !slices.Equal(ids, c.IDs) {
			t.Errorf("Prompt(%.20q...) = %v, want %v", c.Text, ids, c.IDs)
		}
		kept, err := r.Run(gpt2.Input[*tensor.Tensor]{IDs: c.IDs})
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range c.Names() {
			got, ok := kept[name]
			if !ok {
				t.Errorf("%d tokens: %s is not kept", len(c.IDs), name)
				continue
			}
			if worst, err := c.Compare(name, got); err != nil || worst > 1 {
				t.Errorf("%d tokens: %s is off by %.2f of what is allowed (%v)", len(c.IDs), name, worst, err)
			}
		}
		logits := kept["logits"]
		if _, top := cpu.TopK(logits.Row(len(c.IDs)-1), 5); !slices.Equal(top, c.TopNext) {
			t.Errorf("%d tokens: likeliest next %v, want %v", len(c.IDs), top, c.TopNext)
		}
	}
}

func TestCompareSeesADifference(t *testing.T) {
	_, r := open(t)
	cases, err := golden.Cases()
	if err != nil {
		t.Fatal(err)
	}
	c := cases[0]
	kept, err := r.Run(gpt2.Input[*tensor.Tensor]{IDs: c.IDs})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"h.3.qkv", "h.0.attn", "h.11.head_out", "logits"} {
		x := kept[name]
		x.Data = slices.Clone(x.Data)
		last := len(x.Data) - 1
		x.Data[last] += 0.5
		if worst, err := c.Compare(name, x); err != nil || worst <= 1 {
			t.Errorf("%s changed by 0.5: %v, %v", name, worst, err)
		}
		x.Data[last] = float32(math.NaN())
		if _, err := c.Compare(name, x); err == nil {
			t.Errorf("%s with a NaN passes", name)
		}
		if _, err := c.Compare(name, tensor.New(3, 5)); err == nil {
			t.Errorf("%s of another shape passes", name)
		}
	}
	if _, err := c.Compare("h.0.nothing", tensor.New(1)); err == nil {
		t.Error("a name that is not recorded passes")
	}
}

func TestLastOnlyIsTheLastRow(t *testing.T) {
	m, r := open(t)
	ids := m.Tokenizer.Prompt("The captain looked")
	all, err := r.Run(gpt2.Input[*tensor.Tensor]{IDs: ids})
	if err != nil {
		t.Fatal(err)
	}
	last, err := r.Run(gpt2.Input[*tensor.Tensor]{IDs: ids, LastOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	every, one := all["logits"], last["logits"]
	if !slices.Equal(one.Shape, []int{1, 512}) || !slices.Equal(one.Data, every.Row(len(ids)-1)) {
		t.Errorf("the last row alone is %v and differs", one.Shape)
	}
}

// pattern is one head's attention.
func pattern(kept gpt2.Activations, layer, head int) cpu.Mat {
	a := kept[gpt2.Name(layer, "attn")]
	return cpu.BatchOf(a.Data, a.Shape[0], a.Shape[1], a.Shape[2]).Mat(head)
}

func TestTraitsMatchTheRecordings(t *testing.T) {
	m, r := open(t)
	data, err := os.ReadFile(golden.Path("traits.json"))
	if err != nil {
		t.Fatal(err)
	}
	var recorded map[string][][2]any
	if err := json.Unmarshal(data, &recorded); err != nil {
		t.Fatal(err)
	}
	cases, err := golden.Cases()
	if err != nil {
		t.Fatal(err)
	}
	text, err := r.Run(gpt2.Input[*tensor.Tensor]{IDs: cases[2].IDs})
	if err != nil {
		t.Fatal(err)
	}
	bos, _ := m.Tokenizer.BOS()
	battery := slices.Concat([]int32{bos}, batteryIDs, batteryIDs)
	repeat, err := r.Run(gpt2.Input[*tensor.Tensor]{IDs: battery})
	if err != nil {
		t.Fatal(err)
	}
	trait := func(name string, layer, head int) float64 {
		h := cpu.Average(cpu.Traits(pattern(text, layer, head), cases[2].IDs))
		s := cpu.Repeat(pattern(repeat, layer, head), 1, len(batteryIDs))
		return map[string]float64{"previous": h.Previous, "first": h.First, "current": h.Current,
			"induction": s.Induction, "duplicate": s.Duplicate}[name]
	}
	if len(recorded) != 5 {
		t.Fatalf("%d recorded traits, want 5", len(recorded))
	}
	for name, strongest := range recorded {
		for _, entry := range strongest {
			var layer, head int
			if _, err := fmt.Sscanf(entry[0].(string), "L%dH%d", &layer, &head); err != nil {
				t.Fatal(err)
			}
			got, want := trait(name, layer, head), entry[1].(float64)
			if math.Abs(got-want) > 0.005+1e-6 {
				t.Errorf("%s of L%dH%d is %.4f, recorded %.2f", name, layer, head, got, want)
			}
		}
	}
}

// batteryIDs are numpy's default_rng(0).integers(256, 511, 60).
var batteryIDs = []int32{
	472, 418, 386, 324, 334, 266, 275, 260, 300, 463, 421, 488, 384, 410, 503, 442, 417, 394, 398, 494,
	326, 464, 427, 256, 356, 474, 397, 264, 451, 442, 471, 300, 278, 476, 261, 394, 276, 332, 378, 363,
	358, 263, 257, 287, 258, 427, 390, 421, 321, 412, 450, 353, 373, 510, 461, 506, 352, 430, 498, 421,
}

func TestPromptsFitTheContext(t *testing.T) {
	m, _ := open(t)
	prompts := demo.Prompts()
	if len(prompts) < 12 {
		t.Errorf("%d prompts, want a dozen", len(prompts))
	}
	titles := make(map[string]bool)
	for _, p := range prompts {
		ids := m.Tokenizer.Prompt(p.Text)
		if err := gpt2.CheckIDs(m.Config, ids); err != nil {
			t.Errorf("%s: %v", p.Title, err)
		}
		if p.Title == "" || p.Look == "" || titles[p.Title] || len(ids) < 20 {
			t.Errorf("prompt %+v has %d tokens", p, len(ids))
		}
		titles[p.Title] = true
	}
}

func TestCardNamesNoFileOfAMachine(t *testing.T) {
	if path := regexp.MustCompile("(^|[\\s`(])(\\.\\.)?/\\w+").FindString(demo.Card); path != "" {
		t.Errorf("the card mentions %s", path)
	}
	if !strings.HasPrefix(demo.Card, "# Demo model card") {
		t.Errorf("the card begins %.20q", demo.Card)
	}
}

func BenchmarkReference(b *testing.B) {
	m, r := open(b)
	ids := m.Tokenizer.Prompt(strings.Repeat("the sea and the ship ", 30))[:m.Config.Context]
	for b.Loop() {
		if _, err := r.Run(gpt2.Input[*tensor.Tensor]{IDs: ids}); err != nil {
			b.Fatal(err)
		}
	}
}
