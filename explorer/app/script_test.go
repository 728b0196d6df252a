package app

import (
	"encoding/json"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every command is read, and says in which line it is wrong.
func TestParseScript(t *testing.T) {
	good := map[string]int{ // steps
		"":                        0,
		"# a remark\n\n  \t\r\n":  0,
		"wait":                    1,
		"wait 0.5":                1,
		"frames 10":               1,
		"key ctrl+shift+z":        2,
		"key F1":                  2,
		"down shift\nup shift":    2,
		"type Ünï # no remark":    15,
		"type":                    0,
		"move 10 20.5":            1,
		"click 1 2":               3,
		"click 1 2 right":         3,
		"double 1 2":              5,
		"drag 1 2 3 4 right\r\n":  11,
		"wheel 1 2 -3":            2,
		"drop /some where/a.json": 1,
		"resize 800 600":          2,
		"screenshot a.png":        1,
		"state a.json":            1,
		"  close":                 1,
	}
	for text, want := range good {
		script, err := ParseScript(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		steps := 0
		for _, more := script(); more; _, more = script() {
			steps++
		}
		if steps != want {
			t.Errorf("%q has %d steps, want %d", text, steps, want)
		}
	}
	for text, want := range map[string]string{
		"wait\nwit":                `line 2 of the script: there is no command "wit"`,
		"Key a":                    `line 1 of the script: there is no command "Key"`,
		"wait long":                `line 1 of the script: wait "long": "long" is no number`,
		"wait 1 2":                 "expected 1 number",
		"wait -1":                  "expected a number from 0",
		"frames":                   "expected 1 number",
		"frames 1.5":               "expected a whole number from 1",
		"frames 0":                 "expected a whole number from 1",
		"key ctrl+nothing":         `there is no key "nothing"`,
		"key":                      `there is no key ""`,
		"key ctrl++":               `there is no key ""`,
		"move 1":                   "expected 2 numbers",
		"move 1 NaN":               `"NaN" is no number`,
		"click 1 2 middle":         "expected 2 numbers",
		"wheel 1 2 1e7":            "is no number up to a million",
		"drop":                     "expected a path",
		"resize 0 0":               "expected whole numbers from 1 to 16384",
		"resize 800 99999":         "expected whole numbers from 1 to 16384",
		"screenshot a.jpg":         "expected a name ending in .png",
		"state ":                   "expected a path",
		"close now":                "expected nothing after it",
		"\n\n# a\n drag 1 2 3 4 5": "line 4 of the script",
	} {
		if _, err := ParseScript(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want an error with %q", text, err, want)
		}
	}
}

// play runs a script in a window of its own and returns the program's exit status and errors.
func play(t *testing.T, d *display, script string, args ...string) (int, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "script.txt")
	if err := os.WriteFile(path, []byte(script), 0o666); err != nil {
		t.Fatal(err)
	}
	c := d.command(append([]string{"explore", "--size", "1280x800", "--script", path}, args...)...)
	out, _ := c.CombinedOutput()
	return c.ProcessState.ExitCode(), string(out)
}

// A script that goes wrong ends with status 1 and one line.
func TestBadScripts(t *testing.T) {
	d := newDisplay(t)
	nowhere := filepath.Join(t.TempDir(), "no", "such", "folder")
	for script, want := range map[string]string{
		"key a\nkex b":                         "line 2 of the script",
		"wait\nscreenshot " + nowhere + ".png": "no such file or directory",
		"state " + nowhere + ".json":           "no such file or directory",
	} {
		if code, errs := play(t, d, script); code != 1 || !strings.Contains(errs, want) || strings.Count(errs, "\n") != 1 {
			t.Errorf("%q: status %d, want 1 with a line that has %q:\n%s", script, code, want, errs)
		}
	}
}

// Frames, screenshot and state are there at the end, and a user's folders are left alone.
func TestFrames(t *testing.T) {
	d := newDisplay(t)
	folder := t.TempDir()
	picture, file := filepath.Join(folder, "a.png"), filepath.Join(folder, "a.json")
	c := d.command("explore", "--size", "700x500", "--frames", "7", "--head", "L3H4", "--screenshot", picture, "--state", file)
	if out, err := c.CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("%v:\n%s", err, out)
	}
	f, err := os.Open(picture)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if img, err := png.DecodeConfig(f); err != nil || img.Width != 700 || img.Height != 500 {
		t.Errorf("the screenshot is %d x %d: %v", img.Width, img.Height, err)
	}
	s := readState(t, file)
	if s.Frames < 7 || s.Width != 700 || s.Height != 500 || len(s.Jobs) > 0 || !strings.Contains(string(s.Session), `"L3H4"`) {
		t.Errorf("the state: %+v", s)
	}
	if left, err := filepath.Glob(filepath.Join(d.folder, "headscope*")); err != nil || len(left) > 0 {
		t.Errorf("it left %v, %v", left, err)
	}
}

func readState(t *testing.T, path string) State {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var s State
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return s
}

// statesAfter plays scripts one after the other into one window and returns its state after each.
func statesAfter(t *testing.T, d *display, scripts []string, args ...string) []State {
	t.Helper()
	folder := t.TempDir()
	file := func(i int) string { return filepath.Join(folder, fmt.Sprintf("%d.json", i)) }
	var all strings.Builder
	for i, s := range scripts {
		fmt.Fprintf(&all, "%s\nwait\nframes 3\nwait\nstate %s\n", s, file(i))
	}
	if code, errs := play(t, d, all.String(), args...); code != 0 || errs != "" {
		t.Fatalf("status %d:\n%s", code, errs)
	}
	states := make([]State, len(scripts))
	for i := range states {
		states[i] = readState(t, file(i))
	}
	return states
}

// A prompt has as many lines as are typed, all of them to be seen while it is edited.
func TestLinesOfThePrompt(t *testing.T) {
	d := newDisplay(t)
	folder := t.TempDir()
	file := filepath.Join(folder, "prompt.txt")
	if err := os.WriteFile(file, []byte("one two\nthree\n\nfive"), 0o666); err != nil {
		t.Fatal(err)
	}
	steps := []struct{ name, script, want string }{
		{"from a file", "wait", "one two\nthree\n\nfive"},
		{"the first line edited", "click 500 65\ntype , too", "one two, too\nthree\n\nfive"},
		{"a new line", "key ctrl+enter\ntype new", "one two, too\nnew\nthree\n\nfive"},
		{"the last line, which is seen now", "click 500 133\ntype .", "one two, too\nnew\nthree\n\nfive."},
		{"one line again", "key enter\nclick 365 103\nkey escape", "one two, too\nnew\nthree\n\nfive."},
		{"all of it taken by its key", "key /\nframes 2\ntype Done", "Done"},
		{"taken back", "key enter\nkey ctrl+z", "one two, too\nnew\nthree\n\nfive."},
	}
	var scripts []string
	for _, s := range steps {
		scripts = append(scripts, s.script)
	}
	states := statesAfter(t, d, scripts, "--prompt-file", file)
	for i, s := range steps {
		tokens := states[i].Tokens
		if got := strings.ReplaceAll(strings.Join(tokens[1:], ""), `\n`, "\n"); got != s.want {
			t.Errorf("%s: the prompt is %q, want %q", s.name, got, s.want)
		}
	}
}

// A prompt of more lines than there is room for can be taken whole, in a window that changes.
func TestManyLines(t *testing.T) {
	d := newDisplay(t)
	folder := t.TempDir()
	file, state := filepath.Join(folder, "prompt.txt"), filepath.Join(folder, "state.json")
	if err := os.WriteFile(file, []byte(strings.Repeat("many words and then a new line\n", 300)), 0o666); err != nil {
		t.Fatal(err)
	}
	script := "wait\nkey /\nframes 4\nresize 210 332\nkey enter\nkey /\nframes 4\nresize 900 700\nframes 4\nclick 300 65\nframes 2\nkey ctrl+end\nresize 1280 800\nframes 4\n" +
		"key enter\nkey /\nframes 4\ntype Done\nwait\nframes 3\nstate " + state + "\n"
	if code, errs := play(t, d, script, "--prompt-file", file); code != 0 || errs != "" {
		t.Fatalf("status %d:\n%.2000s", code, errs)
	}
	if got := strings.Join(readState(t, state).Tokens[1:], ""); got != "Done" {
		t.Errorf("the prompt is %q", got)
	}
}

// What cannot be opened is said in the window, and the rest goes on.
func TestBadInput(t *testing.T) {
	d := newDisplay(t)
	folder := t.TempDir()
	empty, text := filepath.Join(folder, "empty"), filepath.Join(folder, "notes.txt")
	if err := os.Mkdir(empty, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(text, []byte("no model"), 0o666); err != nil {
		t.Fatal(err)
	}
	prompt := func(text string) string { return "click 500 65\nkey ctrl+a\ntype " + text + "\n" }
	steps := []struct{ name, script, place, want string }{
		{"nothing wrong", "wait", "", ""},
		{"a text file dropped", "drop " + text, "open", "notes.txt"},
		{"an empty folder dropped", "drop " + empty, "open", "empty"},
		{"what is not there dropped", "drop " + folder + "/gone", "open", "gone"},
		{"a broken link pasted", prompt("?params=%7B%22name") + "key ctrl+a\nkey ctrl+c\nkey enter\nkey ctrl+v", "open", "line 1"},
		{"a prompt that is too long", prompt(strings.Repeat("日", 90)), "prompt", "256"},
		{"a prompt that is right again", prompt("It is fine."), "", ""},
	}
	var scripts []string
	for _, s := range steps {
		scripts = append(scripts, s.script)
	}
	states := statesAfter(t, d, scripts)
	for i, s := range steps {
		state := states[i]
		if s.place == "" {
			delete(state.Notices, "open") // one stays until something is opened
			if len(state.Notices) > 0 {
				t.Errorf("%s: %v", s.name, state.Notices)
			}
		} else if got := state.Notices[s.place]; !strings.Contains(got, s.want) || strings.Contains(got, "\n") {
			t.Errorf("%s: at %s it says %q, want one line with %q", s.name, s.place, got, s.want)
		}
		if len(state.Tokens) == 0 {
			t.Errorf("%s: nothing is shown any more", s.name)
		}
	}
}
