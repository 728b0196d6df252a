package workspace

import (
	"context"
	"errors"

	"headscope/explorer/bench"
	"headscope/explorer/session"
)

// Bench is the comparison of ways to compute attention.
type Bench struct {
	Options bench.Attention // what the next run measures; Real, Progress and Wait are set by it
	Head    bool            // on queries, keys and values of the chosen head, as far as they go

	Rows []bench.Row // of the last run, as they are measured

	job *Job // while it runs
}

// Bench settings that a first run has.
var benchDefaults = bench.Attention{
	Heads: 1, D: 64, Causal: true, Runs: 5, Lengths: []int{128, 256, 512, 1024, 2048},
	Methods: []string{bench.Full, bench.FullSkip, bench.Blockwise},
}

// Benching is the run that goes on, or nil.
func (w *Workspace) Benching() *Job { return w.Bench.job }

// RunBench measures what Bench says, in place of what goes on.
func (w *Workspace) RunBench() {
	b := &w.Bench
	if b.job != nil {
		b.job.Cancel()
	}
	b.Rows = nil
	options, pass := b.Options, w.pass
	var uses []any
	if b.Head && pass != nil {
		uses = []any{pass, pass.Model}
	}
	layer, head := w.Head()
	var job *Job
	job = w.start("Measuring attention", func(j *Job) error {
		options.Progress = func(done, total int) { j.Done, j.Total = int64(done), int64(total) }
		options.Wait = func(done <-chan struct{}) {
			j.waiting = done
			defer func() { j.waiting = nil }()
			for j.pause(); !j.runnable(); {
				j.pause()
			}
		}
		if uses != nil {
			real, err := bench.NewRealHead(pass.acts, layer, head, session.HeadName(layer, head)+" of "+pass.Model.Name())
			if err != nil {
				return err
			}
			options.Real, options.Heads, options.D = real, 1, real.D
		}
		return options.Run(j.ctx, w.Device, func(r bench.Row) {
			if b.job == j {
				b.Rows = append(b.Rows, r)
			}
		})
	}, func(err error) {
		if b.job == job {
			b.job = nil
		}
		if errors.Is(err, context.Canceled) {
			err = nil
		}
		w.notice(AtBench, err)
	}, uses...)
	job.patient = true
	b.job = job
}
