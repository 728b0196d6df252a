// Cells of a region of attention, step one: a tile of scores S [batch, rows, tile's columns],
// of columns tile_col to tile_end of the region, becomes sum and maximum of the attention
// exp(S - LSE), 0 where a row does not see, over the columns of each cell: strips [batch,
// rows, cells, 2], which gather what the tiles of one row bring. Cell j of a row covers the
// region's columns j * cols / cells up to where the next begins. A thread a strip.

#import "shared/attention.wgsl"

struct Params {
    rows: u32,
    cells: u32,         // a row
    cols: u32,          // of the region
    first_cell: u32,    // the cells that the tile touches
    end_cell: u32,
    tile_col: u32,
    tile_end: u32,
    causal: u32,        // row i sees the region's columns up to position + i
    position: i32,
    s_offset: u32,      // offsets and strides in floats
    s_stride: u32,
    s_batch: u32,
    strip_offset: u32,
    lse_offset: u32,
    lse_stride: u32,    // from one batch to the next
    unused0: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> lse: array<f32>;
@group(0) @binding(2) var<storage, read_write> work: array<f32>;

@compute @workgroup_size(16, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let cell = p.first_cell + group.x * 16u + thread;
    if (cell >= p.end_cell) {
        return;
    }
    let row = group.y;
    let seen = seen_keys(row, p.cols, p.causal, p.position);
    let from_col = cell * p.cols / p.cells;
    let lo = max(from_col, p.tile_col);
    let hi = min(min((cell + 1u) * p.cols / p.cells, p.tile_end), seen);
    let start = p.s_offset + group.z * p.s_batch + row * p.s_stride;
    let whole = lse[p.lse_offset + group.z * p.lse_stride + row];
    var sum = 0.0;
    var top = 0.0;
    for (var c = lo; c < hi; c = c + 1u) {
        let a = exp(work[start + c - p.tile_col] - whole);
        sum = sum + a;
        top = max(top, a);
    }
    let to = p.strip_offset + 2u * ((group.z * p.rows + row) * p.cells + cell);
    let begun = from_col < p.tile_col;
    work[to] = select(0.0, work[to], begun) + sum;
    work[to + 1u] = max(select(0.0, work[to + 1u], begun), top);
}
