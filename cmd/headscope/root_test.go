package main

import (
	"slices"
	"testing"
)

// Arguments that name no command are those of explore.
func TestWithCommand(t *testing.T) {
	for _, c := range []struct{ args, want []string }{
		{nil, []string{"explore"}},
		{[]string{"A @ B"}, []string{"explore", "A @ B"}},
		{[]string{"https://bhosmer.github.io/mm/index.html?params=x"}, []string{"explore", "https://bhosmer.github.io/mm/index.html?params=x"}},
		{[]string{"--model", "atlas", "--head", "L1H2"}, []string{"explore", "--model", "atlas", "--head", "L1H2"}},
		{[]string{"layer"}, []string{"explore", "layer"}},
		{[]string{"root_test.go"}, []string{"explore", "root_test.go"}},
		{[]string{"-q"}, []string{"explore", "-q"}},
		{[]string{"-q", "--adapter", "software", "atlas", "-o", "x.png"}, nil},
		{[]string{"bench", "draw"}, nil},
		{[]string{"atals"}, nil},
		{[]string{"nonsense"}, nil},
		{[]string{"help", "atlas"}, nil},
		{[]string{"--help"}, nil},
		{[]string{"explore", "A @ B"}, nil},
	} {
		want := c.want
		if want == nil {
			want = c.args
		}
		if got := withCommand((&app{}).root(), c.args); !slices.Equal(got, want) {
			t.Errorf("%q becomes %q, want %q", c.args, got, want)
		}
	}
}
