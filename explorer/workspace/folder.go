package workspace

import (
	"context"
	"os"
	"path/filepath"
	"time"
)

// Entry is a file or folder in a folder.
type Entry struct {
	Name    string
	Folder  bool
	Size    int64 // bytes; 0 of a folder
	Changed time.Time
}

// ReadFolder lists a folder, in the order of names, off the frames, and hands the result to
// then. A link counts as what it leads to.
func (w *Workspace) ReadFolder(path string, then func([]Entry, error)) {
	var entries []Entry
	w.start("Reading "+path, func(j *Job) (err error) {
		entries, err = await(w, j, func(ctx context.Context) ([]Entry, error) { return readFolder(ctx, path) })
		return err
	}, func(err error) { then(entries, err) })
}

func readFolder(ctx context.Context, path string) ([]Entry, error) {
	found, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	entries := make([]Entry, 0, len(found))
	for _, f := range found {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		info, err := os.Stat(filepath.Join(path, f.Name()))
		if err != nil {
			if info, err = f.Info(); err != nil {
				continue // it has gone meanwhile
			}
		}
		e := Entry{Name: f.Name(), Folder: info.IsDir(), Changed: info.ModTime()}
		if !e.Folder {
			e.Size = info.Size()
		}
		entries = append(entries, e)
	}
	return entries, nil
}
