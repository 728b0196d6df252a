// Work on one row of a matrix by one thread: for software adapters, whose lanes run
// along x as SIMD (a row a lane) and pay dearly for barriers.
// The counterpart for GPUs is row_group.wgsl, with the same names.

const LANES: u32 = 1u;      // threads a row
const ROWS: u32 = 8u;       // rows a workgroup

fn row_sum(v: f32, lane: u32) -> f32 { return v; }
fn row_max(v: f32, lane: u32) -> f32 { return v; }
// row_first is the smallest of the lanes' indices.
fn row_first(v: u32, lane: u32) -> u32 { return v; }
