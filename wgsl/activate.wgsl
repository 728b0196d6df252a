// A function of each element: out = f(x), [rows, cols], f by `kind` as numbered in
// wgsl/cpu.Activation. A NaN stays one. One thread takes 4 columns; grid
// (ceil(cols/4 / 64), rows). Both adapter families.

struct Params {
    rows: u32,
    cols: u32,
    kind: u32,
    x_offset4: u32,     // offsets and strides in floats / 4
    x_stride4: u32,
    out_offset4: u32,
    out_stride4: u32,
    unused0: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4<f32>>;

// half_erfc is erfc(z) / 2 for z >= 0, to 1.2e-7 of its own value: Press et al., Numerical
// Recipes, erfcc (a Chebyshev fit of the exponent). WGSL has no error function.
fn half_erfc(z: vec4<f32>) -> vec4<f32> {
    let t = 1.0 / (1.0 + 0.5 * z);
    let fit = t * (1.00002368 + t * (0.37409196 + t * (0.09678418 + t * (-0.18628806 + t * (0.27886807 + t * (-1.13520398
        + t * (1.48851587 + t * (-0.82215223 + t * 0.17087277))))))));
    return 0.5 * t * exp(-1.26551223 - z * z + fit);
}

// tanh_of is the hyperbolic tangent of x, given |x| and exp(-|x|): its series near 0, where
// the quotient of exponentials (the built-in, on many adapters) loses all digits.
fn tanh_of(x: vec4<f32>, a: vec4<f32>, e: vec4<f32>) -> vec4<f32> {
    let s = a * a;
    let near = a * (1.0 + s * (-0.33333333 + s * (0.13333333 + s * (-0.053968254 + s * 0.021869489))));
    let far = (1.0 - e * e) / (1.0 + e * e);
    return sign(x) * select(far, near, a < vec4<f32>(0.25));
}

fn activate(x: vec4<f32>) -> vec4<f32> {
    let zero = vec4<f32>(0.0);
    // Beyond 100 every function here has reached its limit in float32: nothing overflows.
    let a = min(abs(x), vec4<f32>(100.0));
    let e = exp(-a);
    let up = x > zero;
    let sigmoid = select(e, vec4<f32>(1.0), up) / (1.0 + e);
    let tail = half_erfc(0.70710678 * a);
    let gone = x < vec4<f32>(-100.0);
    // All are computed and one is chosen: see shared/matmul.wgsl on branches by uniforms.
    var y = select(zero, x, up);                                                        // relu
    y = select(y, select(x * select(tail, 1.0 - tail, up), zero, gone), p.kind == 1u);  // gelu
    y = select(y, sigmoid, p.kind == 2u);
    y = select(y, select(x * sigmoid, zero, gone), p.kind == 3u);                       // silu
    y = select(y, tanh_of(x, a, e), p.kind == 4u);
    y = select(y, x * x, p.kind == 5u);
    // By the bits: compilers may assume that x == x.
    return select(y, x, (bitcast<vec4<u32>>(x) & vec4<u32>(0x7fffffffu)) > vec4<u32>(0x7f800000u));
}

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) g: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let column = vec4<u32>(4u * g.x) + vec4<u32>(0u, 1u, 2u, 3u);
    if (4u * g.x >= p.cols) {
        return;
    }
    // Rows are folded: a matrix may have more of them than a grid has workgroups.
    for (var row = g.y; row < p.rows; row = row + groups.y) {
        let y = activate(x[p.x_offset4 + row * p.x_stride4 + g.x]);
        out[p.out_offset4 + row * p.out_stride4 + g.x] = select(vec4<f32>(0.0), y, column < vec4<u32>(p.cols));
    }
}
