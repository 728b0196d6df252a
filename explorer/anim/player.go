package anim

import (
	"fmt"
	"math"
)

// Steps is what a player plays: an [Animation], or what else shows something else step by step.
type Steps interface {
	Steps() int           // length of a cycle; 0 where nothing moves
	Check(step int) error // refuses a step outside the cycle
}

// Player is the playback of an animation: which step is shown, and how that follows time.
type Player struct {
	Playing bool // time leads on

	steps Steps
	step  int
	speed float64 // steps a second
	due   float64 // part of the next step whose time has passed, below 1
}

// NewPlayer is a paused playback at step 1, with a speed in steps a second.
func NewPlayer(s Steps, speed float64) (*Player, error) {
	p := &Player{steps: s, step: 1}
	if err := p.SetSpeed(speed); err != nil {
		return nil, err
	}
	return p, nil
}

// SetSpeed sets the speed in steps a second, a finite number above 0.
func (p *Player) SetSpeed(speed float64) error {
	if !(speed > 0) || math.IsInf(speed, 0) {
		return fmt.Errorf("anim.speed is %v: expected steps a second, above 0", speed)
	}
	p.speed = speed
	return nil
}

// Speed is the number of steps a second.
func (p *Player) Speed() float64 { return p.speed }

// Step is the step that is shown, 1 to the cycle's last.
func (p *Player) Step() int { return p.step }

// Seek shows a step, and refuses one outside the cycle.
func (p *Player) Seek(step int) error {
	if err := p.steps.Check(step); err != nil {
		return err
	}
	p.step, p.due = step, 0
	return nil
}

// Move pauses and goes some steps on, or back if n < 0, around the cycle's ends.
func (p *Player) Move(n int) {
	p.Playing, p.due = false, 0
	p.goOn(n)
}

// Advance lets some seconds pass and returns whether another step is shown.
func (p *Player) Advance(seconds float64) bool {
	steps := p.steps.Steps()
	if !p.Playing || steps == 0 || !(seconds > 0) {
		return false
	}
	// The whole cycles in it change nothing, and what is left is a number of steps.
	due := math.Mod(p.due+seconds*p.speed, float64(steps))
	if math.IsNaN(due) {
		return false
	}
	whole := math.Floor(due)
	p.due = due - whole
	before := p.step
	p.goOn(int(whole))
	return p.step != before
}

func (p *Player) goOn(n int) { p.step = wrap(p.step+n, p.steps.Steps()) }
