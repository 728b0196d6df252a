// A part of one mip level of a texture from the level above it: each texel is the mean of those it
// covers, in parts where sides are odd. One thread a texel. Both adapter families.

struct Params {
    width: u32,         // of the level to write
    height: u32,
    above_width: u32,
    above_height: u32,
    x: u32,             // the part
    y: u32,
    cols: u32,
    rows: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var above: texture_2d<f32>;
@group(0) @binding(2) var texels: texture_storage_2d<rgba8unorm, write>;

@compute @workgroup_size(8, 4, 1)
fn main(@builtin(global_invocation_id) g: vec3<u32>) {
    if (g.x >= p.cols || g.y >= p.rows) {
        return;
    }
    let texel = g.xy + vec2<u32>(p.x, p.y);
    // What the texel covers, in texels above: at most three a side, since sides are halved
    // and rounded down.
    let step = vec2<f32>(f32(p.above_width) / f32(p.width), f32(p.above_height) / f32(p.height));
    let lo = vec2<f32>(texel) * step;
    let hi = min(lo + step, vec2<f32>(f32(p.above_width), f32(p.above_height)));
    let first = vec2<i32>(floor(lo + vec2<f32>(0.001)));
    var sum = vec4<f32>(0.0);
    var area = 0.0;
    for (var y = 0; y < 3; y = y + 1) {
        for (var x = 0; x < 3; x = x + 1) {
            let at = first + vec2<i32>(x, y);
            let cover = max(vec2<f32>(0.0), min(hi, vec2<f32>(at) + 1.0) - max(lo, vec2<f32>(at)));
            let share = cover.x * cover.y;
            let inside = min(at, vec2<i32>(i32(p.above_width), i32(p.above_height)) - vec2<i32>(1));
            sum = sum + share * textureLoad(above, inside, 0);
            area = area + share;
        }
    }
    textureStore(texels, vec2<i32>(texel), sum / area);
}
