package npy

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"headscope/models/tensor"
)

// OpenNpz maps an .npz archive: one tensor for each member that ends in .npy,
// named without it, in the order of the archive. Stored members are slices of
// the mapping; their checksums are not verified, as that would read them all.
func OpenNpz(path string) (*tensor.File, error) {
	f := &tensor.File{}
	data, err := f.Map(path)
	if err == nil {
		f.Tensors, err = parseNpz(path, data)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// parseNpz describes the members of the archive data; path is for messages.
func parseNpz(path string, data []byte) ([]*tensor.Stored, error) {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("%s: not a complete .npz archive: %w", path, err)
	}
	var tensors []*tensor.Stored
	seen := map[string]bool{}
	for _, member := range archive.File {
		name, ok := strings.CutSuffix(member.Name, extension)
		if !ok {
			continue
		}
		if seen[name] {
			return nil, fmt.Errorf("%s: two members are named %q", path, member.Name)
		}
		seen[name] = true
		s, err := parseMember(name, member, data)
		if err != nil {
			return nil, fmt.Errorf("%s: member %q: %w", path, member.Name, err)
		}
		if load := s.Load; load != nil {
			s.Load = func() ([]byte, error) {
				b, err := load()
				if err != nil {
					return nil, fmt.Errorf("%s: member %q: %w", path, member.Name, err)
				}
				return b, nil
			}
		}
		tensors = append(tensors, s)
	}
	if len(tensors) == 0 {
		return nil, fmt.Errorf("%s: the archive holds no .npy member", path)
	}
	return tensors, nil
}

// maxRatio is the most that DEFLATE can shrink: 258 bytes into 2 bits.
const maxRatio = 1032

func parseMember(name string, member *zip.File, data []byte) (*tensor.Stored, error) {
	const encrypted = 1
	if member.Flags&encrypted != 0 {
		return nil, errors.New("it is encrypted")
	}
	offset, err := member.DataOffset()
	if err != nil {
		return nil, err
	}
	packed, size := member.CompressedSize64, member.UncompressedSize64
	if offset < 0 || offset > int64(len(data)) || packed > uint64(int64(len(data))-offset) {
		return nil, errors.New("it reaches beyond the end of the archive")
	}
	switch member.Method {
	case zip.Store:
		if packed != size {
			return nil, fmt.Errorf("it is not compressed, but its sizes differ: %d and %d bytes", packed, size)
		}
		s, _, err := parse(name, data[offset:offset+int64(size)], int(size))
		return s, err
	case zip.Deflate:
		if packed > math.MaxInt/maxRatio || size > packed*maxRatio {
			return nil, fmt.Errorf("it claims %d bytes, more than %d compressed ones can hold", size, packed)
		}
		// 64 KiB and a little hold any header that is accepted.
		prefix := make([]byte, min(int(size), maxHeader+align))
		if err := inflate(member, prefix, false); err != nil {
			return nil, err
		}
		s, start, err := parse(name, prefix, int(size))
		if err != nil {
			return nil, err
		}
		s.Bytes = nil
		s.Load = func() ([]byte, error) {
			whole := make([]byte, size)
			if err := inflate(member, whole, true); err != nil {
				return nil, err
			}
			return whole[start:], nil
		}
		return s, nil
	default:
		return nil, fmt.Errorf("compression method %d is not supported: save it with numpy.savez or savez_compressed", member.Method)
	}
}

// inflate fills dst from the start of a member; with whole, the member must end
// there and its checksum must be right.
func inflate(member *zip.File, dst []byte, whole bool) error {
	r, err := member.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	if _, err := io.ReadFull(r, dst); err != nil {
		return fmt.Errorf("cannot inflate its %d bytes: %w", member.UncompressedSize64, err)
	}
	if whole { // the checksum is compared when the end is read
		if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			return fmt.Errorf("it does not inflate to %d bytes: %v", len(dst), err)
		}
	}
	return nil
}

// WriteNpz writes an archive of the named tensors to path, whole or not at all.
// It asks for one tensor at a time. Members are not compressed, and their data
// lies at multiples of 64 bytes, so that they are read without a copy.
func WriteNpz(path string, names []string, get func(name string) (tensor.Tensor, error)) error {
	seen := map[string]bool{}
	for _, name := range names {
		if seen[name] {
			return fmt.Errorf("%s: two tensors are named %q", path, name)
		}
		seen[name] = true
	}
	return tensor.WriteFile(path, func(w io.Writer) error {
		out := &counter{w: w}
		archive := zip.NewWriter(out)
		for i, name := range names {
			t, err := get(name)
			if err != nil {
				return fmt.Errorf("tensor %q: %w", name, err)
			}
			if err := archive.Flush(); err != nil {
				return err
			}
			begin := out.n
			if i > 0 {
				begin += 16 // the previous member's sizes, which the archive writes only now
			}
			member, err := archive.CreateHeader(alignedHeader(name+extension, begin))
			if err != nil {
				return fmt.Errorf("tensor %q: %w", name, err)
			}
			if err := Write(member, t); err != nil {
				return fmt.Errorf("tensor %q: %w", name, err)
			}
		}
		return archive.Close()
	})
}

// alignedHeader is the header of an uncompressed member whose header begins at
// offset begin of the archive, with an extra field of the kind that zipalign
// writes (0xd935: the alignment, then padding), so that its data's offset is a
// multiple of 64.
func alignedHeader(name string, begin int64) *zip.FileHeader {
	const local, extra = 30, 6 // bytes of a local file header, and of the field without padding
	padding := (align - (begin+int64(local+len(name)+extra))%align) % align
	field := append([]byte{0x35, 0xd9, byte(2 + padding), 0, align, 0}, make([]byte, padding)...)
	return &zip.FileHeader{Name: name, Method: zip.Store, Extra: field}
}

// counter counts what has been written.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}
