// Embedding gather: out[i] = wte[id[i]] + wpe[position + i], rows of d floats.
//
// A token table over the adapter's binding limit comes in parts: a dispatch handles the
// ids lo <= id < hi that its part holds and leaves the other rows alone.
// One thread computes 4 columns; grid (ceil(d/4 / 64), n). Both adapter families.

struct Params {
    n: u32,             // tokens
    d4: u32,            // columns / 4, rounded up
    lo: u32,            // first id in this part of wte
    hi: u32,            // one behind the last
    position: u32,      // wpe row of token 0
    wte_stride4: u32,   // floats from row to row / 4
    wpe_stride4: u32,
    out_stride4: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> ids: array<u32>;
@group(0) @binding(2) var<storage, read> wte: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> wpe: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4<f32>>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) g: vec3<u32>) {
    if (g.x >= p.d4 || g.y >= p.n) {
        return;
    }
    let id = ids[g.y];
    if (id < p.lo || id >= p.hi) {
        return;
    }
    out[g.y * p.out_stride4 + g.x] = wte[(id - p.lo) * p.wte_stride4 + g.x] + wpe[(p.position + g.y) * p.wpe_stride4 + g.x];
}
