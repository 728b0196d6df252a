package kernels

import (
	"fmt"
	"math"
	"math/rand"
	"testing"

	"headscope/gpu"
	"headscope/gpu/gputest"
	"headscope/wgsl/cpu"

	"pgregory.net/rapid"
)

// view is a tensor cut out of a buffer in which all else is NaN.
type view struct {
	gpu.Tensor
	data []float32 // the buffer
}

// cut makes a view [batch, rows, cols] with room around it, its values from rng. Heads
// side by side if interleaved, else one below the other.
func cut(t *testing.T, d *gpu.Device, rng *rand.Rand, batch, rows, cols, offset, gap int, interleaved bool) view {
	x := gpu.Tensor{Batch: batch, Rows: rows, Cols: cols, Offset: offset}
	x.RowStride = gpu.Stride4(cols) + gap
	x.BatchStride = rows*x.RowStride + gap
	if interleaved {
		x.BatchStride = x.RowStride
		x.RowStride *= batch
	}
	data := make([]float32, offset+(batch-1)*x.BatchStride+rows*x.RowStride+64)
	for i := range data {
		data[i] = float32(math.NaN())
	}
	for b := range batch {
		for r := range rows {
			for c := range cols {
				data[offset+b*x.BatchStride+r*x.RowStride+c] = float32(rng.NormFloat64())
			}
		}
	}
	up, err := d.Upload("view", 1, len(data), data)
	if err != nil {
		t.Fatal(err)
	}
	x.Buffer = up.Buffer
	return view{x, data}
}

// erase makes all of the buffer NaN.
func (v view) erase(t *testing.T, d *gpu.Device) {
	nan := make([]float32, len(v.data))
	for i := range nan {
		nan[i] = float32(math.NaN())
	}
	if err := d.WriteFloats(v.Buffer, 0, nan); err != nil {
		t.Fatal(err)
	}
}

func (v view) mat(batch int) cpu.Mat {
	if v.Batch == 1 {
		batch = 0
	}
	return cpu.Mat{Data: v.data[v.Offset+batch*v.BatchStride:], Rows: v.Rows, Cols: v.Cols, Stride: v.RowStride}
}

// checkProduct runs one product and compares all of C's buffer: the values, zeros in
// the padding that is C's own, and NaN left alone everywhere else.
func checkProduct(t *testing.T, d *gpu.Device, name string, method Method, transposed bool, c, a, b view, e Epilogue, bias *view, residual *view) {
	t.Helper()
	r := d.Record(name)
	MatMulBy(r, method, c.Tensor, a.Tensor, b.Tensor, transposed, e)
	if err := r.Submit(); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	got, err := d.Read(c.Buffer.Tensor(1, 1, len(c.data)))
	if err != nil {
		t.Fatal(err)
	}
	want := make([]float32, len(c.data))
	for i := range want {
		want[i] = float32(math.NaN())
	}
	padded := c.RowStride == gpu.Stride4(c.Cols) || c.Offset%c.RowStride+gpu.Stride4(c.Cols) == c.RowStride
	for h := range c.Batch {
		dst := cpu.NewMat(c.Rows, c.Cols)
		twin := cpu.Epilogue{GELU: e.GELU}
		if bias != nil {
			twin.Bias = bias.mat(0).Row(0)
		}
		if residual != nil {
			m := residual.mat(h)
			twin.Residual = &m
		}
		x := a.mat(h)
		if e.Scale != 0 { // the twin has no factor: it goes to A
			scaled := cpu.NewMat(x.Rows, x.Cols)
			for i := range x.Rows {
				for j, v := range x.Row(i) {
					scaled.Row(i)[j] = v * e.Scale
				}
			}
			x = scaled
		}
		if transposed {
			cpu.MatMulT(dst, x, b.mat(h), twin)
		} else {
			cpu.MatMul(dst, x, b.mat(h), twin)
		}
		for i := range c.Rows {
			at := c.Offset + h*c.BatchStride + i*c.RowStride
			copy(want[at:], dst.Row(i))
			for j := c.Cols; padded && j < gpu.Stride4(c.Cols); j++ {
				want[at+j] = 0
			}
		}
	}
	gputest.Close(t, name, got[0], want, 2e-5*math.Sqrt(float64(a.Cols+1)), 2e-5)
}

// products tries one shape, plain and transposed, by every method that takes it.
func products(t *testing.T, d *gpu.Device, rng *rand.Rand, batch, m, n, k, offset, gap int, interleaved bool, flags int) {
	t.Helper()
	for _, transposed := range []bool{false, true} {
		bRows, bCols := k, n
		if transposed {
			bRows, bCols = n, k
		}
		a := cut(t, d, rng, batch, m, k, offset, gap, interleaved)
		b := cut(t, d, rng, 1+(batch-1)*(flags>>4&1), bRows, bCols, offset, gap, interleaved)
		bias, residual := cut(t, d, rng, 1, 1, n, offset, gap, false), cut(t, d, rng, batch, m, n, offset, gap, interleaved)
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
		for _, method := range []Method{Auto, Naive, Blocked, Tiled, MatVec} {
			if method == MatVec && m > matVecRows {
				continue
			}
			c := cut(t, d, rng, batch, m, n, offset, gap, interleaved)
			c.erase(t, d)
			ends := c.RowStride == gpu.Stride4(n) || c.Offset%c.RowStride+gpu.Stride4(n) == c.RowStride
			if ends || n%4 == 0 || method == Auto || method == Naive {
				name := fmt.Sprintf("%s %dx(%dx%dx%d) transposed %v, offset %d, gap %d, flags %b", method, batch, m, k, n, transposed, offset, gap, flags)
				checkProduct(t, d, name, method, transposed, c, a, b, e, withBias, withResidual)
			}
			c.Buffer.Release()
		}
		for _, x := range []view{a, b, bias, residual} {
			x.Buffer.Release()
		}
	}
}

func TestMatMulShapes(t *testing.T) {
	d := gputest.Device(t)
	rng := rand.New(rand.NewSource(1))
	for _, s := range [][3]int{{1, 1, 1}, {1, 127, 65}, {3, 5, 4}, {4, 63, 127}, {5, 4, 3}, {33, 65, 63}, {63, 64, 65}, {64, 128, 64}, {65, 63, 127}, {127, 1, 5}, {4, 4, 0}} {
		for _, d.Family = range []gpu.Family{gpu.Registers, gpu.Workgroups} {
			products(t, d, rng, 1, s[0], s[1], s[2], 0, 0, false, 0)
			products(t, d, rng, 3, s[0], s[1], s[2], 8, 4, false, 0b11111)
		}
	}
}

// Any shape, any place in a buffer, any epilogue: what lies outside of the views never
// gets into a product, nor a product outside of its view.
func TestMatMulProperty(t *testing.T) {
	d := gputest.Device(t)
	rapid.Check(t, func(rt *rapid.T) {
		size := rapid.IntRange(1, 70)
		d.Family = gpu.Family(rapid.IntRange(0, 1).Draw(rt, "family"))
		rng := rand.New(rand.NewSource(rapid.Int64().Draw(rt, "seed")))
		products(t, d, rng,
			rapid.IntRange(1, 3).Draw(rt, "batch"), size.Draw(rt, "m"), size.Draw(rt, "n"), size.Draw(rt, "k"),
			4*rapid.IntRange(0, 3).Draw(rt, "offset"), 4*rapid.IntRange(0, 2).Draw(rt, "gap"), rapid.Bool().Draw(rt, "interleaved"),
			rapid.IntRange(0, 31).Draw(rt, "flags"))
		if t.Failed() {
			rt.FailNow()
		}
	})
}

// Views that cannot be loaded as vec4s are multiplied all the same.
func TestMatMulUnaligned(t *testing.T) {
	d := gputest.Device(t)
	rng := rand.New(rand.NewSource(1))
	for _, offset := range []int{1, 2, 3} {
		a, b, c := cut(t, d, rng, 2, 7, 6, offset, 1, false), cut(t, d, rng, 2, 6, 5, offset, 3, false), cut(t, d, rng, 2, 7, 5, offset, 1, false)
		c.erase(t, d)
		checkProduct(t, d, fmt.Sprint("offset ", offset), Auto, false, c, a, b, Epilogue{}, nil, nil)
		for _, x := range []view{a, b, c} {
			x.Buffer.Release()
		}
	}
}

// Large inputs of the activation give 0 or the input, not NaN.
func TestGELUSaturates(t *testing.T) {
	d := gputest.Device(t)
	in := []float32{-1e30, -1e6, -100, -20, -10, -1, 0, 1, 10, 20, 100, 1e6, 1e30}
	a, err := d.Upload("a", 1, 1, []float32{1})
	if err != nil {
		t.Fatal(err)
	}
	b, err := d.Upload("b", 1, len(in), in)
	if err != nil {
		t.Fatal(err)
	}
	c, err := d.NewTensor("c", 1, 1, len(in))
	if err != nil {
		t.Fatal(err)
	}
	want := make([]float32, len(in))
	for i, x := range in {
		want[i] = float32(cpu.GELU(float64(x)))
	}
	for _, method := range []Method{Naive, Blocked, Tiled, MatVec} {
		r := d.Record("gelu")
		MatMulBy(r, method, c, a, b, false, Epilogue{GELU: true})
		if err := r.Submit(); err != nil {
			t.Fatal(err)
		}
		got, err := d.Read(c)
		if err != nil {
			t.Fatal(err)
		}
		gputest.Close(t, method.String(), got[0], want, 1e-6, 1e-5)
	}
	for _, x := range []gpu.Tensor{a, b, c} {
		x.Buffer.Release()
	}
}

// A mask only saves work: lower-triangular matrices give the same products with it, and
// what a transposed product keeps below the diagonal is right.
func TestMatMulMask(t *testing.T) {
	d := gputest.Device(t)
	rng := rand.New(rand.NewSource(1))
	methods := []Method{Naive, Blocked, Tiled}
	if d.Texels {
		methods = append(methods, Texels)
	}
	for _, position := range []int{0, 9} {
		m, n := 150, 70
		k := m + position
		mask := Mask{Causal: true, Position: position}
		for _, method := range methods {
			a, b, c := cut(t, d, rng, 1, m, k, 0, apart(k), false), cut(t, d, rng, 1, k, n, 0, apart(n), false), cut(t, d, rng, 1, m, n, 0, 0, false)
			for i := range m {
				clear(a.mat(0).Row(i)[min(k, i+position+1):])
			}
			if err := d.WriteRows(a.Tensor, 0, a.packed()); err != nil {
				t.Fatal(err)
			}
			r := d.Record("mask")
			MatMulBy(r, method, c.Tensor, a.Tensor, b.Tensor, false, Epilogue{Mask: mask})
			if err := r.Submit(); err != nil {
				t.Fatal(err)
			}
			got, err := d.Read(c.Tensor)
			if err != nil {
				t.Fatal(err)
			}
			want := cpu.NewMat(m, n)
			cpu.MatMul(want, a.mat(0), b.mat(0), cpu.Epilogue{})
			gputest.Close(t, fmt.Sprint(method, position), got[0], want.Data, 3e-4, 1e-5)

			x, y, s := cut(t, d, rng, 1, m, n, 0, apart(n), false), cut(t, d, rng, 1, k, n, 0, apart(n), false), cut(t, d, rng, 1, m, k, 0, 0, false)
			r = d.Record("mask")
			MatMulBy(r, method, s.Tensor, x.Tensor, y.Tensor, true, Epilogue{Mask: mask})
			if err := r.Submit(); err != nil {
				t.Fatal(err)
			}
			if got, err = d.Read(s.Tensor); err != nil {
				t.Fatal(err)
			}
			wide := cpu.NewMat(m, k)
			cpu.MatMulT(wide, x.mat(0), y.mat(0), cpu.Epilogue{})
			for i := range m {
				seen := min(k, i+position+1)
				gputest.Close(t, fmt.Sprint(method, " transposed ", position), got[0][i*k:i*k+seen], wide.Row(i)[:seen], 3e-4, 1e-5)
			}
			for _, v := range []view{a, b, c, x, y, s} {
				v.Buffer.Release()
			}
		}
	}
}

// packed is the view's rows without gaps.
func (v view) packed() (out []float32) {
	for i := range v.Rows {
		out = append(out, v.mat(0).Row(i)...)
	}
	return out
}

// A product that is too much work for one dispatch is cut, and comes out whole.
func TestMatMulInParts(t *testing.T) {
	d := gputest.Device(t)
	rng := rand.New(rand.NewSource(1))
	const m, n, k = 130, 3000, 1500
	if cost := d.Record("cost").MaxCost(); d.Adapter.Software() && 2*m*n*k <= cost {
		t.Fatalf("a dispatch may cost %g: the product is too small to be cut", cost)
	}
	a, b, c := cut(t, d, rng, 1, m, k, 0, 4, false), cut(t, d, rng, 1, k, n, 0, 4, false), cut(t, d, rng, 1, m, n, 0, 4, false)
	bias, residual := cut(t, d, rng, 1, 1, n, 4, 0, false), cut(t, d, rng, 1, m, n, 4, 0, false)
	c.erase(t, d)
	checkProduct(t, d, "in parts", Auto, false, c, a, b, Epilogue{Bias: bias.Tensor, Residual: residual.Tensor}, &bias, &residual)
	for _, x := range []view{a, b, c, bias, residual} {
		x.Buffer.Release()
	}
}

// Cutting a product into dispatches changes nothing but their number.
func TestProductParts(t *testing.T) {
	c := gpu.Tensor{Batch: 4, Rows: 200, Cols: 130, RowStride: 132, BatchStride: 200 * 132}
	a := gpu.Tensor{Batch: 4, Rows: 200, Cols: 10, RowStride: 12, BatchStride: 2400}
	b := gpu.Tensor{Batch: 1, Rows: 10, Cols: 130, RowStride: 132, BatchStride: 1320}
	p := product{method: Blocked, c: c, a: a, b: b, width: 132, e: Epilogue{Mask: Mask{Causal: true}}}
	q := p.batches(1, 3).rows(64, 200).cols(64, 130).params()
	want := matMulParams{
		M: 136, N: 66, K: 10, Width: 68, Scale: 1, Causal: 1, Position: 64,
		AOffset: 2400 + 64*12, AStride: 12, ABatch: 2400,
		BOffset: 64, BK: 132, BN: 1,
		COffset: 200*132 + 64*132 + 64, CStride: 132, CBatch: 200 * 132,
		BiasOffset: 64, ResidualOffset: 64,
	}
	want.ResidualOffset = q.ResidualOffset // of no tensor, so of no account
	if q != want {
		t.Errorf("params of a part:\n%+v, want\n%+v", q, want)
	}
	if q := p.cols(0, 64).params(); q.Width != 64 {
		t.Errorf("the left part writes %d columns, want 64", q.Width)
	}
}

func TestMatMulErrors(t *testing.T) {
	d := gputest.Device(t)
	rng := rand.New(rand.NewSource(1))
	a, b, c := cut(t, d, rng, 1, 8, 6, 0, 0, false), cut(t, d, rng, 1, 6, 5, 0, 0, false), cut(t, d, rng, 1, 8, 5, 0, 0, false)
	for name, launch := range map[string]func(r *gpu.Recorder){
		"inner sizes differ":     func(r *gpu.Recorder) { MatMul(r, c.Tensor, b.Tensor, a.Tensor, Epilogue{}) },
		"transposed by mistake":  func(r *gpu.Recorder) { MatMulT(r, c.Tensor, a.Tensor, b.Tensor, Epilogue{}) },
		"output is an input":     func(r *gpu.Recorder) { MatMul(r, a.Tensor, a.Tensor, b.Tensor, Epilogue{}) },
		"bias of another width":  func(r *gpu.Recorder) { MatMul(r, c.Tensor, a.Tensor, b.Tensor, Epilogue{Bias: a.Tensor}) },
		"residual of other rows": func(r *gpu.Recorder) { MatMul(r, c.Tensor, a.Tensor, b.Tensor, Epilogue{Residual: b.Tensor}) },
		"too many rows":          func(r *gpu.Recorder) { MatMulBy(r, MatVec, c.Tensor, a.Tensor, b.Tensor, false, Epilogue{}) },
	} {
		r := d.Record(name)
		launch(r)
		if r.Submit() == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for _, v := range []view{a, b, c} {
		v.Buffer.Release()
	}
}
