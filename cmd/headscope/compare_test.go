package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"headscope/models/csv"
	"headscope/models/gpt2"
	"headscope/models/tensor"
	"headscope/wgsl/cpu"
)

func TestCompareWritesThePicture(t *testing.T) {
	for _, args := range [][]string{
		{"--heads", "L1H2,L4H7"},
		{"--heads", "L1H2,l4h7", "--size", "640x360", "--diff"},
		{"--heads", "L1H2,L4H7,L0H0,L11H11", "--diff", "--dark", "--size", "500x500", "--no-bias"},
		{"--heads", "demo:L5H4, L5H4@PROMPT#2,L5H3@PROMPT#2", "-p", "He said no.", "-p", "She said yes and went on.", "--size", "640x300"},
		{"--heads", "L1H2,L4H7,L5H4", "--space", "-p", "a b", "--size", "480x200"},
		{"--heads", "L1H2,L4H7,L5H4@PROMPT#2,L0H0", "--space", "--dark", "-p", "a b", "-p", "c", "--size", "300x300"},
	} {
		path := filepath.Join(t.TempDir(), "heads.png")
		must(t, append([]string{"compare", "-o", path}, args...)...)
		img := readPicture(t, path)
		size := "1600x"
		for i, arg := range args {
			if arg == "--size" {
				size = args[i+1]
			}
		}
		if got := fmt.Sprintf("%dx%d", img.Bounds().Dx(), img.Bounds().Dy()); !strings.HasPrefix(got, size) {
			t.Errorf("%v: the picture is %s", args, got)
		}
	}
}

// What is printed is what the reference says.
func TestCompareDistances(t *testing.T) {
	const prompt = "The cat sat on the mat."
	out, _ := must(t, "compare", "--heads", "L5H4,L2H1,L5H4@PROMPT#2,L5H4", "-p", prompt, "-p", "No.", "--size", "400x400", "-o", filepath.Join(t.TempDir(), "a.png"))
	m, tok := openDemo(t)
	ids := tok.Prompt(prompt)
	acts, err := m.Run(ids)
	if err != nil {
		t.Fatal(err)
	}
	n := len(ids)
	head := func(layer, h int) cpu.Mat { return cpu.MatOf(acts[gpt2.Name(layer, "attn")].Data[h*n*n:], n, n) }
	want := cpu.Apart(cpu.Compare(cpu.NewMat(n, n), head(5, 4), head(2, 1)))
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 3 {
		t.Fatalf("printed %q", out)
	}
	var js, cosine float64
	if _, err := fmt.Sscanf(lines[0], "L5H4 L2H1: JS distance %f, cosine %f", &js, &cosine); err != nil || math.Abs(js-want.JS) > 1e-3 || math.Abs(cosine-want.Cosine) > 1e-3 {
		t.Errorf("printed %q, want %+v: %v", lines[0], want, err)
	}
	if want := fmt.Sprintf("L5H4 L5H4@PROMPT#2: %d and %d tokens, not compared", n, len(tok.Prompt("No."))); lines[1] != want {
		t.Errorf("printed %q, want %q", lines[1], want)
	}
	if !regexp.MustCompile(`^L5H4 L5H4: JS distance 0\.0000, cosine 1\.0000`).MatchString(lines[2]) {
		t.Errorf("printed %q of a head and itself", lines[2])
	}
}

// Heads of another model, and of heads only, on recorded inputs.
func TestCompareModels(t *testing.T) {
	dir := t.TempDir()
	heads := filepath.Join(dir, "demo-csv")
	must(t, "convert", "demo", heads)
	x := tensor.New(9, 192)
	for i := range x.Data {
		x.Data[i] = float32(i%17)/17 - 0.5
	}
	inputs := t.TempDir()
	if err := csv.WriteFile(filepath.Join(inputs, "layer2_input0_9_192.csv"), x); err != nil {
		t.Fatal(err)
	}
	png := filepath.Join(dir, "a.png")
	out, _ := must(t, "compare", "--heads", "L2H1,"+heads+":L2H1", "--inputs", inputs, "--no-bias", "--size", "400x200", "-o", png)
	if !strings.Contains(out, "JS distance 0.0000") {
		t.Errorf("the same head in two formats: %s", out)
	}
	must(t, "compare", "--heads", "L2H1,"+heads+":L2H1", "--inputs", inputs, "--no-bias", "--space", "--size", "400x200", "-o", png)
	if code, _, errs := headscope(t, "compare", "--heads", "L2H1,L1H1", "--inputs", inputs, "-o", png); code != exitFailed || !strings.Contains(errs, "no input of layer 1") {
		t.Errorf("a layer without an input: exit status %d, %s", code, errs)
	}
}

func TestCompareErrors(t *testing.T) {
	dir := t.TempDir()
	png := filepath.Join(dir, "a.png")
	long := filepath.Join(dir, "long.txt")
	if err := os.WriteFile(long, bytes.Repeat([]byte("word "), 1000), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{exitUsage, ".png", []string{"--heads", "L0H0,L0H1", "-o", "a.jpg"}},
		{exitUsage, "expected 2 to 4", []string{"-o", png}},
		{exitUsage, "expected 2 to 4", []string{"--heads", "L0H0", "-o", png}},
		{exitUsage, "expected 2 to 4", []string{"--heads", "L0H0,L0H1,L0H2,L0H3,L0H4", "-o", png}},
		{exitUsage, "L5H4", []string{"--heads", "L0H0,five", "-o", png}},
		{exitUsage, "L5H4", []string{"--heads", "L0H0,", "-o", png}},
		{exitUsage, "prompt 2 of 1", []string{"--heads", "L0H0,L0H1@PROMPT#2", "-p", "a", "-o", png}},
		{exitUsage, "WIDTHxHEIGHT", []string{"--heads", "L0H0,L0H1", "--size", "12", "-o", png}},
		{exitUsage, "leave out", []string{"--heads", "L0H0,L0H1", "--diff", "--space", "-o", png}},
		{exitUsage, "none of the others", []string{"--heads", "L0H0,L0H1", "-p", "a", "--tokens", "b.npy", "-o", png}},
		{exitFailed, "L0 to L11", []string{"--heads", "L0H0,L12H0", "-o", png}},
		{exitFailed, "H0 to H11", []string{"--heads", "L0H0,L0H12", "-o", png}},
		{exitFailed, "--model", []string{"--heads", "L0H0," + filepath.Join(dir, "nowhere") + ":L0H1", "-o", png}},
		{exitFailed, "L5H4 has 3 tokens and L5H4@PROMPT#2 2", []string{"--heads", "L5H4,L5H4@PROMPT#2", "--diff", "-p", "a b", "-p", "c", "-o", png}},
		{exitFailed, "context of 256", []string{"--heads", "L0H0,L0H1", "--prompt-file", long, "-o", png}},
		{exitFailed, "no folder", []string{"--heads", "L0H0,L0H1", "-o", filepath.Join(dir, "nowhere", "a.png")}},
	} {
		code, out, errs := headscope(t, append([]string{"compare"}, c.args...)...)
		if code != c.code || !strings.Contains(errs, c.want) {
			t.Errorf("compare %s: exit status %d, want %d with %q: %s", strings.Join(c.args, " "), code, c.code, c.want, errs)
		}
		if strings.Count(errs, "\n") != 1 || out != "" {
			t.Errorf("compare %s: printed %q and on stderr %q", strings.Join(c.args, " "), out, errs)
		}
	}
	if _, err := os.Stat(png); err == nil {
		t.Error("a failed command left a picture")
	}
}
