// Value to colour. The CPU twin is wgsl/cpu/colour.go, which must say the same.
//
// A value is shown by t = sqrt(|x| / range), 0 to 1: the square root opens up the small
// weights, of which attention has most. Lightness changes evenly along each palette, so
// that it reads in grey and to colour-blind eyes.

const PALETTE_PAPER: u32 = 0u;  // white to navy, for light backgrounds
const PALETTE_INK: u32 = 1u;    // near black over violet and orange to cream, for dark ones
const PALETTE_SIGNED: u32 = 2u; // blue below zero, white at it, red above

// ramp runs through five colours at t = 0, 1/4, 1/2, 3/4, 1.
fn ramp(t: f32, c0: vec3<f32>, c1: vec3<f32>, c2: vec3<f32>, c3: vec3<f32>, c4: vec3<f32>) -> vec3<f32> {
    let s = 4.0 * t;
    var c = mix(c0, c1, clamp(s, 0.0, 1.0));
    c = mix(c, c2, clamp(s - 1.0, 0.0, 1.0));
    c = mix(c, c3, clamp(s - 2.0, 0.0, 1.0));
    return mix(c, c4, clamp(s - 3.0, 0.0, 1.0));
}

// colour_of gives the colour, as it goes into a PNG, of value x under a range > 0. Software
// adapters take every branch: the palettes share one ramp.
fn colour_of(x: f32, range: f32, palette: u32) -> vec3<f32> {
    let t = sqrt(clamp(abs(x) / range, 0.0, 1.0));
    let ink = palette == PALETTE_INK;
    let c = ramp(t,
        select(vec3<f32>(0.965, 0.975, 0.985), vec3<f32>(0.055, 0.06, 0.11), ink),
        select(vec3<f32>(0.73, 0.84, 0.925), vec3<f32>(0.22, 0.16, 0.45), ink),
        select(vec3<f32>(0.36, 0.61, 0.81), vec3<f32>(0.60, 0.23, 0.51), ink),
        select(vec3<f32>(0.12, 0.34, 0.62), vec3<f32>(0.94, 0.48, 0.36), ink),
        select(vec3<f32>(0.03, 0.09, 0.26), vec3<f32>(1.0, 0.95, 0.75), ink));
    let end = select(vec3<f32>(0.698, 0.094, 0.169), vec3<f32>(0.129, 0.40, 0.675), x < 0.0);
    return select(c, mix(vec3<f32>(0.97, 0.97, 0.97), end, t), palette == PALETTE_SIGNED);
}
