// Colours of values: out[i] = the colour of x[i] as four bytes red, green, blue, 255 in
// one word, red lowest. Packed values, one thread each, a grid folded into x and y.
// Both adapter families.

#import "shared/colour.wgsl"

struct Params {
    n: u32,
    palette: u32,
    range: f32,         // |x| that gets the strongest colour
    unused: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) g: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = g.y * groups.x * 64u + g.x;
    if (i < p.n) {
        out[i] = pack4x8unorm(vec4<f32>(colour_of(x[i], p.range, p.palette), 1.0));
    }
}
