package gpu

import (
	"fmt"
	"strings"

	"headscope/wgsl"

	"github.com/rajveermalviya/go-webgpu/wgpu"
)

// Kernel is a compiled compute shader of package wgsl. The device owns it.
//
// Binding 0 is its uniform struct Params, bound with a dynamic offset; the storage
// buffers follow in the order of their binding numbers.
type Kernel struct {
	Name   string
	Shader wgsl.Interface

	shader   *wgpu.ShaderModule
	layout   *wgpu.BindGroupLayout
	pipeline *wgpu.ComputePipeline
}

// Kernel returns the compute shader called name, compiled at its first use.
func (d *Device) Kernel(name string) (*Kernel, error) {
	if k := d.kernels[name]; k != nil {
		return k, nil
	}
	k := &Kernel{Name: name}
	if err := d.compile(k); err != nil {
		k.release()
		return nil, fmt.Errorf("gpu: kernel %s: %w", name, err)
	}
	d.kernels[name] = k
	d.live.Pipelines++
	return k, nil
}

func (d *Device) compile(k *Kernel) (err error) {
	if k.shader, k.Shader, err = d.shader(k.Name); err != nil {
		return err
	}
	entries, err := layoutEntries(k.Shader, wgpu.ShaderStage_Compute)
	if err != nil {
		return err
	}
	var images []*wgpu.BindGroupLayout
	if extra := k.Shader.Bindings[len(entries):]; len(extra) > 0 {
		if err := texelBindings(extra); err != nil {
			return err
		}
		if !d.Texels {
			return fmt.Errorf("%s does not read texels", d.Adapter.Name)
		}
		images = append(images, d.texels.layout)
	}
	var layout *wgpu.PipelineLayout
	if k.layout, layout, err = d.pipelineLayout(k.Name, entries, images...); err != nil {
		return err
	}
	defer layout.Release()
	k.pipeline, err = d.device.CreateComputePipeline(&wgpu.ComputePipelineDescriptor{
		Label:   k.Name,
		Layout:  layout,
		Compute: wgpu.ProgrammableStageDescriptor{Module: k.shader, EntryPoint: "main"},
	})
	return err
}

// shader compiles the text of a shader and reads its interface.
func (d *Device) shader(name string) (*wgpu.ShaderModule, wgsl.Interface, error) {
	source, err := wgsl.Source(name)
	if err != nil {
		return nil, wgsl.Interface{}, err
	}
	iface, err := wgsl.Reflect(source)
	if err != nil {
		return nil, iface, err
	}
	m, err := d.device.CreateShaderModule(&wgpu.ShaderModuleDescriptor{
		Label:          name,
		WGSLDescriptor: &wgpu.ShaderModuleWGSLDescriptor{Code: source},
	})
	return m, iface, err
}

// layoutEntries derives the bind group layout of group 0 from the shader's own declarations.
func layoutEntries(s wgsl.Interface, stage wgpu.ShaderStage) ([]wgpu.BindGroupLayoutEntry, error) {
	bindings := s.Group(0)
	entries := make([]wgpu.BindGroupLayoutEntry, len(bindings))
	for i, b := range bindings {
		if b.Binding != i || (b.Kind == wgsl.Uniform) != (i == 0) {
			return nil, fmt.Errorf("binding %d is @group(%d) @binding(%d) %s; bindings are numbered from 0 in group 0, the uniform first", i, b.Group, b.Binding, b.Name)
		}
		e := wgpu.BindGroupLayoutEntry{Binding: uint32(i), Visibility: stage}
		switch b.Kind {
		case wgsl.Uniform:
			e.Buffer = wgpu.BufferBindingLayout{Type: wgpu.BufferBindingType_Uniform, HasDynamicOffset: true}
		case wgsl.StorageRead:
			e.Buffer.Type = wgpu.BufferBindingType_ReadOnlyStorage
		case wgsl.StorageReadWrite:
			e.Buffer.Type = wgpu.BufferBindingType_Storage
		case wgsl.Texture:
			e.Texture = wgpu.TextureBindingLayout{SampleType: wgpu.TextureSampleType_Float, ViewDimension: wgpu.TextureViewDimension_2D}
		case wgsl.TextureArray:
			e.Texture = wgpu.TextureBindingLayout{SampleType: wgpu.TextureSampleType_Float, ViewDimension: wgpu.TextureViewDimension_2DArray}
		case wgsl.StorageTextureWrite:
			e.StorageTexture = wgpu.StorageTextureBindingLayout{Access: wgpu.StorageTextureAccess_WriteOnly, Format: wgpu.TextureFormat_RGBA8Unorm, ViewDimension: wgpu.TextureViewDimension_2D}
		case wgsl.Sampler:
			e.Sampler.Type = wgpu.SamplerBindingType_Filtering
		default:
			return nil, fmt.Errorf("binding %s is of a kind that is not used here", b.Name)
		}
		entries[i] = e
	}
	return entries, nil
}

// pipelineLayout makes the layout of group 0 and that of a pipeline, whose further groups
// the caller owns.
func (d *Device) pipelineLayout(name string, entries []wgpu.BindGroupLayoutEntry, further ...*wgpu.BindGroupLayout) (*wgpu.BindGroupLayout, *wgpu.PipelineLayout, error) {
	group, err := d.device.CreateBindGroupLayout(&wgpu.BindGroupLayoutDescriptor{Label: name, Entries: entries})
	if err != nil {
		return nil, nil, err
	}
	layout, err := d.device.CreatePipelineLayout(&wgpu.PipelineLayoutDescriptor{Label: name, BindGroupLayouts: append([]*wgpu.BindGroupLayout{group}, further...)})
	if err != nil {
		group.Release()
		return nil, nil, err
	}
	return group, layout, nil
}

func (k *Kernel) release() {
	if k.pipeline != nil {
		k.pipeline.Release()
	}
	if k.layout != nil {
		k.layout.Release()
	}
	if k.shader != nil {
		k.shader.Release()
	}
	k.pipeline, k.layout, k.shader = nil, nil, nil
}

// Binding is what a shader's binding can name: a [Buffer], a [Texture], one [Level] of it,
// or a [Sampler].
type Binding interface {
	key() string
	entry(binding int) wgpu.BindGroupEntry
}

func (b *Buffer) entry(binding int) wgpu.BindGroupEntry {
	return wgpu.BindGroupEntry{Binding: uint32(binding), Buffer: b.handle, Size: b.Size}
}

// bindGroup returns the bind group of these bindings, made at its first use.
func (d *Device) bindGroup(name string, layout *wgpu.BindGroupLayout, paramsSize int, bindings []Binding) (*wgpu.BindGroup, error) {
	key := name
	for _, b := range bindings {
		key += b.key()
	}
	if g := d.bindGroups[key]; g != nil {
		return g, nil
	}
	entries := []wgpu.BindGroupEntry{{Binding: 0, Buffer: d.params.handle, Size: uint64(paramsSize)}}
	for i, b := range bindings {
		entries = append(entries, b.entry(i+1))
	}
	g, err := d.device.CreateBindGroup(&wgpu.BindGroupDescriptor{Label: name, Layout: layout, Entries: entries})
	if err != nil {
		return nil, fmt.Errorf("gpu: %s: %w", name, err)
	}
	d.bindGroups[key] = g
	return g, nil
}

// dropBindGroups releases the cached bind groups that name b.
func (d *Device) dropBindGroups(b Binding) {
	name := b.key()
	for key, group := range d.bindGroups {
		if strings.Contains(key, name) {
			d.dispose(group.Release)
			delete(d.bindGroups, key)
		}
	}
}
