package record

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The PNGs are the frames, numbered so that they sort.
func TestPNGs(t *testing.T) {
	for _, frames := range []int{1, 3, 12} {
		film := noise(7, 5, frames)
		draw := film.Frame
		film.Frame = func(i int) (*image.NRGBA, error) { return draw(i / 2 * 2) } // some are given twice
		path := placeFor(t, PNG)
		if frames == 3 { // an empty folder is as good as none
			if err := os.Mkdir(path, 0o777); err != nil {
				t.Fatal(err)
			}
		}
		if err := PNG.Write(t.Context(), path, film); err != nil {
			t.Fatal(err)
		}
		entries, err := os.ReadDir(path)
		if err != nil || len(entries) != frames {
			t.Fatalf("%d entries, %v", len(entries), err)
		}
		for i, e := range entries {
			if want := fmt.Sprintf("frame-%04d.png", i+1); e.Name() != want {
				t.Errorf("%s, want %s", e.Name(), want)
			}
			f, err := os.Open(filepath.Join(path, e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			got, err := png.Decode(f)
			f.Close()
			if err != nil {
				t.Fatal(err)
			}
			want, _ := film.Frame(i)
			same(t, fmt.Sprint("frame ", i+1), got, want)
		}
		if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
			t.Errorf("left %v", left)
		}
	}
}

// same checks that two pictures have the same pixels.
func same(t *testing.T, name string, got, want image.Image) {
	t.Helper()
	if got.Bounds() != want.Bounds() {
		t.Fatalf("%s is %v, want %v", name, got.Bounds(), want.Bounds())
	}
	for y := range want.Bounds().Dy() {
		for x := range want.Bounds().Dx() {
			g, w := color.NRGBAModel.Convert(got.At(x, y)), color.NRGBAModel.Convert(want.At(x, y))
			if g != w {
				t.Fatalf("%s: pixel (%d, %d) is %v, want %v", name, x, y, g, w)
			}
		}
	}
}

// With more than 9999 frames all numbers have a digit more.
func TestManyPNGs(t *testing.T) {
	film := noise(1, 1, 1)
	film.Frames = 10001
	draw := film.Frame
	film.Frame = func(int) (*image.NRGBA, error) { return draw(0) }
	path := placeFor(t, PNG)
	if err := PNG.Write(t.Context(), path, film); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"frame-00001.png", "frame-10001.png"} {
		if _, err := os.Stat(filepath.Join(path, name)); err != nil {
			t.Error(err)
		}
	}
}

// A frame that cannot be written ends the film.
func TestPNGsFail(t *testing.T) {
	film := noise(4, 4, 30)
	path := placeFor(t, PNG)
	draw := film.Frame
	film.Frame = func(i int) (*image.NRGBA, error) {
		if i == 2 { // something is in the way of a later one
			made, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*.tmp"))
			if err != nil || len(made) != 1 {
				t.Fatalf("%v, %v", made, err)
			}
			if err := os.MkdirAll(filepath.Join(made[0], "frame-0020.png"), 0o777); err != nil {
				t.Fatal(err)
			}
		}
		return draw(i)
	}
	err := PNG.Write(t.Context(), path, film)
	if err == nil || !strings.HasPrefix(err.Error(), "cannot write "+path+": ") || strings.Contains(err.Error(), ".tmp") {
		t.Errorf("%v", err)
	}
	nothingAt(t, path)
}
