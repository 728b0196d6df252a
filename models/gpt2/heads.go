package gpt2

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"headscope/models/tensor"
	"headscope/wgsl/cpu"
)

// headFile matches a file of mm's per-head sets, without its extension:
// layer0_wq3_768_64. The numbers are layer, matrix, head, rows and columns.
var headFile = regexp.MustCompile(`^layer(\d{1,3})_(wq|wk_t|wv|wo)(\d{1,3})_\d+_\d+$`)

// headKey says which matrix of a per-head set a tensor is.
type headKey struct {
	layer  int
	matrix string // wq [d, dh], wk_t [dh, d], wv [d, dh], wo [dh, d]
	head   int
}

var headMatrices = []string{"wq", "wk_t", "wv", "wo"}

func parseHeadFile(name string) (headKey, bool) {
	m := headFile.FindStringSubmatch(name)
	if m == nil {
		return headKey{}, false
	}
	layer, _ := strconv.Atoi(m[1]) // three digits at most
	head, _ := strconv.Atoi(m[3])
	return headKey{layer, m[2], head}, true
}

func hasHeadSet(named map[string]*tensor.Stored) bool {
	for name := range named {
		if _, ok := parseHeadFile(name); ok {
			return true
		}
	}
	return false
}

// assembleHeads takes a per-head set: of each layer c_attn's and c_proj's
// weights, which are put together when they are decoded. Sets have no biases,
// norms, MLP or embedding. A layer of which there is nothing stays absent.
func (m *Model) assembleHeads(named map[string]*tensor.Stored) error {
	set := make(map[headKey]*tensor.Stored)
	layers, heads := 0, 0
	for name, s := range named {
		if key, ok := parseHeadFile(name); ok {
			if set[key] != nil {
				return fmt.Errorf("%s and %s are the same matrix", set[key].Name, s.Name)
			}
			set[key] = s
			layers, heads = max(layers, key.layer+1), max(heads, key.head+1)
		}
	}
	width, headWidth, err := headSetShape(set)
	if err != nil {
		return err
	}
	if width%headWidth != 0 || width/headWidth < heads {
		return fmt.Errorf("%d heads of width %d do not make width %d", heads, headWidth, width)
	}
	// The number of heads is width/headWidth even where the last ones are
	// missing: c_proj is square.
	m.Config.Layers, m.Config.Heads, m.Config.Width = layers, width/headWidth, width
	if err := missingHeads(set, m.Config); err != nil {
		return err
	}
	m.Params.Layers = make([]LayerParams[*tensor.Stored], layers)
	absent := 0
	for i := range layers {
		if set[headKey{i, "wq", 0}] == nil {
			absent++
			continue
		}
		l := &m.Params.Layers[i]
		l.AttnW = m.joined(set, i, "attn.c_attn.weight", 3*width, func(dst []float32, k headKey, t tensor.Tensor) {
			placeColumns(dst, k, t, width)
		}, "wq", "wk_t", "wv")
		l.ProjW = m.joined(set, i, "attn.c_proj.weight", width, func(dst []float32, k headKey, t tensor.Tensor) {
			copy(dst[k.head*len(t.Data):], t.Data)
		}, "wo")
	}
	m.note("attention weights only, without biases: the model runs on recorded activations (--inputs)")
	if absent > 0 {
		m.note("%d of %d layers have no files", absent, layers)
	}
	return nil
}

// headSetShape is the d and d_head on which all matrices agree.
func headSetShape(set map[headKey]*tensor.Stored) (width, headWidth int, err error) {
	var first *tensor.Stored
	for _, s := range set {
		if len(s.Shape) != 2 || s.Shape[0] == 0 || s.Shape[1] == 0 {
			return 0, 0, fmt.Errorf("tensor %s is %v, expected a matrix", s.Name, s.Shape)
		}
		if first == nil || s.Name < first.Name { // the same one whatever the order of the map
			first = s
		}
	}
	width, headWidth = max(first.Shape[0], first.Shape[1]), min(first.Shape[0], first.Shape[1])
	for key, s := range set {
		want := []int{width, headWidth}
		if key.matrix == "wk_t" || key.matrix == "wo" {
			want = []int{headWidth, width}
		}
		if !slices.Equal(s.Shape, want) {
			return 0, 0, fmt.Errorf("tensor %s is %v, expected %v as %s has it", s.Name, s.Shape, want, first.Name)
		}
	}
	return width, headWidth, nil
}

// missingHeads names what a layer that has some of its matrices lacks.
func missingHeads(set map[headKey]*tensor.Stored, c Config) error {
	if c.Layers > 1000 || c.Heads > 1000 || c.Width > 1<<16 {
		return fmt.Errorf("%d layers of %d heads and width %d are beyond any GPT-2", c.Layers, c.Heads, c.Width)
	}
	present := make(map[int]bool)
	for key := range set {
		present[key.layer] = true
	}
	var names []string
	count := 0
	for layer := range c.Layers {
		for head := range c.Heads {
			for _, matrix := range headMatrices {
				if !present[layer] || set[headKey{layer, matrix, head}] != nil {
					continue
				}
				if count++; count > 4 {
					continue
				}
				rows, cols := c.Width, c.HeadWidth()
				if matrix == "wk_t" || matrix == "wo" {
					rows, cols = cols, rows
				}
				names = append(names, fmt.Sprintf("layer%d_%s%d_%d_%d", layer, matrix, head, rows, cols))
			}
		}
	}
	if count == 0 {
		return nil
	}
	if count > len(names) {
		names = append(names, "...")
	}
	return fmt.Errorf("%d files of %d layers with %d heads are missing: %s", count, len(present), c.Heads, strings.Join(names, ", "))
}

// joined is a layer's matrix [d, cols] made of the heads' files. Decoding it
// parses them, on all processors, each into its place.
func (m *Model) joined(set map[headKey]*tensor.Stored, layer int, what string, cols int,
	place func(dst []float32, k headKey, t tensor.Tensor), matrices ...string) *tensor.Stored {
	width, heads := m.Config.Width, m.Config.Heads
	s := &tensor.Stored{Name: Name(layer, what), Shape: []int{width, cols}, Dtype: tensor.F32}
	s.Load = func() ([]byte, error) {
		data := make([]float32, width*cols)
		errs := make([]error, len(matrices)*heads)
		cpu.Parallel(len(errs), func(lo, hi int) {
			for n := lo; n < hi; n++ {
				key := headKey{layer, matrices[n/heads], n % heads}
				var t tensor.Tensor
				if t, errs[n] = set[key].Tensor(); errs[n] == nil {
					place(data, key, t)
				}
			}
		})
		for _, err := range errs {
			if err != nil {
				return nil, err
			}
		}
		var encoded bytes.Buffer
		encoded.Grow(4 * len(data))
		err := tensor.Encode(&encoded, tensor.F32, data)
		return encoded.Bytes(), err
	}
	return s
}

// placeColumns writes a head's wq, wk_t or wv into its columns of c_attn
// [width, 3 width]. Heads do not overlap, so they are placed at once.
func placeColumns(dst []float32, k headKey, t tensor.Tensor, width int) {
	headWidth := min(t.Rows(), t.Cols())
	at := slices.Index(headMatrices, k.matrix)*width + k.head*headWidth
	for i := range width {
		out := dst[i*3*width+at:][:headWidth]
		if k.matrix == "wk_t" {
			for j := range out {
				out[j] = t.Data[j*width+i]
			}
		} else {
			copy(out, t.Row(i))
		}
	}
}
