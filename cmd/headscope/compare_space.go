package main

import (
	"context"
	"image"

	"github.com/go-gl/mathgl/mgl64"

	"headscope/explorer/camera"
	"headscope/explorer/eval"
	"headscope/explorer/leaf"
	"headscope/explorer/scene"
	"headscope/explorer/session"
	"headscope/explorer/view"
	"headscope/gpu"
	"headscope/gpu/render"
	"headscope/models/gpt2"
	"headscope/models/tensor"
)

// spacePane is one head in space.
type spacePane struct {
	session *session.Session
	values  *eval.Expression // owned
	view    *view.Space      // owned
}

func (p spacePane) release() {
	p.view.Release()
	p.values.Release()
}

// drawSpaces draws the heads' matrices side by side, seen by one camera that has all of them
// in view.
func (r *runs) drawSpaces(ctx context.Context, titles []view.Pane, heads []compared, width, height int) (*image.NRGBA, error) {
	renderer, err := render.New(r.device)
	if err != nil {
		return nil, err
	}
	defer renderer.Release()
	columns := []int{2: 2, 3: 3, 4: 2}[len(heads)]
	rows := (len(heads) + columns - 1) / columns
	if height == 0 {
		height = rows * width / columns * 7 / 8
	}
	var corners []mgl64.Vec3
	var panes []spacePane
	defer func() {
		for _, p := range panes {
			p.release()
		}
	}()
	for _, h := range heads {
		p, err := r.spacePane(ctx, renderer, h)
		if err != nil {
			return nil, err
		}
		panes = append(panes, p)
		corners = append(corners, p.view.Scene.Corners()...)
	}
	em := max(12, min(width, 2*height)/80)
	band := 4 * em
	cell := image.Pt(width/columns, height/rows)
	window := camera.Viewport{W: float64(cell.X), H: float64(max(1, cell.Y-band))}
	eye := panes[0].session.Camera.Fit(window, corners, 0.06)

	picture, err := r.device.NewPicture(width, height)
	if err != nil {
		return nil, err
	}
	defer picture.Release()
	rec := r.device.Record("compare in space")
	look := panes[0].view.Look
	frame := renderer.NewFrame()
	defer frame.Release()
	rec.Render(gpu.Pass{Target: picture, Clear: gpu.RGBA(look.Background())})
	for i, p := range panes {
		at := image.Pt(i%columns*cell.X, i/columns*cell.Y)
		p.view.Draw(rec, picture, image.Rect(at.X, at.Y+min(band, cell.Y-1), at.X+cell.X, at.Y+cell.Y), eye, nil)
		left, room := at.X+3*em/2, cell.X-3*em
		frame.Text(render.Text{X: left, Y: at.Y + 2*em, Size: em * 5 / 4, Weight: render.Bold, Colour: gpu.RGBA(look.Text()),
			String: renderer.Fonts.Elide(titles[i].Title, em*5/4, render.Bold, room)})
		frame.Text(render.Text{X: left, Y: at.Y + 7*em/2, Size: em, Colour: gpu.RGBA(look.Guide(0.6)),
			String: renderer.Fonts.Elide(titles[i].Subtitle, em, render.Regular, room)})
	}
	frame.DrawOver(rec, picture)
	if err := rec.Submit(); err != nil {
		return nil, err
	}
	return picture.Image()
}

// spacePane computes and lays out one head.
func (r *runs) spacePane(ctx context.Context, renderer *render.Renderer, h compared) (p spacePane, err error) {
	run, layer, head, err := r.head(ctx, h)
	if err != nil {
		return p, err
	}
	m := run.model.file
	if p.session, err = session.Builtin("attngpt2", session.Shape{
		Tokens: len(run.tokens), Width: m.Config.Width, HeadWidth: m.Config.HeadWidth(), Hidden: m.Config.Hidden,
		Layer: layer, Head: head, Bias: !r.flags.noBias,
	}); err != nil {
		return p, err
	}
	leaves := eval.NewModelLeaves(m, func(layer int) (tensor.Tensor, error) {
		if run.in.recorded != nil {
			return *run.in.recorded[layer], nil
		}
		return run.acts.Read(gpt2.Name(layer, "ln_1"))
	})
	p.values, p.view = eval.NewExpression(r.device), view.NewSpace(r.device, renderer)
	p.view.Look, p.view.Tokens = scene.Look{Light: !r.flags.dark}, run.in.labels(m)
	err = p.values.Run(ctx, p.session.Root, &leaf.Source{Seed: 1, Files: []leaf.Finder{leaves}}, nil)
	if err == nil {
		err = p.view.Show(p.session.Root, p.values)
	}
	if err != nil {
		p.release()
	}
	return p, err
}
