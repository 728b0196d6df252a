package gpu_test

import (
	"image"
	"image/color"
	"strings"
	"testing"

	"headscope/gpu"
	"headscope/gpu/gputest"
)

// viewParams are the uniform of strokes.wgsl, in clip space: places are what they are.
type viewParams struct {
	Clip                                                [16]float32
	Right, Up, Back, Eye                                [4]float32
	Width, Height, Unit, Near, Far, Balls, Ball, Spread float32
}

// clipSpace is a uniform that leaves places alone. unit tells uniforms apart: lines do
// not read it.
func clipSpace(region image.Rectangle, unit float32) []byte {
	p := viewParams{
		Clip:  [16]float32{0: 1, 5: 1, 10: 1, 15: 1},
		Width: float32(region.Dx()), Height: float32(region.Dy()), Unit: unit,
	}
	return gpu.Uniform(&p)
}

// bar is struct Stroke of strokes.wgsl: a line as wide as one likes.
type bar struct {
	X, Y, Z float32
	Colour  uint32
	A       [3]float32
	Width   float32
	B       [3]float32
	Unused  uint32
}

// sheet covers all of clip space at a depth.
func sheet(depth float32, colour uint32) bar {
	return bar{X: -2, Z: depth, Colour: colour, A: [3]float32{4, 0, 0}, Width: 1000}
}

const (
	red   = 0xff0000ff
	green = 0xff00ff00
	blue  = 0xffff0000
)

var (
	black      = color.NRGBA{0, 0, 0, 255}
	colourName = map[color.NRGBA]string{black: "black", {255, 0, 0, 255}: "red", {0, 255, 0, 255}: "green", {0, 0, 255, 255}: "blue"}
)

// stage is a picture with a depth buffer and some bars.
type stage struct {
	t       *testing.T
	d       *gpu.Device
	picture *gpu.Picture
	depth   *gpu.Depth
	bars    *gpu.Buffer
	whole   image.Rectangle
}

func newStage(t *testing.T, width, height int, bars ...bar) *stage {
	t.Helper()
	s := &stage{t: t, d: gputest.Device(t), whole: image.Rect(0, 0, width, height)}
	var err error
	if s.picture, err = s.d.NewPicture(width, height); err != nil {
		t.Fatal(err)
	}
	if s.depth, err = s.d.NewDepth(width, height); err != nil {
		t.Fatal(err)
	}
	if s.bars, err = s.d.NewStorage("bars", uint64(len(bars))*48); err != nil {
		t.Fatal(err)
	}
	if err := s.d.Write(s.bars, 0, gpu.Words(bars)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.picture.Release()
		s.depth.Release()
		s.bars.Release()
	})
	return s
}

// draw draws bars first to first + n of the stage.
func (s *stage) draw(first, n int, depth gpu.DepthUse) gpu.Draw {
	return gpu.Draw{Shader: "strokes", Params: clipSpace(s.whole, 1), Bindings: []gpu.Binding{s.bars}, First: first, Instances: n, Depth: depth}
}

// render runs a pass and returns the picture.
func (s *stage) render(pass gpu.Pass, draws ...gpu.Draw) *image.NRGBA {
	s.t.Helper()
	pass.Target = s.picture
	r := s.d.Record("stage")
	r.Render(pass, draws...)
	if err := r.Submit(); err != nil {
		s.t.Fatal(err)
	}
	img, err := s.picture.Image()
	if err != nil {
		s.t.Fatal(err)
	}
	return img
}

var onBlack = gpu.RGBA{0, 0, 0, 1}

func TestDepthUse(t *testing.T) {
	const far, middle, near = 0, 1, 2
	s := newStage(t, 5, 3, sheet(0.25, red), sheet(0.5, green), sheet(0.75, blue))
	ignore := func(i int) gpu.Draw { return s.draw(i, 1, gpu.DepthIgnore) }
	test := func(i int) gpu.Draw { return s.draw(i, 1, gpu.DepthTest) }
	write := func(i int) gpu.Draw { return s.draw(i, 1, gpu.DepthWrite) }
	for _, c := range []struct {
		name  string
		draws []gpu.Draw
		want  string
	}{
		{"nothing", nil, "black"},
		{"a farther one is hidden", []gpu.Draw{write(middle), test(far)}, "green"},
		{"a nearer one is not", []gpu.Draw{write(middle), test(near)}, "blue"},
		{"an equal depth is not hidden", []gpu.Draw{write(middle), test(far), test(middle)}, "green"},
		{"what ignores depth is drawn over all", []gpu.Draw{write(near), ignore(far)}, "red"},
		{"and leaves it as it was", []gpu.Draw{write(middle), ignore(near), test(far)}, "blue"},
		{"testing does not write", []gpu.Draw{test(near), test(middle)}, "green"},
		{"writing tests, too", []gpu.Draw{write(near), write(far)}, "blue"},
		{"a hidden one does not write", []gpu.Draw{write(middle), write(far), test(middle)}, "green"},
		{"the depth is cleared for every pass", []gpu.Draw{test(far)}, "red"},
	} {
		img := s.render(gpu.Pass{Clear: onBlack, Depth: s.depth}, c.draws...)
		if got := colourName[img.NRGBAAt(2, 1)]; got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	img := s.render(gpu.Pass{Clear: onBlack}, write(near), write(middle), test(far))
	if got := colourName[img.NRGBAAt(2, 1)]; got != "red" {
		t.Errorf("without a depth buffer the last draw is seen, got %s", got)
	}
}

// A region is all that is drawn to, and clip space covers it.
func TestRegionAndKeep(t *testing.T) {
	half := bar{X: -1, Y: 0.5, Z: 0.5, Colour: green, A: [3]float32{2, 0, 0}, Width: 4} // in the upper half
	s := newStage(t, 20, 16, sheet(0.5, red), half)
	first := s.render(gpu.Pass{Clear: onBlack}, s.draw(0, 1, gpu.DepthIgnore))
	region := image.Rect(3, 4, 11, 12)
	one := s.draw(1, 1, gpu.DepthIgnore)
	one.Params = clipSpace(region, 1)
	blueSheet := s.draw(0, 1, gpu.DepthIgnore)
	blueSheet.Params = one.Params
	for _, c := range []struct {
		name string
		pass gpu.Pass
		draw gpu.Draw
		want func(p image.Point) string
	}{
		{"a sheet", gpu.Pass{Clear: onBlack, Region: region}, blueSheet, func(p image.Point) string {
			return map[bool]string{true: "red", false: "black"}[p.In(region)]
		}},
		{"half of the region, kept", gpu.Pass{Keep: true, Region: region, Depth: s.depth}, one, func(p image.Point) string {
			switch {
			case p.In(image.Rect(3, 4, 11, 8)):
				return "green"
			case p.In(region):
				return "red"
			}
			return "black"
		}},
		{"kept and nothing drawn", gpu.Pass{Keep: true}, s.draw(0, 0, gpu.DepthIgnore), func(p image.Point) string {
			switch {
			case p.In(image.Rect(3, 4, 11, 8)):
				return "green"
			case p.In(region):
				return "red"
			}
			return "black"
		}},
	} {
		img := s.render(c.pass, c.draw)
		for y := range 16 {
			for x := range 20 {
				if got, want := colourName[img.NRGBAAt(x, y)], c.want(image.Pt(x, y)); got != want {
					t.Fatalf("%s: pixel (%d, %d) is %v, want %s", c.name, x, y, img.NRGBAAt(x, y), want)
				}
			}
		}
	}
	if colourName[first.NRGBAAt(19, 15)] != "red" {
		t.Errorf("without a region the whole target is drawn to: %v", first.NRGBAAt(19, 15))
	}
}

// Instances from First on, and those that an argument buffer says, are drawn, no others.
func TestInstances(t *testing.T) {
	column := func(i int, colour uint32) bar { // of 4 pixels
		return bar{X: -1 + 0.5*(float32(i)+0.5), Y: -1, Z: 0.5, Colour: colour, A: [3]float32{0, 2, 0}, Width: 3}
	}
	s := newStage(t, 16, 2, column(0, red), column(1, green), column(2, blue), column(3, red))
	args, err := s.d.NewIndirect("args", 32)
	if err != nil {
		t.Fatal(err)
	}
	defer args.Release()
	if err := s.d.Write(args, 0, gpu.Words([]uint32{4, 0, 0, 0, 4, 3, 0, 0})); err != nil {
		t.Fatal(err)
	}
	indirect := func(index int) gpu.Draw {
		w := s.draw(3, 1, gpu.DepthIgnore) // replaced by the arguments
		w.Indirect, w.IndirectIndex = args, index
		return w
	}
	for _, c := range []struct {
		name string
		draw gpu.Draw
		want string
	}{
		{"the first two", s.draw(0, 2, gpu.DepthIgnore), "red green black black"},
		{"the middle two", s.draw(1, 2, gpu.DepthIgnore), "black green blue black"},
		{"the last", s.draw(3, 1, gpu.DepthIgnore), "black black black red"},
		{"none", s.draw(2, 0, gpu.DepthIgnore), "black black black black"},
		{"none, indirectly", indirect(0), "black black black black"},
		{"three, indirectly", indirect(1), "red green blue black"},
	} {
		img := s.render(gpu.Pass{Clear: onBlack}, c.draw)
		var got []string
		for i := range 4 {
			got = append(got, colourName[img.NRGBAAt(4*i+2, 1)])
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", c.name, got, c.want)
		}
	}
}

func TestPassErrors(t *testing.T) {
	s := newStage(t, 20, 16, sheet(0.5, red))
	small, err := s.d.NewDepth(16, 20)
	if err != nil {
		t.Fatal(err)
	}
	defer small.Release()
	defer small.Release() // a second release does nothing
	short := s.draw(0, 1, gpu.DepthIgnore)
	short.Params = short.Params[4:]
	unbound := s.draw(0, 1, gpu.DepthIgnore)
	unbound.Bindings = nil
	unknown := s.draw(0, 1, gpu.DepthIgnore)
	unknown.Shader = "no_such_shader"
	one := []gpu.Draw{s.draw(0, 1, gpu.DepthIgnore)}
	for _, c := range []struct {
		pass  gpu.Pass
		draws []gpu.Draw
		want  string
	}{
		{gpu.Pass{Depth: small}, one, "depth buffer of 16 x 20"},
		{gpu.Pass{Region: image.Rect(0, 0, 21, 16)}, one, "(0,0)-(21,16)"},
		{gpu.Pass{Region: image.Rect(-1, 0, 5, 5)}, one, "(-1,0)"},
		{gpu.Pass{}, []gpu.Draw{short}, "strokes takes 160 bytes"},
		{gpu.Pass{}, []gpu.Draw{one[0], unbound}, "1 bindings"},
		{gpu.Pass{}, []gpu.Draw{unknown}, "no_such_shader"},
	} {
		c.pass.Target = s.picture
		r := s.d.Record("bad")
		r.Render(c.pass, c.draws...)
		if err := r.Submit(); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v: error %q; want one line with %q", c.pass, err, c.want)
		}
	}
	if img := s.render(gpu.Pass{Clear: onBlack}, one...); colourName[img.NRGBAAt(1, 1)] != "red" {
		t.Error("after errors nothing is drawn any more")
	}
}

// Draws with equal params share a uniform, so that any number of them is one pass; of
// different ones a pass takes what one submit has room for, and says so beyond that.
func TestManyDraws(t *testing.T) {
	var bars []bar
	const n = 1000
	for i := range n {
		bars = append(bars, bar{X: -1 + (float32(i)+0.5)*2/n, Y: -1, Z: 0.5, Colour: []uint32{red, green, blue}[i%3], A: [3]float32{0, 2, 0}, Width: 1})
	}
	s := newStage(t, n, 2, bars...)
	draws := make([]gpu.Draw, n)
	for i := range draws {
		draws[i] = s.draw(i, 1, gpu.DepthIgnore)
	}
	check := func(name string, img *image.NRGBA, n int) {
		t.Helper()
		for i := range n {
			if got, want := colourName[img.NRGBAAt(i, 0)], []string{"red", "green", "blue"}[i%3]; got != want {
				t.Fatalf("%s: bar %d is %v, want %s", name, i, img.NRGBAAt(i, 0), want)
			}
		}
	}
	check("equal params", s.render(gpu.Pass{Clear: onBlack}, draws...), n)

	for i := range draws {
		draws[i].Params = clipSpace(s.whole, float32(i))
	}
	// After another pass of the same recording, which takes half of the room.
	r := s.d.Record("many")
	r.Render(gpu.Pass{Target: s.picture, Clear: onBlack}, draws[:256]...)
	r.Render(gpu.Pass{Target: s.picture, Clear: onBlack}, draws[:500]...)
	if err := r.Submit(); err != nil {
		t.Fatal(err)
	}
	img, err := s.picture.Image()
	if err != nil {
		t.Fatal(err)
	}
	check("different params", img, 500)

	r = s.d.Record("too many")
	r.Render(gpu.Pass{Target: s.picture}, draws...)
	if err := r.Submit(); err == nil || !strings.Contains(err.Error(), "1000 different params") || strings.Contains(err.Error(), "\n") {
		t.Errorf("1000 draws with different params: %v", err)
	}
}
