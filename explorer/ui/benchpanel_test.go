package ui

import (
	"fmt"
	"slices"
	"testing"

	"headscope/explorer/bench"
	"headscope/gpu/gputest"

	"github.com/AllenDang/cimgui-go/imgui"
)

func TestLengths(t *testing.T) {
	for text, want := range map[string][]int{
		"128":               {128},
		"512, 128 ,256,":    {128, 256, 512},
		"64 64 1":           {1, 64},
		"":                  nil,
		" , ":               nil,
		"12k":               nil,
		"0":                 nil,
		"-5":                nil,
		"16777217":          nil,
		"99999999999999999": nil,
	} {
		got, err := parseLengths(text)
		if !slices.Equal(got, want) || (err == nil) != (want != nil) {
			t.Errorf("%q gives %v, %v; want %v", text, got, err, want)
		}
		if want != nil {
			if again, err := parseLengths(showLengths(got)); err != nil || !slices.Equal(again, got) {
				t.Errorf("%v is shown as %q", got, showLengths(got))
			}
		}
	}
}

// benchStage is the bench panel over a short comparison.
func benchStage(t *testing.T, width, height int) *panelStage {
	d := headSession()
	d.View = "bench"
	p := newPanelStage(t, width, height, d, (*Shell).benchPanel)
	p.w.Bench.Options.Lengths, p.w.Bench.Options.Runs = []int{16, 65}, 2
	p.work()
	return p
}

// The panel sets what is measured, and runs it.
func TestBenchPanel(t *testing.T) {
	p := benchStage(t, 320, 600)
	p.click(200, 54)
	p.frames(p.panel)
	p.press("Ctrl", "a")
	p.frames(p.panel)
	p.Feed(Event{Kind: Text, Text: "8, x"})
	p.frames(p.panel)
	if p.shell.benchCheck() == nil || !slices.Equal(p.w.Bench.Options.Lengths, []int{16, 65}) {
		t.Errorf("a wrong length is taken: %v", p.w.Bench.Options.Lengths)
	}
	p.press("Backspace")
	p.Feed(Event{Kind: Text, Text: "33"})
	p.press("Enter")
	p.work()
	p.click(20, 285) // without the first method
	p.frames(p.panel)
	p.click(20, 186) // with the head's own queries
	p.frames(p.panel)
	if o := p.w.Bench.Options; !slices.Equal(o.Lengths, []int{8, 33}) || !slices.Equal(o.Methods, []string{bench.FullSkip, bench.Blockwise}) || !p.w.Bench.Head {
		t.Fatalf("%+v", p.w.Bench)
	}
	p.click(160, 483)
	p.frames(p.panel)
	if p.w.Benching() == nil || !slices.Equal(p.shell.bench.ran, []int{8, 33}) {
		t.Fatal("the button starts nothing")
	}
	p.work()
	if rows := p.w.Bench.Rows; len(rows) != 4 || rows[3].N != 33 || rows[3].Method != bench.Blockwise || rows[0].Data == "random" {
		t.Errorf("%+v", rows)
	}
	p.click(160, 483)
	p.frames(p.panel)
	p.click(160, 516) // Cancel, below the bar
	p.work()
	if p.w.Benching() != nil || len(p.w.Bench.Rows) == 4 || p.w.Notice("bench") != "" {
		t.Errorf("a cancelled run left %d rows, and %q", len(p.w.Bench.Rows), p.w.Notice("bench"))
	}
}

func TestNoMethods(t *testing.T) {
	p := benchStage(t, 320, 600)
	p.w.Bench.Options.Methods = []string{}
	if err := p.shell.benchCheck(); err == nil {
		t.Error("no methods are enough")
	}
	p.w.Bench.Options.Methods = nil
	p.w.Bench.Options.D = 6
	if err := p.shell.benchCheck(); err == nil {
		t.Error("heads of 6 columns are taken")
	}
	p.w.Bench.Head = true
	if err := p.shell.benchCheck(); err != nil {
		t.Errorf("the head has its own columns: %v", err)
	}
}

// plots shows the free part of the bench tab on the whole stage.
func (p *panelStage) plots() {
	p.panel = func() {
		width, height := p.picture.Size()
		p.shell.width, p.shell.height, p.shell.scale, p.shell.region = width, height, p.scale, p.region()
		p.shell.bar("view", p.region(), imgui.WindowFlagsNoScrollbar, p.shell.benchPlots)
	}
}

func TestBenchPlots(t *testing.T) {
	p := benchStage(t, 256, 256)
	p.plots()
	p.atScale(0.36)
	gputest.Golden(t, "bench-before", p.image())
	p.shell.bench.ran = []int{128, 256, 512, 1024}
	worst := 2.5e-7
	for i, n := range p.shell.bench.ran {
		for j, m := range bench.Methods()[:3] {
			grows := float64(int(1) << (2*i - i*j/3))
			r := bench.Row{N: n, Method: m, Data: "random", Peak: uint64(3e5 * grows), GFLOPs: 4, Error: &worst}
			if r.Median = 0.4 * grows / float64(j+1); n == 1024 && m == bench.Full {
				r.Skipped = fmt.Sprintf("%d tokens: 100 %% of the memory", n)
			}
			p.w.Bench.Rows = append(p.w.Bench.Rows, r)
		}
	}
	p.work()
	gputest.Golden(t, "bench-after", p.image())
}

func TestTicks(t *testing.T) {
	if got := roundNumbers(0.4, 21); !slices.Equal(got, []float64{0.5, 1, 2, 5, 10, 20}) {
		t.Errorf("%v", got)
	}
	if got := roundNumbers(0.5e-3, 2e3); !slices.Equal(got, []float64{0.001, 0.01, 0.1, 1, 10, 100, 1000}) {
		t.Errorf("%v", got)
	}
	if got := thinned([]float64{100, 110, 200, 400, 800}, 100, 800, 3); !slices.Equal(got, []float64{100, 200, 400, 800}) {
		t.Errorf("%v", got)
	}
	if from, to := logRange([]float64{7}); !(from < 7 && to > 7) {
		t.Errorf("%v to %v", from, to)
	}
}
