// Package golden holds what the demo model is known to compute: activations
// recorded in float64 from the stored weights, for three prompts. Tests of any
// implementation of gpt2.Ops walk [Cases] and give each result to
// [Case.Compare] under the name that gpt2.Forward gives it.
package golden

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"headscope/models/gpt2"
	"headscope/models/npy"
	"headscope/models/tensor"
)

// Case is one recorded prompt.
type Case struct {
	Text    string
	IDs     []int32
	TopNext []int32 // the five likeliest next tokens, likeliest first

	recorded map[string]tensor.Tensor
}

// Cases reads the recordings from the testdata folder beside this package's
// source.
func Cases() ([]Case, error) {
	data, err := os.ReadFile(Path("prompts.json"))
	if err != nil {
		return nil, err
	}
	var prompts []struct {
		Text    string  `json:"text"`
		IDs     []int32 `json:"ids"`
		TopNext []int32 `json:"top_next"`
	}
	if err := json.Unmarshal(data, &prompts); err != nil {
		return nil, fmt.Errorf("prompts.json: %w", err)
	}
	var cases []Case
	for i, p := range prompts {
		recorded, err := read(Path(fmt.Sprintf("prompt%d.npz", i)))
		if err != nil {
			return nil, err
		}
		cases = append(cases, Case{Text: p.Text, IDs: p.IDs, TopNext: p.TopNext, recorded: recorded})
	}
	return cases, nil
}

// Path is where a recorded file lies.
func Path(name string) string {
	_, source, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(source), "..", "testdata", name)
}

func read(path string) (map[string]tensor.Tensor, error) {
	f, err := npy.OpenNpz(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	recorded := make(map[string]tensor.Tensor)
	for _, s := range f.Tensors {
		if s.Name == "ids" {
			continue
		}
		t, err := s.Tensor()
		if err != nil {
			return nil, err
		}
		t.Data = slices.Clone(t.Data) // the archive is closed
		recorded[s.Name] = t
	}
	return recorded, nil
}

// Names lists the results there are recordings of, as gpt2.Forward calls them.
func (c Case) Names() []string {
	set := make(map[string]bool)
	for name := range c.recorded {
		if layer, what := split(name); what == "q" || what == "k" || what == "v" {
			name = layer + "qkv"
		}
		set[name] = true
	}
	names := make([]string, 0, len(set))
	for name := range set {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Compare says how far a result is from its recording: the worst difference as
// a share of what is allowed, so anything above 1 is wrong. Allowed is 2e-5 for
// attention, else 1e-4 of the largest recorded value or of 1.
func (c Case) Compare(name string, got tensor.Tensor) (worst float64, err error) {
	layer, what := split(name)
	if what != "qkv" && what != "head_out" {
		return c.compare(name, got)
	}
	// Recorded by head, [12, T, 16].
	recordings, heads := []string{name}, 0
	if what == "qkv" {
		recordings = []string{layer + "q", layer + "k", layer + "v"}
	}
	if t, ok := c.recorded[recordings[0]]; ok {
		heads = t.Shape[0]
	}
	for i, recording := range recordings {
		byHead := tensor.Tensor{Shape: []int{heads, got.Rows(), got.Cols() / max(1, heads*len(recordings))}}
		for h := range heads {
			byHead.Data = append(byHead.Data, gpt2.Head(got, i*heads+h, heads*len(recordings)).Data...)
		}
		share, err := c.compare(recording, byHead)
		if err != nil {
			return 0, err
		}
		worst = max(worst, share)
	}
	return worst, nil
}

func (c Case) compare(name string, got tensor.Tensor) (float64, error) {
	want, ok := c.recorded[name]
	if !ok {
		return 0, fmt.Errorf("%s is not recorded", name)
	}
	if !slices.Equal(got.Shape, want.Shape) {
		return 0, fmt.Errorf("%s is %v, recorded %v", name, got.Shape, want.Shape)
	}
	var difference, largest float64
	for i, w := range want.Data {
		d := math.Abs(float64(got.Data[i]) - float64(w))
		if math.IsNaN(d) {
			return 0, fmt.Errorf("%s: element %d is %v, recorded %v", name, i, got.Data[i], w)
		}
		difference, largest = max(difference, d), max(largest, math.Abs(float64(w)))
	}
	allowed := 1e-4 * max(1, largest)
	if strings.HasSuffix(name, ".attn") {
		allowed = 2e-5
	}
	return difference / allowed, nil
}

// split cuts h.3.attn into h.3. and attn.
func split(name string) (layer, what string) {
	at := strings.LastIndexByte(name, '.') + 1
	return name[:at], name[at:]
}
