package session

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// LeafName is the name of a file that holds a matrix of a model, taken apart. [Builtin] lists
// these names.
type LeafName struct {
	Layer  int
	Number int    // of the sample or the head; 0 where the matrix is the layer's
	Kind   string // without its b: input, inputl, input_t, wq, wqs, wk_t, wv, wo, k_t, v, fc, proj
	Bias   bool   // it has biases, or comes of some that do
	Rows   int
	Cols   int
}

// kind is a matrix of a model that files are named by.
type kind struct {
	// rows and columns: N tokens, D width, E width and, with biases, 1 more, d head width, F
	// hidden width
	size string
	of   owner
	bias bool // it may be with biases
}

// owner says what a kind is numbered by, beside its layer.
type owner int

const (
	ofSample owner = iota
	ofHead
	ofLayer
)

var kinds = map[string]kind{
	"input":   {"NE", ofSample, true},
	"inputl":  {"1E", ofSample, true},
	"input_t": {"EN", ofSample, true},
	"wq":      {"Ed", ofHead, true},
	"wqs":     {"Ed", ofHead, true},
	"wk_t":    {"dE", ofHead, true},
	"wv":      {"Ed", ofHead, true},
	"wo":      {"dD", ofHead, false},
	"k_t":     {"dN", ofHead, true},
	"v":       {"Nd", ofHead, true},
	"fc":      {"DF", ofLayer, false},
	"proj":    {"FD", ofLayer, false},
}

var leafFile = regexp.MustCompile(`^layer(\d{1,3})_([a-z_]+?)(b?)(\d{0,9})_(\d{1,7})_(\d{1,7})\.csv$`)

// ParseLeafName reads the last part of a URL, and says whether it is such a name.
func ParseLeafName(url string) (LeafName, bool) {
	m := leafFile.FindStringSubmatch(url[strings.LastIndexByte(url, '/')+1:])
	if m == nil {
		return LeafName{}, false
	}
	k, ok := kinds[m[2]]
	digits := len(m[4])
	if !ok || m[3] != "" && !k.bias || (digits == 0) != (k.of == ofLayer) || k.of == ofHead && digits > 3 {
		return LeafName{}, false
	}
	number := func(digits string) int {
		n, _ := strconv.Atoi(digits) // few digits: they fit; none are 0
		return n
	}
	return LeafName{number(m[1]), number(m[4]), m[2], m[3] != "", number(m[5]), number(m[6])}, true
}

// String is the name.
func (n LeafName) String() string {
	bias, number := "", ""
	if n.Bias {
		bias = "b"
	}
	if kinds[n.Kind].of != ofLayer {
		number = strconv.Itoa(n.Number)
	}
	return fmt.Sprintf("layer%d_%s%s%s_%d_%d.csv", n.Layer, n.Kind, bias, number, n.Rows, n.Cols)
}

// Tokens says whether the rows of the matrix, and its columns, are the tokens of the input.
// The one row of inputl is the last token.
func (n LeafName) Tokens() (rows, cols bool) {
	size := kinds[n.Kind].size
	return size != "" && (size[0] == 'N' || size[0] == '1'), size != "" && size[1] == 'N'
}

// OfHead says whether the matrix is a head's, which Number tells.
func (n LeafName) OfHead() bool {
	k, ok := kinds[n.Kind]
	return ok && k.of == ofHead
}

// file is the name of a model's matrix of a kind, with biases or without.
func (s Shape) file(of string, bias bool) LeafName {
	k := kinds[of]
	if bias = bias && k.bias; !bias {
		s.Bias = false
	}
	n := LeafName{Layer: s.Layer, Kind: of, Bias: bias, Rows: s.length(k.size[0]), Cols: s.length(k.size[1])}
	switch k.of {
	case ofSample:
		n.Number = s.Sample
	case ofHead:
		n.Number = s.Head
	}
	return n
}

// length is the size that a letter of a kind or part stands for.
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
