package record

import (
	"encoding/binary"
	"image"
)

// difference is the smallest rectangle outside of which two frames have the same colours of
// the palette, and the colours in it, transparent where they are the same. It is never empty.
// With no frame before it is all of the frame.
func (p *palette) difference(before, frame *image.NRGBA) (image.Rectangle, []byte) {
	if before == nil {
		pixels := make([]byte, len(frame.Pix)/4)
		for i := range pixels {
			pixels[i] = p.index(frame.Pix, 4*i)
		}
		return frame.Rect, pixels
	}
	width, height := frame.Rect.Dx(), frame.Rect.Dy()
	area := image.Rect(0, 0, 1, 1)
	pixels := make([]byte, width*height)
	first, last := height, -1
	left, right := width, -1
	for y := range height {
		row := pixels[y*width : (y+1)*width]
		a, b := before.Pix[4*y*width:4*(y+1)*width], frame.Pix[4*y*width:4*(y+1)*width]
		for x := range row {
			row[x] = transparent
			if binary.NativeEndian.Uint32(a[4*x:]) == binary.NativeEndian.Uint32(b[4*x:]) {
				continue
			}
			if c := p.index(b, 4*x); c != p.index(a, 4*x) {
				row[x] = c
				left, right = min(left, x), max(right, x)
				first, last = min(first, y), y
			}
		}
	}
	if last >= 0 {
		area = image.Rect(left, first, right+1, last+1)
	}
	cut := pixels[:0]
	for y := area.Min.Y; y < area.Max.Y; y++ {
		cut = append(cut, pixels[y*width+area.Min.X:y*width+area.Max.X]...)
	}
	return area, cut
}
