package main

import (
	"context"
	"image"
	"math"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"headscope/explorer/anim"
	"headscope/explorer/camera"
	"headscope/explorer/eval"
	"headscope/explorer/record"
	"headscope/gpu"
)

// filming draws the frames of a film.
type filming struct {
	ctx     context.Context
	shown   *shown        // not owned
	picture *gpu.Picture  // owned
	flags   *filmFlags    // not owned
	player  *anim.Player  // nil: the session does not move
	camera  camera.Camera // of the last frame
	last    *image.NRGBA  // nil: none was drawn
}

// newFilming makes ready to film what is shown: where it moves and no step to begin with was
// named, from the first one. What the flags leave open is as the session has it.
func newFilming(cmd *cobra.Command, s *shown, f *filmFlags) (*filming, error) {
	ctx, set := cmd.Context(), s.session.Root.Anim
	if !cmd.Flags().Changed("spin") {
		f.spin = set.Spin
	}
	err := s.prepare(ctx)
	if err == nil && !cmd.Flags().Changed("step") && s.playback != nil {
		f.step = 1
		err = s.animate(ctx, f.step)
	}
	if err != nil {
		return nil, err
	}
	d := &filming{ctx: ctx, shown: s, flags: f}
	if f.step > 0 {
		if !cmd.Flags().Changed("speed") {
			f.speed = eval.Pace(s.playback, set.Speed)
		}
		f.step = s.inCycle(f.step)
		if d.player, err = anim.NewPlayer(s.playback, f.speed); err == nil {
			err = d.player.Seek(f.step)
		}
		if err != nil {
			return nil, err
		}
	}
	d.picture, err = s.device.NewPicture(s.width, s.height)
	return d, err
}

// frame draws frame i: a function of i alone.
func (d *filming) frame(i int) (*image.NRGBA, error) {
	if err := d.ctx.Err(); err != nil {
		return nil, err
	}
	moved, err := d.step(i)
	if err != nil {
		return nil, err
	}
	c := d.shown.session.Camera.Spin(d.flags.spin, float64(i)/d.flags.rate)
	if d.last != nil && !moved && c == d.camera {
		return d.last, nil
	}
	r := d.shown.device.Record("record")
	d.shown.view.Draw(r, d.picture, image.Rectangle{}, c, nil)
	if err := r.Submit(); err != nil {
		return nil, err
	}
	d.camera = c
	d.last, err = d.picture.Image()
	return d.last, err
}

// step shows the step that frame i does, and tells whether it is another than before.
func (d *filming) step(i int) (moved bool, err error) {
	if d.player == nil {
		return false, nil
	}
	before := d.player.Step()
	if err := d.player.Seek(d.flags.step); err != nil {
		return false, err
	}
	d.player.Playing = true
	const late = 1e-6 // of a frame, so that rounding does not hold a step back for a whole one
	d.player.Advance((float64(i) + late) / d.flags.rate)
	if d.player.Step() == before {
		return false, nil
	}
	if err := d.shown.playback.Show(d.ctx, d.player.Step()); err != nil {
		return false, err
	}
	return true, d.shown.view.ShowStep(d.shown.playback)
}

// filmProgress returns what to tell the progress of a film, and what to call when it has
// ended. After the first second of the film it estimates how large that will be.
func (a *app) filmProgress(film record.Film) (tell func(frames int, bytes int64), end func()) {
	estimated := func(frames int, bytes int64) string {
		return gpu.Bytes(uint64(bytes / int64(frames) * int64(film.Frames)))
	}
	first := int(math.Ceil(film.Rate))
	if !a.terminal() {
		told := film.Frames <= first
		return func(frames int, bytes int64) {
			if !told && frames >= first && bytes > 0 {
				told = true
				a.remark("the film will take about %s", estimated(frames, bytes))
			}
		}, func() {}
	}
	bar := progressbar.NewOptions(film.Frames, progressbar.OptionSetWriter(a.errs), progressbar.OptionSetDescription("recording"),
		progressbar.OptionShowCount(), progressbar.OptionThrottle(50_000_000), progressbar.OptionClearOnFinish())
	return func(frames int, bytes int64) {
		if frames >= first && bytes > 0 {
			bar.Describe("recording about " + estimated(frames, bytes))
		}
		bar.Set(frames)
	}, func() { bar.Clear() }
}
