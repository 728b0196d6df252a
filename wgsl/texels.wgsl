// Reads both images and does nothing: never run, only compiled, since the layout of group 1
// can be had from no description but this one.

#import "shared/texels.wgsl"

@compute @workgroup_size(1)
fn main() {
    let a = textureLoad(a_texels, vec2<i32>(0, 0));
    let b = textureLoad(b_texels, vec2<i32>(0, 0));
}
