// stored is what a texel of four bytes holds of a colour, as it is loaded: levels that are made
// of texels still in registers are those that would be made of the texture.
fn stored(colour: vec4<f32>) -> vec4<f32> {
    return round(colour * 255.0) * (1.0 / 255.0);
}
