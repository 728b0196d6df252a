package main

import (
	"encoding/json"

	"github.com/spf13/cobra"
)

// scene prints a session's scene as JSON.
func (a *app) scene() *cobra.Command {
	var f spaceFlags
	cmd := &cobra.Command{
		Use:   "scene [SESSION]",
		Short: "Print what a session shows as JSON: places, values, sizes, colours",
		Long: `Print the scene of a session as JSON: the camera, the bounding box, and for every matrix
its place in the world, its largest |x| and sum, and value, size and colour of some of its
elements in a window of --size.
` + sessionHelp(),
		Example: `  headscope scene 'A @ B @ C'
  headscope scene 'https://bhosmer.github.io/mm/index.html?params=...' --data ~/gpt2-csv`,
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
			text, err := json.Marshal(d)
			if err == nil {
				_, err = a.out.Write(append(text, '\n'))
			}
			return err
		}),
	}
	f.add(cmd)
	return cmd
}
