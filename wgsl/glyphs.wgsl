// Text: one quad a glyph, whose coverage is loaded texel by pixel from the glyph sheet,
// rasterised at the very size it is shown at: nothing is filtered, so it is crisp.

#import "shared/pixels.wgsl"

struct Params {
    size: vec2<f32>,    // of the target, in pixels
}

struct Glyph {
    x: i32,             // upper left corner on the target
    y: i32,
    sheet_x: i32,       // and on the glyph sheet
    sheet_y: i32,
    width: i32,
    height: i32,
    colour: u32,        // four bytes
    unused: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> glyphs: array<Glyph>;
@group(0) @binding(2) var sheet: texture_2d<f32>;

struct Corner {
    @builtin(position) clip: vec4<f32>,
    @location(0) @interpolate(flat) offset: vec2<i32>,  // from target to sheet
    @location(1) @interpolate(flat) colour: vec4<f32>,
}

@vertex
fn vs(@builtin(vertex_index) vertex: u32, @builtin(instance_index) index: u32) -> Corner {
    let g = glyphs[index];
    let place = vec2<f32>(f32(g.x), f32(g.y)) + corner(vertex) * vec2<f32>(f32(g.width), f32(g.height));
    return Corner(clip_of(place, p.size), vec2<i32>(g.sheet_x - g.x, g.sheet_y - g.y), premultiplied(g.colour));
}

@fragment
fn fs(c: Corner) -> @location(0) vec4<f32> {
    return c.colour * textureLoad(sheet, vec2<i32>(c.clip.xy) + c.offset, 0).r;
}
