// Work on one row of a matrix by one workgroup of 64 threads, which share their partial
// results through workgroup memory: for GPUs.
// The counterpart for software adapters is row_thread.wgsl, with the same names.

const LANES: u32 = 64u;     // threads a row
const ROWS: u32 = 1u;       // rows a workgroup

var<workgroup> row_shared: array<f32, 64>;
var<workgroup> row_index: array<u32, 64>;

// row_sum adds the lanes' values; every lane gets the sum.
fn row_sum(v: f32, lane: u32) -> f32 {
    workgroupBarrier();
    row_shared[lane] = v;
    for (var half = 32u; half > 0u; half = half / 2u) {
        workgroupBarrier();
        if (lane < half) {
            row_shared[lane] = row_shared[lane] + row_shared[lane + half];
        }
    }
    workgroupBarrier();
    return row_shared[0];
}

// row_max is the largest of the lanes' values.
fn row_max(v: f32, lane: u32) -> f32 {
    workgroupBarrier();
    row_shared[lane] = v;
    for (var half = 32u; half > 0u; half = half / 2u) {
        workgroupBarrier();
        if (lane < half) {
            row_shared[lane] = max(row_shared[lane], row_shared[lane + half]);
        }
    }
    workgroupBarrier();
    return row_shared[0];
}

// row_first is the smallest of the lanes' indices.
fn row_first(v: u32, lane: u32) -> u32 {
    workgroupBarrier();
    row_index[lane] = v;
    for (var half = 32u; half > 0u; half = half / 2u) {
        workgroupBarrier();
        if (lane < half) {
            row_index[lane] = min(row_index[lane], row_index[lane + half]);
        }
    }
    workgroupBarrier();
    return row_index[0];
}
