package ui

import (
	"fmt"
	"runtime"
	"runtime/cgo"
	"time"
	"unsafe"

	"headscope/gpu"
	"headscope/gpu/render"

	"github.com/AllenDang/cimgui-go/imgui"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
)

// Clipboard is the text that programs exchange.
type Clipboard interface {
	Get() string
	Set(text string)
}

// Context is the user interface of one window. Dear ImGui keeps the current one in a global
// variable: a process has one at a time, which belongs to its device's goroutine. Its maker
// owns it.
type Context struct {
	// The typefaces, for imgui.PushFont, where size 0 keeps the size that there is.
	Regular, Bold, Mono *imgui.Font

	device  *gpu.Device    // not owned
	context *imgui.Context // owned
	plots   plots          // owned
	mesh    *render.Mesh   // owned
	fonts   runtime.Pinner // keeps what the contexts know of the typefaces
	copies  cgo.Handle     // of the clipboard

	textures map[imgui.TextureID]*gpu.Texture // owned: what Dear ImGui asked for
	lastID   imgui.TextureID

	// One frame's triangles.
	vertices []render.Vertex
	indices  []uint32
	pieces   []render.Piece

	theme  Theme
	scale  float64
	styled bool // with this theme and scale
	held   map[imgui.Key]bool
}

// clipboard is a Clipboard as the binding takes it.
type clipboard struct{ Clipboard }

func (c clipboard) GetClipboard() string     { return c.Get() }
func (c clipboard) SetClipboard(text string) { c.Set(text) }

// New makes a user interface, dark, that draws with r on d. Release it before them.
func New(d *gpu.Device, r *render.Renderer, exchange Clipboard) (*Context, error) {
	if imgui.CurrentContext().CData != nil {
		return nil, fmt.Errorf("ui: there is a user interface already; release it first")
	}
	c := &Context{
		device: d, context: imgui.CreateContext(), plots: newPlots(), mesh: r.NewMesh(),
		textures: map[imgui.TextureID]*gpu.Texture{}, theme: dark, held: map[imgui.Key]bool{},
	}
	io := imgui.CurrentIO()
	io.CData.IniFilename = nil // no file: what is remembered is in the session
	io.SetConfigInputTextCursorBlink(false)
	io.SetConfigWindowsMoveFromTitleBarOnly(true)
	io.SetBackendFlags(io.BackendFlags() | imgui.BackendFlagsRendererHasTextures | imgui.BackendFlagsRendererHasVtxOffset)

	platform := imgui.CurrentPlatformIO()
	platform.SetRendererTextureMaxWidth(int32(d.Limits.TextureSize))
	platform.SetRendererTextureMaxHeight(int32(d.Limits.TextureSize))
	platform.SetClipboardHandler(clipboard{exchange})
	c.copies = cgo.Handle(platform.PlatformClipboardUserData())

	atlas := io.Fonts()
	atlas.SetFlags(atlas.Flags() | imgui.FontAtlasFlagsNoMouseCursors)
	atlas.SetTexDesiredFormat(imgui.TextureFormatAlpha8)
	c.Regular = c.addFont(atlas, goregular.TTF)
	c.Bold = c.addFont(atlas, gobold.TTF)
	c.Mono = c.addFont(atlas, gomono.TTF)
	return c, nil
}

// addFont adds a typeface, without a copy of its data.
func (c *Context) addFont(atlas *imgui.FontAtlas, ttf []byte) *imgui.Font {
	c.fonts.Pin(&ttf[0])
	config := imgui.NewFontConfig()
	defer config.Destroy()
	config.SetFontDataOwnedByAtlas(false)
	config.SetPixelSnapH(true) // crisp stems; letters then begin at whole pixels
	return atlas.AddFontFromMemoryTTFV(uintptr(unsafe.Pointer(&ttf[0])), int32(len(ttf)), 0, config, nil)
}

// Release frees the contexts and what they hold on the device. It is safe to call twice.
func (c *Context) Release() {
	if c == nil || c.context == nil {
		return
	}
	c.releaseTextures()
	c.mesh.Release()
	c.plots.release()
	imgui.DestroyContextV(c.context)
	c.context = nil
	c.copies.Delete()
	c.fonts.Unpin()
}

// Begin begins a frame on a target of width x height pixels, scale of which are a unit of the
// design, dt after the frame before.
func (c *Context) Begin(width, height int, scale float64, dt time.Duration) {
	if !c.styled || scale != c.scale {
		c.scale, c.styled = scale, true
		c.theme.apply(scale)
	}
	io := imgui.CurrentIO()
	io.SetDisplaySize(imgui.Vec2{X: float32(width), Y: float32(height)})
	io.SetDeltaTime(float32(max(dt, time.Microsecond).Seconds())) // no time at all is an error there
	imgui.NewFrame()
}

// End ends the frame and records it over what the target shows.
func (c *Context) End(rec *gpu.Recorder, target gpu.Target) {
	imgui.Render()
	if err := c.updateTextures(); err != nil {
		rec.Fail(err)
		return
	}
	c.gather()
	c.mesh.Draw(rec, target, c.vertices, c.indices, c.pieces)
}

// Scale is the number of pixels that a unit of the design takes in this frame.
func (c *Context) Scale() float32 { return float32(c.scale) }

// WantsText reports whether a text field has the keyboard: keys are not for the scene then. (The
// flag that Dear ImGui has for it is off for a frame where a field's lines break anew.)
func (c *Context) WantsText() bool {
	id := imgui.InternalActiveID()
	return id != 0 && imgui.InternalInputTextState(id).CData != nil
}

// WantsMouse reports whether the mouse is over, or holds, a part of the interface.
func (c *Context) WantsMouse() bool { return imgui.CurrentIO().WantCaptureMouse() }

// Cursor is a shape of the mouse's cursor.
type Cursor uint8

// The cursors.
const (
	ArrowCursor Cursor = iota
	TextCursor
	WidthCursor  // what is held changes its width
	HeightCursor // or its height
)

// Cursor is what the mouse should look like after this frame.
func (c *Context) Cursor() Cursor {
	switch imgui.CurrentMouseCursor() {
	case imgui.MouseCursorTextInput:
		return TextCursor
	case imgui.MouseCursorResizeEW:
		return WidthCursor
	case imgui.MouseCursorResizeNS:
		return HeightCursor
	}
	return ArrowCursor
}
