// mesh.wgsl for large triangles of one colour under one place of the texture, such as the
// background of a panel: the corners do all the work, which software adapters notice.

#import "shared/mesh.wgsl"

struct Corner {
    @builtin(position) clip: vec4<f32>,
    @location(0) @interpolate(flat) colour: vec4<f32>,
}

@vertex
fn vs(@builtin(vertex_index) vertex: u32, @builtin(instance_index) index: u32) -> Corner {
    let at = corners[4u * index + vertex];
    let place = vec2<f32>(vertices[at].x, vertices[at].y);
    return Corner(clip_of(place, p.size), premultiplied(vertices[at].colour) * coverage(vec2<f32>(vertices[at].u, vertices[at].v)));
}

@fragment
fn fs(c: Corner) -> @location(0) vec4<f32> {
    return c.colour;
}
