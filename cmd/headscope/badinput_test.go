package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// linkWith is a link with two leaves and more settings of the left one.
func linkWith(leaf string) string {
	return fmt.Sprintf(`https://bhosmer.github.io/mm/index.html?params={"left":{"name":"L","h":4,"w":4%s},"right":{"name":"R","h":4,"w":4}}`, leaf)
}

// sized is a link whose product has the inner dimension d.
func sized(h, d, w int) string {
	return fmt.Sprintf(`?params={"left":{"name":"L","h":%d,"w":%d},"right":{"name":"R","h":%[2]d,"w":%[3]d}}`, h, d, w)
}

// script is a link with a leaf of JavaScript.
func script(js string) string {
	return linkWith(fmt.Sprintf(`,"init":"expr","expr":%q`, strings.ReplaceAll(js, "+", "%2B")))
}

// Bad sessions are refused by every command that takes one, in one line, before anything is
// written.
func TestBadSessions(t *testing.T) {
	for _, c := range []struct{ name, session, want string }{
		{"cut in half", `https://bhosmer.github.io/mm/index.html?params={"name":"L @ R","left":{"na`, "ends too early"},
		{"cut in an escape", "?params=%7B%22name%22%3A%7", "line 1, column 9"},
		{"bad percent-encoding", "?params=%7B%zz", "line 1, column 2"},
		{"bad key", "?%zz%4=5", "no session"},
		{"no JSON", "?params=L", "line 1, column 1"},
		{"a list", "?params=[1]", "a list, expected a JSON object"},
		{"a text for a number", linkWith(`,"min":"a"`), `left.min is "a", expected a number`},
		{"a list for a number", linkWith(`,"max":[1]`), "left.max is a list, expected a number"},
		{"a number for a text", linkWith(`,"init":3`), "left.init is 3, expected a text"},
		{"a text for an object", `?params={"left":"L","right":{"name":"R"}}`, `left is "L"`},
		{"a number for an object", `?params={"cam":7}`, "cam is 7, expected an object"},
		{"an unknown choice", linkWith(`,"init":"random"`), "expected one of rows, cols"},
		{"h of 0", sized(0, 4, 4), "left.h is 0, expected a whole number from 1"},
		{"w of -3", sized(4, 4, -3), "right.w is -3, expected a whole number from 1"},
		{"h of 1.5", `?params={"left":{"name":"L","h":1.5},"right":{"name":"R"}}`, "left.h is 1.5, expected a whole number"},
		{"h of 1e30", `?params={"left":{"name":"L","h":1e30},"right":{"name":"R"}}`, "to 1048576"},
		{"a shape mismatch", `?params={"left":{"name":"L","h":4,"w":4},"right":{"name":"R","h":5,"w":4}}`, "has 5 rows, expected 4, the columns of its left factor L"},
		{"unknown session", "attngpt3", "none of the sessions attngpt2"},
		{"missing file", "nowhere.json", "no such file"},
		{"a folder", os.TempDir(), "is a directory"},
		{"a config on the web", "?config=https://example.invalid/a.json", "not on this machine"},
	} {
		t.Run(c.name, func(t *testing.T) { refuses(t, exitFailed, c.want, "", c.session) })
	}
}

// refuses checks that scene, link and render fail on some arguments with one line, and
// below it, for an expression, what is given as its excerpt.
func refuses(t *testing.T, code int, want, excerpt string, args ...string) {
	t.Helper()
	for _, command := range []string{"scene", "link", "render"} {
		refusesAs(t, command, code, want, excerpt, args...)
	}
}

func refusesAs(t *testing.T, command string, code int, want, excerpt string, args ...string) {
	t.Helper()
	args = append([]string{command}, args...)
	dir := t.TempDir()
	if command == "render" {
		args = append(args, "-o", filepath.Join(dir, "out.png"))
	}
	got, out, errs := headscope(t, args...)
	line, rest, _ := strings.Cut(errs, "\n")
	if got != code || !strings.HasPrefix(line, "headscope: ") || !strings.Contains(line, want) || rest != excerpt || out != "" {
		t.Errorf("headscope %.200q: exit status %d, want %d with %q:\n%.1000s%.100s", args, got, code, want, errs, out)
	}
	if len(line) > 1000 {
		t.Errorf("headscope %.200q: an error of %d letters", args, len(line))
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("headscope %.200q: left %v, %v", args, left, err)
	}
}

// What is wrong with an expression stands in a line, and its place below.
func TestBadExpressions(t *testing.T) {
	long := strings.Repeat("A @ ", 20)
	deep := strings.Repeat("(", 10000) + "A" + strings.Repeat(")", 10000) + " @ B"
	for _, c := range []struct{ text, want, excerpt string }{
		{"A @ (B @ C", `column 11: found the end, expected "@" or ")"`, "A @ (B @ C\n          ^\n"},
		{"A @ B) @ C", `column 6: found ")"`, "A @ B) @ C\n     ^\n"},
		{"A @", "column 4: found the end", "A @\n   ^\n"},
		{"é @ B", `column 1: found "é"`, "é @ B\n^\n"},
		{"A @ \t? @ B", `column 6: found "?"`, "A @  ? @ B\n     ^\n"},
		{long + "? @ " + long, `column 81: found "?"`, "..." + long[44:] + "? @ " + long[:32] + "...\n" + strings.Repeat(" ", 39) + "^\n"},
		{deep, "column 256: more than 256 parentheses deep", "..." + strings.Repeat("(", 72) + "...\n" + strings.Repeat(" ", 39) + "^\n"},
	} {
		refuses(t, exitFailed, c.want, c.excerpt, c.text)
		if code, out, errs := headscope(t, "link", "A @ B", "--expr", c.text); code != exitFailed || out != "" || !strings.HasSuffix(errs, c.excerpt) {
			t.Errorf("link --expr %.100q: exit status %d: %s%s", c.text, code, errs, out)
		}
	}
}

// Values that cannot be had are refused when the session is computed.
func TestBadLeaves(t *testing.T) {
	var asked atomic.Int32
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		http.Error(w, "there is nothing", http.StatusNotFound)
	}))
	defer web.Close()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "text.csv"), []byte("1,2\n3,four\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	file := func(url string) string { return linkWith(fmt.Sprintf(`,"init":"url","url":%q`, url)) }
	for _, c := range []struct {
		name, session, want string
		flags               []string
	}{
		{"JavaScript that throws", script("(() => { throw 1 })()"), `leaf "L": expression "(() => { throw 1 })()" at (0, 0): throws 1`, nil},
		{"that throws late", script("i < 2 ? 1 : nosuch"), "at (2, 0): ReferenceError", nil},
		{"that returns text", script("'text'"), "string literal", nil},
		{"that returns nothing", script("(() => {})()"), "is undefined, expected a number", nil},
		{"that is none", script("i +* 2"), "expression", nil},
		{"that never ends", script("(() => { while (true); })()"), "took longer than 5s", nil},
		{"a missing file", file("gone.csv"), `leaf "L": no file gone.csv: looked in the files of this machine`, nil},
		{"missing in a folder", file("https://x.org/gone.csv"), "looked in the folder " + dir + ", the files", []string{"--data", dir}},
		{"a file of words", file("text.csv"), "text.csv", []string{"--data", dir}},
		{"no address", linkWith(`,"init":"url"`), "no url", nil},
		{"on the web, not allowed", file(web.URL + "/x.csv"), "allow fetching it", nil},
		{"a million squared", sized(1e6, 1e6, 1e6), "1000000 x 1000000 and needs 3.6 TiB", nil},
		{"a large product", sized(1e6, 1, 1e6), "root) is 1000000 x 1000000", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, command := range []string{"scene", "render"} {
				if command == "render" && strings.Contains(c.want, "longer") {
					continue // once is long enough
				}
				refusesAs(t, command, exitFailed, c.want, "", append(c.flags, c.session)...)
			}
		})
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("%d requests went to the network without --fetch", n)
	}
	refusesAs(t, "scene", exitFailed, "404", "", "--fetch", file(web.URL+"/x.csv"))
	if asked.Load() == 0 {
		t.Error("--fetch fetches nothing")
	}
}

// Flags that make no sense are refused before anything is computed.
func TestBadSpaceFlags(t *testing.T) {
	for _, command := range []string{"scene", "render"} {
		for _, c := range []struct {
			code int
			want string
			args []string
		}{
			{exitUsage, "WIDTHxHEIGHT", []string{"--size", "0x0"}},
			{exitUsage, "WIDTHxHEIGHT", []string{"--size", "-5x5"}},
			{exitUsage, "WIDTHxHEIGHT", []string{"--size", "640"}},
			{exitUsage, "at most 1048576", []string{"--size", "1e9x1e9"}},
			{exitUsage, "at most 1048576", []string{"--size", "1000000000x1000000000"}},
			{exitUsage, "at most 1048576", []string{"--size", "99999999999999999999x1"}},
			{exitUsage, "L5H4", []string{"--head", "5"}},
			{exitUsage, "L5H4", []string{"--head", "L5"}},
			{exitUsage, "L5H4", []string{"attngpt2", "--head", "L5H4x"}},
			{exitFailed, "layers L0 to L11", []string{"--head", "L12H0"}},
			{exitFailed, "heads H0 to H11", []string{"--head", "L0H12"}},
			{exitUsage, "L5H4", []string{"--head", "L-1H0"}},
			{exitUsage, "a session of its own", []string{"A @ B", "--head", "L0H0"}},
			{exitFailed, "no such folder", []string{"A @ B", "--data", "nowhere"}},
			{exitFailed, "no such folder", []string{"attngpt2", "--data", "docs_test.go"}},
			{exitUsage, "quotes", []string{"A", "@", "B"}},
			{exitUsage, "seed", []string{"--seed", "-1"}},
		} {
			refusesAs(t, command, c.code, c.want, "", c.args...)
		}
	}
	refusesAs(t, "link", exitFailed, "no such folder", "", "A @ B", "--data", "nowhere")

	dir := t.TempDir()
	folder := filepath.Join(dir, "folder.png")
	if err := os.Mkdir(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		code      int
		want, out string
	}{
		{exitUsage, "ending in .png", ""},
		{exitUsage, "ending in .png", filepath.Join(dir, "a.jpg")},
		{exitFailed, "there is no folder", filepath.Join(dir, "nowhere", "a.png")},
		{exitFailed, "it is a folder", folder},
		{exitFailed, "pixels", filepath.Join(dir, "a.png")},
	} {
		code, out, errs := headscope(t, "render", "A @ B", "--size", "65536x65536", "-o", c.out)
		if code != c.code || !strings.Contains(errs, c.want) || strings.Count(errs, "\n") != 1 || out != "" {
			t.Errorf("-o %s: exit status %d, want %d with %q: %s", c.out, code, c.code, c.want, errs)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("left %v, %v", left, err)
	}
}
