package record

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fakeFFmpeg puts a shell script in ffmpeg's place.
func fakeFFmpeg(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ffmpeg"), []byte("#!/bin/sh\n"+script+"\n"), 0o777); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
}

// ffmpeg gets the pixels of all frames, their size and rate, and makes the file.
func TestMP4(t *testing.T) {
	args := filepath.Join(t.TempDir(), "args")
	t.Setenv("ARGS", args)
	fakeFFmpeg(t, `echo "$*" > "$ARGS"
for out; do :; done
cat > "$out"
printf 'frame=4\ntotal_size=N/A\nout_time_us=-66602\nprogress=continue\nframe=5\nout_time_us=166834\ntotal_'
printf 'size=4096\nprogress=end\n'`)
	film := noise(64, 32, 5)
	film.Rate = 29.97
	type told struct {
		frames int
		bytes  int64
	}
	var all []told
	film.Progress = func(frames int, bytes int64) { all = append(all, told{frames, bytes}) }
	path := placeFor(t, MP4)
	if err := MP4.Write(t.Context(), path, film); err != nil {
		t.Fatal(err)
	}
	var want []byte
	for i := range film.Frames {
		img, _ := film.Frame(i)
		want = append(want, img.Pix...)
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
		t.Errorf("ffmpeg got %d bytes, %v; want the %d of the frames", len(got), err, len(want))
	}
	line, err := os.ReadFile(args)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"-f rawvideo -pixel_format rgba -video_size 64x32 -framerate 29.97 -i pipe:0 ",
		" -pix_fmt yuv420p ", " -f mp4 " + filepath.Dir(path) + string(filepath.Separator) + ".film.mp4.",
	} {
		if !strings.Contains(string(line), want) {
			t.Errorf("ffmpeg's arguments are %s, expected %s", line, want)
		}
	}
	if len(all) != 2 || all[0] != (told{0, 0}) || all[1] != (told{5, 4096}) {
		t.Errorf("progress: %v", all)
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("left %v", left)
	}
}

// What ffmpeg says last is why it failed, whether it read the frames or not.
func TestMP4Fails(t *testing.T) {
	for _, c := range []struct{ script, want string }{
		{`cat > /dev/null; echo first >&2; printf 'no room\n\n' >&2; exit 1`, "ffmpeg: no room"},
		{`for out; do :; done; echo "$out: no room" >&2; exit 1`, "film.mp4: no room"},
		{`echo 'Unknown encoder' >&2; exit 1`, "ffmpeg: Unknown encoder"},
		{`exit 3`, "ffmpeg: exit status 3"},
		{`for out; do :; done; echo half > "$out"; exit 4`, "ffmpeg: exit status 4"},
		{`exit 0`, "ffmpeg ended before the film did"},
		{`cat > /dev/null`, "no such file"},
	} {
		fakeFFmpeg(t, c.script)
		path := placeFor(t, MP4)
		err := MP4.Write(t.Context(), path, noise(256, 256, 20))
		if err == nil || !strings.HasPrefix(err.Error(), "cannot write "+path+": ") || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), ".tmp") {
			t.Errorf("%s: %v, want %q", c.script, err, c.want)
		}
		nothingAt(t, path)
	}
}

// An ffmpeg that reads nothing does not keep the film from ending when it is told to, nor
// does what it has started.
func TestMP4Ends(t *testing.T) {
	for _, script := range []string{"exec sleep 10", "sleep 10 & wait"} {
		fakeFFmpeg(t, script)
		ctx, stop := context.WithTimeout(t.Context(), 300*time.Millisecond)
		path := placeFor(t, MP4)
		err := MP4.Write(ctx, path, noise(256, 256, 20))
		stop()
		if err == nil || !strings.Contains(err.Error(), "deadline") {
			t.Errorf("%s: %v", script, err)
		}
		nothingAt(t, path)
	}
}
