package kernels

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"headscope/gpu"
	"headscope/gpu/gputest"

	"pgregory.net/rapid"
)

// apart is the gap that rows of cols columns need to begin every 64 floats.
func apart(cols int) int { return ceil(cols, 64)*64 - gpu.Stride4(cols) }

// texelProduct tries one shape by way of images, plain or transposed, with NaN around all.
func texelProduct(t *testing.T, d *gpu.Device, rng *rand.Rand, method Method, transposed bool, m, n, k, offset, flags int) {
	t.Helper()
	bRows, bCols := k, n
	if transposed {
		bRows, bCols = n, k
	}
	a, b := cut(t, d, rng, 1, m, k, offset, apart(k), false), cut(t, d, rng, 1, bRows, bCols, offset, apart(bCols)+64, false)
	bias, residual, c := cut(t, d, rng, 1, 1, n, offset, 0, false), cut(t, d, rng, 1, m, n, 0, 0, false), cut(t, d, rng, 1, m, n, 0, 0, false)
	c.erase(t, d)
	var e Epilogue
	var withBias, withResidual *view
	if flags&1 != 0 {
		e.Bias, withBias = bias.Tensor, &bias
	}
	e.GELU = flags&2 != 0
	if flags&4 != 0 {
		e.Residual, withResidual = residual.Tensor, &residual
	}
	if flags&8 != 0 {
		e.Scale = 0.25
	}
	name := fmt.Sprintf("%s %dx%dx%d transposed %v, offset %d, flags %b", method, m, k, n, transposed, offset, flags)
	checkProduct(t, d, name, method, transposed, c, a, b, e, withBias, withResidual)
	for _, x := range []view{a, b, bias, residual, c} {
		x.Buffer.Release()
	}
}

// texels is the method to test: on adapters without images, the one in its place.
func texels(d *gpu.Device) Method {
	if d.Texels {
		return Texels
	}
	return Auto
}

// Images are larger than what they hold and keep what they held: no product sees it.
func TestTexelsProperty(t *testing.T) {
	d := gputest.Device(t)
	rapid.Check(t, func(rt *rapid.T) {
		size := rapid.IntRange(1, 140)
		rng := rand.New(rand.NewSource(rapid.Int64().Draw(rt, "seed")))
		texelProduct(t, d, rng, texels(d), rapid.Bool().Draw(rt, "transposed"),
			size.Draw(rt, "m"), size.Draw(rt, "n"), size.Draw(rt, "k"), 4*rapid.IntRange(0, 3).Draw(rt, "offset"), rapid.IntRange(0, 15).Draw(rt, "flags"))
		if t.Failed() {
			rt.FailNow()
		}
	})
}

// Products with more rows or columns than an image are cut, by choice as by method.
func TestTexelsInParts(t *testing.T) {
	d := gputest.Device(t)
	rng := rand.New(rand.NewSource(1))
	const wide = gpu.TexelSide + 70
	for _, method := range []Method{Auto, texels(d)} {
		texelProduct(t, d, rng, method, true, 5, wide, 66, 4, 0b1101)
		texelProduct(t, d, rng, method, true, wide, 5, 66, 4, 0b1101)
		texelProduct(t, d, rng, method, false, wide, wide/8, 66, 4, 0b0101)
		texelProduct(t, d, rng, method, false, 6, 4*wide, 64, 4, 0b0101)
	}
}

// Where the adapter reads images, large products use them; others do not. Mesa's does.
func TestTexelsAreChosen(t *testing.T) {
	d := gputest.Device(t)
	if strings.HasPrefix(d.Adapter.Name, "llvmpipe") && !d.Texels || d.Texels && !d.Adapter.Software() {
		t.Errorf("%s: texels %v", d.Adapter, d.Texels)
	}
	matrix := func(rows, cols, stride int) gpu.Tensor {
		return gpu.Tensor{Batch: 1, Rows: rows, Cols: cols, RowStride: stride, BatchStride: rows * stride}
	}
	p := product{c: matrix(256, 2304, 2304), a: matrix(256, 768, 768), b: matrix(2304, 768, 768), transposed: true, width: 2304}
	d.Family = gpu.Registers
	for _, x := range []struct {
		name string
		p    product
		can  bool
		want Method
	}{
		{"GPT-2's", p, true, Texels},
		{"vocabulary", product{c: matrix(5, 50257, 50260), a: matrix(5, 768, 768), b: matrix(50257, 768, 768), transposed: true}, true, Texels},
		{"no images", p, false, Blocked},
		{"few rows", p.rows(0, matVecRows), true, MatVec},
		{"small k", product{c: p.c, a: matrix(256, 60, 64), b: matrix(2304, 60, 64), transposed: true}, true, Blocked},
		{"narrow rows", product{c: p.c, a: matrix(256, 100, 100), b: matrix(2304, 100, 128), transposed: true}, true, Blocked},
		{"long k", product{c: p.c, a: matrix(256, 8256, 8256), b: matrix(2304, 8256, 8256), transposed: true}, true, Blocked},
		{"tall b", product{c: p.c, a: matrix(256, 2112, 2112), b: matrix(2112, 2304, 2304)}, true, Blocked},
	} {
		d.Texels = x.can && texels(d) == Texels
		want := x.want
		if want == Texels && !d.Texels {
			want = Blocked
		}
		if got := x.p.choose(d); got != want {
			t.Errorf("%s: %s, want %s", x.name, got, want)
		}
	}
}

// Asked for by name, images are refused where they cannot be.
func TestTexelsErrors(t *testing.T) {
	d := gputest.Device(t)
	rng := rand.New(rand.NewSource(1))
	can := d.Texels
	for _, gap := range []int{apart(6), apart(6) + 4} {
		for _, d.Texels = range []bool{false, can} {
			a, b, c := cut(t, d, rng, 1, 8, 6, 0, gap, false), cut(t, d, rng, 1, 6, 8, 0, apart(8), false), cut(t, d, rng, 1, 8, 8, 0, 0, false)
			r := d.Record("texels")
			MatMulBy(r, Texels, c.Tensor, a.Tensor, b.Tensor, false, Epilogue{})
			if err, want := r.Submit(), d.Texels && gap == apart(6); (err == nil) != want {
				t.Errorf("gap %d, images %v: %v", gap, d.Texels, err)
			}
			for _, v := range []view{a, b, c} {
				v.Buffer.Release()
			}
		}
	}
	d.Texels = can
}
