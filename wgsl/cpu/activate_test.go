package cpu

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

func TestActivateByHand(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for f, want := range map[Activation][]float64{
		// at -inf, -100, -1, -0.001, 0, 1, 100, inf, NaN
		ReLU:    {0, 0, 0, 0, 0, 1, 100, inf, nan},
		ErfGELU: {0, 0, -0.15865525393145707, -0.0004996010576894837, 0, 0.8413447460685429, 100, inf, nan},
		Sigmoid: {0, 3.720075976020836e-44, 0.2689414213699951, 0.49975000002083336, 0.5, 0.7310585786300049, 1, 1, nan},
		SiLU:    {0, -3.720075976020836e-42, -0.2689414213699951, -0.0004997500000208334, 0, 0.7310585786300049, 100, inf, nan},
		Tanh:    {-1, -1, -0.7615941559557649, -0.000999999666666799, 0, 0.7615941559557649, 1, 1, nan},
		Square:  {inf, 10000, 1, 1e-6, 0, 1, 10000, inf, nan},
	} {
		x := []float32{float32(-inf), -100, -1, -0.001, 0, 1, 100, float32(inf), float32(nan)}
		Activate(x, x, f)
		for i, w := range want {
			if got := float64(x[i]); got != w && !(got != got && w != w) && !(math.Abs(got-w) <= 1e-6*math.Abs(w)+1e-44) {
				t.Errorf("%s, value %d: %v, want %v", f, i, got, w)
			}
		}
	}
}

func TestStandardizeHasMean0Variance1(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		x := random(r, rapid.IntRange(1, 20).Draw(t, "rows"), rapid.IntRange(2, 20).Draw(t, "cols"))
		shift := rapid.SampledFrom([]float32{0, -3, 1000}).Draw(t, "shift")
		for i := range x.Data {
			x.Data[i] += shift
		}
		y := NewMat(x.Rows, x.Cols)
		Standardize(y, x, 0)
		var sum, squares float64
		for _, v := range y.Data {
			sum += float64(v)
			squares += float64(v) * float64(v)
		}
		near(t, "mean", sum/float64(len(y.Data)), 0)
		near(t, "variance", squares/float64(len(y.Data)), 1)
	})
}

func TestStandardizeEdges(t *testing.T) {
	x := MatOf([]float32{7, 7, 7, 7}, 2, 2)
	Standardize(x, x, 1e-5)
	if x.Data[0] != 0 || x.Data[3] != 0 {
		t.Errorf("equal values give %v", x.Data)
	}
	x.Data[2] = float32(math.Inf(1))
	Standardize(x, x, 1e-5)
	for i, v := range x.Data {
		if v == v {
			t.Errorf("value %d of a matrix with an infinity is %v", i, v)
		}
	}
}
