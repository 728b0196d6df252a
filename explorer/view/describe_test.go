package view

import (
	"context"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"headscope/explorer/anim"
	"headscope/explorer/camera"
	"headscope/explorer/eval"
	"headscope/explorer/expr"
	"headscope/explorer/session"
)

func TestNumbersAsJSON(t *testing.T) {
	for want, n := range map[string]Number{
		"0": 0, "-2.5": -2.5, "1e-300": 1e-300, "0.1": 0.1, "0.30000000000000004": 0.1 + Number(0.2),
		"null": Number(math.NaN()),
	} {
		got, err := json.Marshal(n)
		if err != nil || string(got) != want {
			t.Errorf("%v is %s, %v; want %s", float64(n), got, err, want)
		}
	}
	got, err := json.Marshal(map[string]any{"a": numbers(1, math.Inf(1), math.Inf(-1)), "b": numbers()})
	if err != nil || string(got) != `{"a":[1,null,null],"b":[]}` {
		t.Errorf("%s, %v", got, err)
	}
}

// given are leaves with the values that a test gives them, by name.
type given map[string][]float32

func (g given) Key(n *expr.Node) string { return n.Name }

func (g given) Values(_ context.Context, n *expr.Node) ([]float32, error) { return g[n.Name], nil }

// describe describes L @ R with given values.
func describe(t *testing.T, h, d, w int, leaves given) Description {
	t.Helper()
	hall := newHall(t)
	s, err := session.FromExpression("L @ R")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Root.Resize(s.Root.Left, h, d); err != nil {
		t.Fatal(err)
	}
	if err := s.Root.Resize(s.Root.Right, d, w); err != nil {
		t.Fatal(err)
	}
	if err := hall.values.Run(t.Context(), s.Root, leaves, nil); err != nil {
		t.Fatal(err)
	}
	if err := hall.view.Show(s.Root, hall.values); err != nil {
		t.Fatal(err)
	}
	hall.picture(s.Camera, 40, 30) // however small, it can be drawn
	description, err := hall.view.Describe(s.Camera, camera.Viewport{W: 400, H: 300})
	if err != nil {
		t.Fatal(err)
	}
	return description
}

// matrixOf is the matrix of a description at a path.
func matrixOf(t *testing.T, d Description, path string) MatrixDescription {
	t.Helper()
	for _, m := range d.Matrices {
		if m.Path == path {
			return m
		}
	}
	t.Fatalf("there is no matrix %s in %+v", path, d)
	return MatrixDescription{}
}

// Samples of matrices that are smaller than the number of samples are their own elements.
func TestDescribeTinyMatrices(t *testing.T) {
	d := describe(t, 1, 1, 3, given{"L": {2}, "R": {1, -2, 0}})
	if d.Expr != "L @ R" || len(d.Matrices) != 3 {
		t.Fatalf("%q with %d matrices", d.Expr, len(d.Matrices))
	}
	for path, c := range map[string]struct {
		kind   string
		values []float64
		absmax float64
		sum    float64
	}{
		"left":  {"leaf", []float64{2}, 2, 2},
		"right": {"leaf", []float64{1, -2, 0}, 2, -1},
		"root":  {"result", []float64{2, -4, 0}, 4, -2},
	} {
		m := matrixOf(t, d, path)
		if m.Kind != c.kind || m.H != 1 || m.W != len(c.values) || float64(m.AbsMax) != c.absmax || float64(m.Sum) != c.sum || m.GlobalAbsMax != 4 {
			t.Errorf("%s is %+v, want %+v", path, m, c)
		}
		if len(m.Samples) != 7 || m.Samples[3].J != m.W-1 {
			t.Errorf("%s has samples %+v", path, m.Samples)
		}
		for _, s := range m.Samples {
			if s.I != 0 || s.J < 0 || s.J >= m.W || float64(s.Value) != c.values[s.J] {
				t.Errorf("%s: sample %+v of %v", path, s, c.values)
			}
			if zero := s.Value == 0; zero != (s.Size == 0) || len(s.RGB) != 3 {
				t.Errorf("%s: sample %+v", path, s)
			}
		}
		if len(m.ModelToWorld) != 16 || len(m.Corners[0]) != 3 || m.Blocks != [2]int{1, 1} {
			t.Errorf("%s stands at %+v, %+v, in %v blocks", path, m.ModelToWorld, m.Corners, m.Blocks)
		}
	}
	if len(d.Camera.Position) != 3 || len(d.Camera.Target) != 3 || len(d.Box.Min) != 3 || len(d.Box.Max) != 3 {
		t.Errorf("camera %+v, box %+v", d.Camera, d.Box)
	}
}

// What is no number is null in JSON, white and of full size, and does not count as a maximum.
func TestDescribeWhatIsNoNumber(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	d := describe(t, 2, 1, 2, given{"L": {nan, 1}, "R": {0.5, inf}})
	left := matrixOf(t, d, "left")
	if left.AbsMax != 1 || d.Matrices[0].GlobalAbsMax != 1 || !math.IsNaN(float64(left.Sum)) {
		t.Errorf("left is %+v", left)
	}
	full := left.Samples[1] // the 1, at the end of its range
	if first := left.Samples[0]; !math.IsNaN(float64(first.Value)) || first.Size != full.Size || first.RGB[0] != 1 || first.RGB[1] != 1 || first.RGB[2] != 1 {
		t.Errorf("NaN is %+v; a full one is %+v", first, full)
	}
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	var back Description
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	if !strings.Contains(string(text), `"value":null`) || !strings.Contains(string(text), `"sum":null`) || strings.Contains(string(text), "NaN") || strings.Contains(string(text), "Inf") {
		t.Errorf("%s", text)
	}
}

// Of many planes the first three are described, and what is no number there is null.
func TestDescribeStep(t *testing.T) {
	hall := newHall(t)
	s, err := session.FromExpression("L @ R")
	if err != nil {
		t.Fatal(err)
	}
	for side, n := range map[*expr.Node][2]int{s.Root.Left: {4, 2}, s.Root.Right: {2, 3}} {
		if err := s.Root.Resize(side, n[0], n[1]); err != nil {
			t.Fatal(err)
		}
	}
	for key, value := range map[string]any{"anim.alg": "vmprod", "block.i blocks": 4} {
		if err := s.Root.Set(key, value); err != nil {
			t.Fatal(err)
		}
	}
	s.Root.Resolve()
	nan := float32(math.NaN())
	leaves := given{"L": {nan, 1, 2, 0, 0, 0, 1, 1}, "R": {1, 2, 3, 4, 5, 6}}
	if err := hall.values.Run(t.Context(), s.Root, leaves, nil); err != nil {
		t.Fatal(err)
	}
	if err := hall.view.Show(s.Root, hall.values); err != nil {
		t.Fatal(err)
	}
	a, err := anim.New(hall.view.Scene)
	if err != nil {
		t.Fatal(err)
	}
	m := eval.NewMotion(hall.values, a)
	defer m.Release()
	if err := m.Show(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	d, err := hall.view.DescribeStep(m)
	if err != nil || d.Alg != "vmprod" || d.Fuse != "none" || d.Step != 1 || len(d.Results) != 1 {
		t.Fatalf("%+v, %v", d, err)
	}
	// Rows 0 (NaN), 1 and 3 are not 0; each block of i has its plane.
	r := d.Results[0]
	if r.Path != "root" || r.Visible != 9 || r.Intermediates != 4 || len(r.Planes) != 3 {
		t.Fatalf("%+v", r)
	}
	for i, want := range [][2]float64{{math.NaN(), 6}, {2, 0}, {0, 0}} {
		p := r.Planes[i]
		first, last := float64(p.First), float64(p.Last)
		if p.H != 2 || p.W != 3 || len(p.Position) != 3 || last != want[1] || first != want[0] && !(first != first && want[0] != want[0]) {
			t.Errorf("plane %d is %+v, want it from %v to %v", i, p, want[0], want[1])
		}
	}
	text, err := json.Marshal(d)
	if err != nil || !strings.Contains(string(text), `"first":null,"last":6`) {
		t.Errorf("%s, %v", text, err)
	}
}
