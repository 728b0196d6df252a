package eval

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"headscope/explorer/anim"
	"headscope/explorer/expr"
	"headscope/explorer/layout"
	sources "headscope/explorer/leaf"
	"headscope/explorer/leaf/standin"
	"headscope/explorer/mmtest"
	"headscope/explorer/session"
	"headscope/gpu/gputest"
	"headscope/models/tensor"

	"pgregory.net/rapid"
)

// animate is the animation of a tree that can be laid out.
func animate(t rapid.TB, root *expr.Node) *anim.Animation {
	t.Helper()
	s, err := layout.Layout(root)
	if err != nil {
		t.Fatal(err)
	}
	a, err := anim.New(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func show(t rapid.TB, m *Motion, step int) {
	t.Helper()
	if err := m.Show(context.Background(), step); err != nil {
		t.Fatalf("step %d: %v", step, err)
	}
}

// shownMatrix is what a motion shows of a matrix.
func shownMatrix(t rapid.TB, m *Motion, path string) tensor.Tensor {
	t.Helper()
	x, err := m.Matrix(path)
	if err != nil {
		t.Fatal(err)
	}
	v, err := m.ReadPart(path, 0, 0, x.Rows, x.Cols)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// shownPlane is what a motion shows of a plane.
func shownPlane(t rapid.TB, m *Motion, p MotionPlane) []float32 {
	t.Helper()
	if p.Values.Rows != p.Rows.N || p.Values.Cols != p.Cols.N {
		t.Fatalf("a plane of %d x %d has values %s", p.Rows.N, p.Cols.N, p.Values)
	}
	data, err := m.e.device.Read(p.Values)
	if err != nil {
		t.Fatal(err)
	}
	return data[0]
}

// Every recorded step of mm's animations, computed on the device.
func TestMotionsAreMMs(t *testing.T) {
	d := gputest.Device(t)
	links, moving := mmtest.Links(t), 0
	for _, g := range mmtest.Recordings(t) {
		if g.Anim == nil {
			continue
		}
		moving++
		t.Run(strconv.Itoa(g.Link), func(t *testing.T) {
			s, err := session.Open(links[g.Link-1], session.Files)
			if err != nil {
				t.Fatal(err)
			}
			e := NewExpression(d)
			defer e.Release()
			run(t, e, s.Root, &sources.Source{Files: []sources.Finder{standin.Finder{}}})
			a := animate(t, s.Root)
			m := NewMotion(e, a)
			defer m.Release()
			for _, step := range g.Anim.Steps {
				show(t, m, a.At(step.Bump).Step) // some were recorded after it started over
				planes := m.Planes()
				for n, want := range step.Results {
					visible := 0
					for _, x := range shownMatrix(t, m, want.Path).Data {
						if x != 0 {
							visible++
						}
					}
					own := slices.DeleteFunc(slices.Clone(planes), func(p MotionPlane) bool { return p.Result != n })
					if got := m.State().Results[n].Path; got != want.Path || visible != want.Visible || len(own) != want.Intermediates {
						t.Fatalf("step %d, %s: %d visible, %d planes of %s; want %d and %d", step.Bump, want.Path, visible, len(own), got, want.Visible, want.Intermediates)
					}
					for i, w := range want.Planes {
						values := shownPlane(t, m, own[i])
						off := 1e-4 * largest(doubles(values))
						if own[i].Rows.N != w.H || own[i].Cols.N != w.W || !own[i].Position().ApproxEqualThreshold(w.Position, 1e-3) ||
							!(math.Abs(float64(values[0])-w.First) <= off && math.Abs(float64(values[len(values)-1])-w.Last) <= off) {
							t.Errorf("step %d, %s: plane %d is %d x %d at %v, from %v to %v; want %+v",
								step.Bump, want.Path, i, own[i].Rows.N, own[i].Cols.N, own[i].Position(), values[0], values[len(values)-1], w)
						}
					}
				}
			}
		})
	}
	if moving == 0 {
		t.Error("no recording has steps")
	}
}

// anyTree is a product of some small matrices, animated in any way.
func anyTree(t *rapid.T) *expr.Node {
	names := 0
	size := func(label string) int { return rapid.IntRange(1, 11).Draw(t, label) }
	var grow func(depth, h, w int) *expr.Node
	grow = func(depth, h, w int) *expr.Node {
		if depth < 2 && (depth == 0 || rapid.IntRange(0, 2).Draw(t, "leaf") == 0) {
			n := expr.Default().Left
			n.H, n.W = h, w
			n.Name = fmt.Sprintf("x%d", names)
			names++
			return n
		}
		d := size("d")
		n := expr.Default()
		n.Left, n.Right = grow(depth-1, h, d), grow(depth-1, d, w)
		n.Epilog = rapid.SampledFrom(expr.Epilogs).Draw(t, "epilog")
		put(t, n, "anim.alg", rapid.SampledFrom(append([]string{"vmprod", "mvprod", "inherit"}, expr.Algs...)).Draw(t, "alg"))
		put(t, n, "anim.fuse", rapid.SampledFrom(expr.Fuses).Draw(t, "fuse"))
		if rapid.IntRange(0, 3).Draw(t, "hide") == 0 {
			put(t, n, "anim.hide inputs", rapid.Bool().Draw(t, "hides"))
		}
		for _, axis := range []string{"i", "k", "j"} {
			put(t, n, "block."+axis+" blocks", rapid.IntRange(1, 4).Draw(t, axis))
		}
		return n
	}
	root := grow(2, size("h"), size("w"))
	put(t, root, "anim.alg", rapid.SampledFrom(expr.Algs[2:]).Draw(t, "root alg"))
	root.Resolve()
	return root
}

func put(t rapid.TB, n *expr.Node, key string, value any) {
	t.Helper()
	if err := n.Set(key, value); err != nil {
		t.Fatal(err)
	}
}

// scaled is what an epilog makes of sums beside their factor, as an epilog that reference
// knows, and the factor that this one needs of k products.
func scaled(epilog string, k int) (rest string, factor float64) {
	switch epilog {
	case "x/k":
		return "none", 1 / float64(k)
	case "x/sqrt(k)":
		return "none", 1 / math.Sqrt(float64(k))
	case "softmax(x/sqrt(k))":
		return "softmax", 1 / math.Sqrt(float64(k))
	case "softmax(tril(x/sqrt(k)))":
		return "softmax(tril(x/8))", 8 / math.Sqrt(float64(k))
	}
	return epilog, 1
}

// through takes sums, whose products have sizes of up to size together, through an epilog, in
// float64. off is how far float32 may be.
func through(epilog string, h, w int, sums []float64, size float64) (out []float64, off float64) {
	// As a product by ones on a diagonal, and two more that take size away again.
	left, right := make([]float64, h*(w+2)), make([]float64, (w+2)*w)
	for i := range h {
		copy(left[i*(w+2):], sums[i*w:(i+1)*w])
		left[i*(w+2)+w], left[i*(w+2)+w+1] = size, -size
	}
	for j := range w {
		right[j*w+j], right[w*w+j], right[w*w+w+j] = 1, 1, 1
	}
	return reference(epilog, h, w+2, w, left, right)
}

// single is the part of an epilog that takes single elements.
func single(epilog string) string {
	if epilog == "layernorm" || strings.HasPrefix(epilog, "softmax") {
		return "none"
	}
	return epilog
}

// checkMotion compares all that a motion shows with what the sums and planes are said to be.
func checkMotion(t rapid.TB, m *Motion) {
	t.Helper()
	values := map[string]tensor.Tensor{}
	for path := range m.e.byPath {
		values[path] = read(t, m.e, path)
	}
	planes := m.Planes()
	for n, res := range m.State().Results {
		prefix := strings.TrimPrefix(res.Path+".", "root.")
		l, r := values[prefix+"left"], values[prefix+"right"]
		h, k, w := res.Node.Shape()
		left := func(i, j int) float32 { return l.Data[i*k+j] }
		right := func(i, j int) float32 { return r.Data[i*w+j] }
		for side, leaf := range map[string]*expr.Node{"left": res.Node.Left, "right": res.Node.Right} {
			if leaf.IsMatMul() {
				continue
			}
			want := slices.Clone(values[prefix+side].Data)
			if res.InputsHidden {
				clear(want)
			}
			if got := shownMatrix(t, m, prefix+side).Data; !slices.Equal(got, want) {
				t.Fatalf("%s: %v, want %v", prefix+side, got, want)
			}
		}
		near := func(what string, reach anim.Sums, got, want []float64, off float64) {
			t.Helper()
			for i := range got {
				if wanted := want[i]; !reach.Shows(i/w, i%w) && got[i] != 0 || reach.Shows(i/w, i%w) && !(math.Abs(got[i]-wanted) <= off) {
					t.Fatalf("step %d, %s, %s: element (%d, %d) is %v, want %v within %g", m.State().Step, res.Path, what, i/w, i%w, got[i], wanted, off)
				}
			}
		}
		size := 0.0
		for i := range h {
			for j := range w {
				var sum float64
				for d := range k {
					sum += math.Abs(float64(left(i, d)) * float64(right(d, j)))
				}
				size = max(size, sum)
			}
		}
		rest, factor := scaled(res.Node.Epilog, k)
		got := doubles(shownMatrix(t, m, res.Path).Data)
		if res.Phase == anim.Running && res.Shown.Count > 0 && buildsUp(res) {
			sums := make([]float64, h*w)
			for i := range sums {
				sums[i] = factor * res.Shown.Sum(i/w, i%w, k, left, right)
			}
			want, off := through(rest, h, w, sums, factor*size)
			near("sums", res.Shown, got, want, off)
		} else {
			near("result", res.Shown, got, doubles(values[res.Path].Data), 0)
		}
		own := slices.DeleteFunc(slices.Clone(planes), func(p MotionPlane) bool { return p.Result != n })
		if len(own) != res.PlaneCount() {
			t.Fatalf("step %d, %s: %d planes, want %d", m.State().Step, res.Path, len(own), res.PlaneCount())
		}
		for _, p := range own {
			got := shownPlane(t, m, p)
			if p.Kind == anim.Products {
				for i := range got {
					row, col := i/p.Cols.N, i%p.Cols.N
					want := float32(0)
					if p.Shown.Count > 0 {
						want = float32(p.Sum(row, col, left, right))
					}
					if got[i] != want {
						t.Fatalf("step %d, %s: element (%d, %d) of %+v is %v, want %v", m.State().Step, res.Path, row, col, p.Plane, got[i], want)
					}
				}
				continue
			}
			sums := make([]float64, h*w)
			for i := range sums {
				sums[i] = factor * p.Sum(i/w, i%w, left, right)
			}
			if strings.Contains(rest, "x/8") { // a factor that goes with the rest
				for i := range sums {
					sums[i] /= 8
				}
			}
			want, off := through(single(rest), h, w, sums, factor*size)
			near("partial", p.Shown, doubles(got), want, off)
		}
	}
}

// contents are the bits of all that a motion shows.
func contents(t rapid.TB, m *Motion) (bits []uint32) {
	t.Helper()
	add := func(x []float32) {
		for _, v := range x {
			bits = append(bits, math.Float32bits(v))
		}
	}
	for _, path := range slices.Sorted(maps.Keys(m.e.byPath)) {
		add(shownMatrix(t, m, path).Data)
	}
	for _, p := range m.Planes() {
		add(shownPlane(t, m, p))
	}
	return bits
}

// What every step shows is what its sums and planes are said to be; it hangs on no step
// before, and nothing stays behind.
func TestMotionsShowWhatIsSaid(t *testing.T) {
	d := gputest.Device(t)
	for _, d.Family = range families {
		rapid.Check(t, func(t *rapid.T) {
			root := anyTree(t)
			e := NewExpression(d)
			defer e.Release()
			run(t, e, root, &namedLeaves{})
			a := animate(t, root)
			m, fresh := NewMotion(e, a), NewMotion(e, a)
			defer m.Release()
			defer fresh.Release()
			steps := rapid.SliceOfN(rapid.IntRange(1, a.Steps()), 1, 5).Draw(t, "steps")
			var first [][]uint32
			last := map[string][]float32{}
			for _, step := range steps {
				show(t, m, step)
				checkMotion(t, m)
				first = append(first, contents(t, m))
				for path := range e.byPath {
					now := shownMatrix(t, m, path).Data
					if was, ok := last[path]; ok && !m.Changed(path) && !slices.Equal(now, was) {
						t.Fatalf("step %d: %s changed, and it does not say so", step, path)
					} else if !ok && !m.Changed(path) {
						t.Fatalf("%s is new, and it does not say so", path)
					}
					last[path] = now
				}
			}
			for n := len(steps) - 1; n >= 0; n-- {
				for _, m := range []*Motion{m, fresh} {
					show(t, m, steps[n])
					if !slices.Equal(contents(t, m), first[n]) {
						t.Fatalf("step %d shows something else the other way round", steps[n])
					}
				}
			}
		})
	}
}
