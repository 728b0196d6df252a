package anim_test

import (
	"testing"

	"github.com/go-gl/mathgl/mgl64"
	"pgregory.net/rapid"

	"headscope/explorer/anim"
	"headscope/explorer/expr"
	"headscope/explorer/layout"
	"headscope/explorer/partition"
)

// played is a matmul whose animation is played step by step, by the rules as they are told:
// counters are counted, elements marked when they are reached. It is what [anim.Animation]
// must show without having played it.
type played struct {
	cube        layout.Cube
	alg, fuse   string
	left, right *played // children that are matmuls
	moves       bool
	hides       bool // its inputs, or those of one above it
	hidden      bool // is an input of one that hides them

	leftDone, rightDone bool
	begun, ended        bool
	i, k, j             int // counters within a block
	count               int // steps it made
	summed              map[[3]int]bool
	reached             map[[2]int]bool // elements of partial results
	at                  map[[3]int][3]int
	litLeft, litRight   map[[2]int]bool
}

// play gets the matmuls of a scene ready, and returns them in its order.
func play(s layout.Scene) []*played {
	var all []*played
	var add func(alg string, still, hidden bool) *played
	add = func(alg string, still, hidden bool) *played {
		c := s.Cubes[len(all)]
		p := &played{cube: c, alg: c.Node.Anim.Alg, fuse: c.Node.Anim.Fuse, hidden: hidden}
		if p.alg == "inherit" {
			p.alg = alg
		}
		p.moves = !still && p.alg != "none"
		p.hides = hidden || p.moves && c.Node.Anim.HideInputs
		all = append(all, p)
		if c.Node.Left.IsMatMul() {
			p.left = add(p.alg, !p.moves, p.hides)
		}
		if c.Node.Right.IsMatMul() {
			p.right = add(p.alg, !p.moves, p.hides)
		}
		return p
	}
	add("none", false, false)
	return all
}

// start puts everything before its first index.
func (p *played) start() {
	p.begun, p.ended, p.count = false, false, 0
	p.summed, p.reached, p.at = map[[3]int]bool{}, map[[2]int]bool{}, map[[3]int][3]int{}
	p.litLeft, p.litRight = nil, nil
	p.i, p.k, p.j = 0, 0, 0
	switch p.alg {
	case "vmprod":
		p.i = -1
	case "mvprod":
		p.j = -1
	case "vvprod":
		p.k = -1
	case "axpy":
		p.j, p.k = -1, -1
	default:
		p.i, p.j = -1, -1
	}
	p.leftDone, p.rightDone = p.left == nil || !p.left.moves, p.right == nil || !p.right.moves
	if !p.leftDone {
		p.left.start()
	}
	if !p.rightDone {
		p.right.start()
	}
	for b, at := range p.blocks() {
		p.at[b] = [3]int{at[0].Lo, at[1].Lo, at[2].Lo}
	}
}

// blocks are the blocks of all three axes, by their numbers.
func (p *played) blocks() map[[3]int][3]partition.Range {
	all := map[[3]int][3]partition.Range{}
	for bi, i := range partition.Ranges(p.cube.I) {
		for bk, k := range partition.Ranges(p.cube.K) {
			for bj, j := range partition.Ranges(p.cube.J) {
				all[[3]int{bi, bk, bj}] = [3]partition.Range{i, k, j}
			}
		}
	}
	return all
}

func (p *played) index() int {
	switch p.alg {
	case "vmprod", "dotprod (row major)":
		return p.i
	case "vvprod", "axpy":
		return p.k
	}
	return p.j
}

// join is the algorithm that the matmul and those below it run together.
func (p *played) join() string {
	of := func(child *played, done bool) string {
		if done {
			return "none"
		}
		if p.fuse != "async" && child.index() != p.index() {
			return "mixed"
		}
		return child.join()
	}
	l, r := of(p.left, p.leftDone), of(p.right, p.rightDone)
	switch {
	case l == "none" && r == "none",
		p.alg == "vmprod" && l == "vmprod" && r == "none",
		p.alg == "mvprod" && l == "none" && r == "mvprod",
		p.alg == "vvprod" && (l == "mvprod" || l == "none") && (r == "vmprod" || r == "none"):
		return p.alg
	}
	return "mixed"
}

// step is one step of the matmul and of those below it.
func (p *played) step() {
	goes := p.leftDone && p.rightDone || p.fuse != "none" && p.join() != "mixed"
	if !p.leftDone {
		p.left.step()
		p.leftDone = p.left.ended
	}
	if !p.rightDone {
		p.right.step()
		p.rightDone = p.right.ended
	}
	if goes {
		p.advance()
	}
}

func (p *played) advance() {
	p.begun = true
	p.count++
	p.litLeft, p.litRight = map[[2]int]bool{}, map[[2]int]bool{}
	ni, nk, nj := p.cube.I.BlockSize(), p.cube.K.BlockSize(), p.cube.J.BlockSize()
	switch p.alg {
	case "vmprod":
		p.i++
		p.ended = p.i == ni
	case "mvprod":
		p.j++
		p.ended = p.j == nj
	case "vvprod":
		p.k++
		p.ended = p.k == nk
	case "dotprod (row major)":
		if p.j++; p.i < 0 || p.j == nj {
			p.i, p.j = p.i+1, 0
		}
		p.ended = p.i == ni
	case "dotprod (col major)":
		if p.i++; p.j < 0 || p.i == ni {
			p.j, p.i = p.j+1, 0
		}
		p.ended = p.j == nj
	case "axpy":
		if p.k++; p.j < 0 || p.k == nk {
			p.j, p.k = p.j+1, 0
		}
		p.ended = p.j == nj
	}
	if p.ended {
		return
	}
	for b, at := range p.blocks() {
		p.show(b, at[0], at[1], at[2])
	}
}

// show shows the current index in a block, if it has it.
func (p *played) show(b [3]int, i, k, j partition.Range) {
	one := func(r partition.Range, n int) partition.Range { return partition.Range{Lo: r.Lo + n, Hi: r.Lo + n + 1} }
	within := p.i < i.Len() && p.k < k.Len() && p.j < j.Len()
	rows, depth, cols := i, k, j // what is summed in this step
	switch p.alg {
	case "vmprod":
		rows = one(i, p.i)
		light(p.litLeft, p.i < i.Len(), rows, k)
	case "mvprod":
		cols = one(j, p.j)
		light(p.litRight, p.j < j.Len(), k, cols)
	case "vvprod":
		depth = one(k, p.k)
		light(p.litLeft, p.k < k.Len(), i, depth)
		light(p.litRight, p.k < k.Len(), depth, j)
	case "axpy":
		depth, cols = one(k, p.k), one(j, p.j)
		light(p.litLeft, p.k < k.Len(), i, depth)
		light(p.litRight, p.k < k.Len() && p.j < j.Len(), depth, cols)
	default:
		rows, cols = one(i, p.i), one(j, p.j)
		light(p.litLeft, p.i < i.Len(), rows, k)
		light(p.litRight, p.j < j.Len(), k, cols)
	}
	if !within {
		return
	}
	p.at[b] = [3]int{rows.Lo, depth.Lo, cols.Lo}
	for i := rows.Lo; i < rows.Hi; i++ {
		for j := cols.Lo; j < cols.Hi; j++ {
			p.reached[[2]int{i, j}] = true
			for k := depth.Lo; k < depth.Hi; k++ {
				p.summed[[3]int{i, k, j}] = true
			}
		}
	}
}

func light(lit map[[2]int]bool, on bool, rows, cols partition.Range) {
	for r := rows.Lo; on && r < rows.Hi; r++ {
		for c := cols.Lo; c < cols.Hi; c++ {
			lit[[2]int{r, c}] = true
		}
	}
}

// accumulates tells whether sums build up in the result.
func (p *played) accumulates() bool { return p.alg == "vvprod" || p.alg == "axpy" }

// expect compares what an animation shows with what was played.
func (p *played) expect(t rapid.TB, step int, r anim.Result) {
	phase := anim.Done
	if p.moves && !p.ended {
		if phase = anim.Waiting; p.begun {
			phase = anim.Running
		}
	}
	if r.Path != p.cube.Path || r.Phase != phase || r.InputsHidden != p.hides {
		t.Fatalf("step %d: %s is %v, hidden %v; played: %s, %v, %v", step, r.Path, r.Phase, r.InputsHidden, p.cube.Path, phase, p.hides)
	}
	expectReach(t, step, r.Shown, p.cube.I.N, p.cube.J.N)
	nk, blocksK := p.cube.K.BlockSize(), partition.Ranges(p.cube.K)
	partials := len(blocksK)
	if partials == 1 || p.accumulates() {
		partials = 0
	}
	for i := range p.cube.I.N {
		for j := range p.cube.J.N {
			for k := range p.cube.K.N {
				want := !p.hidden || p.moves
				if phase != anim.Done {
					want = p.summed[[3]int{i, k, j}] && partials == 0
				}
				if got := k%nk < r.Shown.Depth(i, j); got != want {
					t.Fatalf("step %d, %s: product (%d, %d, %d) is summed: %v, played: %v", step, r.Path, i, k, j, got, want)
				}
			}
		}
	}
	p.expectLit(t, step, r)
	if phase == anim.Done {
		if r.PlaneCount() != 0 {
			t.Fatalf("step %d, %s: %d planes of a matmul that is done", step, r.Path, r.PlaneCount())
		}
		return
	}
	if n := partials + len(p.at); r.PlaneCount() != n {
		t.Fatalf("step %d, %s: %d planes, played: %d", step, r.Path, r.PlaneCount(), n)
	}
	for n := range partials {
		plane := r.Plane(n)
		for i := range p.cube.I.N {
			for j := range p.cube.J.N {
				if got, want := plane.Shown.Shows(i, j), p.reached[[2]int{i, j}]; got != want {
					t.Fatalf("step %d, %s: partial result %d shows (%d, %d): %v, played: %v", step, r.Path, n, i, j, got, want)
				}
				if ti, tj, k := plane.Terms(i, j); ti != i || tj != j || k != blocksK[n] {
					t.Fatalf("step %d, %s: partial result %d has at (%d, %d) terms %d %v %d", step, r.Path, n, i, j, ti, k, tj)
				}
			}
		}
	}
	n := partials
	for bi := range partition.Ranges(p.cube.I) {
		for bk := range blocksK {
			for bj := range partition.Ranges(p.cube.J) {
				b := [3]int{bi, bk, bj}
				p.expectPlane(t, step, r.Plane(n), p.at[b], p.blocks()[b])
				n++
			}
		}
	}
}

// expectReach looks whether the reach of sums holds what was reached and, without blocks, no row
// or column besides.
func expectReach(t rapid.TB, step int, s anim.Sums, h, w int) {
	rows, cols := 0, 0
	for i := range h {
		for j := range w {
			if s.Shows(i, j) {
				rows, cols = max(rows, i+1), max(cols, j+1)
			}
		}
	}
	gotRows, gotCols := s.Reach(h, w)
	whole := s.BlockI >= h && s.BlockJ >= w || rows == 0
	if gotRows < rows || gotRows > h || gotCols < cols || gotCols > w || whole && (gotRows != rows || gotCols != cols) {
		t.Fatalf("step %d: %+v of %d x %d reach %d x %d, want %d x %d", step, s, h, w, gotRows, gotCols, rows, cols)
	}
}

func (p *played) expectLit(t rapid.TB, step int, r anim.Result) {
	running := r.Phase == anim.Running && !p.hides
	for i := range p.cube.I.N {
		for k := range p.cube.K.N {
			if got, want := r.Left.Has(i, k), running && p.litLeft[[2]int{i, k}]; got != want {
				t.Fatalf("step %d, %s: left (%d, %d) is lit: %v, played: %v", step, r.Path, i, k, got, want)
			}
		}
	}
	for k := range p.cube.K.N {
		for j := range p.cube.J.N {
			if got, want := r.Right.Has(k, j), running && p.litRight[[2]int{k, j}]; got != want {
				t.Fatalf("step %d, %s: right (%d, %d) is lit: %v, played: %v", step, r.Path, k, j, got, want)
			}
		}
	}
}

// expectPlane compares a plane of products: its shape, and that each element is where its
// product belongs in the cube.
func (p *played) expectPlane(t rapid.TB, step int, plane anim.Plane, at [3]int, b [3]partition.Range) {
	shape := map[string][2]int{
		"vmprod": {b[1].Len(), b[2].Len()}, "mvprod": {b[0].Len(), b[1].Len()}, "vvprod": {b[0].Len(), b[2].Len()},
		"dotprod (row major)": {b[1].Len(), 1}, "dotprod (col major)": {1, b[1].Len()}, "axpy": {b[0].Len(), 1},
	}[p.alg]
	if got := [2]int{plane.Rows.N, plane.Cols.N}; got != shape {
		t.Fatalf("step %d, %s: plane %v, played: %v", step, p.cube.Path, got, shape)
	}
	if d := plane.ToFrame.Det(); d != 1 {
		t.Fatalf("step %d, %s: a plane with determinant %v", step, p.cube.Path, d)
	}
	for r := range shape[0] {
		for c := range shape[1] {
			want := at
			switch p.alg {
			case "vmprod", "dotprod (row major)":
				want[1], want[2] = want[1]+r, want[2]+c
			case "mvprod", "dotprod (col major)":
				want[0], want[1] = want[0]+r, want[1]+c
			default:
				want[0], want[2] = want[0]+r, want[2]+c
			}
			i, j, k := plane.Terms(r, c)
			if (k != partition.Range{Lo: want[1], Hi: want[1] + 1} || i != want[0] || j != want[2]) {
				t.Fatalf("step %d, %s: element (%d, %d) is product (%d, %v, %d), played: %v", step, p.cube.Path, r, c, i, k, j, want)
			}
			local := mgl64.Vec3{plane.Cols.At(c), plane.Rows.At(r), 0}
			place, product := mgl64.TransformCoordinate(local, plane.ToFrame), p.cube.Product(i, k.Lo, j)
			if place.Sub(product).Len() > 1e-9 {
				t.Fatalf("step %d, %s: element (%d, %d) is at %v, its product at %v", step, p.cube.Path, r, c, place, product)
			}
			if plane.Shown.Shows(r, c) != p.begun {
				t.Fatalf("step %d, %s: products shown: %v, played: %v", step, p.cube.Path, !p.begun, p.begun)
			}
		}
	}
}

// What a step shows is what playing up to it shows, over a cycle and into the next.
func TestStepsAreThePlayedOnes(t *testing.T) {
	t.Run("any", rapid.MakeCheck(func(t *rapid.T) { expectPlayed(t, anyTree(t)) }))
	t.Run("joined", rapid.MakeCheck(func(t *rapid.T) { expectPlayed(t, joinable(t)) }))
	t.Run("ahead", func(t *testing.T) {
		// The second starts with the third, which then waits for the fourth: the second
		// stays one ahead, ends first, and leaves the third at its last index.
		root := product(t, "A @ B @ C @ D @ E", 3)
		set(t, root, "anim.alg", "vmprod")
		set(t, root.Left, "anim.fuse", "async")
		set(t, root.Left.Left, "anim.fuse", "none")
		expectPlayed(t, root)
	})
}

func expectPlayed(t rapid.TB, root *expr.Node) {
	s, err := layout.Layout(root)
	if err != nil {
		t.Fatal(err)
	}
	a := animate(t, root)
	all := play(s)
	all[0].start()
	cycle := 0
	for step := 1; all[0].moves && (cycle == 0 || step <= cycle+3); step++ {
		if step > 10_000 {
			t.Fatalf("the root did not end in %d steps", step)
		}
		all[0].step()
		if all[0].ended {
			if cycle == 0 {
				cycle = step - 1
			}
			all[0].start()
			all[0].step()
		}
		state := a.At(step)
		for n, p := range all {
			p.expect(t, step, state.Results[n])
		}
	}
	if a.Steps() != cycle {
		t.Fatalf("a cycle of %d steps, played: %d", a.Steps(), cycle)
	}
}
