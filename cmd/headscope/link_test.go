package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"headscope/explorer/mmtest"
)

// Every link of the article, through every form and back, stays the same session.
func TestLinkRoundTrips(t *testing.T) {
	for i, link := range mmtest.Links(t) {
		want, _ := must(t, "link", link, "--form", "session")
		for _, form := range []string{"json", "compressed", "session"} {
			text, _ := must(t, "link", link, "--form", form)
			again := strings.TrimSpace(text)
			if form == "session" {
				again = filepath.Join(t.TempDir(), "session.json")
				if err := os.WriteFile(again, []byte(text), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			got, _ := must(t, "link", again, "--form", "session")
			if got != want {
				t.Errorf("link %d through %s:\n%s\nwant\n%s", i+1, form, got, want)
			}
		}
	}
}

func TestLinkEditsAndErrors(t *testing.T) {
	out, _ := must(t, "link", "A @ B", "--expr", "(A @ B) @ C", "--form", "session")
	if !strings.Contains(out, `"C"`) {
		t.Errorf("the edited session has no C: %s", out)
	}
	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{2, "compressed", []string{"link", "--form", "poem"}},
		{2, "quotes", []string{"link", "A", "@", "B"}},
		{1, "nowhere.json", []string{"link", "nowhere.json"}},
		{1, "on this machine", []string{"link", "?config=https://example.org/a.json"}},
	} {
		code, out, errs := headscope(t, c.args...)
		if code != c.code || !strings.Contains(errs, c.want) || strings.Count(errs, "\n") != 1 || out != "" {
			t.Errorf("headscope %s: exit status %d, want %d with %q: %q %s", strings.Join(c.args, " "), code, c.code, c.want, out, errs)
		}
	}
}
