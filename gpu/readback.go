package gpu

import (
	"fmt"
	"runtime/debug"
	"sync"
	"time"
	"unsafe"

	"github.com/rajveermalviya/go-webgpu/wgpu"
)

// stagingChunk bounds the memory that readback holds: larger results come in pieces.
const stagingChunk = 64 << 20

// mapMutex serialises readback over all devices: the collector is switched off
// process-wide while a map is in flight.
var mapMutex sync.Mutex

// Read copies tensors to the CPU, row-major and without padding, after everything
// submitted before has run.
func (d *Device) Read(tensors ...Tensor) ([][]float32, error) {
	out := make([][]float32, len(tensors))
	for i, t := range tensors {
		out[i] = make([]float32, 0, t.Len())
		if err := d.readTensor(t, func(row []float32) { out[i] = append(out[i], row...) }); err != nil {
			return nil, fmt.Errorf("gpu: read %s: %w", t, err)
		}
	}
	return out, nil
}

// readTensor calls row with each row of t in turn.
func (d *Device) readTensor(t Tensor, row func([]float32)) error {
	lo, hi := t.span()
	if lo == hi {
		return nil
	}
	// Whole matrices when they are small or interleaved (per-head views), else rows at a time.
	at, n := lo, min(hi-lo, max(t.RowStride, stagingChunk/4))
	data, err := d.readFloats(t.Buffer, at, n)
	for b := range t.Batch {
		for r := range t.Rows {
			first := t.Offset + b*t.BatchStride + r*t.RowStride
			if err == nil && (first < at || first+t.Cols > at+n) {
				at, n = first, min(hi-first, max(t.RowStride, stagingChunk/4))
				data, err = d.readFloats(t.Buffer, at, n)
			}
			if err != nil {
				return err
			}
			row(data[first-at : first-at+t.Cols])
		}
	}
	return nil
}

func (d *Device) readFloats(b *Buffer, at, n int) ([]float32, error) {
	data := make([]float32, n)
	err := d.readBytes(bytesOf(data), func(r *Recorder, staging *Buffer) {
		r.Copy(staging, 0, b, uint64(at)*4, uint64(n)*4)
	})
	return data, err
}

// ReadWords copies n 32-bit words from the start of a buffer.
func (d *Device) ReadWords(b *Buffer, n int) ([]uint32, error) {
	data := make([]uint32, n)
	err := d.readBytes(bytesOf(data), func(r *Recorder, staging *Buffer) {
		r.Copy(staging, 0, b, 0, uint64(n)*4)
	})
	return data, err
}

// readBytes is the one place that maps a buffer. record must copy len(dst) bytes to
// the start of the staging buffer.
//
// The binding hands C the address of a Go variable for the map's callback, so a
// garbage collection before the callback would corrupt memory: all work is waited
// for first, and the collector is off from the map until its callback has run.
//
// Adapters are not trusted to have finished what they report as done: a sentinel word
// is copied last, behind the data, and compared.
func (d *Device) readBytes(dst []byte, record func(r *Recorder, staging *Buffer)) error {
	size := uint64(len(dst))
	if d.staging == nil || d.staging.Size < size+8 {
		d.staging.Release()
		b, err := d.NewBuffer("staging", size+8, wgpu.BufferUsage_MapRead|wgpu.BufferUsage_CopyDst)
		if err != nil {
			d.staging = nil
			return err
		}
		d.staging = b
	}
	d.serial++
	if err := d.Write(d.sentinel, 0, bytesOf([]uint32{d.serial})); err != nil {
		return err
	}
	r := d.Record("readback")
	record(r, d.staging)
	mark := (size + 3) &^ 3
	r.Copy(d.staging, mark, d.sentinel, 0, 4)
	if err := r.Submit(); err != nil {
		return err
	}
	if err := d.Wait(); err != nil {
		return err
	}

	mapMutex.Lock()
	defer mapMutex.Unlock()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	status := wgpu.BufferMapAsyncStatus_Unknown
	mapped := (mark + 4 + 7) &^ 7
	if err := d.staging.handle.MapAsync(wgpu.MapMode_Read, 0, mapped, func(s wgpu.BufferMapAsyncStatus) { status = s }); err != nil {
		return err
	}
	for range 1000 { // the queue is empty: the first poll should do
		if d.device.Poll(false, nil); status != wgpu.BufferMapAsyncStatus_Unknown {
			break
		}
		time.Sleep(100 * time.Microsecond)
	}
	if status != wgpu.BufferMapAsyncStatus_Success {
		return fmt.Errorf("%s did not map the result: %v", d.Adapter.Name, status)
	}
	data := d.staging.handle.GetMappedRange(0, uint(mapped))
	got := *(*uint32)(unsafe.Pointer(&data[mark]))
	copy(dst, data)
	if err := d.staging.handle.Unmap(); err != nil {
		return err
	}
	if got != d.serial {
		return fmt.Errorf("%s reports work as done that is not: the result cannot be read", d.Adapter.Name)
	}
	return nil
}
