// The end of an online softmax: out [batch, rows, 4 d4] divided by each row's sum l, and the
// row's LSE = m + ln l, from the (m, l, c, 0) of each row in `work`. A row that saw nothing
// is 0, its LSE -1e30. A thread a vec4.

#import "shared/attention.wgsl"

struct Params {
    batch: u32,
    rows: u32,
    d4: u32,
    state_offset4: u32, // [batch, rows, 4]; offsets and strides in floats / 4
    out_offset4: u32,
    out_stride4: u32,
    out_batch4: u32,
    lse_offset: u32,    // in floats
    lse_stride: u32,    // from one batch to the next, in floats
    unused0: u32,
    unused1: u32,
    unused2: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> work: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> lse: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let index = (group.y * groups.x + group.x) * 64u + thread;
    let at = index / p.d4;
    if (at >= p.batch * p.rows) {
        return;
    }
    let batch = at / p.rows;
    let row = at % p.rows;
    let i = index % p.d4;
    let state = work[p.state_offset4 + at];
    let to = p.out_offset4 + batch * p.out_batch4 + row * p.out_stride4 + i;
    out[to] = out[to] / max(state.y, 1e-30);
    if (i == 0u) {
        lse[p.lse_offset + batch * p.lse_stride + row] = log_sum(state.x, max(state.y, 1e-30));
    }
}
