// depth_at is the distance of a place in the world in front of the camera.
fn depth_at(place: vec3<f32>) -> f32 {
    return dot(p.eye.xyz - place, p.back.xyz);
}
