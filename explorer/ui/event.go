package ui

import (
	"math"

	"github.com/AllenDang/cimgui-go/imgui"
)

// Kind says what an event tells of.
type Kind uint8

// The kinds of events, and which fields of [Event] they have.
const (
	Move   Kind = iota // X, Y: where the mouse is, in pixels of the target
	Leave              // the mouse is outside of the window
	Button             // Button, Down
	Wheel              // X, Y: notches of the wheel, positive to the left and away from the user
	Key                // Key, Down
	Text               // Text: what was typed
	Focus              // Down: the window has the keyboard
)

// The buttons of a mouse, as everyone numbers them.
const (
	LeftButton = iota
	RightButton
	MiddleButton
)

// Event is something that a user did: to a window, or as a script says.
type Event struct {
	Kind   Kind
	X, Y   float64
	Button int
	Key    string // a name of [KeyNamed]
	Down   bool
	Text   string
}

// Feed hands an event to the interface, for the next frame. What does not fit into one frame,
// such as the press and the release of one button, waits for the frames after it: see
// [Context.Pending].
func (c *Context) Feed(e Event) {
	io := imgui.CurrentIO()
	switch e.Kind {
	case Move:
		io.AddMousePosEvent(float32(e.X), float32(e.Y))
	case Leave:
		io.AddMousePosEvent(-math.MaxFloat32, -math.MaxFloat32)
	case Button:
		io.AddMouseButtonEvent(int32(e.Button), e.Down)
	case Wheel:
		io.AddMouseWheelEvent(float32(e.X), float32(e.Y))
	case Key:
		k, ok := KeyNamed(e.Key)
		if !ok {
			return
		}
		// Dear ImGui wants a modifier twice: as a key and as what it does to others.
		for _, m := range modifiers {
			if k == m.left || k == m.right {
				c.held[k] = e.Down
				io.AddKeyEvent(m.mod, c.held[m.left] || c.held[m.right])
			}
		}
		io.AddKeyEvent(k, e.Down)
	case Text:
		io.AddInputCharactersUTF8(e.Text)
	case Focus:
		clear(c.held) // keys are released elsewhere, unseen
		io.AddFocusEvent(e.Down)
	}
}

// Pending reports whether events wait for another frame.
func (c *Context) Pending() bool { return c.context.CData.InputEventsQueue.Size > 0 }
