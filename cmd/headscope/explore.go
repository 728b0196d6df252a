package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	window "headscope/explorer/app"
	"headscope/explorer/session"
	"headscope/explorer/workspace"
	"headscope/models/demo"
)

// started is when the program was, for what the window tells of its start.
var started = time.Now()

// exploreFlags say what the window opens with.
type exploreFlags struct {
	modelFlags
	sessionFlags
	head, view, size          string
	light, safe               bool
	seed                      uint64
	frames                    int
	screenshot, state, script string
}

// explore opens the window.
func (a *app) explore() *cobra.Command {
	var f exploreFlags
	cmd := &cobra.Command{
		Use:   "explore [SESSION]",
		Short: "Open the window: every head of a model, any head in space, comparisons, benchmarks",
		Long: `Open the window. Without SESSION it shows every head of the model on the prompt; what was
on the screen last is offered. ` + sessionHelp() + `

For scripts: --frames N draws so many frames and ends when all work is done, --script F plays
what F says into the window (docs/scripts.md), --screenshot and --state write what there is at
the end. They leave your settings and your last session alone.`,
		Example: `  headscope explore --model ~/gpt2 --prompt 'When Mary and John went to the store'
  headscope explore --head L5H4
  headscope explore 'A @ B @ C'
  headscope explore --frames 3 --screenshot window.png`,
		Args: oneSession,
		RunE: job(func(cmd *cobra.Command, args []string) error { return a.runExplore(cmd, &f, args) }),
	}
	f.modelFlags.add(cmd)
	f.sessionFlags.add(cmd)
	cmd.Flags().StringVar(&f.head, "head", "", "head to begin with, such as L5H4: shown in space")
	cmd.Flags().StringVar(&f.view, "view", "", "tab to begin with: "+strings.Join(session.Views, ", "))
	cmd.Flags().StringVar(&f.size, "size", "", "size of the window (default: the last one, or 1280x800)")
	cmd.Flags().Uint64Var(&f.seed, "seed", 1, "seed of random leaves")
	cmd.Flags().BoolVar(&f.light, "light", false, "light colours")
	cmd.Flags().BoolVar(&f.safe, "safe", false, "colours that do not depend on telling red from green")
	cmd.Flags().IntVar(&f.frames, "frames", 0, "end after at least so many frames, when all work is done")
	cmd.Flags().StringVar(&f.screenshot, "screenshot", "", "write the window's last frame (.png)")
	cmd.Flags().StringVar(&f.state, "state", "", "write what the window holds (.json): at its end, and without --frames and --script whenever all work is done")
	cmd.Flags().StringVar(&f.script, "script", "", "file of keys, clicks and typing to play into the window")
	return cmd
}

func (a *app) runExplore(cmd *cobra.Command, f *exploreFlags, args []string) error {
	o := window.Options{
		Adapter: a.adapter, Folder: f.data, Fetch: f.fetch, Seed: f.seed,
		Frames: f.frames, Screenshot: f.screenshot, State: f.state,
		Start: started, Warn: func(err error) { a.warn("%v", err) },
	}
	var err error
	if f.size != "" {
		if o.Width, o.Height, err = parseSize(f.size); err != nil {
			return err
		}
	}
	if f.frames < 0 {
		return misuse{fmt.Errorf("--frames %d: expected a number from 1", f.frames)}
	}
	if f.screenshot != "" && filepath.Ext(f.screenshot) != ".png" {
		return misuse{fmt.Errorf("--screenshot %s: expected a name ending in .png", f.screenshot)}
	}
	for _, path := range []string{f.screenshot, f.state} {
		if err := checkPlace(path); err != nil {
			return err
		}
	}
	if f.script != "" {
		text, err := os.ReadFile(f.script)
		if err != nil {
			return fmt.Errorf("--script: %w", err)
		}
		if o.Script, err = window.ParseScript(string(text)); err != nil {
			return fmt.Errorf("--script %s: %w", f.script, err)
		}
	}
	if o.Session, err = f.session(cmd, args); err != nil {
		return err
	}
	if f.frames > 0 || f.script != "" {
		return window.Run(cmd.Context(), o) // and its end is the script's
	}
	start, how, ok := guarded()
	if !ok {
		return a.guard(cmd.Context())
	}
	switch o.Start = start; how {
	case anew:
		o.Remark = lostRemark
	case again:
		if o.Session, err = workspace.LoadState(workspace.StateFile()); err != nil {
			a.warn("%v", err)
		}
		o.Remark = lostRemark + "This is what was on the screen a moment before."
	}
	return window.Run(cmd.Context(), o)
}

// session is what the arguments ask to be shown; nil if they ask for nothing.
func (f *exploreFlags) session(cmd *cobra.Command, args []string) (*session.Session, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	asked := func(names ...string) bool { return slices.ContainsFunc(names, cmd.Flags().Changed) }
	own := asked("model", "prompt", "prompt-file", "tokens", "inputs", "no-bias", "head", "view", "light", "safe")
	if len(args) == 0 && !own {
		return nil, nil
	}
	s := workspace.Default()
	if len(args) > 0 {
		if session.IsBuiltin(args[0]) {
			s.Form, s.View = args[0], "head"
		} else {
			opened, err := f.sessionFlags.open(args)
			if err != nil {
				return nil, err
			}
			s = opened
			if s.View == "" {
				s.View = "head"
			}
		}
	}
	if asked("model") {
		s.Model = f.model
	}
	if s.Model != "" && s.Model != demo.Name {
		path, err := filepath.Abs(s.Model)
		if err != nil {
			return nil, err
		}
		if _, err := os.Stat(path); err != nil && asked("model") {
			return nil, fmt.Errorf("%w: give --model a file or folder of weights, or leave it out for the built-in model", err)
		}
		s.Model = path
	}
	switch {
	case f.inputs != "" || f.tokens != "":
		path, err := filepath.Abs(f.inputs + f.tokens) // they exclude each other
		if err != nil {
			return nil, err
		}
		s.Inputs, s.Sample = path, f.sample
	case asked("prompt", "prompt-file"):
		text, err := f.text()
		if err != nil {
			return nil, err
		}
		s.Prompt, s.Inputs = text, ""
	}
	if f.head != "" {
		layer, head, err := session.ParseHead(f.head)
		if err != nil {
			return nil, misuse{err}
		}
		s.Head, s.View = session.HeadName(layer, head), "head"
	}
	if f.view != "" {
		if !slices.Contains(session.Views, f.view) {
			return nil, misuse{fmt.Errorf("--view %q: expected %s", f.view, strings.Join(session.Views, ", "))}
		}
		s.View = f.view
	}
	s.NoBias = s.NoBias || f.noBias
	s.Light, s.Safe = s.Light || f.light, s.Safe || f.safe
	return s, nil
}
