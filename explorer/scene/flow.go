package scene

import (
	"math"

	"github.com/go-gl/mathgl/mgl64"

	"headscope/explorer/layout"
)

// flow is the flow guide of a matmul: in the middle of its cube a dart that flies to the
// result along the depth. Of its two vanes, which meet in its spine, the blue one points to
// the left argument's side and the red one to the right argument's. The setting is their
// opacity.
func flow(c *layout.Cube, look Look) Marks {
	e := c.Extent()
	size := math.Cbrt(e[0]*e[1]*e[2]) / 4
	opacity := min(c.Node.Deco.FlowGuides, 1)
	if !(opacity > 0 && size > 0) {
		return Marks{}
	}
	centre, joint := e.Mul(0.5), frameJoint(c)
	towards := func(axis int, length float64) (step mgl64.Vec3) {
		step[axis] = math.Copysign(length, joint[axis]-centre[axis])
		return step
	}
	spine := towards(2, min(size, e[2]/2))
	tip, tail := centre.Add(spine.Mul(0.5)), centre.Sub(spine.Mul(0.5))
	vane := func(axis int, colour Colour) Triangle {
		colour[3] = float32(opacity)
		t := Triangle{[3]mgl64.Vec3{tip, tail, tail.Add(towards(axis, min(size/2, e[axis]/4)))}, colour}
		for i := range t.Corners {
			t.Corners[i] = mgl64.TransformCoordinate(t.Corners[i], c.ToWorld)
		}
		return t
	}
	return Marks{Triangles: []Triangle{vane(0, look.blue()), vane(1, look.red())}}
}
