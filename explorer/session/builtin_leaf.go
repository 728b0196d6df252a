package session

import (
	"fmt"
	"strings"

	"headscope/explorer/expr"
)

// part is what a leaf of the built-in sessions stands for. Its name up to a point is the
// leaf's in a session.
type part struct {
	// rows and columns: N tokens, D width, E width and, with biases, 1 more, d head width, F
	// hidden width, r rank
	size string
	file string // its kind in a file's name; empty: a model has none
	of   owner
	init string // without a model
	bias bool   // has one, or comes of it
}

// owner says what a part is numbered by, beside its layer.
type owner int

const (
	ofSample owner = iota
	ofHead
	ofLayer
)

var parts = map[string]part{
	"input":         {"NE", "input", ofSample, "gaussian", true},
	"input.last":    {"1E", "inputl", ofSample, "gaussian", true},
	"input.plain":   {"ND", "input", ofSample, "gaussian", false},
	"input_t":       {"EN", "input_t", ofSample, "gaussian", true},
	"input_t.plain": {"DN", "input_t", ofSample, "gaussian", false},
	"wQ":            {"Ed", "wq", ofHead, "pt linear", true},
	"wQ.scaled":     {"Ed", "wqs", ofHead, "pt linear", true},
	"wK_t":          {"dE", "wk_t", ofHead, "pt linear", true},
	"wV":            {"Ed", "wv", ofHead, "pt linear", true},
	"wO":            {"dD", "wo", ofHead, "pt linear", false},
	"K_t":           {"dN", "k_t", ofHead, "gaussian", true},
	"V":             {"Nd", "v", ofHead, "gaussian", true},
	"FFN_1":         {"DF", "fc", ofLayer, "pt linear", false},
	"FFN_2":         {"FD", "proj", ofLayer, "pt linear", false},
	"wQ_A":          {size: "Dr", init: "pt linear"},
	"wQ_B":          {size: "rd", init: "pt linear"},
	"wK_t_A":        {size: "dr", init: "pt linear"},
	"wK_t_B":        {size: "rD", init: "pt linear"},
	"wV_A":          {size: "Dr", init: "pt linear"},
	"wV_B":          {size: "rd", init: "pt linear"},
	"wO_A":          {size: "dr", init: "pt linear"},
	"wO_B":          {size: "rD", init: "pt linear"},
}

// fill gives the leaves of a tree their names, shapes and values.
func (s Shape) fill(root *expr.Node, isModel bool) error {
	var leaves []*expr.Node
	root.Walk(func(_ string, n *expr.Node) {
		if !n.IsMatMul() {
			leaves = append(leaves, n)
		}
	})
	for _, n := range leaves {
		p := parts[n.Name]
		n.H, n.W = s.length(p.size[0]), s.length(p.size[1])
		name, _, _ := strings.Cut(n.Name, ".")
		n.Init = p.init
		if isModel && p.file != "" {
			n.Init, n.URL = "url", s.file(p)
			name += s.suffix(p.of)
		}
		if err := root.Rename(n, name); err != nil {
			return err
		}
	}
	return nil
}

// length is the size that a letter of a part stands for.
func (s Shape) length(letter byte) int {
	switch letter {
	case '1':
		return 1
	case 'N':
		return s.Tokens
	case 'D':
		return s.Width
	case 'E':
		if s.Bias {
			return s.Width + 1
		}
		return s.Width
	case 'd':
		return s.HeadWidth
	case 'F':
		return s.Hidden
	default: // r
		return min(rank, s.HeadWidth, s.Width)
	}
}

// file is the name of a part's file.
func (s Shape) file(p part) string {
	kind := p.file
	if kind == "wqs" && s.HeadWidth == 64 { // scaled by 1
		kind = "wq"
	}
	if p.bias && s.Bias {
		kind += "b"
	}
	switch p.of {
	case ofSample:
		kind += fmt.Sprint(s.Sample)
	case ofHead:
		kind += fmt.Sprint(s.Head)
	}
	return fmt.Sprintf("layer%d_%s_%d_%d.csv", s.Layer, kind, s.length(p.size[0]), s.length(p.size[1]))
}

// suffix is what numbers a leaf's name, as mm has it: wQ_5_4, but input_0_5.
func (s Shape) suffix(of owner) string {
	switch of {
	case ofSample:
		return fmt.Sprintf("_%d_%d", s.Sample, s.Layer)
	case ofHead:
		return fmt.Sprintf("_%d_%d", s.Layer, s.Head)
	default:
		return fmt.Sprintf("_%d", s.Layer)
	}
}
