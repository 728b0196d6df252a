package gpu

import (
	"fmt"

	"github.com/rajveermalviya/go-webgpu/wgpu"
)

// Texture is a 2-D image that shaders load texel by texel: of coverage bytes (one channel,
// 8 bits), or what [Recorder.DispatchTexels] copies into. Its maker owns it.
type Texture struct {
	Label         string
	Width, Height int

	device *Device
	handle *wgpu.Texture
	view   *wgpu.TextureView
	id     uint64
	bytes  uint64
}

// NewTexture makes a texture of one byte a texel and fills it with pixels, row-major.
func (d *Device) NewTexture(label string, width, height int, pixels []byte) (*Texture, error) {
	if len(pixels) != width*height {
		return nil, fmt.Errorf("gpu: texture %s: %d bytes for %d x %d", label, len(pixels), width, height)
	}
	t, err := d.newTexture(label, width, height, 1, wgpu.TextureFormat_R8Unorm, wgpu.TextureUsage_TextureBinding|wgpu.TextureUsage_CopyDst)
	if err != nil {
		return nil, err
	}
	size := &wgpu.Extent3D{Width: uint32(width), Height: uint32(height), DepthOrArrayLayers: 1}
	layout := &wgpu.TextureDataLayout{BytesPerRow: uint32(width), RowsPerImage: uint32(height)}
	if err := d.queue.WriteTexture(t.handle.AsImageCopy(), pixels, layout, size); err != nil {
		t.Release()
		return nil, fmt.Errorf("gpu: texture %s: %w", label, err)
	}
	return t, nil
}

// newTexture allocates a texture and its view, within the device's limits.
func (d *Device) newTexture(label string, width, height, texelBytes int, format wgpu.TextureFormat, usage wgpu.TextureUsage) (*Texture, error) {
	if side := int(d.Limits.TextureSize); width < 1 || height < 1 || width > side || height > side {
		return nil, fmt.Errorf("gpu: %s: %d x %d pixels; %s allows 1 to %d a side", label, width, height, d.Adapter.Name, side)
	}
	t := &Texture{Label: label, Width: width, Height: height, device: d, bytes: uint64(width * height * texelBytes)}
	var err error
	t.handle, err = d.device.CreateTexture(&wgpu.TextureDescriptor{
		Label: label, Usage: usage, Format: format,
		Dimension:     wgpu.TextureDimension_2D,
		Size:          wgpu.Extent3D{Width: uint32(width), Height: uint32(height), DepthOrArrayLayers: 1},
		MipLevelCount: 1, SampleCount: 1,
	})
	if err != nil {
		return nil, fmt.Errorf("gpu: texture %s: %w", label, err)
	}
	if t.view, err = t.handle.CreateView(nil); err != nil {
		t.handle.Release()
		return nil, fmt.Errorf("gpu: texture %s: %w", label, err)
	}
	d.nextID++
	t.id = d.nextID
	d.live.Textures++
	d.live.Bytes += t.bytes
	return t, nil
}

// Release frees the texture and the bind groups that name it.
func (t *Texture) Release() {
	if t == nil || t.handle == nil {
		return
	}
	t.device.dropBindGroups(t)
	t.device.dispose(t.view.Release)
	t.device.dispose(t.handle.Release)
	t.view, t.handle = nil, nil
	t.device.live.Textures--
	t.device.live.Bytes -= t.bytes
}

func (t *Texture) key() string { return fmt.Sprintf("|%d|", t.id) }

func (t *Texture) entry(binding int) wgpu.BindGroupEntry {
	return wgpu.BindGroupEntry{Binding: uint32(binding), TextureView: t.view}
}
