package main

import (
	"cmp"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"maps"
	"math"
	"path/filepath"
	"slices"

	"github.com/go-gl/mathgl/mgl64"
	"github.com/spf13/cobra"

	"headscope/explorer/camera"
	"headscope/explorer/eval"
	"headscope/explorer/expr"
	"headscope/explorer/layout"
	"headscope/explorer/leaf"
	"headscope/explorer/scene"
	"headscope/explorer/session"
	"headscope/explorer/view"
	"headscope/gpu"
	"headscope/gpu/render"
	"headscope/models/tensor"
)

// shot is a picture of the documentation: variants of a session side by side, under one
// camera, so that what differs is what the varied setting does.
type shot struct {
	file     string // without .png
	session  string // as for render
	seen     string // path of the one matrix that is shown, face on; "": all
	last     int    // rows and columns of that matrix that are in view, from its end; 0: all
	side     int    // rows and columns of all leaves; 0: what the session has
	base     []change
	variants []variant
	apart    bool // a camera for every variant
	columns  int  // of variants; 0: all side by side
	w, h     int  // of a variant, in pixels; 0: 320 x 240
}

// variant is one part of a shot, and what is written below it.
type variant struct {
	caption string
	changes []change
	cam     camera.Camera // the zero Camera: from mm's usual direction, as near as shows all
	look    scene.Look
	lens    *view.Lens // nil: none
	seed    uint64     // 0: 1, as for render
	head    string     // of the built-in model, which the session then shows; "": none
	noBias  bool
}

// change is a setting of the node at a path, and of what inherits it.
type change struct {
	path, key string
	value     any
}

// vary makes a variant for every value of a setting of the root.
func vary(key string, values ...any) []variant { return varyAt("root", key, values...) }

// varyAt makes a variant for every value of a setting of the node at a path.
func varyAt(path, key string, values ...any) []variant {
	variants := make([]variant, len(values))
	for i, v := range values {
		variants[i] = variant{caption: fmt.Sprint(v), changes: []change{{path, key, v}}}
	}
	return variants
}

// Pixels of a shot beside its variants.
const (
	shotMargin  = 8 // between variants
	captionLine = 24
	captionSize = 14
)

// shots draws the pictures of docs/settings.md.
func (a *app) shots() *cobra.Command {
	return &cobra.Command{
		Use:    "shots DIR",
		Short:  "Draw the documentation's pictures into a folder",
		Hidden: true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return misuse{fmt.Errorf("shots needs the one folder to write to, got %d arguments", len(args))}
			}
			return nil
		},
		RunE: job(func(cmd *cobra.Command, args []string) error { return a.runShots(cmd.Context(), args[0], allShots) }),
	}
}

// runShots draws some shots into a folder.
func (a *app) runShots(ctx context.Context, dir string, list []shot) error {
	if err := checkPlace(filepath.Join(dir, "shot.png")); err != nil {
		return err
	}
	s := &shown{}
	defer s.close()
	var err error
	if s.device, err = gpu.Open(a.adapter); err != nil {
		return err
	}
	if s.renderer, err = render.New(s.device); err != nil {
		return err
	}
	s.values = eval.NewExpression(s.device)
	if s.file, err = a.openModel("demo"); err != nil {
		return err
	}
	for _, shot := range list {
		img, err := a.takeShot(ctx, s, shot)
		if err != nil {
			return fmt.Errorf("%s: %w", shot.file, err)
		}
		path := filepath.Join(dir, shot.file+".png")
		if err := tensor.WriteFile(path, func(w io.Writer) error {
			return (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(w, img)
		}); err != nil {
			return err
		}
		a.remark("%s", path)
	}
	return nil
}

// takeShot draws a shot.
func (a *app) takeShot(ctx context.Context, s *shown, shot shot) (image.Image, error) {
	if s.width, s.height = shot.w, shot.h; shot.w == 0 {
		s.width, s.height = 320, 240
	}
	parts := make([]part, len(shot.variants))
	var corners []mgl64.Vec3
	for i, v := range shot.variants {
		var err error
		if parts[i], err = a.prepare(ctx, s, shot, v); err != nil {
			return nil, fmt.Errorf("%s: %w", v.caption, err)
		}
		corners = append(corners, parts[i].corners...)
	}
	columns := shot.columns
	if columns == 0 {
		columns = len(parts)
	}
	img, err := s.captions(shot.variants, columns)
	if err != nil {
		return nil, err
	}
	for i, p := range parts {
		if !shot.apart {
			p.corners = corners
		}
		drawn, err := s.drawPart(ctx, p, shot.variants[i])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", shot.variants[i].caption, err)
		}
		at := s.place(i, columns)
		draw.Draw(img, drawn.Bounds().Add(at), drawn, image.Point{}, draw.Src)
	}
	return paletted(img), nil
}

// part is a variant that is laid out.
type part struct {
	root    *expr.Node
	laid    layout.Scene // of the matrices that are shown
	corners []mgl64.Vec3 // of what has to be in view
	facing  camera.Camera
	source  *leaf.Source
}

// prepare makes a variant's session and lays it out.
func (a *app) prepare(ctx context.Context, s *shown, shot shot, v variant) (part, error) {
	f := spaceFlags{head: v.head}
	f.noBias = v.noBias
	in, err := f.input(s.file)
	if err != nil {
		return part{}, err
	}
	var made *session.Session
	if v.head != "" {
		made, err = f.headSession(shot.session, s.file, in)
	} else {
		made, err = session.Open(shot.session, session.Files)
	}
	if err != nil {
		return part{}, err
	}
	p := part{root: made.Root, facing: camera.Default(), source: &leaf.Source{
		Seed: max(v.seed, 1), Files: []leaf.Finder{eval.NewModelLeaves(s.file, a.headInputs(ctx, s, in, v.noBias))},
	}}
	var changes []change
	p.root.Walk(func(path string, n *expr.Node) {
		if shot.side > 0 && !n.IsMatMul() {
			changes = append(changes, change{path, "h", shot.side}, change{path, "w", shot.side})
		}
	})
	for _, c := range slices.Concat(changes, shot.base, v.changes) {
		if err := p.change(c); err != nil {
			return part{}, err
		}
	}
	if err := layout.Derive(p.root); err != nil {
		return part{}, err
	}
	if p.laid, err = layout.Layout(p.root); err != nil {
		return part{}, err
	}
	if p.corners = p.laid.Corners(); shot.seen == "" {
		return p, nil
	}
	for _, m := range p.laid.Matrices {
		if m.Path == shot.seen {
			p.only(m, shot.last)
			return p, nil
		}
	}
	return part{}, fmt.Errorf("there is no matrix %s", shot.seen)
}

// change gives a node a setting, and its neighbours the shape that follows from it.
func (p part) change(c change) error {
	n := p.root.At(c.path)
	switch c.key {
	case "h":
		return p.root.Resize(n, c.value.(int), n.W)
	case "w":
		return p.root.Resize(n, n.H, c.value.(int))
	}
	return n.Set(c.key, c.value)
}

// only leaves one matrix of the scene, decorated as a leaf is, upright before the camera:
// all of it, or its last rows and columns if last is not 0.
func (p *part) only(m layout.Matrix, last int) {
	alone := *m.Node
	alone.Left, alone.Right = nil, nil
	m.Node, m.ToWorld = &alone, mgl64.HomogRotate3DX(math.Pi)
	p.laid = layout.Scene{Matrices: []layout.Matrix{m}, Box: m.Box()}
	p.facing = camera.Camera{Position: mgl64.Vec3{0, 0, 1}}
	i, j := m.Rows.N-1, m.Cols.N-1
	first := m.World(0, 0)
	if last > 0 {
		first = m.World(max(i-last+1, 0), max(j-last+1, 0))
	}
	half := mgl64.Vec3{0.6, -0.6} // of an element, with some air
	p.corners = []mgl64.Vec3{first.Sub(half), m.World(i, j).Add(half)}
}

// captions is the picture that the variants are put into, with what stands below them.
func (s *shown) captions(variants []variant, columns int) (*image.NRGBA, error) {
	last := s.place(len(variants)-1, columns)
	right := s.place(columns-1, columns)
	picture, err := s.device.NewPicture(right.X+s.width, last.Y+s.height+captionLine)
	if err != nil {
		return nil, err
	}
	defer picture.Release()
	look := scene.Look{}
	frame := s.renderer.NewFrame()
	defer frame.Release()
	for i, v := range variants {
		at := s.place(i, columns)
		frame.Text(render.Text{
			X: at.X + s.width/2, Y: at.Y + s.height + captionSize + 2, Size: captionSize, Anchor: render.Center,
			Colour: gpu.RGBA(look.Text()), String: s.renderer.Fonts.Elide(v.caption, captionSize, render.Regular, s.width),
		})
	}
	r := s.device.Record("captions")
	frame.Draw(r, picture, gpu.RGBA(look.Guide(0.15)))
	if err := r.Submit(); err != nil {
		return nil, err
	}
	return picture.Image()
}

// place is the upper left corner of a variant.
func (s *shown) place(i, columns int) image.Point {
	return image.Pt(i%columns*(s.width+shotMargin), i/columns*(s.height+captionLine))
}

// drawPart computes a variant and draws it, so that all of its corners are in view.
func (s *shown) drawPart(ctx context.Context, p part, v variant) (*image.NRGBA, error) {
	if err := s.values.Run(ctx, p.root, p.source, nil); err != nil {
		return nil, err
	}
	space := view.NewSpace(s.device, s.renderer)
	defer space.Release()
	space.Look = v.look
	if err := space.Arrange(p.root, p.laid, s.values); err != nil {
		return nil, err
	}
	cam := v.cam
	if cam == (camera.Camera{}) {
		cam = p.facing.Fit(s.viewport(), p.corners, 0.1)
	}
	picture, err := s.device.NewPicture(s.width, s.height)
	if err != nil {
		return nil, err
	}
	defer picture.Release()
	r := s.device.Record("shot")
	space.Draw(r, picture, image.Rectangle{}, cam, v.lens)
	if err := r.Submit(); err != nil {
		return nil, err
	}
	return picture.Image()
}

// paletted is a picture in at most 256 colours, which takes a third of the bytes: the means of
// those that 4 bits a channel do not tell apart, the most common ones. A picture of which
// these are not nearly all stays as it is.
func paletted(img *image.NRGBA) image.Image {
	sums := map[[3]uint8]*[4]int{} // of red, green and blue, and their number
	for i := 0; i < len(img.Pix); i += 4 {
		key := [3]uint8{img.Pix[i] >> 4, img.Pix[i+1] >> 4, img.Pix[i+2] >> 4}
		if sums[key] == nil {
			sums[key] = &[4]int{}
		}
		for c := range 3 {
			sums[key][c] += int(img.Pix[i+c])
		}
		sums[key][3]++
	}
	means := slices.SortedFunc(maps.Values(sums), func(a, b *[4]int) int {
		return cmp.Or(b[3]-a[3], slices.Compare(a[:], b[:]))
	})
	means = means[:min(256, len(means))]
	palette, pixels := color.Palette{}, 0
	for _, c := range means {
		palette = append(palette, color.NRGBA{uint8(c[0] / c[3]), uint8(c[1] / c[3]), uint8(c[2] / c[3]), 255})
		pixels += c[3]
	}
	if pixels*400 < len(img.Pix)*98 {
		return img
	}
	out := image.NewPaletted(img.Bounds(), palette)
	draw.Draw(out, out.Bounds(), img, image.Point{}, draw.Src)
	return out
}
