package session

import (
	"strings"

	"headscope/explorer/expr"
)

// part is what a leaf of the built-in sessions stands for. Its name up to a point is the
// leaf's in a session.
type part struct {
	file  string // its kind in a file's name; empty: a model has none
	size  string // of one that a model has not, in the letters of kind, and r rank
	init  string // without a model
	plain bool   // without biases
}

var parts = map[string]part{
	"input":         {file: "input", init: "gaussian"},
	"input.last":    {file: "inputl", init: "gaussian"},
	"input.plain":   {file: "input", init: "gaussian", plain: true},
	"input_t":       {file: "input_t", init: "gaussian"},
	"input_t.plain": {file: "input_t", init: "gaussian", plain: true},
	"wQ":            {file: "wq", init: "pt linear"},
	"wQ.scaled":     {file: "wqs", init: "pt linear"},
	"wK_t":          {file: "wk_t", init: "pt linear"},
	"wV":            {file: "wv", init: "pt linear"},
	"wO":            {file: "wo", init: "pt linear"},
	"K_t":           {file: "k_t", init: "gaussian"},
	"V":             {file: "v", init: "gaussian"},
	"FFN_1":         {file: "fc", init: "pt linear"},
	"FFN_2":         {file: "proj", init: "pt linear"},
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
	for _, n := range leaves(root) {
		p := parts[n.Name]
		name, _, _ := strings.Cut(n.Name, ".")
		n.Init = p.init
		if p.file == "" {
			n.H, n.W = s.length(p.size[0]), s.length(p.size[1])
		} else {
			file := s.file(p.file, s.Bias && !p.plain)
			n.H, n.W = file.Rows, file.Cols
			if isModel {
				n.Init, n.URL = "url", s.unscaled(file).String()
				name += s.suffix(kinds[p.file].of)
			}
		}
		if err := root.Rename(n, name); err != nil {
			return err
		}
	}
	return nil
}

// unscaled calls the queries' matrix what the article's files call it where its scale is 1.
func (s Shape) unscaled(n LeafName) LeafName {
	if n.Kind == "wqs" && s.HeadWidth == 64 {
		n.Kind = "wq"
	}
	return n
}

// leaves lists the leaves of a tree as it is walked.
func leaves(root *expr.Node) (list []*expr.Node) {
	root.Walk(func(_ string, n *expr.Node) {
		if !n.IsMatMul() {
			list = append(list, n)
		}
	})
	return list
}
