// The online softmax of scores s [rows, cols] after the first blocks of keys, a thread a row.
// Block by block it brings m and l, the running maximum and sum, up to date, as blockwise
// attention does; out = exp(s - m) with the last m, 0 where a row does not see and for keys
// that are still to come. m, l and c, the factor that all before the last block was rescaled
// with, go to `state` [3, rows, 1].

#import "shared/attention.wgsl"

struct Params {
    rows: u32,
    cols: u32,
    keys: u32,          // of a block
    queries: u32,       // of a block
    passed: u32,        // blocks of keys
    causal: u32,        // row i sees the columns up to i
    s_offset4: u32,     // offsets and strides in floats / 4
    s_stride4: u32,
    out_offset4: u32,
    out_stride4: u32,
    state_offset4: u32,
    state_stride4: u32,
    state_batch4: u32,
    unused0: u32,
    unused1: u32,
    unused2: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> s: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> state: array<vec4<f32>>;

// between4 tells which of the columns 4c .. 4c+3 are in lo .. hi-1.
fn between4(c: u32, lo: u32, hi: u32) -> vec4<bool> {
    return below4(4u * c, hi) & (vec4<u32>(4u * c) + vec4<u32>(0u, 1u, 2u, 3u) >= vec4<u32>(lo));
}

@compute @workgroup_size(8, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let row = (group.y * groups.x + group.x) * 8u + thread;
    if (row >= p.rows) {
        return;
    }
    let seen = seen_keys(row, p.cols, p.causal, 0);
    let start = p.s_offset4 + row * p.s_stride4;
    var top = NOTHING;
    var sum = 0.0;
    var rescale = 0.0;
    for (var block = 0u; block < p.passed; block = block + 1u) {
        let lo = block * p.keys;
        let hi = min(lo + p.keys, seen);
        let end = (hi + 3u) / 4u;
        var top4 = vec4<f32>(top);
        for (var c = lo / 4u; c < end; c = c + 1u) {
            top4 = max(top4, select(vec4<f32>(NOTHING), s[start + c], between4(c, lo, hi)));
        }
        let before = top;
        top = max(max(top4.x, top4.y), max(top4.z, top4.w));
        var sum4 = vec4<f32>(0.0);
        for (var c = lo / 4u; c < end; c = c + 1u) {
            sum4 = sum4 + select(vec4<f32>(0.0), weight4(s[start + c] - top), between4(c, lo, hi));
        }
        rescale = weight(before - top);
        sum = sum * rescale + dot(sum4, vec4<f32>(1.0));
    }

    // A block of queries that sees none of the last block's keys skips it.
    let last = min((row / p.queries + 1u) * p.queries, p.rows) - 1u;
    let skips = p.causal != 0u && (p.passed - 1u) * p.keys > last;
    let at = p.state_offset4 + row * p.state_stride4;
    state[at] = vec4<f32>(top, 0.0, 0.0, 0.0);
    state[at + p.state_batch4] = vec4<f32>(sum, 0.0, 0.0, 0.0);
    state[at + 2u * p.state_batch4] = vec4<f32>(select(rescale, 0.0, skips), 0.0, 0.0, 0.0);

    let all4 = (p.cols + 3u) / 4u;
    let end = min(p.passed * p.keys, seen);
    let to = p.out_offset4 + row * p.out_stride4;
    for (var c = 0u; c < all4; c = c + 1u) {
        out[to + c] = select(vec4<f32>(0.0), weight4(s[start + c] - top), below4(4u * c, end));
    }
}
