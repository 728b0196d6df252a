// How far the sums of a matrix product have come while they are shown one index after the
// other: see wgsl/cpu.Reach. Params has block_i, block_j, per_i, per_j, count.

// remainder4 is n mod by, for n < 2^21, by way of floats: integers divide lane by lane on
// software adapters. Up to there n is never so close below a multiple that the quotient is
// one too large; at a multiple it may be one too small.
fn remainder4(n: vec4<u32>, by: u32) -> vec4<i32> {
    let size = vec4<i32>(i32(by));
    let rest = vec4<i32>(n) - vec4<i32>(vec4<f32>(n) * (1.0 / f32(by))) * size;
    return select(rest, rest - size, rest >= size);
}

// passed is how many indices have passed at elements (i, j): above 0 where they were reached.
fn passed(i: vec4<u32>, j: vec4<u32>) -> vec4<i32> {
    return vec4<i32>(p.count) - p.per_i * remainder4(i, p.block_i) - p.per_j * remainder4(j, p.block_j);
}
