package main

import (
	"bytes"
	"errors"
	"fmt"
	"image/color"
	"io"
	"path/filepath"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"headscope/models/tensor"
)

// bars is a grouped bar chart.
type bars struct {
	title, note, y string
	series         []string    // within each group
	groups         []string    // along x
	values         [][]float64 // by group, then series
}

// seriesColours are apart for colour-blind eyes, too (Okabe and Ito 2008).
var seriesColours = []color.Color{
	color.RGBA{0x9c, 0xa3, 0xaf, 255}, color.RGBA{0x00, 0x72, 0xb2, 255}, color.RGBA{0xe6, 0x9f, 0x00, 255},
	color.RGBA{0x00, 0x9e, 0x73, 255}, color.RGBA{0xcc, 0x79, 0xa7, 255},
}

// check refuses wrong flags before anything is measured.
func (f *benchFlags) check() error {
	if ext := filepath.Ext(f.plot); f.plot != "" && ext != ".png" && ext != ".svg" {
		return misuse{fmt.Errorf("--plot %s: expected a name that ends in .png or .svg", f.plot)}
	}
	if f.runs < 1 {
		return misuse{fmt.Errorf("--runs %d: at least one run is needed", f.runs)}
	}
	return errors.Join(checkPlace(f.out), checkPlace(f.plot))
}

// draw writes the chart where --plot says.
func (f *benchFlags) draw(b bars) error {
	if f.plot == "" {
		return nil
	}
	p := plot.New()
	p.Title.Text = b.title + "\n" + b.note
	p.Title.Padding = vg.Points(8)
	p.Y.Label.Text = b.y
	p.Y.Min = 0
	p.Legend.Top, p.Legend.XOffs = true, vg.Points(-8)
	p.Add(plotter.NewGrid())
	width := vg.Points(18)
	for s, name := range b.series {
		var v plotter.Values
		for g := range b.groups {
			v = append(v, b.values[g][s])
		}
		chart, err := plotter.NewBarChart(v, width)
		if err != nil {
			return fmt.Errorf("--plot %s: %w", f.plot, err)
		}
		chart.Color = seriesColours[s%len(seriesColours)]
		chart.LineStyle.Width = 0
		chart.Offset = width * vg.Length(float64(s)-float64(len(b.series)-1)/2)
		p.Add(chart)
		p.Legend.Add(name, chart)
		numbers, err := numbersAbove(v, chart.Offset)
		if err != nil {
			return fmt.Errorf("--plot %s: %w", f.plot, err)
		}
		p.Add(numbers)
	}
	p.Y.Max *= 1.3 // room for the legend
	p.NominalX(b.groups...)
	p.X.Min, p.X.Max = -0.6, float64(len(b.groups))-0.4
	p.X.Tick.Label.Rotation = 0.4
	p.X.Tick.Label.XAlign, p.X.Tick.Label.YAlign = draw.XRight, draw.YCenter
	p.X.Tick.Length, p.X.Tick.LineStyle.Color = vg.Points(7), color.Transparent // room above the labels
	for _, text := range []*draw.TextStyle{&p.Title.TextStyle, &p.Y.Label.TextStyle, &p.X.Tick.Label, &p.Y.Tick.Label, &p.Legend.TextStyle} {
		text.Font.Variant = "Sans"
	}
	w := vg.Length(len(b.groups)*len(b.series))*width*1.6 + vg.Points(150)
	writer, err := p.WriterTo(max(w, vg.Points(420)), vg.Points(330), strings.TrimPrefix(filepath.Ext(f.plot), "."))
	if err != nil {
		return fmt.Errorf("--plot %s: %w", f.plot, err)
	}
	return f.writePlot(writer)
}

// numbersAbove are the values of a series of bars, some of which may be too short to be
// compared by eye.
func numbersAbove(v plotter.Values, offset vg.Length) (*plotter.Labels, error) {
	var numbers plotter.XYLabels
	for g, y := range v {
		decimals := 0
		if y < 10 {
			decimals = 1
		}
		numbers.XYs = append(numbers.XYs, plotter.XY{X: float64(g), Y: y})
		numbers.Labels = append(numbers.Labels, fmt.Sprintf("%.*f", decimals, y))
	}
	labels, err := plotter.NewLabels(numbers)
	if err != nil {
		return nil, err
	}
	for g := range labels.TextStyle {
		text := &labels.TextStyle[g]
		text.Font.Size, text.Font.Variant, text.XAlign = vg.Points(7), "Sans", draw.XCenter
	}
	labels.Offset = vg.Point{X: offset, Y: vg.Points(2)}
	return labels, nil
}

// writePlot writes a finished chart where --plot says.
func (f *benchFlags) writePlot(chart io.WriterTo) error {
	var out bytes.Buffer
	if _, err := chart.WriteTo(&out); err != nil {
		return fmt.Errorf("--plot %s: %w", f.plot, err)
	}
	return tensor.WriteFile(f.plot, func(w io.Writer) error {
		_, err := w.Write(out.Bytes())
		return err
	})
}
