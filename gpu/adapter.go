package gpu

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/rajveermalviya/go-webgpu/wgpu"
)

// AdapterInfo describes one adapter as the driver names it.
type AdapterInfo struct {
	Name    string // "llvmpipe (LLVM 15.0.6, 256 bits)"
	Driver  string // driver and version
	Type    string // cpu, integrated, discrete or unknown
	Backend string // vulkan, metal, d3d12 ...
	Limits  Limits
}

// Software reports whether the adapter computes on the CPU.
func (a AdapterInfo) Software() bool { return a.Type == "cpu" }

// Family is a kind of kernels, each right on every adapter and fast on its own.
type Family uint8

const (
	// Registers is for software adapters: work is blocked in a thread's registers, and
	// there is no workgroup memory and no barrier, which cost dearly there.
	Registers Family = iota
	// Workgroups is for GPUs: threads share tiles and partial results in workgroup memory.
	Workgroups
)

func (a AdapterInfo) String() string {
	return fmt.Sprintf("%s (%s, %s)", a.Name, a.Type, a.Backend)
}

// Limits are the adapter's limits that headscope plans with. Sizes are in bytes.
type Limits struct {
	BufferSize         uint64 // largest buffer
	StorageBinding     uint64 // largest range of a buffer that one storage binding sees
	StorageBuffers     uint32 // storage bindings a shader stage
	WorkgroupStorage   uint32 // workgroup memory
	WorkgroupSize      uint32 // invocations a workgroup
	WorkgroupsPerDim   uint32 // workgroups a dispatch dimension
	TextureSize        uint32 // side of a 2-D texture
	TextureLayers      uint32 // of an array of textures
	UniformOffsetAlign uint32 // alignment of a uniform binding's dynamic offset
}

// Choice says which adapter to open: "auto" (the fastest type there is), "gpu"
// (discrete or integrated), "software" (computes on the CPU), or a part of the
// adapter's name, without regard to case.
type Choice = string

// backends asks for the platform's native API by name. Left open, wgpu falls back
// to OpenGL on llvmpipe when no Vulkan driver is usable: a backend with other
// limits and crashes of its own.
func backends() wgpu.InstanceBackend {
	switch runtime.GOOS {
	case "darwin":
		return wgpu.InstanceBackend_Metal
	case "windows":
		return wgpu.InstanceBackend_DX12 | wgpu.InstanceBackend_Vulkan
	default:
		return wgpu.InstanceBackend_Vulkan
	}
}

const noAdapter = "gpu: no Vulkan adapter was found; install a Vulkan driver (on Debian or Ubuntu: apt install libvulkan1 mesa-vulkan-drivers, which also brings a software adapter)"

// newInstance makes the instance that adapters are enumerated from.
func newInstance() *wgpu.Instance {
	// Mesa complains on stderr when this folder is not named.
	if runtime.GOOS == "linux" && os.Getenv("XDG_RUNTIME_DIR") == "" {
		os.Setenv("XDG_RUNTIME_DIR", os.TempDir())
	}
	// Validation errors reach us as Go errors; the log would only repeat them.
	wgpu.SetLogLevel(wgpu.LogLevel_Off)
	return wgpu.CreateInstance(&wgpu.InstanceDescriptor{Backends: backends()})
}

// Adapters lists the adapters of this machine, best first. It returns an error
// that says what to install when there is none.
func Adapters() ([]AdapterInfo, error) {
	instance := newInstance()
	defer instance.Release()
	handles, infos, err := enumerate(instance)
	for _, h := range handles {
		h.Release()
	}
	return infos, err
}

// enumerate returns the adapters best first: discrete, integrated, unknown, cpu.
// The caller owns the handles.
func enumerate(instance *wgpu.Instance) ([]*wgpu.Adapter, []AdapterInfo, error) {
	var handles []*wgpu.Adapter
	var infos []AdapterInfo
	all := instance.EnumerateAdapters(&wgpu.InstanceEnumerateAdapterOptons{Backends: backends()})
	for _, kind := range []string{"discrete", "integrated", "unknown", "cpu"} {
		for _, h := range all {
			if info := describe(h); info.Type == kind {
				handles, infos = append(handles, h), append(infos, info)
			}
		}
	}
	if len(handles) == 0 {
		return nil, nil, fmt.Errorf(noAdapter)
	}
	return handles, infos, nil
}

func describe(h *wgpu.Adapter) AdapterInfo {
	p := h.GetProperties()
	kind := "unknown"
	switch p.AdapterType {
	case wgpu.AdapterType_DiscreteGPU:
		kind = "discrete"
	case wgpu.AdapterType_IntegratedGPU:
		kind = "integrated"
	case wgpu.AdapterType_CPU:
		kind = "cpu"
	}
	return AdapterInfo{
		Name:    p.Name,
		Driver:  p.DriverDescription,
		Type:    kind,
		Backend: strings.ToLower(strings.TrimPrefix(p.BackendType.String(), "BackendType_")),
		Limits:  limitsOf(h.GetLimits().Limits),
	}
}

func limitsOf(l wgpu.Limits) Limits {
	return Limits{
		BufferSize:         l.MaxBufferSize,
		StorageBinding:     l.MaxStorageBufferBindingSize,
		StorageBuffers:     l.MaxStorageBuffersPerShaderStage,
		WorkgroupStorage:   l.MaxComputeWorkgroupStorageSize,
		WorkgroupSize:      l.MaxComputeInvocationsPerWorkgroup,
		WorkgroupsPerDim:   l.MaxComputeWorkgroupsPerDimension,
		TextureSize:        l.MaxTextureDimension2D,
		TextureLayers:      l.MaxTextureArrayLayers,
		UniformOffsetAlign: l.MinUniformBufferOffsetAlignment,
	}
}

// matches reports whether an adapter satisfies a choice.
func matches(a AdapterInfo, choice Choice) bool {
	switch choice {
	case "", "auto":
		return true
	case "gpu":
		return !a.Software()
	case "software":
		return a.Software()
	}
	return strings.Contains(strings.ToLower(a.Name), strings.ToLower(choice))
}
