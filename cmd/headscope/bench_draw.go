package main

import (
	"context"
	"fmt"
	"image"
	"io"
	"math"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/go-gl/mathgl/mgl64"
	"github.com/spf13/cobra"

	"headscope/explorer/bench"
	"headscope/explorer/camera"
	"headscope/explorer/eval"
	"headscope/explorer/leaf"
	"headscope/explorer/session"
	"headscope/explorer/view"
	"headscope/gpu"
	"headscope/gpu/render"
)

// drawRow is one measurement: frames of a scene, from the camera to the finished picture.
type drawRow struct {
	Scene    string  `json:"scene"`    // head, layer, heads; animation: of a head, a frame a step
	Method   string  `json:"method"`   // instances: every element is one; renderer
	View     string  `json:"view"`     // whole: turning about it; path: from there to a close-up
	Elements int     `json:"elements"` // of all matrices
	Median   float64 `json:"ms_median"`
	P95      float64 `json:"ms_p95"`
	Frames   int     `json:"frames"`
}

// warm is the number of frames before those that are measured.
const warm = 8

// drawScenes are what is drawn, and where in it the close-up is.
var drawScenes = []struct{ name, title, close string }{
	{"head", "attngpt2", "left.left"},
	{"layer", "layer", "left.left.left.left"},
	{"heads", "", "L5H4"},
}

func (a *app) benchDraw() *cobra.Command {
	var f benchFlags
	var size string
	cmd := &cobra.Command{
		Use:   "draw",
		Short: "Frames of a head, a layer, 144 attention matrices and an animation: every element an instance, and the renderer",
		Long: `Measure how long a frame takes, from the camera to the finished picture: of a head of
GPT-2 small's size on 256 tokens (13 matrices, 1.1 million elements), of an attention layer
with its FFN, and of 144 attention matrices at once. Last, of the head while it is computed
step by step: the values of the step, its colours and the picture.

  instances  every element is an instance of a ball
  renderer   matrices as quads, near elements as balls, with all decoration: what is used

  whole      the camera turns about the whole scene
  path       it moves from there to a close-up`,
		Args: noArgs,
		RunE: job(func(cmd *cobra.Command, _ []string) error {
			if err := f.check(); err != nil {
				return err
			}
			width, height, err := parseSize(size)
			if err != nil {
				return err
			}
			d, err := gpu.Open(a.adapter)
			if err != nil {
				return err
			}
			defer d.Release()
			rows, err := a.measureDraws(cmd.Context(), d, width, height, f.runs)
			if err != nil {
				return err
			}
			if err := f.save("bench draw", d, rows); err != nil {
				return err
			}
			b := bars{title: "A frame of the whole scene", note: d.Adapter.Name, y: "ms", series: []string{"instances", "renderer"}}
			for _, s := range drawScenes {
				var values []float64
				for _, method := range b.series {
					i := slices.IndexFunc(rows, func(r drawRow) bool { return r.Scene == s.name && r.Method == method && r.View == "whole" })
					values = append(values, rows[i].Median)
				}
				b.groups, b.values = append(b.groups, s.name), append(b.values, values)
			}
			return f.draw(b)
		}),
	}
	f.add(cmd)
	cmd.Flags().StringVar(&size, "size", "1280x800", "size in pixels")
	cmd.Flags().Lookup("runs").DefValue, f.runs = "60", 60
	cmd.Flags().Lookup("runs").Usage = "frames of each view; of the instances a tenth"
	return cmd
}

// measureDraws draws every scene in every way.
func (a *app) measureDraws(ctx context.Context, d *gpu.Device, width, height, frames int) (rows []drawRow, err error) {
	r, err := render.New(d)
	if err != nil {
		return nil, err
	}
	defer r.Release()
	picture, err := d.NewPicture(width, height)
	if err != nil {
		return nil, err
	}
	defer picture.Release()
	fmt.Fprintf(a.out, "%s, %d x %d pixels\n", d.Adapter, width, height)
	w := tabwriter.NewWriter(a.out, 2, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "scene\tmethod\tview\telements\tmedian\tp95\t\n")
	for _, s := range drawScenes {
		values := eval.NewExpression(d)
		space := view.NewSpace(d, r)
		err := func() error {
			defer values.Release()
			defer space.Release()
			if s.title == "" {
				patterns, err := newPatterns(d, 12, 12, 256)
				if err != nil {
					return err
				}
				defer patterns.release()
				if err := space.Arrange(patterns.root, patterns.scene(), patterns); err != nil {
					return err
				}
			} else {
				session, err := session.Builtin(s.title, session.Shape{})
				if err != nil {
					return err
				}
				if err := values.Run(ctx, session.Root, &leaf.Source{Seed: 1}, nil); err != nil {
					return err
				}
				if err := space.Show(session.Root, values); err != nil {
					return err
				}
			}
			v := camera.Viewport{W: float64(width), H: float64(height)}
			path := flight(space, s.close, v)
			for _, method := range []string{"instances", "renderer"} {
				space.Balls = method == "instances"
				n := frames
				if space.Balls {
					n = max(3, frames/10)
				}
				for _, kind := range []string{"whole", "path"} {
					var wall []time.Duration
					for i := range n + warm {
						if err := ctx.Err(); err != nil {
							return err
						}
						// The first frames, along the whole way, compile and fill caches.
						t := float64(i-warm) / float64(max(1, n-1))
						if i < warm {
							t = float64(i) / (warm - 1)
						}
						c := path(0).Orbit(v, 0.1*t*v.H, 0)
						if kind == "path" {
							c = path(t)
						}
						start := time.Now()
						rec := d.Record("frame")
						rec.Whole()
						space.Draw(rec, picture, image.Rectangle{}, c, nil)
						if err := rec.Submit(); err != nil {
							return err
						}
						if err := d.Wait(); err != nil {
							return err
						}
						if i >= warm {
							wall = append(wall, time.Since(start))
						}
					}
					row := drawRow{Scene: s.name, Method: method, View: kind, Elements: elements(space), Median: bench.NewTiming(wall, nil).Median, P95: bench.Percentile(wall, 0.95), Frames: n}
					rows = append(rows, row)
					row.write(w)
				}
			}
			return nil
		}()
		if err != nil {
			return nil, err
		}
	}
	motion, err := measureMotion(ctx, d, r, picture, frames)
	if err != nil {
		return nil, err
	}
	for _, row := range motion {
		row.write(w)
	}
	return append(rows, motion...), w.Flush()
}

// write adds a row to the table.
func (r drawRow) write(w io.Writer) {
	fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%.1f ms\t%.1f ms\t\n", r.Scene, r.Method, r.View, r.Elements, r.Median, r.P95)
}

// flight is the camera's way, from 0 to 1: from a view of the whole scene to a close-up of
// the middle of the matrix at a path, evenly in the logarithm of the distance.
func flight(s *view.Space, close string, v camera.Viewport) func(t float64) camera.Camera {
	from := camera.Default().Fit(v, s.Scene.Corners(), 0.08)
	m, ok := s.Scene.Matrix(close)
	if !ok {
		m = s.Scene.Matrices[0]
	}
	target := m.World(m.Rows.N/2, m.Cols.N/2)
	// Before the matrix, a little to the side: cells are about 40 pixels wide there.
	normal := m.ToWorld.Col(2).Vec3()
	if normal.Dot(from.Position.Sub(target)) < 0 {
		normal = normal.Mul(-1)
	}
	to := target.Add(normal.Add(mgl64.Vec3{-0.3, 0.3, 0.2}).Normalize().Mul(v.UnitPixels(1) / 40))
	return func(t float64) camera.Camera {
		far, near := from.Position.Sub(target), to.Sub(target)
		length := math.Pow(far.Len(), 1-t) * math.Pow(near.Len(), t)
		direction := far.Normalize().Mul(1 - t).Add(near.Normalize().Mul(t)).Normalize()
		c, err := camera.New(target.Add(direction.Mul(length)), from.Target.Mul(1-t).Add(target.Mul(t)))
		if err != nil {
			return from
		}
		return c
	}
}
