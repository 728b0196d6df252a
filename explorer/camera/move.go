package camera

import (
	"math"

	"github.com/go-gl/mathgl/mgl64"
)

// The gestures below are those of three.js' OrbitControls, which mm's users know: a drag is
// measured in pixels and scaled by the window's height alone, so that it feels the same in
// both directions. A movement that is not a finite number moves nothing.

// DollyStep is what one notch of the wheel towards the scene multiplies the distance by.
const DollyStep = 0.95

// Orbit turns the camera about its target after a drag by (dx, dy) pixels: a drag over the
// window's height is a whole turn, and the scene follows the pointer. The camera stops
// short of the poles.
func (c Camera) Orbit(v Viewport, dx, dy float64) Camera {
	_, h := v.sides()
	return c.turn(-2*math.Pi*dx/h, -2*math.Pi*dy/h)
}

// Spin turns the camera about the vertical through its target for some seconds. A speed of
// 1 is a turn a minute, OrbitControls' unit; a positive one lets the scene turn to the right.
func (c Camera) Spin(speed, seconds float64) Camera {
	return c.turn(-2*math.Pi/60*speed*seconds, 0)
}

// turn adds to the azimuth and to the polar angle.
func (c Camera) turn(azimuth, polar float64) Camera {
	if !finite(azimuth, polar) {
		return c
	}
	r, a, p := c.spherical()
	return from(c.Target, r, a+azimuth, p+polar)
}

// Pan moves camera and target in the plane of the window after a drag by (dx, dy) pixels, by
// as much as keeps what is at the target's depth under the pointer.
func (c Camera) Pan(v Viewport, dx, dy float64) Camera {
	right, up, _ := c.Basis()
	unit := v.UnitPixels(max(c.Distance(), minDistance))
	d := up.Mul(dy / unit).Sub(right.Mul(dx / unit))
	moved, err := New(c.Position.Add(d), c.Target.Add(d))
	if err != nil {
		return c // past the end of the world, or nowhere
	}
	return moved
}

// Dolly multiplies the distance to the target; a factor below 1 comes closer.
func (c Camera) Dolly(factor float64) Camera {
	if !finite(factor) || factor <= 0 {
		return c
	}
	r, a, p := c.spherical()
	return from(c.Target, r*factor, a, p)
}

// Fit looks at points from the side from which the camera looked before, from as near as
// shows them all and leaves a share margin of the window free on either side (0.1 leaves a
// tenth; it is kept within 0 to 0.9). Points beyond 1e9, or none, change nothing.
func (c Camera) Fit(v Viewport, points []mgl64.Vec3, margin float64) Camera {
	if len(points) == 0 || !finite(margin) {
		return c
	}
	right, up, back := c.Basis()
	slopeX, slopeY := v.slopes()
	free := 1 - mgl64.Clamp(margin, 0, 0.9)
	slopeX, slopeY = slopeX*free, slopeY*free
	// In the camera's directions, z towards it: a camera at (x, y, z) sees the points within
	// x ± slope (z - their z), so each moves an edge of where it may stand.
	inf := math.Inf(1)
	lowX, highX, lowY, highY, far, near := inf, -inf, inf, -inf, inf, -inf
	for _, p := range points {
		if !within(p) {
			return c
		}
		x, y, z := p.Dot(right), p.Dot(up), p.Dot(back)
		lowX, highX = min(lowX, x-slopeX*z), max(highX, x+slopeX*z)
		lowY, highY = min(lowY, y-slopeY*z), max(highY, y+slopeY*z)
		far, near = min(far, z), max(near, z)
	}
	z := max((highX-lowX)/(2*slopeX), (highY-lowY)/(2*slopeY), near+Near)
	middle := (far + near) / 2
	target := right.Mul((lowX + highX) / 2).Add(up.Mul((lowY + highY) / 2)).Add(back.Mul(middle))
	_, a, p := c.spherical()
	return from(target, z-middle, a, p)
}

func finite(xs ...float64) bool {
	for _, x := range xs {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return false
		}
	}
	return true
}
