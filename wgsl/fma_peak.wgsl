// What the adapter's multipliers can do: every thread runs 8 independent chains of
// multiply-adds of vec4s in registers, 128 times a round; no memory is touched
// until the end. FLOP = threads * rounds * 128 * 8 * 4 * 2. Only for measuring.

struct Params {
    rounds: u32,
    a: f32,
    b: f32,
    unused: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> out: array<vec4<f32>>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) g: vec3<u32>) {
    let a = vec4<f32>(p.a);
    let b = vec4<f32>(p.b);
    var x0 = vec4<f32>(f32(g.x));
    var x1 = x0 + 1.0;
    var x2 = x0 + 2.0;
    var x3 = x0 + 3.0;
    var x4 = x0 + 4.0;
    var x5 = x0 + 5.0;
    var x6 = x0 + 6.0;
    var x7 = x0 + 7.0;
    for (var i = 0u; i < p.rounds * 128u; i = i + 1u) {
        x0 = fma(x0, a, b);
        x1 = fma(x1, a, b);
        x2 = fma(x2, a, b);
        x3 = fma(x3, a, b);
        x4 = fma(x4, a, b);
        x5 = fma(x5, a, b);
        x6 = fma(x6, a, b);
        x7 = fma(x7, a, b);
    }
    out[g.x] = x0 + x1 + x2 + x3 + x4 + x5 + x6 + x7;
}
