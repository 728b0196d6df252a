package gpu

import (
	"fmt"
	"time"
	"unsafe"

	"github.com/rajveermalviya/go-webgpu/wgpu"
)

// HasTimestamps reports whether the adapter can time its own work.
func (d *Device) HasTimestamps() bool { return d.device.HasFeature(wgpu.FeatureName_TimestampQuery) }

// Time records and runs work, and returns the wall-clock time from the submit to its
// end and, where the adapter has timestamps, the time by its own clock (else 0). The
// GPU's time covers the first to the last submit of the recording, waits included. Time
// spent in the function of [Device.Slices] does not count.
func (d *Device) Time(label string, record func(r *Recorder)) (wall, gpu time.Duration, err error) {
	if err := d.Wait(); err != nil {
		return 0, 0, err
	}
	r := d.Record(label)
	var stamps *wgpu.QuerySet
	if d.HasTimestamps() {
		if stamps, err = d.device.CreateQuerySet(&wgpu.QuerySetDescriptor{Label: label, Type: wgpu.QueryType_Timestamp, Count: 2}); err != nil {
			return 0, 0, fmt.Errorf("gpu: timestamps: %w", err)
		}
		defer stamps.Release()
		r.stamps = stamps
	}
	start, away := time.Now(), d.away
	record(r)
	if stamps != nil && r.err == nil && r.open() {
		r.endPass()
		r.Fail(r.encoder.WriteTimestamp(stamps, 1))
	}
	if err := r.Submit(); err != nil {
		return 0, 0, err
	}
	if err := d.Wait(); err != nil {
		return 0, 0, err
	}
	away = d.away - away
	wall = time.Since(start) - away
	if stamps == nil {
		return wall, 0, nil
	}
	gpu, err = d.resolve(stamps)
	return wall, max(0, gpu-away), err
}

// resolve reads the two timestamps, which wgpu 0.17 delivers in ticks of the queue's
// period: one nanosecond on the adapters that headscope has met.
func (d *Device) resolve(stamps *wgpu.QuerySet) (time.Duration, error) {
	b, err := d.NewBuffer("timestamps", 256, wgpu.BufferUsage_QueryResolve|wgpu.BufferUsage_CopySrc)
	if err != nil {
		return 0, err
	}
	defer b.Release()
	var ticks [2]uint64
	dst := unsafe.Slice((*byte)(unsafe.Pointer(&ticks)), 16)
	err = d.readBytes(dst, func(r *Recorder, staging *Buffer) {
		if r.open() {
			r.Fail(r.encoder.ResolveQuerySet(stamps, 0, 2, b.handle, 0))
			r.Copy(staging, 0, b, 0, 16)
		}
	})
	if err != nil {
		return 0, fmt.Errorf("gpu: timestamps: %w", err)
	}
	return time.Duration(ticks[1] - ticks[0]), nil
}
