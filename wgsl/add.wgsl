// Sum of two matrices: out = a + b, [rows, cols]. One thread adds 4 columns; grid
// (ceil(cols/4 / 64), rows). Both adapter families.

struct Params {
    rows: u32,
    cols4: u32,
    a_offset4: u32,     // offsets and strides in floats / 4
    a_stride4: u32,
    b_offset4: u32,
    b_stride4: u32,
    out_offset4: u32,
    out_stride4: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4<f32>>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) g: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    if (g.x >= p.cols4) {
        return;
    }
    // Rows are folded: a matrix may have more of them than a grid has workgroups.
    for (var row = g.y; row < p.rows; row = row + groups.y) {
        out[p.out_offset4 + row * p.out_stride4 + g.x] = a[p.a_offset4 + row * p.a_stride4 + g.x] + b[p.b_offset4 + row * p.b_stride4 + g.x];
    }
}
