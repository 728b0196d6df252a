package scene

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"headscope/explorer/expr"
	"headscope/explorer/mmtest"
	"headscope/explorer/session"
)

// closeTo allows a thousandth of the expected value, and what a recording's seven digits
// leave of a 0.
func closeTo(got, want float64) bool {
	return math.Abs(got-want) <= 1e-3*math.Abs(want)+1e-6
}

// Sizes (in a window of 1280 x 800) and colours are those that mm computed for the same
// values. Only in link 16 sizes differ: there mm draws some matrices with the element scale
// of the one drawn before them.
func TestElementsLookLikeMMs(t *testing.T) {
	samples := 0
	all := sessions(t)
	for _, g := range mmtest.Recordings(t) {
		for _, m := range g.Matrices {
			viz := all[g.Link-1].Root.At(m.Path).Viz
			e := Elements{Viz: viz, Range: RangeOf(viz.Sensitivity, Range{Max: m.AbsMax}, m.GlobalAbsMax)}
			for _, want := range m.Samples {
				samples++
				if got := e.Size(want.Value, 800); !closeTo(got, want.Size) && g.Link != 16 {
					t.Errorf("link %d, %s: size of %v is %v, want %v", g.Link, m.Path, want.Value, got, want.Size)
				}
				got := e.Colour(want.Value)
				for c := range 3 {
					if !closeTo(float64(got[c]), want.RGB[c]) {
						t.Errorf("link %d, %s: colour of %v is %v, want %v", g.Link, m.Path, want.Value, got, want.RGB)
						break
					}
				}
			}
		}
	}
	if samples < 1000 {
		t.Errorf("only %d samples were compared", samples)
	}
}

// sessions are those of all links: that of link n is at n-1.
func sessions(t testing.TB) []*session.Session {
	t.Helper()
	var all []*session.Session
	for i, link := range mmtest.Links(t) {
		s, err := session.Open(link, session.Files)
		if err != nil {
			t.Fatalf("link %d: %v", i+1, err)
		}
		all = append(all, s)
	}
	return all
}

func TestRangeOf(t *testing.T) {
	local := Range{2, 4}
	for sensitivity, want := range map[string]Range{
		"local": {0, 4}, "superlocal": {2, 4}, "semilocal": {0, 8}, "global": {0, 16},
	} {
		if got := RangeOf(sensitivity, local, 16); got != want {
			t.Errorf("%s: %v, want %v", sensitivity, got, want)
		}
	}
}

func TestElementsAtTheEnds(t *testing.T) {
	viz := expr.Default().Viz
	e := Elements{Viz: viz, Range: Range{1, 3}}
	full := viz.ElemScale * 800
	black, white := Colour{0, 0, 0, 1}, Colour{1, 1, 1, 1}
	for _, c := range []struct{ x, size float64 }{
		{0, 0}, {math.Copysign(0, -1), 0}, {1, viz.MinSize * full}, {-1, viz.MinSize * full}, {0.5, viz.MinSize * full},
		{3, full}, {-3, full}, {300, full}, {math.NaN(), full}, {math.Inf(1), full}, {math.Inf(-1), full},
	} {
		if got := e.Size(c.x, 800); math.Abs(got-c.size) > 1e-9 {
			t.Errorf("size of %v is %v, want %v", c.x, got, c.size)
		}
	}
	for x, want := range map[float64]Colour{0: black, math.NaN(): white, math.Inf(1): white, math.Inf(-1): white} {
		if got := e.Colour(x); got != want {
			t.Errorf("colour of %v is %v, want %v", x, got, want)
		}
	}
	if e.Colour(2) == e.Colour(-2) {
		t.Errorf("2 and -2 are both %v", e.Colour(2))
	}
}

// Whatever the settings and values, a size is within 0 and the full one, grows with |x|, and
// a colour is one; a range without a length is no division by 0.
func TestElementsStayInBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.Float64Range(-3, 3)
		viz := expr.Default().Viz
		viz.MinSize = rapid.Float64Range(0, 1).Draw(t, "min size")
		viz.MinLight, viz.MaxLight = f.Draw(t, "min light"), f.Draw(t, "max light")
		viz.ZeroHue, viz.HueGap, viz.HueSpread = f.Draw(t, "hue"), f.Draw(t, "gap"), f.Draw(t, "spread")
		ends := rapid.SampledFrom([]float64{0, 1, 2, 1e-300, 1e300, math.Inf(1), math.NaN()})
		look := Look{Light: rapid.Bool().Draw(t, "light"), Safe: rapid.Bool().Draw(t, "safe")}
		e := Elements{viz, Range{ends.Draw(t, "min"), ends.Draw(t, "max")}, look}
		x := rapid.Float64().Draw(t, "x")
		for _, c := range e.Colour(x) {
			if !(c >= 0 && c <= 1) {
				t.Fatalf("colour of %v is %v", x, e.Colour(x))
			}
		}
		small, large := e.Size(x, 800), e.Size(2*x, 800)
		if !(small >= 0 && small <= large && large <= viz.ElemScale*800) {
			t.Fatalf("sizes of %v and its double are %v and %v", x, small, large)
		}
	})
}
