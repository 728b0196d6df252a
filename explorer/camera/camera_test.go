package camera_test

import (
	"math"
	"testing"

	"github.com/go-gl/mathgl/mgl64"
	"pgregory.net/rapid"

	"headscope/explorer/camera"
)

func near(a, b, tolerance float64) bool { return math.Abs(a-b) <= tolerance }

func nearVec(a, b mgl64.Vec3, tolerance float64) bool { return a.Sub(b).Len() <= tolerance }

func vec(t *rapid.T, span float64, name string) mgl64.Vec3 {
	f := rapid.Float64Range(-span, span)
	return mgl64.Vec3{f.Draw(t, name+".x"), f.Draw(t, name+".y"), f.Draw(t, name+".z")}
}

// anyCamera stands at least 10 beside its target, so that tolerances mean something.
func anyCamera(t *rapid.T) camera.Camera {
	target := vec(t, 500, "target")
	off := vec(t, 500, "offset")
	if math.Hypot(off[0], off[2]) < 10 {
		off[2] += 30
	}
	c, err := camera.New(target.Add(off), target)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func anyViewport(t *rapid.T) camera.Viewport {
	side := rapid.Float64Range(100, 4000)
	return camera.Viewport{W: side.Draw(t, "w"), H: side.Draw(t, "h")}
}

func TestFieldOfView(t *testing.T) {
	for _, c := range []struct{ w, h, degrees float64 }{
		{1280, 800, 45}, {800, 800, 45}, {400, 800, 90}, {10, 1000, 170}, {0, 0, 45}, {math.NaN(), 5, 45}, {-3, 7, 45},
	} {
		if got := mgl64.RadToDeg(camera.Viewport{W: c.w, H: c.h}.FOV()); !near(got, c.degrees, 1e-9) {
			t.Errorf("%v x %v: field of view %v, want %v", c.w, c.h, got, c.degrees)
		}
	}
}

func TestProjectionDepth(t *testing.T) {
	p := camera.Viewport{W: 1280, H: 800}.Projection()
	for _, c := range []struct{ depth, want float64 }{{camera.Near, 0}, {camera.Far, 1}} {
		if got := mgl64.TransformCoordinate(mgl64.Vec3{0, 0, -c.depth}, p)[2]; !near(got, c.want, 1e-12) {
			t.Errorf("depth %v becomes %v, want %v", c.depth, got, c.want)
		}
	}
	top := mgl64.TransformCoordinate(mgl64.Vec3{0, 100 * math.Tan(math.Pi/8), -100}, p)
	if !near(top[1], 1, 1e-12) {
		t.Errorf("the upper edge of 45 degrees becomes y %v, want 1", top[1])
	}
}

// Pixel, Ray, View and Projection are four ways to say the same.
func TestPixelRayAndMatricesAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, v := anyCamera(t), anyViewport(t)
		x := rapid.Float64Range(0, v.W).Draw(t, "x")
		y := rapid.Float64Range(0, v.H).Draw(t, "y")
		ray := c.Ray(v, x, y)
		p := ray.At(rapid.Float64Range(10, 2000).Draw(t, "distance"))
		gotX, gotY, depth := c.Pixel(v, p)
		if !near(gotX, x, 1e-6) || !near(gotY, y, 1e-6) {
			t.Fatalf("a point on the ray through (%v, %v) is seen at (%v, %v)", x, y, gotX, gotY)
		}
		clip := v.Projection().Mul4(c.View()).Mul4x1(p.Vec4(1))
		if !near(clip[3], depth, 1e-6) {
			t.Fatalf("clip w %v, depth %v", clip[3], depth)
		}
		clipX, clipY := (clip[0]/clip[3]+1)/2*v.W, (1-clip[1]/clip[3])/2*v.H
		if !near(clipX, x, 1e-6) || !near(clipY, y, 1e-6) {
			t.Fatalf("the matrices put (%v, %v) at (%v, %v)", x, y, clipX, clipY)
		}
	})
}

func TestTargetIsInTheMiddle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, v := anyCamera(t), anyViewport(t)
		x, y, depth := c.Pixel(v, c.Target)
		if !near(x, v.W/2, 1e-6) || !near(y, v.H/2, 1e-6) || !near(depth, c.Distance(), 1e-6) {
			t.Fatalf("target at (%v, %v) depth %v, window %v, distance %v", x, y, depth, v, c.Distance())
		}
	})
}

func TestViewIsRigidAndUpright(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := anyCamera(t)
		a, b := vec(t, 100, "a"), vec(t, 100, "b")
		view := c.View()
		ta, tb := mgl64.TransformCoordinate(a, view), mgl64.TransformCoordinate(b, view)
		if !near(ta.Sub(tb).Len(), a.Sub(b).Len(), 1e-9) {
			t.Fatalf("distance %v becomes %v", a.Sub(b).Len(), ta.Sub(tb).Len())
		}
		right, up, back := c.Basis()
		if up[1] < 0 || right[1] != 0 || !nearVec(right.Cross(up), back, 1e-9) {
			t.Fatalf("right %v, up %v, back %v", right, up, back)
		}
	})
}

func TestBehindTheCamera(t *testing.T) {
	c := camera.Default()
	if _, _, depth := c.Pixel(camera.Viewport{W: 640, H: 480}, c.Position.Mul(2)); depth >= 0 {
		t.Errorf("a point behind the camera has depth %v", depth)
	}
}

func TestPointPixels(t *testing.T) {
	for _, c := range []struct{ size, depth, want float64 }{
		{1000, 100, 10}, {1000, 4.9, 0}, {1000, 10001, 0}, {1000, -3, 0}, {0, 50, 0},
	} {
		if got := camera.PointPixels(c.size, c.depth); got != c.want {
			t.Errorf("size %v at depth %v is %v pixels, want %v", c.size, c.depth, got, c.want)
		}
	}
}

func TestNewRefusesWhatIsNoPlace(t *testing.T) {
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 2e9} {
		for axis := range 3 {
			var at mgl64.Vec3
			at[axis] = bad
			if _, err := camera.New(at, mgl64.Vec3{}); err == nil {
				t.Errorf("position %v was taken", at)
			}
			if _, err := camera.New(mgl64.Vec3{0, 0, 9}, at); err == nil {
				t.Errorf("target %v was taken", at)
			}
		}
	}
}

func TestNewKeepsPlaces(t *testing.T) {
	for _, position := range []mgl64.Vec3{{}, {0, 10, 0}, {0, -10, 0}, {-48.763575165818956, 43.72517618222101, 33.70077275818966}} {
		c, err := camera.New(position, mgl64.Vec3{})
		if err != nil {
			t.Fatal(err)
		}
		if position.Len() > 0 && c.Position != position {
			t.Errorf("%v became %v", position, c.Position)
		}
		if !(c.Distance() > 0) {
			t.Errorf("from %v the camera stands on its target", position)
		}
		for _, x := range c.View() {
			if math.IsNaN(x) {
				t.Fatalf("from %v the view is %v", position, c.View())
			}
		}
	}
}
