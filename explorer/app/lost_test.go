package app

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// windowProcess is the process that has the window, a child of the one that was started.
func (r *running) windowProcess() int {
	r.t.Helper()
	// Each thread has children of its own.
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", r.command.Process.Pid))
	for _, name := range files {
		data, _ := os.ReadFile(name)
		if pid, err := strconv.Atoi(strings.TrimSpace(string(data))); err == nil {
			return pid
		}
	}
	r.t.Fatal("the program has no process for the window")
	panic("unreachable")
}

// abort ends the process of the window as the binding does when a device is lost.
func (r *running) abort() {
	r.t.Helper()
	if err := syscall.Kill(r.windowProcess(), syscall.SIGABRT); err != nil {
		r.t.Fatal(err)
	}
}

// A lost device ends the process of the window: it is opened again with what was on the screen.
func TestLostDevice(t *testing.T) {
	r := newDisplay(t).open("--size", "800x600", "--prompt", "Asked for")
	opened := time.Now()
	said := func(s seen) bool { return strings.Contains(s.Notices["open"], "opened again") }

	time.Sleep(3500*time.Millisecond - time.Since(opened)) // from when on it is opened again
	r.abort()
	r.until("the window as it was asked for", func(s seen) bool { return said(s) && s.doc.Prompt == "Asked for" && len(s.Tokens) > 1 })
	opened = time.Now()

	r.window = r.xdotool("search", "--name", "^headscope$")
	r.xdotool("windowfocus", "--sync", r.window)
	r.keys("3")
	r.until("the comparison", func(s seen) bool { return s.doc.View == "compare" })
	time.Sleep(3500*time.Millisecond - time.Since(opened)) // the session is kept meanwhile
	r.abort()
	s := r.until("what was on the screen", func(s seen) bool { return said(s) && strings.Contains(s.Notices["open"], "on the screen") })
	if s.doc.View != "compare" || s.doc.Prompt != "Asked for" {
		t.Errorf("opened again: %v", s)
	}

	// At once after its start it is not opened again and again.
	r.abort()
	<-r.ended
	// A line on the terminal each time, no traces of the process that ended.
	lines := strings.Split(strings.TrimSpace(r.errs.String()), "\n")
	for _, line := range lines {
		if !strings.HasPrefix(line, "headscope: the graphics device was lost") {
			t.Errorf("it says %q", line)
		}
	}
	if code := r.command.ProcessState.ExitCode(); code != 1 || len(lines) != 3 || !strings.Contains(lines[2], "--adapter software") {
		t.Errorf("it ends with %d and %q", code, lines)
	}
}
