// One value for each cell of a region of attention matrices, as a heat map shows it: x holds
// pairs of mean and maximum of what a cell covers, masked elements counted as zeros. The
// matrices are [n, n], causal, and the region is all of each; cell i of side covers the rows
// or columns from i*n/side on, rounded down. One thread a cell; grid (width/8, side, batch).
// Both adapter families.

#import "shared/seen.wgsl"

struct Params {
    n: u32,
    side: u32,
    range: f32,         // |x| that gets the strongest colour
    x_offset: u32,      // offset and strides of the pairs, in floats / 2
    x_stride: u32,
    x_batch: u32,
    out_offset: u32,    // in floats
    out_stride: u32,
    out_batch: u32,
    width: u32,         // columns to write: side, and the padding behind it, which is 0
    unused0: u32,
    unused1: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec2<f32>>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(8, 1, 1)
fn main(@builtin(global_invocation_id) g: vec3<u32>) {
    let to = p.out_offset + g.z * p.out_batch + g.y * p.out_stride + g.x;
    if (g.x >= p.width || g.y >= p.side) {
        return;
    }
    if (g.x >= p.side) {
        out[to] = 0.0;
        return;
    }
    let left = g.x * p.n / p.side;
    let right = (g.x + 1u) * p.n / p.side;
    let top = g.y * p.n / p.side;
    let bottom = (g.y + 1u) * p.n / p.side;
    let seen = seen_above(bottom, left, right - left) - seen_above(top, left, right - left);
    let v = x[p.x_offset + g.z * p.x_batch + g.y * p.x_stride + g.x];
    let sum = v.x * f32((right - left) * (bottom - top));
    out[to] = shown(sum, v.y, bottom - top, seen, p.range);
}
