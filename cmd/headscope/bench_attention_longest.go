package main

import (
	"fmt"
	"math"
	"sort"
	"time"

	"headscope/gpu"
	"headscope/gpu/kernels"
)

// longestRow is the longest text of a method under a limit of one binding.
type longestRow struct {
	Method  string  `json:"method"`    // full, blockwise, blockwise-layer
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
	{"full", "attention", "the scores of all heads", func(n, heads, d int) [3]int { return [3]int{heads, n, n} }},
	{"blockwise", "attention", "queries, keys, values or results of all heads", func(n, heads, d int) [3]int { return [3]int{1, n, heads * d} }},
	{"full", "layer", "the scores of all heads", func(n, heads, d int) [3]int { return [3]int{heads, n, n} }},
	{"blockwise", "layer", "the whole hidden layer of the FFN", func(n, heads, d int) [3]int { return [3]int{1, n, 4 * heads * d} }},
	{layerMethod, "layer", "the stream, keys or values", func(n, heads, d int) [3]int { return [3]int{1, n, heads * d} }},
}

// longest finds and runs the longest texts.
func (b *attentionBench) longest(a *app, rows []attentionRow) (found []longestRow, err error) {
	speed := 5e9 // FLOP/s, until something was measured
	for _, r := range rows {
		if r.GFLOPs > 0 && r.Method == "blockwise" {
			speed = r.GFLOPs * 1e9
		}
	}
	for _, c := range longestCases {
		n := sort.Search(maxLength, func(n int) bool { return bytesOf(c.shape(n+1, b.f.heads, b.f.d)) > b.f.capBytes })
		row := longestRow{Method: c.method, Of: c.of, Cap: b.f.capBytes, N: n, What: c.what}
		if n == 0 {
			row.Skipped = fmt.Sprintf("not one token fits: %s takes %s", c.what, gpu.Bytes(bytesOf(c.shape(1, b.f.heads, b.f.d))))
		} else {
			width := float64(b.f.heads * b.f.d)
			work := 4*float64(n)*float64(n)*width/2 + 24*float64(n)*width*width
			row.Heads = b.f.heads
			if work/speed > longRun.Seconds() {
				row.Heads = 1
			}
			if err := b.runLongest(&row); err != nil {
				return found, err
			}
		}
		found = append(found, row)
		fmt.Fprintf(a.out, "longest under %s a binding: %s, %s: %d tokens (%s); %s\n", gpu.Bytes(row.Cap), row.Of, row.Method, row.N, row.What, row.how())
	}
	return found, nil
}

// how says how a row was run.
func (r longestRow) how() string {
	if !r.Ran {
		return "not run: " + r.Skipped
	}
	heads := "all heads"
	if r.Heads == 1 {
		heads = "one head"
	}
	return fmt.Sprintf("ran with %s in %.1f s", heads, r.Seconds)
}

// runLongest runs a method at its longest.
func (b *attentionBench) runLongest(row *longestRow) error {
	n, heads, d := row.N, row.Heads, b.f.d
	width := heads * d
	l := b.layer
	if l == nil || l.Heads != heads {
		var err error
		if l, err = newBenchLayer(b.d, heads, d); err != nil {
			return err
		}
		defer l.release()
	}
	stream := [3]int{1, n, width}
	shapes := [][3]int{stream, stream, stream, stream}
	if row.Method == "full" {
		shapes = append(shapes, b.squareShapes(n, heads)...)
	}
	if row.Of == "layer" && row.Method != layerMethod {
		shapes = append(shapes, stream, [3]int{1, n, 4 * width}, [3]int{1, n, 3 * width})
	}
	if row.Skipped = b.over(n, shapes, 0); row.Skipped != "" {
		return nil
	}
	x, err := b.newLayerData(n, heads, width)
	if err != nil {
		return err
	}
	defer x.release()
	var wall time.Duration
	if row.Method == layerMethod {
		wall, _, err = b.runLayer(n, l, x)
	} else {
		wall, err = b.runWhole(row, l, x)
	}
	if err != nil {
		return err
	}
	if err := kernels.CheckFinite(b.d, x.out); err != nil {
		return err
	}
	row.Ran, row.Seconds = true, math.Round(wall.Seconds()*100)/100
	return nil
}

// runWhole times attention alone, or a layer whose FFN is computed for all tokens at once.
func (b *attentionBench) runWhole(row *longestRow, l *benchLayer, x *layerData) (time.Duration, error) {
	n, heads, width := row.N, row.Heads, row.Heads*b.f.d
	a := b.attention()
	shapes := [][3]int{{1, 1, kernels.BlockwiseWork(b.d, heads, n, n, b.f.d, a)}}
	if row.Method == "full" {
		shapes = b.squareShapes(n, heads)
	}
	if row.Of == "layer" {
		shapes = append(shapes, [3]int{1, n, width}, [3]int{1, n, 3 * width}, [3]int{1, n, 4 * width})
	}
	lse := x.lse.Buffer.Packed(heads, n)
	wall, _, err := b.run(shapes, func(r *gpu.Recorder, work []gpu.Tensor) {
		attend := func(out, q, k, v gpu.Tensor) {
			if row.Method == "full" {
				fullAttention(r, out, lse, work, q, k, v, a, true)
			} else {
				kernels.BlockwiseAttention(r, out, lse, work[0], q, k, v, a)
			}
		}
		if row.Of == "attention" {
			// The stream stands for queries, keys and values.
			attend(x.out.Heads(heads), x.x.Heads(heads), x.x.Heads(heads), x.x.Heads(heads))
			return
		}
		rest := work[len(work)-3:]
		normal, qkv, hidden := rest[0], rest[1], rest[2]
		third := func(i int) gpu.Tensor { return qkv.Part(0, n, i*width, width).Heads(heads) }
		kernels.LayerNorm(r, normal, x.x, l.Gain1, l.Bias1, l.Eps)
		kernels.MatMulT(r, qkv, normal, l.QKV, kernels.Epilogue{Bias: l.QKVBias})
		attend(x.k.Heads(heads), third(0), third(1), third(2))
		kernels.MatMulT(r, x.v, x.k, l.Out, kernels.Epilogue{Bias: l.OutBias, Residual: x.x})
		kernels.LayerNorm(r, normal, x.v, l.Gain2, l.Bias2, l.Eps)
		kernels.MatMulT(r, hidden, normal, l.Up, kernels.Epilogue{Bias: l.UpBias, GELU: true})
		kernels.MatMulT(r, x.out, hidden, l.Down, kernels.Epilogue{Bias: l.DownBias, Residual: x.v})
	})
	return wall, err
}
