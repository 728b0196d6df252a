package gpu

import (
	"bytes"
	"fmt"
	"image"

	"headscope/wgsl"

	"github.com/rajveermalviya/go-webgpu/wgpu"
)

// module is a compiled render shader with its pipelines, one a form of drawing. The
// device owns it.
type module struct {
	name      string
	iface     wgsl.Interface
	shader    *wgpu.ShaderModule
	layout    *wgpu.BindGroupLayout
	pipelines map[form]*wgpu.RenderPipeline
}

// form is what one shader's pipelines differ in.
type form struct {
	format   wgpu.TextureFormat // of the target
	hasDepth bool               // the pass has a depth buffer
	depth    DepthUse
}

// DepthUse says what a draw does with the pass' depth buffer, if it has one.
type DepthUse uint8

// The ways to use a depth buffer.
const (
	DepthIgnore DepthUse = iota // draws over everything
	DepthTest                   // hides behind what is there
	DepthWrite                  // and hides what is drawn later and lies farther
)

// pipeline returns the render shader name (entry points vs and fs, no vertex buffers:
// instances are read from storage buffers) for a form of drawing, blending
// premultiplied colours over what is there.
func (d *Device) pipeline(name string, f form) (*module, *wgpu.RenderPipeline, error) {
	m := d.modules[name]
	if m == nil {
		m = &module{name: name, pipelines: map[form]*wgpu.RenderPipeline{}}
		var err error
		if m.shader, m.iface, err = d.shader(name); err != nil {
			return nil, nil, fmt.Errorf("gpu: shader %s: %w", name, err)
		}
		d.modules[name] = m
	}
	if p := m.pipelines[f]; p != nil {
		return m, p, nil
	}
	entries, err := layoutEntries(m.iface, wgpu.ShaderStage_Vertex|wgpu.ShaderStage_Fragment)
	if err != nil {
		return nil, nil, fmt.Errorf("gpu: shader %s: %w", name, err)
	}
	group, layout, err := d.pipelineLayout(name, entries)
	if err != nil {
		return nil, nil, fmt.Errorf("gpu: shader %s: %w", name, err)
	}
	defer layout.Release()
	if m.layout == nil {
		m.layout = group
	} else {
		group.Release()
	}
	var depth *wgpu.DepthStencilState
	if f.hasDepth {
		keep := wgpu.StencilFaceState{Compare: wgpu.CompareFunction_Always, FailOp: wgpu.StencilOperation_Keep, DepthFailOp: wgpu.StencilOperation_Keep, PassOp: wgpu.StencilOperation_Keep}
		depth = &wgpu.DepthStencilState{Format: depthFormat, DepthCompare: wgpu.CompareFunction_Always, StencilFront: keep, StencilBack: keep}
		if f.depth != DepthIgnore {
			depth.DepthCompare = wgpu.CompareFunction_GreaterEqual
		}
		depth.DepthWriteEnabled = f.depth == DepthWrite
	}
	p, err := d.device.CreateRenderPipeline(&wgpu.RenderPipelineDescriptor{
		Label:        name,
		Layout:       layout,
		Vertex:       wgpu.VertexState{Module: m.shader, EntryPoint: "vs"},
		Primitive:    wgpu.PrimitiveState{Topology: wgpu.PrimitiveTopology_TriangleStrip, StripIndexFormat: wgpu.IndexFormat_Undefined, FrontFace: wgpu.FrontFace_CCW, CullMode: wgpu.CullMode_None},
		DepthStencil: depth,
		Multisample:  wgpu.MultisampleState{Count: 1, Mask: 0xffffffff},
		Fragment: &wgpu.FragmentState{Module: m.shader, EntryPoint: "fs", Targets: []wgpu.ColorTargetState{{
			Format: f.format, Blend: &wgpu.BlendState_PremultipliedAlphaBlending, WriteMask: wgpu.ColorWriteMask_All,
		}}},
	})
	if err != nil {
		return nil, nil, fmt.Errorf("gpu: shader %s: %w", name, err)
	}
	m.pipelines[f] = p
	d.live.Pipelines++
	return m, p, nil
}

func (m *module) release() {
	for _, p := range m.pipelines {
		p.Release()
	}
	if m.layout != nil {
		m.layout.Release()
	}
	if m.shader != nil {
		m.shader.Release()
	}
}

// Draw is one instanced draw of quads (triangle strips of four vertices).
type Draw struct {
	Shader    string // a render shader of package wgsl
	Params    []byte // its uniform
	Bindings  []Binding
	First     int // instance
	Instances int // from the first one on
	Depth     DepthUse
	Clip      image.Rectangle // what is drawn to, in pixels of the target; empty: the pass' region
	// Indirect holds four words a draw (vertices, instances, 0, 0) that a kernel wrote;
	// draw number IndirectIndex of it replaces First and Instances.
	Indirect      *Buffer
	IndirectIndex int
}

// RGBA is a colour as it goes into a PNG, 0 to 1, alpha not premultiplied.
type RGBA [4]float32

// Pass is what a series of draws goes to.
type Pass struct {
	Target Target
	Clear  RGBA            // what the target is cleared to first
	Keep   bool            // keeps what the target shows instead
	Depth  *Depth          // of the target's size, cleared first; nil: none
	Region image.Rectangle // what is drawn to; clip space covers it. Empty: the whole target
}

// Render draws over a target, in order. What kernels of this recording wrote is there to be
// read. Draws that follow one another with equal params share one uniform.
func (r *Recorder) Render(pass Pass, draws ...Draw) {
	type bound struct {
		pipeline *wgpu.RenderPipeline
		group    *wgpu.BindGroup
		offset   uint32
	}
	ready := make([]bound, 0, len(draws))
	width, height := pass.Target.Size()
	region := pass.Region
	if region.Empty() {
		region = image.Rect(0, 0, width, height)
	}
	if !region.In(image.Rect(0, 0, width, height)) {
		r.Fail(fmt.Errorf("gpu: draw to %v of a target of %d x %d", region, width, height))
	}
	if pass.Depth != nil {
		if w, h := pass.Depth.Size(); w != width || h != height {
			r.Fail(fmt.Errorf("gpu: a depth buffer of %d x %d for a target of %d x %d", w, h, width, height))
		}
	}
	uniforms := 0
	for i := range draws {
		if i == 0 || !bytes.Equal(draws[i].Params, draws[i-1].Params) {
			uniforms++
		}
	}
	if most := paramsSize / slotSize; uniforms > most {
		r.Fail(fmt.Errorf("gpu: %d draws with %d different params in one pass; there is room for %d", len(draws), uniforms, most))
	}
	if !r.reserve(uniforms, float64(region.Dx()*region.Dy()*(1+len(draws)/8))) {
		return
	}
	r.d.uneven = true
	for i, w := range draws {
		m, p, err := r.d.pipeline(w.Shader, form{pass.Target.Format(), pass.Depth != nil, w.Depth})
		if err != nil {
			r.Fail(err)
			return
		}
		group, ok := r.group(w.Shader, m.layout, m.iface, w.Params, w.Bindings)
		if !ok {
			return
		}
		var offset uint32
		if i > 0 && bytes.Equal(w.Params, draws[i-1].Params) {
			offset = ready[i-1].offset
		} else {
			offset = r.uniform(w.Params)
		}
		ready = append(ready, bound{p, group, offset})
	}
	view, err := pass.Target.View()
	if err != nil {
		r.Fail(err)
	}
	if r.err != nil || !r.open() {
		return
	}
	r.endPass()
	encoder := r.encoder.BeginRenderPass(pass.descriptor(r.label, view))
	defer encoder.Release()
	encoder.SetViewport(float32(region.Min.X), float32(region.Min.Y), float32(region.Dx()), float32(region.Dy()), 0, 1)
	var (
		clip     image.Rectangle
		pipeline *wgpu.RenderPipeline
	)
	for i, w := range draws {
		seen := region
		if !w.Clip.Empty() {
			seen = w.Clip.Intersect(region)
		}
		if w.Indirect == nil && w.Instances == 0 || seen.Empty() {
			continue
		}
		if seen != clip {
			clip = seen
			encoder.SetScissorRect(uint32(clip.Min.X), uint32(clip.Min.Y), uint32(clip.Dx()), uint32(clip.Dy()))
		}
		if ready[i].pipeline != pipeline {
			pipeline = ready[i].pipeline
			encoder.SetPipeline(pipeline)
		}
		encoder.SetBindGroup(0, ready[i].group, []uint32{ready[i].offset})
		if w.Indirect != nil {
			encoder.DrawIndirect(w.Indirect.handle, uint64(w.IndirectIndex)*16)
		} else {
			encoder.Draw(4, uint32(w.Instances), 0, uint32(w.First))
		}
	}
	if err := encoder.End(); err != nil {
		r.Fail(fmt.Errorf("gpu: draw: %w", err))
	}
}

// descriptor is the pass as the binding takes it, on the view of its target.
func (p Pass) descriptor(label string, view *wgpu.TextureView) *wgpu.RenderPassDescriptor {
	a := float64(p.Clear[3])
	colour := wgpu.RenderPassColorAttachment{
		View: view, LoadOp: wgpu.LoadOp_Clear, StoreOp: wgpu.StoreOp_Store,
		ClearValue: wgpu.Color{R: float64(p.Clear[0]) * a, G: float64(p.Clear[1]) * a, B: float64(p.Clear[2]) * a, A: a},
	}
	if p.Keep {
		colour.LoadOp = wgpu.LoadOp_Load
	}
	d := &wgpu.RenderPassDescriptor{Label: label, ColorAttachments: []wgpu.RenderPassColorAttachment{colour}}
	if p.Depth != nil {
		// The binding aborts the process on stencil operations that are not given.
		d.DepthStencilAttachment = &wgpu.RenderPassDepthStencilAttachment{
			View: p.Depth.texture.view, DepthLoadOp: wgpu.LoadOp_Clear, DepthStoreOp: wgpu.StoreOp_Discard,
			StencilLoadOp: wgpu.LoadOp_Clear, StencilStoreOp: wgpu.StoreOp_Discard,
		}
	}
	return d
}
