package eval

import (
	"context"
	"math"
	"strings"
	"testing"

	sources "headscope/explorer/leaf"
	"headscope/explorer/partition"
	"headscope/explorer/session"
	"headscope/gpu/gputest"
)

// Of real heads, every value is within 2e-6 (1 + the largest score) times the largest value,
// in blocks that do not come out even.
func TestOnlineOnRealHeads(t *testing.T) {
	d := gputest.Device(t)
	for _, m := range headModels(t) {
		for _, at := range [][2]int{{0, 1}, {m.Config.Layers - 1, m.Config.Heads - 1}} {
			s, err := session.Builtin("blockwise", m.shape(at[0], at[1]))
			if err != nil {
				t.Fatal(err)
			}
			e := NewExpression(d)
			defer e.Release()
			run(t, e, s.Root, &sources.Source{Files: []sources.Finder{m.leaves()}})
			laid := lay(t, s.Root)
			o, err := NewOnline(e, laid)
			if err != nil {
				t.Fatal(err)
			}
			defer o.Release()
			for step := 1; step <= o.Steps(); step++ {
				showStep(t, o, step)
				checkOnline(t, o, laid, step, false)
			}
		}
	}
}

// Sums that are computed in several parts, of scores and of outputs, are right, too.
func TestOnlineOfManyKeys(t *testing.T) {
	d := gputest.Device(t)
	s, err := session.FromExpression("(attn = Q @ K_t) @ V")
	if err != nil {
		t.Fatal(err)
	}
	attn, v := s.Root.Left, s.Root.Right
	attn.Epilog = "softmax(x/sqrt(k))"
	attn.Left.H, attn.Left.W, attn.Right.H, attn.Right.W, v.H, v.W = 3, 1030, 1030, 2100, 2100, 5
	if err := partition.Set(s.Root, "root", partition.K, 4); err != nil {
		t.Fatal(err)
	}
	e := NewExpression(d)
	defer e.Release()
	run(t, e, s.Root, &namedLeaves{})
	laid := lay(t, s.Root)
	o, err := NewOnline(e, laid)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Release()
	for _, step := range []int{2, 5, 4} {
		showStep(t, o, step)
		checkOnline(t, o, laid, step, true)
	}
}

// The columns stand in the plane of attn, in the order m, l, c on the way from its nearest
// column to the result.
func TestOnlineColumns(t *testing.T) {
	d := gputest.Device(t)
	for _, name := range []string{"attngpt2", "blockwise", "layer", "attnqkov"} {
		s, err := session.Builtin(name, session.Shape{Tokens: 19, Width: 24, HeadWidth: 12, Hidden: 30})
		if err != nil {
			t.Fatal(err)
		}
		e := NewExpression(d)
		defer e.Release()
		run(t, e, s.Root, &namedLeaves{})
		laid := lay(t, s.Root)
		o, err := NewOnline(e, laid)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		defer o.Release()
		want := 2
		if name == "blockwise" {
			want = 8 // 19 tokens in blocks of 3
		}
		if o.Steps() != want {
			t.Errorf("%s has %d steps, want %d", name, o.Steps(), want)
		}
		for step := 1; step <= o.Steps(); step++ {
			showStep(t, o, step)
			checkOnline(t, o, laid, step, true)
		}
		showStep(t, o, 1)
		c := laid.Cubes[o.cube]
		attn, _ := laid.Matrix(o.attn)
		before := math.Inf(1)
		for j := range c.K.N {
			before = min(before, math.Abs(c.Product(0, j, 0)[2]-c.Result()))
		}
		for n, p := range o.Planes() {
			toWorld := c.ToWorld.Mul4(p.ToFrame)
			for i := range c.I.N {
				want := attn.World(i, 0)
				got := toWorld.Mul4x1(attn.Element(i, 0).Vec4(1)).Vec3()
				frame := p.ToFrame.Mul4x1(attn.Element(i, 0).Vec4(1)).Vec3()
				if math.Abs(got[1]-want[1]) > 1e-9 {
					t.Fatalf("%s: row %d of column %d is at %v, attn's at %v", name, i, n, got, want)
				}
				if i == 0 {
					away := frame[2] - c.Result()
					if c.Result() > 0 {
						away = -away
					}
					if !(away < before-0.9) || away < -2*c.K.Gap {
						t.Errorf("%s: column %d is %v before the result, the one before it %v", name, n, away, before)
					}
					before = away
				}
			}
		}
	}
}

// What there is no playback for is said so; a Run ends a playback, and after Release it goes on.
func TestOnlineRefuses(t *testing.T) {
	d := gputest.Device(t)
	e := NewExpression(d)
	defer e.Release()
	s, err := session.FromExpression("A @ B")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewOnline(e, lay(t, s.Root)); err == nil || !strings.Contains(err.Error(), "attn @ V") {
		t.Errorf("no attention: %v", err)
	}
	if s, err = session.Builtin("blockwise", session.Shape{Tokens: 5, Width: 8, HeadWidth: 4, Hidden: 9}); err != nil {
		t.Fatal(err)
	}
	o, err := NewOnline(e, lay(t, s.Root))
	if err != nil {
		t.Fatal(err)
	}
	defer o.Release()
	ctx := context.Background()
	if err := o.Show(ctx, 1); err == nil || !strings.Contains(err.Error(), "was not run") {
		t.Errorf("nothing was run: %v", err)
	}
	if _, err := o.Matrix("root"); err == nil {
		t.Error("there is a matrix of no step")
	}
	run(t, e, s.Root, &namedLeaves{})
	for _, step := range []int{-1, 0, o.Steps() + 1} {
		if err := o.Show(ctx, step); err == nil || !strings.Contains(err.Error(), "1 to 6") {
			t.Errorf("step %d: %v", step, err)
		}
	}
	if _, err := o.Labels(); err != nil {
		t.Errorf("labels before a step: %v", err)
	}
	showStep(t, o, 2)
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if err := o.Show(ended, 3); err == nil {
		t.Error("an ended Show shows something")
	}
	if _, err := o.Matrix("root"); err == nil {
		t.Error("after an error there are matrices")
	}
	showStep(t, o, 3)
	run(t, e, s.Root, &namedLeaves{})
	if err := o.Show(ctx, 3); err == nil || !strings.Contains(err.Error(), "run again") {
		t.Errorf("after another Run: %v", err)
	}
	o.Release()
	o.Release()
	showStep(t, o, 3)
	o.Release()
	other := s.Root.Clone()
	other.Left.Left.Left.Left.Epilog = "none"
	run(t, e, other, &namedLeaves{})
	if err := o.Show(ctx, 3); err == nil || !strings.Contains(err.Error(), "laid out") {
		t.Errorf("another expression was run: %v", err)
	}
	run(t, e, s.Root, &namedLeaves{})
	showStep(t, o, 3)
	if _, err := o.ReadPart("root", 0, 0, 6, 1); err == nil {
		t.Error("a part that there is not was read")
	}
}
