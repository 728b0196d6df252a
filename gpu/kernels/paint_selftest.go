package kernels

import (
	"math"

	"headscope/gpu"
	"headscope/wgsl/cpu"
)

// looks are ways to look that tryPaint tries: ranges from 0 on, from above it, smaller than
// the values and without a length.
var looks = []cpu.Elements{
	{MinLight: 0.4, MaxLight: 0.7, ZeroHue: 0.77, HueGap: 0.74, HueSpread: 0.04, RangeMax: 4},
	{MinLight: 0.3, MaxLight: 0.9, HueGap: 0.3, RangeMin: 0.5, RangeMax: 1, Light: true},
	{MinLight: 0.4, MaxLight: 0.7, RangeMin: 1, RangeMax: 1, Safe: true},
}

// mixed makes n values around zero, some of them zero or not finite.
func (b *bench) mixed(n int) []float32 {
	x := b.random(n)
	for i := range x {
		switch b.rng.Intn(12) {
		case 0, 1:
			x[i] = 0
		case 2:
			x[i] = []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), math.MaxFloat32}[b.rng.Intn(4)]
		}
	}
	return x
}

// paint paints a matrix and returns the levels, of 0 to 255 a channel, and their sizes.
func (b *bench) paint(e cpu.Elements, in gpu.Tensor) (levels [][][4]float64, sizes [][2]int) {
	const shades, first = 256, 5
	words := make([]int32, first, first+2*shades+1)
	for _, c := range e.Table(shades) {
		word := uint32(0xff000000)
		for i, share := range c {
			word |= uint32(math.Round(255*share)) << (8 * i)
		}
		words = append(words, int32(word))
	}
	table := b.words(words)
	if b.err != nil {
		return nil, nil
	}
	texture, err := b.d.NewColours("trial", in.Cols, in.Rows, 2)
	if err != nil {
		b.err = err
		return nil, nil
	}
	defer texture.Release()
	least, slope := e.Scale()
	b.record(func(r *gpu.Recorder) {
		Paint(r, texture.Levels(1), in, Patch{Rows: in.Rows, Cols: in.Cols}, table, Paints{First: first, Least: least, Slope: slope})
	})
	for _, l := range texture.Levels(1) {
		if b.err != nil {
			return nil, nil
		}
		var data []byte
		data, b.err = l.Read()
		level := make([][4]float64, len(data)/4)
		for i, v := range data {
			level[i/4][i%4] = float64(v)
		}
		levels, sizes = append(levels, level), append(sizes, [2]int{l.Height, l.Width})
	}
	return levels, sizes
}

// tryPaint allows two steps of 255: roundings of the table's colours, of the shade and of
// the texel.
func tryPaint(b *bench, s Shape) {
	const margin = 3 // of a matrix around the part that is painted
	x := b.mixed((s.N + 2*margin) * (s.M + 2*margin))
	in := b.put(1, s.N+2*margin, s.M+2*margin, x).Part(margin, s.N, margin, s.M)
	for _, e := range looks {
		levels, _ := b.paint(e, in)
		if b.err != nil {
			return
		}
		for i, got := range levels[0] {
			want := cpu.Paint(e, float64(x[(margin+i/s.M)*(s.M+2*margin)+margin+i%s.M]))
			for k := range 4 {
				b.compare(float32(got[k]), float32(255*want[k]))
			}
		}
	}
}

// tryShrink compares every level with what the twin makes of the one above, which leaves
// the rounding to a step of 255.
func tryShrink(b *bench, s Shape) {
	levels, sizes := b.paint(looks[0], b.put(1, s.N, s.M, b.mixed(s.N*s.M)))
	if b.err != nil {
		return
	}
	for n := 1; n < len(levels); n++ {
		want, _, _ := cpu.Shrink(levels[n-1], sizes[n-1][0], sizes[n-1][1])
		for i, got := range levels[n] {
			for k := range 4 {
				b.compare(float32(got[k]), float32(want[i][k]))
			}
		}
	}
}
