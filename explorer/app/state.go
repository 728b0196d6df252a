package app

import (
	"encoding/json"
	"fmt"
	"image/png"
	"io"
	"slices"
	"time"

	"headscope/explorer/workspace"
	"headscope/gpu"
	"headscope/models/tensor"
)

// State is what a window tells scripts and tests.
type State struct {
	Session json.RawMessage   `json:"session"` // the document, as a session file has it
	Tokens  []string          `json:"tokens"`  // of the pass on the screen
	Hover   string            `json:"hover"`   // what is under the pointer, as the window says it
	Notices map[string]string `json:"notices"` // by place
	Jobs    []string          `json:"jobs"`    // that still go on

	Adapter string `json:"adapter"`
	Width   int    `json:"width"` // of the window, in pixels
	Height  int    `json:"height"`
	Frames  int    `json:"frames"` // drawn so far
	// Of the last frames, how long each took from its first call to the end of its work on the
	// device, in milliseconds.
	MedianMS float64 `json:"ms_median"`
	P95MS    float64 `json:"ms_p95"`
	// Milliseconds from the program's start to the end of the first frame, and of the first one
	// that shows heads; 0: not yet.
	FirstFrameMS float64 `json:"first_frame_ms"`
	FirstAtlasMS float64 `json:"first_atlas_ms"`
	// The longest turn since the last State: how long the window did not listen, in milliseconds.
	LongestMS float64 `json:"longest_ms"`
	// From the last event that came while nothing was left to do, until all that it and those
	// after it asked for was on the screen, in milliseconds.
	ResponseMS float64 `json:"response_ms"`

	Live gpu.Live `json:"live"` // handles and bytes on the device
}

// meter times frames.
type meter struct {
	start        time.Time // of the program
	first, atlas time.Duration
	frames       int
	last         []time.Duration // of the latest frames
	longest      time.Duration   // turn
	asked        time.Time       // when the first event came that is not answered; zero: all are
	response     time.Duration   // how long the last answer took
}

// meterFrames is how many frames the meter looks back.
const meterFrames = 240

// frame notes a frame that began at start and has just ended.
func (m *meter) frame(start time.Time, w *workspace.Workspace) {
	now := time.Now()
	m.frames++
	if m.last = append(m.last, now.Sub(start)); len(m.last) > meterFrames {
		m.last = m.last[1:]
	}
	if m.first == 0 {
		m.first = now.Sub(m.start)
	}
	if m.atlas == 0 && w.Document().View == "atlas" && w.Pass() != nil {
		m.atlas = now.Sub(m.start)
	}
}

// ask notes an event.
func (m *meter) ask() {
	if m.asked.IsZero() {
		m.asked = time.Now()
	}
}

// answer notes that what was asked for is on the screen.
func (m *meter) answer() {
	if !m.asked.IsZero() {
		m.response, m.asked = time.Since(m.asked), time.Time{}
	}
}

// percentile is that of the last frames, in milliseconds.
func (m *meter) percentile(p float64) float64 {
	if len(m.last) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(m.last))
	return milliseconds(sorted[int(p*float64(len(sorted)-1))])
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// state is what the window holds now.
func (a *App) state() (State, error) {
	w := a.workspace
	s := State{
		Tokens: []string{}, Jobs: []string{}, Hover: a.shell.Hover(), Notices: map[string]string{}, Adapter: a.window.device.Adapter.Name,
		Frames: a.meter.frames, MedianMS: a.meter.percentile(0.5), P95MS: a.meter.percentile(0.95),
		FirstFrameMS: milliseconds(a.meter.first), FirstAtlasMS: milliseconds(a.meter.atlas),
		LongestMS: milliseconds(a.meter.longest), ResponseMS: milliseconds(a.meter.response), Live: a.window.device.Live(),
	}
	s.Width, s.Height = a.window.surface.Size()
	a.meter.longest = 0
	var err error
	if s.Session, err = w.Document().File(); err != nil {
		return s, err
	}
	if p := w.Pass(); p != nil {
		s.Tokens = p.Tokens
	}
	for place, text := range w.Notices() {
		s.Notices[string(place)] = text
	}
	for _, j := range w.Jobs() {
		s.Jobs = append(s.Jobs, j.What)
	}
	return s, nil
}

// tell writes the state of a window that nothing plays into, when it is at rest and has drawn
// something since it told last.
func (a *App) tell() error {
	if a.options.State == "" || a.options.Script != nil || a.options.Frames > 0 || a.told == a.meter.frames || !a.settled() {
		return nil
	}
	a.told = a.meter.frames
	return a.writeState(a.options.State)
}

// writeState writes a file of the state, which is replaced whole.
func (a *App) writeState(path string) error {
	s, err := a.state()
	if err != nil {
		return err
	}
	return tensor.WriteFile(path, func(f io.Writer) error {
		e := json.NewEncoder(f)
		e.SetIndent("", "  ")
		return e.Encode(s)
	})
}

// screenshot writes the window as it is, panels and all.
func (a *App) screenshot(path string) error {
	width, height := a.window.surface.Size()
	picture, err := a.window.device.NewPictureLike(a.window.surface, width, height)
	if err != nil {
		return fmt.Errorf("no screenshot: %w", err)
	}
	defer picture.Release()
	if err := a.draw(picture, width, height); err != nil {
		return err
	}
	img, err := picture.Image()
	if err != nil {
		return err
	}
	return tensor.WriteFile(path, func(f io.Writer) error { return png.Encode(f, img) })
}

// report writes what the options ask for at the end.
func (a *App) report() error {
	if a.options.Screenshot != "" {
		if err := a.screenshot(a.options.Screenshot); err != nil {
			return err
		}
	}
	if a.options.State != "" {
		return a.writeState(a.options.State)
	}
	return nil
}
