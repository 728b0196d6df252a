// Draws the squares that cells.wgsl chose: every pixel looks up its own part of the matrix
// in the value buffer, or in the pyramid where cells are smaller than pixels.
//
// A pixel owns the cells whose centres it contains, so every cell is owned by one pixel:
// nothing falls between pixels and no line gets thicker. Where cells are larger than
// pixels it shows the cell under its own centre.
//
// What a pixel that owns many weights shows lies between their mean and their line, which
// is what a row of the pixel has on average in all its columns together, at most the
// largest weight: a diagonal or a stripe of weight 1 has line 1, one such weight alone
// among f rows 1/f, an even pattern hardly more than its mean.
//     mean + t (line - mean),  t = sqrt(line / range), the line's place on the scale
// The mean alone would wash a diagonal out, by the factor of the reduction; the largest
// weight alone would lift the noise of an even pattern to several times its level, and
// draw a diagonal that crosses pixels twice as thick as one that does not. Noise is of
// small weights, so its t is small and the mean stays. One weight alone is its own mean
// and line, so nothing jumps when the reduction begins.
// Masked elements do not count into the mean: an even row stays even up to the diagonal.

#import "shared/colour.wgsl"
#import "shared/instance.wgsl"
#import "shared/pixels.wgsl"
#import "shared/seen.wgsl"

struct Params {
    size: vec2<f32>,    // of the target, in pixels
    n: u32,             // rows and columns of a matrix
    first: u32,         // the layer's first instance
    palette: u32,
    range: f32,         // |x| that gets the strongest colour
    causal: u32,        // 1: elements right of the diagonal are masked
    masked: u32,        // their colour, four bytes
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> instances: array<Instance>;
@group(0) @binding(2) var<storage, read> values: array<f32>;
@group(0) @binding(3) var<storage, read> pyramid: array<vec2<f32>>;     // mean, max |x|

struct Corner {
    @builtin(position) clip: vec4<f32>,
    @location(0) @interpolate(flat) square: vec4<i32>,  // x, y, side, level
    @location(1) @interpolate(flat) cells: vec4<u32>,   // side of the level, base, stride
}

@vertex
fn vs(@builtin(vertex_index) vertex: u32, @builtin(instance_index) index: u32) -> Corner {
    let i = instances[p.first + index];
    // A square may reach far beyond the target, farther than floats tell pixels apart.
    let place = vec2<i32>(i.x, i.y) + vec2<i32>(corner(vertex)) * i32(i.side);
    return Corner(clip_of(clamp(vec2<f32>(place), vec2<f32>(0.0), p.size), p.size), vec4<i32>(i.x, i.y, i32(i.side), i32(i.level)), vec4<u32>(i.cells, i.base, i.stride, 0u));
}

// ratio is a / b, rounded down. The software adapters' whole-number division is slow; a
// float's is off by one at most, which the remainder tells.
fn ratio(a: u32, b: u32) -> u32 {
    let q = u32(f32(a) / f32(b));
    if (q * b > a) {
        return q - 1u;
    }
    return select(q, q + 1u, a - q * b >= b);
}

// owned is the range [x, y) of cells that pixel at of side owns along one axis.
fn owned(at: u32, side: u32, cells: u32) -> vec2<u32> {
    let single = cells <= side;
    let first = ratio(select(2u * at * cells + side - 1u, (2u * at + 1u) * cells, single), 2u * side);
    return vec2<u32>(first, select(ratio(2u * (at + 1u) * cells + side - 1u, 2u * side), first + 1u, single));
}

@fragment
fn fs(c: Corner) -> @location(0) vec4<f32> {
    let side = u32(c.square.z);
    let level = u32(c.square.w);
    let at = vec2<u32>(vec2<i32>(c.clip.xy) - c.square.xy);
    let cols = owned(at.x, side, c.cells.x);
    let rows = owned(at.y, side, c.cells.x);

    // The elements under the owned cells, and how many of them are not masked.
    let left = cols.x << level;
    let right = min(cols.y << level, p.n);
    let top = rows.x << level;
    let bottom = min(rows.y << level, p.n);
    var seen = (right - left) * (bottom - top);
    if (p.causal == 1u) {
        seen = seen_above(bottom, left, right - left) - seen_above(top, left, right - left);
    }
    if (seen == 0u) {
        return premultiplied(p.masked);
    }

    var sum = 0.0;
    var peak = 0.0;
    for (var i = rows.x; i < rows.y; i = i + 1u) {
        let tall = min((i + 1u) << level, p.n) - (i << level);
        for (var j = cols.x; j < cols.y; j = j + 1u) {
            let index = c.cells.y + i * c.cells.z + j;
            var mean = 0.0;
            var most = 0.0;
            if (level == 0u) {
                mean = values[index];
                most = abs(mean);
            } else {
                let cell = pyramid[index];
                mean = cell.x;
                most = cell.y;
            }
            sum = sum + mean * f32(tall * (min((j + 1u) << level, p.n) - (j << level)));
            peak = max(peak, most);
        }
    }
    return vec4<f32>(colour_of(shown(sum, peak, bottom - top, seen, p.range), p.range, p.palette), 1.0);
}
