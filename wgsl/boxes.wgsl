// Filled rectangles with edges on whole pixels: flat ones, thin lines, and colour keys,
// which show a palette from 0 at the left edge to the strongest colour at the right one.

#import "shared/colour.wgsl"
#import "shared/pixels.wgsl"

struct Params {
    size: vec2<f32>,    // of the target, in pixels
}

struct Box {
    x: i32,
    y: i32,
    width: i32,
    height: i32,
    colour: u32,        // four bytes
    key: u32,           // 0: flat; else the palette + 1
    unused0: u32,
    unused1: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> boxes: array<Box>;

struct Corner {
    @builtin(position) clip: vec4<f32>,
    @location(0) @interpolate(flat) colour: vec4<f32>,
    @location(1) @interpolate(flat) key: u32,
    @location(2) along: f32,        // 0 at the left edge, 1 at the right one
}

@vertex
fn vs(@builtin(vertex_index) vertex: u32, @builtin(instance_index) index: u32) -> Corner {
    let b = boxes[index];
    let c = corner(vertex);
    let place = vec2<f32>(f32(b.x), f32(b.y)) + c * vec2<f32>(f32(b.width), f32(b.height));
    return Corner(clip_of(place, p.size), premultiplied(b.colour), b.key, c.x);
}

@fragment
fn fs(c: Corner) -> @location(0) vec4<f32> {
    if (c.key > 0u) {
        // colour_of takes the root of its value.
        return vec4<f32>(colour_of(c.along * c.along, 1.0, c.key - 1u), 1.0);
    }
    return c.colour;
}
