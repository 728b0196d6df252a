// The inputs of a matrix product as images, four columns of a row to a texel.

@group(1) @binding(0) var a_texels: texture_storage_2d<rgba32float, read>;
@group(1) @binding(1) var b_texels: texture_storage_2d<rgba32float, read>;
