package app

import (
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
