package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"headscope/explorer/eval"
	"headscope/explorer/session"
	"headscope/gpu"
	"headscope/models/demo"
	"headscope/models/gpt2"
	"headscope/models/tensor"
)

// modelFlags are the flags of the commands that take a model and its input.
type modelFlags struct {
	model                              string
	prompt, promptFile, tokens, inputs string
	sample                             int
	noBias                             bool
}

// addModel declares --model alone.
func (f *modelFlags) addModel(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&f.model, "model", "m", demo.Name, "weights: a file or folder (safetensors, npy, npz, llm.c .bin, mm's CSV set)")
}

// add declares the model and what it runs on.
func (f *modelFlags) add(cmd *cobra.Command) {
	f.addModel(cmd)
	cmd.Flags().StringVarP(&f.prompt, "prompt", "p", "", "text to run on")
	cmd.Flags().StringVar(&f.promptFile, "prompt-file", "", "file that holds the text (- is stdin)")
	cmd.Flags().StringVar(&f.tokens, "tokens", "", ".npy file of token ids, taken as they are")
	cmd.Flags().StringVar(&f.inputs, "inputs", "", "recorded activations: a folder of layerL_inputS_N_D files (.csv or .npy)")
	cmd.Flags().IntVar(&f.sample, "sample", 0, "which recorded sample of --inputs")
	cmd.Flags().BoolVar(&f.noBias, "no-bias", false, "leave out the attention's biases, as mm does")
	cmd.MarkFlagsMutuallyExclusive("prompt", "prompt-file", "tokens", "inputs")
}

// open opens the model and passes on its notes.
func (a *app) openModel(path string) (*gpt2.Model, error) {
	var m *gpt2.Model
	var err error
	if path == demo.Name {
		m, err = demo.Open()
	} else {
		m, err = gpt2.Open(path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: give --model a file or folder of weights, or leave it out for the built-in model", err)
	}
	if err != nil {
		return nil, err
	}
	for _, n := range m.Notes {
		a.remark("note: %s: %s", path, n)
	}
	return m, nil
}

// input is what a forward pass runs on: tokens or recorded activations.
type input struct {
	text     string // the prompt, or where the input came from
	ids      []int32
	recorded []*tensor.Tensor
}

// input reads what the flags name; without any, the first sample prompt.
func (f *modelFlags) input(m *gpt2.Model) (input, error) {
	if f.inputs != "" {
		recorded, err := gpt2.Inputs(f.inputs, f.sample)
		return input{text: fmt.Sprintf("recorded sample %d of %s", f.sample, f.inputs), recorded: recorded}, err
	}
	if m.HeadsOnly() {
		return input{}, fmt.Errorf("%s holds heads only, no embedding: give it recorded activations with --inputs PATH", m.Path)
	}
	if f.tokens != "" {
		ids, err := gpt2.ReadIDs(f.tokens)
		if err == nil {
			err = gpt2.CheckIDs(m.Config, ids)
		}
		return input{text: "tokens of " + f.tokens, ids: ids}, err
	}
	if m.Tokenizer == nil {
		return input{}, fmt.Errorf("%s: no vocabulary is known for %d tokens: put vocab.json and merges.txt beside the weights, or give ids with --tokens F.npy", m.Path, m.Config.Vocab)
	}
	text, err := f.text()
	if err != nil {
		return input{}, err
	}
	ids := m.Tokenizer.Prompt(text)
	return input{text: text, ids: ids}, gpt2.CheckIDs(m.Config, ids)
}

// text is the prompt; without any, the first of the samples.
func (f *modelFlags) text() (string, error) {
	var b []byte
	var err error
	switch {
	case f.promptFile == "-":
		b, err = io.ReadAll(os.Stdin)
	case f.promptFile != "":
		b, err = os.ReadFile(f.promptFile)
	case f.prompt == "":
		return demo.Prompts()[0].Text, nil
	default:
		return f.prompt, nil
	}
	return string(b), err
}

// loaded is a model on a device.
type loaded struct {
	device *gpu.Device
	file   *gpt2.Model
	model  *eval.Model
}

// load opens a device and the model of the flags on it.
func (a *app) load(ctx context.Context, path string) (s *loaded, err error) {
	s = &loaded{}
	defer func() {
		if err != nil {
			s.close()
			s = nil
		}
	}()
	if s.file, err = a.openModel(path); err != nil {
		return s, err
	}
	if s.device, err = gpu.Open(a.adapter); err != nil {
		return s, err
	}
	return s, a.upload(ctx, s, path)
}

// upload brings the model's file to its device.
func (a *app) upload(ctx context.Context, s *loaded, path string) (err error) {
	s.model, err = eval.Load(ctx, s.device, s.file, a.progress("loading", int64(eval.WeightBytes(s.file))))
	if err != nil {
		return err
	}
	for _, w := range s.model.Warnings {
		a.warn("%s: %s", path, w)
	}
	return nil
}

// loadInput loads the model of the flags and reads what it is to run on.
func (a *app) loadInput(ctx context.Context, f *modelFlags) (*loaded, input, error) {
	s, err := a.load(ctx, f.model)
	if err != nil {
		return nil, input{}, err
	}
	in, err := f.input(s.file)
	if err != nil {
		s.close()
		return nil, input{}, err
	}
	return s, in, nil
}

// unload frees the model, not the device.
func (s *loaded) unload() {
	s.model.Release()
	if s.file != nil {
		s.file.Close()
	}
}

func (s *loaded) close() {
	s.unload()
	s.device.Release()
}

// pass runs a forward pass on the input; after may record more behind it.
func (s *loaded) pass(acts *eval.Activations, in input, opt eval.Options, after func(r *gpu.Recorder)) error {
	if in.recorded != nil {
		return acts.RunRecorded(in.recorded, opt, after)
	}
	return acts.Run(in.ids, opt, after)
}

// progress returns a callback that advances a bar of so many bytes on a terminal.
func (a *app) progress(what string, bytes int64) func(int64) {
	if !a.terminal() || bytes < 64<<20 {
		return func(int64) {}
	}
	bar := progressbar.NewOptions64(bytes,
		progressbar.OptionSetWriter(a.errs), progressbar.OptionSetDescription(what),
		progressbar.OptionShowBytes(true), progressbar.OptionThrottle(50_000_000), progressbar.OptionClearOnFinish())
	return func(n int64) { bar.Add64(n) }
}

// parseHead reads "L5H4", a head that the model has.
func parseHead(s string, cfg gpt2.Config) (layer, head int, err error) {
	if layer, head, err = session.ParseHead(s); err != nil {
		return 0, 0, misuse{err}
	}
	if layer >= cfg.Layers || head >= cfg.Heads {
		return 0, 0, fmt.Errorf("head %s: the model has layers L0 to L%d with heads H0 to H%d", s, cfg.Layers-1, cfg.Heads-1)
	}
	return layer, head, nil
}
