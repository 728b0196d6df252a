// Matrix product, the readable form: one thread an output. Any strides and offsets, so it
// takes what the others cannot load as vec4s; both adapter families.
// Grid (ceil(width/64), m, batch).

#import "shared/matmul.wgsl"

@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read> residual: array<f32>;
@group(0) @binding(5) var<storage, read_write> c: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) g: vec3<u32>) {
    let col = g.x;
    let row = g.y;
    if (col >= p.width) {
        return;
    }
    let at = p.c_offset + g.z * p.c_batch + row * p.c_stride + col;
    if (col >= p.n) {
        c[at] = 0.0;
        return;
    }
    let a0 = p.a_offset + g.z * p.a_batch + row * p.a_stride;
    let b0 = p.b_offset + g.z * p.b_batch + col * p.b_n;
    var sum = 0.0;
    let end = select(0u, p.k, row < p.m);
    for (var k = 0u; k < end; k = k + 1u) {
        sum = sum + a[a0 + k] * b[b0 + k * p.b_k];
    }
    var bias1 = 0.0;
    if (p.has_bias != 0u && row < p.m) {
        bias1 = bias[p.bias_offset + col];
    }
    var residual1 = 0.0;
    if (p.has_residual != 0u && row < p.m) {
        residual1 = residual[p.residual_offset + g.z * p.residual_batch + row * p.residual_stride + col];
    }
    c[at] = epilogue(vec4<f32>(sum), vec4<f32>(bias1), vec4<f32>(residual1)).x;
}
