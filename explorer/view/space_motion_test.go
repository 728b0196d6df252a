package view

import (
	"bytes"
	"image"
	"testing"

	"headscope/explorer/anim"
	"headscope/explorer/camera"
	"headscope/explorer/eval"
	"headscope/explorer/layout"
	"headscope/explorer/leaf"
	"headscope/explorer/mmtest"
	"headscope/explorer/scene"
	"headscope/explorer/session"
	"headscope/gpu/gputest"
)

// moving is a hall with a session in motion.
type moving struct {
	*hall
	session *session.Session
	steps   int
	motion  *eval.Motion
}

// newMoving shows a link or an expression, with some settings of its root.
func newMoving(t testing.TB, text string, settings map[string]any) *moving {
	t.Helper()
	h := newHall(t)
	s := h.show(text)
	for key, value := range settings {
		if err := s.Root.Set(key, value); err != nil {
			t.Fatal(err)
		}
	}
	s.Root.Resolve()
	if err := layout.Derive(s.Root); err != nil {
		t.Fatal(err)
	}
	if err := h.view.Show(s.Root, h.values); err != nil {
		t.Fatal(err)
	}
	return &moving{hall: h, session: s}
}

// start sets what is shown in motion, from the beginning.
func (m *moving) start() *moving {
	m.t.Helper()
	a, err := anim.New(m.view.Scene)
	if err != nil {
		m.t.Fatal(err)
	}
	m.steps, m.motion = a.Steps(), eval.NewMotion(m.values, a)
	m.t.Cleanup(m.motion.Release)
	return m
}

func (m *moving) at(step int) *moving {
	m.t.Helper()
	if err := m.motion.Show(m.t.Context(), step); err != nil {
		m.t.Fatal(err)
	}
	if err := m.view.ShowStep(m.motion); err != nil {
		m.t.Fatal(err)
	}
	return m
}

var plain = map[string]any{"deco.legends": 0.0, "deco.row guides": 0.3}

func TestMotionGoldens(t *testing.T) {
	for _, c := range []struct {
		name     string
		text     string
		step     int
		look     scene.Look
		settings map[string]any
	}{
		{"motion_dotprod", mmtest.Links(t)[1], 300, scene.Look{}, plain},
		{"motion_mvprod", mmtest.Links(t)[3], 12, scene.Look{}, plain},
		{"motion_vvprod_light", mmtest.Links(t)[8], 9, scene.Look{Light: true}, plain},
		{"motion_blocks", "A @ B", 7, scene.Look{}, map[string]any{
			"anim.alg": "vmprod", "block.i blocks": 2, "block.k blocks": 2, "block.j blocks": 2, "deco.legends": 0.0,
		}},
		{"motion_fused", "A @ B @ C @ D", 20, scene.Look{}, map[string]any{
			"anim.alg": "vmprod", "anim.fuse": "sync", "deco.legends": 0.0, "deco.row guides": 0.3,
		}},
		{"motion_hidden", "A @ B", 20, scene.Look{}, map[string]any{"anim.alg": "axpy", "anim.hide inputs": true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMoving(t, c.text, c.settings)
			m.view.Look = c.look
			if err := m.view.Show(m.session.Root, m.values); err != nil {
				t.Fatal(err)
			}
			m.start().at(c.step)
			at := m.session.Camera.Fit(camera.Viewport{W: 256, H: 160}, m.view.Scene.Corners(), 0.04)
			img := m.picture(at, 256, 160)
			if again := m.picture(at, 256, 160); !bytes.Equal(img.Pix, again.Pix) {
				t.Error("a second picture differs from the first")
			}
			gputest.Golden(t, c.name, img)
		})
	}
}

// Played, sought for, stepped back to or shown by a fresh view: a step is the same picture.
func TestMotionAnyWay(t *testing.T) {
	for _, alg := range []string{"vmprod", "mvprod", "vvprod", "dotprod (row major)", "dotprod (col major)", "axpy"} {
		for _, blocks := range []int{1, 2} {
			m := newMoving(t, "A @ B @ C", map[string]any{"anim.alg": alg, "anim.fuse": "async", "block.i blocks": blocks, "block.k blocks": blocks, "block.j blocks": blocks})
			for path, size := range map[string][2]int{"left.left": {9, 11}, "right": {11, 7}} {
				if err := m.session.Root.Resize(m.session.Root.At(path), size[0], size[1]); err != nil {
					t.Fatal(err)
				}
			}
			if err := m.values.Run(t.Context(), m.session.Root, &leaf.Source{Seed: 1}, nil); err != nil {
				t.Fatal(err)
			}
			if err := m.view.Show(m.session.Root, m.values); err != nil {
				t.Fatal(err)
			}
			v := camera.Viewport{W: 200, H: 150}
			c := m.session.Camera.Fit(v, m.view.Scene.Corners(), 0)
			m.start()
			some := []int{1, m.steps / 3, m.steps/3 + 1, m.steps / 2, m.steps - 1, m.steps}
			want := map[int]*image.NRGBA{}
			for step := 1; step <= m.steps; step++ {
				m.at(step)
				for _, s := range some {
					if s == step {
						want[s] = m.picture(c, 200, 150)
					}
				}
			}
			for _, other := range []int{1, 5, m.steps} { // the one before, or later
				for i := len(some) - 1; i >= 0; i-- {
					m.at(other).at(some[i])
					if got := m.picture(c, 200, 150); !bytes.Equal(got.Pix, want[some[i]].Pix) {
						t.Errorf("%s in %d blocks: step %d of %d from step %d is another picture than when played", alg, blocks, some[i], m.steps, other)
					}
				}
			}
			if err := m.view.Show(m.session.Root, m.values); err != nil {
				t.Fatal(err)
			}
			finished := m.picture(c, 200, 150)
			for _, s := range some {
				m.at(s)
				if got := m.picture(c, 200, 150); !bytes.Equal(got.Pix, want[s].Pix) {
					t.Errorf("%s in %d blocks: step %d is another picture after the finished results", alg, blocks, s)
				}
				if bytes.Equal(finished.Pix, want[s].Pix) {
					t.Errorf("%s in %d blocks: step %d shows the finished results", alg, blocks, s)
				}
			}
		}
	}
}

// Planes come and go, and take no more room than they did in the cycle before.
func TestMotionKeepsRoom(t *testing.T) {
	m := newMoving(t, "A @ B @ C", map[string]any{"anim.alg": "vmprod", "block.k blocks": 2}).start()
	cycle := func() {
		for step := 1; step <= m.steps; step++ {
			m.at(step)
			m.picture(m.session.Camera, 64, 64)
		}
	}
	cycle()
	before := m.device.Live()
	cycle()
	if now := m.device.Live(); now.Buffers != before.Buffers || now.Textures != before.Textures || now.Bytes != before.Bytes {
		t.Errorf("after a cycle alive are %+v, were %+v", now, before)
	}
}

// A row that is in use is seen even where it is far thinner than a pixel.
func TestInUseFromAfar(t *testing.T) {
	m := newMoving(t, "A @ B", map[string]any{"anim.alg": "vmprod", "deco.legends": 0.0, "deco.row guides": 0.0, "deco.flow guides": 0.0, "viz.max light": 0.3, "viz.min light": 0.3})
	m.start()
	left, _ := m.view.Scene.Matrix("left")
	normal := left.ToWorld.Col(2).Vec3()
	middle := left.World(16, 16)
	if middle.Add(normal).Len() < middle.Len() {
		normal = normal.Mul(-1) // to the outside
	}
	c, err := camera.New(middle.Add(normal.Mul(600)), middle)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []int{1, 9, 32} {
		img := m.at(step).picture(c, 200, 150)
		brightest := 0
		for i := 0; i < len(img.Pix); i += 4 {
			brightest = max(brightest, int(min(img.Pix[i], img.Pix[i+1], img.Pix[i+2])))
		}
		// Half of what is added; colours of saturation 1 have a channel of 0.
		if brightest < 64 {
			t.Errorf("step %d: no pixel has more than %d in each channel", step, brightest)
		}
	}
}

// What was not reached is not picked; the lens shows the values of planes if it is to.
func TestMotionLens(t *testing.T) {
	m := newMoving(t, "A @ B", map[string]any{"anim.alg": "vvprod", "deco.magnification": 3.0}).start().at(5)
	c := m.session.Camera
	p := m.view.planes.matrices[0]
	// Where the ray meets the plane and no other matrix.
	v := camera.Viewport{W: 320, H: 200}
	see := sight{camera: c, viewport: v}
	m.session.Root.Deco.InteriorSpotlight = true
	var lens *Lens
	for i := range p.Rows.N {
		for j := range p.Cols.N {
			x, y, _ := c.Pixel(v, p.World(i, j))
			if hit, ok := m.view.spotted(see, x, y); ok && hit.Number == len(m.view.Scene.Matrices) && hit.I == i && hit.J == j {
				lens = &Lens{x, y}
			}
		}
	}
	if lens == nil {
		t.Fatal("no element of the plane is picked")
	}
	inside := m.drawn(320, 200, image.Rectangle{}, c, lens)
	m.session.Root.Deco.InteriorSpotlight = false
	outside := m.drawn(320, 200, image.Rectangle{}, c, lens)
	if bytes.Equal(inside.Pix, outside.Pix) {
		t.Error("the lens shows no values of the plane")
	}
	if hit, ok := m.view.Pick(image.Rect(0, 0, 320, 200), c, lens.X, lens.Y); ok && hit.Number >= len(m.view.Scene.Matrices) {
		t.Errorf("%+v is picked", hit)
	}
}

func TestMotionPick(t *testing.T) {
	m := newMoving(t, "A @ B", map[string]any{"anim.alg": "vmprod"}).start().at(4)
	root, _ := m.view.Scene.Matrix("root")
	for i, want := range map[int]bool{0: true, 3: true, 4: false, 31: false} {
		if got := m.view.shown(0, i, 5); got != want {
			t.Errorf("row %d of %s is shown: %v", i, root.Path, got)
		}
	}
	if v, err := m.view.Value("root", 3, 5); err != nil || v == 0 {
		t.Errorf("the last row has %v, %v", v, err)
	}
	if v, err := m.view.Value("root", 4, 5); err != nil || v != 0 {
		t.Errorf("the next row has %v, %v", v, err)
	}
	hidden := newMoving(t, "A @ B", map[string]any{"anim.alg": "vmprod", "anim.hide inputs": true}).start().at(4)
	if hidden.view.shown(1, 0, 0) || hidden.view.shown(2, 0, 0) {
		t.Error("hidden inputs are shown")
	}
}

func TestShowStepOfNothing(t *testing.T) {
	h := newHall(t)
	if err := h.view.ShowStep(nil); err == nil {
		t.Error("there are steps before anything is shown")
	}
}
