package view

import (
	"bytes"
	"fmt"
	"image"
	"math"
	"math/rand"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"headscope/gpu"
	"headscope/gpu/gputest"
	"headscope/gpu/kernels"
	"headscope/gpu/render"
	"headscope/wgsl/cpu"
)

// stand is a device with a comparison and layers to compare heads of.
type stand struct {
	t        testing.TB
	device   *gpu.Device
	renderer *render.Renderer
	view     *Compare
}

func newStand(t testing.TB) *stand {
	t.Helper()
	d := gputest.Device(t)
	r, err := render.New(d)
	if err != nil {
		t.Fatal(err)
	}
	s := &stand{t, d, r, NewCompare(d)}
	t.Cleanup(func() {
		s.view.Release()
		s.view.Release() // a second release does nothing
		r.Release()
	})
	return s
}

// layer makes the heads of a layer on n tokens, and their pyramids.
func (s *stand) layer(n int, kinds ...string) render.Layer {
	s.t.Helper()
	rng := rand.New(rand.NewSource(int64(n)))
	var data []float32
	for _, kind := range kinds {
		data = append(data, gputest.Pattern(kind, n, rng)...)
	}
	all, err := s.device.Upload("layer", len(kinds)*n, n, data)
	if err != nil {
		s.t.Fatal(err)
	}
	values := all.Buffer.Tensor(len(kinds), n, n)
	_, cells := kernels.PyramidLevels(n, n)
	pyramid, err := s.device.NewStorage("pyramid", uint64(max(1, len(kinds)*cells)*8))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { all.Buffer.Release(); pyramid.Release() })
	r := s.device.Record("pyramid")
	kernels.Pyramid(r, pyramid, values)
	if err := r.Submit(); err != nil {
		s.t.Fatal(err)
	}
	return render.Layer{Values: values, Pyramid: pyramid}
}

// pane is head h of a layer.
func pane(l render.Layer, h int) Pane {
	words := strings.Fields("The cat sat on a mat , and then it went away again .")
	p := Pane{Title: fmt.Sprintf("L0H%d", h), Subtitle: "demo, “The cat sat”", Layer: l, Head: h}
	for i := range l.Values.Rows {
		p.Tokens = append(p.Tokens, " "+words[i%len(words)])
	}
	return p
}

func (s *stand) update(panes ...Pane) {
	s.t.Helper()
	s.view.Panes = panes
	if err := s.view.Update(); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stand) picture(width, height int) *image.NRGBA {
	s.t.Helper()
	p, err := s.device.NewPicture(width, height)
	if err != nil {
		s.t.Fatal(err)
	}
	defer p.Release()
	r := s.device.Record("picture")
	s.view.Draw(r, s.renderer, p, image.Rect(0, 0, width, height))
	if err := r.Submit(); err != nil {
		s.t.Fatal(err)
	}
	img, err := p.Image()
	if err != nil {
		s.t.Fatal(err)
	}
	return img
}

func TestCompareGoldens(t *testing.T) {
	for _, c := range []struct {
		name          string
		width, height int
		set           func(s *stand)
	}{
		{"compare_two", 256, 200, func(s *stand) {
			l := s.layer(9, "mixed", "previous")
			s.view.Cursor = Cell{5, 4}
			s.update(pane(l, 0), pane(l, 1))
		}},
		{"compare_difference", 256, 128, func(s *stand) {
			l := s.layer(12, "mixed", "previous", "random")
			s.view.Difference, s.view.Token = true, 7
			s.update(pane(l, 2), pane(l, 0))
		}},
		{"compare_cursor", 256, 256, func(s *stand) {
			l := s.layer(40, "mixed", "previous", "first")
			s.view.X, s.view.Y, s.view.Zoom, s.view.Cursor = 0.5, 0.6, 3, Cell{24, 20}
			s.view.Difference = true
			s.update(pane(l, 0), pane(l, 1), pane(l, 2))
		}},
		{"compare_lengths", 256, 150, func(s *stand) {
			s.view.Theme, s.view.Difference = Ink, true
			s.update(pane(s.layer(12, "random"), 0), pane(s.layer(9, "mixed"), 0))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStand(t)
			c.set(s)
			img := s.picture(c.width, c.height)
			if again := s.picture(c.width, c.height); !bytes.Equal(img.Pix, again.Pix) {
				t.Error("a second picture differs from the first")
			}
			gputest.Golden(t, c.name, img)
		})
	}
}

// Every head of a layer that shares its buffer with others is compared as itself, and what is
// shown under the cursor are its values.
func TestCompareNumbers(t *testing.T) {
	s := newStand(t)
	const n = 33
	l, other := s.layer(n, "mixed", "previous", "random"), s.layer(n+1, "random")
	s.view.Difference = true
	s.update(pane(l, 2), pane(l, 0), pane(other, 0), pane(l, 2))
	data, err := s.device.Read(l.Values)
	if err != nil {
		t.Fatal(err)
	}
	head := func(h int) cpu.Mat { return cpu.MatOf(data[0][h*n*n:], n, n) }
	want := cpu.Apart(cpu.Compare(cpu.NewMat(n, n), head(2), head(0)))
	if got, ok := s.view.Distance(1); !ok || math.Abs(got.JS-want.JS) > 1e-5 || math.Abs(got.Cosine-want.Cosine) > 1e-5 || got.MaxDiff != want.MaxDiff {
		t.Errorf("the second head is %+v away, want %+v", got, want)
	}
	if got, ok := s.view.Distance(3); !ok || got.JS != 0 || got.MaxDiff != 0 {
		t.Errorf("a head is %+v from itself", got)
	}
	for _, i := range []int{-1, 0, 2, 4} {
		if d, ok := s.view.Distance(i); ok {
			t.Errorf("pane %d is %+v away", i, d)
		}
	}
	at := Cell{20, 11}
	for i, want := range []float64{float64(head(2).At(20, 11)), float64(head(0).At(20, 11))} {
		if v, ok := s.view.value(i, at); !ok || v != want {
			t.Errorf("the value in pane %d is %v, want %v", i, v, want)
		}
	}
	if v, ok := s.view.value(4, at); !ok || v != float64(head(2).At(20, 11))-float64(head(0).At(20, 11)) {
		t.Errorf("the difference is %v", v)
	}
	for _, at := range []Cell{{-1, -1}, {3, 4}, {n, 0}} {
		if v, ok := s.view.value(0, at); ok {
			t.Errorf("at %v there is the value %v", at, v)
		}
	}
}

func TestCompareErrors(t *testing.T) {
	s := newStand(t)
	l := s.layer(5, "mixed", "random")
	good, beyond, unnamed := pane(l, 0), pane(l, 2), pane(l, 1)
	unnamed.Tokens = unnamed.Tokens[1:]
	for _, c := range []struct {
		want  string
		panes []Pane
	}{
		{"expected 2 to 4", nil},
		{"expected 2 to 4", []Pane{good}},
		{"expected 2 to 4", []Pane{good, good, good, good, good}},
		{"head 2 of", []Pane{good, beyond}},
		{"4 tokens for a pattern of 5", []Pane{good, unnamed}},
		{"head 0 of", []Pane{good, {}}},
	} {
		s.view.Panes = c.panes
		if err := s.view.Update(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%d panes: %v; want an error of %q", len(c.panes), err, c.want)
		}
	}
	if _, _, ok := s.view.Pick(image.Rect(0, 0, 100, 100), 50, 50); ok {
		t.Error("something is picked before anything is drawn")
	}
}

// Any region has its picture, and panes that are not updated yet have theirs.
func TestCompareAnyRegion(t *testing.T) {
	s := newStand(t)
	l := s.layer(1, "mixed", "mixed")
	long := s.layer(70, "mixed", "random")
	s.view.Difference, s.view.Cursor = true, Cell{60, 2}
	s.view.Panes = []Pane{pane(l, 0), pane(long, 1)}
	for _, size := range [][2]int{{1, 1}, {3, 200}, {200, 3}, {40, 40}, {640, 90}, {90, 640}} {
		s.picture(size[0], size[1])
	}
	s.update(pane(long, 0), pane(long, 1), pane(long, 0), pane(long, 1))
	s.view.Scale = 2
	for _, size := range [][2]int{{1, 1}, {300, 200}, {640, 90}, {900, 900}} {
		s.picture(size[0], size[1])
	}
}

// What is under a pixel stays there when it is magnified, and moves with the hand.
func TestCompareMoves(t *testing.T) {
	s := newStand(t)
	l := s.layer(40, "mixed", "random")
	s.view.Difference = true
	s.update(pane(l, 0), pane(l, 1))
	region := image.Rect(10, 20, 910, 420)
	s.picture(920, 440)
	rapid.Check(t, func(t *rapid.T) {
		s.view.X, s.view.Y, s.view.Zoom = 0.5, 0.5, 1
		boxes := s.view.arrange(region).boxes
		b := boxes[rapid.IntRange(0, 2).Draw(t, "pane")].square
		x, y := rapid.IntRange(b.Min.X, b.Max.X-1).Draw(t, "x"), rapid.IntRange(b.Min.Y, b.Max.Y-1).Draw(t, "y")
		pane, at, ok := s.view.Pick(region, x, y)
		if !ok {
			t.Fatalf("nothing at %d, %d", x, y)
		}
		near := func(what string, c Cell, slack int) {
			if d := max(c.I-at.I, at.I-c.I, c.J-at.J, at.J-c.J); d > slack {
				t.Fatalf("%s: %v is under the pixel, %v was", what, c, at)
			}
		}
		for range rapid.IntRange(1, 6).Draw(t, "steps") {
			s.view.X, s.view.Y, s.view.Zoom = s.view.Zoomed(region, x, y, rapid.Float64Range(0.5, 4).Draw(t, "factor"))
			p, c, ok := s.view.Pick(region, x, y)
			if !ok || p != pane {
				t.Fatalf("pane %d has gone", pane)
			}
			if s.view.Zoom > 1 {
				near("magnified", c, 1)
			}
		}
		_, before, _ := s.view.Pick(region, x, y)
		dx, dy := rapid.IntRange(-50, 50).Draw(t, "dx"), rapid.IntRange(-50, 50).Draw(t, "dy")
		was := [2]float64{s.view.X, s.view.Y}
		s.view.X, s.view.Y, s.view.Zoom = s.view.Panned(region, dx, dy)
		side := s.view.Zoom * float64(b.Dx())
		if math.Abs(was[0]-float64(dx)/side-s.view.X) < 1e-9 && math.Abs(was[1]-float64(dy)/side-s.view.Y) < 1e-9 && image.Pt(x+dx, y+dy).In(b) {
			at = before
			_, c, _ := s.view.Pick(region, x+dx, y+dy)
			near("moved", c, 1)
		}
		// However far it is moved, the patterns fill their panes.
		s.view.X, s.view.Y, s.view.Zoom = s.view.Panned(region, rapid.IntRange(-9999, 9999).Draw(t, "far"), rapid.IntRange(-9999, 9999).Draw(t, "far"))
		if p := s.view.seen(compareBox{b, 40}); p.seen() != b {
			t.Fatalf("of %v only %v is filled", b, p.seen())
		}
	})
}

// A picture of the height that is asked for has no room to spare under the panes.
func TestCompareHeight(t *testing.T) {
	s := newStand(t)
	l := s.layer(30, "mixed", "random")
	for panes := 2; panes <= 4; panes++ {
		s.view.Panes = []Pane{pane(l, 0), pane(l, 1), pane(l, 0), pane(l, 1)}[:panes]
		for _, s.view.Difference = range []bool{false, true} {
			for _, width := range []int{400, 1600, 3000} {
				height := s.view.Height(s.renderer.Fonts, width)
				l := s.view.arrange(image.Rect(0, 0, width, height))
				last := l.boxes[len(l.boxes)-1].square
				if spare := height - last.Max.Y - l.below - l.margin; spare < 0 || spare > height/10 {
					t.Errorf("%d panes %d wide: of %d pixels in height %d are spare", panes, width, height, spare)
				}
			}
		}
	}
}
