package gpu_test

import (
	"bytes"
	"strings"
	"testing"

	"headscope/gpu"
	"headscope/gpu/gputest"
	"headscope/gpu/kernels"
)

// An array has all levels of all layers, and they are counted to the byte.
func TestColourLevels(t *testing.T) {
	d := gputest.Device(t)
	before := d.Live()
	for _, c := range []struct {
		width, height, layers int
		levels                [][2]int
	}{
		{1, 1, 1, [][2]int{{1, 1}}},
		{1, 5, 2, [][2]int{{1, 5}}},
		{15, 9, 2, [][2]int{{15, 9}}},
		{1, 16, 1, [][2]int{{1, 16}, {1, 8}}},
		{70, 9, 1, [][2]int{{70, 9}, {35, 4}, {17, 2}, {8, 1}}},
		{8, 33, 3, [][2]int{{8, 33}, {4, 16}, {2, 8}}},
	} {
		texture, err := d.NewColours("colours", c.width, c.height, c.layers)
		if err != nil {
			t.Fatal(err)
		}
		size := uint64(0)
		for layer := range c.layers {
			levels := texture.Levels(layer)
			if len(levels) != len(c.levels) {
				t.Fatalf("%d x %d: %d levels, want %v", c.width, c.height, len(levels), c.levels)
			}
			for i, l := range levels {
				if [2]int{l.Width, l.Height} != c.levels[i] {
					t.Errorf("%d x %d: level %d is %d x %d, want %v", c.width, c.height, i, l.Width, l.Height, c.levels[i])
				}
				size += 4 * uint64(l.Width*l.Height)
			}
		}
		live := d.Live()
		if live.Textures != before.Textures+1 || live.Bytes != before.Bytes+size {
			t.Errorf("%d x %d x %d: %d textures of %d bytes are alive, want 1 of %d", c.width, c.height, c.layers,
				live.Textures-before.Textures, live.Bytes-before.Bytes, size)
		}
		level := texture.Levels(0)[0]
		texture.Release()
		texture.Release()
		if live := d.Live(); live.Textures != before.Textures || live.Bytes != before.Bytes {
			t.Errorf("alive after the release: %+v, before: %+v", live, before)
		}
		if len(texture.Levels(0)) != 0 {
			t.Error("a released texture has levels")
		}
		if _, err := level.Read(); err == nil || !strings.Contains(err.Error(), "released") {
			t.Errorf("a level of a released texture was read: %v", err)
		}
	}
}

func TestColourLimits(t *testing.T) {
	d := gputest.Device(t)
	side, layers := int(d.Limits.TextureSize), int(d.Limits.TextureLayers)
	for _, size := range [][3]int{{4, 4, 0}, {4, 4, -1}, {4, 4, layers + 1}, {0, 4, 1}, {4, 0, 1}, {side + 1, 4, 1}, {4, side + 1, 1}} {
		texture, err := d.NewColours("wide", size[0], size[1], size[2])
		if err == nil || !strings.Contains(err.Error(), "wide") || !strings.Contains(err.Error(), "allows 1 to") {
			t.Errorf("%v: %v; want an error with the limit", size, err)
		}
		texture.Release()
	}
	texture, err := d.NewColours("as many as there may be", 1, 1, layers)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(texture.Levels(layers - 1)); n != 1 {
		t.Errorf("the last layer has %d levels", n)
	}
	texture.Release()
}

// Every level of every layer is one of its own: what is written to one is read from it, and
// from no other.
func TestLevelsAreApart(t *testing.T) {
	d := gputest.Device(t)
	texture, err := d.NewColours("colours", 33, 12, 3)
	if err != nil {
		t.Fatal(err)
	}
	defer texture.Release()
	// Three tables of one colour each. In a range of no length all weights are 1.
	table, err := d.NewStorage("table", 3*4*513)
	if err != nil {
		t.Fatal(err)
	}
	defer table.Release()
	words := make([]uint32, 3*513)
	for i := range words {
		words[i] = []uint32{red, green, blue}[i/513]
	}
	if err := d.Write(table, 0, gpu.Words(words)); err != nil {
		t.Fatal(err)
	}
	x := filled(t, d, 12, 33, 1)
	defer x.Buffer.Release()
	r := d.Record("levels")
	for layer := range 3 {
		// One level each, so that the others keep their zeros.
		l := texture.Levels(layer)[layer:][:1]
		kernels.Paint(r, l, x.Part(0, l[0].Height, 0, l[0].Width), kernels.Patch{Rows: l[0].Height, Cols: l[0].Width}, table, kernels.Paints{First: 513 * layer})
	}
	if err := r.Submit(); err != nil {
		t.Fatal(err)
	}
	for layer := range 3 {
		for i, l := range texture.Levels(layer) {
			got, err := l.Read()
			if err != nil {
				t.Fatal(err)
			}
			want := make([]byte, 4*l.Width*l.Height)
			if i == layer {
				word := gpu.Words([]uint32{words[513*layer]})
				want = bytes.Repeat(word, l.Width*l.Height)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("layer %d, level %d: %v, want %v", layer, i, got, want)
			}
		}
	}
}
