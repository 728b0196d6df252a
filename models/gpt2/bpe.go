package gpt2

import "container/heap"

// pair is two neighbouring tokens.
type pair struct{ left, right int32 }

// merge is what a pair becomes; merges of lower rank come first.
type merge struct{ rank, id int32 }

// mergeBytes appends the tokens of one word: its bytes, merged until no pair of
// neighbours is in the list, always the pair of the lowest rank, of equal ones
// the leftmost. The candidates wait in a heap, so that a word of n bytes takes
// n log n steps and a hundred thousand times the same letter is no trouble.
func (t *Tokenizer) mergeBytes(ids []int32, word string) []int32 {
	w := chain{tokenizer: t, links: make([]link, len(word))}
	for i := range w.links {
		w.links[i] = link{id: t.bytes[word[i]], left: i - 1, right: i + 1}
	}
	for i := range w.links {
		w.propose(i)
	}
	heap.Init(&w.candidates)
	for len(w.candidates) > 0 {
		c := heap.Pop(&w.candidates).(candidate)
		left := &w.links[c.at]
		if left.right >= len(w.links) || (pair{left.id, w.links[left.right].id}) != c.pair {
			continue // an earlier merge took one of the two
		}
		right := &w.links[left.right]
		right.id = gone
		left.id, left.right = c.id, right.right
		if left.right < len(w.links) {
			w.links[left.right].left = c.at
		}
		for _, at := range []int{left.left, c.at} {
			if at >= 0 && w.propose(at) {
				heap.Fix(&w.candidates, len(w.candidates)-1)
			}
		}
	}
	for i := 0; i < len(w.links); i = w.links[i].right {
		ids = append(ids, w.links[i].id)
	}
	return ids
}

// chain is a word while it is merged: a doubly linked list of its tokens, each
// at the place of its first byte, and the merges that are possible.
type chain struct {
	tokenizer  *Tokenizer
	links      []link
	candidates candidates
}

type link struct {
	id          int32
	left, right int // places of the neighbours; -1 and len(links) beyond the ends
}

// gone is the id of a place whose byte belongs to a token further left.
const gone = -1

type candidate struct {
	merge
	pair
	at int
}

// propose appends the merge of the token at a place with its right neighbour
// to the candidates, if there is one.
func (w *chain) propose(at int) bool {
	right := w.links[at].right
	if right >= len(w.links) {
		return false
	}
	p := pair{w.links[at].id, w.links[right].id}
	m, ok := w.tokenizer.merges[p]
	if ok {
		w.candidates = append(w.candidates, candidate{merge: m, pair: p, at: at})
	}
	return ok
}

type candidates []candidate

func (c candidates) Len() int { return len(c) }
func (c candidates) Less(i, j int) bool {
	return c[i].rank < c[j].rank || c[i].rank == c[j].rank && c[i].at < c[j].at
}
func (c candidates) Swap(i, j int) { c[i], c[j] = c[j], c[i] }
func (c *candidates) Push(x any)   { *c = append(*c, x.(candidate)) }
func (c *candidates) Pop() any {
	last := len(*c) - 1
	x := (*c)[last]
	*c = (*c)[:last]
	return x
}
