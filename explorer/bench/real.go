package bench

import (
	"fmt"

	"headscope/explorer/eval"
	"headscope/models/tensor"
)

// RealHead is a model's own queries, keys and values, on the CPU.
type RealHead struct {
	Name    string // of the head and its model, for [Row.Data]
	N, D    int
	Q, K, V []float32 // [N, D]
}

// NewRealHead copies one head's queries, keys and values of a pass that kept the layer's qkv.
func NewRealHead(acts *eval.Activations, layer, head int, name string) (*RealHead, error) {
	h := &RealHead{Name: name}
	for _, part := range []struct {
		what string
		to   *[]float32
	}{{"q", &h.Q}, {"k", &h.K}, {"v", &h.V}} {
		t, err := acts.ReadHead(layer, head, part.what)
		if err != nil {
			return nil, err
		}
		if i := tensor.FirstNonFinite(t.Data); i >= 0 {
			return nil, fmt.Errorf("%s: %s[%d, %d] is %v: attention needs numbers", name, part.what, i/t.Cols(), i%t.Cols(), t.Data[i])
		}
		*part.to, h.N, h.D = t.Data, t.Rows(), t.Cols()
	}
	return h, nil
}
