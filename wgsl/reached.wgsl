// The elements of matrices x [batch, rows, cols] that were reached, and 0 for the others,
// whatever they are. One thread takes 4 columns of every n-th row; grid
// (ceil(cols/4 / 64), n, batch). Both adapter families.

#import "shared/reach.wgsl"

struct Params {
    rows: u32,
    cols: u32,
    block_i: u32,
    block_j: u32,
    per_i: i32,
    per_j: i32,
    count: i32,
    x_offset4: u32,     // offsets and strides in floats / 4
    x_stride4: u32,
    x_batch4: u32,
    out_offset4: u32,
    out_stride4: u32,
    out_batch4: u32,
    unused0: u32,
    unused1: u32,
    unused2: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4<f32>>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) g: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let column = vec4<u32>(4u * g.x) + vec4<u32>(0u, 1u, 2u, 3u);
    if (4u * g.x >= p.cols) {
        return;
    }
    for (var row = g.y; row < p.rows; row = row + groups.y) {
        let keep = (passed(vec4<u32>(row), column) > vec4<i32>(0)) & (column < vec4<u32>(p.cols));
        let y = x[p.x_offset4 + g.z * p.x_batch4 + row * p.x_stride4 + g.x];
        out[p.out_offset4 + g.z * p.out_batch4 + row * p.out_stride4 + g.x] = select(vec4<f32>(0.0), y, keep);
    }
}
