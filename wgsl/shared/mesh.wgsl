// What the shaders of meshes read. One instance is two triangles that share an edge.

#import "shared/pixels.wgsl"

struct Params {
    size: vec2<f32>,    // of the target, in pixels
}

struct Vertex {
    x: f32,             // on the target, in pixels
    y: f32,
    u: f32,             // on the texture, 0 to 1
    v: f32,
    colour: u32,        // four bytes
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> vertices: array<Vertex>;
@group(0) @binding(2) var<storage, read> corners: array<u32>;  // four a strip of two triangles
@group(0) @binding(3) var sheet: texture_2d<f32>;
@group(0) @binding(4) var smooth_sheet: sampler;

// coverage looks up the texture.
fn coverage(place: vec2<f32>) -> f32 {
    return textureSampleLevel(sheet, smooth_sheet, place, 0.0).r;
}
