// Which row a thread works on, and masks for a row's last vec4.

// row_of numbers the rows over a grid of workgroups folded into x and y.
fn row_of(group: vec3<u32>, groups: vec3<u32>, thread: u32) -> u32 {
    return (group.y * groups.x + group.x) * ROWS + thread / LANES;
}

// keep4 is 1 for each of the columns 4c .. 4c+3 that is below n, else 0.
fn keep4(c: u32, n: u32) -> vec4<f32> {
    let column = vec4<u32>(4u * c) + vec4<u32>(0u, 1u, 2u, 3u);
    return select(vec4<f32>(0.0), vec4<f32>(1.0), column < vec4<u32>(n));
}
