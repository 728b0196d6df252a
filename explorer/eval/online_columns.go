package eval

import (
	"context"
	"math"
	"slices"

	"github.com/go-gl/mathgl/mgl64"

	"headscope/explorer/anim"
	"headscope/explorer/layout"
	"headscope/explorer/partition"
)

// PlaneLabel says what a plane of a playback is.
type PlaneLabel struct {
	Name   string  // as on a legend: "m"
	About  string  // in words: "running maximum"
	AbsMax float64 // colours and sizes run from 0 to there, whatever the sensitivity
}

// peaks are the largest |x| that are met: m's of all steps, l's and o's after the last block.
// Where a maximum grows late, an earlier l or o may be larger.
type peaks struct{ m, l, o float64 }

// results say how far the matmuls are at a step, and that the columns of K_t and the rows of V of
// the block of keys that passes by are in use.
func (o *Online) results(step int) []anim.Result {
	results := make([]anim.Result, len(o.laid.Cubes))
	keys := o.keys(step)
	some, all := anim.Every{Block: o.product().K.N, Index: keys.Lo, Count: keys.Len()}, anim.Every{Block: 1, Count: 1}
	for n, c := range o.laid.Cubes {
		shown := c.J.N
		switch {
		case c.Path == o.attn:
			shown = min(o.after(step)*o.product().K.BlockSize(), c.J.N)
		case step < o.steps && slices.Contains(o.waiting, c.Path):
			shown = 0
		}
		results[n] = anim.Result{Path: c.Path, Node: c.Node, Phase: anim.Done, Shown: columns(c.I.N, c.J.N, shown)}
		switch {
		case keys.Len() == 0:
		case c.Path == o.attn:
			results[n].Right = anim.Highlight{Rows: all, Cols: some}
		case n == o.cube:
			results[n].Right = anim.Highlight{Rows: some, Cols: all}
		}
	}
	return results
}

// beside are m, l and c: between attn and the result, in the plane of attn, beside its last
// or first column, whichever is next to the result. In the last step, which rescales nothing,
// there is no c.
func (o *Online) beside(step int) []MotionPlane {
	c := o.product()
	attn, _ := o.laid.Matrix(o.attn)
	apart := min(2.5, max(1, c.K.Gap/2)) // from one to the next: they are within two gaps
	at, first, last := 0.0, c.Product(0, 0, 0)[2], c.Product(0, c.K.N-1, 0)[2]
	if math.Abs(last-c.Result()) < math.Abs(first-c.Result()) {
		at = c.K.At(c.K.N - 1)
	} else {
		apart = -apart
	}
	toFrame := c.ToWorld.Inv().Mul4(attn.ToWorld)
	var planes []MotionPlane
	for n := range 3 {
		p := MotionPlane{Result: o.cube, Values: o.rows.Tensor(3, c.I.N, 1).At(n), Plane: anim.Plane{
			Rows: attn.Rows, Cols: layout.NewAxis(1, 1, c.K.Gap), Down: partition.I, Across: partition.K,
			I: partition.Range{Hi: c.I.N}, K: o.keys(step), J: partition.Range{Hi: c.J.N},
			ToFrame: toFrame.Mul4(mgl64.Translate3D(at+float64(n+1)*apart, 0, 0)),
			Shown:   columns(c.I.N, 1, 1),
		}}
		if n == 2 {
			if step == o.steps {
				break
			}
			// It is shown behind the rows that skip the block. A count of 0 would be of a plane that
			// waits.
			p.Shown.PerI, p.Shown.Count = -2, 1-2*o.skipped(step)
		}
		planes = append(planes, p)
	}
	return planes
}

// keys is the block of keys that passes by at a step; none in the last.
func (o *Online) keys(step int) partition.Range {
	if blocks := partition.Ranges(o.product().K); step <= len(blocks) {
		return blocks[step-1]
	}
	return partition.Range{}
}

// skipped is how many rows skip the block of keys that passes by at a step.
func (o *Online) skipped(step int) int {
	rows := 0
	for _, queries := range partition.Ranges(o.product().I) {
		if !o.running(o.after(step)).Skips(queries.Lo, o.product().I.N) {
			break
		}
		rows = queries.Hi
	}
	return rows
}

// Labels say what the planes are, in their order. They wait for the device once.
func (o *Online) Labels() ([]PlaneLabel, error) {
	if err := o.measure(); err != nil {
		return nil, err
	}
	labels := []PlaneLabel{
		{"m", "running maximum", o.peaks.m},
		{"l", "running sum", o.peaks.l},
		{"c", "rescale factor", 1},
	}
	return labels[:len(o.planes)], nil
}

// Summaries are those of the complete matrices, which give colours their ranges, but for two:
// attn reaches 1 before it is divided, and attn @ V what it is after the last block. They are
// read once.
func (o *Online) Summaries() (map[string]Summary, error) {
	if o.summaries != nil {
		return o.summaries, nil
	}
	all, err := o.e.Summaries()
	if err != nil {
		return nil, err
	}
	if err := o.measure(); err != nil {
		return nil, err
	}
	for path, most := range map[string]float64{o.attn: 1, o.product().Path: o.peaks.o} {
		s := all[path]
		s.AbsMax = max(s.AbsMax, most)
		all[path] = s
	}
	o.summaries = all
	return all, nil
}

// measure reads the ranges.
func (o *Online) measure() error {
	if o.peaks != nil {
		return nil
	}
	if err := o.begin(1); err != nil {
		return err
	}
	if err := o.prepare(context.Background()); err != nil {
		o.Release()
		return err
	}
	data, err := o.e.device.Read(o.ranges.Tensor(1, 4, 4))
	if err != nil {
		return err
	}
	most := func(n int) float64 { return float64(data[0][4*n]) }
	o.peaks = &peaks{m: max(most(0), most(1)), l: most(2), o: most(3)}
	return nil
}
