package app

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"headscope/explorer/workspace"
)

var (
	soakTime = flag.Duration("soak", 8*time.Second, "how long TestSoak plays random input")
	soakSeed = flag.Uint64("soak-seed", 0, "seed of its input; 0: another one each time")
)

// soakKeys are pressed at random; some more than others.
var soakKeys = strings.Fields(`1 1 2 2 2 3 3 4 left right up down left right up down enter [ ] pageup pagedown f z l d d b t h
	/ escape escape ctrl+z ctrl+z ctrl+z ctrl+y ctrl+shift+z ctrl+a ctrl+c ctrl+v ctrl+o ctrl+s f12 f1 space tab backspace delete home end`)

// soakRound are random actions, then the way back to a session that is always the same, and
// the state there.
func soakRound(r *rand.Rand, drops []string, home, state string) string {
	var b bytes.Buffer
	place := func() string { return fmt.Sprintf("%d %d", r.IntN(1300), r.IntN(820)) }
	button := func() string { return []string{"", "", "", " right"}[r.IntN(4)] }
	for range 15 {
		switch n := r.IntN(100); {
		case n < 45:
			fmt.Fprintf(&b, "key %s\n", soakKeys[r.IntN(len(soakKeys))])
		case n < 60:
			fmt.Fprintf(&b, "click %s%s\n", place(), button())
		case n < 72:
			fmt.Fprintf(&b, "drag %s %s%s\n", place(), place(), button())
		case n < 82:
			fmt.Fprintf(&b, "wheel %s %d\n", place(), r.IntN(9)-4)
		case n < 90:
			fmt.Fprintf(&b, "click 500 65\ntype %s\n", strings.Repeat("so it is ", r.IntN(4)))
		case n < 94:
			fmt.Fprintf(&b, "drop %s\n", drops[r.IntN(len(drops))])
		case n < 97:
			fmt.Fprintf(&b, "resize %d %d\n", 1+r.IntN(1400), 1+r.IntN(1000))
		default:
			fmt.Fprintf(&b, "wait %.2f\n", 0.2*r.Float64())
		}
	}
	fmt.Fprintf(&b, "resize 1280 800\nkey escape\nkey escape\nkey escape\ndrop %s\nwait\nframes 2\nwait\nstate %s\n", home, state)
	return b.String()
}

// Random input, for a long time: nothing ends the program, and nothing grows.
func TestSoak(t *testing.T) {
	seed := *soakSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("go test ./explorer/app -run TestSoak -soak %v -soak-seed %d", *soakTime, seed)
	d := newDisplay(t)
	folder := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	start, err := workspace.Default().File()
	if err != nil {
		t.Fatal(err)
	}
	home := file("home.json", string(start))
	drops := []string{file("notes.txt", "no model"), file("cut.json", string(start[:len(start)/2])), folder, home, "A @ B", "(A @ B) @ (C @ D"}
	state := func(i int) string { return filepath.Join(folder, fmt.Sprintf("state%d.told", i)) }
	random := rand.New(rand.NewPCG(seed, 0))
	rounds := 20 + int(soakTime.Seconds())*4 // more than there is time for
	var script strings.Builder
	for i := range rounds {
		script.WriteString(soakRound(random, drops, home, state(i)))
	}
	c := d.command("explore", "--size", "1280x800", "--script", file("script", script.String()))
	c.Dir, c.Env = folder, append(c.Env, "HOME="+folder) // what it saves, it saves there
	var errs bytes.Buffer
	c.Stderr = &errs
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.Wait()
	}()
	t.Cleanup(func() {
		c.Process.Kill()
		<-ended
	})

	var buffers, textures, groups, pipelines, memory []int
	// A slow machine gets the time for two rounds.
	stop := time.Now().Add(*soakTime)
	for time.Now().Before(stop) || len(memory) < 2 && time.Now().Before(stop.Add(2*time.Minute)) {
		select {
		case <-ended:
			t.Fatalf("the program ended in round %d: %v\n%s", len(buffers), c.ProcessState, &errs)
		case <-time.After(10 * time.Millisecond):
		}
		path := state(len(buffers))
		if _, err := os.Stat(path); err != nil {
			continue
		}
		s := readState(t, path)
		os.Remove(path)
		buffers, textures = append(buffers, s.Live.Buffers), append(textures, s.Live.Textures)
		groups, pipelines = append(groups, s.Live.BindGroups), append(pipelines, s.Live.Pipelines)
		memory = append(memory, resident(t, c.Process.Pid)>>20)
		for place, text := range s.Notices {
			if strings.Contains(text, "gpu:") || strings.Contains(text, "alidation") {
				t.Errorf("round %d: at %s it says %q", len(buffers), place, text)
			}
		}
	}
	c.Process.Signal(syscall.SIGTERM)
	<-ended
	if c.ProcessState.ExitCode() != 0 || errs.Len() > 0 {
		t.Errorf("the program ended with %v:\n%s", c.ProcessState, &errs)
	}
	t.Logf("%d rounds; buffers %v, textures %v, bind groups %v, pipelines %v, MiB %v",
		len(memory), some(buffers), some(textures), some(groups), some(pipelines), some(memory))
	if len(memory) < 2 {
		t.Fatalf("only %d rounds in %v", len(memory), *soakTime)
	}
	// Each tab brings its own on its first visit: a short run has bounds, a long one is flat.
	bounded := func(what string, counts []int, most, slack int) {
		if top := slices.Max(counts); top > most {
			t.Errorf("there are up to %d %s, expected at most %d: %v", top, what, most, counts)
		}
		if len(counts) < 40 {
			return
		}
		if first, last := quarters(counts[10:]); last > first+slack {
			t.Errorf("%s grow from %d to %d: %v", what, first, last, some(counts))
		}
	}
	bounded("buffers", buffers, 1500, 50)
	bounded("textures", textures, 64, 8)
	bounded("bind groups", groups, 2500, 200)
	bounded("pipelines", pipelines, 80, 10)
	bounded("MiB of memory", memory, 1500, 100)
}

// quarters are the medians of the first and the last quarter of a series.
func quarters(counts []int) (first, last int) {
	n := max(1, len(counts)/4)
	median := func(c []int) int { return slices.Sorted(slices.Values(c))[len(c)/2] }
	return median(counts[:n]), median(counts[len(counts)-n:])
}

// some are at most ten of a series, from its beginning to its end.
func some(counts []int) []int {
	const most = 10
	if len(counts) <= most {
		return counts
	}
	kept := make([]int, most)
	for i := range kept {
		kept[i] = counts[i*(len(counts)-1)/(most-1)]
	}
	return kept
}

// resident is how many bytes of memory a process has.
func resident(t *testing.T, pid int) int {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(data))[1])
	if err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}
