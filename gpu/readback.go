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
	err := d.readBytes(Words(data), func(r *Recorder, staging *Buffer) {
		r.Copy(staging, 0, b, uint64(at)*4, uint64(n)*4)
	})
	return data, err
}

// ReadWords copies n 32-bit words from the start of a buffer.
func (d *Device) ReadWords(b *Buffer, n int) ([]uint32, error) {
	data := make([]uint32, n)
	err := d.readBytes(Words(data), func(r *Recorder, staging *Buffer) {
		r.Copy(staging, 0, b, 0, uint64(n)*4)
	})
	return data, err
}

// readBytes reads what record copies to the start of the staging buffer, len(dst) bytes.
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
	if err := d.Write(d.sentinel, 0, Words([]uint32{d.serial})); err != nil {
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
	data, err := d.mapBuffer(d.staging, wgpu.MapMode_Read, (mark+4+7)&^7)
	if err != nil {
		return err
	}
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

// mapBuffer is the one place that maps a buffer, from its start. It waits for the work
// that uses the buffer.
//
// The binding hands C the address of a Go variable for the map's callback, so a garbage
// collection before the callback would corrupt memory: the collector is off until the
// callback has run.
func (d *Device) mapBuffer(b *Buffer, mode wgpu.MapMode, size uint64) ([]byte, error) {
	mapMutex.Lock()
	defer mapMutex.Unlock()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	const pending = ^wgpu.BufferMapAsyncStatus(0)
	status := pending
	if err := b.handle.MapAsync(mode, 0, size, func(s wgpu.BufferMapAsyncStatus) { status = s }); err != nil {
		return nil, err
	}
	for start := time.Now(); status == pending; {
		d.device.Poll(false, nil)
		waited := time.Since(start)
		if status == pending && waited > hangTimeout {
			return nil, fmt.Errorf("%s has not given %s back in %v: it hangs or is overloaded", d.Adapter.Name, b.Label, hangTimeout)
		} else if status == pending {
			time.Sleep(min(waited/16, time.Millisecond))
		}
	}
	if status != wgpu.BufferMapAsyncStatus_Success {
		return nil, fmt.Errorf("%s did not map %s: %v", d.Adapter.Name, b.Label, status)
	}
	return b.handle.GetMappedRange(0, uint(size)), nil
}
