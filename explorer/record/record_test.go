package record

import (
	"context"
	"errors"
	"fmt"
	"image"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// noise is a film of random pictures.
func noise(width, height, frames int) Film {
	r := rand.New(rand.NewPCG(1, 2))
	pictures := make([]*image.NRGBA, frames)
	for i := range pictures {
		pictures[i] = image.NewNRGBA(image.Rect(0, 0, width, height))
		for at := range pictures[i].Pix {
			pictures[i].Pix[at] = byte(r.Uint32() | uint32(at%4/3*255)) // opaque
		}
	}
	return filmOf(pictures...)
}

// filmOf is a film of 30 of the pictures a second.
func filmOf(pictures ...*image.NRGBA) Film {
	size := pictures[0].Rect.Size()
	return Film{
		Width: size.X, Height: size.Y, Frames: len(pictures), Rate: 30,
		Frame: func(i int) (*image.NRGBA, error) { return pictures[i], nil },
	}
}

// placeFor is a path for a film of some format in an empty folder.
func placeFor(t *testing.T, f Format) string {
	return filepath.Join(t.TempDir(), map[Format]string{GIF: "film.gif", MP4: "film.mp4", PNG: "film"}[f])
}

// nothingAt checks that neither a film nor anything of its making is in the folder of path.
func nothingAt(t *testing.T, path string) {
	t.Helper()
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

func TestFormatOf(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "take.1")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]Format{
		"a.gif": GIF, "a/b.GIF": GIF, "a.mp4": MP4, "frames": PNG, "frames/": PNG, "a.gif/": PNG, dir: PNG,
		"": "", "a.png": "", "a.webm": "", "nowhere/take.1": "",
	} {
		got, err := FormatOf(path)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v, want %q", path, got, err, want)
		}
	}
}

func TestSize(t *testing.T) {
	for _, c := range []struct {
		f          Format
		w, h, W, H int
	}{{GIF, 3, 5, 3, 5}, {PNG, 1, 1, 1, 1}, {MP4, 641, 480, 640, 480}, {MP4, 1, 1, 2, 2}, {MP4, 2, 3, 2, 2}} {
		if w, h := c.f.Size(c.w, c.h); w != c.W || h != c.H {
			t.Errorf("%s of %dx%d is %dx%d", c.f, c.w, c.h, w, h)
		}
	}
}

func TestCheck(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("x"), 0o666); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir) // without ffmpeg
	for _, c := range []struct {
		f    Format
		path string
		film Film
		want string
	}{
		{GIF, "a.gif", Film{Width: 0, Height: 1, Frames: 1, Rate: 30}, "nothing to show"},
		{GIF, "a.gif", Film{Width: 1, Height: 1, Frames: 0, Rate: 30}, "nothing to show"},
		{GIF, "a.gif", Film{Width: 1, Height: 1, Frames: 1, Rate: 0}, "above 0, at most 120"},
		{GIF, "a.gif", Film{Width: 1, Height: 1, Frames: 1, Rate: 121}, "above 0, at most 120"},
		{GIF, "a.gif", Film{Width: 65536, Height: 1, Frames: 1, Rate: 30}, "at most 65535 a side"},
		{GIF, "a.gif", Film{Width: 1, Height: 1, Frames: 1, Rate: 0.001}, "at most 655 seconds"},
		{MP4, "a.mp4", Film{Width: 3, Height: 2, Frames: 1, Rate: 30}, "even"},
		{MP4, "a.mp4", Film{Width: 2, Height: 2, Frames: 1, Rate: 30}, "apt install ffmpeg), or write a .gif"},
		{PNG, file, Film{Width: 1, Height: 1, Frames: 1, Rate: 30}, "expected a folder"},
		{PNG, filepath.Join(file, "a"), Film{Width: 1, Height: 1, Frames: 1, Rate: 30}, "expected a folder"},
		{PNG, dir, Film{Width: 1, Height: 1, Frames: 1, Rate: 30}, "not empty"},
		{PNG, filepath.Join(dir, "a", "b"), Film{Width: 1, Height: 1, Frames: 1, Rate: 30}, "no folder " + filepath.Join(dir, "a")},
	} {
		for _, err := range []error{c.f.Check(c.path, c.film), c.f.Write(t.Context(), c.path, c.film)} {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s of %+v at %s: %v, want %q", c.f, c.film, c.path, err, c.want)
			}
		}
	}
	good := Film{Width: 65535, Height: 1, Frames: 1, Rate: 120}
	for _, err := range []error{GIF.Check("a.gif", good), PNG.Check(filepath.Join(dir, "new"), good), PNG.Check(filepath.Join(dir, "new/"), good)} {
		if err != nil {
			t.Error(err)
		}
	}
}

// However a film fails, it says why and leaves nothing behind.
func TestFailures(t *testing.T) {
	fakeFFmpeg(t, `cat > /dev/null; for out; do :; done; echo x > "$out"`)
	broken := errors.New("the lamp is broken")
	for _, format := range []Format{GIF, MP4, PNG} {
		for name, c := range map[string]struct {
			want string
			bad  func(stop func()) (*image.NRGBA, error)
		}{
			"an error":     {"the lamp is broken", func(func()) (*image.NRGBA, error) { return nil, broken }},
			"another size": {"frame 4 covers (0,0)-(5,6), expected (0,0)-(6,4)", func(func()) (*image.NRGBA, error) { return image.NewNRGBA(image.Rect(0, 0, 5, 6)), nil }},
			"a part": {"frame 4 covers", func(func()) (*image.NRGBA, error) {
				return image.NewNRGBA(image.Rect(0, 0, 12, 4)).SubImage(image.Rect(0, 0, 6, 4)).(*image.NRGBA), nil
			}},
			"the end": {"context canceled", func(stop func()) (*image.NRGBA, error) {
				stop()
				return image.NewNRGBA(image.Rect(0, 0, 6, 4)), nil
			}},
		} {
			t.Run(fmt.Sprint(format, " ", name), func(t *testing.T) {
				ctx, stop := context.WithCancel(t.Context())
				defer stop()
				film := noise(6, 4, 20)
				good := film.Frame
				film.Frame = func(i int) (*image.NRGBA, error) {
					if i == 3 {
						return c.bad(stop)
					}
					return good(i)
				}
				path := placeFor(t, format)
				err := format.Write(ctx, path, film)
				if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), ".tmp") {
					t.Errorf("%v, want %q", err, c.want)
				}
				nothingAt(t, path)
			})
		}
	}
}

// Results are written in the order of the frames, however long each takes, and only few
// frames are on their way at a time.
func TestEachIsOrderedAndBounded(t *testing.T) {
	const frames = 100
	film := noise(1, 1, frames)
	var drawn, written atomic.Int32
	draw := film.Frame
	film.Frame = func(i int) (*image.NRGBA, error) {
		most := int32(runtime.GOMAXPROCS(0) + 2)
		if ahead := drawn.Add(1) - written.Load(); ahead > most+1 {
			t.Errorf("%d frames are on their way, expected at most %d", ahead, most)
		}
		return draw(i)
	}
	number := map[*image.NRGBA]int{}
	for i := range frames {
		img, _ := draw(i)
		number[img] = i
	}
	err := film.each(t.Context(),
		func(before, frame *image.NRGBA) ([]byte, error) {
			i := number[frame]
			if want, _ := draw(max(0, i-1)); before != want && (i > 0 || before != nil) {
				t.Errorf("before frame %d comes %d", i, number[before])
			}
			time.Sleep(time.Duration(i*7%5) * time.Millisecond / 4)
			return []byte{byte(i)}, nil
		},
		func(i int, data []byte) error {
			if int(data[0]) != i || int(written.Load()) != i {
				t.Errorf("frame %d is written as frame %d, after %d others", data[0], i, written.Load())
			}
			written.Add(1)
			return nil
		})
	if err != nil || written.Load() != frames {
		t.Errorf("%d frames were written: %v", written.Load(), err)
	}
	bad := errors.New("bad")
	if err := film.each(t.Context(), func(_, _ *image.NRGBA) ([]byte, error) { return nil, bad }, func(int, []byte) error { return nil }); err != bad {
		t.Errorf("encoding that fails: %v", err)
	}
}

// Progress comes in order and ends with all frames and what the film takes.
func TestProgress(t *testing.T) {
	for _, format := range []Format{GIF, PNG} {
		film := noise(8, 8, 12)
		var frames []int
		var size int64
		film.Progress = func(n int, bytes int64) {
			if frames = append(frames, n); bytes <= size {
				t.Errorf("%s: %d bytes after %d", format, bytes, size)
			}
			size = bytes
		}
		path := placeFor(t, format)
		if err := format.Write(t.Context(), path, film); err != nil {
			t.Fatal(err)
		}
		for i, n := range frames {
			if n != i+1 {
				t.Fatalf("%s: progress %v", format, frames)
			}
		}
		var want int64
		filepath.Walk(path, func(_ string, info os.FileInfo, _ error) error {
			if !info.IsDir() {
				want += info.Size()
			}
			return nil
		})
		if len(frames) != film.Frames || size > want || size < want*9/10-900 {
			t.Errorf("%s: %d frames with %d bytes were told, the film takes %d", format, len(frames), size, want)
		}
	}
}
