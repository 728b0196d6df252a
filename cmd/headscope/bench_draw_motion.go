package main

import (
	"context"
	"image"
	"time"

	"github.com/go-gl/mathgl/mgl64"

	"headscope/explorer/anim"
	"headscope/explorer/bench"
	"headscope/explorer/camera"
	"headscope/explorer/eval"
	"headscope/explorer/leaf"
	"headscope/explorer/session"
	"headscope/explorer/view"
	"headscope/gpu"
	"headscope/gpu/render"
)

// animated is a head of GPT-2 small's size on 256 tokens whose chain input @ wQ @ K_t @ V @ wO
// is computed by vector-matrix products, all of them together, row by row.
func animated() (*session.Session, error) {
	s, err := session.Builtin("attngpt2", session.Shape{})
	if err != nil {
		return nil, err
	}
	for path, alg := range map[string]string{
		"root": "vmprod", "left": "vmprod", "left.left": "vmprod", "left.left.left": "vmprod",
		"left.left.right": "none", "left.right": "none",
	} {
		n := s.Root.At(path)
		if err := n.Set("anim.alg", alg); err != nil {
			return nil, err
		}
		if err := n.Set("anim.fuse", "sync"); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// article is where the camera stands in the article's link of this animation: nearer than
// what shows the whole scene with room around it.
func article() (camera.Camera, error) {
	return camera.New(mgl64.Vec3{-382.87, 293.76, 395.96}, mgl64.Vec3{-14.02, -38.23, -84.11})
}

// measureMotion times played steps of an animation, each from its values to the finished
// picture: of the whole scene, and as the article shows it.
func measureMotion(ctx context.Context, d *gpu.Device, r *render.Renderer, picture *gpu.Picture, frames int) (rows []drawRow, err error) {
	s, err := animated()
	if err != nil {
		return nil, err
	}
	values, space := eval.NewExpression(d), view.NewSpace(d, r)
	defer values.Release()
	defer space.Release()
	if err := values.Run(ctx, s.Root, &leaf.Source{Seed: 1}, nil); err != nil {
		return nil, err
	}
	if err := space.Show(s.Root, values); err != nil {
		return nil, err
	}
	a, err := anim.New(space.Scene)
	if err != nil {
		return nil, err
	}
	motion := eval.NewMotion(values, a)
	defer motion.Release()
	width, height := picture.Size()
	v := camera.Viewport{W: float64(width), H: float64(height)}
	near, err := article()
	if err != nil {
		return nil, err
	}
	for _, view := range []struct {
		name string
		from camera.Camera
	}{{"whole", camera.Default().Fit(v, space.Scene.Corners(), 0.08)}, {"article", near}} {
		var wall []time.Duration
		for i := range frames + warm {
			// The first steps compile and fill caches.
			step := i%a.Steps() + 1
			start := time.Now()
			if err := motion.Show(ctx, step); err != nil {
				return nil, err
			}
			if err := space.ShowStep(motion); err != nil {
				return nil, err
			}
			rec := d.Record("frame")
			rec.Whole()
			space.Draw(rec, picture, image.Rectangle{}, view.from, nil)
			if err := rec.Submit(); err != nil {
				return nil, err
			}
			if err := d.Wait(); err != nil {
				return nil, err
			}
			if i >= warm {
				wall = append(wall, time.Since(start))
			}
		}
		rows = append(rows, drawRow{
			Scene: "animation", Method: "renderer", View: view.name, Elements: elements(space),
			Median: bench.NewTiming(wall, nil).Median, P95: bench.Percentile(wall, 0.95), Frames: frames,
		})
	}
	return rows, nil
}

// elements is how many a scene has, without those of planes.
func elements(s *view.Space) (n int) {
	for _, m := range s.Scene.Matrices {
		n += m.Rows.N * m.Cols.N
	}
	return n
}
