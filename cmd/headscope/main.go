// Command headscope opens GPT-2's weights, runs every layer and head on the GPU, and
// shows what they attend to. Each subcommand has a file of its own here; all behaviour
// worth a name is in the packages below.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime"
	"syscall"
)

// Windows want to be served by the thread on which the program began.
func init() { runtime.LockOSThread() }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second interrupt ends the process at once
	code := run(ctx, os.Args[1:], os.Stdout, told())
	stop()
	os.Exit(code)
}
