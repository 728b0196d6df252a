package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"headscope/gpu"
	"headscope/gpu/kernels"
)

// doctor prints what the machine offers and checks every kernel on it.
func (a *app) doctor() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Adapters, limits, versions, and a self-test of every kernel against the CPU",
		Args:  noArgs,
		RunE: job(func(*cobra.Command, []string) error {
			a.printVersions()
			infos, err := gpu.Adapters()
			if err != nil {
				return err
			}
			for _, i := range infos {
				a.printAdapter(i)
			}
			return a.selfTest()
		}),
	}
}

func (a *app) printVersions() {
	fmt.Fprintf(a.out, "headscope, %s %s/%s, %d CPUs\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return
	}
	for _, d := range info.Deps {
		if strings.HasPrefix(d.Path, "github.com/rajveermalviya/") || strings.HasPrefix(d.Path, "github.com/go-gl/") {
			fmt.Fprintf(a.out, "  %s %s\n", d.Path, d.Version)
		}
	}
}

func (a *app) printAdapter(i gpu.AdapterInfo) {
	fmt.Fprintf(a.out, "\nadapter %s\n", i)
	w := tabwriter.NewWriter(a.out, 2, 4, 2, ' ', 0)
	defer w.Flush()
	l := i.Limits
	fmt.Fprintf(w, "  driver\t%s\n", i.Driver)
	fmt.Fprintf(w, "  buffer\t%s\n", gpu.Bytes(l.BufferSize))
	fmt.Fprintf(w, "  storage binding\t%s, %d a stage\n", gpu.Bytes(l.StorageBinding), l.StorageBuffers)
	fmt.Fprintf(w, "  workgroup\t%d invocations, %s of memory, %d groups a dimension\n", l.WorkgroupSize, gpu.Bytes(uint64(l.WorkgroupStorage)), l.WorkgroupsPerDim)
	fmt.Fprintf(w, "  texture\t%d a side\n", l.TextureSize)
}

// selfTest runs both families of kernels and prints each one's worst error.
func (a *app) selfTest() error {
	d, err := gpu.Open(a.adapter)
	if err != nil {
		return err
	}
	defer d.Release()
	fmt.Fprintf(a.out, "\nself-test on %s\n", d.Adapter)
	w := tabwriter.NewWriter(a.out, 2, 4, 2, ' ', 0)
	fmt.Fprintf(w, "  kernel\tshapes\tworst error\tof what is tolerated\t\n")
	results, err := kernels.SelfTest(d, kernels.Shapes)
	if err != nil {
		return err
	}
	wrong := 0
	for len(results) > 0 {
		n := 0
		worst := results[0]
		for n < len(results) && results[n].Kernel == worst.Kernel {
			worst.Worst = max(worst.Worst, results[n].Worst)
			worst.Excess = max(worst.Excess, results[n].Excess)
			n++
		}
		verdict := "ok"
		if worst.Excess > 1 {
			verdict = "WRONG"
			wrong++
		}
		fmt.Fprintf(w, "  %s\t%d\t%.2g\t%.0f %%\t%s\n", worst.Kernel, n, worst.Worst, 100*worst.Excess, verdict)
		results = results[n:]
	}
	w.Flush()
	if wrong > 0 {
		return fmt.Errorf("%d kernels compute wrongly on %s: update its driver, or use another adapter with --adapter", wrong, d.Adapter)
	}
	fmt.Fprintln(a.out, "all kernels agree with the CPU")
	return nil
}
