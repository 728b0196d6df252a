package eval

import (
	"context"
	"fmt"

	"headscope/explorer/anim"
	"headscope/explorer/layout"
	"headscope/gpu"
	"headscope/models/tensor"
)

// Playback is an expression that has run, step by step: a [Motion], an [Online] softmax or
// [Decode]. It stands in for the expression in a view. A Run of the expression ends it.
type Playback interface {
	// Matrix is what is shown of the leaf or result at a path. It is valid until the next Show,
	// which may give another buffer.
	Matrix(path string) (gpu.Tensor, error)
	// ReadPart copies rows [i, i+rows) and columns [j, j+cols) of that to the CPU.
	ReadPart(path string, i, j, rows, cols int) (tensor.Tensor, error)
	// Summaries give colours their ranges, the same ones at every step.
	Summaries() (map[string]Summary, error)

	// Steps is the length of the playback: step Steps+1 would show what step 1 shows.
	Steps() int
	// Check refuses a step outside it.
	Check(step int) error
	// Show computes what a step shows. It does not wait. An error names a step outside the
	// playback, or what does not fit the device.
	Show(ctx context.Context, step int) error

	// State is that of the last Show: how far results are, and what is in use of their inputs.
	State() anim.State
	// Planes are those at the step, by result. They are valid until the next Show.
	Planes() []MotionPlane
	// Labels say what the planes are, in their order; there are none where no plane has a name.
	Labels() ([]PlaneLabel, error)
	// Changed tells whether the matrix at a path may be another than before the last Show.
	Changed(path string) bool

	// Release frees what the playback holds beside the expression. Show may follow.
	Release()
}

// NewPlayback plays an expression that has run, by its layout: as a [Motion] where its settings
// have it move, else by the built-in session that it is of (session.Session.Form): "blockwise" as
// an [Online] softmax, "decode" token by token, for which leaves give the input of all tokens.
// It is nil where nothing moves. It belongs to the caller, who releases it before e.
func NewPlayback(ctx context.Context, e *Expression, laid layout.Scene, form string, leaves Leaves) (Playback, error) {
	a, err := anim.New(laid)
	if err != nil {
		return nil, err
	}
	switch {
	case a.Steps() > 0:
		return NewMotion(e, a), nil
	case form == "blockwise":
		return orNone(NewOnline(e, laid))
	case form == "decode":
		n, err := DecodeInput(laid)
		if err != nil {
			return nil, err
		}
		values, err := leaves.Values(ctx, n)
		if err != nil {
			return nil, fmt.Errorf("the input of all tokens, to decode one after another: %w", err)
		}
		return orNone(NewDecode(e, laid, tensor.Tensor{Shape: []int{n.H, n.W}, Data: values}))
	}
	return nil, nil
}

// orNone is a playback, or with an error none, which a nil pointer in the interface is not.
func orNone[P Playback](p P, err error) (Playback, error) {
	if err != nil {
		return nil, err
	}
	return p, nil
}

// Moves tells whether a playback plays by itself: a [Motion] does, as the settings of its
// expression ask for it. Others wait to be played.
func Moves(p Playback) bool {
	_, ok := p.(*Motion)
	return ok
}

// Pace is a speed in steps a second as a playback can be followed at it: an [Online] softmax has
// few steps, each of which changes much.
func Pace(p Playback, speed float64) float64 {
	const most = 2
	if _, ok := p.(*Online); ok {
		return min(speed, most)
	}
	return speed
}
