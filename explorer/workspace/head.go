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
	places string // where files are looked for
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

	playback eval.Playback // owned; nil: nothing moves
	still    error         // why it is nil, if it should not be
}

func (s *Scene) release() {
	s.Space.Release()
	if s.playback != nil {
		s.playback.Release()
	}
}

// leaves gives a job the values of leaves, made on a goroutine of their own.
type leaves struct {
	*leaf.Source
	w *Workspace
	j *Job
}

func (l leaves) Values(_ context.Context, n *expr.Node) ([]float32, error) {
	return await(l.w, l.j, func(ctx context.Context) ([]float32, error) { return l.Source.Values(ctx, n) })
}

// tree is what there is to know of an expression's tree.
type tree struct {
	values string // names what decides its values
	layers []int  // of a model that its leaves name, in order; nil if none names a matrix of a model
}

// treeOf finds out about a tree, once: trees of documents are not written to.
func (w *Workspace) treeOf(root *expr.Node) tree {
	if t, ok := w.trees[root]; ok {
		return t
	}
	source := &leaf.Source{Seed: w.options.Seed}
	var t tree
	var b strings.Builder
	root.Walk(func(path string, n *expr.Node) {
		if n.IsMatMul() {
			fmt.Fprintf(&b, "%s %s\n", path, n.Epilog)
			return
		}
		fmt.Fprintf(&b, "%s %s\n", path, source.Key(n))
		if name, ok := session.ParseLeafName(n.URL); ok && n.Init == "url" && !slices.Contains(t.layers, name.Layer) {
			t.layers = append(t.layers, name.Layer)
		}
	})
	slices.Sort(t.layers)
	t.values = b.String()
	if len(w.trees) >= maxTrees {
		clear(w.trees)
	}
	w.trees[root] = t
	return t
}

// maxTrees is how many trees are remembered: more than are on the screen.
const maxTrees = 32

// places names where files of leaves are looked for.
func (w *Workspace) places() string {
	all := []string{fmt.Sprint(w.options.Fetch)}
	for _, f := range w.files {
		all = append(all, f.Where())
	}
	return strings.Join(all, "\n")
}

// OnWeb tells whether leaves on the screen name files on the web that may not be fetched.
func (w *Workspace) OnWeb() bool {
	found := false
	w.doc.Root.Walk(func(_ string, n *expr.Node) {
		found = found || !n.IsMatMul() && n.Init == "url" && strings.HasPrefix(n.URL, "http")
	})
	return found && !w.options.Fetch
}

// AllowFetch lets files that leaves name be fetched from the web, until the window is closed.
func (w *Workspace) AllowFetch() { w.options.Fetch = true }

// wantScene is the entry of a tree in space, with leaves of a pass if pass is not nil. It is
// nil until the values are there; what is wrong with them is said at the place.
func (w *Workspace) wantScene(root *expr.Node, pass *Pass, place Place) *entry[sceneKey, *Scene] {
	source, form := &leaf.Source{Seed: w.options.Seed, Files: w.files}, w.doc.Form
	key := headKey{values: w.treeOf(root).values, places: w.places()}
	if pass != nil {
		key.pass = pass.key
	}
	// One after the other: what comes meanwhile waits, and the last of it is next.
	painted := sceneKey{key, root, w.Look()}
	if w.heads.working() && w.heads.find(key) == nil || w.scenes.working() && w.scenes.find(painted) == nil {
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
	e := w.scenes.want(painted, "Painting", func(j *Job) (*Scene, error) {
		s := &Scene{Space: view.NewSpace(w.Device, w.Renderer), Root: root, head: h.value}
		s.Space.Look = painted.look
		if pass != nil {
			s.Space.Tokens = pass.Tokens
		}
		if err := s.Space.Show(root, h.value.values); err != nil {
			s.release()
			return nil, err
		}
		s.playback, s.still = eval.NewPlayback(j.ctx, h.value.values, s.Space.Scene, form, w.leaves(j, root, pass, source))
		if err := j.ctx.Err(); err != nil {
			s.release()
			return nil, err
		}
		return s, w.Device.Wait()
	}, append(uses, h.value)...)
	w.tell(place, e.err)
	return e
}

// leaves are those of a tree, from a pass and from files.
func (w *Workspace) leaves(j *Job, root *expr.Node, pass *Pass, source *leaf.Source) leaves {
	files := slices.Clone(source.Files)
	if pass != nil {
		// They are read here, on the goroutine of the device; the leaves are made elsewhere.
		for _, layer := range w.treeOf(root).layers {
			pass.read(layer)
		}
		files = append(files, pass.leaves)
	}
	files = append(files, leaf.Local())
	if w.options.Fetch {
		files = append(files, leaf.Web(j.ctx))
	}
	return leaves{&leaf.Source{Seed: source.Seed, Files: files}, w, j}
}

// compute makes the values of a tree.
func (w *Workspace) compute(j *Job, root *expr.Node, pass *Pass, source *leaf.Source) (*Head, error) {
	h := &Head{values: eval.NewExpression(w.Device)}
	if err := h.values.Run(j.ctx, root, w.leaves(j, root, pass, source), nil); err != nil {
		h.release()
		return nil, err
	}
	return h, w.Device.Wait()
}
