// Planes of single products of the elements of two matrices: element (r, c) of a plane is
//
//	a[a_first + r*a_down + c*a_across] * b[b_first + r*b_down + c*b_across]
//
// where the planes differ in where they begin, and in how many rows and columns they have;
// behind these their room of rows x cols4 vec4s is 0. One thread takes 4 columns. Both
// adapter families.

struct Plane {
    a_first: u32,       // in floats
    b_first: u32,
    rows: u32,
    cols: u32,
}

struct Params {
    planes: u32,
    rows: u32,          // of a plane's room
    cols4: u32,
    a_down: u32,        // in floats
    a_across: u32,
    b_down: u32,
    b_across: u32,
    out_offset4: u32,   // of the first plane's room, in floats / 4: the others follow
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> planes: array<Plane>;
@group(0) @binding(2) var<storage, read> a: array<f32>;
@group(0) @binding(3) var<storage, read> b: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4<f32>>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    // Workgroups are folded over x and y.
    let at = (group.y * groups.x + group.x) * 64u + thread;
    let line = at / p.cols4;
    let n = line / p.rows;
    if (n >= p.planes) {
        return;
    }
    let plane = planes[n];
    let row = line - n * p.rows;
    let column = vec4<u32>(4u * (at - line * p.cols4)) + vec4<u32>(0u, 1u, 2u, 3u);
    let keep = (column < vec4<u32>(plane.cols)) & vec4<bool>(row < plane.rows);
    let x = plane.a_first + row * p.a_down + column * p.a_across;
    let y = plane.b_first + row * p.b_down + column * p.b_across;
    let product = vec4<f32>(a[x.x], a[x.y], a[x.z], a[x.w]) * vec4<f32>(b[y.x], b[y.y], b[y.z], b[y.w]);
    out[p.out_offset4 + at] = select(vec4<f32>(0.0), product, keep);
}
