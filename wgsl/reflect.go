package wgsl

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Kind says how a binding is used.
type Kind uint8

// The kinds of bindings that shaders here declare.
const (
	Uniform Kind = iota
	StorageRead
	StorageReadWrite
	Texture
	TextureArray
	StorageTexture      // an image to read
	StorageTextureWrite // an image of four bytes a texel to write
	Sampler
)

// Binding is one @group @binding declaration.
type Binding struct {
	Group, Binding int
	Kind           Kind
	Name           string
}

// Field is a member of struct Params.
type Field struct {
	Name   string
	Type   string // as written: "u32", "vec4<f32>"
	Offset int    // bytes
}

// Interface is what a shader's text tells about how it is called.
type Interface struct {
	Bindings      []Binding // sorted by group and number
	Entries       []string  // names of the entry points: "main", or "vs" and "fs"
	WorkgroupSize [3]int    // of a compute shader
	Params        []Field   // of struct Params, the uniform at binding 0
	ParamsSize    int       // bytes, as a uniform buffer holds it
}

var (
	commentRE = regexp.MustCompile(`//[^\n]*`)
	imageRE   = regexp.MustCompile(`^texture_storage_2d<\w+,\s*read>$`)
	writeRE   = regexp.MustCompile(`^texture_storage_2d<rgba8unorm,\s*write>$`)
	bindingRE = regexp.MustCompile(`@group\((\d+)\)\s*@binding\((\d+)\)\s*var\s*(?:<([^>]*)>)?\s*(\w+)\s*:\s*([^;]+);`)
	entryRE   = regexp.MustCompile(`@(compute|vertex|fragment)\s*(?:@workgroup_size\(([^)]*)\))?\s*fn\s+(\w+)`)
	paramsRE  = regexp.MustCompile(`(?s)struct\s+Params\s*\{(.*?)\}`)
)

// uniformTypes gives size and alignment in bytes of the types that Params may hold
// (WGSL, "Memory Layout").
var uniformTypes = map[string][2]int{
	"u32": {4, 4}, "i32": {4, 4}, "f32": {4, 4},
	"vec2<u32>": {8, 8}, "vec2<i32>": {8, 8}, "vec2<f32>": {8, 8},
	"vec4<u32>": {16, 16}, "vec4<i32>": {16, 16}, "vec4<f32>": {16, 16},
	"mat4x4<f32>": {64, 16},
}

// Reflect reads the interface of a shader's final text.
func Reflect(source string) (Interface, error) {
	text := commentRE.ReplaceAllString(source, "")
	var s Interface
	for _, m := range bindingRE.FindAllStringSubmatch(text, -1) {
		group, _ := strconv.Atoi(m[1])
		binding, _ := strconv.Atoi(m[2])
		b := Binding{Group: group, Binding: binding, Name: m[4]}
		switch space := strings.ReplaceAll(m[3], " ", ""); {
		case space == "uniform":
			b.Kind = Uniform
		case space == "storage" || space == "storage,read":
			b.Kind = StorageRead
		case space == "storage,read_write":
			b.Kind = StorageReadWrite
		case space == "" && strings.HasPrefix(m[5], "texture_2d_array"):
			b.Kind = TextureArray
		case space == "" && strings.HasPrefix(m[5], "texture_2d"):
			b.Kind = Texture
		case space == "" && imageRE.MatchString(m[5]):
			b.Kind = StorageTexture
		case space == "" && writeRE.MatchString(m[5]):
			b.Kind = StorageTextureWrite
		case space == "" && m[5] == "sampler":
			b.Kind = Sampler
		default:
			return s, fmt.Errorf("wgsl: binding %s: var<%s> %s is not handled", b.Name, m[3], m[5])
		}
		s.Bindings = append(s.Bindings, b)
	}
	slices.SortFunc(s.Bindings, func(a, b Binding) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Binding, b.Binding))
	})
	for _, m := range entryRE.FindAllStringSubmatch(text, -1) {
		s.Entries = append(s.Entries, m[3])
		if m[1] != "compute" {
			continue
		}
		s.WorkgroupSize = [3]int{1, 1, 1}
		for i, n := range strings.Split(m[2], ",") {
			v, err := strconv.Atoi(strings.TrimSpace(n))
			if err != nil || i > 2 {
				return s, fmt.Errorf("wgsl: %s: @workgroup_size(%s) is not one to three numbers", m[3], m[2])
			}
			s.WorkgroupSize[i] = v
		}
	}
	if m := paramsRE.FindStringSubmatch(text); m != nil {
		return s, s.layout(m[1])
	}
	return s, nil
}

// Group is the bindings of one group.
func (s Interface) Group(group int) (bindings []Binding) {
	for _, b := range s.Bindings {
		if b.Group == group {
			bindings = append(bindings, b)
		}
	}
	return bindings
}

// layout fills Params from the body of the struct.
func (s *Interface) layout(body string) error {
	at, widest := 0, 16 // a uniform struct is padded to 16 bytes
	for _, member := range strings.FieldsFunc(body, func(r rune) bool { return r == '\n' }) {
		name, typ, ok := strings.Cut(strings.TrimRight(strings.TrimSpace(member), ","), ":")
		if !ok {
			if strings.TrimSpace(member) == "" {
				continue
			}
			return fmt.Errorf("wgsl: struct Params: %q: one member a line is expected", strings.TrimSpace(member))
		}
		typ = strings.TrimSpace(typ)
		t, ok := uniformTypes[typ]
		if !ok {
			return fmt.Errorf("wgsl: struct Params: %s has type %s, whose layout is not handled", name, typ)
		}
		at = (at + t[1] - 1) / t[1] * t[1]
		s.Params = append(s.Params, Field{Name: strings.TrimSpace(name), Type: typ, Offset: at})
		at += t[0]
	}
	s.ParamsSize = (at + widest - 1) / widest * widest
	return nil
}
