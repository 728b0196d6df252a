package main

import (
	"slices"

	"github.com/go-gl/mathgl/mgl64"

	"headscope/explorer/camera"
	"headscope/explorer/expr"
	"headscope/explorer/scene"
	"headscope/explorer/view"
)

// Sizes of variants.
const (
	tile       = 156 // of a matrix seen face on
	wide, high = 480, 300
)

var (
	// local shows every matrix in its own range.
	local = change{"root", "viz.sensitivity", "local"}
	// bare hides the decoration.
	bare = []change{local, {"root", "deco.legends", 0.0}, {"root", "deco.row guides", 0.0}, {"root", "deco.flow guides", 0.0}}
	// plain is for what lies where: names, but no shapes.
	plain  = []change{local, {"root", "deco.shape", false}, {"root", "deco.legends", 7.0}}
	random = []change{{"left", "init", "uniform"}, {"right", "init", "uniform"}}
)

// allShots are the pictures of docs/settings.md.
var allShots = []shot{
	{file: "shape", session: "A @ B", side: 12, base: []change{local}, variants: []variant{
		{caption: "A: h 12, w 12"},
		{caption: "A: h 24", changes: []change{{"left", "h", 24}}},
		{caption: "A: w 24, and so B: h 24", changes: []change{{"left", "w", 24}}},
	}},
	{file: "init", session: "A @ B", seen: "left", w: tile, h: tile, columns: 5, side: 8, base: bare, variants: initVariants()},
	{file: "range", session: "A @ B", seen: "left", w: tile, h: tile, side: 8, base: bare, variants: []variant{
		{caption: "min -1, max 1"},
		{caption: "min 0, max 1", changes: []change{{"left", "min", 0}}},
		{caption: "min -1, max 0", changes: []change{{"left", "max", 0}}},
	}},
	{file: "dropout", session: "A @ B", seen: "left", w: tile, h: tile, side: 12, base: bare,
		variants: varyAt("left", "dropout", 0, 0.3, 0.9)},
	{file: "expr", session: "A @ B", seen: "left", w: 240, h: 180, side: 12, base: slices.Concat(bare, []change{{"left", "init", "expr"}}),
		variants: varyAt("left", "expr", "i === j ? 1 : -0.1", "Math.sin(i / 2) * Math.cos(j / 2)", "(i ^ j) & 1 ? 1 : -1")},
	{file: "epilog", session: "A @ B", seen: "root", w: tile, h: tile, columns: 5,
		side: 10, base: slices.Concat(bare, random),
		variants: vary("epilog", anys(expr.Epilogs)...)},

	{file: "scheme", session: "A @ B @ C @ D", columns: 2, w: 400, h: high, side: 16, base: plain,
		variants: schemeVariants()},
	{file: "gap", session: "A @ B", side: 12, base: []change{local, {"root", "block.i blocks", 2}}, variants: vary("layout.gap", 0, 4, 8)},
	{file: "scatter", session: "(A @ B) @ (C @ D)", side: 12, base: plain, variants: vary("layout.scatter", 0, 8, 16)},
	{file: "molecule", session: "(A @ B @ C) @ (D @ E)", side: 12, base: slices.Concat(plain, []change{{"root", "layout.scatter", 12.0}}), variants: vary("layout.molecule", 1, 2, 3)},
	{file: "blast", session: "A @ B @ C @ D", side: 12, base: slices.Concat(plain, []change{{"root", "layout.scatter", 5.0}}), variants: vary("layout.blast", -2, 0, 2)},
	{file: "polarity", session: "A @ B", side: 12, base: []change{local, {"left", "init", "cols"}, {"right", "init", "rows"}}, variants: vary("layout.polarity", "negative", "positive")},
	{file: "left-placement", session: "A @ B", side: 12, base: []change{local}, variants: vary("layout.left placement", "left", "right")},
	{file: "right-placement", session: "A @ B", side: 12, base: []change{local}, variants: vary("layout.right placement", "top", "bottom")},
	{file: "result-placement", session: "A @ B", side: 12, base: []change{local}, variants: vary("layout.result placement", "front", "back")},

	{file: "blocks", session: "A @ B", columns: 2, side: 12, base: []change{local}, variants: []variant{
		{caption: "one block"},
		{caption: "i blocks 3", changes: []change{{"root", "block.i blocks", 3}}},
		{caption: "k blocks 3", changes: []change{{"root", "block.k blocks", 3}}},
		{caption: "j blocks 3", changes: []change{{"root", "block.j blocks", 3}}},
	}},

	{file: "legends", session: "A @ B", columns: 2, w: wide, h: 340, side: 12, base: []change{local}, variants: vary("deco.legends", 0, 3, 6, 9)},
	{file: "shape-labels", session: "A @ B", columns: 2, w: wide, h: 340, side: 12, base: []change{local}, variants: vary("deco.shape", true, false)},
	{file: "row-guides", session: "A @ B", columns: 2, w: wide, h: 340, side: 12, base: []change{local}, variants: vary("deco.row guides", 0, 0.3, 0.6, 1)},
	{file: "flow-guides", session: "A @ B", side: 12, base: []change{local}, variants: vary("deco.flow guides", 0, 0.5, 1)},
	{file: "axes", session: "A @ B", columns: 2, w: wide, h: 340, side: 12, base: []change{local}, variants: vary("deco.axes", false, true)},

	{file: "lens-size", session: "A @ B", w: wide, h: 340, columns: 2, side: 20, base: []change{local}, variants: lensed(vary("deco.lens size", 0.3, 0.6))},
	{file: "magnification", session: "A @ B", w: wide, h: 340, columns: 2, side: 20, base: []change{local}, variants: lensed(vary("deco.magnification", 3, 7))},
	{file: "spotlight", session: "A @ B", w: wide, h: 340, columns: 2, side: 20, base: []change{local}, variants: lensed(vary("deco.spotlight", 0, 2))},

	{file: "sensitivity", session: "A @ B @ C", columns: 2, side: 12, base: []change{{"left.left", "min", 0.5}, {"right", "max", 0.1}, {"right", "min", -0.1}},
		variants: vary("viz.sensitivity", anys(expr.Sensitivities)...)},
	{file: "min-size", session: "A @ B", seen: "left", w: tile, h: tile, side: 8, base: bare, variants: vary("viz.min size", 0, 0.2, 0.8)},
	{file: "min-light", session: "A @ B", seen: "left", w: tile, h: tile, side: 8, base: bare, variants: vary("viz.min light", 0, 0.4, 0.7)},
	{file: "max-light", session: "A @ B", seen: "left", w: tile, h: tile, side: 8, base: bare, variants: vary("viz.max light", 0.4, 0.7, 1)},
	{file: "elem-scale", session: "A @ B", seen: "left", w: tile, h: tile, side: 8, base: bare, variants: vary("viz.elem scale", 0.5, 1.25, 2.5)},
	{file: "zero-hue", session: "A @ B", seen: "left", w: tile, h: tile, side: 8, base: bare, variants: vary("viz.zero hue", 0.77, 0.1, 0.45)},
	{file: "hue-gap", session: "A @ B", seen: "left", w: tile, h: tile, side: 8, base: bare, variants: vary("viz.hue gap", 0, 0.3, 0.74)},
	{file: "hue-spread", session: "A @ B", seen: "left", w: tile, h: tile, side: 8, base: bare, variants: vary("viz.hue spread", 0, 0.04, 0.25)},

	{file: "camera", session: "A @ B", side: 20, base: []change{local}, variants: []variant{
		{caption: "-48, 48, 48", cam: at(-48, 48, 48)},
		{caption: "0, 0, 60", cam: at(0, 0, 60)},
		{caption: "10, 70, 20", cam: at(10, 70, 20)},
	}},

	{file: "attngpt2", session: "attngpt2", apart: true, w: wide, h: high, variants: []variant{{caption: "attngpt2"}, {caption: "attngpt2 --head L1H2", head: "L1H2"}}},
	{file: "attnqkov", session: "attnqkov", apart: true, w: wide, h: high, variants: []variant{{caption: "attnqkov"}, {caption: "attnqkov --head L1H2", head: "L1H2"}}},
	{file: "layer", session: "layer", apart: true, w: wide, h: high, variants: []variant{{caption: "layer"}, {caption: "layer --head L1H2", head: "L1H2"}}},
	{file: "blockwise", session: "blockwise", apart: true, w: wide, h: high, variants: []variant{{caption: "blockwise"}, {caption: "blockwise --head L1H2", head: "L1H2"}}},
	{file: "decode", session: "decode", apart: true, w: wide, h: high, variants: []variant{{caption: "decode"}, {caption: "decode --head L1H2", head: "L1H2"}}},
	{file: "lora", session: "lora", apart: true, w: wide, h: high, variants: []variant{{caption: "lora"}, {caption: "lora --head L1H2", head: "L1H2"}}},

	{file: "bias-input", session: "attngpt2", seen: "left.left.left.left", last: 12, apart: true, w: 240, h: 240, variants: []variant{{caption: "--head L1H2", head: "L1H2"}, {caption: "--head L1H2 --no-bias", head: "L1H2", noBias: true}}},
	{file: "bias-weight", session: "attngpt2", seen: "left.left.left.right", last: 12, apart: true, w: 240, h: 240, variants: []variant{{caption: "--head L1H2", head: "L1H2"}, {caption: "--head L1H2 --no-bias", head: "L1H2", noBias: true}}},
	{file: "looks", session: "A @ B", columns: 2, w: 240, h: 180, side: 12, base: []change{local}, variants: []variant{
		{caption: "no flag"}, {caption: "--safe", look: scene.Look{Safe: true}},
		{caption: "--light", look: scene.Look{Light: true}}, {caption: "--light --safe", look: scene.Look{Light: true, Safe: true}},
	}},
	{file: "seed", session: "A @ B", seen: "left", w: tile, h: tile, side: 12, base: slices.Concat(bare, []change{{"left", "init", "gaussian"}}),
		variants: []variant{{caption: "--seed 1"}, {caption: "--seed 2", seed: 2}, {caption: "--seed 3", seed: 3}}},
}

// initVariants show a leaf of every init. The file is a weight of the built-in model.
func initVariants() []variant {
	variants := varyAt("left", "init", anys(expr.Inits)...)
	for i, name := range expr.Inits {
		switch name {
		case "url":
			variants[i].changes = append(variants[i].changes, change{"left", "url", "layer1_wq2_192_16.csv"})
		case "expr":
			variants[i].changes = append(variants[i].changes, change{"left", "expr", "Math.sin(i / 2) * Math.cos(j / 2)"})
		}
	}
	return variants
}

// schemeVariants show every scheme; under custom B is where it would not be else.
func schemeVariants() []variant {
	variants := vary("layout.scheme", anys(expr.Schemes)...)
	i := slices.Index(expr.Schemes, "custom")
	variants[i].changes = append(variants[i].changes, change{"left.left", "layout.right placement", "bottom"})
	return variants
}

// lensed shows variants of that size through a lens on the result.
func lensed(variants []variant) []variant {
	for i := range variants {
		variants[i].lens = &view.Lens{X: 315, Y: 215}
	}
	return variants
}

func anys(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

// at is a camera that looks at the origin.
func at(x, y, z float64) camera.Camera { return camera.Camera{Position: mgl64.Vec3{x, y, z}} }
