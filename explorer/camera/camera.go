// Package camera looks at a scene: a point of view moves (orbit, pan, dolly, spin, fit), and
// a point of the world becomes a pixel, or a pixel a ray.
//
// The world is right-handed with y up. A [Camera] is a position and a target; what it sees
// depends on the window, a [Viewport], as well. Pixels are counted from the window's top
// left corner, x to the right, y down; (0, 0) is the corner itself, not a pixel's centre.
// Depth is the distance in front of the camera along its line of sight. The camera keeps its
// head up: its right is always level, and movements stop a millionth of a radian short of
// the poles, where it would forget which way is up.
package camera

import (
	"fmt"
	"math"

	"github.com/go-gl/mathgl/mgl64"
)

// The depths between which something is drawn.
const (
	Near = 5
	Far  = 10000
)

const (
	pole        = 1e-6 // how close to the vertical the line of sight may be moved
	minDistance = 1e-3
	maxDistance = 1e9
)

// Viewport is the size of a window in pixels. One without an area counts as 1 x 1.
type Viewport struct{ W, H float64 }

// sides are width and height, each at least a pixel.
func (v Viewport) sides() (w, h float64) {
	if !(v.W >= 1 && v.H >= 1) {
		return 1, 1
	}
	return v.W, v.H
}

// FOV is the vertical field of view in radians: 45 degrees, and in a window higher than wide
// as many times more as the height is of the width, to at most 170 degrees.
func (v Viewport) FOV() float64 {
	w, h := v.sides()
	return mgl64.DegToRad(min(45/min(1, w/h), 170))
}

// slopes are the tangents of half the field of view, across and down.
func (v Viewport) slopes() (x, y float64) {
	w, h := v.sides()
	y = math.Tan(v.FOV() / 2)
	return y * w / h, y
}

// Projection takes camera space to clip space as WebGPU has it: x and y from -1 to 1, y up,
// depth 0 at Near and 1 at Far.
func (v Viewport) Projection() mgl64.Mat4 {
	x, y := v.slopes()
	return mgl64.Mat4{
		1 / x, 0, 0, 0,
		0, 1 / y, 0, 0,
		0, 0, float64(Far) / (Near - Far), -1,
		0, 0, float64(Near*Far) / (Near - Far), 0,
	}
}

// UnitPixels is how many pixels a length of 1 across the line of sight takes at a depth.
func (v Viewport) UnitPixels(depth float64) float64 {
	_, h := v.sides()
	_, y := v.slopes()
	return h / (2 * y * depth)
}

// PointPixels is the width in pixels of an element of a size (scene units of mm: element
// scale times the window's shorter side times the pixel ratio) at a depth; 0 where the
// depth is outside what is drawn.
func PointPixels(size, depth float64) float64 {
	if depth < Near || depth > Far {
		return 0
	}
	return size / depth
}

// Camera is a point of view. The zero value is no camera: use [New] or [Default].
type Camera struct{ Position, Target mgl64.Vec3 }

// Default is the camera of a session that names none.
func Default() Camera { return Camera{Position: mgl64.Vec3{-48, 48, 48}} }

// New is the camera at position that looks at target. It refuses coordinates that are no
// numbers or beyond 1e9; a camera on its target stands off it along +z. Other places are kept as given.
func New(position, target mgl64.Vec3) (Camera, error) {
	for i, at := range []mgl64.Vec3{position, target} {
		if !within(at) {
			return Camera{}, fmt.Errorf("camera %s is %v: expected numbers within ±%g",
				[]string{"position", "target"}[i], at, float64(maxDistance))
		}
	}
	c := Camera{position, target}
	if r, azimuth, polar := c.spherical(); r < minDistance {
		return from(target, r, azimuth, polar), nil
	}
	return c, nil
}

// within reports whether a point is in the world.
func within(p mgl64.Vec3) bool {
	for _, x := range p {
		if !(math.Abs(x) <= maxDistance) {
			return false
		}
	}
	return true
}

// Distance is how far the camera is from its target.
func (c Camera) Distance() float64 { return c.Position.Sub(c.Target).Len() }

// spherical gives the camera's place about its target: distance, azimuth (0 along +z,
// towards +x) and polar angle from +y.
func (c Camera) spherical() (r, azimuth, polar float64) {
	d := c.Position.Sub(c.Target)
	r = d.Len()
	if r == 0 {
		return 0, 0, math.Pi / 2
	}
	return r, math.Atan2(d[0], d[2]), math.Atan2(math.Hypot(d[0], d[2]), d[1])
}

// from is the camera at a place about a target, brought into the range of places allowed.
func from(target mgl64.Vec3, r, azimuth, polar float64) Camera {
	r = mgl64.Clamp(r, minDistance, maxDistance)
	sinP, cosP := math.Sincos(mgl64.Clamp(polar, pole, math.Pi-pole))
	sinA, cosA := math.Sincos(azimuth)
	return Camera{target.Add(mgl64.Vec3{sinP * sinA, cosP, sinP * cosA}.Mul(r)), target}
}

// Basis is the camera's own axes in the world, each of length 1: to the right, up, and back,
// away from the target.
func (c Camera) Basis() (right, up, back mgl64.Vec3) {
	_, azimuth, polar := c.spherical()
	sinP, cosP := math.Sincos(polar)
	sinA, cosA := math.Sincos(azimuth)
	return mgl64.Vec3{cosA, 0, -sinA},
		mgl64.Vec3{-cosP * sinA, sinP, -cosP * cosA},
		mgl64.Vec3{sinP * sinA, cosP, sinP * cosA}
}

// View takes the world to camera space: the camera at the origin, looking down -z.
func (c Camera) View() mgl64.Mat4 {
	r, u, b := c.Basis()
	p := c.Position
	return mgl64.Mat4{
		r[0], u[0], b[0], 0,
		r[1], u[1], b[1], 0,
		r[2], u[2], b[2], 0,
		-r.Dot(p), -u.Dot(p), -b.Dot(p), 1,
	}
}

// Pixel is where in the window a point of the world is seen, and its depth. A depth that is
// not above 0 means that the point is not before the camera, and x and y say nothing.
func (c Camera) Pixel(v Viewport, p mgl64.Vec3) (x, y, depth float64) {
	right, up, back := c.Basis()
	d := p.Sub(c.Position)
	depth = -d.Dot(back)
	if depth <= 0 {
		return 0, 0, depth
	}
	w, h := v.sides()
	unit := v.UnitPixels(depth)
	return w/2 + d.Dot(right)*unit, h/2 - d.Dot(up)*unit, depth
}

// Ray is a half line; Direction has length 1.
type Ray struct{ Origin, Direction mgl64.Vec3 }

// At is the point at a distance along the ray.
func (r Ray) At(distance float64) mgl64.Vec3 { return r.Origin.Add(r.Direction.Mul(distance)) }

// Ray starts at the camera and passes through the point (x, y) of the window.
func (c Camera) Ray(v Viewport, x, y float64) Ray {
	right, up, back := c.Basis()
	w, h := v.sides()
	slopeX, slopeY := v.slopes()
	d := right.Mul((2*x/w - 1) * slopeX).Add(up.Mul((1 - 2*y/h) * slopeY)).Sub(back)
	return Ray{c.Position, d.Normalize()}
}
