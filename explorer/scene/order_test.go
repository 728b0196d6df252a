package scene

import (
	"math"
	"slices"
	"testing"

	"github.com/go-gl/mathgl/mgl64"
	"pgregory.net/rapid"

	"headscope/explorer/layout"
)

// apart are boxes in a space that planes cut in two again and again: none reaches into
// another, and from everywhere there is an order. Some are flat, some touch.
func apart(t *rapid.T, space layout.Box, depth int) []layout.Box {
	if depth == 0 || rapid.IntRange(0, 9).Draw(t, "whole") == 0 {
		for axis := range 3 {
			a, b := space.Min[axis], space.Max[axis]
			switch rapid.IntRange(0, 2).Draw(t, "shape") {
			case 0:
				space.Max[axis] = a
			case 1:
				space.Min[axis], space.Max[axis] = a+(b-a)/4, b-(b-a)/4
			}
		}
		return []layout.Box{space}
	}
	axis := rapid.IntRange(0, 2).Draw(t, "axis")
	at := space.Min[axis] + (space.Max[axis]-space.Min[axis])*rapid.Float64Range(0.2, 0.8).Draw(t, "cut")
	low, high := space, space
	low.Max[axis], high.Min[axis] = at, at
	return append(apart(t, low, depth-1), apart(t, high, depth-1)...)
}

// meets is the distance at which a ray enters a box, and whether it does more than graze it.
func meets(origin, direction mgl64.Vec3, b layout.Box) (float64, bool) {
	enter, leave := 0.0, math.Inf(1)
	for axis := range 3 {
		if b.Max[axis]-b.Min[axis] > 1e-4 {
			b.Min[axis] += 1e-5
			b.Max[axis] -= 1e-5
		}
		if direction[axis] == 0 {
			if origin[axis] < b.Min[axis] || origin[axis] > b.Max[axis] {
				return 0, false
			}
			continue
		}
		a, c := (b.Min[axis]-origin[axis])/direction[axis], (b.Max[axis]-origin[axis])/direction[axis]
		enter, leave = max(enter, min(a, c)), min(leave, max(a, c))
	}
	return enter, enter <= leave
}

// checkOrder casts rays from the eye into every box: what they meet first comes last. From
// a point in the plane of a face there is nothing to see of that face, and nothing to check.
func checkOrder(t *rapid.T, eye mgl64.Vec3, boxes []layout.Box, order []int) {
	for _, b := range boxes {
		for axis, e := range eye {
			if math.Abs(e-b.Min[axis]) < 1e-3 || math.Abs(e-b.Max[axis]) < 1e-3 {
				return
			}
		}
	}
	place := make([]int, len(boxes))
	for at, i := range order {
		place[i] = at
	}
	if sorted := slices.Sorted(slices.Values(order)); len(sorted) != len(boxes) || !slices.Equal(sorted, slices.Compact(slices.Clone(sorted))) {
		t.Fatalf("%v is no order of %d boxes", order, len(boxes))
	}
	share := rapid.Float64Range(0, 1)
	for _, target := range boxes {
		var p mgl64.Vec3
		for axis := range 3 {
			p[axis] = target.Min[axis] + (target.Max[axis]-target.Min[axis])*share.Draw(t, "ray")
		}
		direction := p.Sub(eye)
		var met []int
		at := map[int]float64{}
		for i, b := range boxes {
			if distance, ok := meets(eye, direction, b); ok {
				met = append(met, i)
				at[i] = distance
			}
		}
		for _, i := range met {
			for _, k := range met {
				if at[i] < at[k]-1e-5 && place[i] < place[k] {
					t.Fatalf("from %v, box %v hides %v but is drawn before it", eye, boxes[i], boxes[k])
				}
			}
		}
	}
}

func anyPoint(t *rapid.T, within float64) (p mgl64.Vec3) {
	for axis := range 3 {
		p[axis] = rapid.Float64Range(-within, within).Draw(t, "point")
	}
	return p
}

func TestOrderHidesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		boxes := apart(t, layout.Box{Min: mgl64.Vec3{-10, -10, -10}, Max: mgl64.Vec3{10, 10, 10}}, 4)
		for i, k := range rapid.Permutation(indices(len(boxes))).Draw(t, "shuffled") {
			boxes[i], boxes[k] = boxes[k], boxes[i]
		}
		eye := anyPoint(t, 30)
		checkOrder(t, eye, boxes, Order(eye, boxes))
	})
}

func indices(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

func TestOrderOfScenes(t *testing.T) {
	scenes := realScenes(t)
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SampledFrom(scenes).Draw(t, "scene")
		boxes := matrixBoxes(s)
		eye := anyCamera(t, s).Position
		checkOrder(t, eye, boxes, Order(eye, boxes))
	})
}

func matrixBoxes(s layout.Scene) []layout.Box {
	boxes := make([]layout.Box, len(s.Matrices))
	for i, m := range s.Matrices {
		boxes[i] = m.Box()
	}
	return boxes
}

// Boxes that reach into each other, lie in one place, or hide each other in a circle come
// once each, the farthest first, and what is apart from them stays right.
func TestOrderGoesOnWhereThereIsNone(t *testing.T) {
	box := func(x0, y0, z0, x1, y1, z1 float64) layout.Box {
		return layout.Box{Min: mgl64.Vec3{x0, y0, z0}, Max: mgl64.Vec3{x1, y1, z1}}
	}
	same := box(0, 0, 0, 1, 1, 1)
	// Three bars, each over the end of the next one.
	circle := []layout.Box{box(-3, -1, 0, 3, 0, 1), box(2, -3, -1, 3, 3, 0), box(-3, 1, -2, 3, 2, 2)}
	for _, c := range []struct {
		name  string
		boxes []layout.Box
		eye   mgl64.Vec3
		want  []int
	}{
		{"none", nil, mgl64.Vec3{}, []int{}},
		{"in one place", []layout.Box{same, same, same}, mgl64.Vec3{9, 9, 9}, []int{0, 1, 2}},
		{"reaching into each other", []layout.Box{box(0, 0, 0, 4, 4, 4), box(3, 3, 3, 8, 8, 8)}, mgl64.Vec3{20, 20, 20}, []int{0, 1}},
		{"reaching into each other, from behind", []layout.Box{box(0, 0, 0, 4, 4, 4), box(3, 3, 3, 8, 8, 8)}, mgl64.Vec3{-20, -20, -20}, []int{1, 0}},
		{"in front of a pair", []layout.Box{box(0, 0, 9, 1, 1, 9), same, same}, mgl64.Vec3{0, 0, 20}, []int{1, 2, 0}},
	} {
		if got := Order(c.eye, c.boxes); !slices.Equal(got, c.want) {
			t.Errorf("%s: order %v, want %v", c.name, got, c.want)
		}
	}
	for _, eye := range []mgl64.Vec3{{30, 20, 10}, {-5, 7, -30}, {0.5, 0.5, 0.5}} {
		if got := slices.Sorted(slices.Values(Order(eye, circle))); !slices.Equal(got, []int{0, 1, 2}) {
			t.Errorf("circle: %v", got)
		}
	}
}

func BenchmarkOrder(b *testing.B) {
	boxes := make([]layout.Box, 500)
	for i := range boxes {
		p := mgl64.Vec3{float64(i % 8), float64(i / 8 % 8), float64(i / 64)}.Mul(10)
		boxes[i] = layout.Box{Min: p, Max: p.Add(mgl64.Vec3{8, 8, 0})}
	}
	for b.Loop() {
		Order(mgl64.Vec3{300, 200, 100}, boxes)
	}
}
