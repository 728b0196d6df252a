package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"headscope/gpu"
	"headscope/gpu/kernels"
	"headscope/gpu/render"
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
	var worst []kernels.Result // of each kernel over shapes and families, in their order
	comparisons := map[string]int{}
	for _, d.Family = range []gpu.Family{gpu.Registers, gpu.Workgroups} {
		results, err := kernels.SelfTest(d, kernels.Shapes)
		if err != nil {
			return err
		}
		drawing, err := render.SelfTest(d, kernels.Shapes)
		if err != nil {
			return err
		}
		for _, r := range append(results, drawing...) {
			comparisons[r.Kernel]++
			i := slices.IndexFunc(worst, func(w kernels.Result) bool { return w.Kernel == r.Kernel })
			if i < 0 {
				worst = append(worst, r)
				continue
			}
			worst[i].Worst, worst[i].Excess = max(worst[i].Worst, r.Worst), max(worst[i].Excess, r.Excess)
		}
	}
	w := tabwriter.NewWriter(a.out, 2, 4, 2, ' ', 0)
	fmt.Fprintf(w, "  kernel\tcomparisons\tworst error\tof what is tolerated\t\n")
	wrong := 0
	for _, r := range worst {
		verdict := "ok"
		if r.Excess > 1 {
			verdict = "WRONG"
			wrong++
		}
		fmt.Fprintf(w, "  %s\t%d\t%.2g\t%.0f %%\t%s\n", r.Kernel, comparisons[r.Kernel], r.Worst, 100*r.Excess, verdict)
	}
	w.Flush()
	if wrong > 0 {
		return fmt.Errorf("%d kernels compute wrongly on %s: update its driver, or use another adapter with --adapter", wrong, d.Adapter)
	}
	fmt.Fprintln(a.out, "all kernels agree with the CPU")
	return nil
}
