package workspace

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"headscope/explorer/session"
	"headscope/gpu"
	"headscope/models/csv"
	"headscope/models/npy"
	"headscope/models/tensor"
)

// saved is what the state file holds.
type saved struct {
	version int       // of the document that was written last
	changed time.Time // when a newer one was first seen
	busy    bool      // it is being written
}

// autosaveAfter is how long a change waits to be saved, so that a drag is saved once.
const autosaveAfter = time.Second

// Save writes the session to a file, off the frames. As of all that write, what is wrong is
// said at AtSave.
func (w *Workspace) Save(path string) *Job {
	data, err := w.doc.File()
	return w.start("Saving "+filepath.Base(path), func(j *Job) error {
		if err != nil {
			return err
		}
		if path, err = filepath.Abs(path); err != nil {
			return err
		}
		_, err := await(w, j, func(context.Context) (struct{}, error) { return struct{}{}, replaceFile(path, data) })
		return err
	}, func(err error) {
		if w.notice(AtSave, err); err == nil {
			w.Settings.Remember(path)
		}
	})
}

// replaceFile writes a whole file into a folder that is there.
func replaceFile(path string, data []byte) error {
	return tensor.WriteFile(path, func(f io.Writer) error {
		_, err := f.Write(data)
		return err
	})
}

// Autosave keeps the state file up to the document, a moment after the last change, off the
// frames. It returns how long until it wants to be called again; 0: not before the next change.
func (w *Workspace) Autosave(path string) time.Duration {
	if w.saved.version == w.history.version || w.saved.busy {
		w.saved.changed = time.Time{}
		return 0
	}
	if w.saved.changed.IsZero() {
		w.saved.changed = time.Now()
	}
	if left := autosaveAfter - time.Since(w.saved.changed); left > 0 {
		return left
	}
	version := w.history.version
	data, err := w.doc.File()
	if err != nil {
		w.notice(AtSave, err)
		return 0
	}
	w.saved.busy = true
	j := w.start("Saving", func(j *Job) error {
		_, err := await(w, j, func(context.Context) (struct{}, error) { return struct{}{}, writeFile(path, data) })
		return err
	}, func(err error) {
		w.saved = saved{version: version}
		if err != nil && !errors.Is(err, context.Canceled) {
			w.notice(AtSave, fmt.Errorf("the session is not kept for the next start: %w", err))
		}
	})
	j.patient = true
	return 0
}

// SaveState writes the state file now.
func (w *Workspace) SaveState(path string) error {
	data, err := w.doc.File()
	if err != nil {
		return err
	}
	return writeFile(path, data)
}

// LoadState reads what was on the screen last; nil if there is nothing.
func LoadState(path string) (*session.Session, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, nil
	}
	s, err := session.Open(path, session.Files)
	if err != nil {
		return nil, fmt.Errorf("the last session cannot be restored: %w", err)
	}
	return s, nil
}

// Screenshot writes the picture of the document's tab, width x height pixels, without panels.
func (w *Workspace) Screenshot(path string, width, height int, s Sight) *Job {
	return w.start("Writing "+filepath.Base(path), func(j *Job) error {
		if !strings.EqualFold(filepath.Ext(path), ".png") {
			return fmt.Errorf("cannot write %s: a picture's name ends in .png", path)
		}
		picture, err := w.Device.NewPicture(width, height)
		if err != nil {
			return err
		}
		defer picture.Release()
		s.Region = image.Rect(0, 0, width, height)
		r := w.Device.Record("screenshot")
		w.Draw(r, picture, s)
		if err := r.Submit(); err != nil {
			return err
		}
		img, err := picture.Image()
		if err != nil {
			return err
		}
		_, err = await(w, j, func(context.Context) (struct{}, error) {
			var b bytes.Buffer
			if err := png.Encode(&b, img); err != nil {
				return struct{}{}, err
			}
			return struct{}{}, replaceFile(path, b.Bytes())
		})
		return err
	}, func(err error) { w.notice(AtSave, err) })
}

// Export writes a matrix, as npy or CSV by the name's ending.
func (w *Workspace) Export(path string, m Matrix) *Job {
	return w.start("Writing "+filepath.Base(path), func(j *Job) error {
		var encode func(io.Writer, tensor.Tensor) error
		switch strings.ToLower(filepath.Ext(path)) {
		case ".npy":
			encode = npy.Write
		case ".csv":
			encode = csv.Write
		default:
			return fmt.Errorf("cannot write %s: a matrix is written as .npy or .csv", path)
		}
		data, err := w.Device.Read(m.Tensor)
		if err != nil {
			return err
		}
		t := tensor.Tensor{Shape: []int{m.Tensor.Rows, m.Tensor.Cols}, Data: data[0]}
		_, err = await(w, j, func(context.Context) (struct{}, error) {
			return struct{}{}, tensor.WriteFile(path, func(f io.Writer) error { return encode(f, t) })
		})
		return err
	}, func(err error) { w.notice(AtSave, err) }, m.of...)
}

// Link is the session as an mm link; false if it cannot be one, which is said at AtSave.
func (w *Workspace) Link() (string, bool) {
	link, err := w.doc.Link(session.Auto)
	w.notice(AtSave, err)
	return link, err == nil
}

// Matrix is what Export writes of what is under the pointer: the pattern of a head of the atlas
// or of a pane, or a matrix of the scene.
type Matrix struct {
	Name   string // for a file: "L5H4.attn"
	Tensor gpu.Tensor
	of     []any // whose it is
}

// Matrix is a matrix of the scene.
func (s *Scene) Matrix(path string) (Matrix, bool) {
	m, ok := s.Space.Scene.Matrix(path)
	if !ok {
		return Matrix{}, false
	}
	t, err := s.Space.Matrix(path)
	return Matrix{m.Node.Name, t, []any{s.head}}, err == nil
}

// DescribeWeight says in words how strongly a token of a pass looks at another one.
func (w *Workspace) DescribeWeight(p *Pass, layer, head, i, j int) string {
	name := session.HeadName(layer, head)
	if i >= len(p.Tokens) || j >= len(p.Tokens) {
		return name
	}
	text := fmt.Sprintf("%s   “%s” (%d) → “%s” (%d)", name, p.Tokens[i], i, p.Tokens[j], j)
	m, ok := w.Pattern(p, layer, head)
	if !ok {
		return text
	}
	if j > i {
		return text + "   masked"
	}
	data, err := w.Device.Read(m.Tensor.Part(i, 1, j, 1))
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%s   %.4f", text, data[0][0])
}

// Pattern is the attention of a head of the pass on the screen; false where its matrix is not
// there.
func (w *Workspace) Pattern(p *Pass, layer, head int) (Matrix, bool) {
	if p == nil || layer < 0 || layer >= len(p.Layers) || p.Layers[layer].Values.Buffer == nil || p.Remark != "" {
		return Matrix{}, false
	}
	return Matrix{session.HeadName(layer, head) + ".attn", p.Layers[layer].Values.At(head), []any{p, p.Model}}, true
}
