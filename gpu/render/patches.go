package render

import (
	"fmt"
	"slices"

	"headscope/gpu"
)

// patch is a part of a matrix that has a texture of its own.
type patch struct {
	matrix, row, col, rows, cols int
	texels                       *gpu.Texture // not owned: one of the space's arrays; nil: it is drawn without
	layer                        int
}

// within is what a part of the matrix has in common with the patch, from its first row and
// column on.
func (p patch) within(of Part) (part Part) {
	part.Row, part.Col = max(0, of.Row-p.row), max(0, of.Col-p.col)
	part.Rows = max(0, min(p.rows, of.Row+of.Rows-p.row)-part.Row)
	part.Cols = max(0, min(p.cols, of.Col+of.Cols-p.col)-part.Col)
	return part
}

// patchSide is the largest side of a patch, in elements. Small ones are drawn by a shader
// that suits them, or not at all where they are out of view; many cost time, too.
const patchSide = 512

// mostTextures is for how many patches that move textures are made. More would take longer to
// paint than to draw: their elements are drawn one by one, from afar too.
const mostTextures = 64

// cut makes the patches of matrices, and arrays of textures for those of each size: of the
// first ones, which are still, those that there are if their patches are the same (kept), or
// else what has the same size; of the others what has room enough.
func (s *Space) cut(matrices []Matrix, still int) (kept bool, err error) {
	var patches []patch
	var first []int
	for i, m := range matrices {
		first = append(first, len(patches))
		for row := 0; row < m.Values.Rows; row += patchSide {
			for col := 0; col < m.Values.Cols; col += patchSide {
				patches = append(patches, patch{matrix: i, row: row, col: col, rows: min(patchSide, m.Values.Rows-row), cols: min(patchSide, m.Values.Cols-col)})
			}
		}
	}
	first = append(first, len(patches))
	n := first[still]
	if kept = s.keeps(patches[:n]); kept {
		copy(patches, s.patches[:n])
	} else {
		releaseAll(s.spare) // of another scene
		s.spare = nil
		if s.arrays, err = s.textures(patches[:n], s.arrays, true); err != nil {
			return false, err
		}
	}
	if len(patches)-n <= mostTextures {
		if s.spare, err = s.textures(patches[n:], s.spare, false); err != nil {
			return false, err
		}
	}
	s.patches, s.first = patches, first
	return kept, nil
}

// keeps tells whether the patches of the still matrices are those that there are.
func (s *Space) keeps(patches []patch) bool {
	return len(s.first) > s.still && slices.EqualFunc(s.patches[:s.first[s.still]], patches, func(a, b patch) bool {
		b.texels, b.layer = a.texels, a.layer
		return a == b
	})
}

// textures gives patches layers of textures: of those in old that have the same size and as
// many layers as are needed, or at least so many, or else of new ones. It returns what they
// are in, and what of old still may be of use: none if exact. After an error old is gone.
func (s *Space) textures(patches []patch, old []*gpu.Texture, exact bool) (arrays []*gpu.Texture, err error) {
	sizes := map[[2]int][]int{} // the patches of a size
	var order [][2]int
	for n, p := range patches {
		size := [2]int{p.cols, p.rows}
		if sizes[size] == nil {
			order = append(order, size)
		}
		sizes[size] = append(sizes[size], n)
	}
	defer func() {
		if exact || err != nil {
			releaseAll(old)
		} else {
			arrays = append(arrays, old...)
		}
		if err != nil {
			releaseAll(arrays)
			arrays = nil
		}
	}()
	limit := int(s.renderer.device.Limits.TextureLayers)
	for _, size := range order {
		for all := sizes[size]; len(all) > 0; {
			n := min(len(all), limit)
			same := slices.IndexFunc(old, func(t *gpu.Texture) bool {
				return t.Width == size[0] && t.Height == size[1] && (t.Layers == n || t.Layers > n && !exact)
			})
			var array *gpu.Texture
			if same >= 0 {
				array = old[same]
				old = slices.Delete(slices.Clone(old), same, same+1)
			} else if array, err = s.renderer.device.NewColours(fmt.Sprintf("colours %d x %d", size[1], size[0]), size[0], size[1], n); err != nil {
				return arrays, err
			}
			arrays = append(arrays, array)
			for layer, patch := range all[:n] {
				patches[patch].texels, patches[patch].layer = array, layer
			}
			all = all[n:]
		}
	}
	return arrays, nil
}

func releaseAll(textures []*gpu.Texture) {
	for _, t := range textures {
		t.Release()
	}
}
