package gpt2

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestSaveFormat(t *testing.T) {
	for out, want := range map[string]string{
		"a.npz": "npz", "a/b.safetensors": "safetensors", "a-csv": "mm's folder of CSV files", "a-csv/": "mm's folder of CSV files",
		"a": "folder of npy files", "gpt2-v1.5": "folder of npy files",
	} {
		if got, err := SaveFormat(out); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", out, got, err, want)
		}
	}
	for _, out := range []string{"", "a.bin", "a.npy", "a/b.csv", "a.pt"} {
		if got, err := SaveFormat(out); err == nil {
			t.Errorf("%q: %q, want an error", out, got)
		}
	}
}

func TestSaveRefuses(t *testing.T) {
	m := sources(t)["own vocab"]
	dir := t.TempDir()
	save := func(m *Model, name string) error { return Save(t.Context(), m, filepath.Join(dir, name), nil) }
	mkdir := func(name string) string {
		must(t, os.MkdirAll(filepath.Join(dir, name), 0o777))
		return filepath.Join(dir, name)
	}
	open := func(name string) *Model {
		m, err := Open(filepath.Join(dir, name))
		must(t, err)
		t.Cleanup(func() { m.Close() })
		return m
	}
	config, err := m.configJSON()
	must(t, err)

	put(t, mkdir("full"), "x", nil)
	put(t, dir, "file", nil)
	mkdir("folder.npz")
	put(t, mkdir("othervocab"), "vocab.json", []byte("{}"))
	put(t, mkdir("otherconfig"), "config.json", bytes.Replace(config, []byte(`"n_head": 2`), []byte(`"n_head": 4`), 1))
	put(t, mkdir("badconfig"), "config.json", []byte("["))
	must(t, save(m, "m.safetensors"))
	must(t, save(m, "npys"))
	mkdir("in")
	must(t, save(m, "in/model.safetensors"))
	mkdir("sharded")
	must(t, save(m, "sharded/part.safetensors"))
	var index []string
	for _, s := range m.Tensors() {
		index = append(index, fmt.Sprintf("%q: \"part.safetensors\"", s.Name))
	}
	put(t, dir, "sharded/model.safetensors.index.json", []byte(`{"weight_map": {`+strings.Join(index, ", ")+`}}`))
	must(t, os.Symlink("m.safetensors", filepath.Join(dir, "link.safetensors")))
	before := tree(t, dir)

	for _, c := range []struct {
		m         *Model
		out, want string
	}{
		{m, "full", "is not empty: give another name"},
		{m, "full-csv/x-csv", "is not there"},
		{m, "file", "a folder is to be made there"},
		{m, "file/x.npz", "is not a folder"},
		{m, "file/x", "is not a folder"},
		{m, "folder.npz", "is not a file"},
		{m, "othervocab/x.npz", "the vocab.json beside it differs from the model's"},
		{m, "otherconfig/x.npz", "the config.json beside it differs from the model's"},
		{m, "badconfig/x.npz", "the config.json beside it differs from the model's"},
		{Synthetic(tiny, 1), "x.npz", "a vocab.json beside it, the model has none"},
		{m, "x.bin", "are not written as .bin"},
		{open("m.safetensors"), "m.safetensors", "is a file of the model"},
		{open("m.safetensors"), "link.safetensors", "is a file of the model"},
		{open("in"), "in/model.safetensors", "is a file of the model"},
		{open("sharded"), "sharded/part.safetensors", "is a file of the model"},
		{open("sharded/model.safetensors.index.json"), "sharded/part.safetensors", "is a file of the model"},
		{open("npys"), "npys", "is not empty"},
	} {
		if err := save(c.m, c.out); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want %q", c.out, err, c.want)
		}
	}
	if after := tree(t, dir); !maps.Equal(before, after) {
		t.Errorf("the refusals left %v, there was %v", slices.Sorted(maps.Keys(after)), slices.Sorted(maps.Keys(before)))
	}
}

// tree is every file below a folder with its content.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	must(t, filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			files[path] = "" // a folder or a link
			return err
		}
		data, err := os.ReadFile(path)
		files[path] = string(data)
		return err
	}))
	return files
}

// What is beside a file already and says the same stays as it is; the file
// itself, and an empty folder, are replaced.
func TestSaveBesideTheSame(t *testing.T) {
	m := sources(t)["own vocab"]
	dir := t.TempDir()
	theirs := `{"n_head": 2, "n_ctx": 16, "task": "x", "layer_norm_epsilon": 1e-05}`
	put(t, dir, "config.json", []byte(theirs))
	put(t, dir, "vocab.json", m.vocab.Data)
	path := put(t, dir, "m.npz", []byte("old"))
	must(t, Save(t.Context(), m, path, nil))
	files := tree(t, dir)
	if files[filepath.Join(dir, "config.json")] != theirs || files[filepath.Join(dir, "merges.txt")] != "a b\n" || len(files) != 5 {
		t.Errorf("there is %v", slices.Sorted(maps.Keys(files)))
	}
	got, err := Open(path)
	must(t, err)
	defer got.Close()
	sameValues(t, values(t, got), values(t, m))

	set := filepath.Join(dir, "set-csv")
	must(t, os.Mkdir(set, 0o777))
	must(t, os.Symlink(set, filepath.Join(dir, "link-csv")))
	must(t, Save(t.Context(), m, filepath.Join(dir, "link-csv"), nil))
	heads, err := Open(set)
	must(t, err)
	defer heads.Close()
	must(t, Save(t.Context(), heads, filepath.Join(set, "heads.npz"), nil))
	if err := Save(t.Context(), heads, filepath.Join(dir, "heads.npz"), nil); err == nil || !strings.Contains(err.Error(), "config.json beside it differs") {
		t.Errorf("their config.json lacks what the heads' own says: error %v", err)
	}
}

func TestSaveLeavesNothingAfterAnError(t *testing.T) {
	broken := errors.New("the disk is gone")
	for _, name := range savedAs {
		for what, c := range map[string]struct {
			harm func(m *Model, dir string, cancel func()) (progress func(int64))
			want string
		}{
			"cancelled before": {func(_ *Model, _ string, cancel func()) func(int64) {
				cancel()
				return nil
			}, "context canceled"},
			"cancelled on the way": {func(_ *Model, _ string, cancel func()) func(int64) {
				return func(int64) { cancel() }
			}, "context canceled"},
			"source unreadable": {func(m *Model, _ string, _ func()) func(int64) {
				bad := *m.Params.Layers[1].ProjW
				bad.Load = func() ([]byte, error) { return nil, broken }
				m.Params.Layers[1].ProjW = &bad
				return nil
			}, broken.Error()},
			"target gone": {func(_ *Model, dir string, _ func()) func(int64) {
				return func(int64) {
					temps, _ := filepath.Glob(filepath.Join(dir, ".*.tmp"))
					for _, temp := range temps {
						os.RemoveAll(temp)
					}
				}
			}, "no such file"},
		} {
			t.Run(name+"/"+what, func(t *testing.T) {
				dir := t.TempDir()
				m := Synthetic(tiny, 1)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				progress := c.harm(m, dir, cancel)
				err := Save(ctx, m, filepath.Join(dir, name), progress)
				if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
					t.Errorf("error %v, want %q", err, c.want)
				}
				isEmpty(t, dir)
			})
		}
	}
}

func isEmpty(t testing.TB, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	if len(entries) > 0 {
		t.Errorf("%s holds %v, want nothing", dir, entries)
	}
}
