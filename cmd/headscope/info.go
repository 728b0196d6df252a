package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"headscope/explorer/eval"
	"headscope/gpu"
	"headscope/models/gpt2"
)

// info prints what a model's files hold.
func (a *app) info() *cobra.Command {
	var f modelFlags
	var tensors bool
	cmd := &cobra.Command{
		Use:   "info",
		Short: "Print a model's contents: sizes, format, tensors, memory",
		Args:  noArgs,
		RunE: job(func(cmd *cobra.Command, _ []string) error {
			m, err := a.openModel(f.model)
			if err != nil {
				return err
			}
			defer m.Close()
			a.printInfo(m, tensors)
			return nil
		}),
	}
	f.addModel(cmd)
	cmd.Flags().BoolVar(&tensors, "tensors", false, "list every tensor")
	return cmd
}

func (a *app) printInfo(m *gpt2.Model, tensors bool) {
	c := m.Config
	w := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
	defer w.Flush()
	fmt.Fprintf(w, "model\t%s\n", m.Path)
	fmt.Fprintf(w, "format\t%s\n", m.Format)
	fmt.Fprintf(w, "layers x heads\t%d x %d\n", c.Layers, c.Heads)
	fmt.Fprintf(w, "width\t%d (%d a head)\n", c.Width, c.HeadWidth())
	if m.HeadsOnly() {
		fmt.Fprintf(w, "holds\theads only: runs on recorded activations (--inputs)\n")
	} else {
		fmt.Fprintf(w, "hidden\t%d\n", c.Hidden)
		fmt.Fprintf(w, "context\t%d tokens\n", c.Context)
		fmt.Fprintf(w, "vocabulary\t%d\n", c.Vocab)
	}
	if t := m.Tokenizer; t != nil {
		fmt.Fprintf(w, "tokenizer\t%d tokens\n", t.Vocab())
	} else if !m.HeadsOnly() {
		fmt.Fprintf(w, "tokenizer\tnone known: put vocab.json and merges.txt beside the weights\n")
	}
	params, types := 0, map[string]int{}
	for _, s := range m.Tensors() {
		params += s.Len()
		types[s.Dtype.String()]++
	}
	fmt.Fprintf(w, "stored\t%d tensors, %.4g million values, %v\n", len(m.Tensors()), float64(params)/1e6, types)
	fmt.Fprintf(w, "on the device\t%s of weights (float32)\n", gpu.Bytes(eval.WeightBytes(m)))
	for _, n := range m.Notes {
		fmt.Fprintf(w, "note\t%s\n", n)
	}
	if tensors {
		for _, s := range m.Tensors() {
			fmt.Fprintf(w, "  %s\t%v %v\n", s.Name, s.Dtype, s.Shape)
		}
	}
}
