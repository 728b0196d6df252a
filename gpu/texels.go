package gpu

import (
	"fmt"

	"headscope/wgsl"

	"github.com/rajveermalviya/go-webgpu/wgpu"
)

// Mesa's software adapters load from storage buffers lane by lane, from images a texel at
// a time: a kernel that reads its matrices again and again is faster with copies of them in
// images, whose cost is next to nothing. The device keeps two such images for all kernels.
// Only copies and kernels touch them, in the order of the queue, so that one pair is enough.
//
// WebGPU itself has no storage images to read. The native feature that allows them has to
// be asked for, and the binding's StorageTextureAccess has no value for them, so that no
// layout can be described: the layout of group 1 is taken from a pipeline that is compiled
// with an automatic layout and then dropped.

// TexelSide is the largest side of an image of [Recorder.DispatchTexels], in texels: rows,
// or quarters of columns. It bounds the images to 64 MiB each; all adapters allow more.
const TexelSide = 2048

// texelGrain is what the sides of the images are multiples of, and what they begin with.
const texelGrain = 64

// texelReads are the images, and the layout of the bind group that names them.
type texelReads struct {
	layout *wgpu.BindGroupLayout
	images [2]*Texture
	kept   int // handles that the binding keeps until the instance is released
}

// automaticLayout is what the binding never lets go of after an automatic layout of two
// groups: the pipeline's layout, which has no handle to release it by, and the groups' two.
const automaticLayout = 3

// openTexels makes the images and tries to bind them. An adapter may have the feature and
// yet not offer this format: it answers here, not in the midst of a product.
func (d *Device) openTexels() error {
	shader, _, err := d.shader("texels")
	if err != nil {
		return err
	}
	defer shader.Release()
	pipeline, err := d.device.CreateComputePipeline(&wgpu.ComputePipelineDescriptor{
		Label:   "texels",
		Compute: wgpu.ProgrammableStageDescriptor{Module: shader, EntryPoint: "main"},
	})
	if err != nil {
		return err
	}
	defer pipeline.Release()
	d.texels.layout = pipeline.GetBindGroupLayout(1)
	d.texels.kept = automaticLayout
	for i := range d.texels.images {
		if d.texels.images[i], err = d.newTexels(texelGrain, texelGrain); err != nil {
			return err
		}
	}
	_, err = d.texelGroup()
	return err
}

func (d *Device) closeTexels() {
	for i := range d.texels.images {
		d.texels.images[i].Release()
		d.texels.images[i] = nil
	}
	if d.texels.layout != nil {
		d.texels.layout.Release()
		d.texels.layout = nil
	}
}

func (d *Device) newTexels(width, height int) (*Texture, error) {
	return d.newTexture("texels", width, height, 16, wgpu.TextureFormat_RGBA32Float, wgpu.TextureUsage_StorageBinding|wgpu.TextureUsage_CopyDst)
}

// texelGroup returns the bind group of both images.
func (d *Device) texelGroup() (*wgpu.BindGroup, error) {
	a, b := d.texels.images[0], d.texels.images[1]
	key := "texels" + a.key() + b.key()
	if g := d.bindGroups[key]; g != nil {
		return g, nil
	}
	g, err := d.device.CreateBindGroup(&wgpu.BindGroupDescriptor{
		Label: "texels", Layout: d.texels.layout, Entries: []wgpu.BindGroupEntry{a.entry(0), b.entry(1)},
	})
	if err != nil {
		return nil, fmt.Errorf("gpu: texels: %w", err)
	}
	d.bindGroups[key] = g
	return g, nil
}

// FitsTexels reports whether the tensor can be copied into an image: one matrix of at most
// [TexelSide] rows and 4 [TexelSide] columns, its offset a multiple of 4 floats, the stride
// of its rows of 64 (WebGPU copies rows that begin every 256 bytes).
func (t Tensor) FitsTexels() bool {
	return t.Batch == 1 && t.Offset%4 == 0 && t.RowStride%64 == 0 && t.RowStride >= t.Cols &&
		t.Rows > 0 && t.Rows <= TexelSide && t.Cols > 0 && t.Cols <= 4*TexelSide
}

// DispatchTexels is [Recorder.Dispatch] of a kernel that also reads a and b as images, four
// columns a texel: shared/texels.wgsl declares them. Columns behind the last, rows behind
// the last and whatever else an image holds are arbitrary. It needs [Device.Texels], and
// tensors with [Tensor.FitsTexels].
func (r *Recorder) DispatchTexels(name string, params []byte, groups [3]int, cost float64, a, b Tensor, bindings ...Binding) {
	if !r.d.Texels {
		r.Fail(fmt.Errorf("gpu: %s: %s does not read texels", name, r.d.Adapter.Name))
	}
	for _, t := range []Tensor{a, b} {
		if !t.FitsTexels() {
			r.Fail(fmt.Errorf("gpu: %s: %s has a shape, an offset or a stride that no image takes", name, t))
		}
	}
	r.dispatch(name, params, groups, cost, []Tensor{a, b}, bindings)
}

// copyTexels records the copies of tensors into the images, and returns the images' bind
// group. It belongs to the same encoder as the dispatch that reads them: another recording,
// submitted in between, would bring its own.
func (r *Recorder) copyTexels(tensors []Tensor) (*wgpu.BindGroup, bool) {
	r.endPass()
	for i, t := range tensors {
		width := Stride4(t.Cols) / 4
		if err := r.d.growTexels(i, width, t.Rows); err != nil {
			r.Fail(err)
			return nil, false
		}
		from := &wgpu.ImageCopyBuffer{Buffer: t.Buffer.handle, Layout: wgpu.TextureDataLayout{
			Offset: uint64(t.Offset) * 4, BytesPerRow: uint32(t.RowStride) * 4, RowsPerImage: uint32(t.Rows),
		}}
		size := &wgpu.Extent3D{Width: uint32(width), Height: uint32(t.Rows), DepthOrArrayLayers: 1}
		if err := r.encoder.CopyBufferToTexture(from, r.d.texels.images[i].handle.AsImageCopy(), size); err != nil {
			r.Fail(fmt.Errorf("gpu: copy of %s into an image: %w", t, err))
			return nil, false
		}
	}
	group, err := r.d.texelGroup()
	if err != nil {
		r.Fail(err)
	}
	return group, err == nil
}

// growTexels gives image i room for so many texels. It never shrinks, in neither direction,
// so that the shapes of one model soon need nothing new.
func (d *Device) growTexels(i, width, height int) error {
	old := d.texels.images[i]
	if width <= old.Width && height <= old.Height {
		return nil
	}
	grain := func(n int) int { return (n + texelGrain - 1) / texelGrain * texelGrain }
	image, err := d.newTexels(max(old.Width, grain(width)), max(old.Height, grain(height)))
	if err != nil {
		return err
	}
	old.Release() // after the recordings that still use it
	d.texels.images[i] = image
	return nil
}

// texelBindings checks the bindings of group 1, which only the images are.
func texelBindings(bindings []wgsl.Binding) error {
	for i, b := range bindings {
		if b.Group != 1 || b.Binding != i || b.Kind != wgsl.StorageTexture || len(bindings) != 2 {
			return fmt.Errorf("binding @group(%d) @binding(%d) %s; behind group 0 there are the two images of group 1, or nothing", b.Group, b.Binding, b.Name)
		}
	}
	return nil
}
