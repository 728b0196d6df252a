package gputest

import (
	"bytes"
	"flag"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden pictures in testdata")

// What two adapters may differ by: a step or two of 255 in a channel, for roundings, more
// than that only in few pixels, for edges, and very little on the whole.
const (
	goldenStep  = 4
	goldenShare = 0.002
	goldenMean  = 0.25
	goldenSide  = 256
)

// Golden compares a picture with testdata/<name>.png and fails the test when too many
// pixels differ, or there is no such file. It then leaves <name>.actual.png and
// <name>.diff.png beside it. The flag -update writes the file instead.
func Golden(t testing.TB, name string, img image.Image) {
	t.Helper()
	if b := img.Bounds(); b.Dx() > goldenSide || b.Dy() > goldenSide {
		t.Fatalf("golden %s: %d x %d pixels; at most %d a side keep the repository small", name, b.Dx(), b.Dy(), goldenSide)
	}
	path := filepath.Join("testdata", name+".png")
	actual, diff := filepath.Join("testdata", name+".actual.png"), filepath.Join("testdata", name+".diff.png")
	got := nrgba(img)
	if *update {
		writePNG(t, path, got)
		os.Remove(actual)
		os.Remove(diff)
		return
	}
	data, err := os.ReadFile(path)
	if err != nil {
		writePNG(t, actual, got)
		t.Fatalf("golden %s: %v; look at %s and, if it is right, run the test with -update", name, err, actual)
	}
	decoded, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("golden %s: %v", path, err)
	}
	want := nrgba(decoded)
	if got.Rect != want.Rect {
		writePNG(t, actual, got)
		t.Fatalf("golden %s: the picture is %v, want %v; see %s", name, got.Rect.Max, want.Rect.Max, actual)
	}
	off, worst, sum := 0, 0, 0
	shown := image.NewNRGBA(got.Rect)
	for i := 0; i < len(got.Pix); i += 4 {
		most := 0
		for c := range 4 {
			d := int(got.Pix[i+c]) - int(want.Pix[i+c])
			d = max(d, -d)
			most, sum = max(most, d), sum+d
		}
		if worst = max(worst, most); most > goldenStep {
			off++
		}
		// Differences in full strength on black, so that the smallest one is seen.
		if most > 0 {
			shown.SetNRGBA(i/4%got.Rect.Dx(), i/4/got.Rect.Dx(), color.NRGBA{255, uint8(255 - most), uint8(255 - most), 255})
		} else {
			shown.SetNRGBA(i/4%got.Rect.Dx(), i/4/got.Rect.Dx(), color.NRGBA{0, 0, 0, 255})
		}
	}
	mean := float64(sum) / float64(len(got.Pix))
	if float64(off) <= goldenShare*float64(len(got.Pix)/4) && mean <= goldenMean {
		os.Remove(actual)
		os.Remove(diff)
		return
	}
	writePNG(t, actual, got)
	writePNG(t, diff, shown)
	t.Errorf("golden %s: %d of %d pixels are off by more than %d of 255, the worst by %d, the mean is %.3f (at most %.1f %% and %.2f are tolerated); see %s and %s",
		name, off, len(got.Pix)/4, goldenStep, worst, mean, 100*goldenShare, goldenMean, actual, diff)
}

func nrgba(img image.Image) *image.NRGBA {
	out := image.NewNRGBA(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()))
	draw.Draw(out, out.Rect, img, img.Bounds().Min, draw.Src)
	return out
}

func writePNG(t testing.TB, path string, img image.Image) {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
}
