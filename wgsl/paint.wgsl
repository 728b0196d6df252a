// Colours a part of a matrix x for plane.wgsl: in level 0 of its texture, a texel an
// element. Alpha is the element's weight in what a pixel shows that covers many of them:
// EVEN for the smallest ones, 1 at full scale, 0 for zeros, which are not drawn. A plain
// mean would wash out the few large elements that one looks for. Colours are multiplied by
// it. One thread an element. Both adapter families.

#import "shared/element.wgsl"
#import "shared/weight.wgsl"

struct Params {
    row: u32,           // the part
    col: u32,
    rows: u32,
    cols: u32,
    x_offset: u32,      // of element (0, 0) of the matrix, in floats
    x_stride: u32,
    palette: u32,       // first colour of the matrix
    least: f32,         // |x| at the start of the range,
    slope: f32,         // and 1 over its length; 0: everything is at its end
    unused0: u32,
    unused1: u32,
    unused2: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> palette: array<u32>;
@group(0) @binding(3) var texels: texture_storage_2d<rgba8unorm, write>;

@compute @workgroup_size(8, 4, 1)
fn main(@builtin(global_invocation_id) g: vec3<u32>) {
    if (g.x >= p.cols || g.y >= p.rows) {
        return;
    }
    let at = g.xy + vec2<u32>(p.col, p.row);
    let v = x[p.x_offset + at.y * p.x_stride + at.x];
    let t = place(v, p.least, p.slope);
    let weight = select(EVEN + (1.0 - EVEN) * t * t, 0.0, v == 0.0);
    let colour = unpack4x8unorm(palette[p.palette + shade(v, t)]).rgb;
    textureStore(texels, vec2<i32>(at), vec4<f32>(colour * weight, weight));
}
