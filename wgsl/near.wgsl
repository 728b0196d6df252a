// Makes instances of the elements that are seen from near by: those, in a range of rows and
// columns of one matrix, whose cells take more than p.balls pixels, that are not zero and
// that are in view. The others are left to plane.wgsl, which decides by the same comparison.
// All matrices append to one list and count in the arguments of one indirect draw. One
// thread an element, a grid folded into x and y. Both adapter families.

#import "shared/plane.wgsl"
#import "shared/element.wgsl"
#import "shared/spot.wgsl"

struct Params {
    clip: mat4x4<f32>,      // as in shared/view.wgsl
    eye: vec4<f32>,
    back: vec4<f32>,
    unit: f32,
    near: f32,
    far: f32,
    balls: f32,
    ball: f32,
    margin: f32,            // radius of a full-size ball of scale 1, in clip space at depth 1
    capacity: u32,          // instances that the list holds
    index: u32,             // of the matrix
    row: u32,               // the range
    col: u32,
    rows: u32,
    cols: u32,
    rows_block: u32,        // elements in use, which are brighter: those of which both row and
    rows_index: u32,        // column are one of count, from number index on, in every block of so
    rows_count: u32,        // many; 0: none
    cols_block: u32,
    cols_index: u32,
    cols_count: u32,
    bright: f32,            // is added to every channel
    unused0: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> matrices: array<Matrix>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> palette: array<u32>;
@group(0) @binding(4) var<storage, read_write> spots: array<Spot>;
@group(0) @binding(5) var<storage, read_write> args: array<atomic<u32>>; // vertices, instances, 0, 0

#import "shared/depth.wgsl"

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) g: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = g.y * groups.x * 64u + g.x;
    if (i >= p.rows * p.cols) {
        return;
    }
    let row = p.row + i / p.cols;
    let col = p.col + i % p.cols;
    let m = matrices[p.index];
    let centre = world_of(m, place_of(m, row, col));
    let depth = depth_at(centre);
    if (depth < p.near || depth > p.far || p.unit <= p.balls * depth) {
        return;
    }
    let c = p.clip * vec4<f32>(centre, 1.0);
    if (max(abs(c.x), abs(c.y)) > c.w + p.margin * m.scale) {
        return;
    }
    let v = x[m.x_offset + row * m.x_stride + col];
    if (v == 0.0) {
        return;
    }
    let t = place(v, m.least, m.slope);
    let slot = atomicAdd(&args[1], 1u);
    if (slot < p.capacity) {
        let radius = 0.5 * p.ball * m.scale * (m.min_size + (1.0 - m.min_size) * t);
        // What is below the index wraps around.
        let lit = p.rows_block > 0u && row % max(p.rows_block, 1u) - p.rows_index < p.rows_count && col % max(p.cols_block, 1u) - p.cols_index < p.cols_count;
        let colour = clamp(unpack4x8unorm(palette[m.palette + shade(v, t)]) + select(0.0, p.bright, lit), vec4<f32>(0.0), vec4<f32>(1.0));
        spots[slot] = Spot(centre, radius, pack4x8unorm(colour), p.index, row, col);
    } else {
        atomicSub(&args[1], 1u); // what the list does not hold is not drawn
    }
}
