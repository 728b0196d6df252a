// Text that lies in space, a quad a glyph, from distance fields: its edges are one pixel
// soft at every size. A halo in the background's colour keeps it readable over matrices.

#import "shared/view.wgsl"

struct Letter {
    origin: vec3<f32>,      // lower left corner
    colour: u32,            // four bytes
    a: vec3<f32>,           // to the lower right one
    halo: u32,
    b: vec3<f32>,           // to the upper left one
    unused: u32,
    left: u32,              // on the sheet of glyphs
    top: u32,
    width: u32,
    height: u32,
}

@group(0) @binding(1) var<storage, read> letters: array<Letter>;
@group(0) @binding(2) var sheet: texture_2d<f32>;
@group(0) @binding(3) var smooth_sampler: sampler;

struct Corner {
    @builtin(position) clip: vec4<f32>,
    @location(0) texel: vec2<f32>,
    @location(1) @interpolate(flat) colour: vec4<f32>,  // premultiplied
    @location(2) @interpolate(flat) halo: vec4<f32>,
    @location(3) @interpolate(flat) scale: vec2<f32>,   // 1 / size of the sheet
}

@vertex
fn vs(@builtin(vertex_index) vertex: u32, @builtin(instance_index) index: u32) -> Corner {
    let l = letters[index];
    let corner = vec2<f32>(f32(vertex & 1u), f32(vertex >> 1u));
    var clip = p.clip * vec4<f32>(l.origin + corner.x * l.a + corner.y * l.b, 1.0);
    // The balls of the plane that text lies in do not hide it: it counts as nearer.
    let depth = max(clip.w - 2.0, p.near);
    clip.z = clip.w * p.near * (p.far - depth) / (depth * (p.far - p.near));
    let texel = vec2<f32>(f32(l.left), f32(l.top)) + vec2<f32>(corner.x, 1.0 - corner.y) * vec2<f32>(f32(l.width), f32(l.height));
    let c = unpack4x8unorm(l.colour);
    let h = unpack4x8unorm(l.halo);
    return Corner(clip, texel, vec4<f32>(c.rgb * c.a, c.a), vec4<f32>(h.rgb * h.a, h.a), 1.0 / vec2<f32>(textureDimensions(sheet)));
}

@fragment
fn fs(c: Corner) -> @location(0) vec4<f32> {
    // The field goes from 0 to 1 over p.spread texels; a pixel covers so many.
    let texels = sqrt(max(length(dpdx(c.texel)) * length(dpdy(c.texel)), 1e-12));
    let field = textureSampleLevel(sheet, smooth_sampler, c.texel * c.scale, 0.0).r;
    let inside = (field - 0.5) * p.spread / texels; // pixels from the outline
    // The halo fades out over three pixels, or where the field ends.
    let halo = clamp(1.0 + (inside + 0.5) / min(3.0, 0.45 * p.spread / texels), 0.0, 1.0);
    return mix(c.halo * halo, c.colour, clamp(inside + 0.5, 0.0, 1.0));
}
