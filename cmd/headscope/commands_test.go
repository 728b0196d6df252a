package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"headscope/models/csv"
	"headscope/models/gpt2"
	"headscope/models/npy"
	"headscope/models/tensor"
)

// headscope runs a command line in this process and returns what it printed.
func headscope(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), args, &o, &e)
	return code, o.String(), e.String()
}

// must runs a command line that has to succeed.
func must(t *testing.T, args ...string) (out, errs string) {
	t.Helper()
	code, out, errs := headscope(t, args...)
	if code != 0 {
		t.Fatalf("headscope %s: exit status %d: %s", strings.Join(args, " "), code, errs)
	}
	return out, errs
}

func TestAtlasWritesThePicture(t *testing.T) {
	for _, args := range [][]string{
		{"--size", "640x480"},
		{"--size", "500x700", "--sort", "previous", "--prompt", "a b a b a b"},
		{"--size", "320x240", "--dark", "--prompt", "<|endoftext|>"},
		{"--size", "640x480", "--no-bias", "--sort", "induction", "--prompt", "no copies"},
		{"--size", "640x480", "--method", "blockwise"},
	} {
		path := filepath.Join(t.TempDir(), "atlas.png")
		must(t, append([]string{"atlas", "-o", path}, args...)...)
		img := readPicture(t, path)
		w, h, err := parseSize(args[1])
		if err != nil || img.Bounds().Dx() != w || img.Bounds().Dy() != h {
			t.Errorf("%v: the picture is %v", args, img.Bounds())
		}
	}
}

func TestAtlasMethods(t *testing.T) {
	path := filepath.Join(t.TempDir(), "atlas.png")
	for _, c := range []struct {
		want string
		args []string
	}{
		{"expected full or blockwise", []string{"--method", "poem"}},
		{"traits need the attention matrices", []string{"--method", "blockwise", "--sort", "induction"}},
	} {
		if code, _, errs := headscope(t, append([]string{"atlas", "-o", path}, c.args...)...); code != exitUsage || !strings.Contains(errs, c.want) {
			t.Errorf("%v: exit status %d, %s", c.args, code, errs)
		}
	}
}

func TestExportEqualsReference(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	must(t, "export", "--head", "L5H4", "--head", "l0h11", "--layer", "3", "--prompt", "The cat sat.", "-o", dir,
		"--what", "q,k,v,scores,attn,lse,head_out,out,ln1,resid,logits,tokens")
	m, s := openDemo(t)
	ids := s.Prompt("The cat sat.")
	want, err := m.Run(ids)
	if err != nil {
		t.Fatal(err)
	}
	got := func(name string) tensor.Tensor {
		f, err := npy.Open(filepath.Join(dir, name+".npy"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		x, err := f.Tensors[0].Tensor()
		if err != nil {
			t.Fatal(err)
		}
		x.Data = slices.Clone(x.Data)
		return x
	}
	n, dh := len(ids), m.Config.HeadWidth()
	for name, shape := range map[string][]int{
		"L5H4.q": {n, dh}, "L0H11.k": {n, dh}, "L3H0.v": {n, dh}, "L5H4.scores": {n, n}, "L3H7.attn": {n, n}, "L5H4.lse": {n},
		"L5H4.head_out": {n, dh}, "L5H4.out": {n, m.Config.Width}, "L3.ln_1": {n, m.Config.Width}, "L5.resid": {n, m.Config.Width}, "logits": {n, m.Config.Vocab},
	} {
		if x := got(name); !slices.Equal(x.Shape, shape) {
			t.Errorf("%s is %v, want %v", name, x.Shape, shape)
		}
	}
	same := func(name string, got, want []float32) {
		for i := range want {
			if d := got[i] - want[i]; d > 1e-4 || d < -1e-4 {
				t.Errorf("%s[%d] is %v, want %v", name, i, got[i], want[i])
				return
			}
		}
	}
	attn := want["h.5.attn"].Data[4*n*n : 5*n*n]
	same("attn", got("L5H4.attn").Data, attn)
	same("resid", got("L3.resid").Data, want["h.3.resid"].Data)
	same("k", got("L0H11.k").Data, gpt2.Head(want["h.0.qkv"], 12+11, 36).Data)

	// The heads' contributions and c_proj's bias add up to the layer's.
	sum := make([]float32, n*m.Config.Width)
	for h := range m.Config.Heads {
		for i, v := range got(target{"out", 3, h}.name()).Data {
			sum[i] += v
		}
	}
	bias, err := m.Params.Layers[3].ProjB.Tensor()
	if err != nil {
		t.Fatal(err)
	}
	for i := range sum {
		sum[i] += bias.Data[i%m.Config.Width]
	}
	same("sum of out", sum, want["h.3.attn_out"].Data)

	tokens, err := npy.ReadInts(filepath.Join(dir, "tokens.npy"))
	if err != nil || len(tokens) != n {
		t.Errorf("tokens: %v, %v", tokens, err)
	}
	// The ids that were written run as --tokens, and csv says the same.
	again := t.TempDir()
	must(t, "export", "--tokens", filepath.Join(dir, "tokens.npy"), "--head", "L5H4", "--format", "csv", "-o", again)
	x, err := csv.Read(filepath.Join(again, "L5H4.attn.csv"))
	if err != nil {
		t.Fatal(err)
	}
	same("csv", x.Data, attn)
}

func openDemo(t *testing.T) (*gpt2.Model, *gpt2.Tokenizer) {
	t.Helper()
	a := &app{errs: &bytes.Buffer{}}
	m, err := a.openModel("demo")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m, m.Tokenizer
}

// Recorded inputs through a head set: mm's way.
func TestHeadsOnRecordedInputs(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo-csv")
	must(t, "convert", "demo", dir)
	x := tensor.New(9, 192)
	for i := range x.Data {
		x.Data[i] = float32(i%17)/17 - 0.5
	}
	inputs := t.TempDir()
	for _, name := range []string{"layer0_input3_9_192.csv", "layer2_input3_9_192.csv"} {
		if err := csv.WriteFile(filepath.Join(inputs, name), x); err != nil {
			t.Fatal(err)
		}
	}
	out := t.TempDir()
	must(t, "export", "--model", dir, "--inputs", inputs, "--sample", "3", "--head", "L2H1", "--what", "attn,ln1", "-o", out)
	must(t, "export", "--no-bias", "--inputs", inputs, "--sample", "3", "--head", "L2H1", "-o", filepath.Join(out, "demo"))
	a, err := os.ReadFile(filepath.Join(out, "L2H1.attn.npy"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(out, "demo", "L2H1.attn.npy"))
	if err != nil || !bytes.Equal(a, b) {
		t.Errorf("the head set and the model without biases differ: %v", err)
	}
	must(t, "atlas", "--model", dir, "--inputs", inputs, "--sample", "3", "--size", "400x300", "-o", filepath.Join(out, "a.png"))
	code, _, errs := headscope(t, "atlas", "--model", dir, "-o", filepath.Join(out, "b.png"))
	if code != 1 || !strings.Contains(errs, "--inputs") {
		t.Errorf("a head set without inputs: %d %s", code, errs)
	}
	code, _, errs = headscope(t, "export", "--inputs", inputs, "--sample", "4", "--head", "L0H0", "-o", out)
	if code != 1 || !strings.Contains(errs, "[3]") {
		t.Errorf("a sample that is not there: %d %s", code, errs)
	}
}

func TestErrorsAreOneLine(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("no model"), 0o666); err != nil {
		t.Fatal(err)
	}
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
		{2, "unknown command", []string{"nonsense"}},
		{2, "--help", []string{"atlas", "--nonsense"}},
		{2, "-o", []string{"atlas"}},
		{2, ".png", []string{"atlas", "-o", "a.jpg"}},
		{2, "WIDTHxHEIGHT", []string{"atlas", "-o", png, "--size", "12"}},
		{2, "WIDTHxHEIGHT", []string{"atlas", "-o", png, "--size", "0x10"}},
		{2, "induction", []string{"atlas", "-o", png, "--sort", "beauty"}},
		{2, "none of the others", []string{"atlas", "-o", png, "--prompt", "a", "--tokens", "b.npy"}},
		{2, "takes no argument", []string{"info", "demo"}},
		{1, "--model", []string{"info", "--model", filepath.Join(dir, "nowhere")}},
		{1, "expected", []string{"info", "--model", file}},
		{1, "holds no model", []string{"info", "--model", t.TempDir()}},
		{1, "context of 256", []string{"atlas", "-o", png, "--prompt-file", long}},
		{1, "no such adapter", []string{"atlas", "-o", png, "--adapter", "no such adapter"}},
		{1, "no folder", []string{"atlas", "-o", filepath.Join(file, "a.png")}},
		{1, "no folder", []string{"bench", "load", "-o", filepath.Join(dir, "nowhere", "a.json")}},
		{1, "not a directory", []string{"export", "--all", "-o", filepath.Join(file, "out")}},
		{1, "pixels", []string{"atlas", "-o", png, "--size", "100000x10"}},
		{2, "-o", []string{"export", "--head", "L0H0"}},
		{2, "q,k,v", []string{"export", "-o", dir, "--head", "L0H0", "--what", "soul"}},
		{2, "L5H4", []string{"export", "-o", dir, "--head", "five"}},
		{1, "L0 to L11", []string{"export", "-o", dir, "--head", "L12H0"}},
		{1, "0 to 11", []string{"export", "-o", dir, "--layer", "12"}},
		{2, "--all", []string{"export", "-o", dir, "--what", "attn"}},
		{2, "npy or csv", []string{"export", "-o", dir, "--all", "--format", "xml"}},
		{2, ".png or .svg", []string{"bench", "matmul", "--plot", "a.gif"}},
		{2, "matmul", []string{"bench"}},
	} {
		code, out, errs := headscope(t, c.args...)
		if code != c.code || !strings.Contains(errs, c.want) {
			t.Errorf("headscope %s: exit status %d, want %d with %q: %s", strings.Join(c.args, " "), code, c.code, c.want, errs)
		}
		if strings.Count(errs, "\n") != 1 || out != "" {
			t.Errorf("headscope %s: printed %q and on stderr %q", strings.Join(c.args, " "), out, errs)
		}
	}
	if _, err := os.Stat(png); err == nil {
		t.Error("a failed command left a picture")
	}
}

// What a bench writes has the fields that scripts rely on.
func TestBenchReports(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "load.json")
	must(t, "bench", "load", "--layers", "1", "--runs", "1", "-o", path, "--plot", filepath.Join(dir, "load.svg"))
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var r struct {
		Command, Adapter, Backend string
		AdapterType               string `json:"adapter_type"`
		CPUs                      int
		Rows                      []map[string]any
	}
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	if r.Command != "bench load" || r.Adapter == "" || r.Backend == "" || r.AdapterType == "" || r.CPUs < 1 || len(r.Rows) != len(loadFormats) {
		t.Errorf("report: %s", data)
	}
	for _, row := range r.Rows {
		for _, key := range []string{"format", "bytes", "ms_median", "gb_per_s", "runs"} {
			if row[key] == nil {
				t.Errorf("%v: no %s", row, key)
			}
		}
	}
}

func TestInterruptedJobLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errs bytes.Buffer
	code := run(ctx, []string{"export", "--all", "-o", filepath.Join(dir, "out")}, &out, &errs)
	if code != 1 || !strings.Contains(errs.String(), "interrupted") {
		t.Errorf("exit status %d: %s", code, errs.String())
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "*")); len(files) != 0 {
		t.Errorf("left behind: %v", files)
	}
}

func TestDoctorTestsEveryKernel(t *testing.T) {
	out, _ := must(t, "doctor")
	for _, want := range []string{"storage binding", "softmax", "matmul tiled", "cells", "all kernels agree"} {
		if !strings.Contains(out, want) {
			t.Errorf("doctor says nothing of %q:\n%s", want, out)
		}
	}
}

func TestInfoDescribesTheModel(t *testing.T) {
	out, _ := must(t, "info", "--tensors")
	for _, want := range []string{"12 x 12", "192 (16 a head)", "256 tokens", "h.11.mlp.c_proj.weight", "F16 [768 192]"} {
		if !strings.Contains(out, want) {
			t.Errorf("info says nothing of %q:\n%s", want, out)
		}
	}
}
