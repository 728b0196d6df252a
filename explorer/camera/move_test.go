package camera_test

import (
	"math"
	"testing"

	"github.com/go-gl/mathgl/mgl64"
	"pgregory.net/rapid"

	"headscope/explorer/camera"
)

var window = camera.Viewport{W: 1280, H: 800}

func TestOrbit(t *testing.T) {
	c, err := camera.New(mgl64.Vec3{0, 0, 100}, mgl64.Vec3{})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []struct {
		dx, dy float64
		want   mgl64.Vec3
	}{
		{200, 0, mgl64.Vec3{-100, 0, 0}}, // a quarter of the height is a quarter turn
		{-200, 0, mgl64.Vec3{100, 0, 0}},
		{800, 0, mgl64.Vec3{0, 0, 100}},
		{0, 100, mgl64.Vec3{0, 100 * math.Sqrt2 / 2, 100 * math.Sqrt2 / 2}},
		{0, 5000, mgl64.Vec3{0, 100, 0}},   // stops at the top
		{0, -5000, mgl64.Vec3{0, -100, 0}}, // and at the bottom
		{math.NaN(), 3, mgl64.Vec3{0, 0, 100}},
	} {
		if got := c.Orbit(window, o.dx, o.dy); !nearVec(got.Position, o.want, 1e-3) {
			t.Errorf("orbit by (%v, %v) leads to %v, want %v", o.dx, o.dy, got.Position, o.want)
		}
	}
}

// Turning keeps the distance, and spinning keeps the height and comes round.
func TestTurning(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := anyCamera(t)
		drag := rapid.Float64Range(-2000, 2000)
		turned := c.Orbit(window, drag.Draw(t, "dx"), drag.Draw(t, "dy"))
		if turned.Target != c.Target || !near(turned.Distance(), c.Distance(), 1e-6) {
			t.Fatalf("%v became %v", c, turned)
		}
		speed := rapid.Float64Range(-20, 20).Draw(t, "speed")
		spun := c.Spin(speed, 7)
		if !near(spun.Position[1], c.Position[1], 1e-6) || !near(spun.Distance(), c.Distance(), 1e-6) {
			t.Fatalf("%v became %v", c, spun)
		}
		if back := c.Spin(1, 60); !nearVec(back.Position, c.Position, 1e-6) {
			t.Fatalf("a minute at speed 1 leads from %v to %v", c, back)
		}
	})
}

// What lies at the target's depth follows the pointer.
func TestPanFollowsThePointer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, v := anyCamera(t), anyViewport(t)
		drag := rapid.Float64Range(-300, 300)
		dx, dy := drag.Draw(t, "dx"), drag.Draw(t, "dy")
		panned := c.Pan(v, dx, dy)
		x, y, _ := panned.Pixel(v, c.Target)
		if !near(x, v.W/2+dx, 1e-6) || !near(y, v.H/2+dy, 1e-6) {
			t.Fatalf("a drag by (%v, %v) moved the target by (%v, %v)", dx, dy, x-v.W/2, y-v.H/2)
		}
		if !near(panned.Distance(), c.Distance(), 1e-6) {
			t.Fatalf("distance %v became %v", c.Distance(), panned.Distance())
		}
	})
}

func TestDolly(t *testing.T) {
	c := camera.Default()
	if got := c.Dolly(camera.DollyStep).Distance(); !near(got, c.Distance()*0.95, 1e-9) {
		t.Errorf("one notch leads from %v to %v", c.Distance(), got)
	}
	for _, factor := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		if got := c.Dolly(factor); got != c {
			t.Errorf("dolly by %v leads from %v to %v", factor, c, got)
		}
	}
	for range 2000 {
		c = c.Dolly(camera.DollyStep)
	}
	if d := c.Distance(); !(d > 0) {
		t.Errorf("endless dolly ends at distance %v", d)
	}
}

// All points are in the window, and one touches the edge of what may be used.
func TestFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, v := anyCamera(t), anyViewport(t)
		lo := vec(t, 300, "lo")
		size := rapid.Float64Range(1, 800)
		hi := lo.Add(mgl64.Vec3{size.Draw(t, "x"), size.Draw(t, "y"), size.Draw(t, "z")})
		margin := rapid.Float64Range(0, 0.5).Draw(t, "margin")
		points := []mgl64.Vec3{lo, hi}
		for range rapid.IntRange(0, 20).Draw(t, "points") {
			points = append(points, lo.Add(vec(t, 200, "point")))
		}
		fitted := c.Fit(v, points, margin)
		widest, nearest := 0.0, math.Inf(1)
		for _, p := range points {
			x, y, depth := fitted.Pixel(v, p)
			nearest = min(nearest, depth)
			widest = max(widest, math.Abs(2*x/v.W-1), math.Abs(2*y/v.H-1))
		}
		if nearest < camera.Near-1e-6 || widest > 1-margin+1e-6 {
			t.Fatalf("a corner is at depth %v, %v of the way to the edge", nearest, widest)
		}
		if nearest > camera.Near+1e-6 && widest < 1-margin-1e-6 {
			t.Fatalf("%v of the window is used, want %v", widest, 1-margin)
		}
		_, _, before := c.Basis()
		_, _, after := fitted.Basis()
		if !nearVec(before, after, 1e-6) {
			t.Fatalf("the view turned from %v to %v", before, after)
		}
	})
}

func TestHostileMovesMoveNothing(t *testing.T) {
	c := camera.Default()
	nan, inf := math.NaN(), math.Inf(1)
	for name, got := range map[string]camera.Camera{
		"pan NaN":  c.Pan(window, nan, 0),
		"pan far":  c.Pan(window, 1e300, 0),
		"orbit":    c.Orbit(window, inf, 0),
		"spin":     c.Spin(nan, 1),
		"fit NaN":  c.Fit(window, []mgl64.Vec3{{nan}, {1, 1, 1}}, 0),
		"fit none": c.Fit(window, nil, 0),
		"fit huge": c.Fit(window, []mgl64.Vec3{{-1e308}, {1e308}}, 0),
	} {
		if got != c {
			t.Errorf("%s leads from %v to %v", name, c, got)
		}
	}
	if p := c.Fit(camera.Viewport{}, []mgl64.Vec3{{1, 1, 1}}, 0); !(p.Distance() > 0) {
		t.Errorf("a fit of a point in a window without area stands %v off", p.Distance())
	}
}
