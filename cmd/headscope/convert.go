package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"headscope/gpu"
	"headscope/models/gpt2"
)

// convert writes a model in another format.
func (a *app) convert() *cobra.Command {
	return &cobra.Command{
		Use:   "convert IN OUT",
		Short: "Write a model in another format: safetensors, npz, npy files, mm's CSV folder",
		Long: `Write the model IN (a file or folder of any known format, or demo) as OUT, whose
form says how:

  NAME.safetensors   a safetensors file; F16 and BF16 are kept
  NAME.npz           an npz archive
  NAME-csv           mm's folder of CSV files, a head's matrix each: no biases, no MLP
  any other name     a folder of npy files

config.json, and vocab.json and merges.txt where the model has its own, are written
beside the file or into the folder. A folder that is not empty is left alone.`,
		Example: `  headscope convert ~/gpt2 gpt2.npz
  headscope convert demo demo-csv`,
		Args: convertArgs,
		RunE: job(func(cmd *cobra.Command, args []string) error {
			m, err := a.openModel(args[0])
			if err != nil {
				return err
			}
			defer m.Close()
			plan, err := gpt2.PlanSave(m, args[1])
			if err != nil {
				return err
			}
			for _, n := range plan.Notes {
				a.remark("note: %s: %s", args[1], n)
			}
			if err := plan.Write(cmd.Context(), a.progress("writing", plan.Bytes)); err != nil {
				return err
			}
			size, err := sizeOf(args[1])
			if err != nil {
				return err
			}
			if !a.quiet {
				fmt.Fprintf(a.out, "%s: %s, %d tensors, %s\n", args[1], plan.Format, plan.Tensors, gpu.Bytes(uint64(size)))
			}
			return nil
		}),
	}
}

func convertArgs(cmd *cobra.Command, args []string) error {
	if len(args) != 2 {
		return misuse{fmt.Errorf("%s takes a model and where to write it, as in headscope convert demo demo.npz; got %d arguments", cmd.CommandPath(), len(args))}
	}
	if _, err := gpt2.SaveFormat(args[1]); err != nil {
		return misuse{err}
	}
	return nil
}
