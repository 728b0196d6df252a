package eval

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"headscope/explorer/expr"
	"headscope/gpu"
	"headscope/gpu/gputest"
)

func TestSharedLeavesAreUploadedOnce(t *testing.T) {
	d := gputest.Device(t)
	e := NewExpression(d)
	before := d.Live()
	leaves := &namedLeaves{}
	root := product("none", leaf("X", 64, 64), product("none", leaf("X", 64, 64), leaf("X", 64, 64)))
	run(t, e, root, leaves)
	// One leaf and two results, a quadruple of floats each for their summaries, and the
	// working space of a reduction: a quadruple a row and one for all.
	if got, want := d.Live().Bytes-before.Bytes, uint64(3*64*64*4+3*16+65*16); got != want {
		t.Errorf("%d bytes are alive, want %d", got, want)
	}
	if len(leaves.asked) != 1 {
		t.Errorf("filled %q, want one leaf", leaves.asked)
	}
	checkMatrices(t, e, root)
	e.Release()
	e.Release()
	if after := d.Live(); after.Buffers > before.Buffers+1 { // the device's own staging
		t.Errorf("%d buffers are alive after the release, %d before", after.Buffers, before.Buffers)
	}
	run(t, e, root, leaves)
	e.Release()
}

func TestRunAgainAllocatesNothing(t *testing.T) {
	d := gputest.Device(t)
	e := NewExpression(d)
	defer e.Release()
	tree := func(middle string) *expr.Node {
		return product("softmax", product("gelu", leaf("A", 33, 64), leaf(middle, 64, 64)), product("layernorm", leaf(middle, 64, 64), leaf("B", 64, 20)))
	}
	leaves := &namedLeaves{}
	run(t, e, tree("C"), leaves)
	checkMatrices(t, e, tree("C"))
	before := d.Live()
	for _, middle := range []string{"D", "C", "D"} {
		leaves.asked = nil
		run(t, e, tree(middle), leaves)
		if !slices.Equal(leaves.asked, []string{middle}) {
			t.Errorf("filled %q, want %q alone", leaves.asked, middle)
		}
		checkMatrices(t, e, tree(middle))
		if live := d.Live(); live != before {
			t.Errorf("alive: %+v, before %+v", live, before)
		}
	}
	// A smaller tree gives back what it does not need.
	run(t, e, product("none", leaf("A", 33, 64), leaf("B", 64, 20)), leaves)
	if live := d.Live(); live.Bytes >= before.Bytes || live.Buffers >= before.Buffers {
		t.Errorf("alive with one product: %+v, with more %+v", live, before)
	}
}

// A leaf that is larger than a piece of an upload, and reading a little of it.
func TestLargeLeaf(t *testing.T) {
	d := gputest.Device(t)
	e := NewExpression(d)
	defer e.Release()
	const rows, cols = 1449, 1451
	values := make([]float32, rows*cols)
	for i := range values {
		values[i] = float32(i % 100003)
	}
	run(t, e, product("none", leaf("A", rows, cols), leaf("one", cols, 1)), &namedLeaves{set: map[string][]float32{"A": values, "one": make([]float32, cols)}})
	if got := read(t, e, "left"); !slices.Equal(got.Data, values) {
		t.Error("the leaf's values are others than were given")
	}
	part, err := e.ReadPart("left", 1440, 1449, 9, 2)
	if err != nil || part.Data[0] != values[1440*cols+1449] || part.Data[17] != values[1448*cols+1450] {
		t.Errorf("the last elements are %v, %v", part, err)
	}
	got, err := e.ReadElements([]Element{{"left", 1448, 1450}, {"root", 7, 0}, {"left", 3, 2}})
	if want := []float32{values[rows*cols-1], 0, 3*cols + 2}; err != nil || !slices.Equal(got, want) {
		t.Errorf("elements %v, %v, want %v", got, err, want)
	}
	if got, err := e.ReadElements(nil); got != nil || err != nil {
		t.Errorf("no elements are %v, %v", got, err)
	}
}

// What is no number goes where the mathematics takes it, and is counted.
func TestNotFinite(t *testing.T) {
	d := gputest.Device(t)
	e := NewExpression(d)
	defer e.Release()
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	leaves := &namedLeaves{set: map[string][]float32{"A": {1, 2, nan, 4, inf, 6, -3, -2}, "I": {1, 0, 1, 1}}}
	for _, d.Family = range families {
		run(t, e, product("relu", leaf("A", 4, 2), leaf("I", 2, 2)), leaves)
		gputest.Close(t, "relu", read(t, e, "root").Data, []float32{3, 2, nan, nan, inf, nan, 0, 0}, 0, 0)
		s, err := e.Summaries()
		if want := (Summary{AbsMax: 6, AbsMin: 1, Sum: 8, NotFinite: 2}); err != nil || s["left"] != want {
			t.Errorf("the leaf's summary is %+v, %v, want %+v", s["left"], err, want)
		}
		if want := (Summary{AbsMax: 3, Sum: 5, NotFinite: 4}); s["root"] != want {
			t.Errorf("the result's summary is %+v, want %+v", s["root"], want)
		}
	}
}

// after runs behind the expression and finds its matrices.
func TestAfter(t *testing.T) {
	d := gputest.Device(t)
	e := NewExpression(d)
	defer e.Release()
	b, err := d.NewStorage("copy", 16)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Release()
	err = e.Run(t.Context(), product("none", leaf("A", 1, 1), leaf("B", 1, 1)), &namedLeaves{set: map[string][]float32{"A": {6}, "B": {7}}}, func(r *gpu.Recorder) {
		x, err := e.Matrix("root")
		r.Fail(err)
		r.Copy(b, 0, x.Buffer, 0, 4)
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := d.Read(b.Tensor(1, 1, 1)); err != nil || got[0][0] != 42 {
		t.Errorf("got %v, %v", got, err)
	}
}

// What cannot be is refused in one line that says what, before anything changes.
func TestRefused(t *testing.T) {
	d := gputest.Device(t)
	e := NewExpression(d)
	defer e.Release()
	d.Family = gpu.Registers
	good := product("none", leaf("A", 2, 2), leaf("B", 2, 2))
	run(t, e, good, &namedLeaves{})
	before := d.Live()
	many := product("none", leaf("L", 5000, 1), leaf("R", 1, 5000)) // 95 MiB
	for range 11 {
		many = product("none", many, many)
	}
	for want, root := range map[string]*expr.Node{
		"agree":                               product("none", leaf("A", 2, 3), leaf("B", 2, 2)),
		`"x**3"`:                              product("x**3", leaf("A", 2, 2), leaf("B", 2, 2)),
		"a matrix has 1 to 1048576":           product("none", leaf("A", 0, 2), leaf("B", 2, 2)),
		"A (left) is 1 x 4611686018427387904": product("none", leaf("A", 1, 1<<62), leaf("B", 2, 2)),
		"big (root) is 1048576 x 1048576 and needs 4 TiB": {Name: "big", Left: leaf("A", 1<<20, 1), Right: leaf("B", 1, 1<<20), Epilog: "none"},
		"90000 columns": product("softmax", leaf("A", 1, 1), leaf("B", 1, 90000)),
		"4097 matrices": many,
	} {
		err := e.Run(t.Context(), root, &namedLeaves{}, nil)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") || len(err.Error()) > 400 {
			t.Errorf("got %v; want one line with %q", err, want)
		}
	}
	if live := d.Live(); live != before {
		t.Errorf("alive after what was refused: %+v, before %+v", live, before)
	}
	checkMatrices(t, e, good)
}

// A Run that fails later leaves no results, and the next one is whole again.
func TestFailedRuns(t *testing.T) {
	d := gputest.Device(t)
	e := NewExpression(d)
	defer e.Release()
	root := product("none", leaf("A", 2, 2), product("none", leaf("B", 2, 2), leaf("C", 2, 2)))
	if _, err := e.Matrix("root"); err == nil {
		t.Error("there is a matrix before a run")
	}
	if _, err := e.Summaries(); err == nil {
		t.Error("there are summaries before a run")
	}
	ctx, cancel := context.WithCancel(t.Context())
	broken := errors.New("broken")
	for want, fail := range map[string]func() error{
		"no such file": func() error { return e.Run(t.Context(), root, &namedLeaves{fail: "B"}, nil) },
		"3 values": func() error {
			return e.Run(t.Context(), root, &namedLeaves{set: map[string][]float32{"A": {1, 2, 3}}}, nil)
		},
		"context canceled": func() error { return e.Run(ctx, root, &namedLeaves{then: cancel}, nil) },
		"broken": func() error {
			return e.Run(t.Context(), root, &namedLeaves{}, func(r *gpu.Recorder) { r.Fail(broken) })
		},
	} {
		e.Release() // nothing is filled
		if err := fail(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
		if _, err := e.Read("root"); err == nil {
			t.Errorf("%s: there is a result", want)
		}
		run(t, e, root, &namedLeaves{})
		checkMatrices(t, e, root)
	}
	for _, bad := range []Element{{"up", 0, 0}, {"left", 2, 0}, {"left", 0, -1}} {
		if got, err := e.ReadElements([]Element{{"root", 0, 0}, bad}); err == nil {
			t.Errorf("%v is %v", bad, got)
		}
	}
	for _, bad := range [][4]int{{0, 0, 3, 1}, {1, 1, 1, 2}, {-1, 0, 1, 1}, {0, 0, math.MaxInt, 1}} {
		if got, err := e.ReadPart("root", bad[0], bad[1], bad[2], bad[3]); err == nil {
			t.Errorf("part %v is %v", bad, got)
		}
	}
}
