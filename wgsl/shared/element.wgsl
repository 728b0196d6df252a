// Elements of a matrix: balls, larger and lighter the larger |x| is. The formulas for their
// colours are in wgsl/cpu/element.go: shaders look them up in a table made by them.

// A matrix has 2 * SHADES + 1 colours: those of positive values, by place, those of
// negative ones, and that of what is no finite number.
const SHADES: u32 = 256u;

// place is where |x| lies on the way from nothing to full scale, as the root of its share
// of the range, 0 to 1. What is no finite number is at the end.
fn place(x: f32, least: f32, slope: f32) -> f32 {
    let share = select((abs(x) - least) * slope, 1.0, slope == 0.0);
    return select(sqrt(clamp(share, 0.0, 1.0)), 1.0, is_odd(x));
}

// is_odd looks at the bits: compilers may assume that values are finite.
fn is_odd(x: f32) -> bool {
    return (bitcast<u32>(x) & 0x7f800000u) == 0x7f800000u;
}

// shade is the number of a value's colour in its matrix' table.
fn shade(x: f32, t: f32) -> u32 {
    let level = u32(t * f32(SHADES - 1u) + 0.5) + select(0u, SHADES, x < 0.0);
    return select(level, 2u * SHADES, is_odd(x));
}
