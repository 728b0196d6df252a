package main

import (
	"fmt"
	"image"
	"image/png"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"headscope/explorer/eval"
	"headscope/explorer/view"
	"headscope/explorer/workspace"
	"headscope/gpu"
	"headscope/gpu/render"
	"headscope/models/tensor"
)

// atlasFlags say how the sheet looks.
type atlasFlags struct {
	modelFlags
	out, size, sort string
	method          string // "", full or blockwise
	dark            bool
}

// atlas draws every layer and head on one sheet.
func (a *app) atlas() *cobra.Command {
	var f atlasFlags
	cmd := &cobra.Command{
		Use:   "atlas",
		Short: "Draw every layer and head's attention on one sheet",
		Example: `  headscope atlas -o atlas.png --prompt "The cat sat on the mat. The cat sat"
  headscope atlas -o big.png --model ~/gpt2 --prompt-file text.txt --size 7680x4320 --sort previous`,
		Args: noArgs,
		RunE: job(func(cmd *cobra.Command, _ []string) error { return a.runAtlas(cmd, &f) }),
	}
	f.add(cmd)
	cmd.Flags().StringVarP(&f.out, "out", "o", "", "picture to write (.png)")
	cmd.Flags().StringVar(&f.size, "size", "1600x1200", "size in pixels")
	cmd.Flags().StringVar(&f.sort, "sort", string(view.ByLayer), "order of the heads: "+traitNames())
	cmd.Flags().StringVar(&f.method, "method", "", "how attention is computed: full, or blockwise, without its matrices (default: full where it fits)")
	cmd.Flags().BoolVar(&f.dark, "dark", false, "light on dark")
	return cmd
}

func traitNames() string {
	s := ""
	for i, t := range view.Traits {
		if i > 0 {
			s += ", "
		}
		s += string(t)
	}
	return s
}

func (a *app) runAtlas(cmd *cobra.Command, f *atlasFlags) error {
	if ext := filepath.Ext(f.out); ext != ".png" {
		return misuse{fmt.Errorf("atlas needs a picture to write, ending in .png: -o atlas.png")}
	}
	width, height, err := parseSize(f.size)
	if err != nil {
		return err
	}
	trait, err := view.ParseTrait(f.sort)
	if err != nil {
		return misuse{fmt.Errorf("--sort: %w", err)}
	}
	if f.method != "" && f.method != "full" && f.method != "blockwise" {
		return misuse{fmt.Errorf("--method %q: expected full or blockwise", f.method)}
	}
	if f.method == "blockwise" && trait != view.ByLayer {
		return misuse{fmt.Errorf("--sort %s: traits need the attention matrices, which --method blockwise never has", trait)}
	}
	if err := checkPlace(f.out); err != nil {
		return err
	}
	s, in, err := a.loadInput(cmd.Context(), &f.modelFlags)
	if err != nil {
		return err
	}
	defer s.close()
	sheet := &view.Atlas{
		Model: workspace.ModelName(s.file.Path), Layers: s.file.Config.Layers, Heads: s.file.Config.Heads, HeadWidth: s.file.Config.HeadWidth(),
		Prompt: in.text, Sort: trait, Adapter: s.device.Adapter.Name,
	}
	if f.dark {
		sheet.Theme = view.Ink
	}
	opt := eval.Options{LastOnly: true, NoBias: f.noBias, Blockwise: f.method == "blockwise"}
	if f.method == "" {
		if why := s.model.AttentionFits(in.tokens(0)); why != nil {
			if trait != view.ByLayer {
				return fmt.Errorf("--sort %s: %w, or leave --sort out", trait, why)
			}
			a.remark("note: %v; drawn from queries, keys and log-sum-exps instead, without traits", why)
			opt.Blockwise = true
		}
	}
	img, err := s.drawAtlas(sheet, in, opt, width, height)
	if err != nil {
		return err
	}
	if err := tensor.WriteFile(f.out, func(w io.Writer) error { return png.Encode(w, img) }); err != nil {
		return err
	}
	a.remark("%s: %d x %d heads on %d tokens", f.out, sheet.Layers, sheet.Heads, sheet.Tokens)
	return nil
}

// regionSide is how many cells a side of a head has that is drawn without its matrix.
const regionSide = 256

// drawAtlas runs the model on the input, fills in what the sheet says of it and draws it.
func (s *loaded) drawAtlas(sheet *view.Atlas, in input, opt eval.Options, width, height int) (*image.NRGBA, error) {
	keep := eval.AttnOnly
	if opt.Blockwise {
		keep = eval.RegionInputs
	}
	acts := s.model.Activations(keep)
	defer acts.Release()
	var patterns []eval.Patterns
	err := s.pass(acts, in, opt, func(r *gpu.Recorder) {
		if opt.Blockwise {
			patterns = acts.Regions(r, regionSide)
		} else {
			patterns = acts.Patterns(r)
		}
	})
	if err != nil {
		return nil, err
	}
	sheet.Tokens = acts.Tokens()
	if in.ids != nil {
		with := patterns
		if opt.Blockwise {
			with = nil // there are no traits of regions
		}
		if err := s.describe(sheet, acts, with, in.ids); err != nil {
			return nil, err
		}
	}
	layers := make([]render.Layer, len(patterns))
	for i, p := range patterns {
		layers[i] = render.Layer{Values: p.Attn, Pyramid: p.Pyramid}
	}
	picture, err := s.device.NewPicture(width, height)
	if err != nil {
		return nil, err
	}
	defer picture.Release()
	renderer, err := render.New(s.device)
	if err != nil {
		return nil, err
	}
	defer renderer.Release()
	r := s.device.Record("atlas")
	sheet.Draw(r, renderer, picture, layers)
	if err := r.Submit(); err != nil {
		return nil, err
	}
	return picture.Image()
}

// describe adds the heads' traits, of those that have patterns, and the likeliest next tokens.
func (s *loaded) describe(sheet *view.Atlas, acts *eval.Activations, patterns []eval.Patterns, ids []int32) error {
	if len(patterns) > 0 {
		traits, err := acts.Traits(patterns, ids)
		if err != nil {
			return err
		}
		sheet.Stats = view.HeadStats(traits)
	}
	t := s.file.Tokenizer
	if t == nil {
		return nil
	}
	bos, ok := t.BOS()
	sheet.EndOfText = ok && len(ids) > 0 && ids[0] == bos
	next, err := acts.TopNext(5)
	if err != nil {
		return err
	}
	for _, n := range next {
		sheet.Next = append(sheet.Next, view.Guess{Token: t.Token(n.ID), P: n.Prob})
	}
	return nil
}
