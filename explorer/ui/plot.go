package ui

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/AllenDang/cimgui-go/imgui"
	"github.com/AllenDang/cimgui-go/implot"
)

// plots is ImPlot's part of a [Context].
type plots struct {
	context *implot.Context // owned
}

// newPlots makes ImPlot's context, for the current one of Dear ImGui, with the colours of
// the themes' curves.
func newPlots() plots {
	p := plots{implot.CreateContext()}
	for _, t := range []Theme{dark, light} {
		curves := make([]uint32, len(t.curves))
		for i, c := range t.curves {
			curves[i] = imgui.ColorConvertFloat4ToU32(c)
		}
		implot.AddColormapU32PtrV(t.name, &curves[0], int32(len(curves)), true)
	}
	return p
}

func (p plots) release() { implot.DestroyContextV(p.context) }

// applyToPlots makes the theme the style of plots, sizes so many times larger.
func (t Theme) applyToPlots(scale float64) {
	s := implot.NewStyle()
	defer s.Destroy()
	s.SetColormap(implot.GetColormapIndex(t.name))

	length := float32(scale)
	square := func(v float32) imgui.Vec2 { return imgui.Vec2{X: v * length, Y: v * length} }
	thin := max(1, float32(int(scale)))
	line := imgui.Vec2{X: thin, Y: thin}
	s.SetLineWeight(2 * length)
	s.SetMarkerSize(4 * length)
	s.SetMarkerWeight(length)
	s.SetErrorBarSize(5 * length)
	s.SetErrorBarWeight(1.5 * length)
	s.SetPlotBorderSize(thin)
	s.SetMajorTickLen(square(4))
	s.SetMinorTickLen(imgui.Vec2{})
	s.SetMajorTickSize(line)
	s.SetMajorGridSize(line)
	s.SetMinorGridSize(line)
	s.SetMinorAlpha(0.4)
	s.SetPlotPadding(square(8))
	s.SetLabelPadding(square(4))
	s.SetLegendPadding(square(8))
	s.SetLegendInnerPadding(square(4))
	s.SetLegendSpacing(square(4))
	s.SetMousePosPadding(square(8))
	s.SetAnnotationPadding(square(4))
	s.SetFitPadding(imgui.Vec2{X: 0, Y: 0.1})
	s.SetPlotDefaultSize(imgui.Vec2{X: 400 * length, Y: 300 * length})
	s.SetPlotMinSize(imgui.Vec2{X: 120 * length, Y: 80 * length})

	none, auto := imgui.Vec4{}, imgui.Vec4{W: -1} // auto: of the curve
	s.SetColors(&[implot.ColCOUNT]imgui.Vec4{
		implot.ColLine:          auto,
		implot.ColFill:          auto,
		implot.ColMarkerOutline: auto,
		implot.ColMarkerFill:    auto,
		implot.ColErrorBar:      auto,
		implot.ColFrameBg:       none,
		implot.ColPlotBg:        none,
		implot.ColPlotBorder:    t.Line,
		implot.ColLegendBg:      t.Popup,
		implot.ColLegendBorder:  t.Line,
		implot.ColLegendText:    t.Text,
		implot.ColTitleText:     t.Text,
		implot.ColInlayText:     t.Text,
		implot.ColAxisText:      t.Muted,
		implot.ColAxisGrid:      t.Line,
		implot.ColAxisTick:      t.Line,
		implot.ColAxisBg:        none,
		implot.ColAxisBgHovered: t.Hover,
		implot.ColAxisBgActive:  t.Press,
		implot.ColSelection:     t.Accent,
		implot.ColCrosshairs:    faded(t.Text, 0.5),
	})
	*implot.GetStyle().CData = *s.CData
	implot.BustColorCache() // curves keep the colours of the theme before in it
}

// curve is a line of a plot, in one of the theme's colours.
type curve struct {
	name   string
	colour int
	x, y   []float64 // positive
}

// logPlot draws curves over two logarithmic axes, which hold all points and xs, where the x
// axis has its ticks.
func (c *Context) logPlot(title, x, y string, size imgui.Vec2, xs []int, curves []curve) {
	const flags = implot.FlagsNoMenus | implot.FlagsNoBoxSelect | implot.FlagsNoMouseText
	if !implot.BeginPlotV(title, size, flags) {
		return
	}
	defer implot.EndPlot()
	var along, up []float64
	for _, n := range xs {
		along = append(along, float64(n))
	}
	steps := along
	for _, k := range curves {
		along, up = append(along, k.x...), append(up, k.y...)
	}
	left, right := logRange(along)
	low, high := logRange(up)
	logAxis(implot.AxisX1, x, left, right, thinned(steps, left, right, size.X/(60*c.Scale())))
	logAxis(implot.AxisY1, y, low, high, roundNumbers(low, high))
	implot.SetupLegendV(implot.LocationNorthWest, implot.LegendFlagsNone)
	markers := []implot.Marker{implot.MarkerCircle, implot.MarkerSquare, implot.MarkerDiamond, implot.MarkerUp}
	for _, k := range curves {
		colour := c.theme.curves[k.colour]
		implot.SetNextLineStyleV(colour, -1)
		implot.SetNextMarkerStyleV(markers[k.colour%len(markers)], -1, colour, -1, colour)
		implot.PlotLinedoublePtrdoublePtrV(k.name, &k.x[0], &k.y[0], int32(len(k.x)), implot.LineFlagsNone, 0, 8)
	}
}

// logAxis sets an axis up, with ticks at some places.
func logAxis(axis implot.AxisEnum, name string, from, to float64, ticks []float64) {
	implot.SetupAxisV(axis, name, implot.AxisFlagsNone)
	implot.SetupAxisScalePlotScale(axis, implot.ScaleLog10)
	implot.SetupAxisLimitsV(axis, from, to, implot.CondAlways)
	labels := make([]string, len(ticks))
	for i, v := range ticks {
		labels[i] = strconv.FormatFloat(v, 'f', -1, 64)
	}
	if len(ticks) > 0 {
		implot.SetupAxisTicksdoublePtrV(axis, &ticks[0], int32(len(ticks)), labels, false)
	}
}

// logRange holds some values, with a little air.
func logRange(values []float64) (from, to float64) {
	if len(values) == 0 {
		return 1, 100
	}
	from, to = slices.Min(values), slices.Max(values)
	air := max(1.2, math.Pow(to/from, 0.06))
	return from / air, to * air
}

// thinned are as many of rising values as have room on an axis for some labels.
func thinned(values []float64, from, to float64, labels float32) (kept []float64) {
	apart := math.Log(to/from) / float64(labels)
	for _, v := range values {
		if len(kept) == 0 || math.Log(v/kept[len(kept)-1]) >= apart {
			kept = append(kept, v)
		}
	}
	return kept
}

// roundNumbers are the powers of ten of a range and, where those are few, their double and
// fivefold.
func roundNumbers(from, to float64) (round []float64) {
	factors := []float64{1, 2, 5}
	if to/from > 1e3 {
		factors = factors[:1]
	}
	for power := math.Floor(math.Log10(from)); power <= math.Log10(to); power++ {
		for _, f := range factors {
			v, _ := strconv.ParseFloat(fmt.Sprintf("%ge%g", f, power), 64) // as exact as its label
			if v >= from && v <= to {
				round = append(round, v)
			}
		}
	}
	return round
}
