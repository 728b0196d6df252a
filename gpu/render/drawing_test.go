package render

import (
	"image"
	"math"
	"math/rand"
	"slices"
	"testing"

	"github.com/go-gl/mathgl/mgl32"

	"headscope/gpu"
)

// lookAt is a view of a window; unit is how many pixels a length of 1 takes at depth 1.
func lookAt(eye, target mgl32.Vec3, width, height int, unit float32) View {
	back := eye.Sub(target).Normalize()
	right := mgl32.Vec3{0, 1, 0}.Cross(back).Normalize()
	v := View{
		Right: right, Up: back.Cross(right), Back: back, Eye: eye,
		Width: float32(width), Height: float32(height), Unit: unit, Ball: float32(min(width, height)) / unit, Near: 0.5, Far: 100000, NearPixels: NearPixels,
	}
	row := func(axis mgl32.Vec3, scale, constant float32) mgl32.Vec4 {
		return axis.Mul(scale).Vec4(constant - scale*axis.Dot(eye))
	}
	z := v.Near / (v.Far - v.Near)
	v.Clip = mgl32.Mat4FromRows(row(right, 2*unit/v.Width, 0), row(v.Up, 2*unit/v.Height, 0), row(back, z, z*v.Far), row(back, -1, 0))
	return v
}

// wide is the unit of a field of view of 45 degrees.
func wide(height int) float32 { return float32(height) / 2 / float32(math.Tan(math.Pi/8)) }

// pixel is where a place is seen, in pixels, y down, and its depth.
func (v View) pixel(p mgl32.Vec3) (x, y, depth float32) {
	c := v.Clip.Mul4x1(p.Vec4(1))
	return (c[0]/c[3] + 1) / 2 * v.Width, (1 - c[1]/c[3]) / 2 * v.Height, c[3]
}

func TestViewOfTests(t *testing.T) {
	v := lookAt(mgl32.Vec3{1, 2, 30}, mgl32.Vec3{1, 2, 0}, 200, 100, 300)
	if x, y, depth := v.pixel(mgl32.Vec3{2, 3, 10}); math.Abs(float64(x-115)) > 1e-3 || math.Abs(float64(y-35)) > 1e-3 || math.Abs(float64(depth-20)) > 1e-4 {
		t.Errorf("a place is seen at %v, %v, depth %v", x, y, depth)
	}
	for depth, want := range map[float32]float32{v.Near: 1, v.Far: 0} {
		c := v.Clip.Mul4x1(v.Eye.Sub(v.Back.Mul(depth)).Vec4(1))
		if math.Abs(float64(c[2]/c[3]-want)) > 1e-3 {
			t.Errorf("at depth %v: %v, want %v", depth, c[2]/c[3], want)
		}
	}
}

// studio draws pictures of one space.
type studio struct {
	t       testing.TB
	d       *gpu.Device
	space   *Space
	drawing *Drawing
	picture *gpu.Picture
	depth   *gpu.Depth
}

func newStudio(t testing.TB, width, height int, matrices func(d *gpu.Device) []Matrix) *studio {
	t.Helper()
	d, r := deviceAndRenderer(t)
	s := &studio{t: t, d: d, space: newSpace(t, r)}
	s.drawing = s.space.NewDrawing()
	t.Cleanup(s.drawing.Release)
	var err error
	if s.picture, err = d.NewPicture(width, height); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.picture.Release)
	if s.depth, err = d.NewDepth(width, height); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.depth.Release)
	if matrices != nil {
		place(t, d, s.space, matrices(d)...)
	}
	return s
}

var onBlack = gpu.RGBA{0, 0, 0, 1}

// draw draws what add adds.
func (s *studio) draw(v View, add func(d *Drawing)) *image.NRGBA {
	s.t.Helper()
	s.drawing.Begin(v, onBlack)
	add(s.drawing)
	rec := s.d.Record("picture")
	s.drawing.Record(rec, gpu.Pass{Target: s.picture, Clear: onBlack, Depth: s.depth})
	if err := rec.Submit(); err != nil {
		s.t.Fatal(err)
	}
	img, err := s.picture.Image()
	if err != nil {
		s.t.Fatal(err)
	}
	return img
}

// whole adds all of some matrices, in their order.
func whole(s *Space, numbers ...int) func(d *Drawing) {
	return func(d *Drawing) {
		for _, i := range numbers {
			m := s.matrices[i].Values
			d.Matrix(i, 0, m.Rows, 0, m.Cols)
			d.Near(i, 0, m.Rows, 0, m.Cols)
		}
	}
}

// look draws all of some matrices.
func (s *studio) look(v View, numbers ...int) *image.NRGBA {
	s.t.Helper()
	return s.draw(v, whole(s.space, numbers...))
}

// near is what the kernel near.wgsl finds: the elements of one matrix that it must find,
// and those whose decision is a matter of rounding.
func near(v View, m Matrix, row, rows, col, cols int) (must, may map[[2]int]spot) {
	const rounding = 1e-4
	must, may = map[[2]int]spot{}, map[[2]int]spot{}
	data := m.Values
	for i := row; i < row+rows; i++ {
		for j := col; j < col+cols; j++ {
			x := float64(random(i, j+data.Offset))
			if zeroAt(i, j) {
				continue
			}
			centre := m.Origin.
				Add(m.Across.Mul(float32(j) + float32(j/m.BlockCols)*m.ColGap)).
				Add(m.Down.Mul(float32(i) + float32(i/m.BlockRows)*m.RowGap))
			depth := float64(v.Eye.Sub(centre).Dot(v.Back))
			c := v.Clip.Mul4x1(centre.Vec4(1))
			side := max(math.Abs(float64(c[0])), math.Abs(float64(c[1])))
			margin := v.Ball * v.Unit / min(v.Width, v.Height) * m.Scale
			in := func(slack float64) bool {
				return depth > float64(v.Near)*(1-slack) && depth < float64(v.Far)*(1+slack) &&
					float64(v.Unit)*(1+slack) > float64(v.NearPixels)*depth && side < float64(c[3]+margin)*(1+slack)+slack
			}
			s := spot{Centre: centre, Radius: 0.5 * v.Ball * m.Scale * float32(m.Elements.Size(x)), Colour: m.Elements.Colour(x)}
			if m.Lit.has(i, j) {
				for c := range s.Colour {
					s.Colour[c] = min(max(0, s.Colour[c]+float64(m.Lit.Bright)), 1)
				}
			}
			if in(rounding) {
				may[[2]int{i, j}] = s
			}
			if in(-rounding) {
				must[[2]int{i, j}] = s
			}
		}
	}
	return must, may
}

// spot is struct Spot of shared/spot.wgsl.
type spot struct {
	Centre mgl32.Vec3
	Radius float32
	Colour [3]float64
}

// has tells whether element (i, j) is in use.
func (l Lit) has(i, j int) bool {
	in := func(n, index, count int) bool { return index <= n && n < index+count }
	return !l.none() && in(i%l.Rows.Block, l.Rows.Index, l.Rows.Count) && in(j%l.Cols.Block, l.Cols.Index, l.Cols.Count)
}

func zeroAt(i, j int) bool { return (3*i+5*j)%7 == 0 }

// From anywhere the kernel finds the elements that are near, in view and not zero, each
// once, where they are and as they look.
func TestNearEqualsTwin(t *testing.T) {
	d, r := deviceAndRenderer(t)
	found := 0
	for seed := range 150 {
		rng := rand.New(rand.NewSource(int64(seed)))
		number := func(least, most float32) float32 { return least + (most-least)*rng.Float32() }
		vector := func(size float32) mgl32.Vec3 {
			return mgl32.Vec3{number(-size, size), number(-size, size), number(-size, size)}
		}
		between := func(least, most int) int { return least + rng.Intn(most-least+1) }
		rows, cols := between(1, 70), between(1, 70)
		if seed%10 == 0 {
			cols += 600 // two patches
		}
		margin := between(0, 2)
		x := make([]float32, rows*(cols+margin))
		for i := range x {
			row, col := i/(cols+margin), i%(cols+margin)
			if x[i] = random(row, col); zeroAt(row, col-margin) {
				x[i] = 0
			}
		}
		values, err := d.Upload("x", rows, cols+margin, x)
		if err != nil {
			t.Fatal(err)
		}
		across := vector(1).Add(mgl32.Vec3{0, 0, 1e-3}).Normalize()
		m := Matrix{
			Values: values.Part(0, rows, margin, cols), Origin: vector(20),
			Across: across, Down: across.Cross(vector(1).Add(mgl32.Vec3{0, 1.5, 0})).Add(mgl32.Vec3{1e-3, 0, 0}).Normalize(),
			BlockRows: between(1, rows), BlockCols: between(1, cols),
			RowGap: number(0, 5), ColGap: number(0, 5),
			Elements: usual, Scale: number(0.1, 3), Seen: Part{Rows: rows, Cols: cols},
		}
		m.Elements.Light, m.Elements.RangeMin = (seed%2 == 0), 0.05
		m.Lit.Rows.Block, m.Lit.Cols.Block, m.Lit.Bright = between(0, 3), between(0, 9), number(-0.6, 0.6)
		m.Lit.Rows.Index, m.Lit.Cols.Index = between(0, 2), between(0, 8)
		m.Lit.Rows.Count, m.Lit.Cols.Count = between(0, 2), between(0, 4)
		s := r.NewSpace()
		if err := s.Place([]Matrix{m}, nil); err != nil {
			t.Fatal(err)
		}
		width, height := between(50, 400), between(50, 400)
		target := m.Origin.Add(m.Across.Mul(number(0, float32(cols)))).Add(m.Down.Mul(number(0, float32(rows))))
		v := lookAt(target.Add(vector(20)).Add(mgl32.Vec3{0, 0, 1e-2}), target, width, height, wide(height))
		v.Far = number(5, 80)
		v.Ball *= number(0.5, 2)
		v.NearPixels = []float32{0, 4, NearPixels}[seed%3]
		row, col := between(0, rows-1), between(0, cols-1)
		n, k := between(1, rows-row), between(1, cols-col)

		drawing := s.NewDrawing()
		drawing.Begin(v, onBlack)
		drawing.Near(0, row, n, col, k)
		rec := d.Record("near")
		drawing.balls(rec)
		if err := rec.Submit(); err != nil {
			t.Fatal(err)
		}
		args, err := d.ReadWords(drawing.lists.args, 4)
		if err != nil {
			t.Fatal(err)
		}
		must, may := near(v, m, row, n, col, k)
		count := int(args[1])
		if !slices.Equal(args, []uint32{4, uint32(count), 0, 0}) || count < len(must) || count > len(may) {
			t.Fatalf("seed %d: draw arguments %v; want %d to %d instances", seed, args, len(must), len(may))
		}
		words, err := d.ReadWords(drawing.lists.spots, 8*count)
		if err != nil {
			t.Fatal(err)
		}
		for i := range count {
			w := words[8*i:][:8]
			place := [2]int{int(w[6]), int(w[7])}
			want, ok := may[place]
			if !ok {
				t.Fatalf("seed %d: element %v is none of those that are near, or was found twice", seed, place)
			}
			delete(may, place)
			delete(must, place)
			centre := mgl32.Vec3{math.Float32frombits(w[0]), math.Float32frombits(w[1]), math.Float32frombits(w[2])}
			radius := math.Float32frombits(w[3])
			if !(centre.Sub(want.Centre).Len() < 1e-3) || !(math.Abs(float64(radius-want.Radius)) < 1e-4*float64(want.Radius)) {
				t.Fatalf("seed %d: element %v is at %v, radius %v; want %+v", seed, place, centre, radius, want)
			}
			for c := range 3 {
				if got := float64(w[4]>>(8*c)&0xff) / 255; math.Abs(got-want.Colour[c]) > 2.0/255 {
					t.Fatalf("seed %d: element %v has colour %08x, want %v", seed, place, w[4], want.Colour)
				}
			}
			if p := s.patches[w[5]]; place[0] < p.row || place[0] >= p.row+p.rows || place[1] < p.col || place[1] >= p.col+p.cols {
				t.Fatalf("seed %d: element %v is said to lie in patch %+v", seed, place, p)
			}
		}
		if len(must) > 0 {
			t.Fatalf("seed %d: %d elements were not found: %v", seed, len(must), must)
		}
		found += count
		drawing.Release()
		s.Release()
		values.Buffer.Release()
	}
	if found < 1000 {
		t.Errorf("only %d elements were near: the cameras are of no use", found)
	}
}

// What a list has no room for is neither written nor drawn.
func TestNearCapacity(t *testing.T) {
	d, r := deviceAndRenderer(t)
	s := newSpace(t, r)
	place(t, d, s, matrixOf(t, d, 30, 50, mgl32.Vec3{}, constant(1)))
	const room, capacity = 1500, 100
	spots, err := d.NewStorage("spots", room*spotSize)
	if err != nil {
		t.Fatal(err)
	}
	defer spots.Release()
	args, err := d.NewIndirect("args", 16)
	if err != nil {
		t.Fatal(err)
	}
	defer args.Release()
	v := lookAt(mgl32.Vec3{0, 0, 60}, mgl32.Vec3{}, 200, 200, wide(200))
	for _, c := range []struct{ capacity, want int }{{0, 0}, {1, 1}, {capacity, capacity}, {room, room}} {
		if err := d.Write(spots, 0, make([]byte, room*spotSize)); err != nil {
			t.Fatal(err)
		}
		if err := d.Write(args, 0, gpu.Words([]uint32{4, 0, 0, 0})); err != nil {
			t.Fatal(err)
		}
		p := nearParams{
			Clip: v.Clip, Eye: v.Eye.Vec4(1), Back: v.Back.Vec4(0), Unit: v.Unit, Near: v.Near, Far: v.Far, Ball: v.Ball, Margin: 1,
			Capacity: uint32(c.capacity), Rows: 30, Cols: 50,
		}
		rec := d.Record("near")
		rec.Dispatch("near", gpu.Uniform(&p), [3]int{24, 1, 1}, 1, s.places, s.matrices[0].Values.Buffer, s.palettes, spots, args)
		if err := rec.Submit(); err != nil {
			t.Fatal(err)
		}
		counts, err := d.ReadWords(args, 4)
		if err != nil {
			t.Fatal(err)
		}
		words, err := d.ReadWords(spots, room*spotSize/4)
		if err != nil {
			t.Fatal(err)
		}
		written := 0
		for i := range room {
			if words[8*i+3] != 0 { // the radius
				if written++; i >= c.capacity {
					t.Errorf("capacity %d: instance %d was written", c.capacity, i)
				}
			}
		}
		if int(counts[1]) != c.want || written != c.want {
			t.Errorf("capacity %d: %d instances are counted and %d written, want %d", c.capacity, counts[1], written, c.want)
		}
	}
}
