package gpt2

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Config is the shape of a GPT-2.
type Config struct {
	Layers  int
	Heads   int     // per layer
	Width   int     // d, of the residual stream
	Hidden  int     // of the MLP, 4d in every published GPT-2
	Context int     // tokens a prompt may have: the number of position embeddings
	Vocab   int     // rows of the token embedding
	Eps     float32 // of LayerNorm
}

// The four published sizes: 124M, 355M, 774M and 1.56B parameters.
var (
	Small  = published(12, 12, 768)
	Medium = published(24, 16, 1024)
	Large  = published(36, 20, 1280)
	XL     = published(48, 25, 1600)
)

func published(layers, heads, width int) Config {
	return Config{Layers: layers, Heads: heads, Width: width, Hidden: 4 * width, Context: 1024, Vocab: 50257, Eps: defaultEps}
}

const defaultEps = 1e-5

// HeadWidth is the width of one head's queries, keys and values.
func (c Config) HeadWidth() int { return c.Width / c.Heads }

// Validate says what is impossible about a configuration. The upper bounds are
// far above any GPT-2; they keep products of sizes within an int.
func (c Config) Validate() error {
	for _, f := range []struct {
		name       string
		value, max int
	}{
		{"n_layer", c.Layers, 1 << 10}, {"n_head", c.Heads, 1 << 10}, {"n_embd", c.Width, 1 << 16},
		{"n_inner", c.Hidden, 1 << 18}, {"n_positions", c.Context, 1 << 20}, {"vocab_size", c.Vocab, 1 << 24},
	} {
		if f.value < 1 || f.value > f.max {
			return fmt.Errorf("%s is %d, expected 1 to %d", f.name, f.value, f.max)
		}
	}
	if c.Width%c.Heads != 0 {
		return fmt.Errorf("n_embd %d is not divisible by n_head %d", c.Width, c.Heads)
	}
	if !(c.Eps > 0 && c.Eps < 1) {
		return fmt.Errorf("layer_norm_epsilon is %v, expected a small positive number such as 1e-05", c.Eps)
	}
	return nil
}

// configFile is HuggingFace's config.json of a GPT-2, as far as it matters.
type configFile struct {
	ModelType  *string  `json:"model_type"`
	Layers     *int     `json:"n_layer"`
	Heads      *int     `json:"n_head"`
	Width      *int     `json:"n_embd"`
	Inner      *int     `json:"n_inner"`
	Positions  *int     `json:"n_positions"`
	Context    *int     `json:"n_ctx"`
	Vocab      *int     `json:"vocab_size"`
	Eps        *float32 `json:"layer_norm_epsilon"`
	Activation *string  `json:"activation_function"`
	Scale      *bool    `json:"scale_attn_weights"`
	ScaleLayer *bool    `json:"scale_attn_by_inverse_layer_idx"`
}

// parseConfig reads a config.json. What it leaves out stays 0 for the weights'
// shapes to fill in; what it says and this package cannot compute is an error.
func parseConfig(f File) (Config, error) {
	var j configFile
	if err := json.Unmarshal(f.Data, &j); err != nil {
		return Config{}, fmt.Errorf("%s: %w", f.Name, jsonError(f.Data, err))
	}
	if v := j.ModelType; v != nil && *v != "gpt2" {
		return Config{}, fmt.Errorf("%s: model_type is %q, expected \"gpt2\"", f.Name, *v)
	}
	if v := j.Activation; v != nil && *v != "gelu_new" {
		return Config{}, fmt.Errorf("%s: activation_function is %q, expected \"gelu_new\", GPT-2's", f.Name, *v)
	}
	if v := j.Scale; v != nil && !*v {
		return Config{}, fmt.Errorf("%s: scale_attn_weights is false, expected GPT-2's scores divided by sqrt(head width)", f.Name)
	}
	if v := j.ScaleLayer; v != nil && *v {
		return Config{}, fmt.Errorf("%s: scale_attn_by_inverse_layer_idx is true, which GPT-2 does not do", f.Name)
	}
	var c Config
	context := j.Positions
	if context == nil {
		context = j.Context
	}
	for _, field := range []struct {
		name string
		from *int
		to   *int
	}{
		{"n_layer", j.Layers, &c.Layers}, {"n_head", j.Heads, &c.Heads}, {"n_embd", j.Width, &c.Width},
		{"n_inner", j.Inner, &c.Hidden}, {"n_positions", context, &c.Context}, {"vocab_size", j.Vocab, &c.Vocab},
	} {
		if field.from == nil {
			continue
		}
		if *field.from < 1 {
			return Config{}, fmt.Errorf("%s: %s is %d, expected a positive number", f.Name, field.name, *field.from)
		}
		*field.to = *field.from
	}
	if j.Eps != nil {
		if c.Eps = *j.Eps; c.Eps <= 0 {
			return Config{}, fmt.Errorf("%s: layer_norm_epsilon is %v, expected a small positive number such as 1e-05", f.Name, c.Eps)
		}
	}
	return c, nil
}

// jsonError puts the line and column in front of an error of encoding/json.
func jsonError(data []byte, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	at := int64(-1)
	switch {
	case errors.As(err, &syntax):
		at = syntax.Offset
	case errors.As(err, &kind):
		at = kind.Offset
	}
	if at < 0 || at > int64(len(data)) {
		return err
	}
	line, column := 1, 1
	for _, b := range data[:at] {
		if column++; b == '\n' {
			line, column = line+1, 1
		}
	}
	return fmt.Errorf("line %d column %d: %w", line, column, err)
}

// fill completes a configuration with what the shapes of the weights say; a
// number that is already there is kept, and checked against the tensors later.
func (c *Config) fill(layers int, shape func(name string) []int) error {
	dim := func(to *int, name string, axis int) {
		if s := shape(name); *to == 0 && axis < len(s) {
			*to = s[axis]
		}
	}
	dim(&c.Width, "wte.weight", 1)
	dim(&c.Vocab, "wte.weight", 0)
	dim(&c.Context, "wpe.weight", 0)
	if s := shape("h.0.mlp.c_fc.weight"); c.Hidden == 0 {
		switch { // the file may have it either way round
		case len(s) == 2 && s[0] == c.Width:
			c.Hidden = s[1]
		case len(s) == 2 && s[1] == c.Width:
			c.Hidden = s[0]
		default:
			c.Hidden = 4 * c.Width
		}
	}
	if c.Layers == 0 {
		c.Layers = layers
	}
	if c.Eps == 0 {
		c.Eps = defaultEps
	}
	if c.Heads == 0 {
		if c.Width%64 != 0 {
			return fmt.Errorf("the number of heads is not in the weights, and width %d is no multiple of GPT-2's 64 a head: put a config.json with n_head beside them", c.Width)
		}
		c.Heads = c.Width / 64
	}
	return c.Validate()
}

// shapes are the shapes that a configuration gives its parameters.
func (c Config) shapes() Params[shape] {
	d := c.Width
	return Params[shape]{
		WTE: shape{c.Vocab, d}, WPE: shape{c.Context, d}, LnFGain: shape{d}, LnFBias: shape{d}, Head: shape{c.Vocab, d},
		Layers: slices.Repeat([]LayerParams[shape]{{
			Ln1Gain: shape{d}, Ln1Bias: shape{d},
			AttnW: shape{d, 3 * d}, AttnB: shape{3 * d}, ProjW: shape{d, d}, ProjB: shape{d},
			Ln2Gain: shape{d}, Ln2Bias: shape{d},
			FcW: shape{d, c.Hidden}, FcB: shape{c.Hidden}, MlpW: shape{c.Hidden, d}, MlpB: shape{d},
		}}, c.Layers),
	}
}

// shape is that of a matrix [rows, columns], or of a vector when columns is 0.
type shape [2]int

func (s shape) dims() []int {
	if s[1] == 0 {
		return []int{s[0]}
	}
	return s[:]
}
