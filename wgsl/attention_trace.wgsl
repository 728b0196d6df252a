// The steps of an online softmax, from what attention_split stored of one row of each batch:
// after each split, or key block, the running maximum m, the running sum l, the factor c that
// all before was rescaled with, and the output o gathered so far, not yet divided by l. out
// [batch, splits, 4 + 4 d4] receives (m, l, c, 0) and o. A thread a vec4 of o.

#import "shared/attention.wgsl"

struct Params {
    batch: u32,
    splits: u32,
    d4: u32,
    out_offset4: u32,   // offset and strides in floats / 4
    out_stride4: u32,
    out_batch4: u32,
    unused0: u32,
    unused1: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> work: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4<f32>>;

@compute @workgroup_size(8, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let index = (group.y * groups.x + group.x) * 8u + thread;
    let batch = index / p.d4;
    let i = index % p.d4;
    if (batch >= p.batch) {
        return;
    }
    var top = NOTHING;
    var sum = 0.0;
    var o = vec4<f32>(0.0);
    for (var j = 0u; j < p.splits; j = j + 1u) {
        let record = (batch * p.splits + j) * (1u + p.d4);
        let part = work[record];
        let before = top;
        top = max(top, part.x);
        let rescale = weight(before - top);
        let share = weight(part.x - top);
        sum = sum * rescale + part.y * share;
        o = o * rescale + work[record + 1u + i] * share;
        let to = p.out_offset4 + batch * p.out_batch4 + j * p.out_stride4;
        out[to + 1u + i] = o;
        if (i == 0u) {
            out[to] = vec4<f32>(top, sum, rescale, 0.0);
        }
    }
}
