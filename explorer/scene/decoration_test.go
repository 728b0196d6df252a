package scene

import (
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-gl/mathgl/mgl64"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"headscope/explorer/camera"
	"headscope/explorer/expr"
	"headscope/explorer/layout"
)

type fataler interface{ Fatal(...any) }

func laidOut(t fataler, root *expr.Node) layout.Scene {
	s, err := layout.Layout(root)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// realScenes are those of all links, in their order.
func realScenes(t testing.TB) []layout.Scene {
	t.Helper()
	var scenes []layout.Scene
	for _, s := range sessions(t) {
		scenes = append(scenes, laidOut(t, s.Root))
	}
	return scenes
}

// anyScene is a product of up to 8 matrices of 1 to 20 rows and columns, placed, cut and
// labelled at random.
func anyScene(t *rapid.T) (layout.Scene, *expr.Node) {
	var node func(depth, h, w int) *expr.Node
	node = func(depth, h, w int) *expr.Node {
		n := expr.Default()
		if depth == 0 || depth < 3 && rapid.Bool().Draw(t, "leaf") {
			n = n.Left
			n.H, n.W = h, w
		} else {
			d := rapid.IntRange(1, 20).Draw(t, "d")
			n.Left, n.Right = node(depth-1, h, d), node(depth-1, d, w)
			n.Layout = expr.Layout{
				Scheme:   "custom",
				Gap:      rapid.Float64Range(0, 10).Draw(t, "gap"),
				Scatter:  rapid.Float64Range(0, 20).Draw(t, "scatter"),
				Molecule: 1,
				Polarity: rapid.SampledFrom([]string{"negative", "positive"}).Draw(t, "polarity"),
				Left:     rapid.SampledFrom([]string{"left", "right"}).Draw(t, "left"),
				Right:    rapid.SampledFrom([]string{"top", "bottom"}).Draw(t, "right"),
				Result:   rapid.SampledFrom([]string{"front", "back"}).Draw(t, "result"),
			}
		}
		blocks := rapid.IntRange(1, 6)
		n.Block = expr.Block{I: blocks.Draw(t, "i"), K: blocks.Draw(t, "k"), J: blocks.Draw(t, "j")}
		n.Name = rapid.StringMatching(`\w{1,20}`).Draw(t, "name")
		n.Deco.Legends = rapid.Float64Range(0.1, 60).Draw(t, "legends")
		return n
	}
	h := rapid.IntRange(1, 20)
	root := node(3, h.Draw(t, "h"), h.Draw(t, "w"))
	return laidOut(t, root), root
}

// anyCamera looks at some place of a scene from another one, in it or outside of it.
func anyCamera(t *rapid.T, s layout.Scene) camera.Camera {
	place := func(what string, scale float64) (p mgl64.Vec3) {
		for axis := range p {
			p[axis] = rapid.Float64Range(scale*s.Box.Min[axis]-10, scale*s.Box.Max[axis]+10).Draw(t, what)
		}
		return p
	}
	c, err := camera.New(place("camera", rapid.SampledFrom([]float64{1, 4}).Draw(t, "scale")), place("target", 1))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var window = camera.Viewport{W: 1280, H: 800}

// allLabels shows even those that are too small to be read.
var allLabels = camera.Viewport{W: 1e9, H: 1e9}

// From wherever one looks, labels are not mirrored and read from left to right, or upwards
// where they are about vertical on the screen; and they lie in their matrix' plane.
func TestLabelsAreReadable(t *testing.T) {
	scenes := realScenes(t)
	planes := map[[2]mgl64.Vec3]bool{}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SampledFrom(scenes).Draw(t, "scene")
		c := anyCamera(t, s)
		d := Decorate(s, s.Matrices[0].Node, c, allLabels, Look{})
		for n, layers := range d.Matrices {
			p := planeOf(&s.Matrices[n])
			planes[[2]mgl64.Vec3{absolute(p.x), absolute(p.y)}] = true
			for i, l := range layers.Over.Labels {
				along, across := p.x, p.y
				m := s.Matrices[n]
				if turned := width(l.Text, l.Size) > m.Cols.Length() && m.Rows.Length() > m.Cols.Length(); i == 2 || i == 0 && turned {
					along, across = p.y, p.x
				}
				if absolute(l.Right) != absolute(along) || absolute(l.Up) != absolute(across) || p.depth(l.At) > 1e-6 {
					t.Fatalf("%s: label %q leaves its plane: %v, %v", s.Matrices[n].Path, l.Text, l.Right, l.Up)
				}
				if l.Right.Cross(l.Up).Dot(c.Position.Sub(l.At)) < 0 {
					t.Fatalf("%s: label %q is seen from behind", s.Matrices[n].Path, l.Text)
				}
				x0, y0, depth := c.Pixel(allLabels, l.At)
				if depth < camera.Near {
					continue
				}
				x1, y1, _ := c.Pixel(allLabels, l.At.Add(l.Right.Mul(1e-5*depth)))
				dx, dy := x1-x0, y1-y0
				if math.Hypot(dx, dy) < 1 {
					continue // seen end on
				}
				if math.Abs(dx) > 0.58*math.Abs(dy) && dx < 0 || math.Abs(dx) < 0.57*math.Abs(dy) && dy > 0 {
					t.Fatalf("%s: label %q reads towards (%v, %v)", s.Matrices[n].Path, l.Text, dx, dy)
				}
			}
		}
	})
	if len(planes) != 6 {
		t.Errorf("matrices stood in %d orientations, want all 6", len(planes))
	}
}

func absolute(v mgl64.Vec3) mgl64.Vec3 {
	return mgl64.Vec3{math.Abs(v[0]), math.Abs(v[1]), math.Abs(v[2])}
}

// depth is how far off the plane a point is.
func (p plane) depth(q mgl64.Vec3) float64 {
	return math.Abs(q.Sub(p.origin).Dot(p.x.Cross(p.y)))
}

// texts are the labels of every matrix, by its path.
func texts(s layout.Scene, d Decoration) map[string][]string {
	all := map[string][]string{}
	for n, layers := range d.Matrices {
		for _, l := range layers.Over.Labels {
			all[s.Matrices[n].Path] = append(all[s.Matrices[n].Path], l.Text)
		}
	}
	return all
}

// chain is (A @ B) @ C: 6 x 4 times 4 x 9 times 9 x 7, in blocks.
func chain(t testing.TB) *expr.Node {
	t.Helper()
	root, err := expr.Edit(expr.Default(), "out = (AB = A @ B) @ C")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		leaf *expr.Node
		h, w int
	}{{root.Left.Left, 6, 4}, {root.Left.Right, 4, 9}, {root.Right, 9, 7}} {
		if err := root.Resize(c.leaf, c.h, c.w); err != nil {
			t.Fatal(err)
		}
	}
	for key, blocks := range map[string]int{"block.i blocks": 2, "block.j blocks": 3} {
		if err := root.Set(key, blocks); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestDimensionsAreNamedByTheirRole(t *testing.T) {
	root := chain(t)
	s := laidOut(t, root)
	want := map[string][]string{
		"root":       {"out", "J = 7 / 3", "I = 6 / 2"},
		"left":       {"AB"},
		"left.left":  {"A", "K = 4", "I = 6 / 2"},
		"left.right": {"B", "J = 9", "K = 4"},
		"right":      {"C", "J = 7 / 3", "K = 9"},
	}
	if diff := cmp.Diff(want, texts(s, Decorate(s, root, camera.Default(), allLabels, Look{}))); diff != "" {
		t.Error(diff)
	}
	root.Right.Deco.Shape = false
	root.Deco.Legends = 0
	root.Left.Name = ""
	delete(want, "root")
	delete(want, "left")
	want["right"] = []string{"C"}
	if diff := cmp.Diff(want, texts(s, Decorate(s, root, camera.Default(), allLabels, Look{}))); diff != "" {
		t.Error(diff)
	}
	far, err := camera.New(mgl64.Vec3{0, 0, 9000}, mgl64.Vec3{})
	if err != nil {
		t.Fatal(err)
	}
	if got := texts(s, Decorate(s, root, far, window, Look{})); len(got) != 0 {
		t.Errorf("labels of no height are drawn: %v", got)
	}
	leaf := root.Right
	s = laidOut(t, leaf)
	if got := texts(s, Decorate(s, leaf, camera.Default(), allLabels, Look{}))["root"]; !slices.Equal(got, []string{"C"}) {
		t.Errorf("a leaf alone has labels %q", got)
	}
}

func TestLegendSize(t *testing.T) {
	root := chain(t)
	s := laidOut(t, root)
	for name, share := range map[string]float64{"A": 1, "12345678": 1, "äöüäöüäö": 1, strings.Repeat("x", 32): 0.25} {
		root.Name, root.Deco.Legends = name, 5
		got := Decorate(s, root, camera.Default(), allLabels, Look{}).Matrices[0].Over.Labels
		if want := 5 * math.Cbrt(6*7) / 10 * share; math.Abs(got[0].Size-want) > 1e-12 {
			t.Errorf("%q has size %v, want %v", name, got[0].Size, want)
		}
		if m := s.Matrices[0]; !got[0].At.ApproxEqualThreshold(m.World(0, 0).Add(m.World(5, 6)).Mul(0.5), 1e-9) {
			t.Errorf("%q is not in the middle: %v", name, got[0].At)
		}
		if got[1].Size >= got[0].Size || got[2].Size >= got[0].Size {
			t.Errorf("%q: dimensions are not smaller", name)
		}
	}
}

// The labels of a matrix do not cover each other, whatever the names and sizes, and those of
// dimensions lie outside of the matrix, away from where it meets its kin.
func TestLabelsOfAMatrixAreApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, root := anyScene(t)
		d := Decorate(s, root, anyCamera(t, s), allLabels, Look{})
		for n, layers := range d.Matrices {
			p := planeOf(&s.Matrices[n])
			labels := layers.Over.Labels
			var boxes []layout.Box
			for _, l := range labels {
				x, y := p.local(l.At)
				w, h := l.Size*0.78*float64(utf8.RuneCountInString(l.Text)), l.Size*1.2
				if math.Abs(l.Right.Dot(p.x)) < 0.5 { // it reads along the columns
					w, h = h, w
				}
				box := layout.Box{Min: mgl64.Vec3{x - w/2, y - h/2}, Max: mgl64.Vec3{x + w/2, y + h/2}}
				for k, other := range boxes {
					if box.Min[0] < other.Max[0] && other.Min[0] < box.Max[0] && box.Min[1] < other.Max[1] && other.Min[1] < box.Max[1] {
						t.Fatalf("%s: %q covers %q", s.Matrices[n].Path, l.Text, labels[k].Text)
					}
				}
				boxes = append(boxes, box)
			}
			if len(boxes) == 3 {
				m := s.Matrices[n]
				if b := boxes[1]; b.Max[1] > -0.5 && b.Min[1] < m.Rows.At(m.Rows.N-1)+0.5 {
					t.Fatalf("%s: %q lies on the matrix", m.Path, labels[1].Text)
				}
				if b := boxes[2]; b.Max[0] > -0.5 && b.Min[0] < m.Cols.At(m.Cols.N-1)+0.5 {
					t.Fatalf("%s: %q lies on the matrix", m.Path, labels[2].Text)
				}
			}
		}
	})
}

// Two leaves and their product meet in one corner of the cube; labels lie on the other side
// of their matrix.
func TestDimensionsKeepAwayFromTheJoint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		root := expr.Default()
		root.Layout.Polarity = rapid.SampledFrom([]string{"negative", "positive"}).Draw(t, "polarity")
		root.Layout.Left = rapid.SampledFrom([]string{"left", "right"}).Draw(t, "left")
		root.Layout.Right = rapid.SampledFrom([]string{"top", "bottom"}).Draw(t, "right")
		root.Layout.Result = rapid.SampledFrom([]string{"front", "back"}).Draw(t, "result")
		s := laidOut(t, root)
		// The cube's middle is the origin, and the joint is where its three planes' middles add up to.
		joint := s.Matrices[0].Box().Center().Add(s.Matrices[1].Box().Center()).Add(s.Matrices[2].Box().Center())
		for n, layers := range Decorate(s, root, camera.Default(), allLabels, Look{}).Matrices {
			own := s.Matrices[n].Box().Center()
			for _, l := range layers.Over.Labels[1:] {
				if away := l.At.Sub(own); away.Dot(joint) > 1e-9 || away.Len() < 16 {
					t.Fatalf("%s: %q is on the side of its kin", s.Matrices[n].Path, l.Text)
				}
			}
		}
	})
}

func TestAxes(t *testing.T) {
	root := expr.Default()
	s := laidOut(t, root)
	if a := Decorate(s, root, camera.Default(), window, Look{}).Axes; len(a.Lines) != 0 {
		t.Error("axes are drawn that nobody asked for")
	}
	root.Deco.Axes = true
	for _, look := range []Look{{}, {Light: true}, {Safe: true}, {true, true}} {
		a := Decorate(s, root, camera.Default(), window, look).Axes
		for i, name := range []string{"x", "y", "z"} {
			line, label := a.Lines[i], a.Labels[i]
			if line.A.Len() != 0 || line.B[i] != line.B.Len() || line.B[i] <= s.Box.Max[i] || label.Text != name || label.At[i] <= line.B[i] {
				t.Errorf("axis %s is %v with label %v", name, line, label)
			}
			if c := line.Colour; c != label.Colour || !look.Safe && c[i] != max(c[0], c[1], c[2]) {
				t.Errorf("axis %s has colour %v", name, c)
			}
		}
	}
}

func TestLook(t *testing.T) {
	black, white := Colour{0, 0, 0, 1}, Colour{1, 1, 1, 1}
	for _, safe := range []bool{false, true} {
		if d := (Look{Safe: safe}); d.Background() != black || d.Guide(1) != white || d.Guide(7) != white {
			t.Error("guides on black")
		}
		if l := (Look{true, safe}); l.Background() != white || l.Guide(1) != black || l.Guide(-7) != white {
			t.Error("guides on white")
		}
	}
	for _, look := range []Look{{}, {Light: true}, {Safe: true}, {true, true}} {
		primaries := look.primaries()
		for _, c := range append(primaries[:], look.Text()) {
			if got := contrast(c, look.Background()); got < 3 {
				t.Errorf("%+v: %v has a contrast of %.1f to the background, want 3", look, c, got)
			}
		}
		if e := (Elements{Viz: expr.Default().Viz, Range: Range{0, 1}, Look: look}); e.Colour(0) != look.Background() {
			t.Errorf("%+v: 0 is %v", look, e.Colour(0))
		}
	}
}

// contrast is the contrast ratio of WCAG 2, from 1 to 21.
func contrast(a, b Colour) float64 {
	luminance := func(c Colour) float64 {
		l := 0.05
		for i, share := range [3]float64{0.2126, 0.7152, 0.0722} {
			l += share * math.Pow(float64(c[i]), 2.2)
		}
		return l
	}
	return max(luminance(a), luminance(b)) / min(luminance(a), luminance(b))
}

// model is a scene of 150 matrices or so.
func model(b *testing.B) (layout.Scene, *expr.Node) {
	root, err := expr.Edit(expr.Default(), "x"+strings.Repeat(" @ w", 75))
	if err != nil {
		b.Fatal(err)
	}
	return laidOut(b, root), root
}

func BenchmarkDecorate(b *testing.B) {
	s, root := model(b)
	b.ReportAllocs()
	for b.Loop() {
		Decorate(s, root, camera.Default(), window, Look{})
	}
}
