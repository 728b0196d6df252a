package gpu

import (
	"fmt"
	"unsafe"

	"github.com/rajveermalviya/go-webgpu/wgpu"
)

// Usage of buffers that kernels read and write and that tests and exports read back.
const storageUsage = wgpu.BufferUsage_Storage | wgpu.BufferUsage_CopyDst | wgpu.BufferUsage_CopySrc

// Buffer is a range of device memory. Its maker owns it.
type Buffer struct {
	Label string
	Size  uint64 // bytes

	device *Device
	handle *wgpu.Buffer
	id     uint64
}

// NewBuffer allocates size bytes (rounded up to 16), zeroed. It refuses sizes over
// the device's limits, because the binding aborts the process on them.
func (d *Device) NewBuffer(label string, size uint64, usage wgpu.BufferUsage) (*Buffer, error) {
	size = max(16, (size+15)&^15)
	if size > d.Limits.BufferSize {
		return nil, fmt.Errorf("gpu: buffer %s needs %s; %s allows %s a buffer", label, Bytes(size), d.Adapter.Name, Bytes(d.Limits.BufferSize))
	}
	h, err := d.device.CreateBuffer(&wgpu.BufferDescriptor{Label: label, Size: size, Usage: usage})
	if err != nil {
		return nil, fmt.Errorf("gpu: buffer %s of %s: %w", label, Bytes(size), err)
	}
	d.nextID++
	d.live.Buffers++
	d.allocated(size)
	return &Buffer{Label: label, Size: size, device: d, handle: h, id: d.nextID}, nil
}

// NewStorage allocates a buffer that kernels can bind, which must not pass the
// adapter's binding limit.
func (d *Device) NewStorage(label string, size uint64) (*Buffer, error) {
	if size > d.Limits.StorageBinding {
		return nil, fmt.Errorf("gpu: %s needs %s in one binding; %s allows %s", label, Bytes(size), d.Adapter.Name, Bytes(d.Limits.StorageBinding))
	}
	return d.NewBuffer(label, size, storageUsage)
}

// NewIndirect allocates a storage buffer of size bytes that also serves as the
// argument buffer of indirect draws and dispatches.
func (d *Device) NewIndirect(label string, size uint64) (*Buffer, error) {
	return d.NewBuffer(label, size, storageUsage|wgpu.BufferUsage_Indirect)
}

// Release frees the buffer and the bind groups that name it. Work already recorded or
// submitted still finishes.
func (b *Buffer) Release() {
	if b == nil || b.handle == nil {
		return
	}
	d := b.device
	d.dropBindGroups(b)
	d.dispose(b.handle.Release)
	b.handle = nil
	d.live.Buffers--
	d.live.Bytes -= b.Size
}

// key is how a buffer appears in a bind group's cache key.
func (b *Buffer) key() string { return fmt.Sprintf("|%d|", b.id) }

// Write copies data into the buffer at a byte offset; both must be multiples of 4. The
// binding holds a copy of it until the next submit is done: what is large goes through an
// [Uploader].
func (d *Device) Write(b *Buffer, offset uint64, data []byte) error {
	if offset+uint64(len(data)) > b.Size {
		return fmt.Errorf("gpu: write of %d bytes at %d into %s, which holds %d", len(data), offset, b.Label, b.Size)
	}
	if err := d.queue.WriteBuffer(b.handle, offset, data); err != nil {
		return fmt.Errorf("gpu: write into %s: %w", b.Label, err)
	}
	return nil
}

// WriteFloats is Write for float32 values; offset is in floats.
func (d *Device) WriteFloats(b *Buffer, offset int, data []float32) error {
	return d.Write(b, uint64(offset)*4, Words(data))
}

// Words views a slice of 4-byte values, or of structs of such fields, as the bytes of a
// buffer, without a copy.
func Words[T any](s []T) []byte {
	if len(s) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&s[0])), len(s)*int(unsafe.Sizeof(s[0])))
}

// Bytes formats a byte count in binary units: "128 MiB".
func Bytes(n uint64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	v, u := float64(n), 0
	for v >= 1024 && u < len(units)-1 {
		v, u = v/1024, u+1
	}
	if v == float64(int(v)) {
		return fmt.Sprintf("%d %s", int(v), units[u])
	}
	return fmt.Sprintf("%.1f %s", v, units[u])
}
