package gpu

import (
	"fmt"
	"image"
	"math/bits"

	"github.com/rajveermalviya/go-webgpu/wgpu"
)

// Texture is a 2-D image that shaders load or sample: of coverage bytes (one channel, 8
// bits), of colours with their mip levels, or what [Recorder.DispatchTexels] copies into.
// Its maker owns it.
type Texture struct {
	Label         string
	Width, Height int
	Layers        int // of [Device.NewColours]

	device *Device
	levels []*Level // owned: of all layers, one after the other
	handle *wgpu.Texture
	view   *wgpu.TextureView
	id     uint64
	bytes  uint64
}

// Level is one mip level of a texture, for kernels that write or read it alone.
type Level struct {
	Width, Height int

	texture      *Texture // not owned
	view         *wgpu.TextureView
	layer, level int
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
	if err := t.Write(0, 0, width, height, pixels, width); err != nil {
		t.Release()
		return nil, err
	}
	return t, nil
}

// Write replaces a rectangle of a texture of one byte a texel, whose upper left corner is
// (x, y), by rows of pixels that start every pitch bytes. What was recorded and not yet
// submitted sees it, too.
func (t *Texture) Write(x, y, width, height int, pixels []byte, pitch int) error {
	switch {
	case t.handle == nil:
		return fmt.Errorf("gpu: write into texture %s: it has been released", t.Label)
	case t.bytes != uint64(t.Width*t.Height):
		return fmt.Errorf("gpu: write into texture %s: it has more than one byte a texel", t.Label)
	case width < 1 || height < 1 || !image.Rect(x, y, x+width, y+height).In(image.Rect(0, 0, t.Width, t.Height)):
		return fmt.Errorf("gpu: write of %d x %d texels at (%d, %d) into texture %s of %d x %d", width, height, x, y, t.Label, t.Width, t.Height)
	case pitch < width || len(pixels) < pitch*(height-1)+width:
		return fmt.Errorf("gpu: write into texture %s: %d bytes, %d a row, for %d x %d texels", t.Label, len(pixels), pitch, width, height)
	}
	to := t.handle.AsImageCopy()
	to.Origin = wgpu.Origin3D{X: uint32(x), Y: uint32(y)}
	layout := &wgpu.TextureDataLayout{BytesPerRow: uint32(pitch), RowsPerImage: uint32(height)}
	size := &wgpu.Extent3D{Width: uint32(width), Height: uint32(height), DepthOrArrayLayers: 1}
	if err := t.device.queue.WriteTexture(to, pixels[:pitch*(height-1)+width], layout, size); err != nil {
		return fmt.Errorf("gpu: write into texture %s: %w", t.Label, err)
	}
	return nil
}

// coarsest is the longer side, in texels, that the last mip level of [Device.NewColours] has
// at least, if the first has it. What is seen through it is smaller than so many pixels, and
// levels less are dispatches less each time that something is painted.
const coarsest = 8

// NewColours makes an array of textures of RGBA colours, 8 bits a channel, for kernels to
// write: with mip levels, each half the size of the one before, rounded down, to a longer
// side of 8 to 15 texels. Shaders see a texture_2d_array.
func (d *Device) NewColours(label string, width, height, layers int) (*Texture, error) {
	if layers < 1 || layers > int(d.Limits.TextureLayers) {
		return nil, fmt.Errorf("gpu: %s: %d layers; %s allows 1 to %d", label, layers, d.Adapter.Name, d.Limits.TextureLayers)
	}
	levels := max(1, bits.Len(uint(max(width, height)/coarsest)))
	t, err := d.newLayers(label, width, height, layers, levels, 4, wgpu.TextureFormat_RGBA8Unorm,
		wgpu.TextureUsage_TextureBinding|wgpu.TextureUsage_StorageBinding|wgpu.TextureUsage_CopySrc, wgpu.TextureViewDimension_2DArray)
	if err != nil {
		return nil, err
	}
	for layer := range layers {
		for level := range levels {
			view, err := t.handle.CreateView(&wgpu.TextureViewDescriptor{
				Label: label, Format: wgpu.TextureFormat_RGBA8Unorm, Dimension: wgpu.TextureViewDimension_2D,
				BaseMipLevel: uint32(level), MipLevelCount: 1, BaseArrayLayer: uint32(layer), ArrayLayerCount: 1, Aspect: wgpu.TextureAspect_All,
			})
			if err != nil {
				t.Release()
				return nil, fmt.Errorf("gpu: texture %s: %w", label, err)
			}
			t.levels = append(t.levels, &Level{Width: max(1, width>>level), Height: max(1, height>>level), texture: t, view: view, layer: layer, level: level})
		}
	}
	t.Layers = layers
	return t, nil
}

// Levels are the mip levels of one layer of [Device.NewColours], the largest first.
func (t *Texture) Levels(layer int) []*Level {
	n := len(t.levels) / max(1, t.Layers)
	return t.levels[layer*n : (layer+1)*n]
}

// Read reads the level back, row-major, a byte a channel.
func (l *Level) Read() ([]byte, error) {
	pixels, err := l.texture.read(l.level, l.layer, l.Width, l.Height)
	if err != nil {
		return nil, fmt.Errorf("gpu: read %s: %w", l.texture.Label, err)
	}
	return pixels, nil
}

// read reads back one level of a layer of texels of four bytes, in strips so that an 8K
// sheet needs no buffer of its size.
func (t *Texture) read(level, layer, width, height int) ([]byte, error) {
	if t.handle == nil {
		return nil, fmt.Errorf("it has been released")
	}
	pixels := make([]byte, 4*width*height)
	// A copy's rows start at multiples of 256 bytes.
	pitch := (width*4 + wgpu.CopyBytesPerRowAlignment - 1) / wgpu.CopyBytesPerRowAlignment * wgpu.CopyBytesPerRowAlignment
	strip := max(1, min(height, stagingChunk/pitch))
	data := make([]byte, strip*pitch)
	for y := 0; y < height; y += strip {
		rows := min(strip, height-y)
		err := t.device.readBytes(data[:rows*pitch], func(r *Recorder, staging *Buffer) {
			if !r.open() {
				return
			}
			src := t.handle.AsImageCopy()
			src.MipLevel, src.Origin = uint32(level), wgpu.Origin3D{Y: uint32(y), Z: uint32(layer)}
			r.Fail(r.encoder.CopyTextureToBuffer(src, &wgpu.ImageCopyBuffer{
				Buffer: staging.handle,
				Layout: wgpu.TextureDataLayout{BytesPerRow: uint32(pitch), RowsPerImage: uint32(rows)},
			}, &wgpu.Extent3D{Width: uint32(width), Height: uint32(rows), DepthOrArrayLayers: 1}))
		})
		if err != nil {
			return nil, err
		}
		for r := range rows {
			copy(pixels[4*width*(y+r):][:4*width], data[r*pitch:])
		}
	}
	return pixels, nil
}

// newTexture allocates a texture of one level.
func (d *Device) newTexture(label string, width, height, texelBytes int, format wgpu.TextureFormat, usage wgpu.TextureUsage) (*Texture, error) {
	return d.newLayers(label, width, height, 1, 1, texelBytes, format, usage, wgpu.TextureViewDimension_2D)
}

// newLayers allocates a texture and its view, within the device's limits.
func (d *Device) newLayers(label string, width, height, layers, levels, texelBytes int, format wgpu.TextureFormat, usage wgpu.TextureUsage, view wgpu.TextureViewDimension) (*Texture, error) {
	if side := int(d.Limits.TextureSize); width < 1 || height < 1 || width > side || height > side {
		return nil, fmt.Errorf("gpu: %s: %d x %d pixels; %s allows 1 to %d a side", label, width, height, d.Adapter.Name, side)
	}
	t := &Texture{Label: label, Width: width, Height: height, device: d}
	for l := range levels {
		t.bytes += uint64(max(1, width>>l)*max(1, height>>l)*layers) * uint64(texelBytes)
	}
	var err error
	t.handle, err = d.device.CreateTexture(&wgpu.TextureDescriptor{
		Label: label, Usage: usage, Format: format,
		Dimension:     wgpu.TextureDimension_2D,
		Size:          wgpu.Extent3D{Width: uint32(width), Height: uint32(height), DepthOrArrayLayers: uint32(layers)},
		MipLevelCount: uint32(levels), SampleCount: 1,
	})
	if err != nil {
		return nil, fmt.Errorf("gpu: texture %s: %w", label, err)
	}
	if t.view, err = t.handle.CreateView(&wgpu.TextureViewDescriptor{
		Label: label, Format: format, Dimension: view,
		MipLevelCount: uint32(levels), ArrayLayerCount: uint32(layers), Aspect: wgpu.TextureAspect_All,
	}); err != nil {
		t.handle.Release()
		return nil, fmt.Errorf("gpu: texture %s: %w", label, err)
	}
	d.nextID++
	t.id = d.nextID
	d.live.Textures++
	d.allocated(t.bytes)
	return t, nil
}

// Release frees the texture and the bind groups that name it.
func (t *Texture) Release() {
	if t == nil || t.handle == nil {
		return
	}
	t.device.dropBindGroups(t)
	for _, l := range t.levels {
		t.device.dispose(l.view.Release)
	}
	t.levels, t.Layers = nil, 0
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

func (l *Level) key() string { return fmt.Sprintf("%s%d %d|", l.texture.key(), l.layer, l.level) }

func (l *Level) entry(binding int) wgpu.BindGroupEntry {
	return wgpu.BindGroupEntry{Binding: uint32(binding), TextureView: l.view}
}

// Sampler says how shaders sample textures. The device owns it.
type Sampler struct{ handle *wgpu.Sampler }

// Smooth is the sampler that blends between texels and between mip levels, up to the edge.
func (d *Device) Smooth() (*Sampler, error) {
	if d.smooth == nil {
		h, err := d.device.CreateSampler(&wgpu.SamplerDescriptor{
			Label:        "smooth",
			AddressModeU: wgpu.AddressMode_ClampToEdge, AddressModeV: wgpu.AddressMode_ClampToEdge, AddressModeW: wgpu.AddressMode_ClampToEdge,
			MagFilter: wgpu.FilterMode_Linear, MinFilter: wgpu.FilterMode_Linear, MipmapFilter: wgpu.MipmapFilterMode_Linear,
			LodMaxClamp: 32, MaxAnisotrophy: 1,
		})
		if err != nil {
			return nil, fmt.Errorf("gpu: sampler: %w", err)
		}
		d.smooth = &Sampler{h}
	}
	return d.smooth, nil
}

func (s *Sampler) key() string { return "|smooth|" }

func (s *Sampler) entry(binding int) wgpu.BindGroupEntry {
	return wgpu.BindGroupEntry{Binding: uint32(binding), Sampler: s.handle}
}
