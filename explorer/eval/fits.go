package eval

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"headscope/gpu"
	"headscope/models/gpt2"
	"headscope/models/tensor"
)

// WeightBytes is the device memory that a model's parameters will take.
func WeightBytes(m *gpt2.Model) uint64 {
	var sum uint64
	gpt2.MapParams(m.Params, func(_ string, s *tensor.Stored) (int, error) {
		rows, cols := matrixShape(s.Shape)
		sum += uint64(rows) * uint64(gpu.Stride4(cols)) * 4
		return 0, nil
	})
	return sum
}

// checkFits refuses a model that the device cannot hold, before anything is allocated:
// the binding aborts the process when memory runs out. WebGPU tells the limits of a
// buffer and a binding, not how much memory there is; on a software adapter that is the
// machine's own.
func checkFits(d *gpu.Device, m *gpt2.Model) error {
	var err error
	gpt2.MapParams(m.Params, func(name string, s *tensor.Stored) (int, error) {
		if _, cols := matrixShape(s.Shape); partRows(d, cols) == 0 {
			err = fmt.Errorf("%s: one row of %d columns is over the %s that a binding of %s holds", name, cols, gpu.Bytes(d.Limits.StorageBinding), d.Adapter.Name)
		}
		return 0, err
	})
	if err != nil {
		return err
	}
	need := WeightBytes(m)
	if free, ok := FreeMemory(); ok && d.Adapter.Software() && need > free {
		return fmt.Errorf("%s: its weights need %s as float32; this machine has %s free: close other programs or open a smaller model", m.Path, gpu.Bytes(need), gpu.Bytes(free))
	}
	return nil
}

// checkFits refuses a pass whose kept attention is too large.
func (a *Activations) checkFits() error { return a.model.fits(a.tokens, a.keep) }

// AttentionFits says why the attention of all layers on so many tokens, with what is derived
// from it, is more than one binding of the adapter holds, or than a software adapter's
// machine has free; nil if it is not. A blockwise pass needs none of it.
func (m *Model) AttentionFits(tokens int) error { return m.fits(tokens, AttnOnly) }

func (m *Model) fits(n int, keep func(name string) bool) error {
	d, c := m.device, m.Config
	matrix := uint64(c.Heads) * uint64(n) * uint64(gpu.Stride4(n)) * 4
	if matrix > d.Limits.StorageBinding {
		return fmt.Errorf("the attention of one layer of %d heads on %d tokens needs %s in one binding; %s allows %s: shorten the prompt", c.Heads, n, gpu.Bytes(matrix), d.Adapter.Name, gpu.Bytes(d.Limits.StorageBinding))
	}
	var need uint64
	for l := range c.Layers {
		if keep(gpt2.Name(l, "attn")) {
			need += matrix + matrix*2/3 // and its mip pyramid: pairs, a third as many
		}
		if keep(gpt2.Name(l, "scores")) {
			need += matrix
		}
	}
	if free, ok := FreeMemory(); ok && d.Adapter.Software() && need > free {
		return fmt.Errorf("the attention of %d layers x %d heads on %d tokens needs %s; this machine has %s free: shorten the prompt", c.Layers, c.Heads, n, gpu.Bytes(need), gpu.Bytes(free))
	}
	return nil
}

// FreeMemory is what the system can give without swapping, where it says so.
func FreeMemory() (uint64, bool) {
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return 0, false
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if rest, ok := strings.CutPrefix(s.Text(), "MemAvailable:"); ok {
			var kib uint64
			_, err := fmt.Sscan(rest, &kib)
			return kib << 10, err == nil
		}
	}
	return 0, false
}
