package record

import (
	"bytes"
	"compress/lzw"
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"io"
	"math"

	"headscope/models/tensor"
)

// The numbers of the GIF format, version 89a. All numbers in it are little-endian.
const (
	gifColours  = 256
	transparent = gifColours - 1 // leaves what the frame before shows
	gifLoop     = "\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"
	gifTrailer  = 0x3b

	maxGIFSide  = 1<<16 - 1
	maxGIFDelay = 1<<16 - 1 // hundredths of a second
	gifSamples  = 8         // frames that the palette is made of
)

func checkGIF(film Film) error {
	if max(film.Width, film.Height) > maxGIFSide {
		return fmt.Errorf("a GIF of %dx%d pixels: the format allows at most %d a side; write a folder of PNGs", film.Width, film.Height, maxGIFSide)
	}
	if 100/film.Rate > maxGIFDelay-1 {
		return fmt.Errorf("a GIF of %v frames a second: a frame is shown for at most %d seconds", film.Rate, maxGIFDelay/100)
	}
	return nil
}

// writeGIF writes the frames as they come; package image/gif would hold all of them. Each
// but the first is the rectangle that differs from the frame before, and transparent where
// that does not.
func (f Film) writeGIF(ctx context.Context, path string) error {
	samples := make([]*image.NRGBA, min(f.Frames, gifSamples))
	for s := range samples {
		var err error
		if samples[s], err = f.draw(s * (f.Frames - 1) / max(1, len(samples)-1)); err != nil {
			return err
		}
	}
	p := newPalette(transparent, samples)
	return tensor.WriteFile(path, func(w io.Writer) error {
		if _, err := w.Write(gifHeader(f.Width, f.Height, p)); err != nil {
			return err
		}
		written := int64(0)
		err := f.each(ctx,
			func(before, frame *image.NRGBA) ([]byte, error) { return p.gifImage(before, frame) },
			func(i int, data []byte) error {
				if _, err := w.Write(append(gifControl(f.hundredths(i)), data...)); err != nil {
					return err
				}
				written += int64(len(data))
				f.report(i+1, written)
				return nil
			})
		if err != nil {
			return err
		}
		_, err = w.Write([]byte{gifTrailer})
		return err
	})
}

// hundredths is how long frame i of the film is shown, in the GIF's unit. The rounded times
// add up to the right ones.
func (f Film) hundredths(i int) int {
	at := func(i int) int { return int(math.Round(float64(i) * 100 / f.Rate)) }
	return at(i+1) - at(i)
}

// gifHeader is what stands before the frames: the size, the palette, and that the film is
// repeated for ever.
func gifHeader(width, height int, p *palette) []byte {
	h := []byte("GIF89a")
	h = binary.LittleEndian.AppendUint16(h, uint16(width))
	h = binary.LittleEndian.AppendUint16(h, uint16(height))
	h = append(h, 0xf7, 0, 0) // a palette of 256 colours of 8 bits; background 0; square pixels
	table := make([]byte, 3*gifColours)
	for i, c := range p.colours {
		copy(table[3*i:], c[:])
	}
	return append(append(h, table...), gifLoop...)
}

// gifControl is what stands before a frame: how long it is shown, that it stays when the next
// one is drawn over it, and which colour is transparent.
func gifControl(hundredths int) []byte {
	c := binary.LittleEndian.AppendUint16([]byte{0x21, 0xf9, 4, 1<<2 | 1}, uint16(hundredths))
	return append(c, transparent, 0)
}

// gifImage encodes what differs between two frames: its place and size, and its pixels,
// compressed.
func (p *palette) gifImage(before, frame *image.NRGBA) ([]byte, error) {
	area, pixels := p.difference(before, frame)
	var out bytes.Buffer
	out.WriteByte(0x2c)
	binary.Write(&out, binary.LittleEndian, []uint16{uint16(area.Min.X), uint16(area.Min.Y), uint16(area.Dx()), uint16(area.Dy())})
	out.Write([]byte{0, 8}) // no palette of its own; codes for 8 bits
	var packed bytes.Buffer
	z := lzw.NewWriter(&packed, lzw.LSB, 8)
	if _, err := z.Write(pixels); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	for packed.Len() > 0 {
		block := packed.Next(255)
		out.WriteByte(byte(len(block)))
		out.Write(block)
	}
	out.WriteByte(0)
	return out.Bytes(), nil
}
