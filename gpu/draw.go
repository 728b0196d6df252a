package gpu

import (
	"fmt"

	"headscope/wgsl"

	"github.com/rajveermalviya/go-webgpu/wgpu"
)

// module is a compiled render shader with its pipelines, one a target format. The
// device owns it.
type module struct {
	name      string
	iface     wgsl.Interface
	shader    *wgpu.ShaderModule
	layout    *wgpu.BindGroupLayout
	pipelines map[wgpu.TextureFormat]*wgpu.RenderPipeline
}

// pipeline returns the render shader name (entry points vs and fs, no vertex buffers:
// instances are read from storage buffers) for a target format, blending
// premultiplied colours over what is there.
func (d *Device) pipeline(name string, format wgpu.TextureFormat) (*module, *wgpu.RenderPipeline, error) {
	m := d.modules[name]
	if m == nil {
		m = &module{name: name, pipelines: map[wgpu.TextureFormat]*wgpu.RenderPipeline{}}
		var err error
		if m.shader, m.iface, err = d.shader(name); err != nil {
			return nil, nil, fmt.Errorf("gpu: shader %s: %w", name, err)
		}
		d.modules[name] = m
	}
	if p := m.pipelines[format]; p != nil {
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
	p, err := d.device.CreateRenderPipeline(&wgpu.RenderPipelineDescriptor{
		Label:       name,
		Layout:      layout,
		Vertex:      wgpu.VertexState{Module: m.shader, EntryPoint: "vs"},
		Primitive:   wgpu.PrimitiveState{Topology: wgpu.PrimitiveTopology_TriangleStrip, StripIndexFormat: wgpu.IndexFormat_Undefined, FrontFace: wgpu.FrontFace_CCW, CullMode: wgpu.CullMode_None},
		Multisample: wgpu.MultisampleState{Count: 1, Mask: 0xffffffff},
		Fragment: &wgpu.FragmentState{Module: m.shader, EntryPoint: "fs", Targets: []wgpu.ColorTargetState{{
			Format: format, Blend: &wgpu.BlendState_PremultipliedAlphaBlending, WriteMask: wgpu.ColorWriteMask_All,
		}}},
	})
	if err != nil {
		return nil, nil, fmt.Errorf("gpu: shader %s: %w", name, err)
	}
	m.pipelines[format] = p
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
	Instances int
	// Indirect holds four words a draw (vertices, instances, 0, 0) that a kernel wrote;
	// draw number IndirectIndex of it replaces Instances.
	Indirect      *Buffer
	IndirectIndex int
}

// RGBA is a colour as it goes into a PNG, 0 to 1, alpha not premultiplied.
type RGBA [4]float32

// Render draws over a cleared target, in order. What kernels of this recording wrote is
// there to be read.
func (r *Recorder) Render(target Target, clear RGBA, draws ...Draw) {
	type bound struct {
		pipeline *wgpu.RenderPipeline
		group    *wgpu.BindGroup
		offset   uint32
	}
	var ready []bound
	width, height := target.Size()
	if !r.reserve(len(draws), float64(width*height*len(draws))) {
		return
	}
	for _, w := range draws {
		m, p, err := r.d.pipeline(w.Shader, target.Format())
		if err != nil {
			r.Fail(err)
			return
		}
		group, offset, ok := r.bind(w.Shader, m.layout, m.iface, w.Params, w.Bindings)
		if !ok {
			return
		}
		ready = append(ready, bound{p, group, offset})
	}
	view, err := target.View()
	if err != nil {
		r.Fail(err)
	}
	if r.err != nil || !r.open() {
		return
	}
	r.endPass()
	a := float64(clear[3])
	pass := r.encoder.BeginRenderPass(&wgpu.RenderPassDescriptor{Label: r.label, ColorAttachments: []wgpu.RenderPassColorAttachment{{
		View: view, LoadOp: wgpu.LoadOp_Clear, StoreOp: wgpu.StoreOp_Store,
		ClearValue: wgpu.Color{R: float64(clear[0]) * a, G: float64(clear[1]) * a, B: float64(clear[2]) * a, A: a},
	}}})
	defer pass.Release()
	for i, w := range draws {
		pass.SetPipeline(ready[i].pipeline)
		pass.SetBindGroup(0, ready[i].group, []uint32{ready[i].offset})
		if w.Indirect != nil {
			pass.DrawIndirect(w.Indirect.handle, uint64(w.IndirectIndex)*16)
		} else if w.Instances > 0 {
			pass.Draw(4, uint32(w.Instances), 0, 0)
		}
	}
	if err := pass.End(); err != nil {
		r.Fail(fmt.Errorf("gpu: draw: %w", err))
	}
}
