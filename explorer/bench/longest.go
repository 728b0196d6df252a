package bench

import (
	"context"
	"fmt"
	"math"
	"sort"
	"time"

	"headscope/gpu"
	"headscope/gpu/kernels"
)

// LongestRow is the longest text of a method under a limit of one binding.
type LongestRow struct {
	Method  string  `json:"method"`    // Full, Blockwise or BlockwiseLayer
	Of      string  `json:"of"`        // attention alone, or a whole layer with its FFN
	Cap     uint64  `json:"cap_bytes"` // of one binding
	N       int     `json:"n"`
	What    string  `json:"limit"` // the binding that is as large as that
	Ran     bool    `json:"ran"`   // at this length, to its end, with finite results
	Heads   int     `json:"ran_heads,omitempty"`
	Seconds float64 `json:"ran_seconds,omitempty"`
	Skipped string  `json:"skipped,omitempty"` // why it was not run
}

// longRun is how long a run of the longest text may take with all heads; beyond that one head
// stands for them.
const longRun = 5 * time.Minute

// longestCases are the methods, and the largest binding that each needs for n tokens of
// heads x d.
var longestCases = []struct {
	method, of, what string
	shape            func(n, heads, d int) [3]int
}{
	{Full, "attention", "the scores of all heads", func(n, heads, d int) [3]int { return [3]int{heads, n, n} }},
	{Blockwise, "attention", "queries, keys, values or results of all heads", func(n, heads, d int) [3]int { return [3]int{1, n, heads * d} }},
	{Full, "layer", "the scores of all heads", func(n, heads, d int) [3]int { return [3]int{heads, n, n} }},
	{Blockwise, "layer", "the whole hidden layer of the FFN", func(n, heads, d int) [3]int { return [3]int{1, n, 4 * heads * d} }},
	{BlockwiseLayer, "layer", "the stream, keys or values", func(n, heads, d int) [3]int { return [3]int{1, n, heads * d} }},
}

// Longest finds the longest text of each method whose bindings take up to limit bytes (0: what
// the device allows), and runs it once, on random data. The speed of measured rows, if there
// are any, says how long that would take. each receives the rows as they are found; Methods,
// Lengths and Runs have no part in it. It ends with ctx as [Attention.Run] does.
func (o Attention) Longest(ctx context.Context, d *gpu.Device, limit uint64, measured []Row, each func(LongestRow)) error {
	if err := o.CheckOn(d); err != nil {
		return err
	}
	if limit == 0 || limit > d.Limits.StorageBinding {
		limit = d.Limits.StorageBinding
	}
	speed := 5e9 // FLOP/s, until something was measured
	for _, m := range measured {
		if m.GFLOPs > 0 && m.Method == Blockwise {
			speed = m.GFLOPs * 1e9
		}
	}
	r := newRunner(ctx, d, o)
	defer r.release()
	r.total = len(longestCases)
	for _, c := range longestCases {
		n := sort.Search(MaxLength, func(n int) bool { return bytesOf(c.shape(n+1, r.Heads, r.D)) > limit })
		row := LongestRow{Method: c.method, Of: c.of, Cap: limit, N: n, What: c.what}
		if n == 0 {
			row.Skipped = fmt.Sprintf("not one token fits: %s takes %s", c.what, gpu.Bytes(bytesOf(c.shape(1, r.Heads, r.D))))
		} else {
			width := float64(r.Heads * r.D)
			work := 4*float64(n)*float64(n)*width/2 + 24*float64(n)*width*width
			row.Heads = r.Heads
			if work/speed > longRun.Seconds() {
				row.Heads = 1
			}
			if err := r.longest(&row); err != nil {
				return err
			}
		}
		each(row)
		r.step()
	}
	return nil
}

// longest runs a method at its longest.
func (r *runner) longest(row *LongestRow) error {
	n, heads := row.N, row.Heads
	width := heads * r.D
	one := [3]int{1, n, width}
	shapes := [][3]int{one, one, one, one}
	if row.Method == Full {
		shapes = append(shapes, r.squareShapes(n, heads)...)
	}
	if row.Of == "layer" {
		shapes = append(shapes, weightShapes(width)...)
	}
	if row.Of == "layer" && row.Method != BlockwiseLayer {
		shapes = append(shapes, one, [3]int{1, n, 4 * width}, [3]int{1, n, 3 * width})
	}
	if row.Skipped = r.over(n, shapes, 0); row.Skipped != "" {
		return r.ctx.Err()
	}
	x, err := r.newStream(n, heads)
	if err != nil {
		return err
	}
	defer x.release()
	var l *layer
	if row.Of == "layer" {
		if l, err = r.weights(heads); err != nil {
			return err
		}
	}
	var wall time.Duration
	if row.Method == BlockwiseLayer {
		wall, _, err = r.runLayer(n, l, x)
	} else {
		wall, err = r.runWhole(row, l, x)
	}
	if err != nil {
		return err
	}
	if err := kernels.CheckFinite(r.d, x.out); err != nil {
		return err
	}
	row.Ran, row.Seconds = true, math.Round(wall.Seconds()*100)/100
	return nil
}

// runWhole times attention alone, or a layer whose FFN is computed for all tokens at once.
func (r *runner) runWhole(row *LongestRow, l *layer, x *stream) (time.Duration, error) {
	n, heads, width := row.N, row.Heads, row.Heads*r.D
	a := r.kernel()
	shapes := [][3]int{{1, 1, kernels.BlockwiseWork(r.d, heads, n, n, r.D, a)}}
	if row.Method == Full {
		shapes = r.squareShapes(n, heads)
	}
	if row.Of == "layer" {
		shapes = append(shapes, [3]int{1, n, width}, [3]int{1, n, 3 * width}, [3]int{1, n, 4 * width})
	}
	lse := x.lse.Buffer.Packed(heads, n)
	wall, _, err := r.time(shapes, func(rec *gpu.Recorder, work []gpu.Tensor) {
		attend := func(out, q, k, v gpu.Tensor) {
			if row.Method == Full {
				full(rec, out, lse, work, q, k, v, a, true)
			} else {
				kernels.BlockwiseAttention(rec, out, lse, work[0], q, k, v, a)
			}
		}
		if row.Of == "attention" {
			// The stream stands for queries, keys and values.
			attend(x.out.Heads(heads), x.in.Heads(heads), x.in.Heads(heads), x.in.Heads(heads))
			return
		}
		rest := work[len(work)-3:]
		normal, qkv, hidden := rest[0], rest[1], rest[2]
		third := func(i int) gpu.Tensor { return qkv.Part(0, n, i*width, width).Heads(heads) }
		kernels.LayerNorm(rec, normal, x.in, l.Gain1, l.Bias1, l.Eps)
		kernels.MatMulT(rec, qkv, normal, l.QKV, kernels.Epilogue{Bias: l.QKVBias})
		attend(x.k.Heads(heads), third(0), third(1), third(2))
		kernels.MatMulT(rec, x.v, x.k, l.Out, kernels.Epilogue{Bias: l.OutBias, Residual: x.in})
		kernels.LayerNorm(rec, normal, x.v, l.Gain2, l.Bias2, l.Eps)
		kernels.MatMulT(rec, hidden, normal, l.Up, kernels.Epilogue{Bias: l.UpBias, GELU: true})
		kernels.MatMulT(rec, x.out, hidden, l.Down, kernels.Epilogue{Bias: l.DownBias, Residual: x.v})
	})
	return wall, err
}
