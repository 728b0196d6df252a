package workspace

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"headscope/explorer/eval"
	"headscope/explorer/expr"
	"headscope/explorer/leaf"
	"headscope/explorer/scene"
	"headscope/explorer/session"
	"headscope/explorer/view"
)

// headKey decides the values of an expression: its structure, the epilogs and the leaves, as
// text, and the pass that leaves of a model come from; zero if none does.
type headKey struct {
	pass   passKey
	values string
}

// Head is the matrices of an expression on the device.
type Head struct {
	values *eval.Expression // owned
}

func (h *Head) release() { h.values.Release() }

// sceneKey decides how they are laid out and painted.
type sceneKey struct {
	head headKey
	root *expr.Node
	look scene.Look
}

// Scene is an expression in space.
type Scene struct {
	Space *view.Space // owned
	Root  *expr.Node
	head  *Head // not owned
	key   sceneKey
}

func (s *Scene) release() { s.Space.Release() }

// leaves gives a job the values of leaves, made on a goroutine of their own.
type leaves struct {
	*leaf.Source
	w *Workspace
	j *Job
}

func (l leaves) Values(_ context.Context, n *expr.Node) ([]float32, error) {
	return await(l.w, l.j, func(ctx context.Context) ([]float32, error) { return l.Source.Values(ctx, n) })
}

// valuesOf names what decides the values of a tree.
func valuesOf(root *expr.Node, source *leaf.Source) string {
	var b strings.Builder
	root.Walk(func(path string, n *expr.Node) {
		if n.IsMatMul() {
			fmt.Fprintf(&b, "%s %s\n", path, n.Epilog)
		} else {
			fmt.Fprintf(&b, "%s %s\n", path, source.Key(n))
		}
	})
	return b.String()
}

// modelLayers are the layers of a model that leaves of a tree name, in order; nil if no leaf
// names a matrix of a model.
func modelLayers(root *expr.Node) []int {
	var layers []int
	root.Walk(func(_ string, n *expr.Node) {
		if n.IsMatMul() || n.Init != "url" {
			return
		}
		if name, ok := session.ParseLeafName(n.URL); ok && !slices.Contains(layers, name.Layer) {
			layers = append(layers, name.Layer)
		}
	})
	slices.Sort(layers)
	return layers
}

// wantScene is the entry of a tree in space, with leaves of a pass if pass is not nil. It is
// nil until the values are there; what is wrong with them is said at the place.
func (w *Workspace) wantScene(root *expr.Node, pass *Pass, look scene.Look, place Place) *entry[sceneKey, *Scene] {
	source := &leaf.Source{Seed: w.options.Seed, Files: w.files}
	key := headKey{values: valuesOf(root, source)}
	if pass != nil {
		key.pass = pass.key
	}
	// One after the other: what comes meanwhile waits, and the last of it is next.
	if w.heads.working() && !w.heads.has(key) || w.scenes.working() && !w.scenes.has(sceneKey{key, root, look}) {
		return nil
	}
	var uses []any
	if pass != nil {
		uses = []any{pass, pass.Model}
	}
	h := w.heads.want(key, "Computing "+root.Name, func(j *Job) (*Head, error) {
		return w.compute(j, root, pass, source)
	}, uses...)
	if w.tell(place, h.err); !h.ready() {
		return nil
	}
	e := w.scenes.want(sceneKey{key, root, look}, "Painting", func(j *Job) (*Scene, error) {
		s := &Scene{Space: view.NewSpace(w.Device, w.Renderer), Root: root, head: h.value, key: sceneKey{key, root, look}}
		s.Space.Look = look
		if pass != nil {
			s.Space.Tokens = pass.Tokens
		}
		if err := s.Space.Show(root, h.value.values); err != nil {
			s.release()
			return nil, err
		}
		return s, w.Device.Wait()
	}, h.value)
	w.tell(place, e.err)
	return e
}

// compute makes the values of a tree.
func (w *Workspace) compute(j *Job, root *expr.Node, pass *Pass, source *leaf.Source) (*Head, error) {
	files := slices.Clone(source.Files)
	if pass != nil {
		// They are read here, on the goroutine of the device; the leaves are made elsewhere.
		for _, layer := range modelLayers(root) {
			pass.read(layer)
		}
		files = append(files, pass.leaves)
	}
	files = append(files, leaf.Local())
	if w.options.Fetch {
		files = append(files, leaf.Web(j.ctx))
	}
	h := &Head{values: eval.NewExpression(w.Device)}
	if err := h.values.Run(j.ctx, root, leaves{&leaf.Source{Seed: source.Seed, Files: files}, w, j}, nil); err != nil {
		h.release()
		return nil, err
	}
	return h, w.Device.Wait()
}
