// Package session reads and writes what a user looks at: an expression with its settings, a
// camera, and, in files of our own, the model, prompt, head, view and selection.
//
// [Open] takes what a user pastes. A link's query, a JSON file and the numbered pairs of a
// compressed link all become one JSON object, mm's params; package expr makes a tree of it,
// and what is left over stays with the tree for the way back. That way a [Session]
// lists its keys, and [Session.Link] or [Session.File] puts them into a form. Reading what
// was written gives the same session.
package session

import (
	"fmt"
	"maps"
	"slices"

	"headscope/explorer/camera"
	"headscope/explorer/expr"
	"headscope/explorer/layout"

	"github.com/go-gl/mathgl/mgl64"
)

// Session is the whole document of the explorer: what a file of it, undoing and a restart
// bring back. A link of mm holds Root, Camera and Diag; the rest is in our own files only.
// [Default], [FromExpression], [Builtin] and [Open] make one; the zero Session is none.
type Session struct {
	Root   *expr.Node // a matmul; its Extra also has what mm keeps of its GUI
	Camera camera.Camera
	Diag   Diag

	Model  string // path of a model, or "demo"
	Prompt string
	Inputs string // path of recorded activations that take the prompt's place; "": none
	Sample int    // of Inputs
	NoBias bool   // the heads are without biases
	Head   string // such as "L5H4"
	Form   string // the built-in session that Root is; "": an expression or link of its own

	View      string // the tab: one of Views, or "" for any
	Token     int    // the chosen one of the prompt; -1: none
	Selection Selection
	Atlas     Atlas
	Compare   Compare

	Light, Safe bool // a white background; a palette that does not need red told from green
}

// Views are the tabs of the explorer.
var Views = []string{"atlas", "head", "compare", "bench"}

// Diag is mm's diagnostics.
type Diag struct{ URL string }

// Place is where in a wall of pictures one looks, and from how near: X and Y are the
// point in the middle, from (0, 0) in the wall's upper left corner to (1, 1); at Zoom 1 the
// whole is seen.
type Place struct{ X, Y, Zoom float64 }

// Whole is the place from which all of a wall is seen.
var Whole = Place{0.5, 0.5, 1}

// Atlas is how the heads of a model are shown side by side. Package view knows the names of
// its sort keys and traits.
type Atlas struct {
	Sort     string  // "": by layer
	Trait    string  // only heads of which it lies in [Min, Max] are shown; "": all
	Min, Max float64 // of Trait
	Place
}

// Compare is which heads are shown beside each other, and how.
type Compare struct {
	Panes      []Pane // at most MaxPanes
	Difference bool   // with one more pane, of the first pattern less the second
	Space      bool   // heads in space instead of their patterns
	Place             // in every pane
}

// Selection is a selected element: row I and column J of the matrix at a path as
// [expr.Node.Walk] names it. Without a path nothing is selected.
type Selection struct {
	Path string
	I, J int
}

// Default is what mm shows without a link: L @ R.
func Default() *Session {
	s := blank()
	s.Root, s.Camera = expr.Default(), camera.Default()
	return s
}

// blank is a session without a scene.
func blank() *Session {
	return &Session{Token: -1, Atlas: Atlas{Place: Whole}, Compare: Compare{Place: Whole}}
}

// Clone is a copy that shares nothing with the session which anybody writes to.
func (s *Session) Clone() *Session {
	c := *s
	c.Root = s.Root.Clone()
	c.Compare.Panes = slices.Clone(s.Compare.Panes)
	return &c
}

// FromExpression is the default session with another expression, seen as a whole.
func FromExpression(text string) (*Session, error) {
	s := Default()
	if err := s.Edit(text); err != nil {
		return nil, err
	}
	return s, s.Fit(camera.Viewport{W: 1280, H: 800})
}

// Fit moves the camera so that all matrices are seen in a window, from the side from which it
// looks.
func (s *Session) Fit(v camera.Viewport) error {
	scene, err := layout.Layout(s.Root)
	if err == nil {
		s.Camera = s.Camera.Fit(v, scene.Corners(), 0.08)
	}
	return err
}

// Edit changes the expression. What [expr.Edit] can keep of the tree stays, and children
// are placed anew by their parents' layout schemes. A selection stays where there still
// is such an element. Another expression than before is of no Form. On an error nothing has
// changed.
func (s *Session) Edit(text string) error {
	root, err := expr.Edit(s.Root, text)
	if err != nil {
		return err
	}
	if err := layout.Derive(root); err != nil {
		return err
	}
	if root.String() != s.Root.String() {
		s.Form = ""
	}
	s.Root = root
	if s.Selection.check(root) != nil {
		s.Selection = Selection{}
	}
	return nil
}

// check says whether there is such an element, or nothing selected.
func (s Selection) check(root *expr.Node) error {
	if s == (Selection{}) {
		return nil
	}
	n := root.At(s.Path)
	if n == nil {
		return fmt.Errorf("selection.path is %.80q, and %.80q has no such matrix", s.Path, root.Name)
	}
	if s.I < 0 || s.I >= n.Rows() || s.J < 0 || s.J >= n.Cols() {
		return fmt.Errorf("selection is row %d, column %d, but %.80q is %d x %d (counted from 0)",
			s.I, s.J, n.Name, n.Rows(), n.Cols())
	}
	return nil
}

// fromParams makes a session of mm's params. Missing keys have their defaults.
func fromParams(params map[string]any) (*Session, error) {
	s := blank()
	rest := maps.Clone(params)
	cam, err := take(rest, "cam", "cam")
	if err != nil {
		return nil, err
	}
	target, err := take(cam, "target", "cam.target")
	if err != nil {
		return nil, err
	}
	at := camera.Default()
	if err := takePoint(cam, "cam", &at.Position); err != nil {
		return nil, err
	}
	if err := takePoint(target, "cam.target", &at.Target); err != nil {
		return nil, err
	}
	if s.Camera, err = camera.New(at.Position, at.Target); err != nil {
		return nil, err
	}
	// New goes by angles, which rounds. Where it moved nothing else a session reads back
	// as it was written.
	if s.Camera.Position.Sub(at.Position).Len() <= 1e-9*(at.Position.Len()+at.Target.Len()) {
		s.Camera = at
	}
	diag, err := take(rest, "diag", "diag")
	if err != nil {
		return nil, err
	}
	if err := takeText(diag, "url", "diag.url", &s.Diag.URL); err != nil {
		return nil, err
	}
	s.Root, err = expr.Read(rest)
	return s, err
}

// take replaces the object under a key of a parent by a copy and returns that, so that
// what the caller does not take out of the copy stays as the parent's rest. Of a missing
// object it is nil.
func take(parent map[string]any, key, path string) (map[string]any, error) {
	v, ok := parent[key]
	if !ok {
		return nil, nil
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s is %s, expected an object", path, expr.Show(v))
	}
	object = maps.Clone(object)
	parent[key] = object
	return object, nil
}

func takeText(object map[string]any, key, path string, to *string) error {
	v, ok := object[key]
	if !ok {
		return nil
	}
	text, ok := v.(string)
	if !ok {
		return fmt.Errorf("%s is %s, expected a text", path, expr.Show(v))
	}
	*to = text
	delete(object, key)
	return nil
}

func takePoint(object map[string]any, path string, to *mgl64.Vec3) error {
	for i, key := range []string{"x", "y", "z"} {
		v, ok := object[key]
		if !ok {
			continue
		}
		x, err := expr.Number(v)
		if err != nil {
			return fmt.Errorf("%s.%s %w", path, key, err)
		}
		to[i] = x
		delete(object, key)
	}
	return nil
}

// keys lists mm's params of the session in the order in which they are written.
func (s *Session) keys() []expr.Key {
	keys := s.Root.Keys()
	put := func(value any, path ...string) { keys = append(keys, expr.Key{Path: path, Value: value}) }
	put(s.Diag.URL, "diag", "url")
	for i, key := range []string{"x", "y", "z"} {
		put(s.Camera.Position[i], "cam", key)
	}
	for i, key := range []string{"x", "y", "z"} {
		put(s.Camera.Target[i], "cam", "target", key)
	}
	return keys
}
