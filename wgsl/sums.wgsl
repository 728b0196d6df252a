// A matrix product under way: sums of a [m, k] times b [k, n], of which each element (i, j)
// has as many products of each block of k as it was reached for. Where that is all of them
// it takes them from whole, the complete sums. One thread takes an element, threads side by
// side those of one column, since columns are what is under way at a time; grid
// (ceil(m/64), columns with the padding behind them). Both adapter families.

#import "shared/reach.wgsl"

struct Params {
    m: u32,
    n: u32,
    k: u32,
    width: u32,         // n, and the padding behind it, which is 0
    scale: f32,         // factor of the sums
    block_i: u32,
    block_k: u32,
    block_j: u32,
    per_i: i32,
    per_j: i32,
    rate: i32,          // products added an index
    count: i32,
    a_offset: u32,      // offsets and strides in floats
    a_stride: u32,
    b_offset: u32,
    b_stride: u32,
    whole_offset: u32,
    whole_stride: u32,
    out_offset: u32,
    out_stride: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read> whole: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) g: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = g.x;
    if (i >= p.m) {
        return;
    }
    // Columns are folded: a matrix may have more of them than a grid has workgroups.
    for (var j = g.y; j < p.width; j = j + groups.y) {
        let block = i32(p.block_k);
        let indices = passed(vec4<u32>(i), vec4<u32>(j)).x;
        let depth = clamp(clamp(indices, 0, (block + p.rate - 1) / p.rate) * p.rate, 0, block);
        let under_way = depth > 0 && depth < block && j < p.n;
        // What is not under way has no rounds: an end of 0.
        let end = select(0u, p.k, under_way);
        var sum = 0.0;
        for (var first = 0u; first < end; first = first + p.block_k) {
            let last = min(first + u32(depth), end);
            for (var k = first; k < last; k = k + 1u) {
                sum = sum + a[p.a_offset + i * p.a_stride + k] * b[p.b_offset + k * p.b_stride + j];
            }
        }
        var value = p.scale * sum;
        if (depth >= block && j < p.n) {
            value = whole[p.whole_offset + i * p.whole_stride + j];
        }
        out[p.out_offset + i * p.out_stride + j] = value;
    }
}
