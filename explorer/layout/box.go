package layout

import "github.com/go-gl/mathgl/mgl64"

// Box is the range of points between two corners, Min at most Max in every coordinate.
type Box struct{ Min, Max mgl64.Vec3 }

// Union is the smallest box around both.
func (b Box) Union(c Box) Box {
	for axis := range 3 {
		b.Min[axis] = min(b.Min[axis], c.Min[axis])
		b.Max[axis] = max(b.Max[axis], c.Max[axis])
	}
	return b
}

// Center is the point in the middle.
func (b Box) Center() mgl64.Vec3 { return b.Min.Add(b.Max).Mul(0.5) }

// Move is the box moved by d.
func (b Box) Move(d mgl64.Vec3) Box { return Box{b.Min.Add(d), b.Max.Add(d)} }

// boxOf is the box from a frame's origin to the extent, seen from outside the frame, whose
// axes are those outside in another order or sense.
func boxOf(frame mgl64.Mat4, extent mgl64.Vec3) Box {
	a, b := frame.Col(3).Vec3(), mgl64.TransformCoordinate(extent, frame)
	return Box{a, a}.Union(Box{b, b})
}
