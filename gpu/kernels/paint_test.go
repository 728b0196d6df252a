package kernels

import (
	"bytes"
	"math/rand"
	"strings"
	"testing"

	"headscope/gpu"
	"headscope/gpu/gputest"
)

// Painting and its levels agree with their twins where sides are odd, at every level.
func TestPaintEqualsTwin(t *testing.T) {
	d := gputest.Device(t)
	for _, tr := range trials(d) {
		if tr.kernel != "paint" && tr.kernel != "shrink" {
			continue
		}
		for i, s := range []Shape{{1, 1, 1}, {1, 1, 300}, {1, 300, 1}, {1, 3, 5}, {1, 63, 65}, {1, 257, 129}, {1, 511, 2}, {1, 32, 512}} {
			b := &bench{d: d, rng: rand.New(rand.NewSource(int64(i))), trial: tr}
			tr.run(b, s)
			b.release()
			if b.err != nil || b.result.Excess > 1 {
				t.Errorf("%s at %s: %v, worst error %g of 255", tr.kernel, s, b.err, b.result.Worst)
			}
		}
	}
}

// A texture of another size than the matrix is refused.
func TestPaintRefuses(t *testing.T) {
	d := gputest.Device(t)
	x, err := d.NewTensor("x", 2, 3, 5)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Buffer.Release()
	texture, err := d.NewColours("texture", 5, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer texture.Release()
	for name, c := range map[string]struct {
		levels []*gpu.Level
		x      gpu.Tensor
		part   Patch
	}{
		"two batches": {texture.Levels(0), x, Patch{}},
		"no levels":   {nil, x.At(0), Patch{}},
		"fewer rows":  {texture.Levels(0), x.At(0).Part(0, 2, 0, 5), Patch{}},
		"fewer cols":  {texture.Levels(0), x.At(0).Part(0, 3, 0, 4), Patch{}},
		"row 3":       {texture.Levels(0), x.At(0), Patch{Row: 1, Rows: 3, Cols: 1}},
		"column 5":    {texture.Levels(0), x.At(0), Patch{Col: 5, Rows: 1, Cols: 1}},
		"row -1":      {texture.Levels(0), x.At(0), Patch{Row: -1, Rows: 1, Cols: 1}},
	} {
		r := d.Record("bad")
		Paint(r, c.levels, c.x, c.part, x.Buffer, Paints{})
		if err := r.Submit(); err == nil || !strings.Contains(err.Error(), "paint") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Where only a part of a matrix has changed, painting that leaves what painting all does, at
// every level.
func TestPaintParts(t *testing.T) {
	d := gputest.Device(t)
	rng := rand.New(rand.NewSource(1))
	for range 40 {
		rows, cols := 1+rng.Intn(70), 1+rng.Intn(70)
		data := make([]float32, rows*cols)
		for i := range data {
			data[i] = rng.Float32()*2 - 1
		}
		part := Patch{Row: rng.Intn(rows), Col: rng.Intn(cols)}
		part.Rows, part.Cols = rng.Intn(rows-part.Row+1), rng.Intn(cols-part.Col+1)
		table := make([]int32, 513)
		for i := range table {
			table[i] = int32(rng.Uint32())
		}
		b := &bench{d: d, rng: rng}
		old, colours := b.put(1, rows, cols, data), b.words(table)
		for i := part.Row; i < part.Row+part.Rows; i++ {
			for j := part.Col; j < part.Col+part.Cols; j++ {
				data[i*cols+j] = rng.Float32()*2 - 1
			}
		}
		changed := b.put(1, rows, cols, data)
		whole := Patch{Rows: rows, Cols: cols}
		texture, err := d.NewColours("parts", cols, rows, 2)
		if err != nil {
			t.Fatal(err)
		}
		b.record(func(r *gpu.Recorder) {
			Paint(r, texture.Levels(0), changed, whole, colours, Paints{Slope: 1})
			Paint(r, texture.Levels(1), old, whole, colours, Paints{Slope: 1})
			Paint(r, texture.Levels(1), changed, part, colours, Paints{Slope: 1})
		})
		if b.err != nil {
			t.Fatal(b.err)
		}
		for n := range texture.Levels(0) {
			want, err := texture.Levels(0)[n].Read()
			if err != nil {
				t.Fatal(err)
			}
			got, err := texture.Levels(1)[n].Read()
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d x %d, part %+v: level %d differs, %v", rows, cols, part, n, err)
			}
		}
		texture.Release()
		b.release()
	}
}
