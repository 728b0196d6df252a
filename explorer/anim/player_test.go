package anim_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"headscope/explorer/anim"
)

// player plays an animation of ten steps.
func player(t interface{ Fatal(...any) }, speed float64) *anim.Player {
	root := product(t, "A @ B", 10)
	set(t, root, "anim.alg", "vmprod")
	p, err := anim.NewPlayer(animate(t, root), speed)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPlayer(t *testing.T) {
	p := player(t, 4)
	expect := func(what string, step int) {
		t.Helper()
		if p.Step() != step {
			t.Fatalf("%s: step %d, want %d", what, p.Step(), step)
		}
	}
	p.Advance(100)
	expect("paused", 1)
	p.Playing = true
	if p.Advance(0.125) {
		t.Fatal("half a step's time shows another step")
	}
	if !p.Advance(0.125) {
		t.Fatal("a step's time shows no other step")
	}
	expect("a step's time", 2)
	p.Advance(2.25)
	expect("nine steps' time", 1)
	p.Move(-1)
	expect("back from the first", 10)
	if p.Playing {
		t.Fatal("a single step does not pause")
	}
	p.Move(2)
	expect("on from the last", 2)
	if err := p.Seek(7); err != nil {
		t.Fatal(err)
	}
	expect("sought", 7)
	for _, step := range []int{0, -1, 11, math.MaxInt} {
		if p.Seek(step) == nil {
			t.Errorf("step %d was found", step)
		}
	}
	expect("not found", 7)
	for _, speed := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		if p.SetSpeed(speed) == nil {
			t.Errorf("speed %v was taken", speed)
		}
		if none, err := anim.NewPlayer(&anim.Animation{}, speed); none != nil || err == nil {
			t.Errorf("a player at speed %v", speed)
		}
	}
	if p.Speed() != 4 {
		t.Errorf("speed %v after refusals, want 4", p.Speed())
	}
	if err := p.Seek(11); err.Error() != "step 11 is not in the animation: expected 1 to 10" {
		t.Error(err)
	}
}

// In whatever pieces time passes, as many steps are shown.
func TestTimePassesInPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := player(t, 8)
		p.Playing = true
		total := 0
		for _, n := range rapid.SliceOf(rapid.IntRange(0, 1000)).Draw(t, "64ths of a second") {
			p.Advance(float64(n) / 64)
			total += n
		}
		if want := 1 + total/8%10; p.Step() != want {
			t.Fatalf("after %d/64 s: step %d, want %d", total, p.Step(), want)
		}
	})
}

func TestTimeThatIsNone(t *testing.T) {
	p := player(t, math.MaxFloat64)
	p.Playing = true
	for _, seconds := range []float64{0, -1, math.NaN(), math.Inf(1), math.MaxFloat64} {
		if p.Advance(seconds) || p.Step() != 1 {
			t.Errorf("%v seconds lead to step %d", seconds, p.Step())
		}
	}
}
