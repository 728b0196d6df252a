// What every matrix product shares: C[b] = epilogue(A[b] B[b]), A [m, k], C [m, n], B given
// as [k, n] ("nn") or as its transpose [n, k] ("nt").

struct Params {
    m: u32,
    n: u32,
    k: u32,
    width: u32,         // columns of C to write: n, or n rounded up to 4 with zeros behind n
    scale: f32,         // factor of the sums, before all else
    has_bias: u32,
    gelu: u32,
    has_residual: u32,
    causal: u32,        // row i of A (nn) or C (nt) ends at column position + i
    position: i32,
    a_offset: u32,      // offsets and strides in floats
    a_stride: u32,
    a_batch: u32,
    b_offset: u32,
    b_k: u32,           // from one k to the next, and from one column of C to the next
    b_n: u32,
    b_batch: u32,
    c_offset: u32,
    c_stride: u32,
    c_batch: u32,
    bias_offset: u32,
    residual_offset: u32,
    residual_stride: u32,
    residual_batch: u32,
}

@group(0) @binding(0) var<uniform> p: Params;

// gelu4 is GPT-2's gelu_new. The hyperbolic tangent is 1 in float32 from 9.1 on, and
// implementations by way of exp overflow far above that: hence the clamp.
fn gelu4(x: vec4<f32>) -> vec4<f32> {
    let u = 0.7978845608 * (x + 0.044715 * x * x * x);
    return 0.5 * x * (1.0 + tanh(clamp(u, vec4<f32>(-10.0), vec4<f32>(10.0))));
}

// epilogue turns sums into the values to store. A bias or residual that is not there is 0.
fn epilogue(sum: vec4<f32>, bias: vec4<f32>, residual: vec4<f32>) -> vec4<f32> {
    let x = sum * p.scale + bias;
    return select(x, gelu4(x), p.gelu != 0u) + residual;
}

// No branch or loop may hang on uniforms alone: lavapipe takes these for constants to
// compile in, and where that shortens the code it compiles anew at every dispatch. Hence
// the select above, and conditions below that also name a row or column.

// k_end is where the sums of rows up to last and columns from first on may stop: at p.k,
// or earlier where the mask leaves only zeros of A (nn) or columns nobody looks at (nt).
fn k_end_nn(last: u32, first: u32) -> u32 {
    return select(p.k, min(p.k, u32(max(p.position + i32(last) + 1, 0))), p.causal != 0u);
}

fn k_end_nt(last: u32, first: u32) -> u32 {
    return select(p.k, 0u, p.causal != 0u && i32(first) > p.position + i32(last));
}
