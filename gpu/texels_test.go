package gpu_test

import (
	"strings"
	"testing"

	"headscope/gpu"
	"headscope/gpu/gputest"
	"headscope/gpu/kernels"
)

// filled uploads a matrix of one value.
func filled(t *testing.T, d *gpu.Device, rows, cols int, value float32) gpu.Tensor {
	t.Helper()
	data := make([]float32, rows*cols)
	for i := range data {
		data[i] = value
	}
	x, err := d.Upload("filled", rows, cols, data)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// Recordings that share the device's images may be submitted in any order, also when one
// of them makes the images anew; and what has grown serves all that is smaller.
func TestImagesAreShared(t *testing.T) {
	d := gputest.Device(t)
	var live gpu.Live
	for round := range 3 {
		var recordings []*gpu.Recorder
		var products, all []gpu.Tensor
		sizes := []int{64, 320, 128}
		for i, k := range sizes {
			value := float32(i + 1 + round)
			a, b, c := filled(t, d, 40, k, value), filled(t, d, k+5, k, 1), filled(t, d, 40, k+5, -1)
			r := d.Record("product")
			kernels.MatMulT(r, c, a, b, kernels.Epilogue{})
			recordings, products, all = append(recordings, r), append(products, c), append(all, a, b, c)
		}
		for i := range recordings {
			if err := recordings[len(recordings)-1-i].Submit(); err != nil {
				t.Fatal(err)
			}
		}
		got, err := d.Read(products...)
		if err != nil {
			t.Fatal(err)
		}
		for i, k := range sizes {
			want := make([]float32, len(got[i]))
			for j := range want {
				want[j] = float32((i + 1 + round) * k)
			}
			gputest.Close(t, products[i].String(), got[i], want, 0, 1e-6)
		}
		for _, x := range all {
			x.Buffer.Release()
		}
		if round == 0 {
			live = d.Live()
		} else if d.Live() != live {
			t.Errorf("round %d: %+v, before %+v", round, d.Live(), live)
		}
	}
}

func TestFitsTexels(t *testing.T) {
	fits := gpu.Tensor{Batch: 1, Rows: gpu.TexelSide, Cols: 4 * gpu.TexelSide, Offset: 12, RowStride: 4 * gpu.TexelSide}
	if !fits.FitsTexels() {
		t.Errorf("%+v does not fit", fits)
	}
	for name, change := range map[string]func(x *gpu.Tensor){
		"a batch":      func(x *gpu.Tensor) { x.Batch = 2 },
		"no rows":      func(x *gpu.Tensor) { x.Rows = 0 },
		"tall":         func(x *gpu.Tensor) { x.Rows++ },
		"no columns":   func(x *gpu.Tensor) { x.Cols = 0 },
		"wide":         func(x *gpu.Tensor) { x.Cols, x.RowStride = x.Cols+1, x.RowStride+64 },
		"odd offset":   func(x *gpu.Tensor) { x.Offset++ },
		"odd stride":   func(x *gpu.Tensor) { x.RowStride += 4 },
		"rows overlap": func(x *gpu.Tensor) { x.RowStride -= 64 },
	} {
		x := fits
		if change(&x); x.FitsTexels() {
			t.Errorf("%s: %+v fits", name, x)
		}
	}
}

// A kernel gets the images it reads, and no others; an adapter without images says so.
func TestDispatchTexelsErrors(t *testing.T) {
	d := gputest.Device(t)
	can := d.Texels
	x := filled(t, d, 4, 64, 1)
	defer x.Buffer.Release()
	for _, c := range []struct {
		name   string
		texels bool
		record func(r *gpu.Recorder)
		want   string
	}{
		{"images without use", can, func(r *gpu.Recorder) { r.DispatchTexels("add", nil, [3]int{1, 1, 1}, 1, x, x) }, "add"},
		{"no images", can, func(r *gpu.Recorder) { r.Dispatch("matmul_texels_nt", nil, [3]int{1, 1, 1}, 1) }, "matmul_texels_nt"},
		{"a view that does not fit", can, func(r *gpu.Recorder) {
			r.DispatchTexels("matmul_texels_nt", nil, [3]int{1, 1, 1}, 1, x, x.Part(0, 4, 1, 4))
		}, "filled"},
		{"an adapter without images", false, func(r *gpu.Recorder) {
			r.DispatchTexels("matmul_texels_nn", nil, [3]int{1, 1, 1}, 1, x, x)
		}, d.Adapter.Name},
	} {
		d.Texels = c.texels
		r := d.Record(c.name)
		c.record(r)
		err := r.Submit()
		if !can && c.name != "no images" {
			c.want = d.Adapter.Name
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error that names %s", c.name, err, c.want)
		}
	}
	d.Texels = can
}
