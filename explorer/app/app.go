// Package app is the window: it opens it, and turns its frames.
//
// One goroutine, locked to the main thread, does a turn after the other:
//
//  1. The system's events, or those of a script, become ui.Events.
//  2. The workspace goes on with its work for a slice of time.
//  3. If something changed, a frame: the panels say what part of the window they leave free,
//     the workspace draws there, the panels are drawn over it, and the surface shows it.
//
// When nothing changes there are no turns: it waits for an event, or for the next frame of an
// animation that plays.
package app

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/go-gl/glfw/v3.3/glfw"

	"headscope/explorer/session"
	"headscope/explorer/ui"
	"headscope/explorer/workspace"
	"headscope/gpu"
	"headscope/gpu/render"
)

// Options say what the window opens with, and what a script wants of it.
type Options struct {
	Adapter gpu.Choice
	Session *session.Session // nil: the built-in model, and the last session is offered
	Folder  string           // where a session's files are looked for
	Fetch   bool             // files that a session names may be fetched from the web
	Seed    uint64           // of random leaves
	Remark  string           // said at the start; ""

	Width, Height int // of the window; 0: as it was last

	Frames     int    // ends after so many frames, when all work is done; 0: does not
	Script     Script // what is played into the window; it ends with it
	Screenshot string // PNG of the last frame; ""
	// JSON of what the window holds, see [State]; "". It is written at the end; without Frames
	// and Script also whenever the window has come to rest, so that others can follow it.
	State string

	Start time.Time   // of the program, for what State tells
	Warn  func(error) // told what does not keep the window from opening
}

// App is an open window.
type App struct {
	options   Options
	window    *window              // owned
	renderer  *render.Renderer     // owned
	context   *ui.Context          // owned
	workspace *workspace.Workspace // owned
	shell     *ui.Shell
	player    *player
	meter     meter

	due      int       // frames that are to be drawn
	fresh    bool      // the first of them shows what the last frame did not
	last     time.Time // start of the last frame
	advanced time.Time // when what plays went on last
	told     int       // frames that were drawn when State was written last
	stateful bool      // the session is kept for the next start
	closing  bool

	warming chan struct{} // closed when [workspace.Warm] has ended; nil before it begins
	shown   chan struct{} // closed with the first atlas: Warm goes on to the other tabs
	cool    func()        // ends it
}

// After an event, and when work has changed what is shown, so many frames are drawn: the panels
// settle over some of them.
const settleFrames = 3

// While work goes on, panels settle at most this often, so that it is done sooner, and its
// progress is drawn this often.
const (
	settleEvery   = 33 * time.Millisecond
	progressEvery = 100 * time.Millisecond
)

// What plays is drawn at most this often, and State written every so many frames of it.
const (
	playFrame = time.Second / 60
	playTold  = 60
)

// workTime is how long a turn begins slices of work, each of which may take longer than that.
const workTime = 8 * time.Millisecond

// Run opens the window and returns when it is closed, or with the error that ended it. It must
// be called on the main thread.
func Run(ctx context.Context, o Options) error {
	a, err := open(o)
	if err != nil {
		return err
	}
	defer a.close()
	return a.loop(ctx)
}

func open(o Options) (a *App, err error) {
	if o.Warn == nil {
		o.Warn = func(error) {}
	}
	// What scripts do leaves no trace in a user's folders.
	scripted := o.Frames > 0 || o.Script != nil
	settings := &workspace.Settings{}
	if !scripted {
		if settings, err = workspace.LoadSettings(workspace.ConfigFile()); err != nil {
			o.Warn(err)
		}
	}
	a = &App{options: o, stateful: !scripted, due: settleFrames}
	defer func() {
		if err != nil {
			a.close()
			a = nil
		}
	}()
	width, height := cmp.Or(o.Width, settings.Width, 1280), cmp.Or(o.Height, settings.Height, 800)
	if a.window, err = openWindow(o.Adapter, width, height); err != nil {
		return a, err
	}
	a.warm()
	if a.renderer, err = render.New(a.window.device); err != nil {
		return a, err
	}
	if a.context, err = ui.New(a.window.device, a.renderer, a.window); err != nil {
		return a, err
	}
	a.workspace = workspace.New(a.window.device, a.renderer, o.Session, workspace.Options{
		Folder: o.Folder, Fetch: o.Fetch, Seed: o.Seed, Settings: settings, Wake: glfw.PostEmptyEvent,
	})
	if o.Session == nil && a.stateful {
		last, err := workspace.LoadState(workspace.StateFile())
		if err != nil {
			o.Warn(err)
		}
		a.workspace.Offer(last)
	}
	if o.Remark != "" {
		a.workspace.Say(o.Remark)
	}
	a.shell = ui.NewShell(a.context, a.workspace, a.window)
	a.player = newPlayer(o.Script)
	a.meter.start = cmp.Or(o.Start, time.Now())
	return a, nil
}

// warm lets shaders be compiled beside the frames.
func (a *App) warm() {
	var ctx context.Context
	ctx, a.cool = context.WithCancel(context.Background())
	a.warming, a.shown = make(chan struct{}), make(chan struct{})
	choice, target, shown := a.window.device.Adapter.Name, a.window.surface, a.shown
	go func() {
		defer close(a.warming)
		if err := workspace.Warm(ctx, choice, target, shown); err != nil && ctx.Err() == nil {
			a.options.Warn(fmt.Errorf("shaders are not compiled ahead: %w", err))
		}
	}()
}

// close saves what is to be kept and frees everything.
func (a *App) close() {
	if a.workspace != nil {
		a.keep()
		a.workspace.Release()
	}
	if a.warming != nil {
		a.cool()
		<-a.warming
	}
	a.context.Release()
	a.renderer.Release()
	if a.window != nil {
		a.window.close()
	}
}

// keep saves settings and session for the next start.
func (a *App) keep() {
	if !a.stateful {
		return
	}
	s := a.workspace.Settings
	s.Width, s.Height = a.window.handle.GetSize()
	s.Light, s.Safe = a.workspace.Document().Light, a.workspace.Document().Safe
	if err := s.Save(); err != nil {
		a.options.Warn(err)
	}
	if a.workspace.Offered() != nil {
		return // the last session was neither taken nor turned down: it is offered once more
	}
	if err := a.workspace.SaveState(workspace.StateFile()); err != nil {
		a.options.Warn(err)
	}
}

// loop turns until the window is closed.
func (a *App) loop(ctx context.Context) error {
	stop := context.AfterFunc(ctx, glfw.PostEmptyEvent)
	defer stop()
	for !a.closing {
		if err := a.wait(); err != nil {
			return err
		}
		if ctx.Err() != nil || a.window.handle.ShouldClose() {
			break
		}
		start := time.Now()
		if err := a.turn(); err != nil {
			return err
		}
		a.meter.longest = max(a.meter.longest, time.Since(start))
	}
	return a.report()
}

// wait returns when there is something to do.
func (a *App) wait() error {
	if a.ripe() || a.meter.frames < a.options.Frames || a.workspace.Busy() || a.player.busy() || len(a.window.events) > 0 {
		glfw.PollEvents()
		return nil
	}
	timeout := time.Hour
	if a.stateful {
		if left := a.workspace.Autosave(workspace.StateFile()); left > 0 {
			timeout = left
		}
		if a.workspace.Busy() {
			return nil
		}
	}
	if a.due > 0 {
		timeout = min(timeout, settleEvery-time.Since(a.last))
	}
	playing := a.workspace.Playing()
	if playing {
		timeout = min(timeout, max(0, playFrame-time.Since(a.advanced)))
	}
	if !playing || a.meter.frames-a.told >= playTold {
		if err := a.tell(); err != nil {
			return err
		}
	}
	glfw.WaitEventsTimeout(max(0, timeout.Seconds()))
	return nil
}

// turn does what is due: events, a slice of work, a frame.
func (a *App) turn() error {
	if err := a.player.step(a); err != nil {
		return err
	}
	w := a.window
	if len(w.events) > 0 || len(w.dropped) > 0 {
		a.meter.ask()
	}
	if len(w.events) > 0 || w.exposed || len(w.dropped) > 0 {
		a.refresh(settleFrames)
	}
	for _, name := range w.dropped {
		a.workspace.Open(name)
	}
	w.dropped, w.exposed = nil, false
	if a.workspace.Step(workTime) {
		a.refresh(settleFrames)
	}
	if a.meter.frames < a.options.Frames {
		a.refresh(1)
	}
	now := time.Now()
	if a.workspace.Advance(min(now.Sub(a.advanced), time.Second)) {
		a.refresh(1)
	}
	a.advanced = now
	working := len(a.workspace.Jobs()) > 0 && time.Since(a.last) > progressEvery
	if a.ripe() || working {
		if err := a.frame(); err != nil {
			return err
		}
		a.due, a.fresh = max(0, a.due-1), a.context.Pending()
		if a.fresh {
			a.due = max(a.due, 1)
		}
	}
	if a.options.Frames > 0 && a.meter.frames >= a.options.Frames && a.settled() {
		a.closing = true
	}
	return nil
}

// refresh makes so many frames due, the first of which shows something new.
func (a *App) refresh(frames int) { a.due, a.fresh = max(a.due, frames), true }

// ripe tells whether a frame that is due is drawn now.
func (a *App) ripe() bool {
	return a.due > 0 && (a.fresh || len(a.workspace.Jobs()) == 0 || time.Since(a.last) >= settleEvery)
}

// settled tells whether nothing is left to be done or drawn.
func (a *App) settled() bool { return a.due == 0 && len(a.workspace.Jobs()) == 0 }

// frame draws the window.
func (a *App) frame() error {
	if err := a.window.resize(); err != nil {
		return err
	}
	width, height := a.window.surface.Size()
	if width == 0 || height == 0 { // minimised
		a.window.events = nil
		return nil
	}
	start := time.Now()
	asked := len(a.window.events) > 0 || a.context.Pending() // what this frame takes in, the next ones show
	if !a.context.Pending() {
		for _, e := range a.window.take() {
			a.context.Feed(e)
		}
	}
	if err := a.draw(a.window.surface, width, height); err != nil {
		return err
	}
	a.window.surface.Present()
	a.window.point(a.context.Cursor())
	// Frames do not pile up: what the next one shows is what there is then.
	if err := a.window.device.Wait(); err != nil {
		return err
	}
	a.meter.frame(start, a.workspace)
	if !asked && len(a.workspace.Jobs()) == 0 {
		a.meter.answer()
	}
	if a.shown != nil && a.workspace.Pass() != nil {
		close(a.shown)
		a.shown = nil
	}
	a.last = start
	return nil
}

// draw records and submits one frame on a target.
func (a *App) draw(target gpu.Target, width, height int) error {
	scale := a.window.scale() * cmp.Or(a.workspace.Settings.Scale, 1)
	a.shell.Theme()
	a.context.Begin(width, height, scale, min(time.Since(a.last), time.Second))
	sight := a.shell.Frame(width, height, scale)
	r := a.window.device.Record("frame")
	r.Whole()
	r.Render(gpu.Pass{Target: target, Clear: gpu.RGBA(a.workspace.Look().Background())})
	a.workspace.Draw(r, target, sight)
	a.context.End(r, target)
	if err := r.Submit(); err != nil {
		return fmt.Errorf("the window cannot be drawn: %w", err)
	}
	return nil
}
