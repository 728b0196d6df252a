package gpt2

import (
	"strings"
	"testing"
)

func TestPublishedSizes(t *testing.T) {
	for want, c := range map[int]Config{124439808: Small, 354823168: Medium, 774030080: Large, 1557611200: XL} {
		if err := c.Validate(); err != nil {
			t.Error(err)
		}
		shapes := c.shapes()
		shapes.Head = shape{}
		got := 0
		shapes.each(func(_ string, s *shape) { got += s[0] * max(1, s[1]) })
		if got != want {
			t.Errorf("%d layers of width %d have %d parameters, published are %d", c.Layers, c.Width, got, want)
		}
		if c.HeadWidth() != 64 {
			t.Errorf("heads of width %d", c.HeadWidth())
		}
	}
}

func TestParseConfig(t *testing.T) {
	got, err := parseConfig(File{"config.json", []byte(`{"model_type": "gpt2", "n_layer": 2, "n_head": 3, "n_embd": 12,
		"n_inner": null, "n_ctx": 7, "n_positions": 8, "vocab_size": 9, "layer_norm_epsilon": 1e-6, "activation_function": "gelu_new", "other": [1]}`)})
	want := Config{Layers: 2, Heads: 3, Width: 12, Context: 8, Vocab: 9, Eps: 1e-6}
	if err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if got, err := parseConfig(File{"c", []byte(`{"n_ctx": 7}`)}); err != nil || got.Context != 7 {
		t.Errorf("n_ctx alone gives %+v, %v", got, err)
	}
}

func TestBadConfigs(t *testing.T) {
	for text, want := range map[string]string{
		``:                                          "config.json: ",
		"{\n  \"n_layer\": 2,\n  oops}":             "config.json: line 3 column",
		`{"n_layer": "two"}`:                        "line 1 column",
		`{"n_layer": 1.5}`:                          "line 1 column",
		`{"n_head": 0}`:                             "config.json: n_head is 0, expected a positive number",
		`{"n_embd": -5}`:                            "n_embd is -5",
		`{"layer_norm_epsilon": 0}`:                 "layer_norm_epsilon is 0",
		`{"activation_function": "relu"}`:           `activation_function is "relu", expected "gelu_new"`,
		`{"model_type": "llama"}`:                   `model_type is "llama", expected "gpt2"`,
		`{"scale_attn_weights": false}`:             "scale_attn_weights is false",
		`{"scale_attn_by_inverse_layer_idx": true}`: "scale_attn_by_inverse_layer_idx is true",
	} {
		_, err := parseConfig(File{"config.json", []byte(text)})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want %q", text, err, want)
		}
	}
}

func TestValidate(t *testing.T) {
	for want, change := range map[string]func(*Config){
		"n_embd 8 is not divisible by n_head 3":  func(c *Config) { c.Heads = 3 },
		"n_layer is 0, expected 1 to 1024":       func(c *Config) { c.Layers = 0 },
		"n_embd is 1099511627776, expected 1 to": func(c *Config) { c.Width = 1 << 40 },
		"vocab_size is -1":                       func(c *Config) { c.Vocab = -1 },
		"layer_norm_epsilon is 0":                func(c *Config) { c.Eps = 0 },
		"n_positions is 0":                       func(c *Config) { c.Context = 0 },
	} {
		c := tiny
		change(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func FuzzConfig(f *testing.F) {
	f.Add([]byte(`{"n_layer": 2, "n_head": 2, "n_embd": 8, "n_positions": 4, "vocab_size": 3}`))
	f.Add([]byte(`{"n_layer": 1e9, "n_head": -1}`))
	f.Add([]byte(`{"n_embd": 9223372036854775807, "n_head": 3}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := parseConfig(File{"config.json", data})
		if err != nil {
			return
		}
		shape := func(string) []int { return []int{3, 64} }
		if c.fill(2, shape) == nil && (c.Validate() != nil || c.HeadWidth()*c.Heads != c.Width) {
			t.Fatalf("%+v", c)
		}
	})
}
