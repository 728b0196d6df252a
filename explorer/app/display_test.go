package app

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/image/draw"

	"headscope/gpu/gputest"
)

// display is an X server without a screen, a keyboard and a mouse, which xdotool moves.
type display struct {
	test   testing.TB // ends it, and the programs on it
	t      testing.TB // the part of test that goes on
	name   string     // ":7"
	folder string     // where it keeps the picture of its screen
}

// The screen of a display is larger than the window, so that the window can grow.
const screenWidth, screenHeight = 1400, 1000

// newDisplay starts a display, which ends with the test.
func newDisplay(t testing.TB) *display {
	t.Helper()
	for _, name := range []string{"Xvfb", "xdotool"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Fatalf("%v: the tests of the window need it; make deps installs it (Debian: apt-get install xvfb xdotool)", err)
		}
	}
	d := &display{test: t, t: t, folder: t.TempDir()}
	number, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer number.Close()
	server := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", fmt.Sprintf("%dx%dx24", screenWidth, screenHeight),
		"-dpi", "96", "-nolisten", "tcp", "-noreset", "-fbdir", d.folder)
	server.ExtraFiles = []*os.File{w}
	var errs bytes.Buffer
	server.Stderr = &errs
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Process.Kill()
		server.Wait()
	})
	w.Close()
	text, err := io.ReadAll(number)
	if err != nil || len(text) == 0 {
		server.Process.Kill()
		server.Wait()
		t.Fatalf("Xvfb does not start: %v\n%s", err, &errs)
	}
	d.name = ":" + strings.TrimSpace(string(text))
	return d
}

// xdotool does something with keyboard, mouse or windows, and returns what it says.
func (d *display) xdotool(args ...string) string {
	d.t.Helper()
	cmd := exec.Command("xdotool", args...)
	cmd.Env = append(os.Environ(), "DISPLAY="+d.name)
	out, err := cmd.CombinedOutput()
	if err != nil {
		d.t.Fatalf("xdotool %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// picture is what is on the screen. Xvfb keeps it in a file in the format of xwd.
func (d *display) picture() *image.NRGBA {
	d.t.Helper()
	data, err := os.ReadFile(filepath.Join(d.folder, "Xvfb_screen0"))
	if err != nil {
		d.t.Fatal(err)
	}
	field := func(i int) int { return int(binary.BigEndian.Uint32(data[4*i:])) }
	const headerSize, width, height, bytesPerLine, colours = 0, 4, 5, 12, 19
	const coloursSize = 12 // of each
	pixels := data[field(headerSize)+coloursSize*field(colours):]
	img := image.NewNRGBA(image.Rect(0, 0, field(width), field(height)))
	for y := range field(height) {
		for x := range field(width) {
			p := pixels[y*field(bytesPerLine)+4*x:] // blue, green, red, unused
			img.SetNRGBA(x, y, color.NRGBA{p[2], p[1], p[0], 255})
		}
	}
	return img
}

// looks compares a part of the screen with a golden picture, from so far away that only what
// is large matters: each of its pixels is the mean of a square of the screen.
func (d *display) looks(name string, part image.Rectangle) {
	d.t.Helper()
	const side = 16
	small := image.NewNRGBA(image.Rect(0, 0, part.Dx()/side, part.Dy()/side))
	draw.BiLinear.Scale(small, small.Rect, d.picture(), part, draw.Src, nil)
	gputest.Golden(d.t, name, small)
}

// differ counts the pixels of a part of the screen in which two pictures differ.
func differ(a, b *image.NRGBA, part image.Rectangle) int {
	n := 0
	for y := part.Min.Y; y < part.Max.Y; y++ {
		for x := part.Min.X; x < part.Max.X; x++ {
			if a.NRGBAAt(x, y) != b.NRGBAAt(x, y) {
				n++
			}
		}
	}
	return n
}
