package main

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// panel is a chart of curves with logarithmic axes.
type panel struct {
	x, y   string
	label  func(float64) string // of the y axis' ticks; nil: the number
	curves []curve
}

// curve is points with positive coordinates, joined by lines.
type curve struct {
	name string
	at   plotter.XYs
}

// drawPanels writes charts side by side where --plot says.
func (f *benchFlags) drawPanels(title string, panels []panel) error {
	if f.plot == "" {
		return nil
	}
	plots := make([]*plot.Plot, len(panels))
	for i, p := range panels {
		var err error
		if plots[i], err = p.plot(); err != nil {
			return fmt.Errorf("--plot %s: %w", f.plot, err)
		}
	}
	const width, height, head = 330, 300, 30 // points
	format := strings.TrimPrefix(filepath.Ext(f.plot), ".")
	canvas, err := draw.NewFormattedCanvas(vg.Points(width*float64(len(panels))), vg.Points(height+head), format)
	if err != nil {
		return fmt.Errorf("--plot %s: %w", f.plot, err)
	}
	all := draw.New(canvas)
	style := plots[0].Title.TextStyle
	style.Font.Size, style.Font.Variant = vg.Points(13), "Sans"
	style.XAlign, style.YAlign = draw.XCenter, draw.YCenter
	background := []vg.Point{all.Min, {X: all.Max.X, Y: all.Min.Y}, all.Max, {X: all.Min.X, Y: all.Max.Y}}
	all.FillPolygon(plots[0].BackgroundColor, background)
	all.FillText(style, vg.Point{X: all.Center().X, Y: all.Max.Y - vg.Points(head/2)}, title)
	below := draw.Crop(all, vg.Points(8), -vg.Points(8), vg.Points(8), -vg.Points(head))
	for i, c := range plot.Align([][]*plot.Plot{plots}, draw.Tiles{Rows: 1, Cols: len(plots), PadX: vg.Points(14)}, below)[0] {
		plots[i].Draw(c)
	}
	return f.writePlot(canvas)
}

// plot makes one chart.
func (p panel) plot() (*plot.Plot, error) {
	c := plot.New()
	c.X.Label.Text, c.Y.Label.Text = p.x, p.y
	c.X.Scale, c.Y.Scale = plot.LogScale{}, plot.LogScale{}
	c.X.Tick.Marker = powers{2, func(v float64) string { return fmt.Sprintf("%.0f", v) }}
	c.Y.Tick.Marker = powers{10, p.label}
	if p.label != nil {
		c.Y.Tick.Marker = powers{4, p.label}
	}
	c.Legend.Top, c.Legend.Left = true, true
	c.Add(plotter.NewGrid())
	for i, k := range p.curves {
		if len(k.at) == 0 {
			continue
		}
		line, points, err := plotter.NewLinePoints(k.at)
		if err != nil {
			return nil, err
		}
		line.Color, line.Width = seriesColours[i%len(seriesColours)], vg.Points(1.6)
		points.Color, points.Shape, points.Radius = line.Color, draw.CircleGlyph{}, vg.Points(2.4)
		c.Add(line, points)
		c.Legend.Add(k.name, line, points)
	}
	if c.X.Min >= c.X.Max { // one length
		c.X.Min, c.X.Max = c.X.Min/2, c.X.Max*2
	}
	if c.Y.Min >= c.Y.Max {
		c.Y.Min, c.Y.Max = c.Y.Min/2, c.Y.Max*2
	}
	c.Y.Max *= math.Sqrt(c.Y.Max / c.Y.Min) // room for the legend
	for _, text := range []*draw.TextStyle{&c.X.Label.TextStyle, &c.Y.Label.TextStyle, &c.X.Tick.Label, &c.Y.Tick.Label, &c.Legend.TextStyle} {
		text.Font.Variant = "Sans"
	}
	return c, nil
}

// powers are the ticks of a logarithmic axis: powers of a base, labelled as long as they do
// not crowd.
type powers struct {
	base  float64
	label func(float64) string
}

// Ticks are those between two positive ends.
func (p powers) Ticks(least, most float64) (ticks []plot.Tick) {
	lo, hi := int(math.Floor(math.Log(least)/math.Log(p.base))), int(math.Ceil(math.Log(most)/math.Log(p.base)))
	every := max(1, (hi-lo)/7)
	for n := lo; n <= hi; n++ {
		v := math.Pow(p.base, float64(n))
		if v < least*0.999 || v > most*1.001 {
			continue
		}
		t := plot.Tick{Value: v}
		if (n-lo)%every == 0 {
			t.Label = fmt.Sprintf("%.4g", v)
			if p.label != nil {
				t.Label = p.label(v)
			}
		}
		ticks = append(ticks, t)
	}
	return ticks
}
