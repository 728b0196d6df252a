package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"headscope/explorer/workspace"
)

// The window runs in a process of its own. Drivers and the binding end the process, without a
// word that Go could catch, when a device is lost or has no memory left. The process that was
// started, which has no device, then opens the window again, with what was on the screen.

// guardVariable is set in the environment of the process that has the window: to when the program
// was started, in nanoseconds, and what the window begins with.
const guardVariable = "HEADSCOPE_WINDOW"

// beginning is what a guarded window begins with.
type beginning string

const (
	asAsked beginning = "asked" // what the command line says
	anew    beginning = "anew"  // the same, after the process before has ended by itself
	again   beginning = "again" // what was on the screen when that one ended
)

// guarded tells whether this process has the window, and what it begins with.
func guarded() (start time.Time, how beginning, ok bool) {
	var nanoseconds int64
	if n, _ := fmt.Sscan(os.Getenv(guardVariable), &nanoseconds, &how); n < 2 {
		return time.Time{}, "", false
	}
	return time.Unix(0, nanoseconds), how, true
}

// lostRemark is what a window says that was opened again.
const lostRemark = "The graphics device was lost, or its driver failed, and the window was opened again. "

// tooSoon is how long a window must have been open to be opened again.
const tooSoon = 3 * time.Second

// errTold is of a process that has said itself what was wrong.
var errTold = errors.New("told")

// told gives a guarded process its own way to the user: what it writes to its standard error is
// what it dies of.
func told() *os.File {
	if _, _, ok := guarded(); ok {
		return os.NewFile(3, "stderr")
	}
	return os.Stderr
}

// guard runs the program once more, with the window, until that is closed.
func (a *app) guard(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for how := asAsked; ; {
		begun := time.Now()
		log, err := os.CreateTemp("", "headscope-*.log")
		if err != nil {
			return err
		}
		os.Remove(log.Name()) // it stays as long as it is open
		c := exec.CommandContext(ctx, self, os.Args[1:]...)
		c.Env = append(os.Environ(), fmt.Sprintf("%s=%d %s", guardVariable, started.UnixNano(), how))
		c.Stdin, c.Stdout, c.Stderr, c.ExtraFiles = os.Stdin, os.Stdout, log, []*os.File{os.Stderr}
		// An interrupt from the terminal comes here, and goes on as one signal to end.
		c.SysProcAttr = guardedAttributes()
		c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
		err = c.Run()
		reason := lastWords(log)
		log.Close()
		switch state := c.ProcessState; {
		case state == nil:
			return err
		case state.ExitCode() == exitDone:
			return nil
		case state.ExitCode() == exitFailed:
			return errTold
		case ctx.Err() != nil:
			return ctx.Err()
		case time.Since(begun) < tooSoon:
			return fmt.Errorf("the graphics device was lost, or its driver failed, right after the window was opened (%s): try --adapter software", reason)
		}
		a.remark("headscope: the graphics device was lost, or its driver failed (%s): the window is opened again", reason)
		how = anew
		if info, err := os.Stat(workspace.StateFile()); err == nil && info.ModTime().After(started) {
			how = again
		}
	}
}

// lastWords are what a process said when it ended by itself, in one line.
func lastWords(log *os.File) string {
	const most = 64 << 10
	log.Seek(0, io.SeekStart)
	data, _ := io.ReadAll(io.LimitReader(log, most))
	for _, line := range strings.Split(string(data), "\n") {
		line = strings.TrimSpace(line)
		for _, mark := range []string{"panicked at", "panic:", "fatal error:", "SIG"} {
			if strings.Contains(line, mark) {
				return fmt.Sprintf("%.200s", line)
			}
		}
	}
	return filepath.Base(os.Args[0]) + " ended by itself"
}
