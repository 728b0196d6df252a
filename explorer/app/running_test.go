package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"headscope/explorer/session"
)

// running is the program with its window on a display.
type running struct {
	*display
	command *exec.Cmd
	errs    bytes.Buffer
	ended   chan struct{} // closed when it has ended
	window  string        // as xdotool names it

	file string // of its state
	last seen
}

// seen is a state that the program has told, with its document.
type seen struct {
	State
	doc  *session.Session
	data []byte
}

// String is what a failed test tells of it.
func (s seen) String() string {
	if s.doc == nil {
		return "none"
	}
	return fmt.Sprintf("tab %s, head %s, token %d, selection %+v, atlas %+v, compare %+v, prompt %.80q, %d tokens, hover %q, notices %q, jobs %q, %d x %d, frame %d",
		s.doc.View, s.doc.Head, s.doc.Token, s.doc.Selection, s.doc.Atlas, s.doc.Compare, s.doc.Prompt, len(s.Tokens), s.Hover, s.Notices, s.Jobs, s.Width, s.Height, s.Frames)
}

// command is the program with its folders on this display.
func (d *display) command(args ...string) *exec.Cmd {
	c := exec.Command(headscope, args...)
	c.Env = append(os.Environ(), "DISPLAY="+d.name, "XDG_CONFIG_HOME="+d.folder, "XDG_STATE_HOME="+d.folder)
	return c
}

// open starts headscope explore and returns when its first work is done.
func (d *display) open(args ...string) *running {
	d.t.Helper()
	r := d.launch(args...)
	r.until("its first state", func(seen) bool { return true })
	r.window = r.xdotool("search", "--name", "^headscope$")
	r.xdotool("windowfocus", "--sync", r.window)
	return r
}

// launch starts headscope explore.
func (d *display) launch(args ...string) *running {
	d.t.Helper()
	r := &running{display: d, ended: make(chan struct{}), file: filepath.Join(d.test.TempDir(), "state.json")}
	r.command = d.command(append([]string{"explore", "--state", r.file}, args...)...)
	r.command.Stderr = &r.errs
	if err := r.command.Start(); err != nil {
		d.t.Fatal(err)
	}
	go func() {
		defer close(r.ended)
		r.command.Wait()
	}()
	d.test.Cleanup(func() {
		r.command.Process.Kill()
		<-r.ended
	})
	return r
}

// patience is how long the program may take for anything, on the slowest machine.
const patience = 10 * time.Second

// until waits for a state of the program, and returns it.
func (r *running) until(what string, ok func(s seen) bool) seen {
	r.t.Helper()
	for start := time.Now(); time.Since(start) < patience; time.Sleep(5 * time.Millisecond) {
		if r.look() && ok(r.last) {
			return r.last
		}
		select {
		case <-r.ended:
			r.t.Fatalf("waiting for %s: the program has ended: %v\n%s", what, r.command.ProcessState, &r.errs)
		default:
		}
	}
	r.keepPicture()
	r.t.Fatalf("%s does not come; the last state: %v\n%s", what, r.last, &r.errs)
	panic("unreachable")
}

// look reads the state; false if there is none yet.
func (r *running) look() bool {
	data, err := os.ReadFile(r.file)
	if err != nil || bytes.Equal(data, r.last.data) {
		return err == nil
	}
	s := seen{data: data}
	if err := json.Unmarshal(data, &s.State); err != nil {
		r.t.Fatalf("%s: %v", r.file, err)
	}
	name := filepath.Join(r.folder, "told.json")
	if err := os.WriteFile(name, s.Session, 0o666); err != nil {
		r.t.Fatal(err)
	}
	if s.doc, err = session.Open(name, session.Files); err != nil {
		r.t.Fatalf("the session of %s: %v", r.file, err)
	}
	r.last = s
	return true
}

// keepPicture leaves the screen of a failed test beside the golden pictures.
func (r *running) keepPicture() {
	var b bytes.Buffer
	if err := png.Encode(&b, r.picture()); err != nil {
		r.t.Fatal(err)
	}
	name := filepath.Join("testdata", strings.ReplaceAll(r.t.Name(), "/", "_")+".actual.png")
	if err := os.WriteFile(name, b.Bytes(), 0o666); err != nil {
		r.t.Fatal(err)
	}
	r.t.Logf("what was on the screen is in %s", name)
}

// The places of the window are pixels from its upper left corner, which is the display's.

func (r *running) keys(names ...string) {
	r.t.Helper()
	r.xdotool(append([]string{"key"}, names...)...)
}

func (r *running) typed(text string) { r.t.Helper(); r.xdotool("type", "--delay", "5", text) }

func (r *running) move(to image.Point) { r.t.Helper(); r.xdotool(pointer(to)...) }

// pointer is xdotool's command to move the pointer.
func pointer(to image.Point) []string {
	return []string{"mousemove", strconv.Itoa(to.X), strconv.Itoa(to.Y)}
}

// The buttons as X numbers them.
const (
	left    = "1"
	right   = "3"
	wheelUp = "4"
)

func (r *running) click(at image.Point, button string) {
	r.t.Helper()
	r.xdotool(append(pointer(at), "click", button)...)
}

// drag moves the pointer by steps with the left button pressed.
func (r *running) drag(from, by image.Point, steps int) {
	r.t.Helper()
	r.xdotool(append(pointer(from), "mousedown", left)...)
	for i := 1; i <= steps; i++ {
		r.move(from.Add(by.Mul(i).Div(steps)))
	}
	r.xdotool("mouseup", left)
}

func (r *running) resize(size image.Point) {
	r.t.Helper()
	r.xdotool("windowsize", r.window, strconv.Itoa(size.X), strconv.Itoa(size.Y))
}

// waitFor waits for what no state tells.
func (r *running) waitFor(what string, ok func() bool) {
	r.t.Helper()
	for start := time.Now(); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Since(start) > patience {
			r.keepPicture()
			r.t.Fatalf("%s does not come", what)
		}
	}
}

// quit ends the program as the end of a user's day does, and checks that nothing went wrong.
func (r *running) quit() {
	r.t.Helper()
	r.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-r.ended:
	case <-time.After(patience):
		r.t.Fatalf("the program does not end")
	}
	if code := r.command.ProcessState.ExitCode(); code != 0 || r.errs.Len() > 0 {
		r.t.Errorf("the program ended with status %d:\n%s", code, &r.errs)
	}
}
