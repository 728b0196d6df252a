// Package csv reads and writes matrices as text in the form of mm's data files
// (and of numpy.savetxt with delimiter ','): one row a line, values separated by
// commas, no header.
//
// A file is mapped and cut at line ends into one piece a core. A first pass
// counts the values of each piece, so that memory is asked for once and every
// piece knows its place; a second parses them all at the same time. A value is
// read as a float64 and rounded to float32, as mm does.
package csv

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"headscope/models/tensor"
)

// Read reads a matrix [lines, values a line]. Spaces around values, CRLF, and
// blank lines at the end are accepted; nan and inf are values. An error names
// the line and column, counted from 1.
func Read(path string) (tensor.Tensor, error) {
	m, err := tensor.Map(path)
	if err != nil {
		return tensor.Tensor{}, err
	}
	defer m.Close()
	t, err := parse(m.Bytes(), runtime.GOMAXPROCS(0))
	if err != nil {
		return tensor.Tensor{}, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

// A piece is some whole lines of a file.
type piece struct {
	text      []byte
	firstLine int
	values    int // separators, and one for the last value where no separator follows
	dst       []float32
	err       error
}

// parse reads a matrix from text, cut into the given number of pieces or fewer.
func parse(text []byte, pieces int) (tensor.Tensor, error) {
	text = bytes.TrimRight(text, "\r\n\t ")
	if len(text) == 0 {
		return tensor.Tensor{}, errors.New("the file holds no values")
	}
	first, _, _ := bytes.Cut(text, newline)
	cols := bytes.Count(first, comma) + 1

	all := cut(text, pieces)
	each(all, func(p *piece) {
		lines := bytes.Count(p.text, newline)
		p.values = bytes.Count(p.text, comma) + lines
		p.firstLine = lines // of this piece; summed below
	})
	all[len(all)-1].values++
	lines, values := 1, 0
	for _, p := range all {
		p.firstLine, lines = lines, lines+p.firstLine
		values += p.values
	}
	data := make([]float32, values) // fewer than there are bytes of text
	rest := data
	for _, p := range all {
		p.dst, rest = rest[:p.values], rest[p.values:]
	}
	each(all, func(p *piece) { p.err = p.parse(cols) })
	for _, p := range all {
		if p.err != nil {
			return tensor.Tensor{}, p.err
		}
	}
	return tensor.Tensor{Shape: []int{lines, cols}, Data: data}, nil
}

var newline, comma = []byte{'\n'}, []byte{','}

// cut divides text, of at least one byte, after line ends into at most n pieces
// of about equal length.
func cut(text []byte, n int) []*piece {
	var all []*piece
	for ; len(text) > 0; n-- {
		end := len(text)
		if n > 1 {
			end = len(text) / n
			if i := bytes.IndexByte(text[end:], '\n'); i >= 0 {
				end += i + 1
			} else {
				end = len(text)
			}
		}
		all = append(all, &piece{text: text[:end]})
		text = text[end:]
	}
	return all
}

// each calls f for all pieces at the same time.
func each(all []*piece, f func(*piece)) {
	var wg sync.WaitGroup
	for _, p := range all {
		wg.Go(func() { f(p) })
	}
	wg.Wait()
}

// parse fills dst with the piece's values, each line of which must have cols.
func (p *piece) parse(cols int) error {
	text, at := p.text, 0
	column, line := 0, p.firstLine
	for i := range p.dst {
		v, next := number(text, at)
		if next < len(text) && text[next] != ',' && text[next] != '\n' {
			next = skipSpace(text, next)
		}
		column++
		last := next >= len(text) || text[next] == '\n'
		if next == at || !last && text[next] != ',' {
			return fmt.Errorf("line %d, column %d: %q is not a number", line, column, cell(text[at:]))
		}
		if last && column != cols || column > cols {
			row, _, _ := bytes.Cut(text[at:], newline)
			return fmt.Errorf("line %d has %d values, line 1 has %d", line, column+bytes.Count(row, comma), cols)
		}
		p.dst[i] = v
		at = next + 1
		if last {
			column, line = 0, line+1
		}
	}
	return nil
}

// cell is the text up to the next separator, cut short for a message.
func cell(text []byte) []byte {
	text = text[:min(len(text), 40)]
	if i := bytes.IndexAny(text, ",\n"); i >= 0 {
		text = text[:i]
	}
	return bytes.TrimSpace(text)
}

func skipSpace(text []byte, at int) int {
	for at < len(text) && (text[at] == ' ' || text[at] == '\t' || text[at] == '\r') {
		at++
	}
	return at
}
