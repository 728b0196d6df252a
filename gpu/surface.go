package gpu

import (
	"fmt"
	"slices"

	"github.com/rajveermalviya/go-webgpu/wgpu"
)

// Surface is a window as a target. A frame draws to it and ends with Present. Its maker owns
// it and releases it before the device.
type Surface struct {
	device        *Device       // not owned
	handle        *wgpu.Surface // owned
	format        wgpu.TextureFormat
	chain         *wgpu.SwapChain   // owned; nil while the window has no area
	view          *wgpu.TextureView // owned: of the frame that is being drawn, or nil
	width, height int
}

// OpenWindow opens the best adapter that satisfies choice and can draw to a window, and the
// window as its target. The device and the surface belong to the goroutine that the window's
// library wants its calls from.
func OpenWindow(choice Choice, window *wgpu.SurfaceDescriptor) (*Device, *Surface, error) {
	d := newDevice()
	s := &Surface{device: d, handle: d.instance.CreateSurface(window)}
	err := d.open(choice, func(a *wgpu.Adapter) bool {
		s.format = plainFormat(s.handle.GetCapabilities(a).Formats)
		return s.format != wgpu.TextureFormat_Undefined
	})
	if err != nil {
		s.handle.Release()
		d.Release()
		return nil, nil, err
	}
	return d, s, nil
}

// plainFormat is the first of a window's formats that takes colours as they go into a PNG,
// which the sRGB ones would convert once more.
func plainFormat(formats []wgpu.TextureFormat) wgpu.TextureFormat {
	for _, f := range []wgpu.TextureFormat{wgpu.TextureFormat_BGRA8Unorm, wgpu.TextureFormat_RGBA8Unorm} {
		if slices.Contains(formats, f) {
			return f
		}
	}
	return wgpu.TextureFormat_Undefined
}

// Release frees the window's textures. It is safe to call twice.
func (s *Surface) Release() {
	if s == nil || s.handle == nil {
		return
	}
	s.drop()
	s.handle.Release()
	s.handle = nil
}

// drop frees the textures of the present size.
func (s *Surface) drop() {
	if s.view != nil {
		s.view.Release()
		s.view = nil
	}
	if s.chain != nil {
		s.chain.Release()
		s.chain = nil
	}
}

// Resize follows the window's size in pixels; one without an area, of a minimised window,
// cannot be drawn to.
func (s *Surface) Resize(width, height int) error {
	if width == s.width && height == s.height && (s.chain != nil || width*height == 0) {
		return nil
	}
	if side := int(s.device.Limits.TextureSize); width > side || height > side {
		return fmt.Errorf("gpu: a window of %d x %d pixels; %s allows %d a side", width, height, s.device.Adapter.Name, side)
	}
	s.width, s.height = width, height
	return s.renew()
}

// renew makes the textures anew.
func (s *Surface) renew() (err error) {
	// What was drawn must be done with the textures that go.
	if err := s.device.Wait(); err != nil {
		return err
	}
	s.drop()
	if s.width*s.height == 0 {
		return nil
	}
	s.chain, err = s.device.device.CreateSwapChain(s.handle, &wgpu.SwapChainDescriptor{
		Usage: wgpu.TextureUsage_RenderAttachment, Format: s.format, Width: uint32(s.width), Height: uint32(s.height),
		PresentMode: wgpu.PresentMode_Fifo, AlphaMode: wgpu.CompositeAlphaMode_Auto,
	})
	if err != nil {
		return fmt.Errorf("gpu: a window of %d x %d pixels: %w", s.width, s.height, err)
	}
	return nil
}

// Size returns the window's size in pixels.
func (s *Surface) Size() (width, height int) { return s.width, s.height }

// Format is the window's: 8 bits a channel, linear to what goes into a PNG.
func (s *Surface) Format() wgpu.TextureFormat { return s.format }

// View is the texture of the frame that is being drawn: the first call of a frame takes it
// from the window.
func (s *Surface) View() (*wgpu.TextureView, error) {
	if s.view != nil {
		return s.view, nil
	}
	if s.chain == nil {
		return nil, fmt.Errorf("gpu: the window has no area")
	}
	var err error
	// A window that has just changed needs new textures before it gives one out.
	if s.view, err = s.chain.GetCurrentTextureView(); err != nil {
		if err = s.renew(); err == nil {
			s.view, err = s.chain.GetCurrentTextureView()
		}
	}
	if err != nil {
		s.view = nil
		return nil, fmt.Errorf("gpu: the window gives no texture to draw to: %w", err)
	}
	return s.view, nil
}

// Present shows the frame. Submit it first.
func (s *Surface) Present() {
	if s.view == nil {
		return
	}
	s.view.Release()
	s.view = nil
	s.chain.Present()
}
