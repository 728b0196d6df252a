package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"headscope/explorer/session"
)

// sessionFlags are those of the commands that take a SESSION.
type sessionFlags struct {
	data  string
	fetch bool
}

func (f *sessionFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.data, "data", "", "folder that holds the files which the session's URLs name")
	cmd.Flags().BoolVar(&f.fetch, "fetch", false, "fetch http(s) URLs that the session names")
}

// source opens what a session names: in --data by the last part of its name, on this
// machine, or, if allowed, on the web.
func (f *sessionFlags) source(name string) (io.ReadCloser, error) {
	if f.data != "" {
		file, err := os.Open(filepath.Join(f.data, path.Base(name)))
		if err == nil {
			return file, nil
		}
	}
	if web := strings.HasPrefix(name, "http://") || strings.HasPrefix(name, "https://"); !web || !f.fetch {
		return session.Files(name)
	}
	client := http.Client{Timeout: time.Minute}
	r, err := client.Get(name)
	if err != nil {
		return nil, err
	}
	if r.StatusCode != http.StatusOK {
		r.Body.Close()
		return nil, fmt.Errorf("%s: the server answers %s", name, r.Status)
	}
	return r.Body, nil
}

// check finds out before any work is done that --data is no folder.
func (f *sessionFlags) check() error {
	if info, err := os.Stat(f.data); f.data != "" && (err != nil || !info.IsDir()) {
		return fmt.Errorf("--data %s: there is no such folder", f.data)
	}
	return nil
}

// open reads the session of a command's argument, the default one without any.
func (f *sessionFlags) open(args []string) (*session.Session, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	text := ""
	if len(args) > 0 {
		text = args[0]
	}
	return session.Open(text, f.source)
}

// oneSession is cobra's validator for commands that take at most one SESSION.
func oneSession(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return misuse{fmt.Errorf("%s takes one session, got %d arguments: put a link or an expression in quotes", cmd.CommandPath(), len(args))}
	}
	return nil
}

// link prints a session as a link that mm opens, or as our own file.
func (a *app) link() *cobra.Command {
	var f sessionFlags
	var form, expr string
	cmd := &cobra.Command{
		Use:   "link [SESSION]",
		Short: "Print a session as an mm link; edit its expression",
		Long: `Print a session as a link that mm opens. SESSION is an mm link, a session file, an
expression, or nothing for the default.

  --form json        the settings as JSON in the link
  --form compressed  mm's numbered form, which stays shorter
  --form session     headscope's own session file, on stdout

Without --form the link is what mm itself would write: JSON, or compressed where that is long.`,
		Example: `  headscope link 'attn = Q @ (K_t)' --form compressed
  headscope link session.json --expr 'A @ B @ C'`,
		Args: oneSession,
		RunE: job(func(cmd *cobra.Command, args []string) error {
			s, err := f.open(args)
			if err != nil {
				return err
			}
			if expr != "" {
				if err := s.Edit(expr); err != nil {
					return err
				}
			}
			var text string
			switch form {
			case "session":
				var b []byte
				b, err = s.File()
				text = strings.TrimSuffix(string(b), "\n")
			case "json":
				text, err = s.Link(session.JSON)
			case "compressed":
				text, err = s.Link(session.Compressed)
			case "":
				text, err = s.Link(session.Auto)
			default:
				err = misuse{fmt.Errorf("--form %q: expected json, compressed or session", form)}
			}
			if err == nil {
				fmt.Fprintln(a.out, text)
			}
			return err
		}),
	}
	f.add(cmd)
	cmd.Flags().StringVar(&form, "form", "", "json, compressed or session")
	cmd.Flags().StringVar(&expr, "expr", "", "edit the expression first; what can be kept is kept")
	return cmd
}
