package app

import (
	"os/exec"
	"strings"
	"testing"

	"headscope/explorer/ui"
)

// A chord that is pressed and let go within one frame is seen as a chord, and all events come
// in their order.
func TestTake(t *testing.T) {
	w := &window{}
	events := []ui.Event{
		move(1, 2), key("ctrl", true), key("z", true), key("ctrl", false), key("z", false),
		key("shift", true), button(0, true), key("shift", false), button(0, false),
	}
	for _, e := range events {
		w.feed(e)
	}
	var all []ui.Event
	for _, want := range []int{3, 4, 2, 0} {
		frame := w.take()
		if len(frame) != want {
			t.Errorf("a frame takes %v, want %d events", frame, want)
		}
		all = append(all, frame...)
	}
	for i := range events {
		if i >= len(all) || all[i] != events[i] {
			t.Fatalf("the events are %v, want %v", all, events)
		}
	}
}

// Without a display there is one line that says so, and what works there.
func TestNoDisplay(t *testing.T) {
	for _, args := range [][]string{nil, {"A @ B"}, {"explore"}, {"explore", "--frames", "2"}} {
		c := exec.Command(headscope, args...)
		c.Env = append(c.Environ(), "DISPLAY=", "WAYLAND_DISPLAY=", "XDG_CONFIG_HOME="+t.TempDir(), "XDG_STATE_HOME="+t.TempDir())
		out, err := c.CombinedOutput()
		text := strings.TrimSpace(string(out))
		if err == nil || c.ProcessState.ExitCode() != 1 || strings.Contains(text, "\n") ||
			!strings.Contains(text, "display;") || !strings.Contains(text, "headscope atlas") {
			t.Errorf("headscope %v without a display: %v\n%s", args, err, text)
		}
	}
}
