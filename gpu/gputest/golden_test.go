package gputest

import (
	"fmt"
	"image"
	"image/color"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// recorder is a test that notes its failure instead of failing.
type recorder struct {
	testing.TB
	failure string
}

func (r *recorder) Helper() {}
func (r *recorder) Errorf(format string, args ...any) {
	r.failure = fmt.Sprintf(format, args...)
}
func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

// golden returns why Golden fails, or "".
func golden(name string, img image.Image) string {
	r := &recorder{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		Golden(r, name, img)
	}()
	<-done
	return r.failure
}

func TestGolden(t *testing.T) {
	t.Chdir(t.TempDir())
	exists := func(path string) bool {
		_, err := os.Stat(filepath.Join("testdata", path))
		return err == nil
	}
	img := image.NewNRGBA(image.Rect(0, 0, 100, 50))
	for i := range img.Pix {
		img.Pix[i] = uint8(i % 251)
	}
	if why := golden("x", img); !strings.Contains(why, "-update") || !exists("x.actual.png") {
		t.Errorf("a missing golden: %q", why)
	}
	*update = true
	golden("x", img)
	*update = false
	if why := golden("x", img); why != "" || exists("x.actual.png") {
		t.Errorf("the picture itself: %q", why)
	}
	img.Pix[401] += 3 // within a rounding
	if why := golden("x", img); why != "" {
		t.Errorf("a channel off by 3: %q", why)
	}
	img.SetNRGBA(7, 7, color.NRGBA{}) // one pixel of 5000
	if why := golden("x", img); why != "" {
		t.Errorf("one pixel off: %q", why)
	}
	for x := range 20 {
		img.SetNRGBA(x, 9, color.NRGBA{R: 255, A: 255})
	}
	if why := golden("x", img); !strings.Contains(why, "21 of 5000 pixels") || !exists("x.actual.png") || !exists("x.diff.png") {
		t.Errorf("a line off: %q", why)
	}
	for i := range img.Pix {
		img.Pix[i] = uint8(i%251) + 2*uint8(i%2) // everywhere, within a rounding
	}
	if why := golden("x", img); !strings.Contains(why, "mean") {
		t.Errorf("a shift of the whole: %q", why)
	}
	if why := golden("x", image.NewNRGBA(image.Rect(0, 0, 50, 100))); !strings.Contains(why, "(50,100)") {
		t.Errorf("another size: %q", why)
	}
	if why := golden("big", image.NewNRGBA(image.Rect(0, 0, 257, 1))); !strings.Contains(why, "at most 256") {
		t.Errorf("a picture too large: %q", why)
	}
}
