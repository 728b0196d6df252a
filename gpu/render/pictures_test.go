package render

import (
	"image"
	"math"
	"testing"

	"github.com/go-gl/mathgl/mgl32"

	"headscope/gpu"
)

// change is how two pictures differ: the mean over pixels and channels, of 255, and the
// largest mean of a tile of side x side pixels.
func change(a, b *image.NRGBA, side int) (mean, worst float64) {
	size := a.Rect.Max
	for y := 0; y < size.Y; y += side {
		for x := 0; x < size.X; x += side {
			tile := image.Rect(x, y, x+side, y+side).Intersect(a.Rect)
			sum := 0.0
			for py := tile.Min.Y; py < tile.Max.Y; py++ {
				for px := tile.Min.X; px < tile.Max.X; px++ {
					p, q := a.NRGBAAt(px, py), b.NRGBAAt(px, py)
					sum += math.Abs(float64(p.R)-float64(q.R)) + math.Abs(float64(p.G)-float64(q.G)) + math.Abs(float64(p.B)-float64(q.B))
				}
			}
			mean += sum / float64(3*size.X*size.Y)
			worst = max(worst, sum/float64(3*tile.Dx()*tile.Dy()))
		}
	}
	return mean, worst
}

// meanColour is the mean of a picture, of 255 a channel.
func meanColour(img *image.NRGBA) (mean [3]float64) {
	for i, v := range img.Pix {
		if i%4 < 3 {
			mean[i%4] += float64(v) / float64(len(img.Pix)/4)
		}
	}
	return mean
}

// tele is a view from far away, in which a cell of a matrix around the origin takes so many
// pixels everywhere, turned by an angle about the vertical and tilted by half of it.
func tele(width, height int, pixels, angle float64) View {
	const away = 2000
	eye := mgl32.Vec3{float32(away * math.Sin(angle) * math.Cos(angle/2)), float32(away * math.Sin(angle/2)), float32(away * math.Cos(angle) * math.Cos(angle/2))}
	v := lookAt(eye, mgl32.Vec3{}, width, height, float32(pixels*away))
	v.Ball = 0.9
	return v
}

// middle adds the rows and columns of a matrix around the origin that may be seen in a view
// by [tele].
func middle(s *Space, pixels, angle float64) func(d *Drawing) {
	return func(d *Drawing) {
		v := d.view
		m := s.matrices[0].Values
		reach := 3 + int(float64(max(v.Width, v.Height))/pixels/math.Cos(angle)/math.Cos(angle/2))
		row, col := max(0, m.Rows/2-reach), max(0, m.Cols/2-reach)
		rows, cols := min(m.Rows, m.Rows/2+reach)-row, min(m.Cols, m.Cols/2+reach)-col
		d.Matrix(0, row, rows, col, cols)
		if pixels > float64(v.NearPixels)*0.99 {
			d.Near(0, row, rows, col, cols)
		}
	}
}

// Where cells are as large as NearPixels, balls take over from discs in the plane, and
// nothing of it is seen.
func TestBallsTakeOverUnseen(t *testing.T) {
	s := newStudio(t, 240, 180, func(d *gpu.Device) []Matrix {
		m := matrixOf(t, d, 40, 40, mgl32.Vec3{}, random)
		m.BlockRows, m.BlockCols, m.RowGap, m.ColGap = 3, 7, 0.5, 2
		m.Origin = m.Origin.Add(mgl32.Vec3{-5, 3, 0})
		return []Matrix{m}
	})
	for _, angle := range []float64{0, 0.3, 0.8, -1.1} {
		for _, pixels := range []float64{NearPixels, 20} {
			v := tele(240, 180, pixels, angle)
			v.NearPixels = float32(pixels) * 1.01
			plane := s.look(v, 0)
			v.NearPixels = float32(pixels) * 0.99
			balls := s.look(v, 0)
			if brightness := meanColour(plane); brightness[0] < 10 {
				t.Fatalf("angle %.1f, %.0f pixels: little is seen: %v", angle, pixels, brightness)
			}
			if mean, worst := change(plane, balls, 6); mean > 0.1 || worst > 1 {
				t.Errorf("angle %.1f, %.0f pixels: pictures are %.3f of 255 apart, in a tile %.2f", angle, pixels, mean, worst)
			}
		}
	}
}

// From cells of a tenth of a pixel to cells of 40, two percent closer each time, nothing
// jumps: not the mean colour, as the texture, its levels, discs and balls take turns, nor
// what a pixel shows, by more than the picture moves.
func TestComingCloserWithoutJumps(t *testing.T) {
	const width, height = 32, 24 // so small that hardly anything moves by half a pixel
	for name, value := range map[string]func(i, j int) float32{"random": random, "constant": constant(0.3)} {
		s := newStudio(t, width, height, func(d *gpu.Device) []Matrix {
			return []Matrix{matrixOf(t, d, 700, 700, mgl32.Vec3{}, value)}
		})
		for _, angle := range []float64{0, 0.7} {
			var before *image.NRGBA
			for pixels := 0.1; pixels < 40; pixels *= 1.02 {
				img := s.draw(tele(width, height, pixels, angle), middle(s.space, pixels, angle))
				if before != nil {
					// Detail is finest where cells are a pixel or two, and there the background
					// begins to be seen between discs.
					mostChange, mostJump := min(30, 40*pixels, 80/pixels), 3.5
					if pixels > 0.9 && pixels < 3.2 {
						mostJump = 13
					}
					a, b := meanColour(before), meanColour(img)
					jump := max(math.Abs(a[0]-b[0]), math.Abs(a[1]-b[1]), math.Abs(a[2]-b[2]))
					if mean, _ := change(before, img, width); mean > mostChange || jump > mostJump {
						t.Errorf("%s, angle %.1f, cells of %.2f pixels: pixels change by %.1f of 255, at most %.1f is fine; their mean by %.1f, at most %.1f is",
							name, angle, pixels, mean, mostChange, jump, mostJump)
					}
				}
				before = img
			}
		}
	}
}

// sign is that of what is seen in a pixel: blue is positive, red negative, 0 is nothing.
func sign(img *image.NRGBA, x, y float32) int {
	p := img.NRGBAAt(int(x), int(y))
	switch {
	case max(p.R, p.G, p.B) < 60:
		return 0
	case p.B > p.R:
		return 1
	}
	return -1
}

// Elements are seen where they are, and between blocks nothing is, whatever they are drawn by.
func TestBlocksAndGaps(t *testing.T) {
	const rows, cols, blockRows, blockCols = 70, 110, 7, 11
	of := func(row, col int) int { return 1 - 2*((row/blockRows+col/blockCols)%2) } // the sign of a block
	s := newStudio(t, 220, 160, func(d *gpu.Device) []Matrix {
		m := matrixOf(t, d, rows, cols, mgl32.Vec3{}, func(i, j int) float32 { return float32(of(i, j)) })
		m.BlockRows, m.BlockCols, m.RowGap, m.ColGap = blockRows, blockCols, 4, 6
		m.Origin, m.Scale = mgl32.Vec3{-87, 56, 0}, 1.4 // discs that touch
		return []Matrix{m}
	})
	m := s.space.matrices[0]
	for _, c := range []struct {
		name               string
		pixels, nearPixels float64
	}{{"texture", 0.9, NearPixels}, {"both", 1.5, NearPixels}, {"discs", 4, NearPixels}, {"discs", 11, NearPixels}, {"balls", 4, 2}, {"balls", 20, NearPixels}} {
		for _, angle := range []float64{0, 0.5} {
			v := tele(220, 160, c.pixels, angle)
			v.NearPixels = float32(c.nearPixels)
			img := s.look(v, 0)
			seen := 0
			at := func(row, col float32) (x, y float32, ok bool) {
				x, y, _ = v.pixel(m.Origin.Add(m.Across.Mul(col)).Add(m.Down.Mul(row)))
				return x, y, x >= 0 && y >= 0 && x < v.Width && y < v.Height
			}
			for row := range rows {
				for col := range cols {
					r, k := float32(row+row/blockRows*4), float32(col+col/blockCols*6)
					inner := row%blockRows%(blockRows-1) > 0 && col%blockCols%(blockCols-1) > 0
					if x, y, ok := at(r, k); ok && (inner || c.pixels > 2) {
						if seen++; sign(img, x, y) != of(row, col) {
							t.Fatalf("%s, %.1f pixels, angle %.1f: element (%d, %d) is not seen at (%.1f, %.1f), but %d", c.name, c.pixels, angle, row, col, x, y, sign(img, x, y))
						}
					}
					// Next to it, in the middle of the gaps.
					if x, y, ok := at(r, k+3.5); ok && col%blockCols == blockCols-1 && sign(img, x, y) != 0 {
						t.Fatalf("%s, %.1f pixels, angle %.1f: something is in the gap right of column %d: (%.1f, %.1f)", c.name, c.pixels, angle, col, x, y)
					}
					if x, y, ok := at(r+2.5, k); ok && row%blockRows == blockRows-1 && sign(img, x, y) != 0 {
						t.Fatalf("%s, %.1f pixels, angle %.1f: something is in the gap below row %d: (%.1f, %.1f)", c.name, c.pixels, angle, row, x, y)
					}
				}
			}
			if seen < 30 {
				t.Errorf("%s, %.1f pixels, angle %.1f: %d elements are in view", c.name, c.pixels, angle, seen)
			}
		}
	}
}

// distances are from where the studio of the tests below shows its matrices by their
// textures, by discs and by balls.
var distances = map[string]float32{"texture": 400, "discs": 40, "balls": 9}

// Zeros are not there: what lies behind them is seen.
func TestZerosAreSeenThrough(t *testing.T) {
	s := newStudio(t, 160, 120, func(d *gpu.Device) []Matrix {
		behind := matrixOf(t, d, 300, 300, mgl32.Vec3{0, 0, -20}, random)
		zeros := matrixOf(t, d, 300, 300, mgl32.Vec3{0, 0, 0}, constant(0))
		half := matrixOf(t, d, 300, 300, mgl32.Vec3{0, 0, 0}, func(i, j int) float32 {
			if j < 150 {
				return 0
			}
			return 1
		})
		half.Scale = 3 // no holes between discs
		return []Matrix{behind, zeros, half}
	})
	for name, away := range distances {
		v := lookAt(mgl32.Vec3{0, 0, away}, mgl32.Vec3{}, 160, 120, wide(120))
		alone := s.look(v, 0)
		if mean, _ := change(alone, s.look(v, 0, 1), 160); mean != 0 {
			t.Errorf("%s: zeros change the picture by %.2f of 255", name, mean)
		}
		nothing := s.draw(v, func(d *Drawing) {})
		if mean, _ := change(nothing, s.look(v, 1), 160); mean != 0 {
			t.Errorf("%s: zeros are seen: %.2f of 255", name, mean)
		}
		img := s.look(v, 0, 2)
		margin := 2 + int(2*v.Unit/away) // two elements
		left, right := image.Rect(0, 0, 80-margin, 120), image.Rect(80+margin, 20, 140, 100)
		if mean, _ := change(crop(alone, left), crop(img, left), 160); mean != 0 {
			t.Errorf("%s: half a matrix of zeros changes the picture by %.2f of 255", name, mean)
		}
		if mean, _ := change(crop(s.look(v, 2), right), crop(img, right), 160); mean > 1 {
			t.Errorf("%s: the other half is seen through: %.2f of 255", name, mean)
		}
	}
}

// From afar elements have their full colours, however small they are, and whatever the
// slant.
func TestSmallValuesAreSeenFromAfar(t *testing.T) {
	for _, value := range []float32{0.001, -0.2, 1} {
		s := newStudio(t, 60, 40, func(d *gpu.Device) []Matrix {
			return []Matrix{matrixOf(t, d, 512, 512, mgl32.Vec3{}, constant(value))}
		})
		want := usual.Colour(float64(value))
		for _, angle := range []float64{0, 0.7, 1.2} {
			for _, pixels := range []float64{0.4, 0.9} {
				got := meanColour(s.look(tele(60, 40, pixels, angle), 0))
				for c := range got {
					if math.Abs(got[c]-255*want[c]) > 3 {
						t.Errorf("%v at angle %.1f, %.1f pixels: the mean is %.0f, want %.2f of 1", value, angle, pixels, got, want)
						break
					}
				}
			}
		}
	}
}

// crop copies a part of a picture.
func crop(img *image.NRGBA, r image.Rectangle) *image.NRGBA {
	out := image.NewNRGBA(image.Rect(0, 0, r.Dx(), r.Dy()))
	for y := range r.Dy() {
		copy(out.Pix[y*out.Stride:], img.Pix[img.PixOffset(r.Min.X, r.Min.Y+y):][:4*r.Dx()])
	}
	return out
}

// A matrix covers what is behind it, near and far, although only balls have a depth.
func TestNearerCoversFarther(t *testing.T) {
	s := newStudio(t, 160, 120, func(d *gpu.Device) []Matrix {
		far := matrixOf(t, d, 300, 300, mgl32.Vec3{0, 0, -5}, constant(-1))
		near := matrixOf(t, d, 60, 60, mgl32.Vec3{0, 0, 0}, constant(1))
		far.Scale, near.Scale = 3, 3
		return []Matrix{far, near}
	})
	for name, away := range distances {
		v := lookAt(mgl32.Vec3{0, 0, away}, mgl32.Vec3{}, 160, 120, wide(120))
		front, both := s.look(v, 1), s.look(v, 0, 1)
		side := min(120, int(58*v.Unit/away)) // of the nearer one, without its rim
		inner := image.Rect(80-side/2, 60-side/2, 80+side/2, 60+side/2)
		if mean, _ := change(crop(front, inner), crop(both, inner), 8); mean > 1 {
			t.Errorf("%s: what is behind is seen: %.2f of 255", name, mean)
		}
		if from := lookAt(mgl32.Vec3{0, 0, -away}, mgl32.Vec3{}, 160, 120, wide(120)); name != "texture" {
			back, both := s.look(from, 0), s.look(from, 1, 0)
			if mean, _ := change(back, both, 8); mean > 1 {
				t.Errorf("%s, from behind: %.2f of 255", name, mean)
			}
		}
	}
}

// Text that lies in a plane is not hidden by the balls of that plane, but by a nearer one.
func TestTextAmongBalls(t *testing.T) {
	s := newStudio(t, 240, 120, func(d *gpu.Device) []Matrix {
		own := matrixOf(t, d, 40, 80, mgl32.Vec3{}, constant(0.5))
		front := matrixOf(t, d, 40, 80, mgl32.Vec3{0, 0, 4}, constant(0.5))
		own.Scale, front.Scale = 1.2, 3
		return []Matrix{own, front}
	})
	label := func(d *Drawing) {
		d.Label(mgl32.Vec3{}, mgl32.Vec3{1, 0, 0}, mgl32.Vec3{0, 1, 0}, 3, Bold, "HILL", gpu.RGBA{1, 1, 1, 1})
	}
	inked := func(img *image.NRGBA) (pixels []image.Point) {
		for y := range 120 {
			for x := range 240 {
				if p := img.NRGBAAt(x, y); p.R > 250 && p.G > 250 && p.B > 250 {
					pixels = append(pixels, image.Pt(x, y))
				}
			}
		}
		return pixels
	}
	for name, away := range map[string]float32{"balls": 6, "discs": 22} {
		v := lookAt(mgl32.Vec3{0, 0, away}, mgl32.Vec3{}, 240, 120, wide(120))
		ink := inked(s.draw(v, label))
		if len(ink) < 100 {
			t.Fatalf("%s: %d pixels of text", name, len(ink))
		}
		over := s.draw(v, func(d *Drawing) { whole(s.space, 0)(d); label(d) })
		behind := s.draw(v, func(d *Drawing) { whole(s.space, 0)(d); label(d); whole(s.space, 1)(d) })
		hidden := 0
		for _, p := range ink {
			if c := over.NRGBAAt(p.X, p.Y); min(c.R, c.G, c.B) < 245 {
				hidden++
			}
		}
		if hidden > 0 {
			t.Errorf("%s: %d of %d pixels of text are hidden by the elements of their own plane", name, hidden, len(ink))
		}
		if left := inked(behind); len(left) > 0 {
			t.Errorf("%s: %d of %d pixels of text are seen through a nearer matrix", name, len(left), len(ink))
		}
	}
}

// The edges of letters are a pixel or two wide, at every size, turned or not.
func TestTextIsCrisp(t *testing.T) {
	s := newStudio(t, 240, 160, nil)
	for _, em := range []float64{10, 30, 150} {
		for _, angle := range []float64{0, 0.6} {
			v := tele(240, 160, em, angle)
			img := s.draw(v, func(d *Drawing) {
				d.Label(mgl32.Vec3{}, mgl32.Vec3{1, 0, 0}, mgl32.Vec3{0, 1, 0}, 1, Bold, "I", gpu.RGBA{1, 1, 1, 1})
			})
			// Along the middle of the stem: dark, an edge, bright, an edge, dark.
			full, soft, turns := 0, 0, 0
			before := uint8(0)
			for x := range 240 {
				g := img.NRGBAAt(x, 80).G
				switch {
				case g > 250:
					full++
				case g > 5:
					soft++
				}
				if (g > 127) != (before > 127) {
					turns++
				}
				before = g
			}
			if turns != 2 || soft > 4 || float64(full+soft) < 0.08*em*math.Cos(angle) {
				t.Errorf("em of %.0f pixels, angle %.1f: a stem of %d full and %d soft pixels, %d edges", em, angle, full, soft, turns)
			}
		}
	}
}
