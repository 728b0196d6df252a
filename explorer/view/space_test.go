package view

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"testing"

	"github.com/go-gl/mathgl/mgl64"

	"headscope/explorer/camera"
	"headscope/explorer/eval"
	"headscope/explorer/expr"
	"headscope/explorer/layout"
	"headscope/explorer/leaf"
	"headscope/explorer/mmtest"
	"headscope/explorer/scene"
	"headscope/explorer/session"
	"headscope/gpu"
	"headscope/gpu/gputest"
	"headscope/gpu/render"
)

// hall is a device with a view of sessions.
type hall struct {
	t      testing.TB
	device *gpu.Device
	values *eval.Expression
	view   *Space
}

func newHall(t testing.TB) *hall {
	t.Helper()
	h := &hall{t: t, device: gputest.Device(t)}
	r, err := render.New(h.device)
	if err != nil {
		t.Fatal(err)
	}
	h.values, h.view = eval.NewExpression(h.device), NewSpace(h.device, r)
	t.Cleanup(func() {
		h.view.Release()
		h.view.Release() // a second release does nothing
		h.values.Release()
		r.Release()
	})
	return h
}

// show computes and shows a link or an expression.
func (h *hall) show(text string) *session.Session {
	h.t.Helper()
	s, err := session.Open(text, session.Files)
	if err != nil {
		h.t.Fatal(err)
	}
	if err := h.values.Run(h.t.Context(), s.Root, &leaf.Source{Seed: 1}, nil); err != nil {
		h.t.Fatal(err)
	}
	if err := h.view.Show(s.Root, h.values); err != nil {
		h.t.Fatal(err)
	}
	return s
}

func (h *hall) picture(c camera.Camera, width, height int) *image.NRGBA {
	h.t.Helper()
	p, err := h.device.NewPicture(width, height)
	if err != nil {
		h.t.Fatal(err)
	}
	defer p.Release()
	r := h.device.Record("picture")
	h.view.Draw(r, p, image.Rectangle{}, c, nil)
	if err := r.Submit(); err != nil {
		h.t.Fatal(err)
	}
	img, err := p.Image()
	if err != nil {
		h.t.Fatal(err)
	}
	return img
}

// toward is a camera that looks at an element of a matrix from the side from which the
// session's camera looks, from as near as one likes.
func (h *hall) toward(s *session.Session, path string, i, j int, distance float64) camera.Camera {
	h.t.Helper()
	for _, m := range h.view.Scene.Matrices {
		if m.Path == path {
			_, _, back := s.Camera.Basis()
			c, err := camera.New(m.World(i, j).Add(back.Mul(distance)), m.World(i, j))
			if err != nil {
				h.t.Fatal(err)
			}
			return c
		}
	}
	h.t.Fatalf("there is no matrix %s", path)
	return camera.Camera{}
}

func TestSpaceGoldens(t *testing.T) {
	for _, c := range []struct {
		name   string
		link   int
		look   scene.Look
		camera func(h *hall, s *session.Session) camera.Camera
	}{
		{"space_close", 1, scene.Look{}, func(h *hall, s *session.Session) camera.Camera { return h.toward(s, "root", 9, 9, 22) }},
		{"space_blocks", 16, scene.Look{}, func(h *hall, s *session.Session) camera.Camera { return s.Camera }},
		{"space_layer", 37, scene.Look{}, func(h *hall, s *session.Session) camera.Camera { return s.Camera }},
		{"space_light", 13, scene.Look{Light: true}, func(h *hall, s *session.Session) camera.Camera { return s.Camera.Dolly(0.6) }},
		{"space_safe", 10, scene.Look{Safe: true}, func(h *hall, s *session.Session) camera.Camera { return h.toward(s, "left", 8, 8, 60) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHall(t)
			h.view.Look = c.look
			s := h.show(mmtest.Links(t)[c.link-1])
			at := c.camera(h, s)
			img := h.picture(at, 256, 160)
			if again := h.picture(at, 256, 160); !bytes.Equal(img.Pix, again.Pix) {
				t.Error("a second picture differs from the first")
			}
			gputest.Golden(t, c.name, img)
		})
	}
}

// Another scene takes the place of the one before, and that one's picture can come back.
func TestShowAnother(t *testing.T) {
	h := newHall(t)
	first := h.show(mmtest.Links(t)[0])
	want := h.picture(first.Camera, 160, 120)
	h.show(mmtest.Links(t)[15])
	other := h.picture(first.Camera, 120, 160) // of another size: another depth buffer
	if bytes.Equal(other.Pix, want.Pix) {
		t.Error("another session has the same picture")
	}
	live := h.device.Live()
	for range 2 {
		h.show(mmtest.Links(t)[0])
		if img := h.picture(first.Camera, 160, 120); !bytes.Equal(img.Pix, want.Pix) {
			t.Error("the first session has another picture than before")
		}
		h.show(mmtest.Links(t)[15])
		h.picture(first.Camera, 120, 160)
		if now := h.device.Live(); now.Buffers != live.Buffers || now.Textures != live.Textures || now.Bytes != live.Bytes {
			t.Errorf("alive are %+v, were %+v", now, live)
		}
	}
}

// Where all that is seen is near by, drawing every element as a ball changes nothing.
func TestBallsShowTheSame(t *testing.T) {
	h := newHall(t)
	s := h.show(mmtest.Links(t)[0])
	c := h.toward(s, "root", 3, 3, 6)
	usual := h.picture(c, 400, 300)
	h.view.Balls = true
	balls := h.picture(c, 400, 300)
	for y := 100; y < 190; y++ {
		for x := 140; x < 210; x++ {
			if a, b := usual.NRGBAAt(x, y), balls.NRGBAAt(x, y); a != b {
				t.Fatalf("pixel (%d, %d) is %v, and %v with balls", x, y, a, b)
			}
		}
	}
}

// failing gives no matrix.
type failing struct{ Values }

func (failing) Matrix(string) (gpu.Tensor, error) { return gpu.Tensor{}, errors.New("no such matrix") }

// After an error there is still something to draw, or nothing, but no harm is done.
func TestShowFails(t *testing.T) {
	h := newHall(t)
	s := h.show(mmtest.Links(t)[0])
	want := h.picture(s.Camera, 160, 120)
	larger, err := session.Open(mmtest.Links(t)[15], session.Files)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.values.Run(t.Context(), larger.Root, &leaf.Source{Seed: 1}, nil); err != nil {
		t.Fatal(err)
	}
	if err := h.view.Show(larger.Root, failing{h.values}); err == nil || err.Error() != "no such matrix" {
		t.Fatalf("an error of the values became %v", err)
	}
	got := h.picture(s.Camera, 160, 120)
	if black := make([]byte, len(want.Pix)); !bytes.Equal(got.Pix, want.Pix) {
		for i := 3; i < len(black); i += 4 {
			black[i] = 255
		}
		if !bytes.Equal(got.Pix, black) {
			t.Error("after an error the picture is neither the one before nor empty")
		}
	}
}

func TestSpaceBeforeShow(t *testing.T) {
	d := gputest.Device(t)
	r, err := render.New(d)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	s := NewSpace(d, r)
	defer s.Release()
	p, err := d.NewPicture(8, 8)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Release()
	rec := d.Record("nothing")
	s.Draw(rec, p, image.Rectangle{}, camera.Default(), &Lens{X: 4, Y: 4})
	if err := rec.Submit(); err != nil {
		t.Fatal(err)
	}
	if img, err := p.Image(); err != nil || img.NRGBAAt(4, 4) != (color.NRGBA{A: 255}) {
		t.Errorf("nothing is drawn as %v, %v", img.NRGBAAt(4, 4), err)
	}
}

// A scene that is too large for mm's far plane is seen all the same.
func TestSpaceBeyondTheFarPlane(t *testing.T) {
	s := Space{}
	c, err := camera.New(mgl64.Vec3{0, 0, 40000}, mgl64.Vec3{})
	if err != nil {
		t.Fatal(err)
	}
	if far := s.far(c); far != camera.Far {
		t.Errorf("nothing reaches to %v", far)
	}
	laid, err := layout.Layout(expr.Default())
	if err != nil {
		t.Fatal(err)
	}
	s.Scene = laid
	v := camera.Viewport{W: 100, H: 100}
	view := sight{c, v, scene.Whole(v), 1, s.far(c)}.view()
	for _, p := range laid.Corners() {
		clip := view.Clip.Mul4x1(vec3(p).Vec4(1))
		if z := clip[2] / clip[3]; !(z > 0 && z < 1) {
			t.Errorf("%v has depth %v", p, z)
		}
	}
}
