package session

import "slices"

// builtin is a built-in session as a table says it.
type builtin struct {
	name, about string
	text        string // the expression; leaves are called as in parts
	demo        Shape  // sizes without a model; Hidden 0: it shows no MLP
	look, nodes []change
	ofModel     []change // on top of nodes, for a model
}

// change is a setting of the nodes of a name, or of the root under an empty one.
type change struct {
	node, key string
	value     any
}

// rank is that of the article's low-rank factors.
const rank = 8

var builtins = []builtin{
	{
		name:  "attngpt2",
		about: "an attention head, with Q, K and V",
		text:  "out = " + attention + " @ wO",
		demo:  Shape{Tokens: 256, Width: 768, HeadWidth: 64},
		look:  headLook, nodes: headNodes,
	},
	{
		name:  "attnqkov",
		about: "an attention head by its two circuits, QK = wQ @ wK_t and OV = wV @ wO",
		text:  "out = (attn = (inputQK = input @ (QK = wQ.scaled @ wK_t)) @ input_t) @ input @ (OV = wV @ wO)",
		demo:  Shape{Tokens: 256, Width: 768, HeadWidth: 64},
		look:  headLook,
		nodes: []change{
			{"attn", "epilog", "softmax(tril(x/8))"},
			{"attn @ input", "anim.alg", "vmprod"}, {"attn", "anim.alg", "vmprod"}, {"inputQK", "anim.alg", "vmprod"},
			{"QK", "anim.alg", "none"}, {"OV", "anim.alg", "none"},
		},
	},
	{
		name:  "layer",
		about: "an attention layer with its MLP, as one head",
		text:  layerOf(attention),
		demo:  layerDemo,
		look:  layerLook, nodes: slices.Concat(layerNodes, headNodes),
		ofModel: noLayerNorm,
	},
	{
		name:  "blockwise",
		about: "layer, cut into blocks of tokens and of the MLP's hidden width",
		text:  layerOf(attention),
		demo:  layerDemo,
		look:  layerLook,
		nodes: slices.Concat(layerNodes, headNodes,
			[]change{{"", "block.i blocks", 8}, {"", "block.k blocks", 8}, {"attn @ V", "block.k blocks", 8}}),
		ofModel: noLayerNorm,
	},
	{
		name:  "decode",
		about: "a layer on the last token alone, with the keys and values of all",
		text:  layerOf("(attn = (Q = input.last @ wQ) @ K_t) @ V"),
		demo:  layerDemo,
		look:  layerLook,
		// The last token attends to all: no mask.
		nodes:   slices.Concat(layerNodes, chain, []change{{"attn", "epilog", "softmax(x/sqrt(k))"}}),
		ofModel: noLayerNorm,
	},
	{
		name:  "lora",
		about: "an attention head whose weights are low-rank products",
		text: "out = (attn = (Q = input.plain @ (wQ = wQ_A @ wQ_B)) @ (K_t = (wK_t = wK_t_A @ wK_t_B) @ input_t.plain))" +
			" @ (V = input.plain @ (wV = wV_A @ wV_B)) @ (wO = wO_A @ wO_B)",
		demo:  Shape{Tokens: 64, Width: 96, HeadWidth: 32},
		look:  loraLook,
		nodes: []change{{"attn", "epilog", "softmax(tril(x/sqrt(k)))"}},
	},
}

const attention = "(attn = (Q = input @ wQ) @ (K_t = wK_t @ input_t)) @ (V = input @ wV)"

func layerOf(attention string) string {
	return "layer_out = (attn_out = " + attention + " @ wO) @ FFN_1 @ FFN_2"
}

var layerDemo = Shape{Tokens: 256, Width: 192, HeadWidth: 192, Hidden: 768}

// chain lets the vector-matrix products from the input on run fused, as soon as the root's
// algorithm is vmprod, too; headNodes have keys and values ready for it.
var (
	chain = []change{
		{"attn @ V", "anim.alg", "vmprod"}, {"attn", "anim.alg", "vmprod"}, {"Q", "anim.alg", "vmprod"},
	}
	headNodes = slices.Concat(chain, []change{
		{"attn", "epilog", "softmax(tril(x/sqrt(k)))"}, {"K_t", "anim.alg", "none"}, {"V", "anim.alg", "none"},
	})
)

var layerNodes = []change{
	{"", "epilog", "layernorm"}, {"attn_out", "epilog", "layernorm"}, {"attn_out @ FFN_1", "epilog", "gelu"},
}

// noLayerNorm is for a model: the epilog is of the whole matrix, a model's LayerNorm of a row.
var noLayerNorm = []change{{"", "epilog", "none"}, {"attn_out", "epilog", "none"}}

// The looks are those of the article's links: headLook of 18, layerLook of 37, loraLook of 42.
var (
	headLook = []change{
		{"", "anim.fuse", "sync"}, {"", "anim.speed", 16},
		{"", "layout.gap", 10},
		{"", "deco.legends", 10}, {"", "deco.spotlight", 4}, {"", "deco.row guides", 0.394}, {"", "deco.flow guides", 0.655},
		{"", "deco.magnification", 12},
		{"", "viz.sensitivity", "local"}, {"", "viz.min light", 0.2}, {"", "viz.max light", 0.9}, {"", "viz.elem scale", 2},
		{"", "viz.zero hue", 0.75}, {"", "viz.hue gap", 0.75}, {"", "viz.hue spread", 0.03},
	}
	layerLook = []change{
		{"", "anim.fuse", "sync"}, {"", "anim.speed", 16},
		{"", "layout.gap", 8},
		{"", "deco.legends", 10}, {"", "deco.spotlight", 4}, {"", "deco.row guides", 0.507}, {"", "deco.flow guides", 0.524},
		{"", "deco.magnification", 12},
		{"", "viz.sensitivity", "local"}, {"", "viz.min size", 0.1}, {"", "viz.min light", 0.2}, {"", "viz.max light", 0.9},
		{"", "viz.elem scale", 2}, {"", "viz.zero hue", 0.75}, {"", "viz.hue gap", 0.75}, {"", "viz.hue spread", 0.03},
	}
	loraLook = []change{
		{"", "anim.speed", 100}, {"", "anim.spin", -3},
		{"", "layout.gap", 2}, {"", "layout.scatter", 8}, {"", "layout.molecule", 2},
		{"", "deco.legends", 6.5}, {"", "deco.shape", false}, {"", "deco.spotlight", 1}, {"", "deco.row guides", 1},
		{"", "deco.flow guides", 0.757}, {"", "deco.magnification", 10},
		{"", "viz.sensitivity", "local"}, {"", "viz.min light", 0.3}, {"", "viz.max light", 1},
		{"", "viz.zero hue", 0.75}, {"", "viz.hue gap", 0.75}, {"", "viz.hue spread", 0.03},
	}
)
