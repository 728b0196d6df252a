// Elements seen from near by, each a shaded ball: a square that faces the camera, cut to a
// disc, with the depth of a sphere. Where a cell takes hardly more than p.balls pixels, the
// square lies in the plane of its matrix and stays within its cell, as plane.wgsl draws it
// below that size; it stands up as one comes closer, so that nothing jumps.

#import "shared/view.wgsl"
#import "shared/plane.wgsl"
#import "shared/spot.wgsl"
#import "shared/ball.wgsl"

@group(0) @binding(1) var<storage, read> matrices: array<Matrix>;
@group(0) @binding(2) var<storage, read> spots: array<Spot>;

#import "shared/depth.wgsl"

struct Corner {
    @builtin(position) clip: vec4<f32>,
    @location(0) at: vec2<f32>,                             // on the disc, 1 at its edge
    @location(1) @interpolate(flat) colour: vec3<f32>,
    @location(2) @interpolate(flat) ball: vec3<f32>,        // depth, radius, how far it stands up
}

@vertex
fn vs(@builtin(vertex_index) vertex: u32, @builtin(instance_index) index: u32) -> Corner {
    let s = spots[index];
    let m = matrices[s.plane];
    let depth = depth_at(s.centre);
    let pixels = p.unit / depth;
    let stand = smoothstep(p.balls, 1.8 * p.balls + 0.001, pixels);
    let radius = max(s.radius, 0.5 / pixels);
    // Half a pixel more for the soft edge, which takes up more of a slanting disc.
    let edge = mix(1.0, 0.5, stand) / (radius * pixels);
    let at = (vec2<f32>(f32(vertex & 1u), f32(vertex >> 1u)) * 2.0 - 1.0) * (1.0 + edge);
    // The plane's own directions, those that lie nearest to the screen's.
    let turn = facing(m, p.right.xyz, p.up.xyz);
    let flat_right = m.across * turn[0].x + m.down * turn[1].x;
    let flat_up = m.across * turn[0].y + m.down * turn[1].y;
    let right = mix(flat_right, p.right.xyz, stand);
    let up = mix(flat_up, p.up.xyz, stand);
    let place = s.centre + radius * (at.x * right + at.y * up);
    return Corner(p.clip * vec4<f32>(place, 1.0), at, unpack4x8unorm(s.colour).rgb, vec3<f32>(depth, radius, stand));
}

struct Pixel {
    @location(0) colour: vec4<f32>,
    @builtin(frag_depth) depth: f32,
}

@fragment
fn fs(c: Corner) -> Pixel {
    let r = dot(c.at, c.at);
    let reach = max(abs(c.at.x), abs(c.at.y)) * c.ball.y;
    let cover = clamp((1.0 - sqrt(r)) / sqrt(length(dpdx(c.at)) * length(dpdy(c.at))) + 0.5, 0.0, 1.0);
    if (cover < 0.02 || reach > mix(0.5, 4.0, c.ball.z)) {
        discard;
    }
    let depth = c.ball.x - c.ball.y * c.ball.z * sqrt(max(0.0, 1.0 - r));
    let z = p.near * (p.far - depth) / (depth * (p.far - p.near));
    return Pixel(vec4<f32>(lighting(c.colour, c.at, 1.0), 1.0) * cover, clamp(z, 0.0, 1.0));
}
