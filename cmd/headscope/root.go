package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"headscope/explorer/expr"
	"headscope/explorer/session"
	"headscope/gpu"
)

// Exit statuses.
const (
	exitDone   = 0
	exitFailed = 1 // the job failed
	exitUsage  = 2 // wrong use of the command line
)

// app is what all commands share.
type app struct {
	out, errs io.Writer
	adapter   gpu.Choice
	quiet     bool
}

// failure marks an error of the job itself, as against one of usage.
type failure struct{ error }

// Unwrap gives what failed.
func (f failure) Unwrap() error { return f.error }

// misuse marks an error that a command finds in its arguments.
type misuse struct{ error }

// job wraps a command's work so that its errors are told from cobra's own.
func job(f func(cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		err := f(cmd, args)
		if err == nil || errors.As(err, &misuse{}) {
			return err
		}
		return failure{err}
	}
}

// run executes one command line and returns its exit status. Errors are one line on errs; below
// one in an expression stands the place.
func run(ctx context.Context, args []string, out, errs io.Writer) int {
	a := &app{out: out, errs: errs}
	root := a.root()
	root.SetArgs(withCommand(root, args))
	root.SetOut(out)
	root.SetErr(errs)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	if errors.Is(err, errTold) {
		return exitFailed
	}
	if ctx.Err() != nil {
		err = failure{errors.New("interrupted")}
	}
	line := strings.Join(strings.Fields(strings.ReplaceAll(err.Error(), "\n", "; ")), " ")
	fmt.Fprintf(errs, "headscope: %s\n", line)
	if syntax := (*expr.SyntaxError)(nil); errors.As(err, &syntax) {
		fmt.Fprintln(errs, syntax.Excerpt())
	}
	if errors.As(err, &failure{}) {
		return exitFailed
	}
	return exitUsage
}

// withCommand puts explore before arguments that name no command: headscope is headscope
// explore. A command that was mistyped stays, for cobra to say so.
func withCommand(root *cobra.Command, args []string) []string {
	if len(args) > 0 {
		switch args[0] {
		case "-h", "--help", "help", "completion", cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd:
			return args // cobra adds these commands when it runs
		}
	}
	if cmd, _, err := root.Find(args); err == nil && cmd != root || len(args) > 0 && mistyped(args[0]) {
		return args
	}
	return append([]string{"explore"}, args...)
}

// mistyped tells whether an argument can only be meant as a command: a lower-case word that is no
// file and no built-in session.
func mistyped(arg string) bool {
	if arg == "" || strings.Trim(arg, "abcdefghijklmnopqrstuvwxyz") != "" {
		return false
	}
	_, noFile := os.Stat(arg)
	_, noSession := session.Builtin(arg, session.Shape{})
	return noFile != nil && noSession != nil
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "headscope",
		Short: "See what every layer and head of GPT-2 attends to, computed and drawn on the GPU",
		Long: `headscope opens GPT-2's weights, runs every layer and head on the GPU, and shows
what they attend to. Without --model it uses a small model that is built in. Without a command
it opens the window, as explore does.`,
		Example: `  headscope --model ~/gpt2
  headscope atlas -o atlas.png --prompt "The cat sat on the mat. The cat sat"
  headscope export --model ~/gpt2 --head L5H4 --what q,k,attn -o out
  headscope doctor`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.PersistentFlags().StringVar(&a.adapter, "adapter", "auto", "adapter to use: auto, gpu, software, or a part of its name")
	root.PersistentFlags().BoolVarP(&a.quiet, "quiet", "q", false, "no progress and no remarks on stderr")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return misuse{fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())}
	})
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(a.explore(), a.atlas(), a.compare(), a.record(), a.export(), a.info(), a.doctor(), a.convert(), a.link(), a.render(), a.scene(), a.bench(), a.shots())
	return root
}

// remark prints a line for the user's information.
func (a *app) remark(format string, args ...any) {
	if !a.quiet {
		fmt.Fprintf(a.errs, format+"\n", args...)
	}
}

// warn prints what the user must know of, --quiet or not.
func (a *app) warn(format string, args ...any) {
	fmt.Fprintf(a.errs, "warning: "+format+"\n", args...)
}

// terminal reports whether progress can be drawn.
func (a *app) terminal() bool {
	f, ok := a.errs.(*os.File)
	return ok && !a.quiet && term.IsTerminal(int(f.Fd()))
}

// parseSize reads "1600x1200" as a size in pixels.
func parseSize(s string) (width, height int, err error) {
	const most = 1 << 20 // far above what any adapter draws to
	var rest string
	if n, _ := fmt.Sscanf(s+" ", "%dx%d%s", &width, &height, &rest); n < 2 || rest != "" || min(width, height) < 1 || max(width, height) > most {
		return 0, 0, misuse{fmt.Errorf("--size %q: expected WIDTHxHEIGHT in pixels, for example 1600x1200, each at most %d", s, most)}
	}
	return width, height, nil
}

// checkPlace finds out before any work is done that a file cannot be written because its
// folder is not there, or it is one itself.
func checkPlace(path string) error {
	if path == "" {
		return nil
	}
	dir := filepath.Dir(path)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return fmt.Errorf("cannot write %s: there is no folder %s", path, dir)
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("cannot write %s: it is a folder", path)
	}
	return nil
}

// noArgs is cobra's validator with an error that says what to do.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return misuse{fmt.Errorf("%s takes no argument %q; see %s --help", cmd.CommandPath(), args[0], cmd.CommandPath())}
	}
	return nil
}
