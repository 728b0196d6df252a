// Mip pyramid of matrices x [batch, rows, cols]: each level halves both sides, rounding
// up. A cell holds (mean, max |x|) of the matrix elements that it covers; at an odd edge
// the mean is over the elements really there. One dispatch makes one level from the one
// below; level 1 reads the matrix itself. One thread a cell; grid (cols/8, rows, batch).
// Both adapter families.

struct Params {
    level: u32,         // 1 = half size
    rows: u32,          // of the matrix
    cols: u32,
    x_offset: u32,      // offset and strides in floats
    x_stride: u32,
    x_batch: u32,
    below: u32,         // first cell of the level below, in cells within one batch
    here: u32,          // first cell of this level
    out_batch: u32,     // cells from one batch to the next
    unused0: u32,
    unused1: u32,
    unused2: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> cells: array<vec2<f32>>;

fn side(n: u32, level: u32) -> u32 {
    return (n + (1u << level) - 1u) >> level;
}

// covered is how many of n elements cell i of a level covers along one side.
fn covered(n: u32, i: u32, level: u32) -> f32 {
    return f32(min(n, (i + 1u) << level) - (i << level));
}

@compute @workgroup_size(8, 1, 1)
fn main(@builtin(global_invocation_id) g: vec3<u32>) {
    let rows = side(p.rows, p.level);
    let cols = side(p.cols, p.level);
    if (g.x >= cols || g.y >= rows) {
        return;
    }
    let below = p.level - 1u;
    let r_end = min(2u * g.y + 2u, side(p.rows, below));
    let c_end = min(2u * g.x + 2u, side(p.cols, below));
    var sum = 0.0;
    var top = 0.0;
    for (var r = 2u * g.y; r < r_end; r = r + 1u) {
        for (var c = 2u * g.x; c < c_end; c = c + 1u) {
            if (below == 0u) {
                let v = x[p.x_offset + g.z * p.x_batch + r * p.x_stride + c];
                sum = sum + v;
                top = max(top, abs(v));
            } else {
                let v = cells[g.z * p.out_batch + p.below + r * side(p.cols, below) + c];
                sum = sum + v.x * covered(p.rows, r, below) * covered(p.cols, c, below);
                top = max(top, v.y);
            }
        }
    }
    let area = covered(p.rows, g.y, p.level) * covered(p.cols, g.x, p.level);
    cells[g.z * p.out_batch + p.here + g.y * cols + g.x] = vec2<f32>(sum / area, top);
}
