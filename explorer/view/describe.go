package view

import (
	"encoding/json"
	"math"

	"headscope/explorer/camera"
	"headscope/explorer/eval"
	"headscope/explorer/layout"
	"headscope/explorer/leaf"
)

// Description is a scene as data: what is where, how large its values are, and how some of
// its elements look. As JSON it has the keys that recordings of mm have.
type Description struct {
	Expr     string              `json:"expr"`
	Random   bool                `json:"random_init"` // a leaf is random
	Camera   CameraDescription   `json:"camera"`
	Box      BoxDescription      `json:"bounding_box"`
	Matrices []MatrixDescription `json:"matrices"`
	Anim     *AnimDescription    `json:"anim,omitempty"` // nil: no step of the animation is asked for
}

// CameraDescription is a point of view, in the world.
type CameraDescription struct {
	Position Numbers `json:"position"`
	Target   Numbers `json:"target"`
}

// BoxDescription is the box around a scene, in the world.
type BoxDescription struct {
	Min Numbers `json:"min"`
	Max Numbers `json:"max"`
}

// MatrixDescription is a leaf or the result of a matmul.
type MatrixDescription struct {
	Path         string              `json:"path"` // "root", "left.right" ...
	Kind         string              `json:"kind"` // "leaf" or "result"
	Name         string              `json:"name"`
	H            int                 `json:"h"`
	W            int                 `json:"w"`
	Blocks       [2]int              `json:"blocks"`         // of rows and columns
	ModelToWorld Numbers             `json:"model_to_world"` // 4 x 4, column-major: from the matrix' plane
	Corners      [2]Numbers          `json:"corners_world"`  // of the first element and the last
	Init         string              `json:"init,omitempty"`
	Epilog       string              `json:"epilog,omitempty"`
	AbsMax       Number              `json:"absmax"`
	GlobalAbsMax Number              `json:"global_absmax"`
	Sum          Number              `json:"sum"`
	Samples      []SampleDescription `json:"samples"`
}

// SampleDescription is one element.
type SampleDescription struct {
	I     int     `json:"i"`
	J     int     `json:"j"`
	Value Number  `json:"value"`
	Size  Number  `json:"size"` // at depth d it is size/d pixels wide
	RGB   Numbers `json:"rgb"`  // 0 to 1
}

// AnimDescription is a step of an animation.
type AnimDescription struct {
	Alg     string              `json:"alg"` // of the root, as is
	Fuse    string              `json:"fuse"`
	Step    int                 `json:"step"`
	Results []ResultDescription `json:"results"` // one a matmul
}

// ResultDescription is a matmul at a step.
type ResultDescription struct {
	Path          string             `json:"path"`
	Visible       int                `json:"visible"`       // elements that are shown and not 0
	Intermediates int                `json:"intermediates"` // planes and partial results in its cube or beside it
	Planes        []PlaneDescription `json:"planes"`        // the first three of them
}

// PlaneDescription is a plane or partial result in a matmul's cube.
type PlaneDescription struct {
	H        int     `json:"h"`
	W        int     `json:"w"`
	Position Numbers `json:"position"` // of its edge, in the matmul's frame
	First    Number  `json:"first"`    // values of the first element and the last
	Last     Number  `json:"last"`
}

// Number is a number that JSON has no word for where it is NaN or infinite: null.
type Number float64

// MarshalJSON writes the number with as many digits as tell it from others.
func (n Number) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(n)) || math.IsInf(float64(n), 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

// Numbers is a list of numbers.
type Numbers []Number

func numbers(x ...float64) Numbers {
	list := make(Numbers, len(x))
	for i := range x {
		list[i] = Number(x[i])
	}
	return list
}

// Describe describes the complete matrices of what the view shows, in a window of a size. It
// reads them all back.
func (s *Space) Describe(c camera.Camera, v camera.Viewport) (Description, error) {
	d := Description{
		Expr:   s.root.String(),
		Camera: CameraDescription{numbers(c.Position[:]...), numbers(c.Target[:]...)},
		Box:    BoxDescription{numbers(s.Scene.Box.Min[:]...), numbers(s.Scene.Box.Max[:]...)},
	}
	global := Number(s.AbsMax())
	for _, m := range s.Scene.Matrices {
		values, err := s.whole.ReadPart(m.Path, 0, 0, m.Rows.N, m.Cols.N)
		if err != nil {
			return d, err
		}
		corners := m.Corners()
		one := MatrixDescription{
			Path: m.Path, Kind: m.Kind(), Name: m.Node.Name, H: m.Rows.N, W: m.Cols.N,
			Blocks:       [2]int{m.Rows.Blocks, m.Cols.Blocks},
			ModelToWorld: numbers(m.ToWorld[:]...),
			Corners:      [2]Numbers{numbers(corners[0][:]...), numbers(corners[1][:]...)},
			AbsMax:       Number(s.Summary(m.Path).AbsMax), GlobalAbsMax: global,
			Sum:     Number(sum(values.Data)),
			Samples: s.samples(m, values.Data, v),
		}
		if m.Node.IsMatMul() {
			one.Epilog = m.Node.Epilog
		} else {
			one.Init = m.Node.Init
			d.Random = d.Random || leaf.IsRandom(m.Node)
		}
		d.Matrices = append(d.Matrices, one)
	}
	return d, nil
}

// samples are the corners of a matrix and three elements inside.
func (s *Space) samples(m layout.Matrix, values []float32, v camera.Viewport) (list []SampleDescription) {
	h, w, e := m.Rows.N, m.Cols.N, s.Elements(m)
	for _, at := range [][2]int{{0, 0}, {h - 1, 0}, {0, w - 1}, {h - 1, w - 1}, {h / 2, w / 2}, {h / 3, w / 4}, {3 * h / 4, w / 3}} {
		x := float64(values[at[0]*w+at[1]])
		colour := e.Colour(x)
		list = append(list, SampleDescription{
			I: at[0], J: at[1], Value: Number(x), Size: Number(e.Size(x, min(v.W, v.H))),
			RGB: numbers(float64(colour[0]), float64(colour[1]), float64(colour[2])),
		})
	}
	return list
}

func sum(values []float32) (total float64) {
	for _, x := range values {
		total += float64(x)
	}
	return total
}

// describedPlanes is how many planes of a cube are described.
const describedPlanes = 3

// DescribeStep describes what a playback shows of the expression at root. It reads all results
// back.
func (s *Space) DescribeStep(m eval.Playback) (AnimDescription, error) {
	state := m.State()
	d := AnimDescription{Alg: s.root.Anim.Alg, Fuse: s.root.Anim.Fuse, Step: state.Step}
	for _, res := range state.Results {
		values, err := m.ReadPart(res.Path, 0, 0, res.Node.Rows(), res.Node.Cols())
		if err != nil {
			return d, err
		}
		one := ResultDescription{Path: res.Path, Planes: []PlaneDescription{}}
		for _, x := range values.Data {
			if x != 0 {
				one.Visible++
			}
		}
		d.Results = append(d.Results, one)
	}
	for _, p := range m.Planes() {
		of := &d.Results[p.Result]
		of.Intermediates++
		if len(of.Planes) == describedPlanes {
			continue
		}
		h, w := p.Rows.N, p.Cols.N
		ends, err := s.device.Read(p.Values.Part(0, 1, 0, 1), p.Values.Part(h-1, 1, w-1, 1))
		if err != nil {
			return d, err
		}
		at := p.Position()
		of.Planes = append(of.Planes, PlaneDescription{H: h, W: w, Position: numbers(at[:]...), First: Number(ends[0][0]), Last: Number(ends[1][0])})
	}
	return d, nil
}
