package render

import (
	"fmt"
	"slices"

	"github.com/go-gl/mathgl/mgl32"

	"headscope/gpu"
	"headscope/gpu/kernels"
	"headscope/wgsl/cpu"
)

// Matrix is a matrix in space: element (i, j) lies at Origin + j Across + i Down, and every
// full block of elements puts a gap before the next one.
type Matrix struct {
	Values         gpu.Tensor // one batch
	Origin         mgl32.Vec3 // of element (0, 0) in the world
	Across, Down   mgl32.Vec3 // from a column, a row, to the next
	BlockRows      int        // elements in a block
	BlockCols      int
	RowGap, ColGap float32 // between blocks, in elements
	Elements       cpu.Elements
	Scale          float32 // of the balls: 1 is mm's "elem scale" 1
}

// Space is a set of matrices on the device, ready to be drawn from any side: their places,
// a table of colours for each, and their textures.
type Space struct {
	renderer *Renderer // not owned
	matrices []Matrix
	patches  []patch
	arrays   []*gpu.Texture // owned: of the patches of one size each
	first    []int          // of each matrix' patches, and one past the last
	places   *gpu.Buffer    // owned: struct Matrix of shared/plane.wgsl, one a patch
	palettes *gpu.Buffer    // owned: cpu.Palette colours, one table a matrix
}

// patch is a part of a matrix that has a texture of its own.
type patch struct {
	matrix, row, col, rows, cols int
	texels                       *gpu.Texture // not owned: one of the space's arrays
	layer                        int
}

// patchSide is the largest side of a patch, in elements. Small ones are drawn by a shader
// that suits them, or not at all where they are out of view; many cost time, too.
const patchSide = 512

// shades is how many colours a sign has in a table: SHADES of shared/element.wgsl.
const shades = 256

// tableSize is the colours of one matrix.
const tableSize = 2*shades + 1

// NewSpace makes an empty space. Release it before the renderer's device.
func (r *Renderer) NewSpace() *Space { return &Space{renderer: r} }

// Release frees the textures and tables.
func (s *Space) Release() {
	if s == nil {
		return
	}
	s.releasePatches()
	s.places.Release()
	s.palettes.Release()
	s.places, s.palettes, s.matrices = nil, nil, nil
}

func (s *Space) releasePatches() {
	for _, t := range s.arrays {
		t.Release()
	}
	s.patches, s.first, s.arrays = nil, nil, nil
}

// placed is struct Matrix of shared/plane.wgsl.
type placed struct {
	Origin                mgl32.Vec3
	Scale                 float32
	Across                mgl32.Vec3
	ColGap                float32
	Down                  mgl32.Vec3
	RowGap                float32
	Row, Col, Rows, Cols  uint32
	BlockRows, BlockCols  uint32
	XOffset, XStride      uint32
	Least, Slope, MinSize float32
	Palette, Layer        uint32
	Unused                [3]uint32
}

// Place puts matrices into the space, in place of those before. Textures of an equal size
// are kept, for [Space.Paint] to fill.
func (s *Space) Place(matrices []Matrix) error {
	for _, m := range matrices {
		if m.Values.Batch != 1 || m.Values.Len() == 0 || m.BlockRows < 1 || m.BlockCols < 1 {
			return fmt.Errorf("render: %s in blocks of %d x %d: expected one matrix with elements", m.Values, m.BlockRows, m.BlockCols)
		}
	}
	if err := s.cut(matrices); err != nil {
		s.releasePatches()
		return err
	}
	s.matrices = append(s.matrices[:0], matrices...)
	list := make([]placed, len(s.patches))
	for i, p := range s.patches {
		m := matrices[p.matrix]
		least, slope := m.Elements.Scale()
		list[i] = placed{
			Origin: m.Origin, Scale: m.Scale, Across: m.Across, ColGap: m.ColGap, Down: m.Down, RowGap: m.RowGap,
			Row: uint32(p.row), Col: uint32(p.col), Rows: uint32(p.rows), Cols: uint32(p.cols),
			BlockRows: uint32(m.BlockRows), BlockCols: uint32(m.BlockCols),
			XOffset: uint32(m.Values.Offset), XStride: uint32(m.Values.RowStride),
			Least: least, Slope: slope, MinSize: float32(m.Elements.MinSize), Palette: uint32(p.matrix * tableSize), Layer: uint32(p.layer),
		}
	}
	colours := make([]uint32, 0, len(matrices)*tableSize)
	for _, m := range matrices {
		for _, c := range m.Elements.Table(shades) {
			colours = append(colours, pack(gpu.RGBA{float32(c[0]), float32(c[1]), float32(c[2]), 1}))
		}
	}
	if err := store(s.renderer.device, &s.places, "places", gpu.Words(list)); err != nil {
		return err
	}
	return store(s.renderer.device, &s.palettes, "colours", gpu.Words(colours))
}

// cut makes the patches of the matrices, and an array of textures for those of each size:
// the one there is, if it has as many.
func (s *Space) cut(matrices []Matrix) error {
	s.patches, s.first = s.patches[:0], s.first[:0]
	sizes := map[[2]int][]int{} // the patches of a size
	var order [][2]int
	for i, m := range matrices {
		s.first = append(s.first, len(s.patches))
		for row := 0; row < m.Values.Rows; row += patchSide {
			for col := 0; col < m.Values.Cols; col += patchSide {
				p := patch{matrix: i, row: row, col: col, rows: min(patchSide, m.Values.Rows-row), cols: min(patchSide, m.Values.Cols-col)}
				size := [2]int{p.cols, p.rows}
				if sizes[size] == nil {
					order = append(order, size)
				}
				sizes[size] = append(sizes[size], len(s.patches))
				s.patches = append(s.patches, p)
			}
		}
	}
	s.first = append(s.first, len(s.patches))

	old := s.arrays
	s.arrays = nil
	defer func() {
		for _, t := range old {
			t.Release()
		}
	}()
	limit := int(s.renderer.device.Limits.TextureLayers)
	for _, size := range order {
		for all := sizes[size]; len(all) > 0; {
			n := min(len(all), limit)
			same := slices.IndexFunc(old, func(t *gpu.Texture) bool { return t.Width == size[0] && t.Height == size[1] && t.Layers == n })
			var array *gpu.Texture
			if same >= 0 {
				array = old[same]
				old = slices.Delete(old, same, same+1)
			} else {
				var err error
				if array, err = s.renderer.device.NewColours(fmt.Sprintf("colours %d x %d", size[1], size[0]), size[0], size[1], n); err != nil {
					return err
				}
			}
			s.arrays = append(s.arrays, array)
			for layer, patch := range all[:n] {
				s.patches[patch].texels, s.patches[patch].layer = array, layer
			}
			all = all[n:]
		}
	}
	return nil
}

// Paint records the colouring of all matrices' textures from their values.
func (s *Space) Paint(rec *gpu.Recorder) {
	for _, p := range s.patches {
		m := s.matrices[p.matrix]
		least, slope := m.Elements.Scale()
		kernels.Paint(rec, p.texels.Levels(p.layer), m.Values.Part(p.row, p.rows, p.col, p.cols), s.palettes, kernels.Paints{
			First: p.matrix * tableSize, Least: least, Slope: slope,
		})
	}
}

// store fills a buffer with data, making it anew where it is too small.
func store(d *gpu.Device, b **gpu.Buffer, label string, data []byte) error {
	if *b == nil || (*b).Size < uint64(len(data)) {
		(*b).Release()
		*b = nil
		made, err := d.NewStorage(label, uint64(len(data))*5/4)
		if err != nil {
			return err
		}
		*b = made
	}
	if len(data) == 0 {
		return nil
	}
	return d.Write(*b, 0, data)
}
