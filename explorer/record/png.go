package record

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
)

// checkFolder refuses a folder that cannot be made, or that has something in it.
func checkFolder(path string) error {
	path = filepath.Clean(path)
	entries, err := os.ReadDir(path)
	switch {
	case err == nil && len(entries) > 0:
		return fmt.Errorf("cannot write %s: the folder is not empty; name a new one", path)
	case err == nil:
		return nil
	case !errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("cannot write %s: expected a folder for numbered PNGs, or the name of a new one", path)
	}
	if dir := filepath.Dir(path); !isFolder(dir) {
		return fmt.Errorf("cannot write %s: there is no folder %s", path, dir)
	}
	return nil
}

// writePNGs writes frames into a folder, numbered from 1.
func (f Film) writePNGs(ctx context.Context, path string) error {
	return beside(path, func(temporary string) error {
		if err := os.Mkdir(temporary, 0o777); err != nil {
			return err
		}
		var last []byte
		written := int64(0)
		encoder := png.Encoder{CompressionLevel: png.BestSpeed}
		digits := max(4, len(fmt.Sprint(f.Frames)))
		return f.each(ctx,
			func(before, frame *image.NRGBA) ([]byte, error) {
				if frame == before {
					return nil, nil
				}
				var out bytes.Buffer
				err := encoder.Encode(&out, frame)
				return out.Bytes(), err
			},
			func(i int, data []byte) error {
				if data == nil { // the same once more
					data = last
				}
				last = data
				name := fmt.Sprintf("frame-%0*d.png", digits, i+1)
				if err := os.WriteFile(filepath.Join(temporary, name), data, 0o666); err != nil {
					return err
				}
				written += int64(len(data))
				f.report(i+1, written)
				return nil
			})
	})
}
