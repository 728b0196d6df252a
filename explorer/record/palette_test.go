package record

import (
	"image"
	"image/color"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// off is the largest difference of a channel between a picture and its colours in a palette,
// and the mean of the squared differences.
func off(p *palette, img *image.NRGBA) (worst, mean float64) {
	for at := 0; at < len(img.Pix); at += 4 {
		for c, x := range p.colours[p.index(img.Pix, at)] {
			d := math.Abs(float64(x) - float64(img.Pix[at+c]))
			worst, mean = max(worst, d), mean+d*d
		}
	}
	return worst, mean / float64(len(img.Pix)/4*3)
}

// As many shades as there are colours are all kept; one that has a single colour, exactly.
func TestFewColours(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, 255).Draw(t, "size")
		img := image.NewNRGBA(image.Rect(0, 0, size, 2))
		for i, s := range rapid.SliceOfNDistinct(rapid.IntRange(0, shades-1), size, size, rapid.ID[int]).Draw(t, "shades") {
			c := color.NRGBA{byte(s >> 12 << 2), byte(s >> 6 << 2), byte(s << 2), 255}
			img.SetNRGBA(i, 0, c)
			img.SetNRGBA(i, 1, c)
		}
		p := newPalette(255, []*image.NRGBA{img})
		if worst, _ := off(p, img); worst != 0 || len(p.colours) != size {
			t.Fatalf("%d shades became %d colours, off by %v", size, len(p.colours), worst)
		}
	})
}

// A palette has no more colours than asked for, and each shade that occurs has the nearest.
func TestPalette(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, 255).Draw(t, "size")
		samples := pictures(t)
		p := newPalette(size, samples)
		if len(p.colours) > size {
			t.Fatalf("%d colours, want %d", len(p.colours), size)
		}
		for _, tone := range tonesOf(samples) {
			far := func(c [3]byte) (d float64) {
				for i, x := range c {
					d += (float64(x) - tone.mean[i]) * (float64(x) - tone.mean[i])
				}
				return math.Sqrt(d)
			}
			for _, c := range p.colours { // the mean is looked up rounded: by half a level a channel
				if best := far(p.colours[p.nearest[tone.shade]]); best > far(c)+2 {
					t.Fatalf("%v has a colour that is off by %v, and not %v, which is by %v", tone.mean, best, c, far(c))
				}
			}
		}
	})
}

// What stays black stays so beside many colours, and those of a smooth picture are met well:
// better than by six levels of each channel, which are 216 colours.
func TestSmoothColours(t *testing.T) {
	const side = 512
	img := image.NewNRGBA(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			img.SetNRGBA(x, y, color.NRGBA{0, 0, 0, 255})
			if y >= side/2 {
				img.SetNRGBA(x, y, color.NRGBA{byte(x / 2), byte(y - side/2), byte(255 - x/2), 255})
			}
		}
	}
	p := newPalette(255, []*image.NRGBA{img})
	if c := p.colours[p.index(img.Pix, 0)]; c != [3]byte{} {
		t.Errorf("black is %v", c)
	}
	worst, mean := off(p, img)
	if uniform := 51. * 51 / 12 / 2; mean > uniform/4 || worst > 25 {
		t.Errorf("off by %v, squared %v in the mean; six levels a channel: %v", worst, mean, uniform)
	}
}
