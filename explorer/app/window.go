package app

import (
	"bytes"
	"errors"
	"fmt"
	"log"
	"slices"
	"strings"

	"github.com/go-gl/glfw/v3.3/glfw"
	wgpuglfw "github.com/rajveermalviya/go-webgpu/wgpuext/glfw"

	"headscope/explorer/ui"
	"headscope/gpu"
)

// window is the window of the system, with its surface.
type window struct {
	handle  *glfw.Window // owned
	device  *gpu.Device  // owned
	surface *gpu.Surface // owned

	cursor  ui.Cursor                  // of the mouse, as it is shown
	cursors map[ui.Cursor]*glfw.Cursor // made when they are first shown; they end with glfw

	events  []ui.Event // since the last frame
	dropped []string   // paths, since the last frame
	exposed bool       // the system wants it drawn anew
}

// openWindow opens a window of width x height units of the display, and the adapter that draws
// to it.
func openWindow(choice gpu.Choice, width, height int) (w *window, err error) {
	if err := initialize(); err != nil {
		return nil, fmt.Errorf("no window can be opened: %w; without a display use headscope atlas, render and compare, which write pictures", err)
	}
	w = &window{cursors: map[ui.Cursor]*glfw.Cursor{}}
	defer func() {
		if err != nil {
			w.close()
			w = nil
		}
	}()
	glfw.WindowHint(glfw.ClientAPI, glfw.NoAPI)
	glfw.WindowHint(glfw.ScaleToMonitor, glfw.True)
	if w.handle, err = glfw.CreateWindow(width, height, "headscope", nil, nil); err != nil {
		return w, fmt.Errorf("no window of %d x %d can be opened: %w", width, height, err)
	}
	if w.handle == nil { // an error of the system, which is in the log
		return w, fmt.Errorf("no window of %d x %d can be opened", width, height)
	}
	w.handle.SetSizeLimits(minWidth, minHeight, glfw.DontCare, glfw.DontCare)
	if w.device, w.surface, err = gpu.OpenWindow(choice, wgpuglfw.GetSurfaceDescriptor(w.handle)); err != nil {
		return w, err
	}
	w.listen()
	return w, w.resize()
}

// initialize starts GLFW. Its binding does not return errors of the system, such as that there is
// no display: it logs them, and the next call panics.
func initialize() (err error) {
	var said bytes.Buffer
	writer, flags := log.Writer(), log.Flags()
	log.SetOutput(&said)
	log.SetFlags(0)
	defer func() {
		log.SetOutput(writer)
		log.SetFlags(flags)
		if recover() != nil {
			err = errors.New(strings.TrimSpace(said.String()))
		}
	}()
	if err := glfw.Init(); err != nil {
		return err
	}
	glfw.GetTime() // anything that panics if it has not started
	return nil
}

// The least size of the window, in units of the display.
const (
	minWidth  = 640
	minHeight = 400
)

func (w *window) close() {
	w.surface.Release()
	w.device.Release()
	if w.handle != nil {
		w.handle.Destroy()
	}
	glfw.Terminate()
}

// resize makes the surface as large as the window is.
func (w *window) resize() error { return w.surface.Resize(w.handle.GetFramebufferSize()) }

// scale is how many pixels a unit of text is.
func (w *window) scale() float64 {
	x, y := w.handle.GetContentScale()
	return float64(max(1, min(x, y)))
}

// pixels takes a place of the window in units of the display to pixels.
func (w *window) pixels(x, y float64) (float64, float64) {
	width, height := w.handle.GetSize()
	fw, fh := w.handle.GetFramebufferSize()
	if width == 0 || height == 0 {
		return x, y
	}
	return x * float64(fw) / float64(width), y * float64(fh) / float64(height)
}

// cursorShapes are the system's for those of the interface.
var cursorShapes = map[ui.Cursor]glfw.StandardCursor{
	ui.ArrowCursor: glfw.ArrowCursor, ui.TextCursor: glfw.IBeamCursor,
	ui.WidthCursor: glfw.HResizeCursor, ui.HeightCursor: glfw.VResizeCursor,
}

// point gives the mouse's cursor a shape.
func (w *window) point(c ui.Cursor) {
	if c == w.cursor {
		return
	}
	shape, ok := w.cursors[c]
	if !ok {
		shape = glfw.CreateStandardCursor(cursorShapes[c])
		w.cursors[c] = shape
	}
	w.handle.SetCursor(shape)
	w.cursor = c
}

// feed is the one way of input into a frame: from the system and from scripts.
func (w *window) feed(e ui.Event) { w.events = append(w.events, e) }

// take returns what came first, for one frame. A modifier that changes after something was
// pressed waits for the next frame: it would go for that as well, and a quick Ctrl+Z be a Z.
func (w *window) take() []ui.Event {
	pressed := false
	for i, e := range w.events {
		if pressed && e.Kind == ui.Key && modifiers[e.Key] {
			first := w.events[:i]
			w.events = slices.Clone(w.events[i:])
			return first
		}
		pressed = pressed || e.Down && (e.Kind == ui.Key && !modifiers[e.Key] || e.Kind == ui.Button)
	}
	all := w.events
	w.events = nil
	return all
}

func move(x, y float64) ui.Event          { return ui.Event{Kind: ui.Move, X: x, Y: y} }
func wheel(x, y float64) ui.Event         { return ui.Event{Kind: ui.Wheel, X: x, Y: y} }
func button(b int, down bool) ui.Event    { return ui.Event{Kind: ui.Button, Button: b, Down: down} }
func key(name string, down bool) ui.Event { return ui.Event{Kind: ui.Key, Key: name, Down: down} }

// listen passes the system's events on.
func (w *window) listen() {
	w.handle.SetCursorPosCallback(func(_ *glfw.Window, x, y float64) {
		x, y = w.pixels(x, y)
		w.feed(move(x, y))
	})
	w.handle.SetMouseButtonCallback(func(_ *glfw.Window, b glfw.MouseButton, action glfw.Action, _ glfw.ModifierKey) {
		w.feed(button(int(b), action == glfw.Press))
	})
	w.handle.SetScrollCallback(func(_ *glfw.Window, x, y float64) { w.feed(wheel(x, y)) })
	w.handle.SetCursorEnterCallback(func(_ *glfw.Window, entered bool) {
		if !entered {
			w.feed(ui.Event{Kind: ui.Leave})
		}
	})
	w.handle.SetKeyCallback(func(_ *glfw.Window, k glfw.Key, _ int, action glfw.Action, _ glfw.ModifierKey) {
		if action == glfw.Repeat {
			w.exposed = true // Dear ImGui repeats by itself, in frames
		} else if name, ok := keyName(k); ok {
			w.feed(key(name, action == glfw.Press))
		}
	})
	w.handle.SetCharCallback(func(_ *glfw.Window, c rune) { w.feed(ui.Event{Kind: ui.Text, Text: string(c)}) })
	w.handle.SetFocusCallback(func(_ *glfw.Window, focused bool) { w.feed(ui.Event{Kind: ui.Focus, Down: focused}) })
	w.handle.SetDropCallback(func(_ *glfw.Window, names []string) { w.dropped = append(w.dropped, names...) })
	w.handle.SetRefreshCallback(func(*glfw.Window) { w.exposed = true })
	w.handle.SetFramebufferSizeCallback(func(*glfw.Window, int, int) { w.exposed = true })
	w.handle.SetContentScaleCallback(func(*glfw.Window, float32, float32) { w.exposed = true })
}

// Get returns the clipboard's text.
func (w *window) Get() string { return glfw.GetClipboardString() }

// Set changes the clipboard's text.
func (w *window) Set(text string) { glfw.SetClipboardString(text) }
