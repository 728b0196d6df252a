package gpu_test

import (
	"math/rand"
	"runtime"
	"strings"
	"testing"

	"headscope/gpu"
	"headscope/gpu/gputest"
	"headscope/gpu/kernels"
)

func TestAdapters(t *testing.T) {
	infos, err := gpu.Adapters()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range infos {
		t.Logf("%s, driver %s, limits %+v", a, a.Driver, a.Limits)
		if a.Limits.StorageBinding == 0 || a.Limits.WorkgroupsPerDim == 0 {
			t.Errorf("%s: limits were not read: %+v", a, a.Limits)
		}
	}
	_, err = gpu.Open("no such adapter")
	if err == nil || !strings.Contains(err.Error(), infos[0].Name) {
		t.Errorf("opening an unknown adapter: %v; want an error that lists %s", err, infos[0].Name)
	}
}

// Rows of odd widths are padded on the device and come back without the padding.
func TestUploadReadRoundTrip(t *testing.T) {
	d := gputest.Device(t)
	rng := rand.New(rand.NewSource(1))
	for _, shape := range [][2]int{{1, 1}, {1, 3}, {3, 4}, {5, 63}, {64, 64}, {65, 1}, {7, 130}, {1000, 1001}} {
		data := make([]float32, shape[0]*shape[1])
		for i := range data {
			data[i] = rng.Float32()
		}
		x, err := d.Upload("x", shape[0], shape[1], data)
		if err != nil {
			t.Fatal(err)
		}
		got, err := d.Read(x)
		if err != nil {
			t.Fatal(err)
		}
		gputest.Close(t, x.String(), got[0], data, 0, 0)
		x.Buffer.Release()
		x.Buffer.Release() // a second release does nothing
	}
}

func TestReadHeads(t *testing.T) {
	d := gputest.Device(t)
	data := make([]float32, 3*8)
	for i := range data {
		data[i] = float32(i)
	}
	x, err := d.Upload("x", 3, 8, data)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Buffer.Release()
	got, err := d.Read(x.Heads(2), x.Heads(2).At(1), x.Part(1, 2, 4, 4))
	if err != nil {
		t.Fatal(err)
	}
	gputest.Close(t, "heads", got[0], []float32{0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23}, 0, 0)
	gputest.Close(t, "head 1", got[1], []float32{4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23}, 0, 0)
	gputest.Close(t, "part", got[2], []float32{12, 13, 14, 15, 20, 21, 22, 23}, 0, 0)
}

// The binding's map callback must survive a collector that runs all the time.
func TestReadUnderCollection(t *testing.T) {
	d := gputest.Device(t)
	x, err := d.Upload("x", 16, 16, make([]float32, 256))
	if err != nil {
		t.Fatal(err)
	}
	defer x.Buffer.Release()
	done := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-done:
				return
			default:
				_ = make([]byte, 1<<16)
				runtime.Gosched()
			}
		}
	}()
	for range 300 {
		if _, err := d.Read(x); err != nil {
			t.Fatal(err)
		}
	}
	close(done)
	<-stopped
}

func TestLimitsAreChecked(t *testing.T) {
	d := gputest.Device(t)
	if _, err := d.NewStorage("huge", d.Limits.StorageBinding+16); err == nil || !strings.Contains(err.Error(), "huge") {
		t.Errorf("a binding over the limit: %v", err)
	}
	if _, err := d.NewTensor("endless", 1<<20, 1<<20, 1<<20); err == nil {
		t.Error("a tensor over the index range was accepted")
	}
	if _, err := d.NewPicture(0, 10); err == nil {
		t.Error("a picture without width was accepted")
	}
	if _, err := d.NewPicture(int(d.Limits.TextureSize)+1, 10); err == nil {
		t.Error("a picture over the texture limit was accepted")
	}
	r := d.Record("bad")
	r.Dispatch("add", make([]byte, 4), [3]int{1, 1, 1}, 1)
	if err := r.Submit(); err == nil || !strings.Contains(err.Error(), "add") {
		t.Errorf("a dispatch with wrong params: %v", err)
	}
	r = d.Record("unknown")
	r.Dispatch("no_such_kernel", nil, [3]int{1, 1, 1}, 1)
	if err := r.Submit(); err == nil || !strings.Contains(err.Error(), "no_such_kernel") {
		t.Errorf("an unknown kernel: %v", err)
	}
}

func TestPicture(t *testing.T) {
	d := gputest.Device(t)
	for _, size := range [][2]int{{1, 1}, {63, 65}, {300, 7}} {
		p, err := d.NewPicture(size[0], size[1])
		if err != nil {
			t.Fatal(err)
		}
		r := d.Record("clear")
		r.Render(gpu.Pass{Target: p, Clear: gpu.RGBA{1, 0.5, 0, 1}})
		if err := r.Submit(); err != nil {
			t.Fatal(err)
		}
		img, err := p.Image()
		if err != nil {
			t.Fatal(err)
		}
		if b := img.Bounds(); b.Dx() != size[0] || b.Dy() != size[1] {
			t.Errorf("picture is %v, want %v", b, size)
		}
		last := img.NRGBAAt(size[0]-1, size[1]-1)
		if last.R != 255 || last.G < 127 || last.G > 128 || last.B != 0 || last.A != 255 {
			t.Errorf("%v: last pixel %v", size, last)
		}
		p.Release()
		p.Release()
	}
}

// A buffer that its owner forgot is counted by the device and by the binding.
func TestLeaksAreCounted(t *testing.T) {
	d, err := gpu.Open("auto")
	if err != nil {
		t.Fatal(err)
	}
	x, err := d.Upload("forgotten", 3, 3, make([]float32, 9))
	if err != nil {
		t.Fatal(err)
	}
	if live := d.Live(); live.Buffers != 3 || live.Bytes < 48 { // with the device's own two
		t.Errorf("live: %+v", live)
	}
	if d.Release() != 1 {
		t.Error("the forgotten buffer was not counted")
	}
	x.Buffer.Release()
	if d.Release() != 0 {
		t.Error("a second release counts something")
	}
}

// Buffers released between their dispatch and its submit: the work still runs.
func TestReleaseWhileRecording(t *testing.T) {
	d := gputest.Device(t)
	ones := make([]float32, 64)
	for i := range ones {
		ones[i] = 1
	}
	x, err := d.Upload("x", 1, 64, ones)
	if err != nil {
		t.Fatal(err)
	}
	y, err := d.Upload("y", 1, 64, ones)
	if err != nil {
		t.Fatal(err)
	}
	sum, err := d.NewTensor("sum", 1, 1, 64)
	if err != nil {
		t.Fatal(err)
	}
	defer sum.Buffer.Release()
	r := d.Record("sum")
	kernels.Add(r, sum, x, y)
	x.Buffer.Release()
	y.Buffer.Release()
	if err := r.Submit(); err != nil {
		t.Fatal(err)
	}
	got, err := d.Read(sum)
	if err != nil {
		t.Fatal(err)
	}
	gputest.Close(t, "sum", got[0][:1], []float32{2}, 0, 0)
}

func TestPeak(t *testing.T) {
	d := gputest.Device(t)
	d.ResetPeak()
	before := d.Live().Bytes
	for range 2 { // one after the other: they do not add up
		b, err := d.NewStorage("b", 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		b.Release()
	}
	if live := d.Live(); live.Bytes != before || live.Peak != before+1<<20 {
		t.Errorf("%d bytes before, then %+v", before, live)
	}
	if d.ResetPeak(); d.Live().Peak != before {
		t.Errorf("after a reset: %+v", d.Live())
	}
}
