package ui

import (
	"image"
	"strings"
	"testing"
	"time"

	"headscope/gpu"
	"headscope/gpu/gputest"
	"headscope/gpu/render"

	"github.com/AllenDang/cimgui-go/imgui"
	"github.com/AllenDang/cimgui-go/implot"
)

// pasteboard is a clipboard of one program.
type pasteboard struct{ text string }

func (p *pasteboard) Get() string     { return p.text }
func (p *pasteboard) Set(text string) { p.text = text }

// stage is a user interface over a picture.
type stage struct {
	*Context
	t       *testing.T
	picture *gpu.Picture
	copied  pasteboard
	scale   float64
}

func newStage(t *testing.T, width, height int) *stage {
	t.Helper()
	d := gputest.Device(t)
	r, err := render.New(d)
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{t: t, scale: 1}
	if s.picture, err = d.NewPicture(width, height); err != nil {
		t.Fatal(err)
	}
	if s.Context, err = New(d, r, &s.copied); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Release()
		s.Release() // a second release does nothing
		s.picture.Release()
		r.Release()
	})
	return s
}

// frame draws one frame of widgets, over what a scene would show, and returns what is
// recorded.
func (s *stage) frame(widgets func()) error {
	width, height := s.picture.Size()
	rec := s.device.Record("frame")
	rec.Render(gpu.Pass{Target: s.picture, Clear: gpu.RGBA{0.5, 0.5, 0.5, 1}})
	s.Begin(width, height, s.scale, time.Second/60)
	widgets()
	s.End(rec, s.picture)
	return rec.Submit()
}

// frames draws until nothing waits any more, and two frames after that, in which windows
// find their sizes.
func (s *stage) frames(widgets func()) {
	s.t.Helper()
	for n := 2; n > 0; {
		if !s.Pending() {
			n--
		}
		if err := s.frame(widgets); err != nil {
			s.t.Fatal(err)
		}
	}
}

func (s *stage) image() *image.NRGBA {
	s.t.Helper()
	img, err := s.picture.Image()
	if err != nil {
		s.t.Fatal(err)
	}
	return img
}

// panel is a window with some of everything.
func panel(s *stage) func() {
	var (
		prompt = "The quick brown fox"
		spread = float32(0.35)
		causal = true
		curve  = []float32{0, 6, 4, 8, 7, 10, 8.4}
		other  = []float32{4, 3, 5, 4, 6, 4.4, 6.2}
	)
	return func() {
		px := s.Scale()
		imgui.SetNextWindowPos(imgui.NewVec2(4*px, 4*px))
		imgui.SetNextWindowSize(imgui.NewVec2(248*px, 248*px))
		imgui.BeginV("Layer 5, head 4", nil, imgui.WindowFlagsNoCollapse|imgui.WindowFlagsNoScrollbar)
		imgui.SetNextItemWidth(-1)
		imgui.InputTextWithHint("##prompt", "Prompt", &prompt, imgui.InputTextFlagsNone, nil)
		imgui.Button("Run")
		imgui.SameLine()
		imgui.Checkbox("causal", &causal)
		imgui.SameLine()
		imgui.SetNextItemWidth(-1)
		imgui.SliderFloat("##spread", &spread, 0, 1)
		if imgui.BeginTableV("traits", 2, imgui.TableFlagsRowBg, imgui.Vec2{}, 0) {
			for _, row := range [][2]string{{"entropy", "1.25"}, {"previous", "0.93"}} {
				imgui.TableNextColumn()
				imgui.TextDisabled(row[0])
				imgui.TableNextColumn()
				imgui.PushFont(s.Mono, 0)
				imgui.TextUnformatted(row[1])
				imgui.PopFont()
			}
			imgui.EndTable()
		}
		if implot.BeginPlotV("##time", imgui.NewVec2(-1, -1), implot.FlagsNoLegend|implot.FlagsNoMenus) {
			implot.PlotLineFloatPtrInt("full", &curve[0], int32(len(curve)))
			implot.PlotLineFloatPtrInt("blockwise", &other[0], int32(len(other)))
			implot.EndPlot()
		}
		imgui.End()
	}
}

func TestPanel(t *testing.T) {
	for _, c := range []struct {
		name  string
		light bool
	}{{"panel-dark", false}, {"panel-light", true}} {
		t.Run(c.name, func(t *testing.T) {
			s := newStage(t, 256, 256)
			s.SetLight(c.light)
			s.frames(panel(s))
			gputest.Golden(t, c.name, s.image())
		})
	}
}

// On a display twice as fine everything is twice as large, drawn and not enlarged.
func TestPanelTwice(t *testing.T) {
	s := newStage(t, 512, 512)
	s.frames(panel(s)) // and moves there from another display
	s.scale = 2
	s.frames(panel(s))
	gputest.Golden(t, "panel-twice", s.image().SubImage(image.Rect(0, 0, 256, 256)))
}

// A theme that is chosen while the window is open is that of the next frame, plots included.
func TestThemeChanges(t *testing.T) {
	s := newStage(t, 256, 256)
	widgets := panel(s)
	s.frames(widgets)
	s.SetLight(true)
	s.frames(widgets)
	gputest.Golden(t, "panel-light", s.image())
}

// Letters that were never shown arrive in the sheet of glyphs, in any size and number, also
// where it must grow.
func TestGlyphs(t *testing.T) {
	s := newStage(t, 256, 256)
	text, size := "a", float32(0)
	widgets := func() {
		imgui.SetNextWindowPos(imgui.NewVec2(0, 0))
		imgui.SetNextWindowSize(imgui.NewVec2(256, 256))
		imgui.BeginV("text", nil, imgui.WindowFlagsNoDecoration)
		imgui.PushFont(s.Bold, size)
		imgui.TextWrapped(text)
		imgui.PopFont()
		imgui.End()
	}
	// ink is how much of the picture is text.
	ink := func() (n int) {
		img := s.image()
		for i := 0; i < len(img.Pix); i += 4 {
			if img.Pix[i] > 128 {
				n++
			}
		}
		return n
	}
	s.frames(widgets)
	before := ink()
	if before < 10 {
		t.Fatalf("no letter is seen: %d pixels", before)
	}
	for _, c := range []struct {
		text        string
		size        float32
		least, most int
	}{
		{"äß", 0, 40, 200},
		{"Ω→×λ", 40, 400, 2500},
		{"M", 240, 8000, 40000},
	} {
		text, size = c.text, c.size
		// The very first frame shows it.
		if err := s.frame(widgets); err != nil {
			t.Fatal(err)
		}
		if n := ink(); n < c.least || n > c.most {
			t.Errorf("%s of %v pixels: %d pixels of ink, want %d to %d", c.text, c.size, n, c.least, c.most)
		}
	}
	for size = 20; size < 200; size += 4 { // more than one sheet holds
		text = "headscope"
		if err := s.frame(widgets); err != nil {
			t.Fatal(err)
		}
	}
	text, size = "äß", 0
	for range 4 { // sheets that are too small go
		s.frames(widgets)
	}
	if n := len(s.textures); n != 1 {
		t.Errorf("%d sheets of glyphs are alive, want 1", n)
	}
	if s.lastID < 2 {
		t.Errorf("the sheet of glyphs never grew")
	}
	if n := ink(); n < 40 || n > 200 {
		t.Errorf("after all: %d pixels of ink", n)
	}
}

// Without widgets a frame changes nothing, and a window without an area is no trouble.
func TestEmptyFrame(t *testing.T) {
	s := newStage(t, 3, 5)
	s.frames(func() {})
	img := s.image()
	for i, v := range img.Pix {
		if want := []uint8{128, 128, 128, 255}[i%4]; v != want {
			t.Fatalf("pixel %d is %v", i/4, img.Pix[i/4*4:][:4])
		}
	}
	s.Begin(0, 0, 1, 0)
	rec := s.device.Record("nothing")
	s.End(rec, s.picture)
	if err := rec.Submit(); err != nil {
		t.Error(err)
	}
}

func TestOneContext(t *testing.T) {
	s := newStage(t, 4, 4)
	if c, err := New(s.device, nil, &s.copied); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("a second one: %v, %v", c, err)
	}
}
