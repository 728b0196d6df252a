// Matrices as they stand in a space: each in its plane, elements one cell apart, with gaps
// between blocks.

// Matrix is one matrix, or the patch of a large one that has a texture of its own, or some of
// the elements of a patch, which are in use and brighter.
struct Matrix {
    origin: vec3<f32>,      // world place of element (0, 0) of the whole matrix
    scale: f32,             // elem scale
    across: vec3<f32>,      // world step from one column to the next
    col_gap: f32,           // between blocks of columns
    down: vec3<f32>,        // world step from one row to the next
    row_gap: f32,
    row: u32,               // first row and column of what is drawn
    col: u32,
    rows: u32,
    cols: u32,
    block_rows: u32,        // elements in a block
    block_cols: u32,
    x_offset: u32,          // of element (0, 0) of the whole matrix, in floats
    x_stride: u32,
    least: f32,             // |x| at the start of the range,
    slope: f32,             // and 1 over its length; 0: everything is at its end
    min_size: f32,
    palette: u32,           // first colour of this matrix
    layer: u32,             // of the patch in its array of textures
    bright: f32,            // added to every channel of what is in use
    patch_row: u32,         // first row and column of the patch
    patch_col: u32,
    patch_rows: u32,
    patch_cols: u32,
    unused0: u32,
    unused1: u32,
}

// place_of is where in the plane, counted in cells from element (0, 0), an element lies:
// x along the columns.
fn place_of(m: Matrix, row: u32, col: u32) -> vec2<f32> {
    return vec2<f32>(f32(col) + f32(col / m.block_cols) * m.col_gap, f32(row) + f32(row / m.block_rows) * m.row_gap);
}

// world_of is the place in the world of a place in the plane.
fn world_of(m: Matrix, place: vec2<f32>) -> vec3<f32> {
    return m.origin + place.x * m.across + place.y * m.down;
}

// facing pairs the plane's axes with the camera's: what it makes of a direction in the
// plane points the same way on the screen, x to the right and y up, as nearly as quarter
// turns and reflections can do it.
fn facing(m: Matrix, right: vec3<f32>, up: vec3<f32>) -> mat2x2<f32> {
    let a = vec2<f32>(dot(m.across, right), dot(m.across, up));
    let b = vec2<f32>(dot(m.down, right), dot(m.down, up));
    let s = select(vec4<f32>(-1.0), vec4<f32>(1.0), vec4<f32>(a, b) >= vec4<f32>(0.0));
    let straight = abs(a.x * b.y) >= abs(a.y * b.x);
    return mat2x2<f32>(select(vec2<f32>(0.0, s.y), vec2<f32>(s.x, 0.0), straight), select(vec2<f32>(s.z, 0.0), vec2<f32>(0.0, s.w), straight));
}
