package main

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"headscope/gpu"
	"headscope/models/tensor"
)

// report is what every benchmark writes.
type report struct {
	Command     string `json:"command"`
	Adapter     string `json:"adapter"`
	AdapterType string `json:"adapter_type"` // cpu, integrated, discrete or unknown
	Backend     string `json:"backend"`
	CPUs        int    `json:"cpus"`
	Rows        any    `json:"rows"`

	Longest     []longestRow `json:"longest,omitempty"`     // of bench attention
	Interrupted bool         `json:"interrupted,omitempty"` // there would have been more
}

// benchFlags are those of every benchmark.
type benchFlags struct {
	out, plot string
	runs      int
}

func (f *benchFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&f.out, "out", "o", "", "write the measurements as JSON")
	cmd.Flags().StringVar(&f.plot, "plot", "", "draw them (.png or .svg)")
	cmd.Flags().IntVar(&f.runs, "runs", 7, "measured runs of each, after some that are not")
}

func (a *app) bench() *cobra.Command {
	cmd := &cobra.Command{Use: "bench", Short: "Measure speed: attention, matmul, load, draw", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return misuse{fmt.Errorf("say what to measure: headscope bench attention|matmul|load|draw")}
		}}
	cmd.AddCommand(a.benchMatMul(), a.benchLoad(), a.benchDraw(), a.benchAttention())
	return cmd
}

// save writes the rows as JSON where -o says.
func (f *benchFlags) save(command string, d *gpu.Device, rows any) error {
	return f.saveReport(d, report{Command: command, Rows: rows})
}

// saveReport writes a report where -o says, with what it says of the machine.
func (f *benchFlags) saveReport(d *gpu.Device, r report) error {
	if f.out == "" {
		return nil
	}
	r.Adapter, r.AdapterType, r.Backend, r.CPUs = d.Adapter.Name, d.Adapter.Type, d.Adapter.Backend, runtime.NumCPU()
	return tensor.WriteFile(f.out, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", " ")
		return e.Encode(r)
	})
}

// timing is the distribution of repeated runs, in milliseconds.
type timing struct {
	Median float64 `json:"ms_median"`
	Min    float64 `json:"ms_min"`
	GPU    float64 `json:"gpu_ms,omitempty"` // median by the adapter's own clock
	Runs   int     `json:"runs"`
}

func newTiming(wall, gpu []time.Duration) timing {
	t := timing{Median: median(wall), Min: ms(slices.Min(wall)), Runs: len(wall)}
	if len(gpu) > 0 {
		t.GPU = median(gpu)
	}
	return t
}

func median(d []time.Duration) float64 {
	d = slices.Sorted(slices.Values(d))
	return (ms(d[(len(d)-1)/2]) + ms(d[len(d)/2])) / 2
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
