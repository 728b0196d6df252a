// Instance is a square of the sheet that shows a matrix, with the level of detail that it
// reads: level 0 is the matrix itself, in floats; the others are of its pyramid, in cells.
struct Instance {
    x: i32,         // upper left corner, in pixels
    y: i32,
    side: u32,      // in pixels
    level: u32,
    cells: u32,     // a side of the level
    base: u32,      // of the level's first cell in the buffer
    stride: u32,    // from row to row
    head: u32,
}
