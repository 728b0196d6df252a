package app

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// headscope is the file of headscope, built for these tests: they run it as users do.
var headscope string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	folder, err := os.MkdirTemp("", "headscope")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder)
	headscope = filepath.Join(folder, "headscope")
	if out, err := exec.Command("go", "build", "-o", headscope, "headscope/cmd/headscope").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "headscope cannot be built: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}
