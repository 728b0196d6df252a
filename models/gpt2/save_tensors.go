package gpt2

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"headscope/models/csv"
	"headscope/models/npy"
	"headscope/models/safetensors"
	"headscope/models/tensor"
	"headscope/wgsl/cpu"
)

// list finds the tensors to write.
func (p *SavePlan) list() (err error) {
	if p.groups, err = p.model.groups(p.Format); err != nil {
		return err
	}
	rounded := false
	for _, group := range p.groups {
		p.Tensors += len(group)
		for _, s := range group {
			p.Bytes += 4 * int64(s.Len())
			rounded = rounded || s.Dtype == tensor.F64
		}
	}
	if p.Format == csvFolder.name && !p.model.HeadsOnly() {
		p.Notes = append(p.Notes, "biases, norms, MLP and embeddings are left out: mm's sets hold the matrices of heads alone")
	}
	if rounded {
		p.Notes = append(p.Notes, "F64 values are rounded to F32")
	}
	return nil
}

// writeTensors writes the file, or the files of the folder.
func (p *SavePlan) writeTensors(ctx context.Context, path string, progress func(bytes int64)) error {
	written := func(s *tensor.Stored) {
		p.model.Drop(s)
		if progress != nil {
			progress(4 * int64(s.Len()))
		}
	}
	if p.Format == csvFolder.name {
		return p.writeCSVs(ctx, path, written)
	}
	return inOrder(ctx, slices.Concat(p.groups...), written, func(all []*tensor.Stored) error {
		switch p.Format {
		case safetensorsFile.name:
			return safetensors.WriteFile(path, commonDtype(all), all)
		case npzFile.name:
			return writeNpz(path, all)
		default:
			return writeArrays(path, all)
		}
	})
}

// groups are the tensors to write under the names they get: those of a layer's
// heads together, or all of GPT-2's.
func (m *Model) groups(kind string) ([][]*tensor.Stored, error) {
	if !m.HeadsOnly() && kind != csvFolder.name {
		var all []*tensor.Stored
		MapParams(m.Params, func(name string, s *tensor.Stored) (int, error) {
			c := *s
			c.Name = name
			all = append(all, &c)
			return 0, nil
		})
		return [][]*tensor.Stored{all}, nil
	}
	if c := m.Config; c.Layers > 1000 || c.Heads > 1000 {
		return nil, fmt.Errorf("the names of per-head files have three digits for %d layers and %d heads", c.Layers, c.Heads)
	}
	groups := make([][]*tensor.Stored, m.Config.Layers)
	if m.HeadsOnly() {
		for _, s := range m.Tensors() {
			if key, ok := parseHeadFile(strings.TrimPrefix(s.Name, "transformer.")); ok {
				c := *s
				c.Name = key.name(s.Shape)
				groups[key.layer] = append(groups[key.layer], &c)
			}
		}
		return groups, nil
	}
	for i := range groups {
		groups[i] = m.splitHeads(i)
	}
	return groups, nil
}

// name is the inverse of parseHeadFile, for a matrix of this shape.
func (k headKey) name(shape []int) string {
	return fmt.Sprintf("layer%d_%s%d_%d_%d", k.layer, k.matrix, k.head, shape[0], shape[1])
}

// splitHeads are the matrices of a layer's heads, cut out of c_attn's and
// c_proj's when they are decoded. The two are decoded once and held for as long
// as the slice is.
func (m *Model) splitHeads(layer int) []*tensor.Stored {
	l, heads := m.Params.Layers[layer], m.Config.Heads
	attn, proj := sync.OnceValues(l.AttnW.Tensor), sync.OnceValues(l.ProjW.Tensor)
	var all []*tensor.Stored
	for head := range heads {
		for part, matrix := range headMatrices {
			shape := []int{m.Config.Width, m.Config.HeadWidth()}
			if matrix == "wk_t" || matrix == "wo" {
				slices.Reverse(shape)
			}
			all = append(all, &tensor.Stored{
				Name: headKey{layer, matrix, head}.name(shape), Shape: shape, Dtype: tensor.F32,
				Load: func() ([]byte, error) {
					if matrix == "wo" {
						w, err := proj()
						if err != nil {
							return nil, err
						}
						n := shape[0] * shape[1]
						return encoded(w.Data[head*n:][:n])
					}
					w, err := attn()
					if err != nil {
						return nil, err
					}
					cut := Head(w, part*heads+head, 3*heads)
					if matrix == "wk_t" {
						cut = cut.Transposed()
					}
					return encoded(cut.Data)
				},
			})
		}
	}
	return all
}

func encoded(data []float32) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(4 * len(data))
	err := tensor.Encode(&b, tensor.F32, data)
	return b.Bytes(), err
}

// commonDtype is the half precision type that all tensors have, else F32.
func commonDtype(all []*tensor.Stored) tensor.Dtype {
	dtype := all[0].Dtype
	other := func(s *tensor.Stored) bool { return s.Dtype != dtype }
	if dtype != tensor.F16 && dtype != tensor.BF16 || slices.ContainsFunc(all, other) {
		return tensor.F32
	}
	return dtype
}

// inOrder runs a writer that decodes each tensor once, one after another. When
// it comes to a tensor, those before it count as written. A cancelled ctx is the
// error of the next tensor.
func inOrder(ctx context.Context, all []*tensor.Stored, written func(*tensor.Stored), write func([]*tensor.Stored) error) error {
	done := 0
	advance := func(to int) {
		for ; done < to; done++ {
			written(all[done])
		}
	}
	watched := make([]*tensor.Stored, len(all))
	for i, s := range all {
		w := *s
		w.Bytes = nil
		w.Load = func() ([]byte, error) {
			advance(i)
			if err := ctx.Err(); err != nil || s.Load == nil {
				return s.Bytes, err
			}
			return s.Load()
		}
		watched[i] = &w
	}
	if err := write(watched); err != nil {
		return err
	}
	advance(len(all))
	return nil
}

func writeNpz(path string, all []*tensor.Stored) error {
	var names []string
	named := make(map[string]*tensor.Stored, len(all))
	for _, s := range all {
		names = append(names, s.Name)
		named[s.Name] = s
	}
	return npy.WriteNpz(path, names, func(name string) (tensor.Tensor, error) { return named[name].Tensor() })
}

func writeArrays(dir string, all []*tensor.Stored) error {
	for _, s := range all {
		t, err := s.Tensor()
		if err != nil {
			return err
		}
		if err := npy.WriteFile(filepath.Join(dir, s.Name+".npy"), t); err != nil {
			return err
		}
	}
	return nil
}

// writeCSVs writes the files of a layer at the same time, as formatting numbers
// takes longer than a disk does.
func (p *SavePlan) writeCSVs(ctx context.Context, dir string, written func(*tensor.Stored)) error {
	for i, group := range p.groups {
		if len(group) == 0 {
			continue
		}
		errs := make([]error, len(group))
		var one sync.Mutex
		cpu.Parallel(len(group), func(lo, hi int) {
			for n := lo; n < hi; n++ {
				if errs[n] = ctx.Err(); errs[n] == nil {
					errs[n] = writeCSV(dir, group[n])
				}
				if errs[n] != nil {
					return
				}
				one.Lock()
				written(group[n])
				one.Unlock()
			}
		})
		for _, err := range errs {
			if err != nil {
				return err
			}
		}
		p.model.Drop(p.model.Params.Layers[i].AttnW)
		p.model.Drop(p.model.Params.Layers[i].ProjW)
		p.groups[i] = nil // frees what splitHeads has decoded
	}
	return nil
}

func writeCSV(dir string, s *tensor.Stored) error {
	t, err := s.Tensor()
	if err != nil {
		return err
	}
	return csv.WriteFile(filepath.Join(dir, s.Name+".csv"), t)
}
