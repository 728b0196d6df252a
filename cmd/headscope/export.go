package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"headscope/explorer/eval"
	"headscope/models/csv"
	"headscope/models/gpt2"
	"headscope/models/npy"
	"headscope/models/tensor"
)

// What can be exported, by what it belongs to. Names are those of gpt2.Forward.
var (
	headResults  = []string{"q", "k", "v", "scores", "attn", "lse", "head_out", "out"}
	layerResults = []string{"ln_1", "qkv", "attn_out", "resid_mid", "ln_2", "fc", "mlp", "resid"}
	modelResults = []string{"tokens", "embed", "ln_f", "logits"}
)

// exportFlags say which heads and layers, and what of them.
type exportFlags struct {
	modelFlags
	heads  []string
	layers []int
	all    bool
	what   []string
	format string
	method string
	out    string
}

// export writes activations as files.
func (a *app) export() *cobra.Command {
	var f exportFlags
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write Q, K, V, scores, attention and other activations as .npy or .csv files",
		Long: `Write activations of heads, layers or the whole model, a file each, named like
L5H4.attn.npy, L5.resid.npy and logits.npy.

  of a head   ` + strings.Join(headResults, ", ") + `
  of a layer  ` + strings.Join(layerResults, ", ") + `
  of a model  ` + strings.Join(modelResults, ", ") + `

scores are Q K^T / sqrt(d_head) before the mask, attn is after the softmax, lse its
log-sum-exp by row, head_out is attn V, out is what the head adds to the residual.`,
		Example: `  headscope export --head L5H4 --head L5H1 --what q,k,attn -o out
  headscope export --all --what attn --format csv -o out`,
		Args: noArgs,
		RunE: job(func(cmd *cobra.Command, _ []string) error { return a.runExport(cmd, &f) }),
	}
	f.add(cmd)
	cmd.Flags().StringSliceVar(&f.heads, "head", nil, "heads, such as L5H4")
	cmd.Flags().IntSliceVar(&f.layers, "layer", nil, "layers, with all their heads")
	cmd.Flags().BoolVar(&f.all, "all", false, "every layer and head")
	cmd.Flags().StringSliceVar(&f.what, "what", []string{"attn"}, "what to write")
	cmd.Flags().StringVar(&f.method, "method", "full", "how attention is computed: full or blockwise (without scores and attn)")
	cmd.Flags().StringVar(&f.format, "format", "npy", "npy or csv")
	cmd.Flags().StringVarP(&f.out, "out", "o", "", "folder to write to (made if it is not there)")
	return cmd
}

// check finds misuse before any work is done, and says which results are needed.
func (f *exportFlags) check() error {
	if f.out == "" {
		return misuse{fmt.Errorf("export needs a folder to write to: -o DIR")}
	}
	if f.format != "npy" && f.format != "csv" {
		return misuse{fmt.Errorf("--format %q: expected npy or csv", f.format)}
	}
	if f.method != "full" && f.method != "blockwise" {
		return misuse{fmt.Errorf("--method %q: expected full or blockwise", f.method)}
	}
	for i, w := range f.what {
		if f.method == "blockwise" && (w == "scores" || w == "attn") {
			return misuse{fmt.Errorf("--what %s: with --method blockwise it never exists; ask for lse, head_out or out, or leave --method out", w)}
		}
		switch w {
		case "ln1", "ln2":
			f.what[i] = "ln_" + w[2:]
		}
		known := slices.Concat(headResults, layerResults, modelResults)
		if !slices.Contains(known, f.what[i]) {
			return misuse{fmt.Errorf("--what %q: expected some of %s", w, strings.Join(known, ","))}
		}
		if f.heads == nil && f.layers == nil && !f.all && !slices.Contains(modelResults, f.what[i]) {
			return misuse{fmt.Errorf("--what %s: say of which: --head L5H4, --layer 5 or --all", w)}
		}
	}
	return nil
}

// keep says whether a forward pass must keep a result of this name.
func (f *exportFlags) keep(name string) bool {
	what := name[strings.LastIndex(name, ".")+1:]
	if what == "qkv" {
		return slices.ContainsFunc(f.what, func(w string) bool { return strings.Contains("q k v qkv", w) })
	}
	return slices.Contains(f.what, what) || what == "head_out" && slices.Contains(f.what, "out")
}

func (a *app) runExport(cmd *cobra.Command, f *exportFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	s, in, err := a.loadInput(cmd.Context(), &f.modelFlags)
	if err != nil {
		return err
	}
	defer s.close()
	targets, err := f.targets(s.file.Config)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(f.out, 0o777); err != nil {
		return err
	}
	acts := s.model.Activations(f.keep)
	defer acts.Release()
	if err := s.pass(acts, in, eval.Options{NoBias: f.noBias, Blockwise: f.method == "blockwise"}, nil); err != nil {
		return err
	}
	files := 0
	for _, t := range targets {
		if cmd.Context().Err() != nil {
			return cmd.Context().Err()
		}
		if t.what == "tokens" {
			if in.ids == nil {
				return fmt.Errorf("--what tokens: recorded activations have no tokens")
			}
			err = npy.WriteInts(filepath.Join(f.out, "tokens.npy"), in.ids)
		} else {
			var x tensor.Tensor
			if x, err = t.read(acts); err == nil {
				err = f.write(filepath.Join(f.out, t.name()), x)
			}
		}
		if err != nil {
			return err
		}
		files++
	}
	a.remark("%d files in %s", files, f.out)
	return nil
}

// target is one file to write: a result of a head, of a layer (head -1) or of the model
// (layer -1).
type target struct {
	what        string
	layer, head int
}

func (t target) name() string {
	switch {
	case t.layer < 0:
		return t.what
	case t.head < 0:
		return fmt.Sprintf("L%d.%s", t.layer, t.what)
	}
	return fmt.Sprintf("L%dH%d.%s", t.layer, t.head, t.what)
}

func (t target) read(acts *eval.Activations) (tensor.Tensor, error) {
	if t.head >= 0 {
		return acts.ReadHead(t.layer, t.head, t.what)
	}
	if t.layer >= 0 {
		return acts.Read(gpt2.Name(t.layer, t.what))
	}
	return acts.Read(t.what)
}

// targets lists the files that the flags ask for.
func (f *exportFlags) targets(cfg gpt2.Config) ([]target, error) {
	type head struct{ layer, head int }
	var heads []head
	layers := slices.Clone(f.layers)
	if f.all {
		for l := range cfg.Layers {
			layers = append(layers, l)
		}
	}
	for _, l := range layers {
		if l < 0 || l >= cfg.Layers {
			return nil, fmt.Errorf("layer %d: the model has layers 0 to %d", l, cfg.Layers-1)
		}
		for h := range cfg.Heads {
			heads = append(heads, head{l, h})
		}
	}
	for _, name := range f.heads {
		l, h, err := parseHead(name, cfg)
		if err != nil {
			return nil, err
		}
		heads = append(heads, head{l, h})
		layers = append(layers, l)
	}
	slices.Sort(layers)
	layers = slices.Compact(layers)
	var targets []target
	for _, w := range f.what {
		switch {
		case slices.Contains(modelResults, w):
			targets = append(targets, target{w, -1, -1})
		case slices.Contains(layerResults, w):
			for _, l := range layers {
				targets = append(targets, target{w, l, -1})
			}
		default:
			for _, h := range heads {
				targets = append(targets, target{w, h.layer, h.head})
			}
		}
	}
	return targets, nil
}

func (f *exportFlags) write(path string, x tensor.Tensor) error {
	if f.format == "csv" {
		return csv.WriteFile(path+".csv", x)
	}
	return npy.WriteFile(path+".npy", x)
}
