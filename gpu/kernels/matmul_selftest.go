package kernels

import (
	"headscope/gpu"
	"headscope/wgsl/cpu"
)

// matMulTrials are the products by every method, with every epilogue.
func matMulTrials() []trial {
	var trials []trial
	for _, method := range []Method{Auto, Naive, Blocked, Tiled, MatVec} {
		trials = append(trials,
			trial{"matmul " + method.String(), 5e-5, 1e-5, func(b *bench, s Shape) { tryMatMul(b, s, method, false) }},
			trial{"matmul_t " + method.String(), 5e-5, 1e-5, func(b *bench, s Shape) { tryMatMul(b, s, method, true) }})
	}
	return trials
}

func tryMatMul(b *bench, s Shape, method Method, transposed bool) {
	n, m, k := s.N, s.M, s.N+1
	if method == MatVec {
		n = min(n, matVecRows)
	}
	x, w, bias, residual := b.random(s.H*n*k), b.random(s.H*k*m), b.random(m), b.random(s.H*n*m)
	wRows, wCols, multiply := k, m, cpu.MatMul
	if transposed {
		wRows, wCols, multiply = m, k, cpu.MatMulT
	}
	tx, tw := b.put(s.H, n, k, x), b.put(s.H, wRows, wCols, w)
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
