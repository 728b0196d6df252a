package gpu

import (
	"context"
	"fmt"
	"time"

	"headscope/wgsl"

	"github.com/rajveermalviya/go-webgpu/wgpu"
)

// paramsSize is the uniform space of one submit; a slot takes the adapter's offset
// alignment, usually 256 bytes, so that about a thousand dispatches fit.
const paramsSize = 256 << 10

// A submit should take about this long, unless [Device.Slices] says otherwise: far below the
// five seconds after which the binding's poll gives up, and short enough that the machine
// stays usable.
const sliceTime = 100 * time.Millisecond

// Slices makes every submit of a recording take about so long, and lets between run after
// each but the last. between may use the device for other recordings, which should be
// [Recorder.Whole]: else it runs after their submits, too. It is meant for the frames of a
// window, which go on while long work is done.
func (d *Device) Slices(length time.Duration, between func()) {
	d.sliceCost *= length.Seconds() / d.sliceTime.Seconds()
	d.sliceTime, d.between = length, between
}

// pause is called after a submit that is not the last of its recording.
func (d *Device) pause() {
	if d.between == nil {
		return
	}
	start := time.Now()
	d.between()
	d.away += time.Since(start)
}

// initialSliceCost guesses the work of one submit (about FLOP) before any is measured.
func initialSliceCost(a AdapterInfo) float64 {
	switch a.Type {
	case "cpu":
		return 1e9
	case "discrete":
		return 2e11
	default:
		return 2e10
	}
}

// adapt follows the measured speed of the work that has just been waited for.
func (d *Device) adapt(elapsed time.Duration) {
	if d.unwaited > 0 && !d.uneven {
		if want := d.unwaited * d.sliceTime.Seconds() / max(elapsed.Seconds(), 1e-4); d.unwaited > d.sliceCost/4 || want < d.sliceCost {
			d.sliceCost = max(2e7, min(max(want, d.sliceCost/2), d.sliceCost*2))
		}
	}
	d.unwaited, d.uneven = 0, false
}

// Recorder collects dispatches and draws into command encoders. It submits by itself
// whenever the recorded work is worth about a slice ([Device.Slices]), so that a chain of any length
// is one recording and yet no submit is long. Its first error sticks.
type Recorder struct {
	d       *Device
	label   string
	encoder *wgpu.CommandEncoder
	pass    *wgpu.ComputePassEncoder // open compute pass, or nil
	params  []byte                   // uniforms of the submit being recorded
	cost    float64
	whole   bool           // stays one submit, whatever it costs
	stamps  *wgpu.QuerySet // not owned; set while a first timestamp is due
	until   context.Context
	err     error
}

// Record begins a recording. End it with Submit.
func (d *Device) Record(label string) *Recorder {
	return &Recorder{d: d, label: label, until: context.Background()}
}

// Until lets ctx end the recording: between two of its submits, with ctx's error. What was
// submitted before still runs.
func (r *Recorder) Until(ctx context.Context) { r.until = ctx }

// Whole keeps the recording in one submit, whatever it costs, as long as its uniforms have
// room. It is for frames: they are short, and waiting within one makes it late.
func (r *Recorder) Whole() { r.whole = true }

// Device is the device that the recording runs on.
func (r *Recorder) Device() *Device { return r.d }

// Fail makes err the recording's error, unless it has one.
func (r *Recorder) Fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// Err is the first error of the recording.
func (r *Recorder) Err() error { return r.err }

// MaxCost is the work that one dispatch should not pass, so that a submit stays short.
// Launchers of kernels that may be larger cut them into several dispatches.
func (r *Recorder) MaxCost() float64 { return r.d.sliceCost }

// Uniform views a struct of 4-byte fields as the bytes of a kernel's Params.
func Uniform[P any](p *P) []byte { return Words([]P{*p}) }

// Dispatch runs kernel name over groups workgroups in x, y and z, with params as its
// uniform and the buffers as its bindings from 1 on. cost is about the FLOP that a matrix product
// does in the same time: most kernels take longer than that for theirs.
func (r *Recorder) Dispatch(name string, params []byte, groups [3]int, cost float64, bindings ...Binding) {
	r.dispatch(name, params, groups, cost, nil, bindings)
}

// dispatch copies tensors into the images that the kernel reads, if any, and runs it.
func (r *Recorder) dispatch(name string, params []byte, groups [3]int, cost float64, images []Tensor, bindings []Binding) {
	if r.err != nil || groups[0] == 0 || groups[1] == 0 || groups[2] == 0 {
		return
	}
	known := r.d.kernels[name] != nil
	k, err := r.d.Kernel(name)
	if err != nil {
		r.Fail(err)
		return
	}
	if r.d.Adapter.Software() {
		cost += r.d.sliceCost * dispatchTime.Seconds() / r.d.sliceTime.Seconds()
		if !known {
			// The driver compiles it inside its first submit, which it has for itself.
			cost = max(cost, r.d.sliceCost)
			defer func() { r.d.uneven = true }()
		}
	}
	if want := len(k.Shader.Group(1)); want != len(images) {
		r.Fail(fmt.Errorf("gpu: %s reads %d images; got %d", name, want, len(images)))
		return
	}
	for _, n := range groups {
		if n < 0 || n > int(r.d.Limits.WorkgroupsPerDim) {
			r.Fail(fmt.Errorf("gpu: %s: %v workgroups; %s allows %d a dimension", name, groups, r.d.Adapter.Name, r.d.Limits.WorkgroupsPerDim))
			return
		}
	}
	if !r.reserve(1, cost) {
		return
	}
	group, ok := r.group(name, k.layout, k.Shader, params, bindings)
	if !ok {
		return
	}
	offset := r.uniform(params)
	var copies *wgpu.BindGroup
	if len(images) > 0 {
		if copies, ok = r.copyTexels(images); !ok {
			return
		}
	}
	if r.pass == nil {
		r.pass = r.encoder.BeginComputePass(&wgpu.ComputePassDescriptor{Label: r.label})
	}
	r.pass.SetPipeline(k.pipeline)
	r.pass.SetBindGroup(0, group, []uint32{offset})
	if copies != nil {
		r.pass.SetBindGroup(1, copies, nil)
	}
	r.pass.DispatchWorkgroups(uint32(groups[0]), uint32(groups[1]), uint32(groups[2]))
}

// dispatchTime is about what a software adapter takes for a dispatch whatever it does.
const dispatchTime = 80 * time.Microsecond

// slotSize bounds the uniform space of one command: no Params of ours is larger.
const slotSize = 512

// reserve makes room for n more commands that together cost this much: it submits what
// is due first, and opens the encoder.
func (r *Recorder) reserve(n int, cost float64) bool {
	if r.cost > 0 && r.cost+cost > r.d.sliceCost && !r.whole || len(r.params)+n*slotSize > paramsSize {
		if r.flush(); r.err == nil {
			r.Fail(r.d.Wait())
			r.d.pause()
			r.Fail(r.until.Err())
		}
	}
	r.cost += cost
	return r.err == nil && r.open()
}

// group finds the bind group of one command, whose params and bindings must be the shader's.
func (r *Recorder) group(name string, layout *wgpu.BindGroupLayout, s wgsl.Interface, params []byte, bindings []Binding) (*wgpu.BindGroup, bool) {
	if want := len(s.Group(0)) - 1; len(params) != s.ParamsSize || len(bindings) != want {
		r.Fail(fmt.Errorf("gpu: %s takes %d bytes of params and %d bindings; got %d and %d", name, s.ParamsSize, want, len(params), len(bindings)))
		return nil, false
	}
	group, err := r.d.bindGroup(name, layout, s.ParamsSize, bindings)
	if err != nil {
		r.Fail(err)
	}
	return group, err == nil
}

// uniform stores the uniform of one command, which [Recorder.reserve] made room for, and
// returns its offset.
func (r *Recorder) uniform(params []byte) uint32 {
	align := int(r.d.Limits.UniformOffsetAlign)
	offset := uint32(len(r.params))
	r.params = append(r.params, params...)
	r.params = append(r.params, make([]byte, (align-len(params)%align)%align)...)
	return offset
}

// open makes the encoder of the next submit.
func (r *Recorder) open() bool {
	if r.encoder != nil {
		return true
	}
	e, err := r.d.device.CreateCommandEncoder(&wgpu.CommandEncoderDescriptor{Label: r.label})
	if err != nil {
		r.Fail(fmt.Errorf("gpu: %s: %w", r.label, err))
		return false
	}
	r.encoder = e
	r.d.encoders++
	if r.stamps != nil {
		r.Fail(e.WriteTimestamp(r.stamps, 0))
		r.stamps = nil
	}
	return r.err == nil
}

func (r *Recorder) endPass() {
	if r.pass == nil {
		return
	}
	if err := r.pass.End(); err != nil {
		r.Fail(fmt.Errorf("gpu: %s: %w", r.label, err))
	}
	r.pass.Release()
	r.pass = nil
}

// Copy records a copy of size bytes between buffers; all numbers are multiples of 4.
func (r *Recorder) Copy(dst *Buffer, dstOffset uint64, src *Buffer, srcOffset, size uint64) {
	if r.err != nil || !r.open() {
		return
	}
	r.endPass()
	if err := r.encoder.CopyBufferToBuffer(src.handle, srcOffset, dst.handle, dstOffset, size); err != nil {
		r.Fail(fmt.Errorf("gpu: copy from %s to %s: %w", src.Label, dst.Label, err))
	}
}

// flush submits what is recorded, without waiting.
func (r *Recorder) flush() {
	r.endPass()
	if r.encoder == nil {
		return
	}
	defer func() {
		r.encoder.Release()
		r.encoder = nil
		r.d.closeEncoder()
	}()
	if r.err != nil {
		return
	}
	commands, err := r.encoder.Finish(nil)
	if err != nil {
		r.Fail(fmt.Errorf("gpu: %s: %w", r.label, err))
		return
	}
	defer commands.Release()
	if len(r.params) > 0 {
		if err := r.d.Write(r.d.params, 0, r.params); err != nil {
			r.Fail(err)
			return
		}
	}
	r.d.queue.Submit(commands)
	r.d.submitted(r.cost)
	r.params, r.cost = r.params[:0], 0
}

// submitted notes work that runs from now on.
func (d *Device) submitted(cost float64) {
	if d.unwaited == 0 {
		d.busySince = time.Now()
	}
	d.unwaited += cost
}

// Submit sends the rest of the recording to the queue and returns the recording's
// first error. It does not wait: [Device.Read] and [Device.Wait] do.
func (r *Recorder) Submit() error {
	r.flush()
	return r.err
}
