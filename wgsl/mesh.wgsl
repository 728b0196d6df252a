// Triangles in pixels of the target, a colour a corner, under the coverage of a texture: what
// a user interface is made of.

#import "shared/mesh.wgsl"

struct Corner {
    @builtin(position) clip: vec4<f32>,
    @location(0) colour: vec4<f32>,
    @location(1) place: vec2<f32>,      // on the texture
}

@vertex
fn vs(@builtin(vertex_index) vertex: u32, @builtin(instance_index) index: u32) -> Corner {
    let at = corners[4u * index + vertex];
    let place = vec2<f32>(vertices[at].x, vertices[at].y);
    return Corner(clip_of(place, p.size), premultiplied(vertices[at].colour), vec2<f32>(vertices[at].u, vertices[at].v));
}

@fragment
fn fs(c: Corner) -> @location(0) vec4<f32> {
    return c.colour * coverage(c.place);
}
