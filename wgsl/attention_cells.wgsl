// Cells of a region of attention, step two: strips [batch, tile's rows, cols, 2] of sum and
// maximum, of rows tile_row to tile_end of the region, become the (mean, maximum) of cells
// [batch, rows, cols], which gather what the tiles bring. Cell i of a column covers the
// region's rows i * region_rows / rows up to where the next begins; columns likewise. A
// thread a cell.

struct Params {
    rows: u32,
    cols: u32,
    region_rows: u32,
    region_cols: u32,
    first_row: u32,     // of the cells that the tile touches
    tile_row: u32,
    tile_end: u32,
    strip_offset2: u32, // offsets and strides in floats / 2
    cell_offset2: u32,
    cell_stride2: u32,
    cell_batch2: u32,
    unused0: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> work: array<vec2<f32>>;
@group(0) @binding(2) var<storage, read_write> cells: array<vec2<f32>>;

@compute @workgroup_size(16, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let col = group.x * 16u + thread;
    let row = p.first_row + group.y;
    if (col >= p.cols) {
        return;
    }
    let from_row = row * p.region_rows / p.rows;
    let to_row = (row + 1u) * p.region_rows / p.rows;
    let end = min(to_row, p.tile_end);
    var sum = 0.0;
    var top = 0.0;
    for (var i = max(from_row, p.tile_row); i < end; i = i + 1u) {
        let strip = work[p.strip_offset2 + (group.z * (p.tile_end - p.tile_row) + i - p.tile_row) * p.cols + col];
        sum = sum + strip.x;
        top = max(top, strip.y);
    }
    let to = p.cell_offset2 + group.z * p.cell_batch2 + row * p.cell_stride2 + col;
    let before = select(vec2<f32>(0.0), cells[to], from_row < p.tile_row);
    let covered = (to_row - from_row) * ((col + 1u) * p.region_cols / p.cols - col * p.region_cols / p.cols);
    sum = before.x + sum;
    cells[to] = vec2<f32>(select(sum, sum / f32(covered), to_row <= p.tile_end), max(before.y, top));
    if (col + 1u == p.cols && p.cols % 2u == 1u) {
        cells[to + 1u] = vec2<f32>(0.0);    // the padding
    }
}
