package cpu

import "math"

// EvenWeight is the weight of the smallest elements of a matrix in what a pixel shows that
// covers many of them; elements at full scale have weight 1, zeros none.
const EvenWeight = 0.125

// Scale is how shaders have the range: |x| at its start, and 1 over its length or, where it
// has none, 0.
func (e Elements) Scale() (least, slope float32) {
	if !(e.RangeMax > e.RangeMin) {
		return 0, 0
	}
	return float32(e.RangeMin), float32(min(1/(e.RangeMax-e.RangeMin), math.MaxFloat32))
}

// Table is the colours that shaders look up: those of so many positive values from the
// start of the range to its end, at even steps of sqrt(v), those of as many negative ones,
// and that of what is no finite number.
func (e Elements) Table(shades int) [][3]float64 {
	table := make([][3]float64, 0, 2*shades+1)
	for _, sign := range []float64{1, -1} {
		for level := range shades {
			t := float64(level) / float64(shades-1)
			x := e.RangeMin + t*t*(e.RangeMax-e.RangeMin)
			// A zero would be the background: what is next to it is at the start of the range.
			table = append(table, e.Colour(sign*max(x, math.SmallestNonzeroFloat64)))
		}
	}
	return append(table, e.Colour(math.NaN()))
}

// Paint is the texel of an element of value x: its colour times its weight, and the weight,
// EvenWeight + (1 - EvenWeight) v. A value beyond the range counts as at its end, since there
// the table ends.
func Paint(e Elements, x float64) [4]float64 {
	if x == 0 {
		return [4]float64{}
	}
	v := 1.0
	if !notFinite(x) {
		if e.RangeMax > e.RangeMin {
			x = math.Copysign(min(math.Abs(x), e.RangeMax), x)
		}
		v = e.position(x)
	}
	w, c := EvenWeight+(1-EvenWeight)*v, e.Colour(x)
	return [4]float64{c[0] * w, c[1] * w, c[2] * w, w}
}

// Shrink is the next mip level of an image of rows x cols texels: half as many a side,
// rounded down but at least one, each the mean of what it covers, in parts where a side is
// odd.
func Shrink(image [][4]float64, rows, cols int) (small [][4]float64, smallRows, smallCols int) {
	smallRows, smallCols = max(1, rows/2), max(1, cols/2)
	small = make([][4]float64, smallRows*smallCols)
	high, wide := float64(rows)/float64(smallRows), float64(cols)/float64(smallCols)
	cover := func(i, at int, step float64) float64 {
		return max(0, min(float64(i+1)*step, float64(at+1))-max(float64(i)*step, float64(at)))
	}
	for i := range smallRows {
		for j := range smallCols {
			for r := int(float64(i) * high); r < rows && float64(r) < float64(i+1)*high; r++ {
				for c := int(float64(j) * wide); c < cols && float64(c) < float64(j+1)*wide; c++ {
					share := cover(i, r, high) * cover(j, c, wide) / (high * wide)
					for k := range 4 {
						small[i*smallCols+j][k] += share * image[r*cols+c][k]
					}
				}
			}
		}
	}
	return small, smallRows, smallCols
}
