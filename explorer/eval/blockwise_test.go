package eval

import (
	"math"
	"strings"
	"testing"

	"headscope/gpu"
	"headscope/gpu/gputest"
	"headscope/models/demo"
	"headscope/models/gpt2"
	"headscope/wgsl/cpu"
)

// Blockwise attention of every real head is attention of its queries, keys and values, on
// both kernel families.
func TestBlockwiseOnRealHeads(t *testing.T) {
	file := openDemo(t)
	ids := file.Tokenizer.Prompt(strings.Repeat(demo.Prompts()[0].Text+" ", 3))
	ids = ids[:min(len(ids), 201)]
	d, model := load(t, file)
	for _, family := range []gpu.Family{d.Family, gpu.Workgroups} {
		d.Family = family
		acts := model.Activations(func(name string) bool {
			return RegionInputs(name) || strings.HasSuffix(name, ".head_out") || strings.HasSuffix(name, ".attn")
		})
		if err := acts.Run(ids, Options{LastOnly: true, Blockwise: true}, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := acts.Result("h.0.attn"); err == nil {
			t.Error("a blockwise pass has attention matrices")
		}
		n, head := len(ids), model.Config.HeadWidth()
		want, lse := cpu.NewMat(n, head), make([]float32, n)
		ref := cpu.Attention{Scale: float32(1 / math.Sqrt(float64(head))), Causal: true}
		for layer := range model.Config.Layers {
			for h := range model.Config.Heads {
				part := func(what string) cpu.Mat {
					x, err := acts.ReadHead(layer, h, what)
					if err != nil {
						t.Fatal(err)
					}
					return cpu.MatOf(x.Data, n, head)
				}
				v := part("v")
				logit := ref.Attend(want, lse, part("q"), part("k"), v)
				largest := 0.0
				for _, x := range v.Data {
					largest = max(largest, math.Abs(float64(x)))
				}
				gputest.Close(t, gpt2.Name(layer, "head_out"), part("head_out").Data, want.Data, 2e-6*(1+logit)*largest, 0)
				sums, err := acts.ReadHead(layer, h, "lse")
				if err != nil {
					t.Fatal(err)
				}
				gputest.Close(t, gpt2.Name(layer, "lse"), sums.Data, lse, 2e-6*(1+logit), 0)
			}
		}
		acts.Release()
	}
}

// A heat map that is drawn without the matrix is what the matrix gives: itself where there
// are as many cells as tokens, and the same as the CPU makes of it where there are fewer.
func TestRegionsAreTheAttention(t *testing.T) {
	file := openDemo(t)
	ids := file.Tokenizer.Prompt(demo.Prompts()[0].Text)
	_, model := load(t, file)
	full := model.Activations(AttnOnly)
	defer full.Release()
	if err := full.Run(ids, Options{LastOnly: true}, nil); err != nil {
		t.Fatal(err)
	}
	acts := model.Activations(RegionInputs)
	defer acts.Release()
	n := len(ids)
	for _, side := range []int{n, 1000, 17, 1} {
		var maps []Patterns
		if err := acts.Run(ids, Options{LastOnly: true, Blockwise: true}, func(r *gpu.Recorder) { maps = acts.Regions(r, side) }); err != nil {
			t.Fatal(err)
		}
		cells := min(side, n)
		for _, layer := range []int{0, 5, 11} {
			attn, err := full.Read(gpt2.Name(layer, "attn"))
			if err != nil {
				t.Fatal(err)
			}
			got, err := model.device.Read(maps[layer].Attn)
			if err != nil {
				t.Fatal(err)
			}
			if len(got[0]) != model.Config.Heads*cells*cells {
				t.Fatalf("%d values for %d heads of %d x %d", len(got[0]), model.Config.Heads, cells, cells)
			}
			var want []float32
			for h := range model.Config.Heads {
				a := cpu.MatOf(attn.Data[h*n*n:], n, n)
				pairs, m := cpu.NewMat(cells, 2*cells), cpu.NewMat(cells, cells)
				for i := range cells {
					for j := range cells {
						sum, top, count := 0.0, float32(0), 0
						for r := i * n / cells; r < (i+1)*n/cells; r++ {
							for c := j * n / cells; c < (j+1)*n/cells; c++ {
								sum, top, count = sum+float64(a.Row(r)[c]), max(top, a.Row(r)[c]), count+1
							}
						}
						pairs.Row(i)[2*j], pairs.Row(i)[2*j+1] = float32(sum/float64(count)), top
					}
				}
				cpu.Condense(m, pairs, n, 1)
				want = append(want, m.Data...)
			}
			gputest.Close(t, gpt2.Name(layer, "map"), got[0], want, 2e-5, 1e-4)
		}
	}
}
