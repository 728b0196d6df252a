// Online softmax of a tile of scores, for software adapters: a thread a row. S [batch, rows,
// cols], in `work`, becomes the weights P = exp(S - m), 0 where a row does not see; m and l,
// the running maximum and sum of the row, are brought up to date, and what the row has
// gathered so far, `out` [batch, rows, 4 d4], is copied to `work` with the rescale factor
// c = exp(m before - m): out = that + P V is then a matrix product. `first`: there is
// nothing before. (m, l, c, 0) of each row lies in `work`, too.

#import "shared/attention.wgsl"

struct Params {
    batch: u32,
    rows: u32,
    cols: u32,
    d4: u32,
    first: u32,
    causal: u32,        // row i sees the columns up to position + i
    position: i32,
    s_offset4: u32,     // offsets and strides in floats / 4
    s_stride4: u32,
    s_batch4: u32,
    out_offset4: u32,
    out_stride4: u32,
    out_batch4: u32,
    copy_offset4: u32,  // [batch, rows, 4 d4] without gaps
    state_offset4: u32, // [batch, rows, 4]
    unused0: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> out: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> work: array<vec4<f32>>;

@compute @workgroup_size(8, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let index = 8u * spread(group.y * groups.x + group.x, groups.x * groups.y) + thread;
    if (index >= p.batch * p.rows) {
        return;
    }
    let batch = index / p.rows;
    let row = index % p.rows;
    let seen = seen_keys(row, p.cols, p.causal, p.position);
    let start = p.s_offset4 + batch * p.s_batch4 + row * p.s_stride4;
    let seen4 = (seen + 3u) / 4u;
    let all4 = (p.cols + 3u) / 4u;
    let state = select(work[p.state_offset4 + index], vec4<f32>(NOTHING, 0.0, 1.0, 0.0), p.first != 0u);

    var top4 = vec4<f32>(state.x);
    for (var c = 0u; c < seen4; c = c + 1u) {
        top4 = max(top4, select(vec4<f32>(NOTHING), work[start + c], below4(4u * c, seen)));
    }
    let top = max(max(top4.x, top4.y), max(top4.z, top4.w));
    var sum4 = vec4<f32>(0.0);
    for (var c = 0u; c < seen4; c = c + 1u) {
        let y = select(vec4<f32>(0.0), weight4(work[start + c] - top), below4(4u * c, seen));
        work[start + c] = y;
        sum4 = sum4 + y;
    }
    for (var c = seen4; c < all4; c = c + 1u) {
        work[start + c] = vec4<f32>(0.0);
    }
    let rescale = weight(state.x - top);
    work[p.state_offset4 + index] = vec4<f32>(top, state.y * rescale + dot(sum4, vec4<f32>(1.0)), rescale, 0.0);

    let gathered = p.out_offset4 + batch * p.out_batch4 + row * p.out_stride4;
    let end = select(p.d4, 0u, p.first != 0u && row < p.rows);
    for (var i = 0u; i < end; i = i + 1u) {
        work[p.copy_offset4 + index * p.d4 + i] = rescale * out[gathered + i];
    }
}
