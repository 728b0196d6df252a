package wgsl

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// Every shader expands to text without a trace of template or import, begins with a
// comment, and declares what package gpu relies on.
func TestShaders(t *testing.T) {
	names := Names()
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("names are not sorted and unique: %v", names)
	}
	for _, name := range names {
		source, err := Source(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, left := range []string{"#import", "{{"} {
			if strings.Contains(source, left) {
				t.Errorf("%s: %q is left in the text", name, left)
			}
		}
		if !strings.HasPrefix(source, "// ") {
			t.Errorf("%s: no header comment", name)
		}
		s, err := Reflect(source)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(s.Entries) == 0 {
			t.Errorf("%s: no entry point", name)
		}
		for i, b := range s.Group(0) {
			if b.Binding != i || (i == 0) != (b.Kind == Uniform) {
				t.Errorf("%s: binding %d is %+v; the uniform is 0 and the others follow", name, i, b)
			}
		}
		for i, b := range s.Group(1) {
			if b.Binding != i || b.Kind != StorageTexture {
				t.Errorf("%s: binding %d of group 1 is %+v; images are all there", name, i, b)
			}
		}
		if len(s.Group(0))+len(s.Group(1)) != len(s.Bindings) {
			t.Errorf("%s: bindings outside of groups 0 and 1: %+v", name, s.Bindings)
		}
		if len(s.Group(0)) > 0 && (s.ParamsSize == 0 || s.ParamsSize > 512) {
			t.Errorf("%s: struct Params takes %d bytes", name, s.ParamsSize)
		}
		if slices.Contains(s.Entries, "main") {
			if n := s.WorkgroupSize[0] * s.WorkgroupSize[1] * s.WorkgroupSize[2]; n < 1 || n > 256 {
				t.Errorf("%s: a workgroup of %v threads; every adapter has 1 to 256", name, s.WorkgroupSize)
			}
		}
	}
	if _, err := Source("no_such"); err == nil || !strings.Contains(err.Error(), "no_such") {
		t.Errorf("unknown name: %v", err)
	}
}

func TestImports(t *testing.T) {
	files := fstest.MapFS{
		"shared/a.wgsl":    {Data: []byte("a\n#import \"shared/b.wgsl\"\n")},
		"shared/b.wgsl":    {Data: []byte("b\n")},
		"shared/ring.wgsl": {Data: []byte("ring\n#import \"shared/ring.wgsl\"\n")},
		"shared/bad.wgsl":  {Data: []byte("\n\n#import \"shared/gone.wgsl\"\n")},
		"outside.wgsl":     {Data: []byte("outside\n")},
	}
	for _, c := range []struct{ text, want, err string }{
		{"x\n", "x\n", ""},
		{"#import \"shared/a.wgsl\"\n#import \"shared/b.wgsl\"\nx", "a\nb\nx\n", ""},
		{"#import \"shared/ring.wgsl\"\nx\n", "ring\nx\n", ""},
		{"x\n  #import \"shared/gone.wgsl\"\n", "", "main.wgsl:2"},
		{"#import \"shared/bad.wgsl\"\n", "", "shared/bad.wgsl:3"},
		{"#import \"outside.wgsl\"\n", "", "main.wgsl:1"},
		{"#import \"shared/../outside.wgsl\"\n", "", "main.wgsl:1"},
	} {
		var out strings.Builder
		err := expand(&out, files, "main.wgsl", c.text, map[string]bool{})
		switch {
		case c.err == "" && (err != nil || out.String() != c.want):
			t.Errorf("%q gives %q, %v; want %q", c.text, out.String(), err, c.want)
		case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
			t.Errorf("%q: error %v; want one that names %s", c.text, err, c.err)
		}
	}
}

func TestReflect(t *testing.T) {
	got, err := Reflect(`
// @group(0) @binding(7) var<storage, read> commented: array<f32>;
struct Params {
    a: f32,         // comments do not matter
    b: vec2<u32>,
    c: i32,
    d: vec4<f32>,
    m: mat4x4<f32>,
    e: u32,
}
@group(0) @binding(2) var<storage, read_write> out: array<vec4<f32>>;
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(3) var atlas: texture_2d<f32>;
@group(1) @binding(0) var image: texture_storage_2d<rgba32float, read>;
@compute @workgroup_size(8, 4)
fn main() {}
@vertex
fn vs() {}
`)
	if err != nil {
		t.Fatal(err)
	}
	want := Interface{
		Bindings: []Binding{
			{0, 0, Uniform, "p"}, {0, 1, StorageRead, "x"}, {0, 2, StorageReadWrite, "out"}, {0, 3, Texture, "atlas"},
			{1, 0, StorageTexture, "image"},
		},
		Entries:       []string{"main", "vs"},
		WorkgroupSize: [3]int{8, 4, 1},
		Params: []Field{
			{"a", "f32", 0}, {"b", "vec2<u32>", 8}, {"c", "i32", 16}, {"d", "vec4<f32>", 32}, {"m", "mat4x4<f32>", 48}, {"e", "u32", 112},
		},
		ParamsSize: 128,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, bad := range []string{
		"@compute @workgroup_size(N) fn main() {}",
		"@compute @workgroup_size(1, 2, 3, 4) fn main() {}",
		"struct Params {\n a: vec3<f32>,\n}",
		"struct Params {\n a\n}",
		"@group(0) @binding(0) var<workgroup> x: f32;",
		"@group(1) @binding(0) var x: texture_storage_2d<rgba32float, write>;",
	} {
		if _, err := Reflect(bad); err == nil {
			t.Errorf("no error for %q", bad)
		}
	}
}

// Blocks are what the texts say.
func TestBlock(t *testing.T) {
	for name, want := range map[string][2]int{
		"matmul_naive": {1, 64}, "matmul_blocked_nn": {32, 32}, "matmul_texels_nt": {32, 32}, "matmul_tiled_nt": {64, 64}, "matvec_group_nn": {4, 16}, "matvec_thread_nt": {4, 32},
	} {
		if rows, cols := Block(name); [2]int{rows, cols} != want {
			t.Errorf("%s computes %d x %d a workgroup, want %v", name, rows, cols, want)
		}
	}
}
