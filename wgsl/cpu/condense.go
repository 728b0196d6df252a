package cpu

import "math"

// Condense gives each cell of a causal attention matrix [n, n] the value that a heat map
// shows for it: x [side, 2 side] holds pairs of mean and maximum of what a cell covers, masked
// elements counted as zeros. Cell i covers the rows or columns from i*n/side on, rounded
// down. With the mean over what is not masked, and the line, which is what a row of the cell
// has in all its columns together, at most the maximum, it is
//
//	mean + sqrt(line / span) (line - mean)
//
// where span is the value of the strongest colour: see heatmap.wgsl.tmpl.
func Condense(dst, x Mat, n int, span float64) {
	side := dst.Rows
	for i := range side {
		for j := range side {
			left, right, top, bottom := j*n/side, (j+1)*n/side, i*n/side, (i+1)*n/side
			seen := 0
			for row := top; row < bottom; row++ {
				seen += max(0, min(right, row+1)-left)
			}
			sum := float64(x.Row(i)[2*j]) * float64((right-left)*(bottom-top))
			mean := sum / float64(max(seen, 1))
			line := min(max(sum/float64(max(bottom-top, 1)), mean), max(float64(x.Row(i)[2*j+1]), mean))
			dst.Row(i)[j] = float32(mean + math.Sqrt(min(max(line/span, 0), 1))*(line-mean))
		}
	}
}
