package ui

import (
	"fmt"
	"math"
	"slices"

	"github.com/AllenDang/cimgui-go/imgui"
)

// Sizes of the bar's controls, in units of text.
const (
	playHeight   = 40.0
	playWidth    = 64.0
	speedWidth   = 96.0
	fuseWidth    = 84.0
	algWidth     = 156.0
	scrubberMin  = 160.0 // with less room for the scrubber, choices are left to the panel
	playControls = speedWidth + fuseWidth + algWidth
)

// playBar moves the animation of the head tab: it plays, goes step by step, and to any step.
func (s *Shell) playBar() {
	if s.play.Empty() {
		return
	}
	b, _ := s.w.Playback()
	imgui.PushStyleVarVec2(imgui.StyleVarWindowPadding, imgui.NewVec2(s.px(padding), s.px(7)))
	defer imgui.PopStyleVar()
	s.bar("play", s.play, imgui.WindowFlagsNoScrollbar, func() {
		name := "Play"
		if b.Playing {
			name = "Pause"
		}
		if imgui.ButtonV(name+"###play", imgui.NewVec2(s.px(playWidth), 0)) {
			s.w.Play(!b.Playing)
		}
		if b.Steps == 0 {
			s.offerMotion(b.Playing)
			return
		}
		hint("Let the animation go on, or stop it (Space)")
		imgui.SameLine()
		imgui.PushItemFlag(imgui.ItemFlags(imgui.ItemFlagsButtonRepeat), true)
		if imgui.ArrowButton("back", imgui.DirLeft) {
			s.w.MoveStep(-1)
		}
		hint("A step back (Shift+S)")
		imgui.SameLineV(0, s.px(2))
		if imgui.ArrowButton("on", imgui.DirRight) {
			s.w.MoveStep(1)
		}
		imgui.PopItemFlag()
		hint("A step on (S)")
		imgui.SameLine()
		gap := imgui.CurrentStyle().ItemSpacing().X
		room := imgui.ContentRegionAvail().X
		choices := room-s.px(playControls)-3*gap >= s.px(scrubberMin)
		if choices {
			room -= s.px(playControls) + 3*gap
		}
		s.scrubber(b.Step, b.Steps, room)
		if choices {
			s.playChoices()
		}
	})
}

// offerMotion is the bar of what does not move but for the camera, perhaps.
func (s *Shell) offerMotion(turns bool) {
	if turns || s.w.Document().Root.Anim.Spin != 0 {
		hint("Let the camera turn, or stop it (Space)")
		return
	}
	hint("Play the products one after another: gives the root an algorithm, vmprod (Space)")
	imgui.SameLine()
	imgui.AlignTextToFramePadding()
	imgui.TextDisabled("Finished: Play shows how it comes about")
}

// scrubber goes to any step.
func (s *Shell) scrubber(step, steps int, width float32) {
	imgui.SetNextItemWidth(width)
	v := int32(step)
	if imgui.SliderIntV("##step", &v, 1, int32(steps), fmt.Sprintf("step %%d of %d", steps), imgui.SliderFlagsAlwaysClamp) {
		s.w.Play(false)
		s.w.Seek(int(v))
	}
	hint("Any step of the animation")
}

// playChoices are the settings of the root that one changes while one looks on.
func (s *Shell) playChoices() {
	root := place{path: "root", node: s.w.Document().Root}
	row := func(key string) *setting {
		return &settings[slices.IndexFunc(settings, func(r setting) bool { return r.key == key })]
	}
	speed := row("anim.speed")
	imgui.SameLine()
	imgui.SetNextItemWidth(s.px(speedWidth))
	v := float32(root.node.Anim.Speed)
	if imgui.SliderFloatV("##speed", &v, float32(speed.min), float32(speed.max), "%.4g steps/s", imgui.SliderFlagsAlwaysClamp|imgui.SliderFlagsNoRoundToFormat) {
		s.setSetting(root, speed, math.Round(float64(v)*speed.steps)/speed.steps, "speed")
	}
	if imgui.IsItemDeactivated() {
		s.w.Settle()
	}
	hint(speed.about)
	for _, c := range []struct {
		row   *setting
		width float64
	}{{row("anim.fuse"), fuseWidth}, {row("anim.alg"), algWidth}} {
		imgui.SameLine()
		imgui.SetNextItemWidth(s.px(c.width))
		imgui.PushIDStr(c.row.key)
		if v, ok := combo(*c.row.field(root.node).(*string), c.row.choices); ok {
			s.setSetting(root, c.row, v, "")
		}
		imgui.PopID()
		hint(c.row.about)
	}
}

// togglePlay plays or pauses what can move.
func (s *Shell) togglePlay() {
	if b, moves := s.w.Playback(); moves {
		s.w.Play(!b.Playing)
	}
}
