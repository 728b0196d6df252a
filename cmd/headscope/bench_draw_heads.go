package main

import (
	"fmt"
	"math/rand/v2"

	"github.com/go-gl/mathgl/mgl64"

	"headscope/explorer/eval"
	"headscope/explorer/expr"
	"headscope/explorer/layout"
	"headscope/gpu"
	"headscope/models/tensor"
	"headscope/wgsl/cpu"
)

// patterns are made-up attention matrices of layers x heads, each on its own in one plane.
type patterns struct {
	root      *expr.Node // whose settings they have
	paths     []string
	columns   int
	matrices  map[string]gpu.Tensor // owned
	summaries map[string]eval.Summary
}

// newPatterns makes softmaxes of random causal scores on n tokens.
func newPatterns(d *gpu.Device, layers, heads, n int) (*patterns, error) {
	p := &patterns{root: expr.Default(), columns: heads, matrices: map[string]gpu.Tensor{}, summaries: map[string]eval.Summary{}}
	if err := p.root.Set("viz.sensitivity", "local"); err != nil {
		return nil, err
	}
	random := rand.New(rand.NewPCG(1, 1))
	x, a := cpu.NewMat(n, n), cpu.NewMat(n, n)
	for l := range layers {
		for h := range heads {
			for i := range x.Data {
				x.Data[i] = float32(random.NormFloat64() * float64(1+h))
			}
			cpu.Softmax(a, x, 1, true, nil)
			path := fmt.Sprintf("L%dH%d", l, h)
			t, err := d.Upload(path, n, n, a.Data)
			if err != nil {
				p.release()
				return nil, err
			}
			s := cpu.Reduce(a.Data)
			p.paths, p.matrices[path] = append(p.paths, path), t
			p.summaries[path] = eval.Summary{AbsMax: float64(s.MaxAbs), AbsMin: float64(s.MinAbs), Sum: s.Sum}
		}
	}
	return p, nil
}

func (p *patterns) release() {
	for _, t := range p.matrices {
		t.Buffer.Release()
	}
}

// Matrix, ReadPart and Summaries make the patterns view.Values.
func (p *patterns) Matrix(path string) (gpu.Tensor, error) { return p.matrices[path], nil }

func (p *patterns) ReadPart(path string, _, _, _, _ int) (tensor.Tensor, error) {
	return tensor.Tensor{}, fmt.Errorf("%s is only drawn", path)
}

func (p *patterns) Summaries() (map[string]eval.Summary, error) { return p.summaries, nil }

// scene puts the patterns side by side, a row a layer.
func (p *patterns) scene() (s layout.Scene) {
	for i, path := range p.paths {
		n := p.matrices[path].Rows
		node := *p.root.Left
		node.Name, node.H, node.W = path, n, n
		step := float64(n) * 1.1
		m := layout.Matrix{
			Path: path, Node: &node, Rows: layout.NewAxis(n, 1, 4), Cols: layout.NewAxis(n, 1, 4),
			ToWorld: mgl64.Translate3D(float64(i%p.columns)*step, -float64(i/p.columns)*step, 0).Mul4(mgl64.Diag4(mgl64.Vec4{1, -1, -1, 1})),
		}
		s.Matrices = append(s.Matrices, m)
		s.Box = m.Box().Union(s.Box)
	}
	return s
}
