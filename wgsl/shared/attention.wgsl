// What the attention kernels share: which keys a query sees, and what a score weighs.

// Finite, so that no infinity minus infinity can arise: the running maximum of a row that
// has seen nothing yet.
const NOTHING: f32 = -1e30;

// seen_keys is how many of the keys, from the first on, query `row` sees: all, or if causal
// those up to position + row.
fn seen_keys(row: u32, keys: u32, causal: u32, position: i32) -> u32 {
    return select(keys, u32(clamp(position + i32(row) + 1, 0, i32(keys))), causal != 0u);
}

// below4 tells which of first .. first+3 are below end.
fn below4(first: u32, end: u32) -> vec4<bool> {
    return vec4<u32>(first) + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(end);
}

// weight is exp(x) for x <= 0, and 0 from where no sum in float32 notices it: products with
// what is smaller still would be denormal, and slow.
fn weight(x: f32) -> f32 {
    return select(exp(x), 0.0, x < -80.0);
}

fn weight4(x: vec4<f32>) -> vec4<f32> {
    return select(exp(x), vec4<f32>(0.0), x < vec4<f32>(-80.0));
}

// log_sum is top + ln(sum), what the LSE of a row is; sum is at least 1. One Newton step makes
// up for adapters whose log is less accurate than their exp.
fn log_sum(top: f32, sum: f32) -> f32 {
    let l = log(sum);
    return top + (l + (sum * exp(-l) - 1.0));
}

// spread is an order of 0 .. n-1 in which any half is worth as much as the other where the
// work of i grows with i, as below a diagonal: a software adapter gives each core a range of
// workgroups.
fn spread(i: u32, n: u32) -> u32 {
    return select(i / 2u, n - 1u - i / 2u, i % 2u == 1u);
}
