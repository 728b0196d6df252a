package gpu

import (
	"fmt"
	"image"
	"image/png"
	"io"

	"github.com/rajveermalviya/go-webgpu/wgpu"
)

// Target is what a frame is drawn to: a window's surface or a [Picture].
type Target interface {
	Size() (width, height int)
	// Format is the texture format that pipelines for this target must write.
	Format() wgpu.TextureFormat
	// View is the texture view to draw to, valid for one frame.
	View() (*wgpu.TextureView, error)
}

// Picture is an off-screen target of 8-bit RGBA, colours as they go into a PNG.
type Picture struct {
	texture *Texture // owned
}

// NewPicture makes an off-screen target of width x height pixels.
func (d *Device) NewPicture(width, height int) (*Picture, error) {
	t, err := d.newTexture("picture", width, height, 4, wgpu.TextureFormat_RGBA8Unorm,
		wgpu.TextureUsage_RenderAttachment|wgpu.TextureUsage_CopySrc)
	if err != nil {
		return nil, err
	}
	return &Picture{t}, nil
}

// Release frees the picture.
func (p *Picture) Release() {
	if p != nil {
		p.texture.Release()
	}
}

// Size returns the picture's size in pixels.
func (p *Picture) Size() (width, height int) { return p.texture.Width, p.texture.Height }

// Format is RGBA, 8 bits a channel, linear to the bytes of the PNG.
func (p *Picture) Format() wgpu.TextureFormat { return wgpu.TextureFormat_RGBA8Unorm }

// View returns the picture's view.
func (p *Picture) View() (*wgpu.TextureView, error) {
	if p.texture.view == nil {
		return nil, fmt.Errorf("gpu: the picture has been released")
	}
	return p.texture.view, nil
}

// Image reads the picture back, in strips so that an 8K sheet needs no buffer of its size.
func (p *Picture) Image() (*image.NRGBA, error) {
	t, d := p.texture, p.texture.device
	img := image.NewNRGBA(image.Rect(0, 0, t.Width, t.Height))
	// A copy's rows start at multiples of 256 bytes.
	pitch := (t.Width*4 + wgpu.CopyBytesPerRowAlignment - 1) / wgpu.CopyBytesPerRowAlignment * wgpu.CopyBytesPerRowAlignment
	strip := max(1, min(t.Height, stagingChunk/pitch))
	data := make([]byte, strip*pitch)
	for y := 0; y < t.Height; y += strip {
		rows := min(strip, t.Height-y)
		err := d.readBytes(data[:rows*pitch], func(r *Recorder, staging *Buffer) {
			if !r.open() {
				return
			}
			src := t.handle.AsImageCopy()
			src.Origin.Y = uint32(y)
			r.Fail(r.encoder.CopyTextureToBuffer(src, &wgpu.ImageCopyBuffer{
				Buffer: staging.handle,
				Layout: wgpu.TextureDataLayout{BytesPerRow: uint32(pitch), RowsPerImage: uint32(rows)},
			}, &wgpu.Extent3D{Width: uint32(t.Width), Height: uint32(rows), DepthOrArrayLayers: 1}))
		})
		if err != nil {
			return nil, fmt.Errorf("gpu: read picture: %w", err)
		}
		for r := range rows {
			copy(img.Pix[(y+r)*img.Stride:][:t.Width*4], data[r*pitch:])
		}
	}
	return img, nil
}

// WritePNG encodes the picture.
func (p *Picture) WritePNG(w io.Writer) error {
	img, err := p.Image()
	if err != nil {
		return err
	}
	return png.Encode(w, img)
}

// Depth is the depth buffer of a pass, larger values nearer to the eye. Its maker owns it.
type Depth struct {
	texture *Texture // owned
}

const depthFormat = wgpu.TextureFormat_Depth32Float

// NewDepth makes a depth buffer for targets of width x height pixels.
func (d *Device) NewDepth(width, height int) (*Depth, error) {
	t, err := d.newTexture("depth", width, height, 4, depthFormat, wgpu.TextureUsage_RenderAttachment)
	if err != nil {
		return nil, err
	}
	return &Depth{t}, nil
}

// Size returns the depth buffer's size in pixels.
func (b *Depth) Size() (width, height int) { return b.texture.Width, b.texture.Height }

// Release frees the depth buffer.
func (b *Depth) Release() {
	if b != nil {
		b.texture.Release()
	}
}
