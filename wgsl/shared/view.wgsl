// How a space of matrices is seen: the Params of all shaders that draw it.
struct Params {
    clip: mat4x4<f32>,      // world to clip space, depth 1 at the near plane, 0 at the far one
    right: vec4<f32>,       // the camera's own axes in the world
    up: vec4<f32>,
    back: vec4<f32>,        // away from what it looks at
    eye: vec4<f32>,         // its place
    size: vec2<f32>,        // of the region, in pixels
    unit: f32,              // pixels that a length of 1 takes at depth 1
    near: f32,              // depths between which something is drawn
    far: f32,
    balls: f32,             // from how many pixels a cell on, elements are balls of their own
    ball: f32,              // diameter of a full-size ball at elem scale 1, in cells
    spread: f32,            // texels over which the distance field of a glyph goes from 0 to 1
}

@group(0) @binding(0) var<uniform> p: Params;
