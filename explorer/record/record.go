// Package record writes films: pictures that follow each other at a steady rate, as an
// animated GIF, as numbered PNGs in a folder, or as an MP4 through ffmpeg.
//
// [Format.Write] asks a [Film] for one picture after another on the goroutine that called it,
// encodes several at once on others, and writes them in order. It holds a few pictures at a
// time, however long the film. A file or folder appears whole or not at all.
package record

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// Film is a sequence of opaque pictures of one size.
type Film struct {
	Width, Height int // pixels
	Frames        int
	Rate          float64 // frames a second

	// Frame gives picture i, Width x Height with its corner at (0, 0). Nobody may write to it
	// afterwards, but it may be given again. A GIF first asks for some pictures of all parts of
	// the film; then all are asked for in order.
	Frame func(i int) (*image.NRGBA, error)
	// Progress, if not nil, is told how many frames are written and how many bytes they take,
	// one call at a time, on a goroutine of its own.
	Progress func(frames int, bytes int64)
}

// Format is the form in which a film is written.
type Format string

const (
	GIF Format = "GIF" // with one palette of 255 colours
	MP4 Format = "MP4" // by ffmpeg
	PNG Format = "PNG" // a folder of frame-0001.png and so on
)

// MaxRate is the most frames a second that a film may have.
const MaxRate = 120

// FormatOf is the format of a film that is to be written to a path.
func FormatOf(path string) (Format, error) {
	switch ext := filepath.Ext(path); {
	case path == "":
		return "", errors.New("a film needs a place to be written to: expected a file ending in .gif or .mp4, or a folder for numbered PNGs")
	case strings.EqualFold(ext, ".gif"):
		return GIF, nil
	case strings.EqualFold(ext, ".mp4"):
		return MP4, nil
	case ext == "" || isFolder(path):
		return PNG, nil
	default:
		return "", fmt.Errorf("%s ends in %s: expected a file ending in .gif or .mp4, or a folder for numbered PNGs", path, ext)
	}
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// Size is the size, at most width x height, of a film of the format: an MP4's sides are even.
func (f Format) Size(width, height int) (int, int) {
	if f == MP4 {
		return max(2, width&^1), max(2, height&^1)
	}
	return width, height
}

// Check finds out before any work is done that a film cannot be written to a path. Of a
// Film's functions it needs none.
func (f Format) Check(path string, film Film) error {
	switch {
	case film.Width < 1 || film.Height < 1 || film.Frames < 1:
		return fmt.Errorf("a film of %d frames of %dx%d pixels has nothing to show", film.Frames, film.Width, film.Height)
	case !(film.Rate > 0 && film.Rate <= MaxRate):
		return fmt.Errorf("%v frames a second: expected a number above 0, at most %d", film.Rate, MaxRate)
	}
	switch f {
	case GIF:
		return checkGIF(film)
	case MP4:
		if w, h := f.Size(film.Width, film.Height); w != film.Width || h != film.Height {
			return fmt.Errorf("an MP4 of %dx%d pixels: expected even numbers", film.Width, film.Height)
		}
		if _, err := exec.LookPath("ffmpeg"); err != nil {
			return fmt.Errorf("cannot write %s: an MP4 is made by ffmpeg, which is not installed; install it (apt install ffmpeg), or write a .gif or a folder of PNGs", path)
		}
		return nil
	default:
		return checkFolder(path)
	}
}

// Write makes the film. It ends soon after ctx does, with its error, and then, as after any
// error, leaves nothing behind.
func (f Format) Write(ctx context.Context, path string, film Film) (err error) {
	if err := f.Check(path, film); err != nil {
		return err
	}
	switch f {
	case GIF:
		err = film.writeGIF(ctx, path)
	case MP4:
		err = film.writeMP4(ctx, path)
	default:
		err = film.writePNGs(ctx, path)
	}
	if errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("%w; what was written of the film is removed", err)
	}
	return err
}

// draw is a picture of the film, which has its size.
func (f Film) draw(i int) (*image.NRGBA, error) {
	img, err := f.Frame(i)
	if err != nil {
		return nil, err
	}
	if want := image.Rect(0, 0, f.Width, f.Height); img.Rect != want || img.Stride != 4*f.Width {
		return nil, fmt.Errorf("frame %d covers %v, expected %v", i+1, img.Rect, want)
	}
	return img, nil
}

// each draws all frames, encodes them, several at once, and writes what that gives in order.
// What is encoded also knows the frame before, nil for the first.
func (f Film) each(ctx context.Context, encode func(before, frame *image.NRGBA) ([]byte, error), write func(i int, data []byte) error) error {
	type encoded struct {
		data []byte
		err  error
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	order := make(chan chan encoded, runtime.GOMAXPROCS(0)) // bounds how many are on their way
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		i := 0
		for next := range order {
			e := <-next
			if ctx.Err() != nil {
				continue
			}
			if e.err == nil {
				e.err = write(i, e.data)
			}
			if i++; e.err != nil {
				stop(e.err)
			}
		}
	}()
	var before *image.NRGBA
	for i := 0; i < f.Frames && ctx.Err() == nil; i++ {
		frame, err := f.draw(i)
		if err != nil {
			stop(err)
			break
		}
		next, last := make(chan encoded, 1), before
		go func() {
			data, err := encode(last, frame)
			next <- encoded{data, err}
		}()
		order <- next
		before = frame
	}
	close(order)
	<-ended
	return context.Cause(ctx)
}

// report tells the progress.
func (f Film) report(frames int, bytes int64) {
	if f.Progress != nil {
		f.Progress(frames, bytes)
	}
}

// beside makes a file or folder under a temporary name in the folder of path, and gives it
// its name when it is whole. Errors name path, never the temporary name.
func beside(path string, write func(temporary string) error) error {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	path = filepath.Clean(path)
	dir, base := filepath.Split(path)
	temporary := filepath.Join(dir, fmt.Sprintf(".%s.%08x.tmp", base, rand.Uint32()))
	err := write(temporary)
	if err == nil && isFolder(path) {
		err = os.Remove(path) // it is empty
	}
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err == nil {
		return nil
	}
	os.RemoveAll(temporary)
	var at *fs.PathError
	var link *os.LinkError
	if errors.As(err, &at) && strings.HasPrefix(at.Path, temporary) {
		err = at.Err
	} else if errors.As(err, &link) {
		err = link.Err
	}
	return fmt.Errorf("cannot write %s: %w", path, err)
}
