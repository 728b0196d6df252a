// EVEN is the weight of the smallest elements in what a pixel shows that covers many; those
// at full scale have weight 1.
const EVEN: f32 = 0.125;
