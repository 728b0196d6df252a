package app

import (
	"fmt"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"headscope/explorer/ui"
)

// Script gives the steps that are played into the window, one after the other, until it has no
// more.
type Script func() (Step, bool)

// Step is one thing that a script does. It is called once a turn, with a frame drawn in
// between, until it says that it is done.
type Step func(a *App) (done bool, err error)

// ParseScript reads a script, a command a line; empty lines and lines that begin with # are
// left out. Places are pixels of the window from its upper left corner.
//
//	wait                    until there is nothing left to do
//	wait 0.5                seconds
//	frames 10               draws so many frames
//	key ctrl+z              presses a key and lets it go; down and up do one of both
//	type Some text          as it is, to the end of the line
//	move X Y
//	click X Y [right]       also double X Y
//	drag X Y X2 Y2 [right]  with some places in between
//	wheel X Y NOTCHES       above 0: away from the user
//	drop PATH               drops a file or folder on the window
//	resize WIDTH HEIGHT     of the window, in units of the display
//	screenshot F.png        of the window as it is
//	state F.json            what the window holds, see State
//	close                   closes the window
func ParseScript(text string) (Script, error) {
	var steps []Step
	for i, line := range strings.Split(text, "\n") {
		if line = strings.TrimRight(line, "\r"); strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, rest, _ := strings.Cut(strings.TrimLeft(line, " \t"), " ")
		command, ok := commands[name]
		if !ok {
			return nil, fmt.Errorf("line %d of the script: there is no command %.40q", i+1, name)
		}
		more, err := command(rest)
		if err != nil {
			return nil, fmt.Errorf("line %d of the script: %s %.80q: %w", i+1, name, rest, err)
		}
		steps = append(steps, more...)
	}
	return func() (Step, bool) {
		if len(steps) == 0 {
			return nil, false
		}
		s := steps[0]
		steps = steps[1:]
		return s, true
	}, nil
}

// waitLimit is how long a script waits for the end of all work.
const waitLimit = 2 * time.Minute

var commands = map[string]func(rest string) ([]Step, error){
	"wait": func(rest string) ([]Step, error) {
		if strings.TrimSpace(rest) == "" {
			return []Step{waitIdle()}, nil
		}
		n, err := numbers(rest, 1)
		if err != nil {
			return nil, err
		}
		if n[0] < 0 {
			return nil, fmt.Errorf("expected a number from 0")
		}
		return []Step{waitFor(time.Duration(n[0] * float64(time.Second)))}, nil
	},
	"frames": func(rest string) ([]Step, error) {
		n, err := numbers(rest, 1)
		if err != nil {
			return nil, err
		}
		left := int(n[0])
		if n[0] < 1 || n[0] != float64(left) {
			return nil, fmt.Errorf("expected a whole number from 1")
		}
		return []Step{func(a *App) (bool, error) {
			a.refresh(1)
			left--
			return left <= 0, nil
		}}, nil
	},
	"key": func(rest string) ([]Step, error) {
		down, err := keys(rest, true)
		if err != nil {
			return nil, err
		}
		up, err := keys(rest, false)
		return append(down, up...), err
	},
	"down": func(rest string) ([]Step, error) { return keys(rest, true) },
	"up":   func(rest string) ([]Step, error) { return keys(rest, false) },
	"type": func(rest string) ([]Step, error) {
		var steps []Step
		for _, c := range rest {
			steps = append(steps, send(ui.Event{Kind: ui.Text, Text: string(c)}))
		}
		return steps, nil
	},
	"move": func(rest string) ([]Step, error) {
		n, err := numbers(rest, 2)
		if err != nil {
			return nil, err
		}
		return []Step{send(move(n[0], n[1]))}, nil
	},
	"click":  func(rest string) ([]Step, error) { return click(rest, 1) },
	"double": func(rest string) ([]Step, error) { return click(rest, 2) },
	"drag": func(rest string) ([]Step, error) {
		rest, which := withButton(rest)
		n, err := numbers(rest, 4)
		if err != nil {
			return nil, err
		}
		const places = 8
		steps := []Step{send(move(n[0], n[1])), send(button(which, true))}
		for i := 1; i <= places; i++ {
			t := float64(i) / places
			steps = append(steps, send(move(n[0]+t*(n[2]-n[0]), n[1]+t*(n[3]-n[1]))))
		}
		return append(steps, send(button(which, false))), nil
	},
	"wheel": func(rest string) ([]Step, error) {
		n, err := numbers(rest, 3)
		if err != nil {
			return nil, err
		}
		return []Step{send(move(n[0], n[1])), send(wheel(0, n[2]))}, nil
	},
	"drop": func(rest string) ([]Step, error) {
		if rest == "" {
			return nil, errNoPath
		}
		return []Step{func(a *App) (bool, error) {
			a.window.dropped = append(a.window.dropped, rest)
			return true, nil
		}}, nil
	},
	"resize": func(rest string) ([]Step, error) {
		n, err := numbers(rest, 2)
		if err != nil {
			return nil, err
		}
		for _, x := range n {
			// Some systems end a program that wants a window without an area.
			if x < 1 || x > maxSide || x != math.Trunc(x) {
				return nil, fmt.Errorf("expected whole numbers from 1 to %d", maxSide)
			}
		}
		return []Step{func(a *App) (bool, error) {
			a.window.handle.SetSize(int(n[0]), int(n[1]))
			return true, nil
		}, waitFor(50 * time.Millisecond)}, nil
	},
	"screenshot": func(rest string) ([]Step, error) {
		if filepath.Ext(rest) != ".png" {
			return nil, fmt.Errorf("expected a name ending in .png")
		}
		return []Step{func(a *App) (bool, error) { return true, a.screenshot(rest) }}, nil
	},
	"state": func(rest string) ([]Step, error) {
		if rest == "" {
			return nil, errNoPath
		}
		return []Step{func(a *App) (bool, error) { return true, a.writeState(rest) }}, nil
	},
	"close": func(rest string) ([]Step, error) {
		if rest != "" {
			return nil, fmt.Errorf("expected nothing after it")
		}
		return []Step{func(a *App) (bool, error) {
			a.window.handle.SetShouldClose(true)
			return true, nil
		}}, nil
	},
}

var errNoPath = fmt.Errorf("expected a path")

// maxSide is the largest side of a window that a script asks for.
const maxSide = 16384

// send passes events on.
func send(events ...ui.Event) Step {
	return func(a *App) (bool, error) {
		for _, e := range events {
			a.window.feed(e)
		}
		return true, nil
	}
}

// waitIdle waits until no work and no frame is due.
func waitIdle() Step {
	var start time.Time
	return func(a *App) (bool, error) {
		if start.IsZero() {
			start = time.Now()
		}
		if time.Since(start) > waitLimit {
			return true, fmt.Errorf("the script waits in vain: after %v there still is work", waitLimit)
		}
		return a.settled(), nil
	}
}

func waitFor(d time.Duration) Step {
	var start time.Time
	return func(*App) (bool, error) {
		if start.IsZero() {
			start = time.Now()
		}
		return time.Since(start) >= d, nil
	}
}

func keys(names string, down bool) ([]Step, error) {
	parts := strings.Split(strings.TrimSpace(names), "+")
	if !down { // the last first
		for i, j := 0, len(parts)-1; i < j; i, j = i+1, j-1 {
			parts[i], parts[j] = parts[j], parts[i]
		}
	}
	var events []ui.Event
	for _, name := range parts {
		if _, ok := ui.KeyNamed(name); !ok {
			return nil, fmt.Errorf("there is no key %.40q", name)
		}
		events = append(events, key(name, down))
	}
	return []Step{send(events...)}, nil
}

func click(rest string, times int) ([]Step, error) {
	rest, which := withButton(rest)
	n, err := numbers(rest, 2)
	if err != nil {
		return nil, err
	}
	steps := []Step{send(move(n[0], n[1]))}
	for range times {
		steps = append(steps, send(button(which, true)), send(button(which, false)))
	}
	return steps, nil
}

// withButton splits a button off the end of a command: 0 left, 1 right.
func withButton(rest string) (string, int) {
	if r, ok := strings.CutSuffix(strings.TrimSpace(rest), " right"); ok {
		return r, 1
	}
	return rest, 0
}

// numbers reads so many numbers.
func numbers(rest string, count int) ([]float64, error) {
	fields := strings.Fields(rest)
	if len(fields) != count {
		return nil, fmt.Errorf("expected %d number%s", count, map[bool]string{true: "s"}[count > 1])
	}
	n := make([]float64, count)
	for i, f := range fields {
		var err error
		if n[i], err = strconv.ParseFloat(f, 64); err != nil || math.IsNaN(n[i]) || math.Abs(n[i]) > 1e6 {
			return nil, fmt.Errorf("%q is no number up to a million", f)
		}
	}
	return n, nil
}

// player plays a script, a step a turn.
type player struct {
	script  Script // nil: none, or its end was reached
	current Step
}

func newPlayer(s Script) *player { return &player{script: s} }

// busy tells whether there is more to be played.
func (p *player) busy() bool { return p.script != nil }

// step goes on with the script. At its end the window closes.
func (p *player) step(a *App) error {
	if p.script == nil {
		return nil
	}
	if p.current == nil {
		var more bool
		if p.current, more = p.script(); !more {
			p.script = nil
			if a.options.Frames == 0 {
				a.closing = true
			}
			return nil
		}
	}
	done, err := p.current(a)
	if done || err != nil {
		p.current = nil
	}
	if err != nil {
		p.script = nil
	}
	return err
}
