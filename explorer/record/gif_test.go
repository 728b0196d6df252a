package record

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"pgregory.net/rapid"
)

// readGIF decodes a GIF and what it shows after each frame.
func readGIF(t *testing.T, path string) (*gif.GIF, []*image.NRGBA) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	g, err := gif.DecodeAll(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	var shown []*image.NRGBA
	canvas := image.NewNRGBA(image.Rect(0, 0, g.Config.Width, g.Config.Height))
	for _, frame := range g.Image {
		draw.Draw(canvas, frame.Rect, frame, frame.Rect.Min, draw.Over)
		shown = append(shown, &image.NRGBA{Pix: bytes.Clone(canvas.Pix), Stride: canvas.Stride, Rect: canvas.Rect})
	}
	return g, shown
}

// pictures are frames of one size, each unlike the one before in nothing, a part, or all, of
// few or many colours.
func pictures(t *rapid.T) []*image.NRGBA {
	bounds := image.Rect(0, 0, rapid.IntRange(1, 90).Draw(t, "width"), rapid.IntRange(1, 40).Draw(t, "height"))
	colours := rapid.SliceOfN(rapid.Uint32(), 1, 12).Draw(t, "colours")
	many := rapid.Bool().Draw(t, "many colours")
	all := []*image.NRGBA{image.NewNRGBA(bounds)}
	for at := 3; at < len(all[0].Pix); at += 4 {
		all[0].Pix[at] = 255
	}
	for range rapid.IntRange(0, 6).Draw(t, "frames") {
		last := all[len(all)-1]
		next := &image.NRGBA{Pix: bytes.Clone(last.Pix), Stride: last.Stride, Rect: bounds}
		x, y := rapid.IntRange(0, bounds.Dx()).Draw(t, "x"), rapid.IntRange(0, bounds.Dy()).Draw(t, "y")
		size := rapid.IntRange(0, 90).Draw(t, "size")
		seed := rapid.Uint32().Draw(t, "seed")
		for j := y; j < min(y+size, bounds.Dy()); j++ {
			for i := x; i < min(x+size, bounds.Dx()); i++ {
				seed = seed*1664525 + 1013904223
				c := colours[int(seed>>16)%len(colours)]
				if many {
					c = seed
				}
				next.SetNRGBA(i, j, color.NRGBA{byte(c >> 8), byte(c >> 16), byte(c >> 24), 255})
			}
		}
		all = append(all, next)
	}
	return all
}

// A GIF shows, as long as they do, the colours of the palette that stand for those of the
// frames.
func TestGIF(t *testing.T) {
	path := filepath.Join(t.TempDir(), "film.gif")
	rapid.Check(t, func(r *rapid.T) {
		film := filmOf(pictures(r)...)
		film.Rate = rapid.Float64Range(0.1, MaxRate).Draw(r, "rate")
		var samples []*image.NRGBA
		draw := film.Frame
		film.Frame = func(i int) (*image.NRGBA, error) {
			img, err := draw(i)
			if len(samples) < min(film.Frames, gifSamples) {
				samples = append(samples, img)
			}
			return img, err
		}
		if err := GIF.Write(t.Context(), path, film); err != nil {
			r.Fatal(err)
		}
		p := newPalette(transparent, samples)
		g, shown := readGIF(t, path)
		if g.Config.Width != film.Width || g.Config.Height != film.Height || len(shown) != film.Frames || g.LoopCount != 0 {
			r.Fatalf("%d frames of %dx%d, repeated %d times; want %d of %dx%d for ever", len(shown), g.Config.Width, g.Config.Height, g.LoopCount, film.Frames, film.Width, film.Height)
		}
		time := 0
		for i, img := range shown {
			if time += g.Delay[i]; math.Abs(float64(time)-float64(i+1)*100/film.Rate) > 0.5+1e-6 {
				r.Fatalf("frame %d ends after %d hundredths, at %v a second", i+1, time, film.Rate)
			}
			if g.Disposal[i] != gif.DisposalNone {
				r.Fatalf("frame %d does not stay", i+1)
			}
			want, _ := draw(i)
			for at := 0; at < len(img.Pix); at += 4 {
				c := p.colours[p.index(want.Pix, at)]
				if got := [4]byte(img.Pix[at:]); got != [4]byte{c[0], c[1], c[2], 255} {
					r.Fatalf("frame %d shows %v at pixel %d, expected %v for %v", i+1, got, at/4, c, want.Pix[at:at+4])
				}
			}
		}
	})
}

// A frame holds what has changed and nothing else.
func TestGIFHoldsDifferences(t *testing.T) {
	all := []*image.NRGBA{image.NewNRGBA(image.Rect(0, 0, 20, 10))}
	dot := func(at ...image.Point) {
		next := image.NewNRGBA(all[0].Rect)
		copy(next.Pix, all[len(all)-1].Pix)
		for _, p := range at {
			next.SetNRGBA(p.X, p.Y, color.NRGBA{byte(100 + 10*len(all)), 200, 0, 255})
		}
		all = append(all, next)
	}
	dot(image.Pt(19, 9))
	dot()
	dot(image.Pt(3, 8), image.Pt(7, 2))
	path := placeFor(t, GIF)
	if err := GIF.Write(t.Context(), path, filmOf(all...)); err != nil {
		t.Fatal(err)
	}
	g, _ := readGIF(t, path)
	for i, c := range []struct {
		area    image.Rectangle
		changed int
	}{{image.Rect(0, 0, 20, 10), 200}, {image.Rect(19, 9, 20, 10), 1}, {image.Rect(0, 0, 1, 1), 0}, {image.Rect(3, 2, 8, 9), 2}} {
		frame := g.Image[i]
		changed := 0
		for _, p := range frame.Pix {
			if _, _, _, a := frame.Palette[p].RGBA(); a > 0 {
				changed++
			}
		}
		if frame.Rect != c.area || changed != c.changed {
			t.Errorf("frame %d is %v with %d changed pixels, want %v with %d", i+1, frame.Rect, changed, c.area, c.changed)
		}
	}
}

func TestHundredths(t *testing.T) {
	for rate, want := range map[float64][]int{30: {3, 4, 3, 3, 4, 3}, 25: {4, 4, 4}, 60: {2, 1, 2, 2, 1, 2}, 120: {1, 1, 1, 0, 1, 1}, 0.1: {1000, 1000}} {
		for i, n := range want {
			if got := (Film{Rate: rate}).hundredths(i); got != n {
				t.Errorf("frame %d of %v a second is shown for %d hundredths, want %d", i, rate, got, n)
			}
		}
	}
}

// The longest side that the format has.
func TestWideGIF(t *testing.T) {
	for _, size := range []image.Point{{maxGIFSide, 1}, {1, maxGIFSide}} {
		film := noise(size.X, size.Y, 2)
		path := placeFor(t, GIF)
		if err := GIF.Write(t.Context(), path, film); err != nil {
			t.Fatal(err)
		}
		if g, shown := readGIF(t, path); g.Config.Width != size.X || g.Config.Height != size.Y || len(shown) != 2 {
			t.Errorf("%dx%d", g.Config.Width, g.Config.Height)
		}
	}
}

// A disk that is full is named, and what was there before stays.
func TestGIFOnAFullDisk(t *testing.T) {
	path := placeFor(t, GIF)
	if err := os.Symlink("/dev/full", path); err != nil {
		t.Fatal(err)
	}
	err := GIF.Write(t.Context(), path, noise(100, 100, 40))
	if !errors.Is(err, syscall.ENOSPC) || !strings.HasPrefix(err.Error(), "cannot write "+path+": no space left") || !strings.Contains(err.Error(), "is removed") {
		t.Errorf("%v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Error(err)
	}
	nothingAt(t, path)
}
