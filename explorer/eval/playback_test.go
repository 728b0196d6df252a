package eval

import (
	"context"
	"errors"
	"strings"
	"testing"

	"headscope/explorer/expr"
	"headscope/explorer/session"
	"headscope/gpu/gputest"
)

// lacking are leaves without the input of all tokens.
type lacking struct{ namedLeaves }

func (l *lacking) Values(ctx context.Context, n *expr.Node) ([]float32, error) {
	if n.H > 1 && strings.HasPrefix(n.Name, "input") {
		return nil, errors.New("no such file")
	}
	return l.namedLeaves.Values(ctx, n)
}

// What moves is a Motion; of what does not the built-in session decides.
func TestNewPlayback(t *testing.T) {
	d := gputest.Device(t)
	shape := session.Shape{Tokens: 9, Width: 8, HeadWidth: 4, Hidden: 16}
	for _, c := range []struct {
		form, as, alg string
		want          string // kind, or what the error says
		steps         int
		pace          float64 // of a speed of 16
	}{
		{"blockwise", "blockwise", "none", "online", 6, 2},
		{"decode", "decode", "none", "decode", 9, 16},
		{"blockwise", "blockwise", "vmprod", "motion", 0, 16},
		{"decode", "decode", "vmprod", "motion", 0, 16},
		{"attngpt2", "attngpt2", "none", "", 0, 0},
		{"blockwise", "", "none", "", 0, 0}, // an expression of one's own
		{"attngpt2", "decode", "none", "queries of 9 tokens", 0, 0},
	} {
		s, err := session.Builtin(c.form, shape)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Root.Set("anim.alg", c.alg); err != nil {
			t.Fatal(err)
		}
		e := NewExpression(d)
		defer e.Release()
		leaves := &namedLeaves{}
		run(t, e, s.Root, leaves)
		p, err := NewPlayback(t.Context(), e, lay(t, s.Root), c.as, leaves)
		kind := ""
		switch p := p.(type) {
		case *Motion:
			kind = "motion"
		case *Online:
			kind = "online"
		case *Decode:
			kind = "decode"
		default:
			if p != nil {
				t.Fatalf("%T", p)
			}
		}
		if err != nil {
			if p != nil || c.want == "" || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s as %q: %v, %v, want %q", c.form, c.as, p, err, c.want)
			}
			continue
		}
		if kind != c.want || p != nil && c.steps > 0 && p.Steps() != c.steps {
			t.Errorf("%s as %q with %s is %q; want %q of %d steps", c.form, c.as, c.alg, kind, c.want, c.steps)
		}
		if p == nil {
			continue
		}
		if Moves(p) != (kind == "motion") || Pace(p, 16) != c.pace || Pace(p, 1) != 1 {
			t.Errorf("%s moves: %v, at %v", kind, Moves(p), Pace(p, 16))
		}
		for _, step := range []int{1, p.Steps(), 1} {
			showStep(t, p, step)
			if p.State().Step != step || p.Check(step) != nil || p.Check(p.Steps()+1) == nil || p.Check(0) == nil {
				t.Errorf("%s: step %d is not shown right", kind, step)
			}
			labels, err := p.Labels()
			if err != nil || kind != "online" && len(labels) > 0 {
				t.Errorf("%s has labels %v, %v", kind, labels, err)
			}
			if all, err := p.Summaries(); err != nil || all["root"] == (Summary{}) {
				t.Errorf("%s has summaries %v, %v", kind, all, err)
			}
		}
		p.Release()
		p.Release()
	}
	s, err := session.Builtin("decode", shape)
	if err != nil {
		t.Fatal(err)
	}
	e := NewExpression(d)
	defer e.Release()
	run(t, e, s.Root, &namedLeaves{})
	if p, err := NewPlayback(t.Context(), e, lay(t, s.Root), "decode", &lacking{}); p != nil || err == nil || !strings.Contains(err.Error(), "input of all tokens, to decode one after another: no such file") {
		t.Errorf("without the input of all tokens: %v, %v", p, err)
	}
}
