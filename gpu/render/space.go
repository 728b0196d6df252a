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
	Lit            Lit
	Seen           Part // outside of it elements are zeros, and nothing is drawn
}

// Lit is elements that are in use and therefore brighter: those of which both row and column
// are Count of every block of some size, from number Index on; a block of 0 is none, {1, 0, 1} are
// all.
// Bright is added to every channel of their colours, which are seen however small they are.
type Lit struct {
	Rows, Cols struct{ Block, Index, Count int }
	Bright     float32
}

// none tells whether no element is in use.
func (l Lit) none() bool { return l.Rows.Block < 1 || l.Cols.Block < 1 }

// Space is a set of matrices on the device, ready to be drawn from any side: their places,
// tables of colours, and their textures.
type Space struct {
	renderer *Renderer // not owned
	matrices []Matrix
	still    int    // how many of them stay where they are
	painted  []bool // which of them have textures of the values that they had
	patches  []patch
	first    []int          // of each matrix' patches, and one past the last
	arrays   []*gpu.Texture // owned: of the patches of one size each
	spare    []*gpu.Texture // owned: the same of matrices that move, perhaps with more layers than these need now
	bands    []band         // of all matrices
	lit      []int          // of each matrix' bands, and one past the last
	places   *gpu.Buffer    // owned: struct Matrix of shared/plane.wgsl, one a patch, then one a band

	tables   map[cpu.Elements]int // first colour of the matrices that look so
	colours  []uint32             // of all tables
	palettes *gpu.Buffer          // owned: they
}

// band is elements of a patch that are in use.
type band struct{ patch, row, col, rows, cols int }

// shades is how many colours a sign has in a table: SHADES of shared/element.wgsl.
const shades = 256

// NewSpace makes an empty space. Release it before the renderer's device.
func (r *Renderer) NewSpace() *Space { return &Space{renderer: r} }

// Release frees the textures and tables.
func (s *Space) Release() {
	if s == nil {
		return
	}
	s.clear()
	s.places.Release()
	s.palettes.Release()
	s.places, s.palettes = nil, nil
	s.tables, s.colours = nil, nil
}

// clear empties the space.
func (s *Space) clear() {
	releaseAll(s.arrays)
	releaseAll(s.spare)
	s.arrays, s.spare = nil, nil
	s.matrices, s.patches, s.first, s.bands, s.lit, s.painted = nil, nil, nil, nil, nil, nil
}

// placed is struct Matrix of shared/plane.wgsl.
type placed struct {
	Origin                                   mgl32.Vec3
	Scale                                    float32
	Across                                   mgl32.Vec3
	ColGap                                   float32
	Down                                     mgl32.Vec3
	RowGap                                   float32
	Row, Col, Rows, Cols                     uint32
	BlockRows, BlockCols                     uint32
	XOffset, XStride                         uint32
	Least, Slope, MinSize                    float32
	Palette, Layer                           uint32
	Bright                                   float32
	PatchRow, PatchCol, PatchRows, PatchCols uint32
	Unused                                   [2]uint32
}

// Place puts matrices into the space, in place of those before: first some that stay where
// they are, then some that come, go and move. Textures of the still ones that look at the
// same values as before stay painted; others of an equal size are kept, for [Space.Paint] to
// fill.
func (s *Space) Place(still, moving []Matrix) error {
	all := slices.Concat(still, moving)
	for _, m := range all {
		if m.Values.Batch != 1 || m.Values.Len() == 0 || m.BlockRows < 1 || m.BlockCols < 1 {
			return fmt.Errorf("render: %s in blocks of %d x %d: expected one matrix with elements", m.Values, m.BlockRows, m.BlockCols)
		}
	}
	before := s.matrices[:min(s.still, len(s.matrices))]
	kept, err := s.cut(all, len(still))
	if err != nil {
		s.clear()
		return err
	}
	painted := make([]bool, len(all))
	for i := range still {
		painted[i] = kept && s.painted[i] && before[i].Values == all[i].Values && before[i].Elements == all[i].Elements
	}
	s.matrices, s.still, s.painted = all, len(still), painted
	s.light()
	if err := s.colour(); err != nil {
		return err
	}
	list := make([]placed, 0, len(s.patches)+len(s.bands))
	for n, p := range s.patches {
		seen := p.within(s.matrices[p.matrix].Seen)
		list = append(list, s.placed(band{n, p.row + seen.Row, p.col + seen.Col, seen.Rows, seen.Cols}))
	}
	for _, p := range s.bands {
		list = append(list, s.placed(p))
	}
	return store(s.renderer.device, &s.places, "places", gpu.Words(list))
}

// placed is some elements of a patch as shaders have them.
func (s *Space) placed(part band) placed {
	p := s.patches[part.patch]
	m := s.matrices[p.matrix]
	least, slope := m.Elements.Scale()
	return placed{
		Origin: m.Origin, Scale: m.Scale, Across: m.Across, ColGap: m.ColGap, Down: m.Down, RowGap: m.RowGap,
		Row: uint32(part.row), Col: uint32(part.col), Rows: uint32(part.rows), Cols: uint32(part.cols),
		BlockRows: uint32(m.BlockRows), BlockCols: uint32(m.BlockCols),
		XOffset: uint32(m.Values.Offset), XStride: uint32(m.Values.RowStride),
		Least: least, Slope: slope, MinSize: float32(m.Elements.MinSize), Palette: uint32(s.tables[m.Elements]), Layer: uint32(p.layer),
		Bright:   m.Lit.Bright,
		PatchRow: uint32(p.row), PatchCol: uint32(p.col), PatchRows: uint32(p.rows), PatchCols: uint32(p.cols),
	}
}

// light finds the bands of what is in use.
func (s *Space) light() {
	s.bands, s.lit = s.bands[:0], s.lit[:0]
	for i, m := range s.matrices {
		s.lit = append(s.lit, len(s.bands))
		if m.Lit.none() {
			continue
		}
		for n := s.first[i]; n < s.first[i+1]; n++ {
			p := s.patches[n]
			runs(m.Lit.Rows, p.row, p.rows, func(row, rows int) {
				runs(m.Lit.Cols, p.col, p.cols, func(col, cols int) {
					s.bands = append(s.bands, band{n, row, col, rows, cols})
				})
			})
		}
	}
	s.lit = append(s.lit, len(s.bands))
}

// runs calls add for the elements of a range that are in use in every block: for all of them
// at once where blocks are in use as a whole.
func runs(e struct{ Block, Index, Count int }, first, n int, add func(first, n int)) {
	if e.Index == 0 && e.Count >= e.Block {
		add(first, n)
		return
	}
	for start := first / e.Block * e.Block; start < first+n; start += e.Block {
		lo, hi := max(first, start+e.Index), min(first+n, start+min(e.Index+e.Count, e.Block))
		if lo < hi {
			add(lo, hi-lo)
		}
	}
}

// colour makes a table of colours for every way in which matrices look. Tables that are
// there stay.
func (s *Space) colour() error {
	old, oldColours := s.tables, s.colours
	s.tables, s.colours = map[cpu.Elements]int{}, nil
	for _, m := range s.matrices {
		if _, ok := s.tables[m.Elements]; ok {
			continue
		}
		s.tables[m.Elements] = len(s.colours)
		if at, ok := old[m.Elements]; ok {
			s.colours = append(s.colours, oldColours[at:at+2*shades+1]...)
			continue
		}
		for _, c := range m.Elements.Table(shades) {
			s.colours = append(s.colours, pack(gpu.RGBA{float32(c[0]), float32(c[1]), float32(c[2]), 1}))
		}
	}
	if s.palettes != nil && slices.Equal(s.colours, oldColours) {
		return nil
	}
	return store(s.renderer.device, &s.palettes, "colours", gpu.Words(s.colours))
}

// Part is a range of the rows and of the columns of a matrix.
type Part = kernels.Patch

// Paint records the colouring of matrices' textures from their values: of all that are not
// painted and, of those that are, of the part that changed says has other values than when
// they were.
func (s *Space) Paint(rec *gpu.Recorder, changed func(i int) Part) {
	for _, p := range s.patches {
		m := s.matrices[p.matrix]
		if p.texels == nil {
			continue
		}
		part := Part{Rows: p.rows, Cols: p.cols}
		if s.painted[p.matrix] {
			if part = p.within(changed(p.matrix)); part.Rows == 0 || part.Cols == 0 {
				continue
			}
		}
		least, slope := m.Elements.Scale()
		kernels.Paint(rec, p.texels.Levels(p.layer), m.Values.Part(p.row, p.rows, p.col, p.cols), part, s.palettes, kernels.Paints{
			First: s.tables[m.Elements], Least: least, Slope: slope,
		})
	}
	for i := range s.painted {
		s.painted[i] = true
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
