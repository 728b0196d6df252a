package main

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"

	"github.com/spf13/cobra"

	"headscope/explorer/bench"
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

	Longest     []bench.LongestRow `json:"longest,omitempty"`     // of bench attention
	Interrupted bool               `json:"interrupted,omitempty"` // there would have been more
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
