package main

import (
	"context"
	"encoding/json"

	"github.com/spf13/cobra"

	"headscope/explorer/view"
)

// scene prints a session's scene as JSON.
func (a *app) scene() *cobra.Command {
	var f spaceFlags
	var step int
	cmd := &cobra.Command{
		Use:   "scene [SESSION]",
		Short: "Print what a session shows as JSON: places, values, sizes, colours",
		Long: `Print the scene of a session as JSON: the camera, the bounding box, and for every matrix
its place in the world, its largest |x| and sum, and value, size and colour of some of its
elements in a window of --size. With --step it also has what the animation shows at that
step, 1 being the first: for every matmul how many elements of its result are visible, and
the planes in its cube.
` + sessionHelp(),
		Example: `  headscope scene 'A @ B @ C'
  headscope scene 'https://bhosmer.github.io/mm/index.html?params=...' --data ~/gpt2-csv
  headscope scene session.json --step 12`,
		Args: oneSession,
		RunE: job(func(cmd *cobra.Command, args []string) error {
			s, err := a.show(cmd, &f, args)
			if err != nil {
				return err
			}
			defer s.close()
			d, err := s.view.Describe(s.session.Camera, s.viewport())
			if err != nil {
				return err
			}
			if step != 0 {
				if d.Anim, err = s.describeStep(cmd.Context(), step); err != nil {
					return err
				}
			}
			text, err := json.Marshal(d)
			if err == nil {
				_, err = a.out.Write(append(text, '\n'))
			}
			return err
		}),
	}
	f.add(cmd)
	cmd.Flags().IntVar(&step, "step", 0, "step of the session's animation to describe, from 1 on; 0: none")
	return cmd
}

// describeStep describes what the session's animation shows at a step.
func (s *shown) describeStep(ctx context.Context, step int) (*view.AnimDescription, error) {
	if err := s.play(ctx, step); err != nil {
		return nil, err
	}
	d, err := s.view.DescribeStep(s.playback)
	d.Step = step
	return &d, err
}
