package ui

import (
	"fmt"
	"image"
	"unsafe"

	"headscope/gpu/render"

	"github.com/AllenDang/cimgui-go/imgui"
)

// wanted lists the textures of Dear ImGui: its sheet of glyphs, and for a frame or two the
// one before, when that was too small. (Of a list of pointers, the binding's own accessors
// reach the first alone.)
func wanted() []*imgui.TextureData {
	list := &imgui.CurrentPlatformIO().CData.Textures
	textures := make([]*imgui.TextureData, list.Size)
	for i, t := range unsafe.Slice(list.Data, list.Size) {
		textures[i] = imgui.NewTextureDataFromC(t)
	}
	return textures
}

// updateTextures does what Dear ImGui wants with its textures since the last frame.
func (c *Context) updateTextures() error {
	for _, t := range wanted() {
		switch t.Status() {
		case imgui.TextureStatusWantCreate:
			if t.Format() != imgui.TextureFormatAlpha8 {
				return fmt.Errorf("ui: a texture of %d bytes a texel; expected 1", t.BytesPerPixel())
			}
			width, height := int(t.Width()), int(t.Height())
			made, err := c.device.NewTexture("glyphs of the interface", width, height, texels(t.Pixels(), width*height))
			if err != nil {
				return err
			}
			c.lastID++
			c.textures[c.lastID] = made
			t.SetTexID(c.lastID)
			t.SetStatus(imgui.TextureStatusOK)
		case imgui.TextureStatusWantUpdates:
			r := t.UpdateRect()
			x, y, width, height, pitch := int(r.X()), int(r.Y()), int(r.W()), int(r.H()), int(t.Pitch())
			pixels := texels(t.PixelsAt(int32(x), int32(y)), pitch*(height-1)+width)
			if err := c.textures[t.TexID()].Write(x, y, width, height, pixels, pitch); err != nil {
				return err
			}
			t.SetStatus(imgui.TextureStatusOK)
		case imgui.TextureStatusWantDestroy:
			if t.UnusedFrames() > 0 {
				c.releaseTexture(t)
			}
		}
	}
	return nil
}

// texels views n bytes of Dear ImGui's memory, until its next frame.
func texels(at uintptr, n int) []byte {
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&at)), n)
}

func (c *Context) releaseTexture(t *imgui.TextureData) {
	c.textures[t.TexID()].Release()
	delete(c.textures, t.TexID())
	t.SetTexID(0)
	t.SetStatus(imgui.TextureStatusDestroyed)
}

func (c *Context) releaseTextures() {
	for _, t := range wanted() {
		c.releaseTexture(t)
	}
}

// gather copies the frame's triangles out of Dear ImGui's memory.
func (c *Context) gather() {
	c.vertices, c.indices, c.pieces = c.vertices[:0], c.indices[:0], c.pieces[:0]
	for _, list := range imgui.CurrentDrawData().CommandLists() {
		base := uint32(len(c.vertices))
		data, size := list.GetVertexBuffer()
		c.vertices = append(c.vertices, unsafe.Slice((*render.Vertex)(data), size/int(unsafe.Sizeof(render.Vertex{})))...)
		data, size = list.GetIndexBuffer()
		indices := unsafe.Slice((*uint16)(data), size/2)
		for _, cmd := range list.Commands() {
			first, offset := len(c.indices), base+cmd.VtxOffset()
			for _, i := range indices[cmd.IdxOffset():][:cmd.ElemCount()] {
				c.indices = append(c.indices, offset+uint32(i))
			}
			clip, texture := cmd.ClipRect(), cmd.TexRef()
			c.pieces = append(c.pieces, render.Piece{
				First: first, Count: len(c.indices) - first,
				Clip:    image.Rectangle{Min: image.Pt(int(clip.X), int(clip.Y)), Max: image.Pt(int(clip.Z), int(clip.W))},
				Texture: c.textures[texture.TexID()],
			})
		}
	}
}
