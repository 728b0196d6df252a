package main

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"headscope/explorer/bench"
	"headscope/models/npy"
)

// attentionJSON is the part of a report that is looked at here.
type attentionJSON struct {
	Command, Adapter string
	Interrupted      bool
	Rows             []struct {
		bench.Row
		MaxErr *float64 `json:"max_abs_err"`
	}
	Longest []bench.LongestRow
}

func benchAttention(t *testing.T, args ...string) attentionJSON {
	t.Helper()
	path := filepath.Join(t.TempDir(), "attention.json")
	must(t, append([]string{"bench", "attention", "--runs", "1", "-o", path}, args...)...)
	return readAttention(t, path)
}

func readAttention(t *testing.T, path string) (r attentionJSON) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	return r
}

// Every method is right at odd lengths, and says what was measured.
func TestBenchAttention(t *testing.T) {
	for _, extra := range [][]string{{"--heads", "2", "--d", "16"}, {"--heads", "1", "--d", "64", "--causal=false"}, {"--head", "L1H2", "--prompt", strings.Repeat("ab ", 40)}} {
		plot := filepath.Join(t.TempDir(), "plot.svg")
		r := benchAttention(t, append([]string{"--lengths", "1,33,100", "--plot", plot}, extra...)...)
		if r.Command != "bench attention" || r.Adapter == "" || len(r.Rows) != 12 || r.Interrupted {
			t.Fatalf("%+v", r)
		}
		for _, row := range r.Rows {
			if row.MaxErr == nil || *row.MaxErr > 1e-5*(1+row.MaxLogit) || row.Median <= 0 || row.Peak == 0 || row.Binding == 0 || row.Binding > row.Peak || row.Skipped != "" {
				t.Errorf("%v: %+v", extra, row)
			}
			want := "random"
			if extra[0] == "--head" && row.Method != bench.BlockwiseLayer && row.N < 100 { // as far as the prompt goes
				want = "L1H2 of demo"
			}
			if row.Data != want {
				t.Errorf("%d tokens of %s, want %s", row.N, row.Data, want)
			}
		}
		if data, err := os.ReadFile(plot); err != nil || !bytes.Contains(data, []byte("<svg")) || !bytes.Contains(data, []byte("tokens")) {
			t.Errorf("the plot has %d bytes, %v", len(data), err)
		}
	}
}

// Blockwise memory grows with the length, full memory with its square, and what does not fit
// is not tried.
func TestBenchAttentionMemory(t *testing.T) {
	peak := map[string]map[int]float64{}
	r := benchAttention(t, "--heads", "3", "--d", "16", "--lengths", "2048,4096,8192")
	for _, row := range r.Rows {
		if peak[row.Method] == nil {
			peak[row.Method] = map[int]float64{}
		}
		peak[row.Method][row.N] = float64(row.Peak)
		full := strings.HasPrefix(row.Method, "full")
		if fits := 3*row.N*row.N*4 <= 128<<20; full && fits != (row.Skipped == "") || !full && row.Skipped != "" {
			t.Errorf("%s at %d: skipped %q", row.Method, row.N, row.Skipped)
		}
		if row.Skipped != "" && !strings.Contains(row.Skipped, "[3, 8192, 8192] of 4 bytes takes 768 MiB in one binding") && !strings.Contains(row.Skipped, "[3, 4096, 4096]") {
			t.Errorf("skipped: %s", row.Skipped)
		}
	}
	// Queries, keys, values and results of 3 heads of 16, and a sum a row.
	slope := (peak["blockwise"][8192] - peak["blockwise"][4096]) / 4096
	if want := 4.0 * (4*3*16 + 3); math.Abs(slope-want) > 0.01*want {
		t.Errorf("blockwise takes %.1f bytes a token, the arithmetic says %.1f", slope, want)
	}
	if ratio := peak["full"][4096] / peak["full"][2048]; ratio < 3.5 {
		t.Errorf("full attention takes %.2f times as much for twice the tokens", ratio)
	}
}

func TestBenchAttentionLongest(t *testing.T) {
	r := benchAttention(t, "--heads", "2", "--d", "16", "--lengths", "64", "--longest", "--cap", "1MiB")
	// 1 MiB: 2 heads of n x n floats; n x 32 floats; n x 128 floats.
	want := map[string]int{"full attention": 362, "blockwise attention": 8192, "full layer": 362, "blockwise layer": 2048, "blockwise-layer layer": 8192}
	for _, l := range r.Longest {
		if n := want[l.Method+" "+l.Of]; l.N > n || l.N < n-4 || !l.Ran || l.Cap != 1<<20 || l.Heads != 2 {
			t.Errorf("%+v, want %d tokens", l, n)
		}
		delete(want, l.Method+" "+l.Of)
	}
	if len(want) > 0 {
		t.Errorf("not there: %v", want)
	}
}

// An interrupted run ends soon, says so, and keeps what it has.
func TestBenchAttentionInterrupted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "attention.json")
	ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer cancel()
	var out, errs bytes.Buffer
	code := run(ctx, []string{"bench", "attention", "--lengths", "32,16384", "--heads", "12", "--runs", "50", "-o", path}, &out, &errs)
	late := time.Since(deadline(ctx))
	r := readAttention(t, path)
	if code != exitFailed || !strings.Contains(errs.String(), "interrupted") || !r.Interrupted || late > 5*time.Second {
		t.Errorf("exit status %d after %v: %s %+v", code, late, errs.String(), r.Interrupted)
	}
}

func deadline(ctx context.Context) time.Time {
	d, _ := ctx.Deadline()
	return d
}

func TestBenchAttentionErrors(t *testing.T) {
	for _, c := range []struct {
		want string
		args []string
	}{
		{"--lengths 0", []string{"--lengths", "0"}},
		{"--lengths -5", []string{"--lengths", "16,-5"}},
		{"16777216", []string{"--lengths", "99999999"}},
		{"heads of 66", []string{"--d", "66", "--lengths", "8"}},
		{"heads of 256", []string{"--d", "256", "--lengths", "8"}},
		{"blocks of 7", []string{"--block", "7", "--lengths", "8"}},
		{"--heads 0", []string{"--heads", "0"}},
		{"with a unit", []string{"--cap", "128"}},
		{"with a unit", []string{"--cap", "lots"}},
		{"L99H0", []string{"--head", "L99H0"}},
		{"form like L5H4", []string{"--head", "five"}},
		{".png or .svg", []string{"--plot", "a.pdf"}},
		{"no folder", []string{"-o", "/no/such/folder/a.json"}},
	} {
		code, _, errs := headscope(t, append([]string{"bench", "attention"}, c.args...)...)
		if code == 0 || !strings.Contains(errs, c.want) || strings.Count(errs, "\n") != 1 {
			t.Errorf("%v: exit status %d, %s, want %q", c.args, code, errs, c.want)
		}
	}
}

// Attention that never exists gives the same results.
func TestExportBlockwise(t *testing.T) {
	full, blocks := t.TempDir(), t.TempDir()
	what := []string{"export", "--head", "L5H4", "--layer", "3", "--what", "lse,head_out,out,resid", "--prompt", "The cat sat on the mat.", "--format", "npy"}
	must(t, append(what, "-o", full)...)
	must(t, append(what, "-o", blocks, "--method", "blockwise")...)
	files, err := filepath.Glob(filepath.Join(full, "*.npy"))
	if err != nil || len(files) < 8 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, f := range files {
		a, b := readNPY(t, f), readNPY(t, filepath.Join(blocks, filepath.Base(f)))
		for i := range a {
			if math.Abs(float64(a[i]-b[i])) > 1e-4 {
				t.Errorf("%s: element %d is %v and %v", filepath.Base(f), i, a[i], b[i])
				break
			}
		}
	}
	if code, _, errs := headscope(t, "export", "--head", "L5H4", "--what", "attn", "--method", "blockwise", "-o", blocks); code != exitUsage || !strings.Contains(errs, "never exists") {
		t.Errorf("exit status %d: %s", code, errs)
	}
}

func readNPY(t *testing.T, path string) []float32 {
	t.Helper()
	f, err := npy.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	x, err := f.Tensors[0].Tensor()
	if err != nil {
		t.Fatal(err)
	}
	return slices.Clone(x.Data) // the file is a mapping
}
