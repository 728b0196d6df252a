package gpu_test

import (
	"image"
	"testing"

	"headscope/gpu"
)

// A draw's clip bounds that draw alone, within the pass' region.
func TestClip(t *testing.T) {
	s := newStage(t, 20, 16, sheet(0.5, red), sheet(0.5, green), sheet(0.5, blue))
	clipped := func(i int, clip image.Rectangle) gpu.Draw {
		w := s.draw(i, 1, gpu.DepthIgnore)
		w.Clip = clip
		return w
	}
	region := image.Rect(2, 1, 17, 13)
	inner, beside, away := image.Rect(5, 5, 9, 7), image.Rect(-4, 10, 6, 100), image.Rect(17, 0, 20, 16)
	for _, c := range []struct {
		name   string
		region image.Rectangle
		draws  []gpu.Draw
		want   func(p image.Point) string
	}{
		{"no clip", region, []gpu.Draw{clipped(0, image.Rectangle{})}, func(p image.Point) string {
			if p.In(region) {
				return "red"
			}
			return "black"
		}},
		{"clips after and before none", region, []gpu.Draw{clipped(0, beside), clipped(1, image.Rectangle{}), clipped(2, inner), clipped(0, beside)}, func(p image.Point) string {
			switch {
			case p.In(inner):
				return "blue"
			case p.In(beside) && p.In(region):
				return "red"
			case p.In(region):
				return "green"
			}
			return "black"
		}},
		{"outside of the region", region, []gpu.Draw{clipped(0, away), clipped(1, inner)}, func(p image.Point) string {
			if p.In(inner) {
				return "green"
			}
			return "black"
		}},
		{"outside of the target", image.Rectangle{}, []gpu.Draw{clipped(0, image.Rect(20, 0, 30, 10)), clipped(1, beside)}, func(p image.Point) string {
			if p.In(beside) {
				return "green"
			}
			return "black"
		}},
	} {
		img := s.render(gpu.Pass{Clear: onBlack, Region: c.region}, c.draws...)
		for y := range 16 {
			for x := range 20 {
				if got, want := colourName[img.NRGBAAt(x, y)], c.want(image.Pt(x, y)); got != want {
					t.Fatalf("%s: pixel (%d, %d) is %v, want %s", c.name, x, y, img.NRGBAAt(x, y), want)
				}
			}
		}
	}
}
