package view

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"math"
	"strings"
	"testing"

	"github.com/go-gl/mathgl/mgl64"

	"headscope/explorer/camera"
	"headscope/explorer/leaf"
	"headscope/explorer/session"
	"headscope/gpu/gputest"
	"headscope/models/tensor"
)

// waves is a model whose matrices are waves.
type waves struct{}

func (waves) Where() string { return "waves" }

func (waves) Find(url string) (tensor.Tensor, bool, error) {
	name, ok := session.ParseLeafName(url)
	if !ok {
		return tensor.Tensor{}, false, nil
	}
	t := tensor.New(name.Rows, name.Cols)
	for i := range t.Data {
		t.Data[i] = float32(math.Sin(float64(i*i%97) + float64(len(name.Kind))))
	}
	return t, true, nil
}

// showHead shows a head of a model on some tokens.
func (h *hall) showHead(tokens ...string) *session.Session {
	h.t.Helper()
	s, err := session.Builtin("attngpt2", session.Shape{Tokens: len(tokens), Width: 24, HeadWidth: 8, Layer: 1, Head: 2})
	if err != nil {
		h.t.Fatal(err)
	}
	for key, value := range map[string]any{"deco.legends": 2, "layout.gap": 8, "deco.flow guides": 0} {
		if err := s.Root.Set(key, value); err != nil {
			h.t.Fatal(err)
		}
	}
	if err := h.values.Run(h.t.Context(), s.Root, &leaf.Source{Seed: 1, Files: []leaf.Finder{waves{}}}, nil); err != nil {
		h.t.Fatal(err)
	}
	if err := h.view.Show(s.Root, h.values); err != nil {
		h.t.Fatal(err)
	}
	h.view.Tokens = tokens
	return s
}

var someTokens = []string{"<|endoftext|>", "The", " rain", " in", " Spain", ",", "\n", "日"}

func TestSpaceTokensGolden(t *testing.T) {
	h := newHall(t)
	h.showHead(someTokens...)
	h.view.Token = 3
	m, _ := h.view.Scene.Matrix("left.left")
	middle := m.World(5, 5)
	c, err := camera.New(middle.Add(mgl64.Vec3{-0.2, 0.15, 1}.Normalize().Mul(17)), middle)
	if err != nil {
		t.Fatal(err)
	}
	gputest.Golden(t, "space_tokens", h.picture(c, 256, 160))
}

// Tokens change a model's attention alone, and the lens shows no labels.
func TestSpaceTokensAreOfModels(t *testing.T) {
	h := newHall(t)
	s := h.showHead(someTokens...)
	c := h.toward(s, "left.left", 5, 4, 17)
	labelled := h.picture(c, 160, 120)
	h.view.Tokens = someTokens[1:]
	bare := h.picture(c, 160, 120)
	if bytes.Equal(labelled.Pix, bare.Pix) {
		t.Error("tokens are not labelled")
	}
	h.view.Tokens = nil
	if none := h.picture(c, 160, 120); !bytes.Equal(none.Pix, bare.Pix) {
		t.Error("tokens of another length are labelled")
	}
	plain := h.show("A @ B")
	without := h.picture(plain.Camera, 160, 120)
	h.view.Tokens, h.view.Token = strings.Split(strings.Repeat("x ", 31)+"x", " "), 3
	if with := h.picture(plain.Camera, 160, 120); !bytes.Equal(with.Pix, without.Pix) {
		t.Error("an expression without a model has tokens")
	}
}

// In a region of a target is what would be in a target of its size, and beside it what was there.
func TestSpaceInRegions(t *testing.T) {
	h := newHall(t)
	s := h.showHead(someTokens...)
	c := h.toward(s, "left.left", 5, 4, 17)
	for _, region := range []image.Rectangle{image.Rect(0, 0, 65, 63), image.Rect(64, 1, 127, 98), image.Rect(50, 0, 51, 99), image.Rect(0, 0, 128, 99)} {
		for _, lens := range []*Lens{nil, {X: 20, Y: 30}, {X: 0, Y: 0}} {
			alone := h.drawn(region.Dx(), region.Dy(), image.Rectangle{}, c, lens)
			var inside *Lens
			if lens != nil {
				inside = &Lens{lens.X + float64(region.Min.X), lens.Y + float64(region.Min.Y)}
			}
			got := h.drawn(128, 99, region, c, inside)
			want := image.NewNRGBA(got.Rect)
			draw.Draw(want, want.Rect, image.NewUniform(beside), image.Point{}, draw.Src)
			draw.Draw(want, region, alone, image.Point{}, draw.Src)
			off := 0
			for i := range want.Pix {
				if d := int(want.Pix[i]) - int(got.Pix[i]); d < -8 || d > 8 {
					off++
				}
			}
			// Edges that pass through the middle of a pixel may be rounded otherwise, and colours a little.
			if off > len(want.Pix)/400 {
				t.Errorf("region %v, lens %v: %d of %d values differ", region, lens, off, len(want.Pix))
			}
		}
	}
}

var beside = color.NRGBA{20, 90, 200, 255}

// drawn is a picture that was blue before the view was drawn to a region of it.
func (h *hall) drawn(width, height int, region image.Rectangle, c camera.Camera, lens *Lens) *image.NRGBA {
	h.t.Helper()
	p, err := h.device.NewPicture(width, height)
	if err != nil {
		h.t.Fatal(err)
	}
	defer p.Release()
	r := h.device.Record("regions")
	ground := h.view.renderer.NewFrame()
	defer ground.Release()
	ground.Draw(r, p, [4]float32{20. / 255, 90. / 255, 200. / 255, 1})
	h.view.Draw(r, p, region, c, lens)
	if err := r.Submit(); err != nil {
		h.t.Fatal(err)
	}
	img, err := p.Image()
	if err != nil {
		h.t.Fatal(err)
	}
	return img
}

// What is picked in a region is what is seen there, with its value.
func TestSpacePick(t *testing.T) {
	h := newHall(t)
	region := image.Rect(30, 50, 270, 200)
	if _, ok := h.view.Pick(region, camera.Default(), 100, 100); ok {
		t.Error("something is picked before anything is shown")
	}
	if _, err := h.view.Value("root", 0, 0); err == nil {
		t.Error("nothing has a value")
	}
	if _, err := h.view.Matrix("root"); err == nil {
		t.Error("nothing has a matrix")
	}
	s := h.showHead(someTokens...)
	c := h.toward(s, "left.left", 5, 4, 17)
	m, _ := h.view.Scene.Matrix("left.left")
	x, y, _ := c.Pixel(camera.Viewport{W: 240, H: 150}, m.World(6, 2))
	hit, ok := h.view.Pick(region, c, 30+x, 50+y)
	if !ok || hit.Path != "left.left" || hit.I != 6 || hit.J != 2 {
		t.Fatalf("%+v, %v", hit, ok)
	}
	for _, p := range [][2]float64{{29, 100}, {100, 49}, {270, 100}, {100, 200}, {math.NaN(), 100}} {
		if hit, ok := h.view.Pick(region, c, p[0], p[1]); ok {
			t.Errorf("at %v, outside of the region, is %+v", p, hit)
		}
	}
	if _, ok := h.view.Pick(image.Rectangle{}, c, 0, 0); ok {
		t.Error("something is picked in an empty region")
	}
	all, err := h.values.ReadPart(hit.Path, 0, 0, 8, 8)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := h.view.Value(hit.Path, 6, 2); err != nil || got != all.Data[6*8+2] || got == 0 {
		t.Errorf("the value is %v, want %v, %v", got, all.Data[6*8+2], err)
	}
	for _, at := range [][2]int{{8, 0}, {0, 8}, {-1, 0}} {
		if _, err := h.view.Value(hit.Path, at[0], at[1]); err == nil {
			t.Errorf("element %v has a value", at)
		}
	}
	if _, err := h.view.Value("nowhere", 0, 0); err == nil {
		t.Error("a matrix that is not there has a value")
	}
	if got, err := h.view.Matrix(hit.Path); err != nil || got.Rows != 8 || got.Cols != 8 {
		t.Errorf("the matrix is %v, %v", got, err)
	}
}
