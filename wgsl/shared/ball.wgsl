// How a ball is lit: at is a place on its disc as the camera sees it, (0, 0) in the middle
// and length 1 at the edge, y up. A lamp stands high on the left, before the picture.
// The result is a factor of the colour, and the strength of a highlight to be added.
fn lit(at: vec2<f32>) -> vec2<f32> {
    let normal = vec3<f32>(at, sqrt(max(0.0, 1.0 - dot(at, at))));
    let lamp = max(0.0, dot(normal, vec3<f32>(-0.42, 0.56, 0.714)));
    let shine = lamp * lamp * lamp * lamp;
    return vec2<f32>(0.42 + 0.68 * lamp, 0.28 * shine * shine * shine * shine);
}

// lighting colours a ball, from flat (strength 0) to fully lit (1).
fn lighting(colour: vec3<f32>, at: vec2<f32>, strength: f32) -> vec3<f32> {
    let l = mix(vec2<f32>(1.0, 0.0), lit(at), strength);
    return min(vec3<f32>(1.0), colour * l.x + l.y);
}
