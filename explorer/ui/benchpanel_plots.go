package ui

import (
	"fmt"

	"github.com/AllenDang/cimgui-go/imgui"

	"headscope/explorer/bench"
)

// benchPlots fills the free part of the window with what was measured: time and memory by
// the number of tokens, and every number below.
func (s *Shell) benchPlots() {
	imgui.PushStyleVarVec2(imgui.StyleVarWindowPadding, imgui.NewVec2(s.px(padding), s.px(padding)))
	defer imgui.PopStyleVar()
	if imgui.BeginChildStrV("bench", imgui.NewVec2(0, 0), imgui.ChildFlagsAlwaysUseWindowPadding, 0) {
		if rows := s.w.Bench.Rows; len(rows) == 0 && s.w.Benching() == nil {
			s.benchWelcome()
		} else {
			s.benchCurves(rows)
			s.benchTable(rows)
		}
	}
	imgui.EndChild()
}

// benchWelcome says what there will be to see.
func (s *Shell) benchWelcome() {
	const text = "Full and blockwise attention give the same result. Here their time and memory are measured, on this machine."
	free := imgui.ContentRegionAvail()
	width := min(free.X, s.px(460))
	left := imgui.CursorPosX() + (free.X-width)/2
	imgui.SetCursorPosY(max(imgui.CursorPosY(), free.Y*0.38))
	imgui.SetCursorPosX(left)
	imgui.PushTextWrapPosV(left + width)
	imgui.TextUnformatted(text)
	imgui.PopTextWrapPos()
	imgui.Dummy(imgui.NewVec2(0, s.px(padding)))
	imgui.SetCursorPosX(left)
	imgui.BeginDisabledV(s.benchCheck() != nil)
	s.runButton(imgui.NewVec2(s.px(140), s.px(40)))
	imgui.EndDisabled()
}

// benchCurves is the two plots: beside each other, or one above the other where that is narrow.
func (s *Shell) benchCurves(rows []bench.Row) {
	free := imgui.ContentRegionAvail()
	gap := imgui.CurrentStyle().ItemSpacing()
	size := imgui.NewVec2((free.X-gap.X)/2, max(s.px(220), free.Y*0.56))
	side := free.X >= s.px(640)
	if !side {
		size.X = free.X
	}
	s.c.logPlot("Time", "tokens", "ms", size, s.bench.ran, s.curves(rows, func(r bench.Row) float64 { return r.Median }))
	if side {
		imgui.SameLine()
	}
	s.c.logPlot("Memory", "tokens", "MiB", size, s.bench.ran, s.curves(rows, func(r bench.Row) float64 { return mebibytes(r.Peak) }))
	imgui.Dummy(imgui.NewVec2(0, s.px(4)))
}

func mebibytes(bytes uint64) float64 { return float64(bytes) / (1 << 20) }

// curves are a number of the rows of every method, by tokens.
func (s *Shell) curves(rows []bench.Row, of func(r bench.Row) float64) []curve {
	var all []curve
	for i, m := range bench.Methods() {
		c := curve{name: methodNames[m].name, colour: i}
		for _, r := range rows {
			if v := of(r); r.Method == m && r.Skipped == "" && v > 0 {
				c.x, c.y = append(c.x, float64(r.N)), append(c.y, v)
			}
		}
		if len(c.x) > 0 {
			all = append(all, c)
		}
	}
	return all
}

// benchColumns are the table's, and their widths in units of text; 0: what is left.
var benchColumns = []struct {
	name, about string
	width       float64
}{
	{"tokens", "", 64},
	{"method", "", 120},
	{"ms", "Median of the runs", 72},
	{"MiB", "Alive at once, inputs and results included", 72},
	{"max abs error", "Against sums in double precision on the CPU, in rows all over the matrix", 108},
	{"GFLOP/s", "Of the products that the mask leaves", 72},
	{"", "", 0},
}

// benchTable is every number that was measured.
func (s *Shell) benchTable(rows []bench.Row) {
	const flags = imgui.TableFlagsRowBg | imgui.TableFlagsScrollY | imgui.TableFlagsSizingFixedFit
	if !imgui.BeginTableV("rows", int32(len(benchColumns)), flags, imgui.NewVec2(0, max(s.px(120), imgui.ContentRegionAvail().Y)), 0) {
		return
	}
	defer imgui.EndTable()
	imgui.TableSetupScrollFreeze(0, 1)
	for _, c := range benchColumns {
		if c.width > 0 {
			imgui.TableSetupColumnV(c.name, imgui.TableColumnFlagsWidthFixed, s.px(c.width), 0)
		} else {
			imgui.TableSetupColumnV(c.name, imgui.TableColumnFlagsWidthStretch, 1, 0)
		}
	}
	imgui.TableNextRow()
	for i, c := range benchColumns {
		imgui.TableNextColumn()
		s.cell(c.name, i != 1, true)
		if c.about != "" {
			hint(c.about)
		}
	}
	for i, r := range rows {
		imgui.TableNextRow()
		imgui.TableNextColumn()
		if i == 0 || rows[i-1].N != r.N {
			s.cell(fmt.Sprint(r.N), true, false)
		}
		imgui.TableNextColumn()
		s.cell(methodNames[r.Method].name, false, false)
		for _, text := range cells(r) {
			imgui.TableNextColumn()
			s.cell(text, true, text == "–")
		}
		imgui.TableNextColumn()
		switch {
		case r.Skipped != "":
			imgui.TextDisabled(escape(r.Skipped))
			hint(r.Skipped)
		case r.Data != "random":
			imgui.TextDisabled(escape(r.Data))
		}
	}
}

// cells are the cells of a row from its time on.
func cells(r bench.Row) [4]string {
	texts := [4]string{"–", "–", "–", "–"}
	if r.Skipped != "" {
		return texts
	}
	texts[0], texts[1] = fmt.Sprintf("%.2f", r.Median), fmt.Sprintf("%.2f", mebibytes(r.Peak))
	if r.Error != nil {
		texts[2] = fmt.Sprintf("%.1e", *r.Error)
	}
	if r.GFLOPs > 0 {
		texts[3] = fmt.Sprintf("%.1f", r.GFLOPs)
	}
	return texts
}

// cell writes a text of a table, numbers to the right.
func (s *Shell) cell(text string, right, muted bool) {
	if right {
		if room := imgui.ContentRegionAvail().X - imgui.CalcTextSize(text).X; room > 0 {
			imgui.SetCursorPosX(imgui.CursorPosX() + room)
		}
	}
	if muted {
		imgui.TextDisabled(text)
	} else {
		imgui.TextUnformatted(text)
	}
}
