package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"headscope/explorer/camera"
	"headscope/explorer/eval"
	"headscope/explorer/leaf"
	"headscope/explorer/scene"
	"headscope/explorer/session"
	"headscope/explorer/view"
	"headscope/gpu"
	"headscope/gpu/render"
	"headscope/models/gpt2"
	"headscope/models/tensor"
)

// spaceFlags are those of the commands that show a session in space.
type spaceFlags struct {
	sessionFlags
	modelFlags
	head        string
	size        string
	seed        uint64
	fit         bool
	light, safe bool
	step        int // of the animation; 0: what is computed in the end
}

func (f *spaceFlags) add(cmd *cobra.Command) {
	f.sessionFlags.add(cmd)
	f.modelFlags.add(cmd)
	cmd.Flags().StringVar(&f.head, "head", "", "head of the model to show, such as L5H4")
	cmd.Flags().StringVar(&f.size, "size", "1280x800", "size in pixels")
	cmd.Flags().BoolVar(&f.fit, "fit", false, "move the camera so that everything is in view")
	cmd.Flags().Uint64Var(&f.seed, "seed", 1, "seed of random leaves")
	cmd.Flags().BoolVar(&f.light, "light", false, "on a light background")
	cmd.Flags().BoolVar(&f.safe, "safe", false, "colours that do not depend on telling red from green")
}

// addStep adds the flag of the commands that can show a step of an animation.
func (f *spaceFlags) addStep(cmd *cobra.Command) {
	cmd.Flags().IntVar(&f.step, "step", 0, "step of the session's animation to show, from 1 on; 0: the finished results")
}

// sessionHelp explains SESSION to the user of a command.
func sessionHelp() string {
	return `SESSION is an mm link, a session file, an expression such as 'A @ B @ C', nothing for
the default, or one of

  ` + strings.Join(session.Builtins(), "\n  ") + `

blockwise and decode have steps without an algorithm: of the online softmax, block of keys by
block, and of decoding, token by token.

With --head, --model or a prompt these show the model's own head, and attngpt2 is the
default. Files that leaves name are looked for in --data DIR, in the model, as paths on this
machine and, with --fetch, on the web.`
}

// shown is a session on a device, ready to be drawn or described.
type shown struct {
	session  *session.Session
	device   *gpu.Device
	renderer *render.Renderer
	values   *eval.Expression
	leaves   *leaf.Source
	playback eval.Playback // nil: nothing moves, or nobody asked
	view     *view.Space
	tokens   []string    // of the model's input, as labels; none where it was recorded
	file     *gpt2.Model // nil: no model takes part
	width    int         // of the window
	height   int
}

func (s *shown) close() {
	s.view.Release()
	if s.playback != nil {
		s.playback.Release()
	}
	s.values.Release()
	s.renderer.Release()
	s.device.Release()
	if s.file != nil {
		s.file.Close()
	}
}

// viewport is the window.
func (s *shown) viewport() camera.Viewport {
	return camera.Viewport{W: float64(s.width), H: float64(s.height)}
}

// show opens the session of the flags, computes it and lays it out.
func (a *app) show(cmd *cobra.Command, f *spaceFlags, args []string) (s *shown, err error) {
	s = &shown{}
	if s.width, s.height, err = parseSize(f.size); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.close()
			s = nil
		}
	}()
	files, err := a.openSession(cmd, f, args, s)
	if err != nil {
		return s, err
	}
	if f.fit {
		if err := s.session.Fit(s.viewport()); err != nil {
			return s, err
		}
	}
	if s.device, err = gpu.Open(a.adapter); err != nil {
		return s, err
	}
	if s.renderer, err = render.New(s.device); err != nil {
		return s, err
	}
	s.view = view.NewSpace(s.device, s.renderer)
	s.view.Look = scene.Look{Light: f.light || s.session.Light, Safe: f.safe || s.session.Safe}
	s.view.Tokens, s.view.Token = s.tokens, s.session.Token
	s.values = eval.NewExpression(s.device)
	s.leaves = &leaf.Source{Seed: f.seed, Files: files}
	if err := s.values.Run(cmd.Context(), s.session.Root, s.leaves, nil); err != nil {
		return s, err
	}
	if err := s.view.Show(s.session.Root, s.values); err != nil || f.step == 0 {
		return s, err
	}
	return s, s.animate(cmd.Context(), f.step)
}

// animate shows a step of the session's animation.
func (s *shown) animate(ctx context.Context, step int) error {
	if err := s.play(ctx, step); err != nil {
		return err
	}
	return s.view.ShowStep(s.playback)
}

// prepare makes the session's playback, if anything of it moves.
func (s *shown) prepare(ctx context.Context) (err error) {
	if s.playback == nil {
		s.playback, err = eval.NewPlayback(ctx, s.values, s.view.Scene, s.session.Form, s.leaves)
	}
	return err
}

// play computes a step of the session's animation. As in mm's recordings the count goes on once
// it starts over: a step of the second turn is that of the first.
func (s *shown) play(ctx context.Context, step int) error {
	err := s.prepare(ctx)
	switch {
	case err != nil:
		return err
	case step < 0:
		return misuse{fmt.Errorf("--step %d: steps are numbered from 1 on", step)}
	case s.playback == nil:
		return fmt.Errorf("--step %d: %.60s does not move: give it an algorithm (anim.alg of the root), or leave --step out", step, s.session.Root.Name)
	}
	last := s.playback.Steps()
	if step > 2*last {
		return fmt.Errorf("--step %d is beyond the end of the animation: its last step is %d, and the next turn ends with %d", step, last, 2*last)
	}
	return s.playback.Show(ctx, s.inCycle(step))
}

// inCycle is the step that a step of another turn shows.
func (s *shown) inCycle(step int) int { return (step-1)%s.playback.Steps() + 1 }

// openSession reads the session, and says where its leaves' files are looked for.
func (a *app) openSession(cmd *cobra.Command, f *spaceFlags, args []string, s *shown) (files []leaf.Finder, err error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	if f.data != "" {
		files = append(files, leaf.Dir(f.data))
	}
	text := ""
	if len(args) > 0 {
		text = args[0]
	}
	asked := slices.ContainsFunc([]string{"head", "model", "prompt", "prompt-file", "tokens", "inputs"}, cmd.Flags().Changed)
	builtin := text
	if asked && text == "" {
		builtin = "attngpt2"
	}
	if !asked || !session.IsBuiltin(builtin) {
		if s.session, err = f.sessionFlags.open(args); err != nil {
			return nil, err
		}
		if f.head != "" {
			return nil, misuse{fmt.Errorf("--head %s: %.80q is a session of its own; heads are shown by the built-in ones", f.head, text)}
		}
		f.recall(cmd, s.session)
		asked = asked || s.session.Model != ""
	}
	if asked {
		if s.file, err = a.openModel(f.model); err != nil {
			return nil, err
		}
		in, err := f.input(s.file)
		if err != nil {
			return nil, err
		}
		if s.session == nil {
			if s.session, err = f.headSession(builtin, s.file, in); err != nil {
				return nil, err
			}
		}
		s.tokens = in.labels(s.file)
		leaves := eval.NewModelLeaves(s.file, a.headInputs(cmd.Context(), s, in, f.noBias))
		leaves.Sample = f.sample
		files = append(files, leaves)
	}
	files = append(files, leaf.Local())
	if f.fetch {
		files = append(files, leaf.Web(cmd.Context()))
	}
	return files, nil
}

// recall takes from a session file what the command line leaves open.
func (f *spaceFlags) recall(cmd *cobra.Command, s *session.Session) {
	if s.Model != "" && !cmd.Flags().Changed("model") {
		f.model = s.Model
	}
	if !slices.ContainsFunc([]string{"prompt", "prompt-file", "tokens", "inputs"}, cmd.Flags().Changed) {
		f.prompt, f.inputs = s.Prompt, s.Inputs
	}
	if !cmd.Flags().Changed("sample") {
		f.sample = s.Sample
	}
	if !cmd.Flags().Changed("no-bias") {
		f.noBias = s.NoBias
	}
}

// headSession makes the built-in session of a head of the model.
func (f *spaceFlags) headSession(name string, m *gpt2.Model, in input) (*session.Session, error) {
	head := f.head
	if head == "" {
		head = "L0H0"
	}
	layer, number, err := parseHead(head, m.Config)
	if err != nil {
		return nil, err
	}
	s, err := session.Builtin(name, session.Shape{
		Tokens: in.tokens(layer), Width: m.Config.Width, HeadWidth: m.Config.HeadWidth(), Hidden: m.Config.Hidden,
		Layer: layer, Head: number, Sample: f.sample, Bias: !f.noBias,
	})
	if err != nil {
		return nil, err
	}
	s.Model, s.Inputs, s.View = m.Path, f.inputs, "head"
	if f.inputs == "" && f.tokens == "" {
		s.Prompt = in.text
	}
	return s, nil
}

// labels are the tokens of the input as the model's vocabulary has them, or their numbers.
func (in input) labels(m *gpt2.Model) []string {
	labels := make([]string, len(in.ids))
	for i, id := range in.ids {
		if labels[i] = fmt.Sprintf("[%d]", id); m.Tokenizer != nil {
			labels[i] = m.Tokenizer.Token(id)
		}
	}
	return labels
}

// tokens is how many tokens the heads of a layer see.
func (in input) tokens(layer int) int {
	if in.recorded == nil {
		return len(in.ids)
	}
	if layer < len(in.recorded) && in.recorded[layer] != nil {
		return in.recorded[layer].Rows()
	}
	return 0
}

// headInputs returns what gives the input of a layer's heads: recorded, or from a forward
// pass, which runs when it is first needed.
func (a *app) headInputs(ctx context.Context, s *shown, in input, noBias bool) func(layer int) (tensor.Tensor, error) {
	var passed map[int]tensor.Tensor
	return func(layer int) (tensor.Tensor, error) {
		if in.recorded != nil {
			if in.tokens(layer) == 0 {
				return tensor.Tensor{}, fmt.Errorf("%s has no input of layer %d", in.text, layer)
			}
			return *in.recorded[layer], nil
		}
		if passed == nil {
			var err error
			if passed, err = a.normed(ctx, s, in, noBias); err != nil {
				return tensor.Tensor{}, err
			}
		}
		t, ok := passed[layer]
		if !ok {
			return t, fmt.Errorf("%s has no layer %d: its last is %d", s.file.Path, layer, s.file.Config.Layers-1)
		}
		return t, nil
	}
}

// normed runs the model and returns what every layer's heads see: its ln_1.
func (a *app) normed(ctx context.Context, s *shown, in input, noBias bool) (map[int]tensor.Tensor, error) {
	m, err := eval.Load(ctx, s.device, s.file, a.progress("loading", int64(eval.WeightBytes(s.file))))
	if err != nil {
		return nil, err
	}
	defer m.Release()
	acts := m.Activations(func(name string) bool { return strings.HasSuffix(name, ".ln_1") })
	defer acts.Release()
	if err := acts.Run(in.ids, eval.Options{LastOnly: true, NoBias: noBias}, nil); err != nil {
		return nil, err
	}
	passed := map[int]tensor.Tensor{}
	for layer := range s.file.Config.Layers {
		if passed[layer], err = acts.Read(gpt2.Name(layer, "ln_1")); err != nil {
			return nil, err
		}
	}
	return passed, nil
}
