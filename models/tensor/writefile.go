package tensor

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// WriteFile makes a file of what write produces. The file appears under path
// whole, by a rename of a temporary file in the same folder, or not at all: on
// any error an older file stays as it was. A symbolic link is followed. A path
// that is a device or a pipe is written to directly.
// Errors name path, never the temporary file.
func WriteFile(path string, write func(io.Writer) error) error {
	if err := writeFile(path, write); err != nil {
		var at *fs.PathError
		var link *os.LinkError
		if errors.As(err, &at) {
			err = at.Err
		} else if errors.As(err, &link) {
			err = link.Err
		}
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	return nil
}

func writeFile(path string, write func(io.Writer) error) error {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	name, flags := path, os.O_WRONLY
	info, err := os.Stat(path)
	atomic := err != nil || info.Mode().IsRegular()
	if atomic {
		dir, base := filepath.Split(path)
		name = filepath.Join(dir, fmt.Sprintf(".%s.%08x.tmp", base, rand.Uint32()))
		flags |= os.O_CREATE | os.O_EXCL
	}
	f, err := os.OpenFile(name, flags, 0o666)
	if err != nil {
		return err
	}
	done := false
	defer func() {
		if !done {
			f.Close()
			if atomic {
				os.Remove(name)
			}
		}
	}()
	buf := bufio.NewWriterSize(f, 1<<16)
	if err := write(buf); err != nil {
		return err
	}
	if err := buf.Flush(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if atomic {
		if err := os.Rename(name, path); err != nil {
			return err
		}
	}
	done = true
	return nil
}
