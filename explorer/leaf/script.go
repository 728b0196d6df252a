package leaf

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/metrics"
	"slices"
	"sync/atomic"
	"time"

	"github.com/dop251/goja"

	"headscope/explorer/expr"
)

// A leaf's JavaScript comes from a link that anyone may have written. goja can interrupt a
// script between two of its instructions but cannot bound its memory, nor interrupt a built-in:
// "x".repeat(1e9), 2n**1000000000n or [].indexOf.call({length: 1e15}) is a single
// instruction. So the language is bounded to what cannot allocate or run for long in one
// instruction (compile): numbers, arrays of them that cannot be changed, functions, all
// statements of a calculation, Math, and a few methods of arrays. There are no texts, no
// objects, nothing that makes an array longer, and no way to reach any other built-in.
// What such a script needs grows with the time it runs, so a watch that looks at both every few
// milliseconds bounds it. As it can change nothing but its own variables, every element
// starts anew: the watch has to look at one element at a time.
const (
	watchEvery   = 10 * time.Millisecond
	maxGrowth    = 128 << 20 // bytes on the heap while one element is computed
	maxCallDepth = 1000
)

// The global names and the methods of arrays that a script may use, beside all of Math.
var (
	globals = []string{"Math", "Number", "Boolean", "NaN", "Infinity", "undefined", "isNaN", "isFinite"}
	methods = []string{"length", "at", "includes", "indexOf", "lastIndexOf", "find", "findIndex", "every", "some", "map", "reduce"}
)

// run fills a leaf with what its JavaScript gives for every i and j, row by row.
func (s *Source) run(ctx context.Context, values []float32, n *expr.Node) error {
	vm := goja.New()
	vm.SetMaxCallStackSize(maxCallDepth)
	vm.SetRandSource(s.random(n).Float64)
	members := slices.Concat(vm.Get("Math").(*goja.Object).GetOwnPropertyNames(), methods)
	restrict(vm)
	program, err := compile(n.Expr, members)
	if err != nil {
		return fmt.Errorf("expression %s: %w", expr.Show(n.Expr), err)
	}
	compiled, err := vm.RunProgram(program)
	if err != nil {
		return fmt.Errorf("expression %s: %w", expr.Show(n.Expr), describe(err))
	}
	call, _ := goja.AssertFunction(compiled)

	timeout := s.Timeout
	if timeout == 0 {
		timeout = DefaultTimeout
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout,
		fmt.Errorf("took longer than %v: make it simpler, or the leaf smaller", timeout))
	defer cancel()
	w := watch{vm: vm, done: make(chan struct{})}
	defer close(w.done)
	go w.run(ctx)

	js := make([]goja.Value, n.W) // the numbers j, made once
	for j := range js {
		js[j] = vm.ToValue(j)
	}
	args := []goja.Value{nil, nil, vm.ToValue(n.H), vm.ToValue(n.W)}
	for i := range n.H {
		if ctx.Err() != nil { // a small leaf may be done before the watch looks
			return context.Cause(ctx)
		}
		args[0] = vm.ToValue(i)
		for j := range n.W {
			args[1] = js[j]
			at := i*n.W + j
			w.at.Store(int64(at))
			result, err := call(goja.Undefined(), args...)
			if err == nil {
				values[at], err = number(result)
			} else {
				err = describe(err)
			}
			if err != nil {
				return fmt.Errorf("expression %s at (%d, %d): %w", expr.Show(n.Expr), i, j, err)
			}
		}
	}
	return nil
}

// restrict takes every global name from a script but the allowed ones, and from arrays and
// functions the way to turn into text, which a + would take.
func restrict(vm *goja.Runtime) {
	global := vm.GlobalObject()
	for _, class := range []string{"Object", "Array", "Function"} {
		prototype := global.Get(class).(*goja.Object).Get("prototype").(*goja.Object)
		prototype.Delete("toString")
	}
	for _, name := range global.GetOwnPropertyNames() {
		if !slices.Contains(globals, name) {
			global.Delete(name)
		}
	}
}

// number is a result as a value of the leaf: a number, or false and true as 0 and 1.
func number(v goja.Value) (float32, error) {
	switch {
	case goja.IsNumber(v):
		return float32(v.ToFloat()), nil
	case goja.IsUndefined(v):
		return 0, errors.New("is undefined, expected a number: a function has to return one")
	case goja.IsNull(v):
		return 0, errors.New("is null, expected a number")
	}
	if b, ok := v.Export().(bool); ok {
		return float32(bit(b)), nil
	}
	return 0, errors.New("is an array or a function, expected a number")
}

// describe says in a line what ended a script.
func describe(err error) error {
	var interrupted *goja.InterruptedError
	var overflow *goja.StackOverflowError
	var thrown *goja.Exception
	switch {
	case errors.As(err, &interrupted):
		if cause, ok := interrupted.Value().(error); ok {
			return cause
		}
	case errors.As(err, &overflow):
		return fmt.Errorf("calls go more than %d deep", maxCallDepth)
	case errors.As(err, &thrown):
		object, ok := thrown.Value().(*goja.Object)
		if !ok {
			return fmt.Errorf("throws %s", thrown.Value())
		}
		if message := object.Get("message"); message != nil {
			return fmt.Errorf("%s: %.100s", object.Get("name"), message)
		}
		return errors.New("throws an array or a function")
	}
	return err
}

// watch interrupts a script when its time is over or one element takes too much memory.
type watch struct {
	vm   *goja.Runtime
	at   atomic.Int64 // the element that is being computed
	done chan struct{}
}

func (w *watch) run(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	at, before := int64(-1), int64(0)
	for {
		select {
		case <-w.done:
			return
		case <-ctx.Done():
			w.vm.Interrupt(context.Cause(ctx))
			return
		case <-tick.C:
		}
		if now := w.at.Load(); now != at {
			at, before = now, heap()
			continue
		}
		if heap()-before <= maxGrowth {
			continue
		}
		runtime.GC() // garbage does not count
		if heap()-before > maxGrowth {
			w.vm.Interrupt(fmt.Errorf("needs more than %d MiB of memory: keep fewer values", maxGrowth>>20))
			return
		}
	}
}

// heap is the number of bytes of the whole process's objects, dead ones that were not yet
// collected included.
func heap() int64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64())
}
