package main

import (
	"image"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"headscope/explorer/expr"
	"headscope/explorer/session"
)

// docs/settings.md names every setting and every choice, and shows every picture.
func TestSettingsAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/settings.md")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, m := range regexp.MustCompile("`([^`\n]+)`").FindAllStringSubmatch(string(text), -1) {
		names[m[1]] = true
	}
	keys := session.Default().Root.Keys()
	if len(keys) < 50 {
		t.Fatalf("a session has %d keys", len(keys))
	}
	for _, k := range keys {
		path := slices.DeleteFunc(k.Path, func(p string) bool { return p == "left" || p == "right" })
		if key := strings.Join(path, "."); key != "matmul" && !names[key] {
			t.Errorf("docs/settings.md does not name the setting %s", key)
		}
	}
	for _, list := range [][]string{expr.Inits, expr.Epilogs, expr.Fuses, expr.Algs, expr.Schemes, expr.Sensitivities} {
		for _, choice := range list {
			if !names[choice] {
				t.Errorf("docs/settings.md does not name the choice %q", choice)
			}
		}
	}
	for _, line := range session.Builtins() {
		if name, _, _ := strings.Cut(line, ":"); !names[name] {
			t.Errorf("docs/settings.md does not name the session %s", name)
		}
	}
}

// Every picture of the documentation is made by shots, is there, and is shown.
func TestShotsAreShown(t *testing.T) {
	text, err := os.ReadFile("../../docs/settings.md")
	if err != nil {
		t.Fatal(err)
	}
	linked, made, there := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, m := range regexp.MustCompile(`\]\(shots/([^)]+)\)`).FindAllStringSubmatch(string(text), -1) {
		linked[m[1]] = true
	}
	for _, s := range allShots {
		made[s.file+".png"] = true
	}
	entries, err := os.ReadDir("../../docs/shots")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		there[e.Name()] = true
	}
	for _, c := range []struct {
		what string
		got  map[string]bool
	}{{"linked by docs/settings.md", linked}, {"in docs/shots", there}} {
		if !maps.Equal(c.got, made) {
			t.Errorf("%s: %v, while `headscope shots` draws %v", c.what, slices.Sorted(maps.Keys(c.got)), slices.Sorted(maps.Keys(made)))
		}
	}
}

// shots writes pictures of its table, with a caption below each variant.
func TestShots(t *testing.T) {
	dir := t.TempDir()
	a := &app{out: t.Output(), errs: t.Output(), quiet: true}
	i := slices.IndexFunc(allShots, func(s shot) bool { return s.file == "epilog" })
	if err := a.runShots(t.Context(), dir, allShots[i:i+1]); err != nil {
		t.Fatal(err)
	}
	img := readPicture(t, filepath.Join(dir, "epilog.png"))
	rows := (len(expr.Epilogs) + 4) / 5
	if got := img.Bounds().Size(); got.X != 5*tile+4*shotMargin || got.Y != rows*(tile+captionLine) {
		t.Errorf("the picture is %v", got)
	}
	code, _, errs := headscope(t, "shots", filepath.Join(dir, "nowhere"))
	if code != exitFailed || !strings.Contains(errs, "nowhere") {
		t.Errorf("exit status %d: %s", code, errs)
	}
}

// readPicture decodes a PNG file.
func readPicture(t *testing.T, path string) image.Image {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return img
}
