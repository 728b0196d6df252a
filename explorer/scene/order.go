package scene

import (
	"github.com/go-gl/mathgl/mgl64"

	"headscope/explorer/layout"
)

// touching is how far boxes may reach into each other and count as apart: what rounding does
// to edges that lie on each other.
const touching = 1e-6

// Order is the painter's order of axis-aligned boxes seen from a point, as their indices:
// what may hide another box comes after it. Where that leaves a choice the farthest comes
// first, by the distance of its middle. So it goes on, too, where boxes that reach into each
// other, or hide each other in a circle, leave nothing to choose from. Equal distances keep
// the boxes' order.
func Order(eye mgl64.Vec3, boxes []layout.Box) []int {
	n := len(boxes)
	distance := make([]float64, n)
	hides := make([]int, n) // boxes still to come that a box may hide
	for i := range boxes {
		distance[i] = boxes[i].Center().Sub(eye).LenSqr()
		for j := range i {
			first, second := mayHide(eye, &boxes[i], &boxes[j])
			if first {
				hides[i]++
			}
			if second {
				hides[j]++
			}
		}
	}
	order, rest := make([]int, 0, n), make([]int, n)
	for i := range rest {
		rest[i] = i
	}
	for len(rest) > 0 {
		at := 0
		for k, i := range rest {
			best := rest[at]
			if free, bestFree := hides[i] == 0, hides[best] == 0; free != bestFree {
				if free {
					at = k
				}
			} else if distance[i] > distance[best] {
				at = k
			}
		}
		next := rest[at]
		order, rest = append(order, next), append(rest[:at], rest[at+1:]...)
		for _, i := range rest {
			if hidesNext, _ := mayHide(eye, &boxes[i], &boxes[next]); hidesNext {
				hides[i]--
			}
		}
	}
	return order
}

// mayHide reports which of two boxes may hide the other. A plane between them settles that:
// what lies on the other side of it than the eye hides nothing on this side.
func mayHide(eye mgl64.Vec3, a, b *layout.Box) (aHides, bHides bool) {
	aHides, bHides = true, true
	for axis, e := range eye {
		if a.Max[axis] <= b.Min[axis]+touching {
			aHides = aHides && e < a.Max[axis]
			bHides = bHides && e > b.Min[axis]
		}
		if b.Max[axis] <= a.Min[axis]+touching {
			bHides = bHides && e < b.Max[axis]
			aHides = aHides && e > a.Min[axis]
		}
	}
	return aHides, bHides
}
