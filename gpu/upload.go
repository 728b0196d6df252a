package gpu

import (
	"fmt"
	"unsafe"

	"github.com/rajveermalviya/go-webgpu/wgpu"
)

// PieceFloats is what one piece of an upload holds at most.
const PieceFloats = 1 << 21

// Uploader streams large data to a device through a few buffers that stay mapped while
// they are filled: data is written once, where the device's copy begins, and memory does
// not grow with the size of what is uploaded. Its maker owns it.
//
// The device's goroutine calls it; any goroutine may fill the Data of a piece.
type Uploader struct {
	d      *Device
	pieces []*Piece
	next   int
}

// Piece is one of an uploader's mapped buffers.
type Piece struct {
	Data []float32 // to be filled

	buffer *Buffer
	all    []float32 // the mapping
}

// NewUploader makes an uploader with so many pieces: how many can be filled and copied at
// the same time.
func (d *Device) NewUploader(pieces int) (*Uploader, error) {
	u := &Uploader{d: d}
	for range pieces {
		b, err := d.NewBuffer("upload", 4*PieceFloats, wgpu.BufferUsage_MapWrite|wgpu.BufferUsage_CopySrc)
		if err != nil {
			u.Release()
			return nil, err
		}
		u.pieces = append(u.pieces, &Piece{buffer: b})
	}
	return u, nil
}

// Release frees the uploader. What has been sent still arrives.
func (u *Uploader) Release() {
	if u == nil {
		return
	}
	for _, p := range u.pieces {
		p.buffer.Release()
	}
	u.pieces = nil
}

// Take returns the next piece in turn with room for n floats. It must have been sent, or
// never taken, since its last turn.
func (u *Uploader) Take(n int) (*Piece, error) {
	p := u.pieces[u.next%len(u.pieces)]
	u.next++
	if n > PieceFloats {
		return nil, fmt.Errorf("gpu: a piece of %d floats; an upload takes %d at a time", n, PieceFloats)
	}
	if p.all == nil {
		b, err := u.d.mapBuffer(p.buffer, wgpu.MapMode_Write, 4*PieceFloats)
		if err != nil {
			return nil, fmt.Errorf("gpu: upload: %w", err)
		}
		p.all = unsafe.Slice((*float32)(unsafe.Pointer(&b[0])), PieceFloats)
	}
	p.Data = p.all[:n]
	return p, nil
}

// Send copies a filled piece to b from float offset on, and submits the copy.
func (u *Uploader) Send(p *Piece, b *Buffer, offset int) error {
	n := uint64(len(p.Data)) * 4
	if uint64(offset)*4+n > b.Size {
		return fmt.Errorf("gpu: upload of %d floats at %d into %s, which holds %d", len(p.Data), offset, b.Label, b.Size/4)
	}
	if err := p.buffer.handle.Unmap(); err != nil {
		return fmt.Errorf("gpu: upload: %w", err)
	}
	p.all, p.Data = nil, nil
	r := u.d.Record("upload")
	r.Copy(b, uint64(offset)*4, p.buffer, 0, n)
	return r.Submit()
}
