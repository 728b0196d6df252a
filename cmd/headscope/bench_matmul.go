package main

import (
	"fmt"
	"math/rand"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"

	"headscope/explorer/bench"
	"headscope/gpu"
	"headscope/gpu/kernels"
)

// matMulRow is one measurement of C [m, n] = A [m, k] B [k, n]. The kernels find B as the
// forward pass keeps weights, transposed; gonum has it row-major.
type matMulRow struct {
	M      int     `json:"m"`
	K      int     `json:"k"`
	N      int     `json:"n"`
	Method string  `json:"method"` // naive, chosen or gonum
	Speed  float64 `json:"gflops"` // 1e9 FLOP a second at the median
	bench.Timing
	Peak float64 `json:"peak_fraction,omitempty"` // of the measured FMA peak, GPUs only
}

// The products of GPT-2 small: Q, K, V and the MLP's two, for a prompt of 256 and of 1024
// tokens; the same for one token; the logits of one token.
var matMulShapes = [][3]int{
	{256, 768, 2304}, {256, 768, 3072}, {256, 3072, 768},
	{1024, 768, 2304}, {1024, 768, 3072},
	{1, 768, 768}, {1, 768, 3072}, {1, 768, 50257},
}

func (a *app) benchMatMul() *cobra.Command {
	var f benchFlags
	cmd := &cobra.Command{
		Use:   "matmul",
		Short: "Matrix products of GPT-2's shapes: naive and chosen kernel against gonum's on the CPU",
		Args:  noArgs,
		RunE: job(func(cmd *cobra.Command, _ []string) error {
			if err := f.check(); err != nil {
				return err
			}
			d, err := gpu.Open(a.adapter)
			if err != nil {
				return err
			}
			defer d.Release()
			rows, err := a.measureMatMuls(cmd, d, f.runs)
			if err != nil {
				return err
			}
			if err := f.save("bench matmul", d, rows); err != nil {
				return err
			}
			return f.draw(matMulBars(rows, d))
		}),
	}
	f.add(cmd)
	return cmd
}

func (a *app) measureMatMuls(cmd *cobra.Command, d *gpu.Device, runs int) ([]matMulRow, error) {
	peak := 0.0
	if !d.Adapter.Software() {
		var err error
		if peak, err = kernels.FMAPeak(d); err != nil {
			return nil, err
		}
	}
	fmt.Fprintf(a.out, "%s\n", d.Adapter)
	if peak > 0 {
		fmt.Fprintf(a.out, "measured peak of multiply-adds: %.0f GFLOP/s\n", peak/1e9)
	}
	w := tabwriter.NewWriter(a.out, 2, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "m x k x n\tnaive\tchosen\tgonum\tGFLOP/s\tchosen / naive\tchosen / gonum\t\n")
	var rows []matMulRow
	for _, s := range matMulShapes {
		three, err := measureMatMul(cmd, d, s[0], s[1], s[2], runs)
		if err != nil {
			return nil, err
		}
		if peak > 0 {
			three[1].Peak = three[1].Speed * 1e9 / peak
		}
		naive, chosen, gonum := three[0].Speed, three[1].Speed, three[2].Speed
		fmt.Fprintf(w, "%d x %d x %d\t%.2f\t%.2f\t%.2f\t\t%.1f\t%.2f\t\n", s[0], s[1], s[2], naive, chosen, gonum, chosen/naive, chosen/gonum)
		rows = append(rows, three...)
	}
	return rows, w.Flush()
}

// measureMatMul times the three methods in turn, run by run, so that whatever else the
// machine does falls on all of them.
func measureMatMul(cmd *cobra.Command, d *gpu.Device, m, k, n, runs int) ([]matMulRow, error) {
	rng := rand.New(rand.NewSource(1))
	data := func(n int) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = rng.Float32() - 0.5
		}
		return x
	}
	x, y := data(m*k), data(k*n)
	a, err := d.Upload("a", m, k, x)
	if err != nil {
		return nil, err
	}
	defer a.Buffer.Release()
	b, release, err := uploadTransposed(d, k, n, y)
	if err != nil {
		return nil, err
	}
	defer release()
	c, err := d.NewTensor("c", 1, m, n)
	if err != nil {
		return nil, err
	}
	defer c.Buffer.Release()
	onCPU := blas32.General{Rows: m, Cols: n, Stride: n, Data: make([]float32, m*n)}

	wall, own := make([][]time.Duration, 3), make([][]time.Duration, 3)
	for run := range runs + 1 {
		for i, method := range []kernels.Method{kernels.Naive, kernels.Auto} {
			if cmd.Context().Err() != nil {
				return nil, cmd.Context().Err()
			}
			t, g, err := d.Time("matmul", func(r *gpu.Recorder) {
				first := 0
				for _, part := range b {
					kernels.MatMulBy(r, method, c.Part(0, m, first, part.Rows), a, part, true, kernels.Epilogue{})
					first += part.Rows
				}
			})
			if err != nil {
				return nil, err
			}
			if run > 0 { // the first run compiles
				wall[i], own[i] = append(wall[i], t), append(own[i], g)
			}
		}
		start := time.Now()
		blas32.Gemm(blas.NoTrans, blas.NoTrans, 1, blas32.General{Rows: m, Cols: k, Stride: k, Data: x}, blas32.General{Rows: k, Cols: n, Stride: n, Data: y}, 0, onCPU)
		if run > 0 {
			wall[2] = append(wall[2], time.Since(start))
		}
	}
	rows := make([]matMulRow, 3)
	for i, method := range []string{"naive", "chosen", "gonum"} {
		rows[i] = matMulRow{M: m, K: k, N: n, Method: method, Timing: bench.NewTiming(wall[i], own[i])}
		rows[i].Speed = 2 * float64(m) * float64(k) * float64(n) / rows[i].Median / 1e6
	}
	return rows, nil
}

// uploadTransposed uploads a matrix as the forward pass keeps weights: transposed, in as
// many ranges of rows as the binding limit asks for.
func uploadTransposed(d *gpu.Device, rows, cols int, data []float32) (parts []gpu.Tensor, release func(), err error) {
	release = func() {
		for _, p := range parts {
			p.Buffer.Release()
		}
	}
	most := int(d.Limits.StorageBinding/uint64(4*rows)) &^ 3
	for first := 0; first < cols; first += most {
		n := min(most, cols-first)
		part := make([]float32, 0, rows*n)
		for c := first; c < first+n; c++ {
			for r := range rows {
				part = append(part, data[r*cols+c])
			}
		}
		t, err := d.Upload("b", n, rows, part)
		if err != nil {
			release()
			return nil, nil, err
		}
		parts = append(parts, t)
	}
	return parts, release, nil
}

func matMulBars(rows []matMulRow, d *gpu.Device) bars {
	b := bars{title: "Matrix products of GPT-2's shapes", note: d.Adapter.Name, y: "GFLOP/s", series: []string{"naive", "chosen", "gonum"}}
	for i := 0; i < len(rows); i += 3 {
		b.groups = append(b.groups, fmt.Sprintf("%d x %d x %d", rows[i].M, rows[i].K, rows[i].N))
		b.values = append(b.values, []float64{rows[i].Speed, rows[i+1].Speed, rows[i+2].Speed})
	}
	return b
}
