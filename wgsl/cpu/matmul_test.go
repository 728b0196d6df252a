package cpu

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// random is a matrix with gaps between its rows, filled with NaN so that
// reading or writing one shows.
func random(r *rand.Rand, rows, cols int) Mat {
	m := Mat{Data: make([]float32, rows*(cols+3)), Rows: rows, Cols: cols, Stride: cols + 3}
	for i := range m.Data {
		m.Data[i] = float32(math.NaN())
	}
	for i := range rows {
		for j := range cols {
			m.Row(i)[j] = float32(r.NormFloat64())
		}
	}
	return m
}

func near(t rapid.TB, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-5*max(1, math.Abs(want))) {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

func transpose(m Mat) Mat {
	out := NewMat(m.Cols, m.Rows)
	for i := range m.Rows {
		for j := range m.Cols {
			out.Row(j)[i] = m.At(i, j)
		}
	}
	return out
}

func TestMatMulAgainstItsDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		m, k, n := rapid.IntRange(1, 20).Draw(t, "m"), rapid.IntRange(1, 20).Draw(t, "k"), rapid.IntRange(1, 20).Draw(t, "n")
		a, b, residual := random(r, m, k), random(r, k, n), random(r, m, n)
		bias := random(r, 1, n).Row(0)
		e := Epilogue{GELU: rapid.Bool().Draw(t, "gelu")}
		if rapid.Bool().Draw(t, "bias") {
			e.Bias = bias
		}
		if rapid.Bool().Draw(t, "residual") {
			e.Residual = &residual
		}
		plain, turned := random(r, m, n), random(r, m, n)
		MatMul(plain, a, b, e)
		MatMulT(turned, a, transpose(b), e)
		for i := range m {
			for j := range n {
				var want float64
				for x := range k {
					want += float64(a.At(i, x)) * float64(b.At(x, j))
				}
				if e.Bias != nil {
					want += float64(bias[j])
				}
				if e.GELU {
					want = GELU(want)
				}
				if e.Residual != nil {
					want += float64(residual.At(i, j))
				}
				near(t, "MatMul", float64(plain.At(i, j)), want)
				near(t, "MatMulT", float64(turned.At(i, j)), want)
			}
		}
	})
}

func TestMatMulAddsInPlace(t *testing.T) {
	a, b := MatOf([]float32{1, 2}, 1, 2), MatOf([]float32{3, 4, 5, 6}, 2, 2)
	dst := MatOf([]float32{100, 200}, 1, 2)
	MatMul(dst, a, b, Epilogue{Residual: &dst})
	if dst.Data[0] != 113 || dst.Data[1] != 216 {
		t.Errorf("got %v, want [113 216]", dst.Data)
	}
}

func TestGELU(t *testing.T) {
	// Values of torch.nn.functional.gelu(x, approximate="tanh").
	for x, want := range map[float64]float64{0: 0, 1: 0.841192, -1: -0.158808, 3: 2.996363, -3: -0.003637, 100: 100, -100: 0} {
		if got := GELU(x); math.Abs(got-want) > 1e-6 {
			t.Errorf("GELU(%v) = %v, want %v", x, got, want)
		}
	}
}

func TestMismatchedSizesPanicWithBothShapes(t *testing.T) {
	for name, call := range map[string]func(){
		"cpu: 2x2 = 2x3 times 2x2":                                  func() { MatMul(NewMat(2, 2), NewMat(2, 3), NewMat(2, 2), Epilogue{}) },
		"cpu: 2x2 = 2x3 times the transpose of 2x2":                 func() { MatMulT(NewMat(2, 2), NewMat(2, 3), NewMat(2, 2), Epilogue{}) },
		"cpu: 1 biases for 2 columns":                               func() { MatMul(NewMat(2, 2), NewMat(2, 2), NewMat(2, 2), Epilogue{Bias: []float32{1}}) },
		"cpu: block 2x2 at (1, 0) is outside a 2x2 matrix":          func() { NewMat(2, 2).Sub(1, 0, 2, 2) },
		"cpu: matrix 3 of a batch of 3":                             func() { NewMat(2, 6).Heads(3).Mat(3) },
		"cpu: traits of a 2x3 pattern of 2 tokens":                  func() { Traits(NewMat(2, 3), []int32{1, 2}) },
		"cpu: 1 sums of 1 and 2 values":                             func() { Add(make([]float32, 1), make([]float32, 1), make([]float32, 2)) },
		"cpu: a 5x5 pattern of 3 tokens said twice from position 1": func() { Repeat(NewMat(5, 5), 1, 3) },
	} {
		func() {
			defer func() {
				if got := recover(); got != name {
					t.Errorf("got panic %v, want %q", got, name)
				}
			}()
			call()
		}()
	}
}

func TestHeadsViewAFusedProjection(t *testing.T) {
	qkv := NewMat(2, 12) // two tokens, two heads of width 2
	for i := range qkv.Data {
		qkv.Data[i] = float32(i)
	}
	keys := qkv.Sub(0, 4, 2, 4).Heads(2)
	if k := keys.Mat(1); k.At(0, 0) != 6 || k.At(1, 1) != 19 || k.Rows != 2 || k.Cols != 2 {
		t.Errorf("head 1's keys are %+v", k)
	}
	if b := BatchOf(qkv.Data, 2, 3, 4); b.Mat(1).At(2, 3) != 23 {
		t.Errorf("the last element is %v", b.Mat(1).At(2, 3))
	}
	if empty := qkv.Sub(2, 0, 0, 12); empty.Rows != 0 {
		t.Errorf("no rows are %+v", empty)
	}
}
