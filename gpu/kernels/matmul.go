package kernels

import (
	"headscope/gpu"
	"headscope/wgsl"
)

// Epilogue is what happens to a product's sums before they are stored, in the order of
// the fields; zero values do nothing.
type Epilogue struct {
	Scale    float32    // factor, 0 for 1
	Bias     gpu.Tensor // [1, M], added to every row
	GELU     bool       // GPT-2's gelu_new
	Residual gpu.Tensor // of the product's shape, added last

	// Mask saves work, it hides nothing: a product by a masked matrix takes the columns
	// that the mask hides for the zeros they are, and a transposed product leaves tiles
	// that it hides without their sums.
	Mask Mask
}

// Method is a way to compute a matrix product.
type Method uint8

// Auto is the fastest that fits the device's family, the shapes and the alignment.
const (
	Auto    Method = iota
	Naive          // one thread an output, any strides
	Blocked        // in registers: [gpu.Registers]
	Tiled          // in workgroup memory: [gpu.Workgroups]
	MatVec         // at most 4 rows
	Texels         // in registers, from images: where [gpu.Device.Texels] and the inputs fit
)

func (m Method) String() string {
	return [...]string{"auto", "naive", "blocked", "tiled", "matvec", "texels"}[m]
}

// MatMul computes c = a b, then the epilogue: c [H, N, M], a [H, N, K], b [H, K, M]. An
// input with one batch serves all batches.
func MatMul(r *gpu.Recorder, c, a, b gpu.Tensor, e Epilogue) { MatMulBy(r, Auto, c, a, b, false, e) }

// MatMulT computes c = a b^T, then the epilogue: c [H, N, M], a [H, N, K], b [H, M, K]. An
// input with one batch serves all batches.
func MatMulT(r *gpu.Recorder, c, a, b gpu.Tensor, e Epilogue) { MatMulBy(r, Auto, c, a, b, true, e) }

// MatMulBy is [MatMul], or if transposed [MatMulT], by a method of choice: to compare
// them. Auto is the way to compute.
func MatMulBy(r *gpu.Recorder, method Method, c, a, b gpu.Tensor, transposed bool, e Epilogue) {
	k, n := b.Rows, b.Cols
	if transposed {
		k, n = n, k
	}
	all := []gpu.Tensor{c, a, b}
	ok := a.Rows == c.Rows && a.Cols == k && n == c.Cols && serves(a, c) && serves(b, c)
	if e.Bias.Buffer != nil {
		all = append(all, e.Bias)
		ok = ok && e.Bias.Cols == n && e.Bias.Rows == 1 && e.Bias.Batch == 1
	}
	if e.Residual.Buffer != nil {
		all = append(all, e.Residual)
		ok = ok && e.Residual.Rows == c.Rows && e.Residual.Cols == n && serves(e.Residual, c)
	}
	// The last vec4 of a row may be stored only if what lies behind column n is padding.
	ends := c.RowStride > 0 && (c.RowStride == gpu.Stride4(n) || c.Offset%c.RowStride+gpu.Stride4(n) == c.RowStride)
	fits := aligned(all...) && (ends || n%4 == 0)
	p := product{method: method, c: c, a: a, b: b, transposed: transposed, e: e, width: n}
	if ends {
		p.width = gpu.Stride4(n)
	}
	switch {
	case method != Auto:
	case !fits:
		p.method = Naive
	default:
		p.method = p.choose(r.Device())
	}
	rounds := k / 4
	if p.method == Naive {
		rounds = k
	}
	ok = ok && loops(r, rounds) && (p.method == Naive || fits) && (p.method != MatVec || c.Rows <= matVecRows) &&
		(p.method != Texels || c.Len() == 0 || r.Device().Texels && p.fitsTexels())
	if !check(r, ok, "matmul "+p.method.String(), all...) || c.Len() == 0 {
		return
	}
	p.launch(r)
}

// choose returns the fastest method for a product of aligned tensors.
func (p product) choose(d *gpu.Device) Method {
	switch {
	case p.c.Rows <= matVecRows:
		return MatVec
	case d.Family != gpu.Registers:
		return Tiled
	case d.Texels && p.a.Cols >= texelsInner && p.fitsTexels():
		return Texels
	default:
		return Blocked
	}
}

const matVecRows = 4

// texelsInner is from how many columns of A on the copies into images pay, with any number
// of rows.
const texelsInner = 64

// fitsTexels reports whether the product, or parts of it, can take its inputs from images.
func (p product) fitsTexels() bool {
	least := p.rows(0, min(cutAt, p.c.Rows)).cols(0, min(cutAt, p.c.Cols))
	return p.c.Batch == 1 && least.a.FitsTexels() && least.b.FitsTexels()
}

// serves reports whether t has the batches of c, or one for all, and another buffer.
func serves(t, c gpu.Tensor) bool {
	return (t.Batch == c.Batch || t.Batch == 1) && t.Buffer != c.Buffer
}

// product is a checked matrix product. width is the number of columns to write.
type product struct {
	method     Method
	c, a, b    gpu.Tensor
	transposed bool
	e          Epilogue
	width      int
}

// cutAt is what a product is cut at multiples of: no tile of a method is larger.
const cutAt = 64

// launch dispatches the product, in parts where it is too large for one dispatch.
func (p product) launch(r *gpu.Recorder) {
	c := p.c
	name, groups := p.kernel(r.Device().Family)
	cost := 2 * float64(c.Len()) * float64(p.a.Cols) * p.weight(r.Device().Family)
	limit := int(r.Device().Limits.WorkgroupsPerDim)
	large := p.method == Texels && !(p.a.FitsTexels() && p.b.FitsTexels())
	if large || cost > r.MaxCost() || max(groups[0], groups[1], groups[2]) > limit {
		switch half := (max(c.Rows, c.Cols)/2 + cutAt - 1) / cutAt * cutAt; {
		case c.Batch > 1:
			p.batches(0, c.Batch/2).launch(r)
			p.batches(c.Batch/2, c.Batch).launch(r)
			return
		case c.Cols >= c.Rows && half < c.Cols:
			p.cols(0, half).launch(r)
			p.cols(half, c.Cols).launch(r)
			return
		case half < c.Rows:
			p.rows(0, half).launch(r)
			p.rows(half, c.Rows).launch(r)
			return
		}
	}
	bias, residual := p.e.Bias, p.e.Residual
	if bias.Buffer == nil {
		bias = p.a // something to bind, which is not read
	}
	if residual.Buffer == nil {
		residual = p.a
	}
	params := p.params()
	bindings := []gpu.Binding{p.a.Buffer, p.b.Buffer, bias.Buffer, residual.Buffer, c.Buffer}
	if p.method == Texels {
		r.DispatchTexels(name, gpu.Uniform(&params), groups, cost, p.a, p.b, bindings...)
	} else {
		r.Dispatch(name, gpu.Uniform(&params), groups, cost, bindings...)
	}
}

// weight is about how much longer a product of so many FLOP takes than by the fastest method, on
// adapters that compute on the CPU: one row reads every weight once, and what is not in images is
// read lane by lane.
func (p product) weight(family gpu.Family) float64 {
	switch {
	case family != gpu.Registers:
		return 1
	case p.method == MatVec:
		return 20
	case p.method == Naive:
		return 40
	case p.method == Blocked:
		return 2
	}
	return 1
}

// kernel names the shader and its workgroups.
func (p product) kernel(family gpu.Family) (name string, groups [3]int) {
	form := "_nn"
	if p.transposed {
		form = "_nt"
	}
	switch {
	case p.method == Naive:
		name = "matmul_naive"
	case p.method == MatVec && family == gpu.Registers:
		name = "matvec_thread" + form
	case p.method == MatVec:
		name = "matvec_group" + form
	default:
		name = "matmul_" + p.method.String() + form
	}
	rows, cols := wgsl.Block(name)
	x, y := ceil(p.width, cols), ceil(p.c.Rows, rows)
	if p.method == Blocked || p.method == Texels {
		x, y = y, x // rows run first
	}
	return name, [3]int{x, y, p.c.Batch}
}

// matMulParams is struct Params of shared/matmul.wgsl.
type matMulParams struct {
	M, N, K, Width                                            uint32
	Scale                                                     float32
	HasBias, GELU, HasResidual, Causal                        uint32
	Position                                                  int32
	AOffset, AStride, ABatch                                  uint32
	BOffset, BK, BN, BBatch                                   uint32
	COffset, CStride, CBatch                                  uint32
	BiasOffset, ResidualOffset, ResidualStride, ResidualBatch uint32
}

func (p product) params() matMulParams {
	q := matMulParams{
		M: uint32(p.c.Rows), N: uint32(p.c.Cols), K: uint32(p.a.Cols), Width: uint32(p.width),
		Scale: p.e.Scale, HasBias: flag(p.e.Bias.Buffer != nil), GELU: flag(p.e.GELU), HasResidual: flag(p.e.Residual.Buffer != nil),
		Causal: flag(p.e.Mask.Causal), Position: int32(p.e.Mask.Position),
		AOffset: uint32(p.a.Offset), AStride: uint32(p.a.RowStride), ABatch: batchStride(p.a),
		BOffset: uint32(p.b.Offset), BK: uint32(p.b.RowStride), BN: 1, BBatch: batchStride(p.b),
		COffset: uint32(p.c.Offset), CStride: uint32(p.c.RowStride), CBatch: batchStride(p.c),
		BiasOffset: uint32(p.e.Bias.Offset), ResidualOffset: uint32(p.e.Residual.Offset),
		ResidualStride: uint32(p.e.Residual.RowStride), ResidualBatch: batchStride(p.e.Residual),
	}
	if p.transposed {
		q.BK, q.BN = q.BN, q.BK
	}
	if q.Scale == 0 {
		q.Scale = 1
	}
	return q
}

// batchStride is 0 for the one batch that serves all.
func batchStride(t gpu.Tensor) uint32 {
	if t.Batch == 1 {
		return 0
	}
	return uint32(t.BatchStride)
}

// batches is the product of batches lo to hi.
func (p product) batches(lo, hi int) product {
	for _, t := range []*gpu.Tensor{&p.c, &p.a, &p.b, &p.e.Residual} {
		if t.Batch > 1 {
			t.Offset += lo * t.BatchStride
			t.Batch = hi - lo
		}
	}
	return p
}

// rows is the product of rows lo to hi.
func (p product) rows(lo, hi int) product {
	for _, t := range []*gpu.Tensor{&p.c, &p.a, &p.e.Residual} {
		*t = t.Part(lo, hi-lo, 0, t.Cols)
	}
	p.e.Mask.Position += lo
	return p
}

// cols is the product of columns lo to hi.
func (p product) cols(lo, hi int) product {
	last := hi == p.c.Cols
	for _, t := range []*gpu.Tensor{&p.c, &p.e.Bias, &p.e.Residual} {
		*t = t.Part(0, t.Rows, lo, hi-lo)
	}
	if p.transposed {
		p.b = p.b.Part(lo, hi-lo, 0, p.b.Cols)
		p.e.Mask.Position -= lo
	} else {
		p.b = p.b.Part(0, p.b.Rows, lo, hi-lo)
	}
	if last {
		p.width -= lo
	} else {
		p.width = hi - lo
	}
	return p
}
