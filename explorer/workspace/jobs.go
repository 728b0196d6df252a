package workspace

import (
	"context"
	"iter"
	"slices"
	"time"
)

// Job is work that goes on between the frames: on the goroutine that owns the device, but as
// a coroutine that is resumed by [Workspace.Step] and suspends itself between slices of GPU
// work, and while it waits for something done elsewhere.
type Job struct {
	What string // "loading gpt2"

	Done, Total int64 // how far it is, in any unit; Total 0: not known
	Note        string

	ctx      context.Context
	cancel   context.CancelFunc
	resume   func() (struct{}, bool)
	suspend  func(struct{}) bool
	waiting  <-chan struct{} // closed when what it waits for is done; nil: it does not wait
	uses     []any           // models, passes ... that must stay while it runs
	patient  bool            // others go first
	finished bool
}

// Cancel ends the job at its next slice. What it has made is released.
func (j *Job) Cancel() { j.cancel() }

// Share is how much of the job is done, 0 to 1; below 0 where that is not known.
func (j *Job) Share() float64 {
	if j.Total <= 0 {
		return -1
	}
	return min(1, float64(j.Done)/float64(j.Total))
}

// pause lets a frame be drawn. It returns when the job is resumed.
func (j *Job) pause() { j.suspend(struct{}{}) }

// runnable tells whether resuming the job gets it on.
func (j *Job) runnable() bool {
	if j.waiting == nil {
		return true
	}
	select {
	case <-j.waiting:
		return true
	default:
		return false
	}
}

// await runs f on a goroutine of its own, without the device, and returns its result; frames
// go on meanwhile. A job that is cancelled waits for f as well, whose context it is: what f
// reads stays there until it has ended.
func await[T any](w *Workspace, j *Job, f func(ctx context.Context) (T, error)) (value T, err error) {
	done := make(chan struct{})
	go func() {
		defer w.wake()
		defer close(done)
		value, err = f(j.ctx)
	}()
	j.waiting = done
	defer func() { j.waiting = nil }()
	for !j.runnable() {
		j.pause()
	}
	return value, err
}

// start makes a job of run, which begins with the next Step and uses what is given. done is
// called with its error, nil when it came to its end.
func (w *Workspace) start(what string, run func(j *Job) error, done func(error), uses ...any) *Job {
	j := &Job{What: what, uses: uses}
	j.ctx, j.cancel = context.WithCancel(context.Background())
	j.resume, _ = iter.Pull(func(yield func(struct{}) bool) {
		j.suspend = yield
		err := j.ctx.Err()
		if err == nil {
			err = run(j)
		}
		j.finished = true
		j.cancel()
		done(err)
	})
	w.jobs = append(w.jobs, j)
	return j
}

// Jobs lists the work that is going on.
func (w *Workspace) Jobs() []*Job { return w.jobs }

// Step brings what is shown up to the document: it starts the work that this needs, and goes
// on with work for about as long as budget, at least by one slice if there is any. It reports
// whether something happened that a new frame would show.
func (w *Workspace) Step(budget time.Duration) bool {
	changed := w.sync()
	for start := time.Now(); ; {
		j := w.next()
		if j == nil {
			return changed
		}
		if w.run(j); j.finished {
			w.sync()
			changed = true
		}
		if time.Since(start) >= budget {
			return changed
		}
	}
}

// Busy tells whether there is work that only Step gets on.
func (w *Workspace) Busy() bool { return w.next() != nil }

// next is the job to go on with: the first that can, those that have patience last.
func (w *Workspace) next() *Job {
	var patient *Job
	for _, j := range w.jobs {
		if !j.runnable() {
			continue
		}
		if !j.patient {
			return j
		}
		if patient == nil {
			patient = j
		}
	}
	return patient
}

// run resumes a job until it suspends itself or ends.
func (w *Workspace) run(j *Job) {
	w.running = j
	j.resume()
	w.running = nil
	if j.finished {
		w.jobs = slices.DeleteFunc(w.jobs, func(o *Job) bool { return o == j })
	}
}

// between is called by the device between two slices of a recording.
func (w *Workspace) between() {
	if w.running != nil {
		w.running.pause()
	}
}

// used tells whether a job that runs uses a model, a pass or the like.
func (w *Workspace) used(x any) bool {
	return slices.ContainsFunc(w.jobs, func(j *Job) bool { return slices.Contains(j.uses, x) })
}

// finish cancels all jobs and waits for their end.
func (w *Workspace) finish() {
	for _, j := range w.jobs {
		j.Cancel()
	}
	for len(w.jobs) > 0 {
		if j := w.next(); j != nil {
			w.run(j)
		} else {
			time.Sleep(time.Millisecond)
		}
	}
}
