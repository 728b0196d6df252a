package workspace

import (
	"context"
	"image"

	"headscope/explorer/camera"
	"headscope/explorer/expr"
	"headscope/gpu"
	"headscope/gpu/kernels"
	"headscope/gpu/render"
)

// Warm does once, on a device of its own and unseen, what a forward pass ends with, and when
// shown is closed what the tabs do first, in pictures of the format of target, so that the
// driver compiles the shaders for it. Drivers keep what they have compiled (Mesa: on the disk),
// and a window whose first scene would stand still for a second or two finds it there. It may
// run on any goroutine, beside the window's own device.
func Warm(ctx context.Context, choice gpu.Choice, target gpu.Target, shown <-chan struct{}) error {
	d, err := gpu.Open(choice)
	if err != nil {
		return err
	}
	defer d.Release()
	if err := kernels.Warm(d); err != nil {
		return err
	}
	select {
	case <-shown:
	case <-ctx.Done():
		return ctx.Err()
	}
	r, err := render.New(d)
	if err != nil {
		return err
	}
	defer r.Release()
	w := New(d, r, nil, Options{})
	defer w.Release()
	picture, err := d.NewPictureLike(target, 640, 400)
	if err != nil {
		return err
	}
	defer picture.Release()
	region := image.Rect(20, 0, 640, 400)
	draw := func() error {
		for ctx.Err() == nil && (w.Step(sliceTime) || len(w.Jobs()) > 0) {
		}
		rec := d.Record("warm")
		w.Draw(rec, picture, Sight{Region: region})
		if err := rec.Submit(); err != nil || ctx.Err() != nil {
			return err
		}
		return d.Wait()
	}
	for _, do := range []func(){
		func() { w.Show("head") },
		func() { // near, so that elements are balls
			w.Turn(region, func(c camera.Camera, _ camera.Viewport) camera.Camera { return c.Dolly(0.15) })
		},
		func() { // the first step of an animation
			w.ChangeTree("", func(root *expr.Node) error { return root.Set("anim.alg", "vmprod") })
		},
		func() { w.Show("compare") },
		func() { w.SetPrompt("a"); w.Show("atlas") }, // few tokens have kernels of their own
	} {
		do()
		if err := draw(); err != nil {
			return err
		}
	}
	return ctx.Err()
}
