package view

import (
	"bytes"
	"image"
	"strings"
	"testing"

	"github.com/go-gl/mathgl/mgl64"

	"headscope/explorer/camera"
	"headscope/explorer/eval"
	"headscope/explorer/expr"
	"headscope/explorer/layout"
	"headscope/explorer/leaf"
	"headscope/explorer/partition"
	"headscope/explorer/scene"
	"headscope/explorer/session"
	"headscope/gpu/gputest"
	"headscope/gpu/render"
)

// played is a hall with a built-in session of a model, played as its form has it.
type played struct {
	*hall
	session  *session.Session
	playback eval.Playback
	attn     layout.Matrix
}

// newPlayed plays a session of 24 tokens, which are in three blocks if it is in blocks.
func newPlayed(t testing.TB, form string, look scene.Look) *played {
	t.Helper()
	p := &played{hall: newHall(t)}
	for range 3 {
		p.view.Tokens = append(p.view.Tokens, someTokens...)
	}
	var err error
	p.session, err = session.Builtin(form, session.Shape{Tokens: len(p.view.Tokens), Width: 192, HeadWidth: 8, Hidden: 32, Layer: 1, Head: 2})
	if err != nil {
		t.Fatal(err)
	}
	p.session.Root.Walk(func(path string, n *expr.Node) {
		if form == "blockwise" && n.Name == "attn" {
			for _, axis := range []partition.Axis{partition.I, partition.J} {
				if err := partition.Set(p.session.Root, path, axis, 3); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
	leaves := &leaf.Source{Seed: 1, Files: []leaf.Finder{waves{}}}
	if err := p.values.Run(t.Context(), p.session.Root, leaves, nil); err != nil {
		t.Fatal(err)
	}
	p.view.Look = look
	p.finish()
	for _, m := range p.view.Scene.Matrices {
		if m.Node.Name == "attn" {
			p.attn = m
		}
	}
	if p.playback, err = eval.NewPlayback(t.Context(), p.values, p.view.Scene, form, leaves); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.playback.Release)
	return p
}

// finish shows the finished results.
func (p *played) finish() {
	p.t.Helper()
	if err := p.view.Show(p.session.Root, p.values); err != nil {
		p.t.Fatal(err)
	}
}

func (p *played) at(step int) *played {
	p.t.Helper()
	if err := p.playback.Show(p.t.Context(), step); err != nil {
		p.t.Fatal(err)
	}
	if err := p.view.ShowStep(p.playback); err != nil {
		p.t.Fatal(err)
	}
	return p
}

// before is a camera before attn, toward a column.
func (p *played) before(col int, distance float64) camera.Camera {
	p.t.Helper()
	middle, normal := p.attn.World((p.attn.Rows.N-1)/2, col), p.attn.ToWorld.Col(2).Vec3()
	if _, _, back := p.session.Camera.Basis(); normal.Dot(back) < 0 {
		normal = normal.Mul(-1)
	}
	c, err := camera.New(middle.Add(normal.Add(mgl64.Vec3{0.02, 0.02, 0}).Mul(distance)), middle)
	if err != nil {
		p.t.Fatal(err)
	}
	return c
}

func TestPlaybackGoldens(t *testing.T) {
	for _, c := range []struct {
		name, form string
		look       scene.Look
		step       int
		camera     func(p *played) camera.Camera
	}{
		{"playback_blockwise", "blockwise", scene.Look{}, 2, func(p *played) camera.Camera { return p.before(20, 75) }},
		{"playback_blockwise_light", "blockwise", scene.Look{Light: true}, 4, func(p *played) camera.Camera { return p.before(20, 75) }},
		{"playback_decode", "decode", scene.Look{}, 12, func(p *played) camera.Camera { return p.toward(p.session, p.attn.Path, 0, 12, 55) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlayed(t, c.form, c.look).at(c.step)
			gputest.Golden(t, c.name, p.picture(c.camera(p), 256, 160))
		})
	}
}

// Played, stepped back to or shown after the finished results: a step is the same picture, and the
// finished results are what they were.
func TestPlaybackAnyWay(t *testing.T) {
	for _, form := range []string{"blockwise", "decode"} {
		p := newPlayed(t, form, scene.Look{})
		c := p.before(20, 75)
		finished := p.picture(c, 128, 80)
		steps := p.playback.Steps()
		var all [][]byte
		for step := 1; step <= steps; step++ {
			all = append(all, p.at(step).picture(c, 128, 80).Pix)
		}
		for step := steps - 1; step > 0; step -= 1 + steps/5 {
			if !bytes.Equal(p.at(step).picture(c, 128, 80).Pix, all[step-1]) {
				t.Errorf("%s: step %d is another picture on the way back", form, step)
			}
			p.finish()
			if !bytes.Equal(p.picture(c, 128, 80).Pix, finished.Pix) {
				t.Errorf("%s: after step %d the finished results are another picture", form, step)
			}
			if bytes.Equal(all[step-1], finished.Pix) {
				t.Errorf("%s: step %d shows the finished results", form, step)
			}
		}
	}
}

// The columns beside attn have a range and a name each, can be pointed at, and are under the lens.
func TestColumns(t *testing.T) {
	p := newPlayed(t, "blockwise", scene.Look{}).at(2)
	labels, err := p.playback.Labels()
	if err != nil || len(labels) != 3 || len(p.view.planes.matrices) != 3 {
		t.Fatalf("%v, %v, %d planes", labels, err, len(p.view.planes.matrices))
	}
	region := image.Rect(10, 20, 330, 220)
	v := camera.Viewport{W: 320, H: 200}
	c := p.before(23, 75)
	for i, l := range labels {
		m := p.view.planes.matrices[i]
		if got := p.view.planeElements(i).Range; got != (scene.Range{Max: l.AbsMax}) {
			t.Errorf("%s is coloured in the range %v, want up to %v", l.Name, got, l.AbsMax)
		}
		x, y, _ := c.Pixel(v, m.World(20, 0))
		name, row, ok := p.view.PickColumn(region, c, x+10, y+20)
		if !ok || name != l.Name || row != 20 {
			t.Errorf("at %s is row %d of %s, %v", l.Name, row, name, ok)
		}
		text, err := p.view.Column(l.Name, 20)
		if err != nil || !strings.HasPrefix(text, l.Name+" [20] = ") || !strings.HasSuffix(text, ", "+l.About) {
			t.Errorf("of %s it says %q, %v", l.Name, text, err)
		}
		if text, err := p.view.Column(l.Name, 24); err == nil {
			t.Errorf("of a row that there is not it says %q", text)
		}
		lens := &Lens{x + 10, y + 20}
		if bytes.Equal(p.drawn(340, 240, region, c, lens).Pix, p.drawn(340, 240, region, c, nil).Pix) {
			t.Errorf("there is no lens over %s", l.Name)
		}
		if hit, ok := p.view.spotted(sight{camera: c, viewport: v}, x, y); !ok || hit.Number != len(p.view.Scene.Matrices)+i || hit.I != 20 {
			t.Errorf("the lens over %s shows the values around %+v", l.Name, hit)
		}
		if hit, ok := p.view.Pick(region, c, x+10, y+20); ok && hit.Number >= len(p.view.Scene.Matrices) {
			t.Errorf("%s is picked as %+v", l.Name, hit)
		}
	}
	for what, at := range map[string]mgl64.Vec3{"an element of attn": p.attn.World(20, 3), "nothing": p.attn.World(0, 0).Add(mgl64.Vec3{0, 0, 1e4})} {
		x, y, _ := c.Pixel(v, at)
		if name, row, ok := p.view.PickColumn(region, c, x+10, y+20); ok {
			t.Errorf("at %s is row %d of %s", what, row, name)
		}
	}
	// Rows that skip the block have no c.
	x, y, _ := c.Pixel(v, p.view.planes.matrices[2].World(3, 0))
	if name, row, ok := p.view.PickColumn(region, c, x+10, y+20); ok {
		t.Errorf("a row that skips the block is row %d of %s", row, name)
	}
	named := p.picture(c, 320, 200)
	p.view.planes.labels = make([]eval.PlaneLabel, 3)
	if bytes.Equal(p.picture(c, 320, 200).Pix, named.Pix) {
		t.Error("the columns have no names")
	}
}

// The block of keys that passes by is lit: columns of K_t and rows of V. In the last step none is.
func TestBlockInUse(t *testing.T) {
	p := newPlayed(t, "blockwise", scene.Look{})
	none := render.Lit{}
	for step := 1; step <= 4; step++ {
		lit := p.at(step).view.inUse()
		for _, m := range p.view.Scene.Matrices {
			l := lit[m.Path]
			want := step < 4 && (m.Node.Name == "K_t" || m.Node.Name == "V")
			if is := l.Rows != none.Rows && l.Cols != none.Cols; is != want {
				t.Errorf("step %d: %s is lit: %+v", step, m.Node.Name, l)
			}
			along := l.Cols
			if m.Node.Name == "V" {
				along = l.Rows
			}
			if want && along != (struct{ Block, Index, Count int }{24, 8 * (step - 1), 8}) {
				t.Errorf("step %d: of %s %+v is lit", step, m.Node.Name, along)
			}
		}
	}
}

// A description counts the planes that there are.
func TestDescribeColumns(t *testing.T) {
	p := newPlayed(t, "blockwise", scene.Look{})
	for step, want := range map[int]int{2: 3, 4: 2} {
		d, err := p.view.DescribeStep(p.at(step).playback)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range d.Results {
			switch n := r.Intermediates; {
			case r.Path+".left" == p.attn.Path || r.Path == "root" && p.attn.Path == "left":
				if n != want || len(r.Planes) != want || r.Planes[0].H != 24 || r.Planes[0].W != 1 {
					t.Errorf("step %d: %+v", step, r)
				}
			case n != 0:
				t.Errorf("step %d: %s has %d planes", step, r.Path, n)
			}
		}
	}
}
