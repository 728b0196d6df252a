package main

import (
	"fmt"
	"image"
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"headscope/explorer/mmtest"
)

// picture renders a session and returns the picture.
func picture(t *testing.T, args ...string) image.Image {
	t.Helper()
	path := filepath.Join(t.TempDir(), "picture.png")
	must(t, append([]string{"render", "-o", path}, args...)...)
	return readPicture(t, path)
}

// differing is the share of the pixels of two pictures that differ.
func differing(a, b image.Image) float64 {
	n := 0
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			if color.RGBAModel.Convert(a.At(x, y)) != color.RGBAModel.Convert(b.At(x, y)) {
				n++
			}
		}
	}
	return float64(n) / float64(a.Bounds().Dx()*a.Bounds().Dy())
}

func TestRenderWritesPictures(t *testing.T) {
	for name, c := range map[string]struct {
		args  []string
		least float64 // of the pixels differ from the background in the corner
	}{
		"default":     {nil, 0.05},
		"expression":  {[]string{"out = A @ B @ (C @ D)"}, 0.05},
		"head":        {[]string{"--head", "L1H2", "--prompt", "a b c a b c"}, 0.05},
		"without":     {[]string{"--head", "l11h0", "--no-bias", "--prompt", "a b c"}, 0.03},
		"qkov":        {[]string{"attnqkov", "--head", "L3H4", "--prompt", "one two"}, 0.1},
		"layer":       {[]string{"layer", "--head", "L0H0", "--prompt", "one two"}, 0.05},
		"decode":      {[]string{"decode", "--prompt", "one two three"}, 0.05},
		"random":      {[]string{"lora", "--seed", "7"}, 0.1},
		"light, safe": {[]string{"blockwise", "--light", "--safe"}, 0.1},
		"tall, fit":   {[]string{"A @ B", "--fit", "--size", "150x480"}, 0.05},
	} {
		t.Run(name, func(t *testing.T) {
			if name != "tall, fit" {
				c.args = append(c.args, "--size", "320x200")
			}
			img := picture(t, c.args...)
			background := image.NewUniform(img.At(0, 0))
			if share := differing(img, offset{background, img.Bounds()}); share < c.least {
				t.Errorf("%.3f of the picture is drawn, want %.3f", share, c.least)
			}
		})
	}
}

// offset is a uniform image with bounds.
type offset struct {
	*image.Uniform
	bounds image.Rectangle
}

func (o offset) Bounds() image.Rectangle { return o.bounds }

// A lens changes its square and nothing else.
func TestRenderLens(t *testing.T) {
	without := picture(t, "A @ B", "--size", "400x300")
	with := picture(t, "A @ B", "--size", "400x300", "--lens", "200,150")
	changed := 0
	for y := range 300 {
		for x := range 400 {
			if without.At(x, y) == with.At(x, y) {
				continue
			}
			changed++
			// Half of the height a side, and the frame around it.
			if x < 200-75-3 || x > 200+75+3 || y < 150-75-3 || y > 150+75+3 {
				t.Fatalf("pixel (%d, %d) is not under the lens and differs", x, y)
			}
		}
	}
	if changed < 150*150/10 {
		t.Errorf("the lens changed %d pixels", changed)
	}
	// Outside of the picture there is no lens; a part of it is drawn at the edge.
	if share := differing(without, picture(t, "A @ B", "--size", "400x300", "--lens", "-500,-500")); share != 0 {
		t.Errorf("a lens outside of the picture changed %.3f of it", share)
	}
	if share := differing(without, picture(t, "A @ B", "--size", "400x300", "--lens", "400,150")); share == 0 {
		t.Error("a lens at the edge changed nothing")
	}
}

// A step of an animation is shown as it is, its last one nearly as what it ends with.
func TestRenderStep(t *testing.T) {
	link := mmtest.Links(t)[7] // vmprod
	finished := picture(t, link, "--size", "320x200")
	first := picture(t, link, "--size", "320x200", "--step", "1")
	last := picture(t, link, "--size", "320x200", "--step", "24")
	if a, b := differing(finished, first), differing(finished, last); a < 0.02 || b == 0 || b > a {
		t.Errorf("from the finished results the first step differs in %.3f of the picture, the last one in %.3f", a, b)
	}
	if again := picture(t, link, "--size", "320x200", "--step", "25"); differing(first, again) != 0 {
		t.Error("the next turn begins with another picture")
	}
	out := filepath.Join(t.TempDir(), "step.png")
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"beyond the end": {[]string{link, "--step", "49"}, "last step is 24"},
		"far beyond":     {[]string{link, "--step", "999999999"}, "last step is 24"},
		"below":          {[]string{link, "--step", "-1"}, "numbered from 1"},
		"still":          {[]string{"A @ B", "--step", "1"}, "does not move"},
	} {
		code, _, stderr := headscope(t, append([]string{"render", "-o", out}, c.args...)...)
		if code == 0 || !strings.Contains(stderr, c.want) || strings.Count(stderr, "\n") > 1 {
			t.Errorf("%s: status %d, %q", name, code, stderr)
		}
	}
}

// Blockwise attention and decoding have steps, of a model or not; of another session, or with
// another expression, the same step is refused.
func TestRenderPlaybacks(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		last int
	}{
		"blockwise":            {[]string{"blockwise"}, 9},
		"decode":               {[]string{"decode"}, 256},
		"blockwise of a model": {[]string{"blockwise", "--head", "L5H1", "--prompt", "one two three four five six"}, 9},
		"decode of a model":    {[]string{"decode", "--model", "demo", "--prompt", "a b a b"}, 5},
	} {
		t.Run(name, func(t *testing.T) {
			at := func(step int) image.Image {
				return picture(t, append([]string{"--size", "320x200", "--step", fmt.Sprint(step)}, c.args...)...)
			}
			if first, middle := at(1), at(c.last/2); differing(first, middle) == 0 || differing(middle, at(c.last)) == 0 || differing(middle, at(c.last+c.last/2)) != 0 {
				t.Error("steps are not different pictures, or the next turn's is")
			}
			out := filepath.Join(t.TempDir(), "step.png")
			code, _, stderr := headscope(t, append([]string{"render", "-o", out, "--step", fmt.Sprint(2*c.last + 1)}, c.args...)...)
			if code != exitFailed || !strings.Contains(stderr, fmt.Sprintf("last step is %d", c.last)) {
				t.Errorf("beyond the end: status %d, %q", code, stderr)
			}
		})
	}
	file := filepath.Join(t.TempDir(), "blockwise.json") // knows what it is
	link, _ := must(t, "link", "blockwise", "--form", "session")
	if err := os.WriteFile(file, []byte(link), 0o666); err != nil {
		t.Fatal(err)
	}
	if differing(picture(t, file, "--size", "320x200", "--step", "3"), picture(t, "blockwise", "--size", "320x200", "--step", "3")) != 0 {
		t.Error("the session's file shows another step")
	}
	refusesAs(t, "render", exitFailed, "does not move", "", "attngpt2", "--step", "3")
}

// A session file with a model, prompt and head is what the flags say.
func TestRenderOfASessionFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "head.json")
	link, _ := must(t, "link", "attngpt2", "--form", "session")
	text := strings.Replace(link, `"params"`, `"model":"demo","prompt":"a b a b","params"`, 1)
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	if img := picture(t, path, "--size", "320x200"); img.Bounds().Dx() != 320 {
		t.Errorf("the picture is %v", img.Bounds())
	}
}
