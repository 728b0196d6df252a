package gpt2

import (
	"encoding/binary"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"strings"

	"headscope/models/tensor"
	"headscope/wgsl/cpu"
)

// Synthetic is a model of any size with random weights, held in memory as F32:
// for tests and measurements. Matrices are normal with deviation 0.02, those
// that write to the residual stream scaled by 1/sqrt(2 layers), as GPT-2 was
// initialised; gains are near 1 and biases near 0. Queries and keys are scaled
// from head to head, so that attention runs from nearly even to sharp.
//
// A tensor depends on the seed, its name and its shape alone. A configuration
// that does not validate is a mistake of the caller and panics.
func Synthetic(cfg Config, seed int64) *Model {
	if err := cfg.Validate(); err != nil {
		panic("gpt2: " + err.Error())
	}
	shapes := cfg.shapes()
	shapes.Head = shape{} // tied
	file := &tensor.File{}
	params, _ := MapParams(shapes, func(name string, s shape) (*tensor.Stored, error) {
		t := &tensor.Stored{Name: name, Shape: s.dims(), Dtype: tensor.F32}
		t.Bytes = synthesize(t, seed, cfg)
		file.Tensors = append(file.Tensors, t)
		return t, nil
	})
	m := &Model{Config: cfg, Path: "synthetic", Format: "random weights", Params: params, file: file}
	if cfg.Vocab == R50kSize {
		m.Tokenizer = R50k()
	}
	return m
}

// synthesize makes a tensor's bytes, a run of elements at a time so that all
// processors take part and the result does not depend on how many there are.
func synthesize(t *tensor.Stored, seed int64, cfg Config) []byte {
	const run = 1 << 16
	mean, deviation := 0.0, 0.02
	switch {
	case strings.HasSuffix(t.Name, "c_proj.weight"):
		deviation /= math.Sqrt(2 * float64(cfg.Layers))
	case len(t.Shape) == 1 && strings.HasSuffix(t.Name, ".weight"):
		mean = 1
	}
	column := func(int) float64 { return deviation }
	if strings.HasSuffix(t.Name, "c_attn.weight") {
		column = cfg.queryKeyDeviation(deviation)
	}
	name := fnv.New64a()
	name.Write([]byte(t.Name))
	n, cols := t.Len(), t.Shape[len(t.Shape)-1]
	deviations := make([]float64, cols)
	for j := range deviations {
		deviations[j] = column(j)
	}
	data := make([]byte, 4*n)
	cpu.Parallel((n+run-1)/run, func(lo, hi int) {
		for chunk := lo; chunk < hi; chunk++ {
			r := rand.New(rand.NewPCG(uint64(seed), name.Sum64()+uint64(chunk)))
			j := chunk * run % cols
			for i := chunk * run; i < min(n, (chunk+1)*run); i++ {
				v := float32(mean + deviations[j]*r.NormFloat64())
				binary.LittleEndian.PutUint32(data[4*i:], math.Float32bits(v))
				if j++; j == cols {
					j = 0
				}
			}
		}
	})
	return data
}

// queryKeyDeviation gives the deviation of each column of c_attn. Scores of
// normalised inputs have deviation d times that of a query's weight squared:
// from head 0 to the last it is made to run from 1/2 to 4.
func (c Config) queryKeyDeviation(values float64) func(column int) float64 {
	return func(column int) float64 {
		if column >= 2*c.Width {
			return values
		}
		head := column % c.Width / c.HeadWidth()
		sharp := 0.5 * math.Pow(8, float64(head)/float64(max(1, c.Heads-1)))
		return math.Sqrt(sharp / float64(c.Width))
	}
}
