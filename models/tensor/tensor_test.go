package tensor

import (
	"math"
	"testing"
)

func TestShapeReadings(t *testing.T) {
	for _, c := range []struct {
		shape           []int
		len, rows, cols int
	}{
		{nil, 1, 1, 1}, {[]int{5}, 5, 1, 5}, {[]int{3, 4}, 12, 3, 4},
		{[]int{2, 3, 4}, 24, 6, 4}, {[]int{0, 4}, 0, 0, 4}, {[]int{4, 0}, 0, 4, 0},
	} {
		x := New(c.shape...)
		if x.Len() != c.len || len(x.Data) != c.len || x.Rows() != c.rows || x.Cols() != c.cols {
			t.Errorf("%v: len %d rows %d cols %d, want %d %d %d", c.shape, x.Len(), x.Rows(), x.Cols(), c.len, c.rows, c.cols)
		}
	}
	x := New(2, 3)
	x.Row(1)[2] = 7
	if x.Data[5] != 7 || len(x.Row(1)) != 3 || cap(x.Row(0)) != 3 {
		t.Errorf("Row does not alias exactly one row: %v", x.Data)
	}
}

func TestCheckedLen(t *testing.T) {
	for _, c := range []struct {
		shape []int
		want  int
	}{{nil, 1}, {[]int{0}, 0}, {[]int{3, 5}, 15}, {[]int{0, 7}, 0}, {[]int{math.MaxInt / 8}, math.MaxInt / 8}} {
		if n, err := CheckedLen(c.shape); err != nil || n != c.want {
			t.Errorf("%v: %d, %v; want %d", c.shape, n, err, c.want)
		}
	}
	for _, shape := range [][]int{
		{-1}, {2, -3}, {0, -1}, {math.MaxInt, 2}, {1 << 30, 1 << 30, 1 << 30}, {1 << 30, 1 << 30, 1 << 30, 0}, {math.MaxInt}, {math.MinInt},
	} {
		if n, err := CheckedLen(shape); err == nil {
			t.Errorf("%v: %d, want an error", shape, n)
		}
	}
}

func TestFirstNonFinite(t *testing.T) {
	for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), math.Float32frombits(0x7f800001)} {
		for n := range 40 {
			x := make([]float32, n)
			for i := range x {
				x[i] = []float32{math.MaxFloat32, -math.MaxFloat32, 0, -1e-45, 1}[i%5]
			}
			if got := FirstNonFinite(x); got != -1 {
				t.Fatalf("%d finite values: got %d", n, got)
			}
			for i := n - 1; i >= 0; i-- { // earlier ones last: the first must be found among several
				x[i] = bad
				if got := FirstNonFinite(x); got != i {
					t.Fatalf("%v at %d of %d: got %d", bad, i, n, got)
				}
			}
		}
	}
}

func TestDtypeNames(t *testing.T) {
	for d := F16; d <= Bool; d++ {
		got, err := ParseDtype(d.String())
		if err != nil || got != d || d.Size() == 0 {
			t.Errorf("%v: parsed as %v, %v; size %d", d, got, err, d.Size())
		}
	}
	for _, name := range []string{"", "F8_E4M3", "f32"} {
		if d, err := ParseDtype(name); err == nil {
			t.Errorf("%q: parsed as %v, want an error", name, d)
		}
	}
	for _, d := range []Dtype{0, Bool + 1, 255} {
		if d.Size() != 0 || d.String() == "" {
			t.Errorf("%v: size %d", d, d.Size())
		}
	}
}

func TestTransposedTensor(t *testing.T) {
	x := New(2, 3)
	for i := range x.Data {
		x.Data[i] = float32(i)
	}
	y := x.Transposed()
	if y.Rows() != 3 || y.Cols() != 2 {
		t.Fatalf("the shape is %v", y.Shape)
	}
	for i := range 2 {
		for j := range 3 {
			if y.Row(j)[i] != x.Row(i)[j] {
				t.Errorf("[%d, %d] is %v, want %v", j, i, y.Row(j)[i], x.Row(i)[j])
			}
		}
	}
}
