package main

import (
	"fmt"
	"image"
	"image/png"
	"io"
	"math"
	"path/filepath"

	"github.com/spf13/cobra"

	"headscope/explorer/view"
	"headscope/models/tensor"
)

// render draws a session in space to a picture.
func (a *app) render() *cobra.Command {
	var f spaceFlags
	var out, lens string
	cmd := &cobra.Command{
		Use:   "render [SESSION] -o F.png",
		Short: "Draw a session, or a head of a model, in space",
		Long: `Draw the matrices of a session in space, as the session's camera sees them.
` + sessionHelp(),
		Example: `  headscope render --head L1H2 --prompt 'When Mary and John went to the store' -o head.png
  headscope render 'A @ B @ C' -o chain.png
  headscope render session.json --step 120 -o halfway.png
  headscope render blockwise --head L5H1 --step 5 -o online-softmax.png
  headscope render attnqkov --model ~/gpt2 --head L5H4 --no-bias --size 3840x2400 -o qkov.png`,
		Args: oneSession,
		RunE: job(func(cmd *cobra.Command, args []string) error {
			if filepath.Ext(out) != ".png" {
				return misuse{fmt.Errorf("render needs a picture to write, ending in .png: -o head.png")}
			}
			if err := checkPlace(out); err != nil {
				return err
			}
			at, err := parseLens(lens)
			if err != nil {
				return err
			}
			s, err := a.show(cmd, &f, args)
			if err != nil {
				return err
			}
			defer s.close()
			return a.drawSpace(s, at, out)
		}),
	}
	f.add(cmd)
	f.addStep(cmd)
	cmd.Flags().StringVarP(&out, "out", "o", "", "picture to write (.png)")
	cmd.Flags().StringVar(&lens, "lens", "", "magnify what is at pixel X,Y and show its values")
	return cmd
}

// parseLens reads "640,400" as the middle of a lens; none gives nil.
func parseLens(s string) (*view.Lens, error) {
	if s == "" {
		return nil, nil
	}
	var at view.Lens
	var rest string
	if n, _ := fmt.Sscanf(s+" ", "%g,%g%s", &at.X, &at.Y, &rest); n != 2 || rest != "" || math.IsNaN(at.X+at.Y) {
		return nil, misuse{fmt.Errorf("--lens %q: expected X,Y in pixels, for example 640,400", s)}
	}
	return &at, nil
}

// drawSpace writes what is shown to a picture.
func (a *app) drawSpace(s *shown, lens *view.Lens, out string) error {
	picture, err := s.device.NewPicture(s.width, s.height)
	if err != nil {
		return err
	}
	defer picture.Release()
	r := s.device.Record("render")
	s.view.Draw(r, picture, image.Rectangle{}, s.session.Camera, lens)
	if err := r.Submit(); err != nil {
		return err
	}
	img, err := picture.Image()
	if err != nil {
		return err
	}
	if err := tensor.WriteFile(out, func(w io.Writer) error { return (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(w, img) }); err != nil {
		return err
	}
	a.remark("%s: %.60s, %d matrices with %d elements", out, s.session.Root.Name, len(s.view.Scene.Matrices), elements(s.view))
	return nil
}
