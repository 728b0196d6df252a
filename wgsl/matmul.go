package wgsl

// product is a variant of a matrix product: the sizes that its text must hold as literals.
type product struct {
	Form           string // "nn": B is [k, n]; "nt": B is [n, k]
	LanesX, LanesY int    // threads of a workgroup along the columns and rows of C
	Slices         int    // threads that share columns, each with its part of k
	Rows, Cols4    int    // of C to a thread, columns in vec4s
}

// addProducts adds the matrix products to the table of variants, all but the naive one.
// Those for software adapters (blocked, texels, thread) have sizes that are fast on lavapipe and
// compile in a third of a second: twice as many columns a thread are up to a fifth faster, but
// take twice as long to compile, which a first start waits for.
func addProducts(table map[string]variant) {
	for _, form := range []string{"nn", "nt"} {
		table["matmul_blocked_"+form] = variant{"matmul_blocked.wgsl.tmpl", product{form, 4, 2, 1, 16, 2}}
		table["matmul_texels_"+form] = variant{"matmul_texels.wgsl.tmpl", product{form, 4, 2, 1, 16, 2}}
		table["matmul_tiled_"+form] = variant{"matmul_tiled.wgsl.tmpl", product{form, 8, 8, 1, 8, 2}}
		table["matvec_group_"+form] = variant{"matvec.wgsl.tmpl", product{form, 4, 1, 16, 4, 1}}
	}
	// Rows of B are far apart: as [k, n] it is read in wider pieces.
	table["matvec_thread_nn"] = variant{"matvec.wgsl.tmpl", product{"nn", 8, 1, 1, 4, 4}}
	table["matvec_thread_nt"] = variant{"matvec.wgsl.tmpl", product{"nt", 8, 1, 1, 4, 1}}
}

// Block is how many rows and columns of C a workgroup of the matrix product called name
// computes.
func Block(name string) (rows, cols int) {
	if p, ok := variants()[name].data.(product); ok {
		return p.LanesY * p.Rows, p.LanesX * p.Cols4 * 4
	}
	return 1, 64 // matmul_naive
}

func (p product) NN() bool      { return p.Form == "nn" }
func (p product) NT() bool      { return p.Form == "nt" }
func (p product) Threads() int  { return p.LanesX * p.LanesY * p.Slices }
func (p product) Group() bool   { return p.Slices > 1 }
func (p product) Partials() int { return p.Rows * p.Threads() }
func (p product) RowIDs() []int { return count(p.Rows) }
func (p product) ColIDs() []int { return count(p.Cols4) }

// XYZW are the components of a vec4, to be ranged over.
func (product) XYZW() []string { return []string{"x", "y", "z", "w"} }

// Shifts pairs each row but the last with the next.
func (p product) Shifts() (s []struct{ To, From int }) {
	for r := range p.Rows - 1 {
		s = append(s, struct{ To, From int }{r, r + 1})
	}
	return s
}

// count lists 0..n-1.
func count(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}
