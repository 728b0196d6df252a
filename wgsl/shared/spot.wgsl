// Spot is an element that is drawn as a ball of its own.
struct Spot {
    centre: vec3<f32>,      // in the world
    radius: f32,            // in cells
    colour: u32,            // four bytes
    plane: u32,             // its matrix
    row: u32,
    col: u32,
}
