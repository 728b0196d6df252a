package render

import (
	"bytes"
	"image"
	"math"
	"math/rand"
	"strings"
	"testing"

	"github.com/go-gl/mathgl/mgl32"

	"headscope/gpu"
	"headscope/wgsl"
	"headscope/wgsl/cpu"
)

// usual are settings like mm's default ones.
var usual = cpu.Elements{MinSize: 0.2, MinLight: 0.4, MaxLight: 0.7, ZeroHue: 0.77, HueGap: 0.74, HueSpread: 0.04, RangeMax: 1}

// matrixOf uploads a matrix that stands upright around a point, facing +z, in one block.
func matrixOf(t testing.TB, d *gpu.Device, rows, cols int, middle mgl32.Vec3, value func(i, j int) float32) Matrix {
	t.Helper()
	data := make([]float32, rows*cols)
	for i := range data {
		data[i] = value(i/cols, i%cols)
	}
	x, err := d.Upload("x", rows, cols, data)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(x.Buffer.Release)
	return Matrix{
		Values: x, Origin: middle.Add(mgl32.Vec3{-float32(cols-1) / 2, float32(rows-1) / 2, 0}),
		Across: mgl32.Vec3{1, 0, 0}, Down: mgl32.Vec3{0, -1, 0},
		BlockRows: rows, BlockCols: cols, Elements: usual, Scale: 1, Seen: Part{Rows: rows, Cols: cols},
	}
}

// random is a value of either sign, 0.1 to 1, for a place.
func random(i, j int) float32 {
	h := uint32(i*7919+j) * 2654435761
	h ^= h >> 15
	h *= 2246822519
	h ^= h >> 13
	v := 0.1 + 0.9*float32(h&0xffff)/0xffff
	if h>>16&1 == 0 {
		return -v
	}
	return v
}

func constant(v float32) func(i, j int) float32 { return func(i, j int) float32 { return v } }

// newSpace is released when the test is over.
func newSpace(t testing.TB, r *Renderer) *Space {
	s := r.NewSpace()
	t.Cleanup(s.Release)
	t.Cleanup(s.Release) // a second release does nothing
	return s
}

// all is the whole of a matrix.
func (s *Space) all(i int) Part {
	return Part{Rows: s.matrices[i].Values.Rows, Cols: s.matrices[i].Values.Cols}
}

// place puts matrices into the space and paints them.
func place(t testing.TB, d *gpu.Device, s *Space, matrices ...Matrix) {
	t.Helper()
	if err := s.Place(matrices, nil); err != nil {
		t.Fatal(err)
	}
	rec := d.Record("paint")
	s.Paint(rec, s.all)
	if err := rec.Submit(); err != nil {
		t.Fatal(err)
	}
}

// Structs in Go are as large as those of the shaders, whose Params have the same fields.
func TestSpaceStructsEqualShaders(t *testing.T) {
	for name, size := range map[string]int{
		"plane_far": len(gpu.Uniform(&viewParams{})), "plane_near": len(gpu.Uniform(&viewParams{})), "plane_mixed": len(gpu.Uniform(&viewParams{})), "plane_lit": len(gpu.Uniform(&viewParams{})),
		"balls": len(gpu.Uniform(&viewParams{})), "strokes": len(gpu.Uniform(&viewParams{})), "letters": len(gpu.Uniform(&viewParams{})),
		"near": len(gpu.Uniform(&nearParams{})),
	} {
		source, err := wgsl.Source(name)
		if err != nil {
			t.Fatal(err)
		}
		s, err := wgsl.Reflect(source)
		if err != nil {
			t.Fatal(err)
		}
		if s.ParamsSize != size {
			t.Errorf("%s: Params takes %d bytes, in Go %d", name, s.ParamsSize, size)
		}
	}
	// Offsets as the rules of WGSL give them to the structs of shared/plane.wgsl,
	// strokes.wgsl and letters.wgsl.
	for name, sizes := range map[string][2]int{
		"Matrix": {len(gpu.Uniform(&placed{})), 128}, "Stroke": {len(gpu.Uniform(&stroke{})), 48}, "Letter": {len(gpu.Uniform(&letter{})), 64},
	} {
		if sizes[0] != sizes[1] {
			t.Errorf("%s takes %d bytes, in Go %d", name, sizes[1], sizes[0])
		}
	}
}

// A matrix is cut into patches that cover it, each with a texture of its size.
func TestPatches(t *testing.T) {
	d, r := deviceAndRenderer(t)
	s := newSpace(t, r)
	sizes := [][2]int{{1, 1}, {512, 512}, {513, 1}, {1, 1025}, {600, 1100}, {512, 88}}
	var matrices []Matrix
	for _, size := range sizes {
		matrices = append(matrices, matrixOf(t, d, size[0], size[1], mgl32.Vec3{}, constant(1)))
	}
	place(t, d, s, matrices...)
	for i, size := range sizes {
		covered := make([]int, size[0]*size[1])
		for _, p := range s.patches[s.first[i]:s.first[i+1]] {
			if p.matrix != i || p.rows > patchSide || p.cols > patchSide || p.texels.Width != p.cols || p.texels.Height != p.rows {
				t.Errorf("matrix %d: patch %+v has a texture of %d x %d", i, p, p.texels.Width, p.texels.Height)
			}
			for row := range p.rows {
				for col := range p.cols {
					covered[(p.row+row)*size[1]+p.col+col]++
				}
			}
		}
		for at, n := range covered {
			if n != 1 {
				t.Fatalf("element %d of %v lies in %d patches", at, size, n)
			}
		}
	}
	type layer struct {
		texture *gpu.Texture
		layer   int
	}
	taken := map[layer]bool{}
	for _, p := range s.patches {
		if l := (layer{p.texels, p.layer}); taken[l] || p.layer >= p.texels.Layers {
			t.Errorf("patch %+v shares its texture", p)
		} else {
			taken[l] = true
		}
	}
	// One array a size, however many matrices have it.
	if len(s.arrays) != 8 {
		t.Errorf("%d arrays of textures", len(s.arrays))
	}
}

// Placing again takes over what there is, and gives back what is no longer needed.
func TestPlaceAgain(t *testing.T) {
	d, r := deviceAndRenderer(t)
	none := d.Live().Textures
	s := newSpace(t, r)
	large := matrixOf(t, d, 600, 300, mgl32.Vec3{}, random)
	small := matrixOf(t, d, 33, 7, mgl32.Vec3{}, random)
	other := matrixOf(t, d, 33, 7, mgl32.Vec3{}, random)
	place(t, d, s, large, small)
	full := d.Live()
	live := func(name string, want gpu.Live) {
		t.Helper()
		if err := d.Wait(); err != nil {
			t.Fatal(err)
		}
		if got := d.Live(); got.Buffers != want.Buffers || got.Textures != want.Textures || got.Bytes != want.Bytes {
			t.Errorf("%s: alive are %+v, want %+v", name, d.Live(), want)
		}
	}
	for range 3 {
		place(t, d, s, large, small)
		live("the same again", full)
		place(t, d, s, small, large)
		live("in another order", full)
		place(t, d, s, other, large)
		live("another of the same size", full)
	}
	place(t, d, s, small)
	fewer := full
	fewer.Textures -= 2 // of 512 and of 88 rows
	for _, rows := range []int{512, 88} {
		for w, h := 300, rows; ; w, h = max(1, w/2), max(1, h/2) {
			fewer.Bytes -= uint64(4 * w * h)
			if max(w, h) < 16 { // the last level
				break
			}
		}
	}
	live("fewer", fewer)
	place(t, d, s, small, other) // another array, of two layers
	fewer.Bytes += uint64(4 * (33*7 + 16*3 + 8*1))
	live("two of a size", fewer)
	place(t, d, s)
	if got := d.Live().Textures; got != fewer.Textures-1 {
		t.Errorf("an empty space has %d textures", got-fewer.Textures+1)
	}
	place(t, d, s, large, small)
	live("as at first", full)
	s.Release()
	if got := d.Live().Textures; got != none {
		t.Errorf("a released space has %d textures", got-none)
	}
}

func TestPlaceRefuses(t *testing.T) {
	d, r := deviceAndRenderer(t)
	s := newSpace(t, r)
	good := matrixOf(t, d, 3, 5, mgl32.Vec3{}, random)
	place(t, d, s, good)
	before := d.Live()
	for name, change := range map[string]func(m *Matrix){
		"no rows":      func(m *Matrix) { m.Values.Rows = 0 },
		"two batches":  func(m *Matrix) { m.Values.Batch = 2 },
		"no matrix":    func(m *Matrix) { m.Values = gpu.Tensor{} },
		"empty blocks": func(m *Matrix) { m.BlockRows = 0 },
		"less":         func(m *Matrix) { m.BlockCols = -1 },
	} {
		bad := good
		change(&bad)
		if err := s.Place([]Matrix{good, bad}, nil); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
		if live := d.Live(); len(s.matrices) != 1 || len(s.patches) != 1 || live.Textures != before.Textures || live.Bytes != before.Bytes {
			t.Errorf("%s: after the error the space has changed", name)
		}
	}
}

// Textures are painted by the values' places in their buffers and each matrix' own colours.
func TestSpacePaint(t *testing.T) {
	d, r := deviceAndRenderer(t)
	s := newSpace(t, r)
	large := matrixOf(t, d, 514, 3, mgl32.Vec3{}, random)
	inner := matrixOf(t, d, 9, 9, mgl32.Vec3{}, random)
	inner.Values = inner.Values.Part(2, 5, 3, 4)
	inner.Elements.Light, inner.Elements.RangeMin = true, 0.05
	place(t, d, s, large, inner)
	for _, p := range s.patches {
		got, err := p.texels.Levels(p.layer)[0].Read()
		if err != nil {
			t.Fatal(err)
		}
		for i := range p.rows * p.cols {
			row, col := p.row+i/p.cols, p.col+i%p.cols
			if p.matrix == 1 {
				row, col = row+2, col+3
			}
			want := cpu.Paint(s.matrices[p.matrix].Elements, float64(random(row, col)))
			for c := range 4 {
				if math.Abs(float64(got[4*i+c])-255*want[c]) > 2 {
					t.Fatalf("matrix %d, row %d, column %d: %v, want %v of 1", p.matrix, row, col, got[4*i:4*i+4], want)
				}
			}
		}
	}
}

// What is in use lies in bands, each element in one.
func TestBands(t *testing.T) {
	d, r := deviceAndRenderer(t)
	s := newSpace(t, r)
	rng := rand.New(rand.NewSource(1))
	for range 60 {
		m := matrixOf(t, d, 1+rng.Intn(700), 1+rng.Intn(9), mgl32.Vec3{}, constant(1))
		if rng.Intn(2) == 0 {
			m = matrixOf(t, d, 1+rng.Intn(9), 1+rng.Intn(700), mgl32.Vec3{}, constant(1))
		}
		m.Lit.Rows.Block, m.Lit.Cols.Block = rng.Intn(4)*(1+rng.Intn(200)), rng.Intn(4)
		m.Lit.Rows.Index, m.Lit.Cols.Index = rng.Intn(max(1, m.Lit.Rows.Block+1)), rng.Intn(4)
		m.Lit.Rows.Count, m.Lit.Cols.Count = rng.Intn(max(2, m.Lit.Rows.Block+1)), rng.Intn(4)
		if err := s.Place([]Matrix{m}, nil); err != nil {
			t.Fatal(err)
		}
		covered := map[[2]int]int{}
		for _, b := range s.bands {
			p := s.patches[b.patch]
			if b.row < p.row || b.row+b.rows > p.row+p.rows || b.col < p.col || b.col+b.cols > p.col+p.cols {
				t.Fatalf("%+v is not in its patch %+v", b, p)
			}
			for i := range b.rows {
				for j := range b.cols {
					covered[[2]int{b.row + i, b.col + j}]++
				}
			}
		}
		for i := range m.Values.Rows {
			for j := range m.Values.Cols {
				want := 0
				if m.Lit.has(i, j) {
					want = 1
				}
				if got := covered[[2]int{i, j}]; got != want {
					t.Fatalf("%v with %+v: element (%d, %d) is in %d bands, want %d", m.Values, m.Lit, i, j, got, want)
				}
			}
		}
	}
}

// Where too much moves for textures, what is seen from near is the same without.
func TestManyMoving(t *testing.T) {
	var plane Matrix
	s := newStudio(t, 200, 150, func(d *gpu.Device) []Matrix {
		plane = matrixOf(t, d, 20, 30, mgl32.Vec3{}, random)
		return nil
	})
	v := lookAt(mgl32.Vec3{2, 3, 30}, mgl32.Vec3{}, 200, 150, wide(150))
	var want *image.NRGBA
	for _, n := range []int{1, mostTextures, mostTextures + 1} {
		moving := make([]Matrix, n)
		for i := range moving {
			moving[i] = plane
			moving[i].Origin[0] += float32(1000 * i)
		}
		if err := s.space.Place(nil, moving); err != nil {
			t.Fatal(err)
		}
		rec := s.d.Record("paint")
		s.space.Paint(rec, s.space.all)
		if err := rec.Submit(); err != nil {
			t.Fatal(err)
		}
		img := s.look(v, 0)
		if want == nil {
			want = img
		} else if !bytes.Equal(img.Pix, want.Pix) {
			t.Errorf("one of %d is another picture than one alone", n)
		}
		if far := s.look(lookAt(mgl32.Vec3{0, 0, 900}, mgl32.Vec3{}, 200, 150, wide(150)), 0); far.NRGBAAt(100, 75) == far.NRGBAAt(0, 0) {
			t.Errorf("one of %d is not seen from afar", n)
		}
	}
}

// What comes and goes finds its textures again, what stays is painted once, and colours are
// made once for all that look alike.
func TestPlaceMoving(t *testing.T) {
	d, r := deviceAndRenderer(t)
	s := newSpace(t, r)
	still := []Matrix{matrixOf(t, d, 30, 20, mgl32.Vec3{}, random), matrixOf(t, d, 20, 30, mgl32.Vec3{}, random)}
	plane := matrixOf(t, d, 20, 30, mgl32.Vec3{}, random)
	step := func(painted int, moving ...Matrix) gpu.Live {
		t.Helper()
		if err := s.Place(still, moving); err != nil {
			t.Fatal(err)
		}
		got := 0
		for _, p := range s.painted {
			if p {
				got++
			}
		}
		if got != painted {
			t.Errorf("%d matrices are painted, want %d", got, painted)
		}
		if len(s.colours) != 2*shades+1 {
			t.Errorf("there are %d colours", len(s.colours))
		}
		rec := d.Record("paint")
		s.Paint(rec, func(int) Part { return Part{} })
		if err := rec.Submit(); err != nil {
			t.Fatal(err)
		}
		if err := d.Wait(); err != nil {
			t.Fatal(err)
		}
		return d.Live()
	}
	step(0, plane, plane)
	most := step(2, plane, plane)
	for _, moving := range [][]Matrix{{plane}, nil, {plane, plane}} {
		if now := step(2, moving...); now.Textures != most.Textures {
			t.Errorf("with %d planes there are %d textures, were %d", len(moving), now.Textures, most.Textures)
		}
	}
	still[1].Values = plane.Values
	step(1, plane)
	still[0].Elements.MaxLight, still[1].Elements.MaxLight, plane.Elements.MaxLight = 0.9, 0.9, 0.9
	step(0, plane)
	still = still[:1]
	if now := step(0); now.Textures != most.Textures-2 {
		t.Errorf("another scene has %d textures", now.Textures)
	}
}

// A matrix of which only a part is said to be seen looks as it does where all is drawn and the
// rest are zeros, from any distance.
func TestSeen(t *testing.T) {
	part := Part{Row: 90, Col: 3, Rows: 430, Cols: 500}
	parts := func(d *gpu.Device, seen Part) []Matrix {
		m := matrixOf(t, d, 600, 520, mgl32.Vec3{}, func(i, j int) float32 {
			if i < part.Row || i >= part.Row+part.Rows || j < part.Col || j >= part.Col+part.Cols {
				return 0
			}
			return random(i, j)
		})
		m.Seen = seen
		return []Matrix{m}
	}
	all := newStudio(t, 200, 150, func(d *gpu.Device) []Matrix { return parts(d, Part{Rows: 600, Cols: 520}) })
	some := newStudio(t, 200, 150, func(d *gpu.Device) []Matrix { return parts(d, part) })
	none := newStudio(t, 200, 150, func(d *gpu.Device) []Matrix { return parts(d, Part{}) })
	for _, distance := range []float32{1500, 400, 90, 20} {
		target := mgl32.Vec3{-257, 210, 0} // the part's upper left corner
		v := lookAt(target.Add(mgl32.Vec3{0.1 * distance, -0.2 * distance, distance}), target, 200, 150, wide(150))
		want, got := all.look(v, 0), some.look(v, 0)
		lit, off := 0, 0
		for i, w := range want.Pix {
			if i%4 == 3 {
				continue
			}
			if w > 40 {
				lit++
			}
			if d := int(w) - int(got.Pix[i]); max(d, -d) > 40 {
				off++
			}
		}
		if lit < 300 || off > lit/25 { // blurred edges are cut
			t.Errorf("from %g: %d of %d differ", distance, off, lit)
		}
		for i, c := range none.look(v, 0).Pix {
			if c != 0 && i%4 != 3 {
				t.Fatalf("from %g: something is drawn of what is not to be seen", distance)
			}
		}
	}
}
