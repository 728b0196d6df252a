// Quads in pixels of the target, x to the right, y down.

// corner is the place of a triangle strip's vertex on the unit square.
fn corner(vertex: u32) -> vec2<f32> {
    return vec2<f32>(f32(vertex & 1u), f32(vertex >> 1u));
}

// clip_of takes a place in pixels to clip space.
fn clip_of(place: vec2<f32>, target_size: vec2<f32>) -> vec4<f32> {
    return vec4<f32>(2.0 * place.x / target_size.x - 1.0, 1.0 - 2.0 * place.y / target_size.y, 0.0, 1.0);
}

// premultiplied unpacks a colour of four bytes, red lowest, alpha not premultiplied.
fn premultiplied(packed: u32) -> vec4<f32> {
    let c = unpack4x8unorm(packed);
    return vec4<f32>(c.rgb * c.a, c.a);
}
