// A whole matrix is summarised in parts: a range of up to `step` vec4s of one row each.
// The parts' results, then those of `step` parts at a time, are combined in the same way,
// as the one row of a narrower matrix.

struct Part {
    batch: u32,
    row: u32,
    lo: u32,    // range along the row
    hi: u32,
}

// part_of finds part `index` of [batch, rows, width], `parts` a row.
fn part_of(index: u32, rows: u32, parts: u32, step: u32, width: u32) -> Part {
    let lo = index % parts * step;
    return Part(index / parts / rows, index / parts % rows, lo, min(lo + step, width));
}
