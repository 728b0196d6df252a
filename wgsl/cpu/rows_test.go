package cpu

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

func TestEmbed(t *testing.T) {
	wte, wpe := MatOf([]float32{1, 2, 3, 4, 5, 6}, 3, 2), MatOf([]float32{10, 20, 30, 40}, 2, 2)
	dst := NewMat(2, 2)
	Embed(dst, []int32{2, 0}, wte, wpe)
	for i, want := range []float32{15, 26, 31, 42} {
		if dst.Data[i] != want {
			t.Errorf("element %d is %v, want %v", i, dst.Data[i], want)
		}
	}
}

func TestLayerNormRowsHaveMeanBiasAndDeviationGain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		rows, cols := rapid.IntRange(1, 5).Draw(t, "rows"), rapid.IntRange(8, 70).Draw(t, "cols")
		x, y := random(r, rows, cols), random(r, rows, cols)
		gain, bias := make([]float32, cols), make([]float32, cols)
		for j := range cols {
			gain[j], bias[j] = 3, -2
		}
		LayerNorm(y, x, gain, bias, 0)
		z := random(r, rows, cols)
		LayerNorm(z, x, nil, nil, 0)
		for i := range rows {
			var sum, square float64
			for j, v := range y.Row(i) {
				sum += float64(v)
				square += (float64(v) + 2) * (float64(v) + 2)
				near(t, "gain and bias", float64(v), 3*float64(z.At(i, j))-2)
			}
			near(t, "mean", sum/float64(cols), -2)
			near(t, "deviation", math.Sqrt(square/float64(cols)), 3)
		}
	})
}

func TestLayerNormOfAConstantRowIsTheBias(t *testing.T) {
	x := MatOf([]float32{7, 7, 7}, 1, 3)
	LayerNorm(x, x, []float32{1, 1, 1}, []float32{1, 2, 3}, 1e-5)
	if x.Data[0] != 1 || x.Data[1] != 2 || x.Data[2] != 3 {
		t.Errorf("got %v, want the bias", x.Data)
	}
}

func TestSoftmax(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		rows, cols := rapid.IntRange(1, 70).Draw(t, "rows"), rapid.IntRange(1, 70).Draw(t, "cols")
		causal := rapid.Bool().Draw(t, "causal")
		scale := rapid.Float32Range(-40, 40).Draw(t, "scale") // large logits too
		x, y := random(r, rows, cols), random(r, rows, cols)
		lse := make([]float32, rows)
		Softmax(y, x, scale, causal, lse)
		for i := range rows {
			var sum float64
			for j, p := range y.Row(i) {
				if causal && j > i {
					if p != 0 {
						t.Fatalf("(%d, %d) above the diagonal is %v", i, j, p)
					}
					continue
				}
				sum += float64(p)
				// lse is rounded to float32: near 100 that is 4e-6 of the share.
				if want := math.Exp(float64(scale)*float64(x.At(i, j)) - float64(lse[i])); math.Abs(float64(p)-want) > 2e-5 {
					t.Fatalf("(%d, %d) is %v, exp(s - lse) %v", i, j, p, want)
				}
			}
			near(t, "row sum", sum, 1)
		}
	})
}

func TestSoftmaxOfMaskedRowsAndNaN(t *testing.T) {
	inf := float32(math.Inf(-1))
	x := MatOf([]float32{inf, inf, 1, float32(math.NaN()), 1e30, 1e30}, 3, 2)
	lse := make([]float32, 3)
	Softmax(x, x, 1, false, lse)
	if x.At(0, 0) != 0 || x.At(0, 1) != 0 || lse[0] != Masked {
		t.Errorf("a masked row gives %v, lse %v", x.Row(0), lse[0])
	}
	if !math.IsNaN(float64(x.At(1, 0))) {
		t.Errorf("a row with a NaN gives %v", x.Row(1))
	}
	if x.At(2, 0) != 0.5 || x.At(2, 1) != 0.5 {
		t.Errorf("large equal scores give %v", x.Row(2))
	}
}

func TestAddInPlace(t *testing.T) {
	a := []float32{1, 2, 3}
	Add(a, a, []float32{10, 20, 30})
	if a[0] != 11 || a[2] != 33 {
		t.Errorf("got %v", a)
	}
}
