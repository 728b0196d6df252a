// Package bench measures ways to compute attention: time, memory, error, and the longest text
// that each can take. The command line and the window both run it: rows are handed out as they
// are measured, times come from the device alone, and what takes long on the CPU runs on other
// goroutines, so that a window can draw frames meanwhile.
package bench

import (
	"context"
	"fmt"
	"slices"

	"headscope/gpu"
	"headscope/gpu/kernels"
)

// The ways to compute attention.
const (
	Full           = "full"            // all scores, masked softmax, times V
	FullSkip       = "full-skip"       // without the triangle above the diagonal
	Blockwise      = "blockwise"       // block by block, with an online softmax
	BlockwiseLayer = "blockwise-layer" // a layer with its FFN, all of it a block of queries at a time
)

// Methods lists them in the order of a report.
func Methods() []string { return []string{Full, FullSkip, Blockwise, BlockwiseLayer} }

// MaxLength bounds the lengths that can be asked for: indices of an f32 matrix of 4 columns.
const MaxLength = 1 << 24

// Attention says what to measure.
type Attention struct {
	Heads, D int       // heads, and the columns of each: a multiple of 4 up to 128
	Causal   bool      // a token sees those up to itself only
	Block    int       // keys of a block, 0 for the best of the device
	Methods  []string  // some of [Methods]; nil: all
	Lengths  []int     // tokens, each 1 to MaxLength
	Runs     int       // measured runs of each method and length, after one that is not
	Real     *RealHead // measured as far as it goes, random data beyond; then Heads is 1 and D its own. nil: random data

	// Progress, if not nil, hears how many of all runs are done, those that are not measured
	// among them.
	Progress func(done, total int)

	// Wait, if not nil, is called on the goroutine of Run and Longest: for work on other
	// goroutines, which closes done, and, done closed already, between pieces of their own
	// work. It returns when done is closed, and may use the device before that or run frames.
	Wait func(done <-chan struct{})
}

// Row is one measurement: a method at a length.
type Row struct {
	N      int    `json:"n"`
	Heads  int    `json:"heads"`
	D      int    `json:"d"`
	Causal bool   `json:"causal"`
	Block  int    `json:"block"`  // keys
	Method string `json:"method"` // one of Methods
	Data   string `json:"data"`   // where q, k and v come from
	Timing
	Peak     uint64   `json:"bytes_peak,omitempty"`    // alive at once, inputs and results included
	Binding  uint64   `json:"bytes_binding,omitempty"` // of the largest single binding
	Error    *float64 `json:"max_abs_err,omitempty"`   // against float64 on the CPU, in rows all over the matrix
	MaxLogit float64  `json:"max_logit,omitempty"`     // largest |score| of these rows
	GFLOPs   float64  `json:"gflops,omitempty"`        // of the products that the mask leaves
	GBps     float64  `json:"gb_per_s,omitempty"`      // of what the method has to read and write
	Skipped  string   `json:"skipped,omitempty"`       // why it was not run
}

// Check refuses what cannot be measured: each error begins with the name of its option, in
// small letters.
func (o Attention) Check() error {
	if len(o.Lengths) == 0 {
		return fmt.Errorf("lengths: at least one is needed")
	}
	for _, n := range o.Lengths {
		if n < 1 || n > MaxLength {
			return fmt.Errorf("lengths %d: expected 1 to %d tokens", n, MaxLength)
		}
	}
	for _, m := range o.Methods {
		if !slices.Contains(Methods(), m) {
			return fmt.Errorf("methods %q: expected some of %v", m, Methods())
		}
	}
	switch {
	case o.Heads < 1 || o.Heads > 1024:
		return fmt.Errorf("heads %d: expected 1 to 1024", o.Heads)
	case o.Block < 0:
		return fmt.Errorf("block %d: expected a number of keys", o.Block)
	case o.Runs < 1:
		return fmt.Errorf("runs %d: at least one run is needed", o.Runs)
	case o.Real != nil && (o.Heads != 1 || o.D != o.Real.D):
		return fmt.Errorf("heads %d of %d: %s is one head of %d", o.Heads, o.D, o.Real.Name, o.Real.D)
	}
	return nil
}

// CheckOn is Check, and says whether the device computes heads of D columns in such blocks.
func (o Attention) CheckOn(d *gpu.Device) error {
	if err := o.Check(); err != nil {
		return err
	}
	return o.kernel(d).Check(d, o.D)
}

// kernel is what the options say of the kernels.
func (o Attention) kernel(d *gpu.Device) kernels.Attention {
	a := kernels.Attention{Mask: kernels.Mask{Causal: o.Causal}, BlockK: o.Block}
	if d.Family == gpu.Registers {
		a.BlockQ = o.Block
	}
	return a
}

// Run measures every method at every length. each receives the rows, by length and then in the
// order of [Methods], as soon as they are measured. If ctx ends, so does Run soon, with ctx's
// error, after the row of each method that was measured at least once.
func (o Attention) Run(ctx context.Context, d *gpu.Device, each func(Row)) error {
	if err := o.CheckOn(d); err != nil {
		return err
	}
	r := newRunner(ctx, d, o)
	defer r.release()
	methods := 0
	for _, m := range Methods() {
		if r.wants(m) {
			methods++
		}
	}
	r.total = len(o.Lengths) * methods * (o.Runs + 1)
	for _, n := range o.Lengths {
		if err := r.measure(n, each); err != nil {
			return err
		}
	}
	return nil
}
