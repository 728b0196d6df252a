package render

import (
	"image"
	"math/rand"

	"headscope/gpu"
	"headscope/gpu/kernels"
)

// SelfTest runs the compute kernel of this package, cells, on random sheets and compares
// what it writes, word by word, with its CPU twin: as kernels.SelfTest does for the others.
// A result's error is how many words differ.
func SelfTest(d *gpu.Device, shapes []kernels.Shape) ([]kernels.Result, error) {
	var results []kernels.Result
	for i, s := range shapes {
		rng := rand.New(rand.NewSource(int64(i + 1)))
		ranks := make([]int32, 2*s.H)
		for h := range ranks {
			ranks[h] = int32(rng.Intn(len(ranks)+1) - 1)
		}
		side := uint32(1 + s.M)
		p := cellsParams{
			Draw: 1, First: uint32(s.H), Heads: uint32(s.H), N: uint32(s.N), Columns: uint32(1 + rng.Intn(len(ranks))),
			X: int32(rng.Intn(300) - 100), Y: int32(rng.Intn(300) - 100),
			Side: side, PitchX: int32(side + 1), PitchY: int32(side + 9), Left: 10, Top: 20, Right: 200, Bottom: 200,
			XOffset: 8, XStride: uint32(gpu.Stride4(s.N)), XBatch: uint32(s.N * gpu.Stride4(s.N)),
		}
		counts, words, err := runCells(d, p, ranks)
		if err != nil {
			return nil, err
		}
		want := cells(p, ranks)
		got := append(counts[4*p.Draw:][:4:4], words[8*p.First:][:8*len(want)]...)
		expect := append([]uint32{4, uint32(len(want)), 0, 0}, instanceWords(want)...)
		off := 0.0
		for w := range expect {
			if got[w] != expect[w] {
				off++
			}
		}
		results = append(results, kernels.Result{Kernel: "cells", Shape: s, Worst: off, Excess: 2 * off})
	}
	return results, nil
}

// instanceWords are instances as a storage buffer holds them.
func instanceWords(list []instance) (words []uint32) {
	for _, i := range list {
		words = append(words, uint32(i.X), uint32(i.Y), i.Side, i.Level, i.Cells, i.Base, i.Stride, i.Head)
	}
	return words
}

// cells is what the kernel cells computes for one layer.
func cells(p cellsParams, ranks []int32) (list []instance) {
	levels, total := kernels.PyramidLevels(int(p.N), int(p.N))
	level := 0
	for level < len(levels) && levels[level].Rows >= int(p.Side) {
		level++
	}
	for head := range p.Heads {
		rank := ranks[p.First+head]
		if rank < 0 {
			continue
		}
		x, y := p.X+rank%int32(p.Columns)*p.PitchX, p.Y+rank/int32(p.Columns)*p.PitchY
		square := image.Rect(int(x), int(y), int(x)+int(p.Side), int(y)+int(p.Side))
		if !square.Overlaps(image.Rect(int(p.Left), int(p.Top), int(p.Right), int(p.Bottom))) {
			continue
		}
		i := instance{X: x, Y: y, Side: p.Side, Cells: p.N, Base: p.XOffset + head*p.XBatch, Stride: p.XStride, Head: head}
		if level > 0 {
			l := levels[level-1]
			i.Level, i.Cells, i.Base, i.Stride = uint32(level), uint32(l.Rows), head*uint32(total)+uint32(l.First), uint32(l.Cols)
		}
		list = append(list, i)
	}
	return list
}

// runCells runs the kernel for one layer, twice, since a second run must not count on from
// the first. ranks are of all layers' heads. It returns all draw arguments and instances.
func runCells(d *gpu.Device, p cellsParams, ranks []int32) (counts, words []uint32, err error) {
	layers := len(ranks) / int(p.Heads)
	var buffers [3]*gpu.Buffer
	for i, size := range []int{4 * len(ranks), instanceSize * len(ranks), 16 * layers} {
		if buffers[i], err = d.NewIndirect("cells", uint64(size)); err != nil {
			return nil, nil, err
		}
		defer buffers[i].Release()
	}
	order, list, args := buffers[0], buffers[1], buffers[2]
	if err := d.Write(order, 0, gpu.Words(ranks)); err != nil {
		return nil, nil, err
	}
	r := d.Record("cells")
	for range 2 {
		r.Dispatch("cells", gpu.Uniform(&p), [3]int{1, 1, 1}, 1, order, list, args)
	}
	if err := r.Submit(); err != nil {
		return nil, nil, err
	}
	if counts, err = d.ReadWords(args, 4*layers); err != nil {
		return nil, nil, err
	}
	words, err = d.ReadWords(list, 8*len(ranks))
	return counts, words, err
}
