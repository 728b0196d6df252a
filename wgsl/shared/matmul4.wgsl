// Matrix products whose offsets and strides are multiples of 4 floats: the bindings as
// vec4s, a mask for the end of k or n, and the store of four columns.

#import "shared/matmul.wgsl"

@group(0) @binding(1) var<storage, read> a: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> bias: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> residual: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> c: array<vec4<f32>>;

// below tells which of 4q .. 4q+3 are below end. What a load brings from there on is
// another tensor's, or anything: it is never multiplied, since 0 times NaN is NaN.
fn below(q: u32, end: u32) -> vec4<bool> {
    return vec4<u32>(4u * q) + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(end);
}

// store4 finishes row, columns 4q .. 4q+3 of a batch, with zeros from column n on. What is
// outside of C it leaves alone.
fn store4(batch: u32, row: u32, q: u32, sum: vec4<f32>) {
    if (row >= p.m || 4u * q >= p.n) {
        return;
    }
    var bias4 = vec4<f32>(0.0);
    if (p.has_bias != 0u && q < p.n) {
        bias4 = bias[p.bias_offset / 4u + q];
    }
    var residual4 = vec4<f32>(0.0);
    if (p.has_residual != 0u && q < p.n) {
        residual4 = residual[(p.residual_offset + batch * p.residual_batch + row * p.residual_stride) / 4u + q];
    }
    let x = epilogue(sum, bias4, residual4);
    c[(p.c_offset + batch * p.c_batch + row * p.c_stride) / 4u + q] = select(vec4<f32>(0.0), x, below(q, p.n));
}
