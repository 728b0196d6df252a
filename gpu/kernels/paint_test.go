package kernels

import (
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
	}{
		"two batches": {texture.Levels(0), x},
		"no levels":   {nil, x.At(0)},
		"fewer rows":  {texture.Levels(0), x.At(0).Part(0, 2, 0, 5)},
		"fewer cols":  {texture.Levels(0), x.At(0).Part(0, 3, 0, 4)},
		"level 1":     {texture.Levels(0)[1:], x.At(0)},
	} {
		r := d.Record("bad")
		Paint(r, c.levels, c.x, x.Buffer, Paints{})
		if err := r.Submit(); err == nil || !strings.Contains(err.Error(), "paint") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
