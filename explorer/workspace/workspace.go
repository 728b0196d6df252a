// Package workspace holds what the window works on: a document, and all that is computed from
// it and drawn, apart from panels and the window itself.
//
// What flows, in order:
//
//  1. A user's hand ends in [Workspace.Change], [Workspace.Open] or [Workspace.Undo]: they
//     change the document, a session.Session, and remember what it was.
//  2. [Workspace.Step], called once a frame, compares what the document needs with what is
//     there: the model it names, the tokens of its prompt, a forward pass on them, the
//     matrices of its head or expression, the panes of its comparison. What is missing is
//     made by jobs, which share the goroutine of the frames and are suspended between slices
//     of GPU work; reading files and other long work of the CPU is done elsewhere meanwhile.
//  3. [Workspace.Draw] draws what there is: until the new is there, the old.
//
// Whatever fails is a [Notice] at the place where it was asked for; all else goes on.
//
// A Workspace belongs to the goroutine that owns its device.
package workspace

import (
	"fmt"
	"time"

	"headscope/explorer/expr"
	"headscope/explorer/leaf"
	"headscope/explorer/session"
	"headscope/explorer/view"
	"headscope/gpu"
	"headscope/gpu/render"
	"headscope/models/demo"
)

// Options are what a workspace is opened with.
type Options struct {
	Folder   string // where a session's files are looked for by the last part of their names; or ""
	Fetch    bool   // files that a session names may be fetched from the web
	Seed     uint64 // of random leaves
	Settings *Settings
	Wake     func() // called from other goroutines when Step has something to do; nil: nothing is called
}

// Workspace is the document and what is made of it.
type Workspace struct {
	Device   *gpu.Device      // not owned
	Renderer *render.Renderer // not owned
	Settings *Settings        // not owned

	Wall    view.Wall     // of the atlas; its place and choice are the document's
	Compare *view.Compare // owned: of the patterns that are compared

	Bench Bench // what was measured

	options Options
	files   []leaf.Finder // where leaves are looked for beside the model

	doc     *session.Session
	history history
	notices map[Place]string
	saved   saved

	jobs    []*Job
	running *Job

	models cache[string, *Model]
	texts  cache[textKey, *Text]
	passes cache[passKey, *Pass]
	heads  cache[headKey, *Head]
	scenes cache[sceneKey, *Scene]
	inputs cache[inputKey, *recorded]

	model *Model          // what is on the screen; nil before the first
	pass  *Pass           //
	scene *Scene          //
	panes []*Pane         // of the comparison
	told  map[Place]error // what was last said there

	playback playback // of scene

	trees   map[*expr.Node]tree
	pointed pointed          // what the document's tree was last made to show
	offer   *session.Session // the last session, until it is taken or turned down
}

// sliceTime is how long a slice of GPU work may keep a frame waiting.
const sliceTime = 10 * time.Millisecond

// New makes a workspace that shows a session, or, without one, the built-in model.
func New(d *gpu.Device, r *render.Renderer, s *session.Session, o Options) *Workspace {
	if o.Settings == nil {
		o.Settings = &Settings{}
	}
	if o.Wake == nil {
		o.Wake = func() {}
	}
	w := &Workspace{Device: d, Renderer: r, Settings: o.Settings, options: o, notices: map[Place]string{}, told: map[Place]error{}, trees: map[*expr.Node]tree{}}
	w.Bench.Options = benchDefaults
	w.Compare = view.NewCompare(d)
	w.models = cache[string, *Model]{w: w, release: (*Model).release, hasty: true}
	w.texts = cache[textKey, *Text]{w: w, release: func(*Text) {}, spare: 16, hasty: true}
	w.inputs = cache[inputKey, *recorded]{w: w, release: func(*recorded) {}, hasty: true}
	w.passes = cache[passKey, *Pass]{w: w, release: (*Pass).release, spare: 1, hasty: true}
	w.heads = cache[headKey, *Head]{w: w, release: (*Head).release, spare: 1}
	w.scenes = cache[sceneKey, *Scene]{w: w, release: (*Scene).release}
	if o.Folder != "" {
		w.files = append(w.files, leaf.Dir(o.Folder))
	}
	if s == nil {
		s = Default()
		s.Light, s.Safe = o.Settings.Light, o.Settings.Safe
	}
	w.doc = s
	d.Slices(sliceTime, w.between)
	return w
}

// Default is the document of a first start: every head of the built-in model on the first of
// its sample prompts.
func Default() *session.Session {
	s := session.Default()
	s.Model, s.Prompt, s.Head, s.View = demo.Name, demo.Prompts()[0].Text, "L5H1", "atlas"
	s.Form = "attngpt2"
	return s
}

// Release ends all work and frees what the workspace holds. Save first.
func (w *Workspace) Release() {
	if w == nil || w.Device == nil {
		return
	}
	w.finish()
	w.Device.Slices(sliceTime, nil)
	w.Compare.Release()
	w.Wall.Release()
	w.scenes.clear()
	w.heads.clear()
	w.passes.clear()
	w.inputs.clear()
	w.texts.clear()
	w.models.clear()
	w.model, w.pass, w.scene, w.Device = nil, nil, nil, nil
}

func (w *Workspace) wake() { w.options.Wake() }

// Place says where a notice belongs: what the user did there led to it.
type Place string

// The places. Those of panes are [PanePlace].
const (
	AtModel      Place = "model"
	AtPrompt     Place = "prompt"
	AtHead       Place = "head"
	AtPlay       Place = "play"
	AtExpression Place = "expression"
	AtCompare    Place = "compare"
	AtBench      Place = "bench"
	AtOpen       Place = "open" // links, files, dropped things
	AtSave       Place = "save" // files written
)

// PanePlace is pane i of the comparison.
func PanePlace(i int) Place { return Place(fmt.Sprintf("pane %d", i)) }

// Notice is what there is to say at a place, in one line, or "".
func (w *Workspace) Notice(p Place) string { return w.notices[p] }

// Notices are all that there are, by place. It is read only.
func (w *Workspace) Notices() map[Place]string { return w.notices }

// Dismiss takes a notice away.
func (w *Workspace) Dismiss(p Place) { delete(w.notices, p) }

// Say puts what is to be known of the whole window where files and links are opened.
func (w *Workspace) Say(remark string) { w.notices[AtOpen] = remark }

// notice says what went wrong at a place; nil takes back what was said.
func (w *Workspace) notice(p Place, err error) {
	if err == nil {
		delete(w.notices, p)
	} else {
		w.notices[p] = err.Error()
	}
}

// tell is notice for what is found out at every sync: it says it once.
func (w *Workspace) tell(p Place, err error) {
	if w.told[p] != err {
		w.told[p] = err
		w.notice(p, err)
	}
}

// Offer offers to go on with a session; nil takes the offer back.
func (w *Workspace) Offer(s *session.Session) { w.offer = s }

// Offered is the session that is offered, or nil.
func (w *Workspace) Offered() *session.Session { return w.offer }

// Accept goes on with the session that is offered.
func (w *Workspace) Accept() {
	if s := w.offer; s != nil {
		w.offer = nil
		w.notice(AtOpen, w.adoptSession(s))
	}
}
