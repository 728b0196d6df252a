// The exact sum of what attention_split stored: the splits of each row, brought to a common
// maximum, make out [batch, rows, 4 d4] and LSE. A thread a vec4.

#import "shared/attention.wgsl"

struct Params {
    batch: u32,
    rows: u32,
    splits: u32,
    d4: u32,
    out_offset4: u32,   // offset and strides in floats / 4
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
    let i = index % p.d4;
    let first = at * p.splits;
    var top = NOTHING;
    for (var j = first; j < first + p.splits; j = j + 1u) {
        top = max(top, work[j * (1u + p.d4)].x);
    }
    var sum = 0.0;
    var o = vec4<f32>(0.0);
    for (var j = first; j < first + p.splits; j = j + 1u) {
        let part = work[j * (1u + p.d4)];
        let share = weight(part.x - top);
        sum = sum + share * part.y;
        o = o + share * work[j * (1u + p.d4) + 1u + i];
    }
    sum = max(sum, 1e-30);
    let batch = at / p.rows;
    let row = at % p.rows;
    out[p.out_offset4 + batch * p.out_batch4 + row * p.out_stride4 + i] = o / sum;
    if (i == 0u) {
        lse[p.lse_offset + batch * p.lse_stride + row] = log_sum(top, sum);
    }
}
