package main

import (
	"fmt"
	"image"
	"image/png"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"headscope/explorer/eval"
	"headscope/explorer/session"
	"headscope/explorer/view"
	"headscope/gpu"
	"headscope/gpu/render"
	"headscope/models/tensor"
)

// compareFlags say which heads are compared and how the picture looks.
type compareFlags struct {
	modelFlags
	prompts          prompts
	heads, out, size string
	difference, dark bool
	space            bool
}

// prompts is --prompt of a command that takes several.
type prompts []string

func (p *prompts) String() string { return strings.Join(*p, ", ") }
func (p *prompts) Type() string   { return "string" }
func (p *prompts) Set(text string) error {
	*p = append(*p, text)
	return nil
}

// compare draws the patterns of two to four heads side by side.
func (a *app) compare() *cobra.Command {
	var f compareFlags
	cmd := &cobra.Command{
		Use:   "compare --heads A,B[,C,D] -o F.png",
		Short: "Draw two to four heads side by side, and say how far apart they are",
		Long: `Draw the attention of two to four heads side by side, and print how far each is from the
first: the mean over the rows of the Jensen-Shannon distance (0 equal, 1 no common token) and
the cosine of the angle between the patterns.

A head is named L5H4 (layer 5, head 4), MODEL:L5H4 where it is another model's, and
L5H4@PROMPT#2 where it runs on the second of several --prompt.`,
		Example: `  headscope compare --heads L1H2,L4H7 --diff -o two.png
  headscope compare --heads L5H4@PROMPT#1,L5H4@PROMPT#2 -p 'He said no.' -p 'She said yes.' -o prompts.png
  headscope compare --heads L5H1,~/gpt2:L5H1 -o models.png`,
		Args: noArgs,
		RunE: job(func(cmd *cobra.Command, _ []string) error { return a.runCompare(cmd, &f) }),
	}
	f.add(cmd)
	prompt := cmd.Flags().Lookup("prompt")
	prompt.Value, prompt.Usage = &f.prompts, "text to run on; may be given several times"
	cmd.Flags().StringVar(&f.heads, "heads", "", "heads to compare, such as L5H4,L5H5")
	cmd.Flags().StringVarP(&f.out, "out", "o", "", "picture to write (.png)")
	cmd.Flags().StringVar(&f.size, "size", "", "size in pixels (default: 1600 wide, as high as the panes need)")
	cmd.Flags().BoolVar(&f.difference, "diff", false, "add the first pattern minus the second one")
	cmd.Flags().BoolVar(&f.space, "space", false, "draw the heads' matrices in space, under one camera, instead of the patterns")
	cmd.Flags().BoolVar(&f.dark, "dark", false, "light on dark")
	return cmd
}

// compared is one head of --heads.
type compared struct {
	session.Pane
	name   string // as the command line has it
	prompt int    // which of --prompt, from 0
}

// parse reads the heads and checks what can be checked before a model is opened.
func (f *compareFlags) parse() (heads []compared, width, height int, err error) {
	if filepath.Ext(f.out) != ".png" {
		return nil, 0, 0, misuse{fmt.Errorf("compare needs a picture to write, ending in .png: -o heads.png")}
	}
	if f.space && f.difference {
		return nil, 0, 0, misuse{fmt.Errorf("--diff subtracts patterns, which --space does not show: leave out one of the two")}
	}
	names := strings.Split(f.heads, ",")
	if n := len(names); n < view.MinPanes || n > view.MaxPanes || f.heads == "" {
		return nil, 0, 0, misuse{fmt.Errorf("--heads %q: expected %d to %d heads, such as L5H4,L5H5", f.heads, view.MinPanes, view.MaxPanes)}
	}
	for _, name := range names {
		name = strings.TrimSpace(name)
		p, prompt, err := session.ParsePane(name)
		if err != nil {
			return nil, 0, 0, misuse{fmt.Errorf("--heads: %w", err)}
		}
		if p.Model == "" {
			p.Model = f.model
		}
		if prompt > max(1, len(f.prompts)) {
			return nil, 0, 0, misuse{fmt.Errorf("--heads: %s asks for prompt %d of %d: give each with its own --prompt", name, prompt, max(1, len(f.prompts)))}
		}
		heads = append(heads, compared{p, name, max(0, prompt-1)})
	}
	width, height = 1600, 0
	if f.size != "" {
		width, height, err = parseSize(f.size)
	}
	return heads, width, height, err
}

func (a *app) runCompare(cmd *cobra.Command, f *compareFlags) error {
	heads, width, height, err := f.parse()
	if err != nil {
		return err
	}
	if err := checkPlace(f.out); err != nil {
		return err
	}
	d, err := gpu.Open(a.adapter)
	if err != nil {
		return err
	}
	defer d.Release()
	c := view.NewCompare(d)
	defer c.Release()
	c.Difference = f.difference
	if f.dark {
		c.Theme = view.Ink
	}
	runs := runs{app: a, device: d, flags: f, models: map[string]*loaded{}, passes: map[passKey]*passed{}, keep: eval.AttnOnly}
	if f.space {
		runs.keep = func(name string) bool { return eval.AttnOnly(name) || strings.HasSuffix(name, ".ln_1") }
	}
	defer runs.close()
	for _, h := range heads {
		pane, err := runs.pane(cmd.Context(), h)
		if err != nil {
			return err
		}
		c.Panes = append(c.Panes, pane)
	}
	if a, b := c.Panes[0].Layer.Values.Rows, c.Panes[1].Layer.Values.Rows; f.difference && a != b {
		return fmt.Errorf("--diff: %s has %d tokens and %s %d: patterns of different lengths cannot be subtracted", heads[0].name, a, heads[1].name, b)
	}
	if err := c.Update(); err != nil {
		return err
	}
	var img *image.NRGBA
	if f.space {
		img, err = runs.drawSpaces(cmd.Context(), c.Panes, heads, width, height)
	} else {
		img, err = drawComparison(d, c, width, height)
	}
	if err != nil {
		return err
	}
	if err := tensor.WriteFile(f.out, func(w io.Writer) error { return png.Encode(w, img) }); err != nil {
		return err
	}
	a.printDistances(c, heads)
	return nil
}

// drawComparison draws to a picture, as high as the panes need where the height is 0.
func drawComparison(d *gpu.Device, c *view.Compare, width, height int) (*image.NRGBA, error) {
	renderer, err := render.New(d)
	if err != nil {
		return nil, err
	}
	defer renderer.Release()
	if height == 0 {
		height = c.Height(renderer.Fonts, width)
	}
	picture, err := d.NewPicture(width, height)
	if err != nil {
		return nil, err
	}
	defer picture.Release()
	r := d.Record("compare")
	c.Draw(r, renderer, picture, image.Rect(0, 0, width, height))
	if err := r.Submit(); err != nil {
		return nil, err
	}
	return picture.Image()
}

// printDistances prints how far each head is from the first, a line each.
func (a *app) printDistances(c *view.Compare, heads []compared) {
	for i := 1; i < len(heads); i++ {
		d, ok := c.Distance(i)
		if !ok {
			fmt.Fprintf(a.out, "%s %s: %d and %d tokens, not compared\n", heads[0].name, heads[i].name, len(c.Panes[0].Tokens), len(c.Panes[i].Tokens))
			continue
		}
		fmt.Fprintf(a.out, "%s %s: JS distance %.4f, cosine %.4f, largest difference %+.4f at row %d, column %d\n", heads[0].name, heads[i].name, d.JS, d.Cosine, d.MaxDiff, d.I, d.J)
	}
}
