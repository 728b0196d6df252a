package main

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"text/tabwriter"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"gonum.org/v1/plot/plotter"

	"headscope/explorer/bench"
	"headscope/explorer/eval"
	"headscope/explorer/workspace"
	"headscope/gpu"
	"headscope/models/gpt2"
)

// attentionFlags are those of bench attention.
type attentionFlags struct {
	benchFlags
	modelFlags
	options  bench.Attention
	cap      string
	capBytes uint64 // 0: the adapter's own limit
	longest  bool
	head     string
}

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
	cmd.Flags().IntSliceVar(&f.options.Lengths, "lengths", []int{128, 256, 512, 1024, 2048, 4096}, "tokens")
	cmd.Flags().IntVar(&f.options.Heads, "heads", 12, "heads")
	cmd.Flags().IntVar(&f.options.D, "d", 64, "columns of a head, a multiple of 4 up to 128")
	cmd.Flags().IntVar(&f.options.Block, "block", 0, "keys of a block, 0 for the best of the adapter")
	cmd.Flags().BoolVar(&f.options.Causal, "causal", true, "a token sees those up to itself only")
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
	f.options.Runs = f.runs
	if err := f.options.Check(); err != nil {
		return misuse{fmt.Errorf("--%w", err)} // the options are called as the flags
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
	ctx := cmd.Context()
	if err := a.loadHead(ctx, d, f); err != nil {
		return err
	}
	o := f.options
	if err := o.CheckOn(d); err != nil {
		return misuse{err}
	}
	fmt.Fprintf(a.out, "%s, %s, causal %v\n", d.Adapter, f.title(), o.Causal)
	bar := a.steps(len(o.Lengths) * len(bench.Methods()))
	rows := []bench.Row{}
	err = o.Run(ctx, d, func(row bench.Row) {
		rows = append(rows, row)
		bar.Add(1)
	})
	if err != nil && ctx.Err() == nil {
		return err
	}
	bar.Finish()
	if err := a.tellAttention(rows); err != nil {
		return err
	}
	var longest []bench.LongestRow
	if f.longest && ctx.Err() == nil {
		err := o.Longest(ctx, d, f.capBytes, rows, func(row bench.LongestRow) {
			longest = append(longest, row)
			fmt.Fprintf(a.out, "longest under %s a binding: %s, %s: %d tokens (%s); %s\n", gpu.Bytes(row.Cap), row.Of, row.Method, row.N, row.What, how(row))
		})
		if err != nil && ctx.Err() == nil {
			return err
		}
	}
	interrupted := ctx.Err() != nil
	if err := f.saveReport(d, report{Command: "bench attention", Rows: rows, Longest: longest, Interrupted: interrupted}); err != nil {
		return err
	}
	if err := f.drawPanels(fmt.Sprintf("Attention, %s, on %s", f.title(), d.Adapter.Name), attentionPanels(rows)); err != nil {
		return err
	}
	if interrupted && f.out != "" {
		a.remark("%s: %d measurements, as far as they went", f.out, len(rows))
	}
	return ctx.Err()
}

// loadHead runs the model of the flags and takes one head's queries, keys and values, if the
// flags ask for it.
func (a *app) loadHead(ctx context.Context, d *gpu.Device, f *attentionFlags) error {
	if f.head == "" {
		return nil
	}
	file, err := a.openModel(f.model)
	if err != nil {
		return err
	}
	defer file.Close()
	layer, head, err := parseHead(f.head, file.Config)
	if err != nil {
		return err
	}
	in, err := f.input(file)
	if err != nil {
		return err
	}
	m, err := eval.Load(ctx, d, file, nil)
	if err != nil {
		return err
	}
	defer m.Release()
	s := &loaded{device: d, file: file, model: m}
	acts := m.Activations(func(name string) bool { return name == gpt2.Name(layer, "qkv") })
	defer acts.Release()
	if err := s.pass(acts, in, eval.Options{LastOnly: true, NoBias: f.noBias}, nil); err != nil {
		return err
	}
	o := &f.options
	if o.Real, err = bench.NewRealHead(acts, layer, head, fmt.Sprintf("%s of %s", f.head, workspace.ModelName(file.Path))); err != nil {
		return err
	}
	o.Heads, o.D = 1, o.Real.D
	return nil
}

// title says of how many heads.
func (f *attentionFlags) title() string {
	if f.options.Heads == 1 {
		return fmt.Sprintf("one head of %d", f.options.D)
	}
	return fmt.Sprintf("%d heads of %d", f.options.Heads, f.options.D)
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
func (a *app) tellAttention(rows []bench.Row) error {
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

// how says how a row of the longest texts was run.
func how(r bench.LongestRow) string {
	if !r.Ran {
		return "not run: " + r.Skipped
	}
	heads := "all heads"
	if r.Heads == 1 {
		heads = "one head"
	}
	return fmt.Sprintf("ran with %s in %.1f s", heads, r.Seconds)
}

// attentionPanels are the charts of a report.
func attentionPanels(rows []bench.Row) []panel {
	panels := []panel{
		{x: "tokens", y: "time in milliseconds, median"},
		{x: "tokens", y: "memory: most bytes alive at once", label: func(v float64) string { return gpu.Bytes(uint64(v)) }},
		{x: "tokens", y: "error: largest difference from float64"},
	}
	for _, method := range bench.Methods() {
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
