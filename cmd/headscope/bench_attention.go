package main

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"text/tabwriter"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"gonum.org/v1/plot/plotter"

	"headscope/gpu"
	"headscope/gpu/kernels"
)

// attentionRow is one measurement: a method at a length.
type attentionRow struct {
	N      int    `json:"n"`
	Heads  int    `json:"heads"`
	D      int    `json:"d"`
	Causal bool   `json:"causal"`
	Block  int    `json:"block"`  // keys
	Method string `json:"method"` // full, full-skip, blockwise, blockwise-layer
	Data   string `json:"data"`   // where q, k and v come from
	timing
	Peak     uint64   `json:"bytes_peak,omitempty"`    // alive at once, inputs and results included
	Binding  uint64   `json:"bytes_binding,omitempty"` // of the largest single binding
	Error    *float64 `json:"max_abs_err,omitempty"`   // against float64 on the CPU, in rows all over the matrix
	MaxLogit float64  `json:"max_logit,omitempty"`     // largest |score| of these rows
	GFLOPs   float64  `json:"gflops,omitempty"`        // of the products that the mask leaves
	GBps     float64  `json:"gb_per_s,omitempty"`      // of what the method has to read and write
	Skipped  string   `json:"skipped,omitempty"`       // why it was not run
}

// attentionFlags are those of bench attention.
type attentionFlags struct {
	benchFlags
	modelFlags
	lengths  []int
	heads, d int
	block    int
	causal   bool
	cap      string
	longest  bool
	head     string

	capBytes uint64
}

// maxLength bounds the lengths that can be asked for: indices of an f32 matrix of 4 columns.
const maxLength = 1 << 24

func (a *app) benchAttention() *cobra.Command {
	var f attentionFlags
	cmd := &cobra.Command{
		Use:   "attention",
		Short: "Full against blockwise attention: time, memory, error, and the longest text",
		Long: `Measure ways to compute attention over texts of several lengths, on the same queries,
keys and values: time, the most bytes alive at once, the largest single binding, and the
error against float64 on the CPU.

  full             all scores, masked softmax, times V
  full-skip        the same without the triangle above the diagonal
  blockwise        one pass over blocks of keys for each block of queries, with an online
                   softmax (FlashAttention-2): the scores exist a block at a time
  blockwise-layer  a whole layer with its FFN, all of it a block of queries at a time
                   (Blockwise Parallel Transformer)

Queries, keys and values are random, or, with --head L5H4 and a prompt, a model's own as far
as the prompt goes. --longest also finds the longest text of each method under --cap bytes
a binding, and runs it once. Ctrl-C keeps what was measured.`,
		Example: `  headscope bench attention --lengths 512,1024,2048 --heads 1 --plot attention.png
  headscope bench attention --longest --cap 128MiB -o attention.json
  headscope bench attention --head L5H4 --prompt-file text.txt --lengths 64,128`,
		Args: noArgs,
		RunE: job(func(cmd *cobra.Command, _ []string) error { return a.runBenchAttention(cmd, &f) }),
	}
	f.benchFlags.add(cmd)
	f.modelFlags.add(cmd)
	cmd.Flags().IntSliceVar(&f.lengths, "lengths", []int{128, 256, 512, 1024, 2048, 4096}, "tokens")
	cmd.Flags().IntVar(&f.heads, "heads", 12, "heads")
	cmd.Flags().IntVar(&f.d, "d", 64, "columns of a head, a multiple of 4 up to 128")
	cmd.Flags().IntVar(&f.block, "block", 0, "keys of a block, 0 for the best of the adapter")
	cmd.Flags().BoolVar(&f.causal, "causal", true, "a token sees those up to itself only")
	cmd.Flags().StringVar(&f.head, "head", "", "a model's own head, such as L5H4, as far as the prompt goes")
	cmd.Flags().StringVar(&f.cap, "cap", "", "most bytes of one binding for --longest, such as 128MiB (default: the adapter's)")
	cmd.Flags().BoolVar(&f.longest, "longest", false, "find the longest text of each method, and run it")
	return cmd
}

// check refuses wrong flags before a device is opened.
func (f *attentionFlags) check() (err error) {
	if err := f.benchFlags.check(); err != nil {
		return err
	}
	if len(f.lengths) == 0 {
		return misuse{errors.New("--lengths: at least one is needed")}
	}
	for _, n := range f.lengths {
		if n < 1 || n > maxLength {
			return misuse{fmt.Errorf("--lengths %d: expected 1 to %d tokens", n, maxLength)}
		}
	}
	if f.heads < 1 || f.heads > 1024 {
		return misuse{fmt.Errorf("--heads %d: expected 1 to 1024", f.heads)}
	}
	if f.block < 0 {
		return misuse{fmt.Errorf("--block %d: expected a number of keys", f.block)}
	}
	if f.cap != "" {
		f.capBytes, err = parseBytes(f.cap)
	}
	return err
}

var bytesRE = regexp.MustCompile(`^(\d+(?:\.\d+)?)\s*(B|KiB|MiB|GiB)$`)

// parseBytes reads "128MiB".
func parseBytes(s string) (uint64, error) {
	m := bytesRE.FindStringSubmatch(s)
	if m == nil {
		return 0, misuse{fmt.Errorf("--cap %q: expected a number with a unit, B, KiB, MiB or GiB, for example 128MiB", s)}
	}
	v, err := strconv.ParseFloat(m[1], 64)
	bytes := v * float64(uint64(1)<<(10*slices.Index([]string{"B", "KiB", "MiB", "GiB"}, m[2])))
	if err != nil || bytes < 1 || bytes > 1<<50 {
		return 0, misuse{fmt.Errorf("--cap %q: expected 1 B to 1048576 GiB", s)}
	}
	return uint64(bytes), nil
}

func (a *app) runBenchAttention(cmd *cobra.Command, f *attentionFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	d, err := gpu.Open(a.adapter)
	if err != nil {
		return err
	}
	defer d.Release()
	b, err := a.newAttentionBench(cmd.Context(), d, f)
	if err != nil {
		return err
	}
	defer b.release()
	if err := b.attention().Check(d, f.d); err != nil {
		return misuse{err}
	}
	if f.capBytes == 0 || f.capBytes > d.Limits.StorageBinding {
		f.capBytes = d.Limits.StorageBinding
	}
	fmt.Fprintf(a.out, "%s, %s, causal %v\n", d.Adapter, f.title(), f.causal)
	bar := a.steps(len(f.lengths) * (len(attentionMethods) + 1))
	rows := []attentionRow{}
	for _, n := range f.lengths {
		more, err := b.measure(n, bar)
		rows = append(rows, more...)
		if err != nil && b.ctx.Err() == nil {
			return err
		}
	}
	bar.Finish()
	if err := a.tellAttention(rows); err != nil {
		return err
	}
	var longest []longestRow
	if f.longest && b.ctx.Err() == nil {
		if longest, err = b.longest(a, rows); err != nil && b.ctx.Err() == nil {
			return err
		}
	}
	interrupted := b.ctx.Err() != nil
	if err := f.saveReport(d, report{Command: "bench attention", Rows: rows, Longest: longest, Interrupted: interrupted}); err != nil {
		return err
	}
	if err := f.drawPanels(fmt.Sprintf("Attention, %s, on %s", f.title(), d.Adapter.Name), attentionPanels(rows)); err != nil {
		return err
	}
	if interrupted && f.out != "" {
		a.remark("%s: %d measurements, as far as they went", f.out, len(rows))
	}
	return b.ctx.Err()
}

// title says of how many heads.
func (f *attentionFlags) title() string {
	if f.heads == 1 {
		return fmt.Sprintf("one head of %d", f.d)
	}
	return fmt.Sprintf("%d heads of %d", f.heads, f.d)
}

// steps is a progress bar of so many steps, on a terminal.
func (a *app) steps(n int) *progressbar.ProgressBar {
	if !a.terminal() {
		return progressbar.DefaultSilent(int64(n))
	}
	return progressbar.NewOptions(n, progressbar.OptionSetWriter(a.errs), progressbar.OptionSetDescription("measuring"),
		progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
}

// tellAttention prints the table.
func (a *app) tellAttention(rows []attentionRow) error {
	w := tabwriter.NewWriter(a.out, 2, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "n\tmethod\tmedian\tGFLOP/s\tpeak\tbinding\terror\t\n")
	for _, row := range rows {
		if row.Skipped != "" {
			fmt.Fprintf(w, "%d\t%s\t-\t-\t%s\t%s\t-\t\n", row.N, row.Method, gpu.Bytes(row.Peak), gpu.Bytes(row.Binding))
			continue
		}
		err := "-"
		if row.Error != nil {
			err = fmt.Sprintf("%.1e", *row.Error)
		}
		fmt.Fprintf(w, "%d\t%s\t%.1f ms\t%.1f\t%s\t%s\t%s\t\n", row.N, row.Method, row.Median, row.GFLOPs, gpu.Bytes(row.Peak), gpu.Bytes(row.Binding), err)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, row := range rows {
		if row.Skipped != "" {
			fmt.Fprintf(a.out, "not run: %s\n", row.Skipped)
		}
	}
	return nil
}

// attentionPanels are the charts of a report.
func attentionPanels(rows []attentionRow) []panel {
	panels := []panel{
		{x: "tokens", y: "time in milliseconds, median"},
		{x: "tokens", y: "memory: most bytes alive at once", label: func(v float64) string { return gpu.Bytes(uint64(v)) }},
		{x: "tokens", y: "error: largest difference from float64"},
	}
	for _, method := range []string{"full", "full-skip", "blockwise", layerMethod} {
		var at [3]plotter.XYs
		for _, r := range rows {
			if r.Method != method || r.Skipped != "" {
				continue
			}
			add := func(i int, y float64) {
				if y > 0 && !math.IsInf(y, 0) {
					at[i] = append(at[i], plotter.XY{X: float64(r.N), Y: y})
				}
			}
			add(0, r.Median)
			add(1, float64(r.Peak))
			if r.Error != nil {
				add(2, *r.Error)
			}
		}
		for i := range panels {
			panels[i].curves = append(panels[i].curves, curve{method, at[i]})
		}
	}
	return panels
}

// attention is what the flags say of it.
func (b *attentionBench) attention() kernels.Attention {
	a := kernels.Attention{Mask: kernels.Mask{Causal: b.f.causal}, BlockK: b.f.block}
	if b.d.Family == gpu.Registers {
		a.BlockQ = b.f.block
	}
	return a
}
