package ui

import (
	"errors"
	"fmt"
	"image"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"headscope/explorer/expr"
	"headscope/explorer/session"
	"headscope/explorer/workspace"
	"headscope/gpu/gputest"
	"headscope/gpu/render"
)

// panelStage is a shell over a workspace, with one of its panels alone on the stage.
type panelStage struct {
	*stage
	shell *Shell
	w     *workspace.Workspace
	panel func()
}

// newPanelStage shows a panel of a session, whose work is done.
func newPanelStage(t *testing.T, width, height int, doc *session.Session, panel func(s *Shell)) *panelStage {
	t.Helper()
	s := newStage(t, width, height)
	r, err := render.New(s.device)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Release)
	w := workspace.New(s.device, r, doc, workspace.Options{Seed: 1})
	t.Cleanup(w.Release)
	p := &panelStage{stage: s, w: w, shell: NewShell(s.Context, w, &s.copied)}
	p.panel = func() {
		p.shell.width, p.shell.height, p.shell.scale = width, height, s.scale
		p.shell.region = image.Rect(0, 0, 640, 480)
		p.shell.bar("panel", image.Rect(0, 0, width, height), 0, func() { panel(p.shell) })
	}
	p.work()
	return p
}

// region is the whole stage.
func (p *panelStage) region() image.Rectangle {
	width, height := p.picture.Size()
	return image.Rect(0, 0, width, height)
}

// work hands events to the panel, runs the workspace until nothing is left to do, and draws
// the panel.
func (p *panelStage) work() {
	p.t.Helper()
	p.frames(p.panel)
	for p.w.Step(time.Second); len(p.w.Jobs()) > 0; p.w.Step(time.Second) {
		time.Sleep(time.Millisecond)
	}
	p.w.Step(time.Second)
	p.shell.Theme()
	p.frames(p.panel)
}

// headSession is the head tab on the built-in model.
func headSession() *session.Session {
	d := workspace.Default()
	d.View, d.Head = "head", "L1H2"
	return d
}

// atScale makes a panel of the whole width small enough for a golden picture.
func (p *panelStage) atScale(scale float64) *panelStage {
	p.scale = scale
	p.work()
	return p
}

func TestHeadPanel(t *testing.T) {
	for name, light := range map[string]bool{"head-dark": false, "head-light": true} {
		t.Run(name, func(t *testing.T) {
			d := headSession()
			d.Light = light
			p := newPanelStage(t, 256, 256, d, (*Shell).headPanel).atScale(0.8)
			gputest.Golden(t, name, p.image())
		})
	}
}

// The steppers choose a head; the camera stays.
func TestHeadSteppers(t *testing.T) {
	p := newPanelStage(t, 320, 256, headSession(), (*Shell).headPanel)
	camera := p.w.Document().Camera
	p.click(110, 54) // the layer's right arrow
	p.work()
	p.click(215, 54) // the head's left one
	p.work()
	if d := p.w.Document(); d.Head != "L2H1" || d.Camera != camera {
		t.Errorf("the head is %s, the camera %v, want L2H1 and %v", d.Head, d.Camera, camera)
	}
	if name := p.w.Scene().Root.Right.Name; name != "wO_2_1" {
		t.Errorf("the scene shows %s", name)
	}
	p.click(20, 87)
	p.work()
	if !p.w.Document().NoBias || p.w.Scene().Root.At("left.left.left.left").W != 192 {
		t.Error("the biases are still there")
	}
}

func TestForm(t *testing.T) {
	p := newPanelStage(t, 320, 256, headSession(), (*Shell).headPanel)
	p.click(200, 20)
	p.frames(p.panel)
	p.click(200, 78)
	p.work()
	if d := p.w.Document(); d.Form != "attnqkov" || p.w.Scene().Root != d.Root || d.Root.At("left.left").Name != "attn" {
		t.Errorf("the form is %q", d.Form)
	}
	p.shell.setSetting(at(p.shell, "right.left"), row(t, "init"), "eye", "")
	p.work()
	if d := p.w.Document(); d.Form != "" || d.Root.At("right.left").Init != "eye" {
		t.Errorf("a matrix was exchanged: the form is %q", d.Form)
	}
}

func TestExpressionField(t *testing.T) {
	p := newPanelStage(t, 320, 500, headSession(), func(s *Shell) { s.expressionField() })
	p.w.Change("", func(d *session.Session) error {
		d.Form = ""
		return d.Edit("A @ B")
	})
	p.work()
	retype := func(text string) {
		p.click(100, 30)
		p.frames(p.panel)
		p.press("Ctrl", "a")
		p.frames(p.panel)
		p.Feed(Event{Kind: Text, Text: text})
		p.frames(p.panel)
		p.press("Enter")
		p.work()
	}
	retype("A @ (B")
	if p.w.Document().Root.String() != "A @ B" || p.shell.expression.text != "A @ (B" {
		t.Errorf("the document has %s, the field %q", p.w.Document().Root, p.shell.expression.text)
	}
	if text := p.w.Notice(workspace.AtExpression); !strings.Contains(text, "column 7") {
		t.Errorf("the notice is %q", text)
	}
	retype("D = A @ B @ C")
	if p.w.Document().Root.String() != "D = A @ B @ C" || p.w.Notice(workspace.AtExpression) != "" {
		t.Errorf("the document has %s, the notice is %q", p.w.Document().Root, p.w.Notice(workspace.AtExpression))
	}
	retype("A @")
	p.w.Undo()
	p.work()
	if p.shell.expression.text != "A @ B" || p.w.Notice(workspace.AtExpression) != "" {
		t.Errorf("after undo the field has %q, the notice is %q", p.shell.expression.text, p.w.Notice(workspace.AtExpression))
	}
}

func TestAround(t *testing.T) {
	for _, c := range []struct {
		excerpt string
		width   int
		want    string
	}{
		{"A @ (B\n      ^", 20, "A @ (B\n      ^"},
		{"A @ (B\n      ^", 4, " (B\n   ^"},
		{"? @ BCDEF\n^", 4, "? @ \n^"},
		{"Ä @ BC?EF @ G\n      ^", 5, "BC?EF\n  ^"},
	} {
		if got := around(c.excerpt, c.width); got != c.want {
			t.Errorf("%q in %d is %q, want %q", c.excerpt, c.width, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		_, err := expr.Parse(rapid.StringMatching(`[A-Dé@() ?=]*`).Draw(t, "text"))
		var syntax *expr.SyntaxError
		if !errors.As(err, &syntax) {
			return
		}
		width := rapid.IntRange(2, 80).Draw(t, "width")
		line, caret, _ := strings.Cut(around(syntax.Excerpt(), width), "\n")
		if utf8.RuneCountInString(line) > width || len(caret) > width || !strings.HasSuffix(caret, "^") {
			t.Errorf("%q above %q is wider than %d", line, caret, width)
		}
	})
}

func TestSelectedValue(t *testing.T) {
	p := newPanelStage(t, 320, 256, ofExpression(t, "A @ B"), (*Shell).headPanel)
	want, err := p.w.Scene().Space.Value("left", 3, 2)
	if err != nil {
		t.Fatal(err)
	}
	p.w.Change("", func(d *session.Session) error {
		d.Selection = session.Selection{Path: "left", I: 3, J: 2}
		return nil
	})
	p.work()
	if got := p.shell.selectedValue(p.w.Document().Selection); got != fmt.Sprintf("%.6g", want) {
		t.Errorf("the value is %s, want %g", got, want)
	}
	if got := p.shell.selectedValue(session.Selection{Path: "left.left"}); got != "…" {
		t.Errorf("a matrix that is not there has the value %s", got)
	}
}
