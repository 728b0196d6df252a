// Where the matrices of one layer x [heads, n, n] stand on a sheet: each head's rank in the
// sheet's order gives column and row, these its square; squares out of view are
// culled, the rest get a level of detail and become instances of heatmap.wgsl.tmpl, and the
// count goes into the layer's arguments of an indirect draw. No value is read.
//
// One thread does a layer: a few dozen heads are less work than the counters and the reset
// that many threads would share, and the instances keep the order of the heads.
// Both adapter families.

#import "shared/instance.wgsl"

struct Params {
    draw: u32,          // number of the layer's draw arguments
    first: u32,         // of the layer's ranks and instances
    heads: u32,
    n: u32,             // rows and columns of a matrix
    columns: u32,       // of the sheet
    x: i32,             // upper left corner of the first square, in pixels
    y: i32,
    side: u32,          // of a square, in pixels
    pitch_x: i32,       // from square to square
    pitch_y: i32,
    left: i32,          // what is seen of the sheet
    top: i32,
    right: i32,
    bottom: i32,
    x_offset: u32,      // offset and strides of the values, in floats
    x_stride: u32,
    x_batch: u32,
    unused0: u32,
    unused1: u32,
    unused2: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> ranks: array<u32>;                 // of heads; not below 2^31: not shown
@group(0) @binding(2) var<storage, read_write> instances: array<Instance>;
@group(0) @binding(3) var<storage, read_write> args: array<vec4<u32>>;      // vertices, instances, 0, 0

fn cells_at(level: u32) -> u32 {
    return (p.n + (1u << level) - 1u) >> level;
}

@compute @workgroup_size(1, 1, 1)
fn main() {
    // The coarsest level that still has a cell for every pixel along the side; all squares
    // are of one size. Where a matrix cell has a pixel or more, that is the matrix itself.
    var level = 0u;
    var first = 0u;
    var pyramid = 0u;
    for (var l = 1u; cells_at(l - 1u) > 1u; l = l + 1u) {
        if (cells_at(l) >= p.side) {
            level = l;
            first = pyramid;
        }
        pyramid = pyramid + cells_at(l) * cells_at(l);
    }

    var count = 0u;
    for (var head = 0u; head < p.heads; head = head + 1u) {
        let rank = ranks[p.first + head];
        let x = p.x + i32(rank % p.columns) * p.pitch_x;
        let y = p.y + i32(rank / p.columns) * p.pitch_y;
        let side = i32(p.side);
        if (rank >= 0x80000000u || x >= p.right || y >= p.bottom || x + side <= p.left || y + side <= p.top) {
            continue;
        }
        var base = p.x_offset + head * p.x_batch;
        var stride = p.x_stride;
        if (level > 0u) {
            base = head * pyramid + first;
            stride = cells_at(level);
        }
        instances[p.first + count] = Instance(x, y, p.side, level, cells_at(level), base, stride, head);
        count = count + 1u;
    }
    args[p.draw] = vec4<u32>(4u, count, 0u, 0u);
}
