package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/draw"
	"image/gif"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// readFilm decodes a GIF: what it shows after each frame, and for how long in all, in
// hundredths of a second.
func readFilm(t *testing.T, path string) (shown []image.Image, hundredths int) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	g, err := gif.DecodeAll(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	canvas := image.NewNRGBA(image.Rect(0, 0, g.Config.Width, g.Config.Height))
	for i, frame := range g.Image {
		draw.Draw(canvas, frame.Rect, frame, frame.Rect.Min, draw.Over)
		shown = append(shown, &image.NRGBA{Pix: bytes.Clone(canvas.Pix), Stride: canvas.Stride, Rect: canvas.Rect})
		hundredths += g.Delay[i]
	}
	return shown, hundredths
}

// readFrames reads the numbered PNGs of a folder.
func readFrames(t *testing.T, dir string) (shown []image.Image) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range entries {
		if want := fmt.Sprintf("frame-%04d.png", i+1); e.Name() != want {
			t.Fatalf("%s, want %s", e.Name(), want)
		}
		shown = append(shown, readPicture(t, filepath.Join(dir, e.Name())))
	}
	return shown
}

// away is the mean difference of a channel between two pictures.
func away(a, b image.Image) float64 {
	sum := 0.0
	size := a.Bounds().Size()
	for y := range size.Y {
		for x := range size.X {
			ar, ag, ab, _ := a.At(x, y).RGBA()
			br, bg, bb, _ := b.At(x, y).RGBA()
			sum += math.Abs(float64(ar)-float64(br)) + math.Abs(float64(ag)-float64(bg)) + math.Abs(float64(ab)-float64(bb))
		}
	}
	return sum / float64(3*257*size.X*size.Y)
}

// moving is L @ R going through its rows, at 10 steps a second.
const moving = `?params={"left":{"name":"L","h":6,"w":4},"right":{"name":"R","h":4,"w":5},"anim":{"alg":"vmprod","speed":10}}`

// A turn shows the session as it is, then from other sides, the same in every format.
func TestRecordTurns(t *testing.T) {
	dir := t.TempDir()
	film, frames := filepath.Join(dir, "film.gif"), filepath.Join(dir, "frames")
	args := []string{"A @ B", "--size", "64x48", "--spin", "30", "--fps", "10", "--seconds", "0.5"}
	_, errs := must(t, append([]string{"record", "-o", film}, args...)...)
	if !strings.HasPrefix(errs, film+": ") || !strings.Contains(errs, ", 5 frames of 64x48, ") {
		t.Errorf("it says %s", errs)
	}
	if _, errs := must(t, append([]string{"record", "--quiet", "-o", frames}, args...)...); errs != "" {
		t.Errorf("quietly it says %s", errs)
	}
	pngs := readFrames(t, frames)
	gifs, hundredths := readFilm(t, film)
	if len(pngs) != 5 || len(gifs) != 5 || hundredths != 50 {
		t.Fatalf("%d PNGs and a GIF of %d frames in %d hundredths of a second", len(pngs), len(gifs), hundredths)
	}
	for i := range pngs {
		if d := away(pngs[i], gifs[i]); d > 1.5 {
			t.Errorf("frame %d of the GIF is away from the PNG by %.2f", i+1, d)
		}
		if i > 0 && differing(pngs[i], pngs[i-1]) < 0.02 {
			t.Errorf("frame %d is as the one before", i+1)
		}
	}
	if differing(pngs[0], picture(t, "A @ B", "--size", "64x48")) != 0 {
		t.Error("the film does not begin with what render draws")
	}
}

// Frames show the steps that are due, as render draws them.
func TestRecordPlays(t *testing.T) {
	step := func(n string) image.Image {
		return picture(t, moving, "--fit", "--size", "96x64", "--step", n)
	}
	for name, c := range map[string]struct {
		flags []string
		steps []string
	}{
		"the session's speed": {nil, []string{"1", "1", "2", "2", "3", "3", "4", "4"}},
		"another":             {[]string{"--speed", "20"}, []string{"1", "2", "3", "4", "5", "6", "1", "2"}},
		"slow":                {[]string{"--speed", "0.1"}, []string{"1", "1", "1", "1", "1", "1", "1", "1"}},
		"from a step on":      {[]string{"--step", "5", "--speed", "20"}, []string{"5", "6", "1", "2", "3", "4", "5", "6"}},
		"from the next turn":  {[]string{"--step", "11", "--speed", "20"}, []string{"5", "6", "1", "2", "3", "4", "5", "6"}},
		"finished":            {[]string{"--step", "0"}, []string{"0", "0", "0", "0", "0", "0", "0", "0"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "frames")
			must(t, append([]string{"record", moving, "-o", dir, "--fit", "--size", "96x64", "--fps", "20", "--seconds", "0.4"}, c.flags...)...)
			shown := readFrames(t, dir)
			if len(shown) != len(c.steps) {
				t.Fatalf("%d frames", len(shown))
			}
			for i, n := range c.steps {
				if share := differing(shown[i], step(n)); share != 0 {
					t.Errorf("frame %d differs from step %s in %.3f of it", i+1, n, share)
				}
			}
		})
	}
}

// The steps of blockwise attention take half a second each, unless another speed is asked for.
func TestRecordBlockwise(t *testing.T) {
	for _, c := range []struct {
		flags []string
		steps []string
	}{
		{nil, []string{"1", "1", "2", "2", "3", "3"}},
		{[]string{"--speed", "4", "--step", "8"}, []string{"8", "9", "1", "2", "3", "4"}},
	} {
		dir := filepath.Join(t.TempDir(), "frames")
		must(t, append([]string{"record", "blockwise", "-o", dir, "--size", "96x64", "--fps", "4", "--seconds", "1.5"}, c.flags...)...)
		shown := readFrames(t, dir)
		for i, n := range c.steps {
			if share := differing(shown[i], picture(t, "blockwise", "--size", "96x64", "--step", n)); share != 0 {
				t.Errorf("%v: frame %d differs from step %s in %.3f of it", c.flags, i+1, n, share)
			}
		}
	}
}

// A film says when nothing moves in it, how large it will be, and what its format takes from
// it.
func TestRecordRemarks(t *testing.T) {
	dir := t.TempDir()
	script := "#!/bin/sh\nfor out; do :; done\ncat > \"$out\"\n"
	if err := os.WriteFile(filepath.Join(dir, "ffmpeg"), []byte(script), 0o777); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	film := filepath.Join(dir, "film.gif")
	_, errs := must(t, "record", "A @ B", "-o", film, "--size", "32x32", "--fps", "60", "--seconds", "2")
	for _, want := range []string{"nothing moves", "will take about ", "more than 50 frames a second", "120 frames of 32x32"} {
		if !strings.Contains(errs, want) {
			t.Errorf("it says %s, expected %q", errs, want)
		}
	}
	if shown, hundredths := readFilm(t, film); len(shown) != 120 || hundredths != 200 {
		t.Errorf("%d frames in %d hundredths of a second", len(shown), hundredths)
	}
	film = filepath.Join(dir, "film.mp4")
	_, errs = must(t, "record", "A @ B", "-o", film, "--size", "33x31", "--spin", "1", "--seconds", "0.1")
	if info, err := os.Stat(film); !strings.Contains(errs, "the film is 32x30") || err != nil || info.Size() != 3*32*30*4 {
		t.Errorf("%v, %v; it says %s", info, err, errs)
	}
}

func TestRecordRefuses(t *testing.T) {
	dir := t.TempDir()
	file, folder := filepath.Join(dir, "file"), filepath.Join(dir, "folder.gif")
	if err := os.WriteFile(file, []byte("x"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir) // without ffmpeg
	out := filepath.Join(dir, "film.gif")
	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{exitUsage, "such as -o film.gif", nil},
		{exitUsage, "ends in .png", []string{"-o", "a.png"}},
		{exitUsage, "quotes", []string{"A", "@", "B", "-o", out}},
		{exitUsage, "--fps 0:", []string{"-o", out, "--fps", "0"}},
		{exitUsage, "from 0.1 to 120", []string{"-o", out, "--fps", "121"}},
		{exitUsage, "--fps NaN", []string{"-o", out, "--fps", "NaN"}},
		{exitUsage, "--seconds 0:", []string{"-o", out, "--seconds", "0"}},
		{exitUsage, "at most 3600", []string{"-o", out, "--seconds", "1e9"}},
		{exitUsage, "--speed 0:", []string{"-o", out, "--speed", "0"}},
		{exitUsage, "steps a second", []string{"-o", out, "--speed", "+Inf"}},
		{exitUsage, "--spin NaN", []string{"-o", out, "--spin", "NaN"}},
		{exitUsage, "WIDTHxHEIGHT", []string{"-o", out, "--size", "0x3"}},
		{exitUsage, "from 1 on", []string{moving, "-o", out, "--step", "-1"}},
		{exitFailed, "its last step is 6", []string{moving, "-o", out, "--step", "13"}},
		{exitFailed, "does not move", []string{"A @ B", "-o", out, "--step", "1"}},
		{exitFailed, "anim.speed is 0", []string{strings.Replace(moving, "10", "0", 1), "-o", out}},
		{exitFailed, "at most 65535 a side", []string{"-o", out, "--size", "65536x10"}},
		{exitFailed, "no folder", []string{"-o", filepath.Join(dir, "nowhere", "film.gif")}},
		{exitFailed, "it is a folder", []string{"-o", folder}},
		{exitFailed, "expected a folder", []string{"-o", file}},
		{exitFailed, "not empty", []string{"-o", dir}},
		{exitFailed, "apt install ffmpeg", []string{"-o", filepath.Join(dir, "film.mp4")}},
	} {
		code, printed, errs := headscope(t, append([]string{"record"}, c.args...)...)
		if code != c.code || !strings.Contains(errs, c.want) || strings.Count(errs, "\n") != 1 || printed != "" {
			t.Errorf("record %v: exit status %d, want %d with %q: %s%s", c.args, code, c.code, c.want, errs, printed)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 2 {
		t.Errorf("left %v, %v", left, err)
	}
}

// An interrupt ends the film and leaves nothing of it.
func TestRecordIsInterrupted(t *testing.T) {
	for _, name := range []string{"film.gif", "frames"} {
		dir := t.TempDir()
		ctx, stop := context.WithCancel(t.Context())
		go func() { // when something of the film is there
			for ctx.Err() == nil {
				if left, _ := os.ReadDir(dir); len(left) > 0 {
					stop()
				}
				time.Sleep(time.Millisecond)
			}
		}()
		var out, errs bytes.Buffer
		code := run(ctx, []string{"record", "A @ B", "--spin", "6", "--size", "64x48", "--seconds", "3600", "-o", filepath.Join(dir, name), "--quiet"}, &out, &errs)
		stop()
		if left, _ := os.ReadDir(dir); code != exitFailed || errs.String() != "headscope: interrupted\n" || len(left) > 0 {
			t.Errorf("%s: exit status %d, left %v: %s", name, code, left, errs.String())
		}
	}
}
