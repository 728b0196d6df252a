package kernels

import (
	"math"

	"headscope/gpu"
	"headscope/wgsl/cpu"
)

// matMulTrials are the products by every method that the device has, with every epilogue.
func matMulTrials(d *gpu.Device) []trial {
	methods := []Method{Auto, Naive, Blocked, Tiled, MatVec}
	if d.Texels {
		methods = append(methods, Texels)
	}
	var trials []trial
	for _, method := range methods {
		trials = append(trials,
			trial{"matmul " + method.String(), 5e-5, 1e-5, func(b *bench, s Shape) { tryMatMul(b, s, method, false) }},
			trial{"matmul_t " + method.String(), 5e-5, 1e-5, func(b *bench, s Shape) { tryMatMul(b, s, method, true) }})
	}
	return trials
}

func tryMatMul(b *bench, s Shape, method Method, transposed bool) {
	n, m, k, put := s.N, s.M, s.N+1, b.put
	switch method {
	case MatVec:
		n = min(n, matVecRows)
	case Texels:
		s.H, put = 1, b.putApart
	}
	x, w, bias, residual := b.random(s.H*n*k), b.random(s.H*k*m), b.random(m), b.random(s.H*n*m)
	wRows, wCols, multiply := k, m, cpu.MatMul
	if transposed {
		wRows, wCols, multiply = m, k, cpu.MatMulT
	}
	tx, tw := put(s.H, n, k, x), put(s.H, wRows, wCols, w)
	tBias, tResidual := b.put(1, 1, m, bias), b.put(s.H, n, m, residual)
	for i := range 8 {
		var e Epilogue
		var twin cpu.Epilogue
		if i&1 != 0 {
			e.Bias, twin.Bias = tBias, bias
		}
		if i&2 != 0 {
			e.GELU, twin.GELU = true, true
		}
		if i&4 != 0 {
			e.Residual = tResidual
		}
		out := b.room(s.H, n, m)
		b.record(func(r *gpu.Recorder) { MatMulBy(r, method, out, tx, tw, transposed, e) })
		want := make([]float32, s.H*n*m)
		for h := range s.H {
			if i&4 != 0 {
				of := cpu.MatOf(residual[h*n*m:], n, m)
				twin.Residual = &of
			}
			multiply(cpu.MatOf(want[h*n*m:], n, m), cpu.MatOf(x[h*n*k:], n, k), cpu.MatOf(w[h*k*m:], wRows, wCols), twin)
		}
		b.expect(out, want)
	}
}

// putApart is put with rows that begin every 64 floats, NaN behind each.
func (b *bench) putApart(batch, rows, cols int, data []float32) gpu.Tensor {
	stride := ceil(cols, 64) * 64
	wide := make([]float32, batch*rows*stride)
	for i := range wide {
		wide[i] = float32(math.NaN())
		if r, c := i/stride, i%stride; c < cols {
			wide[i] = data[r*cols+c]
		}
	}
	return b.put(batch, rows, stride, wide).Part(0, rows, 0, cols)
}
