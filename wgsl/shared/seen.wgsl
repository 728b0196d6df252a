// seen_above counts the elements [i, j], j <= i, of the columns from left on, width wide,
// in the rows above row.
fn seen_above(row: u32, left: u32, width: u32) -> u32 {
    let rows = max(row, left) - left;
    let wedge = min(rows, width);
    return wedge * (wedge + 1u) / 2u + (rows - wedge) * width;
}

// shown is what stands for so many elements of a matrix that one cell or pixel covers: rows
// of them, of which seen are not masked, with a sum and a largest |x|, under a range. It lies
// between their mean and their line, which is what a row has in all its columns together:
// heatmap.wgsl.tmpl says why.
fn shown(sum: f32, peak: f32, rows: u32, seen: u32, range: f32) -> f32 {
    let mean = sum / f32(max(seen, 1u));
    let line = clamp(abs(sum) / f32(max(rows, 1u)), abs(mean), max(peak, abs(mean)));
    let t = sqrt(clamp(line / range, 0.0, 1.0));
    return mean + t * (select(line, -line, mean < 0.0) - mean);
}
