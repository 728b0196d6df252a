package record

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"math"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// writeMP4 gives ffmpeg the frames' pixels. The codec is left to it, since builds differ in
// what they have; the pixel format is the one that every player knows.
func (f Film) writeMP4(ctx context.Context, path string) error {
	return beside(path, func(temporary string) error {
		cmd := exec.CommandContext(ctx, "ffmpeg", "-hide_banner", "-loglevel", "error", "-nostats", "-progress", "pipe:1",
			"-f", "rawvideo", "-pixel_format", "rgba", "-video_size", fmt.Sprintf("%dx%d", f.Width, f.Height),
			"-framerate", strconv.FormatFloat(f.Rate, 'f', -1, 64), "-i", "pipe:0",
			// Said, since players guess: by the size, and not as ffmpeg does.
			"-vf", "scale=out_color_matrix=bt709", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709",
			"-pix_fmt", "yuv420p", "-movflags", "+faststart",
			"-flush_packets", "1", // so that total_size is what is encoded
			"-f", "mp4", temporary)
		var errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &ffmpegProgress{film: f}, &errs
		cmd.WaitDelay = time.Second // for what it may have started
		in, err := cmd.StdinPipe()
		if err != nil {
			return err
		}
		if err := cmd.Start(); err != nil {
			return err
		}
		defer context.AfterFunc(ctx, func() { in.Close() })() // ends a write that waits

		early := errors.New("ffmpeg ended before the film did")
		err = f.each(ctx,
			func(_, frame *image.NRGBA) ([]byte, error) { return frame.Pix, nil },
			func(_ int, pixels []byte) error {
				if _, err := in.Write(pixels); err != nil {
					return early
				}
				return nil
			})
		in.Close()
		failed := cmd.Wait()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if failed == nil || err != nil && err != early {
			return err
		}
		if line := lastLine(errs.String()); line != "" {
			return fmt.Errorf("ffmpeg: %s", strings.ReplaceAll(line, temporary, path))
		}
		return fmt.Errorf("ffmpeg: %w", failed)
	})
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}

// ffmpegProgress reads what ffmpeg tells with -progress: lines such as total_size=4096, after
// each group of them a line progress=continue. It takes the time that is in the file for the
// number of frames: ffmpeg's own counts those, too, that wait in the encoder.
type ffmpegProgress struct {
	film   Film
	line   []byte // the part that has come of the next one
	frames int
	bytes  int64
}

func (p *ffmpegProgress) Write(text []byte) (int, error) {
	for _, c := range text {
		if c != '\n' {
			p.line = append(p.line, c)
			continue
		}
		key, value, _ := strings.Cut(string(p.line), "=")
		p.line = p.line[:0]
		n, _ := strconv.ParseInt(strings.TrimSpace(value), 10, 64) // N/A before there is one
		switch key {
		case "out_time_us":
			p.frames = max(0, int(math.Round(float64(n)/1e6*p.film.Rate)))
		case "total_size":
			p.bytes = n
		case "progress":
			p.film.report(p.frames, p.bytes)
		}
	}
	return len(text), nil
}
