package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"headscope/explorer/bench"
	"headscope/explorer/eval"
	"headscope/gpu"
	"headscope/models/gpt2"
)

// loadRow is one measurement: a model's files, in the page cache, to the device's buffers.
type loadRow struct {
	Format string  `json:"format"`
	Bytes  int64   `json:"bytes"`    // of the files
	Speed  float64 `json:"gb_per_s"` // 1e9 bytes of files a second at the median
	bench.Timing
}

// loadFormats are the forms of gpt2.Save that are measured, by the ending of their name.
var loadFormats = []struct{ name, ending string }{
	{"safetensors", ".safetensors"}, {"npy", "-npy"}, {"npz", ".npz"}, {"csv", "-csv"},
}

func (a *app) benchLoad() *cobra.Command {
	var f benchFlags
	var layers int
	cmd := &cobra.Command{
		Use:   "load",
		Short: "From files in the page cache to buffers on the device, by format",
		Long: `Write a model of GPT-2 small's shape with random weights in each format to a
temporary folder, and measure how fast it gets from the page cache to the device:
decoding, the look for NaN, and the upload. The csv is mm's folder: a file a head's
matrix, without embeddings and MLP.`,
		Args: noArgs,
		RunE: job(func(cmd *cobra.Command, _ []string) error {
			if err := f.check(); err != nil {
				return err
			}
			if layers < 1 || layers > gpt2.Small.Layers {
				return misuse{fmt.Errorf("--layers %d: expected 1 to %d", layers, gpt2.Small.Layers)}
			}
			d, err := gpu.Open(a.adapter)
			if err != nil {
				return err
			}
			defer d.Release()
			rows, err := a.measureLoads(cmd.Context(), d, layers, f.runs)
			if err != nil {
				return err
			}
			if err := f.save("bench load", d, rows); err != nil {
				return err
			}
			b := bars{title: "From the page cache to the device", note: d.Adapter.Name, y: "GB/s of files", series: []string{"load"}}
			for _, r := range rows {
				b.groups, b.values = append(b.groups, r.Format), append(b.values, []float64{r.Speed})
			}
			return f.draw(b)
		}),
	}
	f.add(cmd)
	cmd.Flags().IntVar(&layers, "layers", gpt2.Small.Layers, "layers of the model: fewer take less room on the disk")
	return cmd
}

func (a *app) measureLoads(ctx context.Context, d *gpu.Device, layers, runs int) ([]loadRow, error) {
	dir, err := os.MkdirTemp("", "headscope-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	cfg := gpt2.Small
	cfg.Layers = layers
	model := gpt2.Synthetic(cfg, 1)
	defer model.Close()

	fmt.Fprintf(a.out, "%s\n", d.Adapter)
	w := tabwriter.NewWriter(a.out, 2, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "format\tsize\tmedian\tGB/s\t\n")
	var rows []loadRow
	for _, form := range loadFormats {
		path := filepath.Join(dir, "model"+form.ending)
		if err := gpt2.Save(ctx, model, path, nil); err != nil {
			return nil, err
		}
		size, err := sizeOf(path)
		if err != nil {
			return nil, err
		}
		if err := flush(path); err != nil {
			return nil, err
		}
		var wall []time.Duration
		for run := range runs + 2 {
			t, err := timeLoad(ctx, d, path)
			if err != nil {
				return nil, err
			}
			if run > 1 { // the first runs fill the page cache and bring the process to its size
				wall = append(wall, t)
			}
		}
		r := loadRow{Format: form.name, Bytes: size, Timing: bench.NewTiming(wall, nil)}
		r.Speed = float64(size) / r.Median / 1e6
		rows = append(rows, r)
		fmt.Fprintf(w, "%s\t%s\t%.0f ms\t%.2f\t\n", r.Format, gpu.Bytes(uint64(size)), r.Median, r.Speed)
		if err := os.RemoveAll(path); err != nil {
			return nil, err
		}
	}
	return rows, w.Flush()
}

// timeLoad opens and uploads a model once.
func timeLoad(ctx context.Context, d *gpu.Device, path string) (time.Duration, error) {
	start := time.Now()
	m, err := gpt2.Open(path)
	if err != nil {
		return 0, err
	}
	defer m.Close()
	model, err := eval.Load(ctx, d, m, nil)
	if err != nil {
		return 0, err
	}
	defer model.Release()
	if err := d.Wait(); err != nil {
		return 0, err
	}
	return time.Since(start), nil
}

// sizeOf adds up a file or the files of a folder.
func sizeOf(path string) (size int64, err error) {
	err = filepath.WalkDir(path, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	return size, err
}

// flush waits until a file or the files of a folder are on the disk, so that writing them
// back does not run beside the measurement. They stay in the page cache.
func flush(path string) error {
	return filepath.WalkDir(path, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		defer f.Close()
		return f.Sync()
	})
}
