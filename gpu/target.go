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

// Picture is an off-screen target of four channels of 8 bits, colours as they go into a PNG.
type Picture struct {
	texture *Texture           // owned
	format  wgpu.TextureFormat // RGBA, or BGRA as many windows have it
}

// NewPicture makes an off-screen target of width x height pixels.
func (d *Device) NewPicture(width, height int) (*Picture, error) {
	return d.newPicture(width, height, wgpu.TextureFormat_RGBA8Unorm)
}

// NewPictureLike makes an off-screen target that is drawn to by the pipelines of another one.
func (d *Device) NewPictureLike(target Target, width, height int) (*Picture, error) {
	return d.newPicture(width, height, target.Format())
}

func (d *Device) newPicture(width, height int, format wgpu.TextureFormat) (*Picture, error) {
	t, err := d.newTexture("picture", width, height, 4, format, wgpu.TextureUsage_RenderAttachment|wgpu.TextureUsage_CopySrc)
	if err != nil {
		return nil, err
	}
	return &Picture{t, format}, nil
}

// Release frees the picture.
func (p *Picture) Release() {
	if p != nil {
		p.texture.Release()
	}
}

// Size returns the picture's size in pixels.
func (p *Picture) Size() (width, height int) { return p.texture.Width, p.texture.Height }

// Format is that of the picture's texels: 8 bits a channel, linear to the bytes of the PNG.
func (p *Picture) Format() wgpu.TextureFormat { return p.format }

// View returns the picture's view.
func (p *Picture) View() (*wgpu.TextureView, error) {
	if p.texture.view == nil {
		return nil, fmt.Errorf("gpu: the picture has been released")
	}
	return p.texture.view, nil
}

// Image reads the picture back.
func (p *Picture) Image() (*image.NRGBA, error) {
	t := p.texture
	pixels, err := t.read(0, 0, t.Width, t.Height)
	if err != nil {
		return nil, fmt.Errorf("gpu: read picture: %w", err)
	}
	if p.format == wgpu.TextureFormat_BGRA8Unorm {
		for i := 0; i < len(pixels); i += 4 {
			pixels[i], pixels[i+2] = pixels[i+2], pixels[i]
		}
	}
	return &image.NRGBA{Pix: pixels, Stride: 4 * t.Width, Rect: image.Rect(0, 0, t.Width, t.Height)}, nil
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
