// Decoration in space: lines of a width in pixels, and triangles. Their edges are one pixel
// soft.

#import "shared/view.wgsl"

// Stroke is a line from origin to origin + a, width pixels wide, or, where width is 0, the
// triangle of origin, origin + a and origin + b.
struct Stroke {
    origin: vec3<f32>,
    colour: u32,            // four bytes
    a: vec3<f32>,
    width: f32,
    b: vec3<f32>,
    unused: u32,
}

@group(0) @binding(1) var<storage, read> strokes: array<Stroke>;

struct Corner {
    @builtin(position) clip: vec4<f32>,
    @location(0) inside: vec3<f32>,     // of a line: pixels from its middle, of a triangle: shares of its corners
    @location(1) @interpolate(flat) colour: vec4<f32>,
    @location(2) @interpolate(flat) width: f32,
}

// clipped moves one end of a line along it to the near plane, if it lies before that.
fn clipped(end: vec4<f32>, other: vec4<f32>) -> vec4<f32> {
    let over = end.z - end.w;
    let rest = other.z - other.w;
    return select(end, mix(end, other, over / (over - rest)), over > 0.0 && rest < 0.0);
}

@vertex
fn vs(@builtin(vertex_index) vertex: u32, @builtin(instance_index) index: u32) -> Corner {
    let s = strokes[index];
    let c = unpack4x8unorm(s.colour);
    let corner = vec2<f32>(f32(vertex & 1u), f32(vertex >> 1u));
    let a = p.clip * vec4<f32>(s.origin, 1.0);
    let b = p.clip * vec4<f32>(s.origin + s.a, 1.0);
    let first = clipped(a, b);
    let last = clipped(b, a);
    let along = (last.xy / last.w - first.xy / first.w) * p.size;
    let side = normalize(vec2<f32>(-along.y, along.x) + vec2<f32>(0.0, 1e-9));
    // Half a pixel more for the soft edge.
    let reach = (corner.y * 2.0 - 1.0) * (0.5 * s.width + 0.5);
    let end = select(first, last, corner.x > 0.5);
    let line = vec4<f32>(end.xy + side * reach * 2.0 / p.size * end.w, end.zw);
    // The last corner of the quad of a triangle is its second one again.
    let third = corner.y * (1.0 - corner.x);
    let triangle = p.clip * vec4<f32>(s.origin + corner.x * s.a + third * s.b, 1.0);
    let shares = vec3<f32>(corner.x, third, 1.0 - corner.x - third);
    let is_line = s.width > 0.0;
    return Corner(
        select(triangle, line, is_line),
        select(shares, vec3<f32>(reach, 0.0, 0.0), is_line),
        vec4<f32>(c.rgb * c.a, c.a), s.width);
}

@fragment
fn fs(c: Corner) -> @location(0) vec4<f32> {
    let line = 0.5 * c.width + 0.5 - abs(c.inside.x);
    let far = c.inside / max(fwidth(c.inside), vec3<f32>(1e-9)) + 0.5;  // pixels from the sides
    return c.colour * clamp(select(min(far.x, min(far.y, far.z)), line, c.width > 0.0), 0.0, 1.0);
}
