// Package mmtest reads what tests compare with mm, the visualiser whose sessions headscope
// opens: the links of the article about mm (explorer/testdata/mm/links.json), and recordings
// of what mm computed and drew for most of them (NN.json for link NN) in a window of
// 1280 x 800. Only tests import it.
//
// Numbers have seven significant digits. Leaves that mm fills from files held the data of
// package explorer/leaf/standin. Of a link with a random leaf no values were recorded, for
// they are one draw of many, only where things are.
package mmtest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

const (
	linkCount      = 43
	recordingCount = 31
)

// Recording is what mm had for a link once it was drawn. Places are in the world.
type Recording struct {
	Link     int // from 1
	Expr     string
	Random   bool                                 `json:"random_init"` // a leaf is random: no matrix has values or samples
	Camera   struct{ Position, Target []float64 } // of 3 numbers
	Box      struct{ Min, Max []float64 }         `json:"bounding_box"` // of 3 numbers
	Matrices []Matrix                             // parents before left before right
	Anim     *Anim                                // nil for a link that stands still
}

// Matrix is a leaf or the result of a matmul.
type Matrix struct {
	Path         string // "root", "left.right" ...
	Kind         string // "leaf" or "result"
	Name         string
	Init         string // of a leaf
	Epilog       string // of a result
	H, W         int
	Blocks       [2]int       // of rows and columns
	ToWorld      []float64    `json:"model_to_world"` // 4 x 4, column-major: from the matrix' plane
	Corners      [2][]float64 `json:"corners_world"`  // of the first element and the last, 3 numbers each
	AbsMax       float64
	GlobalAbsMax float64 `json:"global_absmax"` // of all matrices
	Sum          float64
	Samples      []Sample
}

// Sample is one element of a matrix.
type Sample struct {
	I, J  int
	Value float64
	Size  float64   // at depth d it is Size/d pixels wide
	RGB   []float64 // 3 numbers, 0 to 1
}

// Anim is some of the steps of an animation.
type Anim struct {
	Alg, Fuse string
	Steps     []Step
}

// Step is what is shown after Bump steps from the start.
type Step struct {
	Bump    int
	Results []Result
}

// Result is a matmul under way.
type Result struct {
	Path          string
	Visible       int // elements that are shown and not 0
	Intermediates int // planes of partial results, which are all in Planes
	Planes        []Plane
}

// Plane is a plane of partial results.
type Plane struct {
	H, W        int
	Position    [3]float64
	First, Last float64 // values of the first element and the last
}

// Links are the article's links: link n is at n-1.
func Links(t testing.TB) []string {
	t.Helper()
	var list []struct {
		N   int
		URL string
	}
	if err := read("links.json", &list); err != nil {
		t.Fatal(err)
	}
	if len(list) != linkCount {
		t.Fatalf("links.json has %d links, want %d", len(list), linkCount)
	}
	urls := make([]string, len(list))
	for i, l := range list {
		if l.N != i+1 {
			t.Fatalf("links.json has link %d where link %d belongs", l.N, i+1)
		}
		urls[i] = l.URL
	}
	return urls
}

// Recordings are those of all links that were recorded, in the order of the links.
func Recordings(t testing.TB) []Recording {
	t.Helper()
	var all []Recording
	for n := 1; n <= linkCount; n++ {
		var r Recording
		name := fmt.Sprintf("%02d.json", n)
		err := read(name, &r)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if r.Link != n {
			t.Fatalf("%s is the recording of link %d", name, r.Link)
		}
		all = append(all, r)
	}
	if len(all) != recordingCount {
		t.Fatalf("%d recordings, want %d", len(all), recordingCount)
	}
	return all
}

// read decodes a file of explorer/testdata/mm, which lies beside this package's folder.
func read(name string, into any) error {
	_, source, _, _ := runtime.Caller(0)
	path := filepath.Join(filepath.Dir(source), "../testdata/mm", name)
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
