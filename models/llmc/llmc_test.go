package llmc

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"headscope/models/tensor"
	"pgregory.net/rapid"
)

// sizes are a header's fields 1 to 7.
type sizes struct{ version, context, vocab, layers, heads, width, padded int }

var small = sizes{version: 3, context: 5, vocab: 7, layers: 2, heads: 2, width: 4, padded: 8}

// checkpoint is a file of these sizes whose parameters count 0, 1, 2, ... modulo
// 256, which every element type holds exactly.
func (s sizes) checkpoint() []byte {
	header := make([]int32, 256)
	for i, v := range []int{Magic, s.version, s.context, s.vocab, s.layers, s.heads, s.width, s.padded} {
		header[i] = int32(v)
	}
	var b bytes.Buffer
	if err := binary.Write(&b, binary.LittleEndian, header); err != nil {
		panic(err)
	}
	c := s.width
	perLayer := 2*c + 3*c*c + 3*c + c*c + c + 2*c + 4*c*c + 4*c + 4*c*c + c
	values := make([]float32, s.padded*c+s.context*c+s.layers*perLayer+2*c)
	for i := range values {
		values[i] = float32(i % 256)
	}
	dtype := tensor.F32
	if s.version == 5 {
		dtype = tensor.BF16
	}
	if err := tensor.Encode(&b, dtype, values); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// The values follow llm.c's own way to a parameter: the start of its block, plus
// the layer times the size of one layer's part, plus out times in-channels.
func TestTensorsLieWhereLlmcPutsThem(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		heads := rapid.IntRange(1, 3).Draw(t, "heads")
		z := sizes{
			version: rapid.SampledFrom([]int{3, 5}).Draw(t, "version"), context: rapid.IntRange(1, 6).Draw(t, "context"),
			vocab: rapid.IntRange(1, 9).Draw(t, "vocab"), layers: rapid.IntRange(1, 3).Draw(t, "layers"),
			heads: heads, width: heads * rapid.IntRange(1, 3).Draw(t, "head width"),
		}
		z.padded = z.vocab + rapid.IntRange(0, 5).Draw(t, "padding")
		path := filepath.Join(dir, "gpt2.bin")
		if err := os.WriteFile(path, z.checkpoint(), 0o644); err != nil {
			t.Fatal(err)
		}
		f, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if got := (sizes{z.version, f.Context, f.Vocab, f.Layers, f.Heads, f.Width, z.padded}); got != z {
			t.Fatalf("sizes %v, want %v", got, z)
		}
		found := map[string]tensor.Tensor{}
		for _, s := range f.Tensors {
			x, err := s.Tensor()
			if err != nil {
				t.Fatal(err)
			}
			found[s.Name] = x
		}
		c := z.width
		start := 0
		// check takes a parameter away; out is 0 for a vector.
		check := func(name string, out, in int) {
			x, ok := found[name]
			delete(found, name)
			linear := out > 0 && strings.HasPrefix(name, "h.")
			shape := []int{out, in}
			switch {
			case out == 0:
				shape = []int{in}
			case linear:
				shape = []int{in, out}
			}
			want := tensor.New(shape...)
			for o := range max(out, 1) {
				for i := range in {
					at := o*in + i
					if linear {
						at = i*out + o
					}
					want.Data[at] = float32((start + o*in + i) % 256)
				}
			}
			if !ok || !slices.Equal(x.Shape, shape) || !slices.Equal(x.Data, want.Data) {
				t.Fatalf("%s: %v %v, want %v %v", name, x.Shape, x.Data, shape, want.Data)
			}
		}
		check("wte.weight", z.vocab, c)
		start += z.padded * c
		check("wpe.weight", z.context, c)
		start += z.context * c
		for _, p := range []struct {
			name    string
			out, in int
		}{
			{"ln_1.weight", 0, c}, {"ln_1.bias", 0, c},
			{"attn.c_attn.weight", 3 * c, c}, {"attn.c_attn.bias", 0, 3 * c},
			{"attn.c_proj.weight", c, c}, {"attn.c_proj.bias", 0, c},
			{"ln_2.weight", 0, c}, {"ln_2.bias", 0, c},
			{"mlp.c_fc.weight", 4 * c, c}, {"mlp.c_fc.bias", 0, 4 * c},
			{"mlp.c_proj.weight", c, 4 * c}, {"mlp.c_proj.bias", 0, c},
		} {
			for l := range z.layers {
				check(fmt.Sprintf("h.%d.%s", l, p.name), p.out, p.in)
				start += max(p.out, 1) * p.in
			}
		}
		check("ln_f.weight", 0, c)
		start += c
		check("ln_f.bias", 0, c)
		if len(found) > 0 {
			t.Fatalf("tensors too many: %v", found)
		}
	})
}

func TestRefuses(t *testing.T) {
	with := func(field, value int) []byte {
		b := small.checkpoint()
		binary.LittleEndian.PutUint32(b[4*field:], uint32(value))
		return b
	}
	path := filepath.Join(t.TempDir(), "gpt2_124M.bin")
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"nothing":            {nil, "shorter than its header"},
		"half a header":      {small.checkpoint()[:1023], "shorter than its header"},
		"another file":       {with(0, 20240520), "begins with 20240520, not 20240326"},
		"version 1":          {with(1, 1), "version 1"},
		"no context":         {with(2, 0), "impossible sizes"},
		"negative layers":    {with(4, -1), "layers -1"},
		"no heads":           {with(5, 0), "impossible sizes"},
		"heads do not fit":   {with(5, 3), "heads 3, channels 4"},
		"padded below vocab": {with(7, 6), "impossible sizes"},
		"many layers":        {with(4, maxLayers+1), "impossible sizes"},
		"more layers":        {with(4, maxLayers), "cut off"},
		"more context":       {with(2, math.MaxInt32), "cut off"},
		"more vocabulary":    {with(7, math.MaxInt32), "cut off"},
		"more channels":      {with(6, math.MaxInt32-1), "cut off"},
		"fewer channels":     {with(6, 2), "left over"},
		"a byte too few":     {small.checkpoint()[:len(small.checkpoint())-1], "cut off"},
		"a byte too many":    {append(small.checkpoint(), 0), "1 bytes are left over"},
		"the other type":     {with(1, 5), "left over"},
	} {
		if err := os.WriteFile(path, c.file, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error %v, want %q and the path", name, err, c.want)
		}
	}
}

func TestTruncation(t *testing.T) {
	whole := small.checkpoint()
	for n := range whole {
		if err := new(File).parse(whole[:n]); err == nil {
			t.Fatalf("cut at %d of %d: no error", n, len(whole))
		}
	}
}

func FuzzLlmc(f *testing.F) {
	bf16 := small
	bf16.version = 5
	f.Add(small.checkpoint())
	f.Add(bf16.checkpoint())
	f.Fuzz(func(t *testing.T, data []byte) {
		var file File
		if err := file.parse(data); err != nil {
			return
		}
		if want := 4 + 12*file.Layers; len(file.Tensors) != want {
			t.Fatalf("%d tensors, want %d", len(file.Tensors), want)
		}
		for _, s := range file.Tensors {
			if x, err := s.Tensor(); err != nil || len(x.Data) != s.Len() {
				t.Fatalf("%s: %v", s.Name, err)
			}
		}
	})
}
