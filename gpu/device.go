package gpu

import (
	"fmt"
	"strings"
	"time"

	"github.com/rajveermalviya/go-webgpu/wgpu"
)

// Device is one opened adapter: the owner of its queue, its pipelines and its
// cached bind groups, and the counter of everything made on it.
type Device struct {
	Adapter AdapterInfo // what was opened
	Limits  Limits      // the limits the device was made with: the adapter's own
	Family  Family      // which kernels launchers choose; set by Open, changed only by tests
	Texels  bool        // whether [Recorder.DispatchTexels] works: on software adapters that offer it; as Family

	instance *wgpu.Instance
	adapter  *wgpu.Adapter
	device   *wgpu.Device
	queue    *wgpu.Queue

	kernels    map[string]*Kernel         // compiled compute shaders, by name
	modules    map[string]*module         // compiled render shaders, by name
	bindGroups map[string]*wgpu.BindGroup // by pipeline and buffers; dropped with the first of their buffers
	params     *Buffer                    // uniforms of one submit
	staging    *Buffer                    // where readback lands
	sentinel   *Buffer                    // one word, written before each readback
	serial     uint32                     // value of the last sentinel
	smooth     *Sampler                   // of [Device.Smooth], or nil
	texels     texelReads                 // images that kernels read matrices from, if Texels

	sliceTime time.Duration // how long a submit should take
	between   func()        // called between the submits of a recording; or nil
	away      time.Duration // spent in between so far
	sliceCost float64       // work (about FLOP) that one submit may hold, follows the measured speed
	unwaited  float64       // work submitted since the last Wait
	uneven    bool          // some of it compiles or draws: its time says nothing of its cost
	busySince time.Time     // when the first of it was submitted
	nextID    uint64
	encoders  int      // open command encoders
	doomed    []func() // releases that wait until no encoder is open
	live      Live
}

// Live counts the handles and bytes that are alive on a device. Pipelines and bind
// groups are caches that the device itself releases; Buffers and Textures belong
// to callers, apart from the few the device keeps for its own transfers.
type Live struct {
	Buffers, Textures, BindGroups, Pipelines int
	Bytes                                    uint64 // of buffers and textures
	Peak                                     uint64 // the most that Bytes has been since [Device.ResetPeak]
}

// Open opens the best adapter that satisfies choice.
func Open(choice Choice) (*Device, error) {
	d := newDevice()
	if err := d.open(choice, func(*wgpu.Adapter) bool { return true }); err != nil {
		d.Release()
		return nil, err
	}
	return d, nil
}

// newDevice makes a device that is still to be opened.
func newDevice() *Device {
	return &Device{
		instance:   newInstance(),
		kernels:    map[string]*Kernel{},
		modules:    map[string]*module{},
		bindGroups: map[string]*wgpu.BindGroup{},
		sliceTime:  sliceTime,
	}
}

// open opens the first adapter that satisfies choice and is suitable.
func (d *Device) open(choice Choice, suitable func(*wgpu.Adapter) bool) error {
	handles, infos, err := enumerate(d.instance)
	if err != nil {
		return err
	}
	for i, h := range handles {
		if d.adapter == nil && matches(infos[i], choice) && suitable(h) {
			d.adapter, d.Adapter = h, infos[i]
		} else {
			h.Release()
		}
	}
	if d.adapter == nil {
		names := make([]string, len(infos))
		for i, a := range infos {
			names[i] = a.String()
		}
		return fmt.Errorf("gpu: no adapter that matches %q can be used; there is: %s", choice, strings.Join(names, ", "))
	}
	var features []wgpu.FeatureName
	if d.adapter.HasFeature(wgpu.FeatureName_TimestampQuery) {
		features = append(features, wgpu.FeatureName_TimestampQuery)
	}
	if d.Adapter.Software() && d.adapter.HasFeature(wgpu.NativeFeature_TextureAdapterSpecificFormatFeatures) {
		features = append(features, wgpu.NativeFeature_TextureAdapterSpecificFormatFeatures)
		d.Texels = true
	}
	// A limit left at zero is a limit of zero: begin from what the adapter offers.
	// No DeviceLostCallback: the binding would keep a pointer to Go memory for it.
	limits := d.adapter.GetLimits().Limits
	d.device, err = d.adapter.RequestDevice(&wgpu.DeviceDescriptor{
		Label:            "headscope",
		RequiredFeatures: features,
		RequiredLimits:   &wgpu.RequiredLimits{Limits: limits},
	})
	if err != nil {
		return fmt.Errorf("gpu: %s: cannot open the adapter: %w", d.Adapter, err)
	}
	d.Limits = d.Adapter.Limits
	if !d.Adapter.Software() {
		d.Family = Workgroups
	}
	d.queue = d.device.GetQueue()
	d.sliceCost = initialSliceCost(d.Adapter)
	if d.params, err = d.NewBuffer("params", paramsSize, wgpu.BufferUsage_Uniform|wgpu.BufferUsage_CopyDst); err != nil {
		return err
	}
	if d.sentinel, err = d.NewBuffer("sentinel", 4, wgpu.BufferUsage_CopySrc|wgpu.BufferUsage_CopyDst); err != nil {
		return err
	}
	d.Texels = d.Texels && d.openTexels() == nil // an adapter that fails here does without
	return nil
}

// Release frees the device and everything it owns. Buffers and textures made by
// callers must have been released before: it returns how many handles the binding
// still counts, which is 0 unless something was forgotten. A second call returns 0.
func (d *Device) Release() (leaked int) {
	if d == nil || d.instance == nil {
		return 0
	}
	for _, g := range d.bindGroups {
		g.Release()
	}
	clear(d.bindGroups)
	for _, k := range d.kernels {
		k.release()
	}
	for _, m := range d.modules {
		m.release()
	}
	if d.smooth != nil {
		d.smooth.handle.Release()
		d.smooth = nil
	}
	d.params.Release()
	d.staging.Release()
	d.sentinel.Release()
	d.closeTexels()
	if d.device != nil {
		d.queue.Submit() // pending writes keep their buffers alive until a submit
		d.Wait()         // the binding frees what it no longer uses here
		d.queue.Release()
		d.device.Release()
	}
	leaked = occupied(d.instance.GenerateReport()) - d.texels.kept
	if d.adapter != nil {
		d.adapter.Release()
	}
	d.instance.Release()
	d.instance, d.adapter, d.device, d.queue = nil, nil, nil, nil
	return leaked
}

// occupied counts the handles, devices and adapters apart, that a report calls alive.
func occupied(r wgpu.GlobalReport) int {
	n := uint64(0)
	for _, hub := range []*wgpu.HubReport{r.Vulkan, r.Metal, r.Dx12, r.Dx11, r.Gl} {
		if hub != nil {
			for _, s := range []wgpu.StorageReport{
				hub.PipelineLayouts, hub.ShaderModules, hub.BindGroupLayouts, hub.BindGroups, hub.CommandBuffers,
				hub.RenderPipelines, hub.ComputePipelines, hub.QuerySets, hub.Buffers, hub.Textures, hub.TextureViews, hub.Samplers,
			} {
				n += s.NumOccupied
			}
		}
	}
	return int(n)
}

// dispose releases a handle, after the open encoders have been submitted: the binding
// aborts the process when a pass ends on what has been released since it was recorded.
func (d *Device) dispose(release func()) {
	if d.encoders > 0 {
		d.doomed = append(d.doomed, release)
		return
	}
	release()
}

// closeEncoder notes that an encoder is gone, and with the last one does what waited.
func (d *Device) closeEncoder() {
	if d.encoders--; d.encoders == 0 {
		for _, release := range d.doomed {
			release()
		}
		d.doomed = d.doomed[:0]
	}
}

// allocated notes bytes of a buffer or texture that was made.
func (d *Device) allocated(bytes uint64) {
	d.live.Bytes += bytes
	d.live.Peak = max(d.live.Peak, d.live.Bytes)
}

// ResetPeak makes [Live].Peak count from what is alive now.
func (d *Device) ResetPeak() { d.live.Peak = d.live.Bytes }

// Live returns the counts of what is alive on the device.
func (d *Device) Live() Live {
	l := d.live
	l.BindGroups = len(d.bindGroups)
	return l
}

// hangTimeout is how long one wait may take: no submit is meant to pass a second.
const hangTimeout = 2 * time.Minute

// Wait blocks until all submitted work is done.
//
// The binding's own blocking poll gives up after five seconds, treats the work as done
// and frees what it still uses, which crashes the driver. Its other poll only looks, so
// this one looks again and again, less often as time passes.
func (d *Device) Wait() error {
	for start := time.Now(); !d.device.Poll(false, nil); {
		waited := time.Since(start)
		if waited > hangTimeout {
			return fmt.Errorf("gpu: %s has not finished a submit in %v: it hangs or is overloaded", d.Adapter.Name, hangTimeout)
		}
		time.Sleep(min(waited/16, time.Millisecond))
	}
	d.adapt(time.Since(d.busySince))
	return nil
}
