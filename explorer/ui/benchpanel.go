package ui

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/AllenDang/cimgui-go/imgui"

	"headscope/explorer/bench"
	"headscope/explorer/session"
	"headscope/explorer/workspace"
)

// benchPanel is what the bench panel keeps from frame to frame.
type benchPanel struct {
	lengths field
	wrong   error // about the text of lengths
	ran     []int // the lengths of the last run
}

// methodNames are the ways to compute attention as the window calls them.
var methodNames = map[string]struct{ name, about string }{
	bench.Full:           {"full", "All scores, masked softmax, times V: memory grows with the square of the tokens"},
	bench.FullSkip:       {"full, skipping", "Full, without the triangle above the diagonal"},
	bench.Blockwise:      {"blockwise", "Block by block with an online softmax: memory grows with the tokens"},
	bench.BlockwiseLayer: {"blockwise layer", "A layer with its FFN, all of it a block of queries at a time"},
}

// benchPanel chooses what is measured, and starts it.
func (s *Shell) benchPanel() {
	s.notice(workspace.AtBench)
	b := &s.w.Bench
	imgui.SeparatorText("Tokens")
	s.benchLengths()
	imgui.SeparatorText("Attention")
	own := b.Head && s.w.Pass() != nil
	imgui.BeginDisabledV(own)
	s.benchCount("Heads", "Heads of the layer", &b.Options.Heads, 1)
	s.benchCount("Head width", "Columns of a query, key or value: a multiple of 4 up to 128", &b.Options.D, 4)
	imgui.EndDisabled()
	imgui.BeginDisabledV(s.w.Pass() == nil)
	layer, head := s.w.Head()
	imgui.Checkbox(fmt.Sprintf("Q, K and V of %s", session.HeadName(layer, head)), &b.Head)
	imgui.EndDisabled()
	hint("The chosen head's own on the prompt, as far as it goes; random values beyond")
	imgui.Checkbox("Causal", &b.Options.Causal)
	hint("A token sees those up to itself only")
	imgui.SeparatorText("Methods")
	s.benchMethods()
	imgui.SeparatorText("Measure")
	s.benchCount("Runs", "Of every method at every length; their median counts", &b.Options.Runs, 1)
	err := s.benchCheck()
	if err != nil {
		imgui.PushStyleColorVec4(imgui.ColText, s.c.Theme().Error)
		imgui.TextWrapped(escape(err.Error()))
		imgui.PopStyleColor()
	}
	if job := s.w.Benching(); job != nil {
		imgui.ProgressBarV(float32(max(0, job.Share())), imgui.NewVec2(-1, 0), fmt.Sprintf("%d of %d runs", job.Done, job.Total))
		if imgui.ButtonV("Cancel", imgui.NewVec2(-1, 0)) {
			job.Cancel()
		}
		return
	}
	imgui.BeginDisabledV(err != nil)
	s.runButton(imgui.NewVec2(-1, 0))
	imgui.EndDisabled()
}

// runButton starts the measurement.
func (s *Shell) runButton(size imgui.Vec2) {
	colours := s.c.Theme()
	imgui.PushStyleColorVec4(imgui.ColButton, colours.Accent)
	imgui.PushStyleColorVec4(imgui.ColButtonHovered, colours.Accent)
	imgui.PushStyleColorVec4(imgui.ColText, colours.OnAccent)
	if imgui.ButtonV("Run", size) {
		s.runBench()
	}
	imgui.PopStyleColorV(3)
}

func (s *Shell) runBench() {
	s.bench.ran = slices.Clone(s.w.Bench.Options.Lengths)
	s.w.RunBench()
}

// benchCheck says why there is nothing to be run.
func (s *Shell) benchCheck() error {
	if s.bench.wrong != nil {
		return s.bench.wrong
	}
	o := s.w.Bench.Options
	if o.Methods != nil && len(o.Methods) == 0 {
		return errors.New("methods: at least one is needed")
	}
	if pass := s.w.Pass(); s.w.Bench.Head && pass != nil {
		o.Heads, o.D = 1, pass.Model.File.Config.HeadWidth()
	}
	return o.CheckOn(s.w.Device)
}

// benchLengths is the numbers of tokens, which are checked while they are typed.
func (s *Shell) benchLengths() {
	b, o := &s.bench, &s.w.Bench.Options
	if b.wrong == nil {
		b.lengths.follow(showLengths(o.Lengths))
	}
	imgui.SetNextItemWidth(-1)
	if imgui.InputTextWithHint("##lengths", "128, 256, 512", &b.lengths.text, imgui.InputTextFlagsNone, nil) {
		lengths, err := parseLengths(b.lengths.text)
		if b.wrong = err; err == nil {
			o.Lengths = lengths
		}
	}
	b.lengths.active = imgui.IsItemActive()
	hint("The lengths of text that are measured")
}

func showLengths(lengths []int) string {
	words := make([]string, len(lengths))
	for i, n := range lengths {
		words[i] = strconv.Itoa(n)
	}
	return strings.Join(words, ", ")
}

// parseLengths reads numbers of tokens, in order and each once.
func parseLengths(text string) ([]int, error) {
	var lengths []int
	for _, word := range strings.FieldsFunc(text, func(c rune) bool { return c == ',' || c == ' ' }) {
		n, err := strconv.Atoi(word)
		if err != nil || n < 1 || n > bench.MaxLength {
			return nil, fmt.Errorf("tokens: %.20q is no length, expected 1 to %d", word, bench.MaxLength)
		}
		lengths = append(lengths, n)
	}
	if len(lengths) == 0 {
		return nil, errors.New("tokens: at least one length is needed, such as 256")
	}
	slices.Sort(lengths)
	return slices.Compact(lengths), nil
}

// benchCount is a whole number with buttons that change it by a step.
func (s *Shell) benchCount(label, about string, n *int, step int32) {
	s.settingLabel(label, about, settingsColumn, true)
	v := int32(*n)
	if imgui.InputIntV("##"+label, &v, step, step, imgui.InputTextFlagsNone) {
		*n = max(int(v), int(step))
	}
}

// benchMethods is which methods are measured, in the colours of their curves.
func (s *Shell) benchMethods() {
	o := &s.w.Bench.Options
	all := bench.Methods()
	for i, m := range all {
		on := o.Methods == nil || slices.Contains(o.Methods, m)
		imgui.PushStyleColorVec4(imgui.ColCheckMark, s.c.Theme().curves[i])
		if imgui.Checkbox(methodNames[m].name, &on) {
			chosen := []string{}
			for _, other := range all {
				if other == m && on || other != m && (o.Methods == nil || slices.Contains(o.Methods, other)) {
					chosen = append(chosen, other)
				}
			}
			o.Methods = chosen
		}
		imgui.PopStyleColor()
		hint(methodNames[m].about)
	}
}
