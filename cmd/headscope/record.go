package main

import (
	"fmt"
	"math"

	"github.com/spf13/cobra"

	"headscope/explorer/record"
	"headscope/gpu"
)

// filmFlags say what happens in a film.
type filmFlags struct {
	spaceFlags
	rate, seconds float64
	spin          float64 // turns a minute
	speed         float64 // steps a second
}

// record makes a film of a session: its animation, the camera turning, or both.
func (a *app) record() *cobra.Command {
	var f filmFlags
	var out string
	cmd := &cobra.Command{
		Use:   "record [SESSION] -o F.gif|F.mp4|DIR",
		Short: "Make a film of a session: of its animation, or from all sides",
		Long: `Play the animation of a session, turn the camera about it, or both, and write that as an
animated GIF, as an MP4 (by ffmpeg, which must be installed), or as numbered PNGs in a folder.
` + sessionHelp(),
		Example: `  headscope record attngpt2 -o head.gif
  headscope record --head L1H2 --step 0 --spin 6 -o round.mp4
  headscope record blockwise --head L5H1 -o online-softmax.gif
  headscope record session.json --step 40 --speed 10 --fps 10 --seconds 4 -o frames`,
		Args: oneSession,
		RunE: job(func(cmd *cobra.Command, args []string) error { return a.runRecord(cmd, &f, args, out) }),
	}
	f.add(cmd)
	flags := cmd.Flags()
	flags.StringVarP(&out, "out", "o", "", "file to write (.gif or .mp4), or folder for numbered PNGs")
	flags.Float64Var(&f.rate, "fps", 30, "frames a second")
	flags.Float64Var(&f.seconds, "seconds", 10, "length of the film")
	flags.Float64Var(&f.spin, "spin", 0, "turns a minute; below 0 the other way round (default the session's)")
	flags.IntVar(&f.step, "step", 1, "step of the animation to begin with; 0: show the finished results")
	flags.Float64Var(&f.speed, "speed", 0, "steps of the animation a second (default the session's)")
	return cmd
}

// check refuses numbers that make no film.
func (f *filmFlags) check(cmd *cobra.Command) error {
	const longest = 3600
	switch {
	case !(f.rate >= 0.1 && f.rate <= record.MaxRate):
		return misuse{fmt.Errorf("--fps %v: expected frames a second, from 0.1 to %d", f.rate, record.MaxRate)}
	case !(f.seconds > 0 && f.seconds <= longest):
		return misuse{fmt.Errorf("--seconds %v: expected a length above 0, at most %d", f.seconds, longest)}
	case !(math.Abs(f.spin) <= 1e6):
		return misuse{fmt.Errorf("--spin %v: expected turns a minute, such as 6", f.spin)}
	case cmd.Flags().Changed("speed") && (!(f.speed > 0) || math.IsInf(f.speed, 0)):
		return misuse{fmt.Errorf("--speed %v: expected steps a second, above 0", f.speed)}
	}
	return nil
}

// newFilm checks where a film is to be written to, and in what size, before anything is computed.
func (a *app) newFilm(f *filmFlags, out string) (format record.Format, film record.Film, err error) {
	if format, err = record.FormatOf(out); err != nil {
		return format, film, misuse{fmt.Errorf("record: %w, such as -o film.gif", err)}
	}
	film = record.Film{Frames: max(1, int(math.Round(f.rate*f.seconds))), Rate: f.rate}
	width, height, err := parseSize(f.size)
	if err != nil {
		return format, film, err
	}
	if film.Width, film.Height = format.Size(width, height); film.Width != width || film.Height != height {
		a.remark("--size %s: the sides of an MP4 are even numbers: the film is %dx%d", f.size, film.Width, film.Height)
		f.size = fmt.Sprintf("%dx%d", film.Width, film.Height)
	}
	if format == record.GIF && f.rate > 50 {
		a.warn("--fps %v: many programs show a GIF of more than 50 frames a second slowly", f.rate)
	}
	if format != record.PNG {
		if err := checkPlace(out); err != nil {
			return format, film, err
		}
	}
	return format, film, format.Check(out, film)
}

func (a *app) runRecord(cmd *cobra.Command, f *filmFlags, args []string, out string) error {
	if err := f.check(cmd); err != nil {
		return err
	}
	format, film, err := a.newFilm(f, out)
	if err != nil {
		return err
	}
	if !cmd.Flags().Changed("step") {
		f.step = 0 // most sessions do not move, and have no step 1
	}
	s, err := a.show(cmd, &f.spaceFlags, args)
	if err != nil {
		return err
	}
	defer s.close()
	shots, err := newFilming(cmd, s, f)
	if err != nil {
		return err
	}
	defer shots.picture.Release()
	if shots.player == nil && f.spin == 0 {
		a.remark("nothing moves in this film: turn the camera with --spin 6, or give the session's root an algorithm (anim.alg)")
	}
	var bytes int64
	told, end := a.filmProgress(film)
	film.Frame = shots.frame
	film.Progress = func(frames int, n int64) {
		bytes = n
		told(frames, n)
	}
	err = format.Write(cmd.Context(), out, film)
	end()
	if err != nil {
		return err
	}
	a.remark("%s: %.60s, %d frames of %dx%d, %s", out, s.session.Root.Name, film.Frames, film.Width, film.Height, gpu.Bytes(uint64(bytes)))
	return nil
}
