package gpt2

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/dlclark/regexp2"
	"github.com/tiktoken-go/tokenizer/codec"
)

// EndOfText is the token that GPT-2 puts between documents, and so what stands
// in front of the first word of one.
const EndOfText = "<|endoftext|>"

// words is the pattern by which GPT-2 cuts a text before merging bytes
// (encoder.py of openai/gpt-2): no token spans two of its matches.
var words = regexp2.MustCompile(`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`, regexp2.None)

// Tokenizer turns text into token ids and back by GPT-2's byte-level BPE: the
// text is cut into words, a word into its bytes, and neighbours are merged in
// the order in which the merges were learned. It is safe for concurrent use.
type Tokenizer struct {
	tokens  []string // bytes of each token, "" for an id that no token has
	bytes   [256]int32
	merges  map[pair]merge
	special int32 // id of EndOfText, -1 if there is none
}

// R50kSize is the number of tokens of GPT-2's own vocabulary.
const R50kSize = 50257

// R50k is GPT-2's own tokenizer, from the table that the tiktoken-go/tokenizer
// module carries. It is built at its first use, which takes a moment.
func R50k() *Tokenizer { return r50k() }

var r50k = sync.OnceValue(buildR50k)

func buildR50k() *Tokenizer {
	const size = R50kSize - 1 // without EndOfText, which the table leaves out
	table := codec.NewR50kBase()
	t := &Tokenizer{tokens: make([]string, size+1), merges: make(map[pair]merge, size), special: size}
	t.tokens[size] = EndOfText
	for id := range int32(size) {
		token, err := table.Decode([]uint{uint(id)})
		if err != nil {
			panic(fmt.Sprintf("gpt2: the r50k table has no token %d", id)) // the module's table is fixed
		}
		t.tokens[id] = token
		if len(token) == 1 {
			t.bytes[token[0]] = id
		}
	}
	// The table lists tokens in the order of their merges but not the two
	// halves: they are what the merges learned before this one make of it.
	for id, token := range t.tokens[:size] {
		if halves := t.mergeBytes(nil, token); len(halves) == 2 {
			t.merges[pair{halves[0], halves[1]}] = merge{rank: int32(id), id: int32(id)}
		}
	}
	return t
}

// Vocab is the number of ids, gaps in the vocabulary included.
func (t *Tokenizer) Vocab() int { return len(t.tokens) }

// BOS is the id of EndOfText, and whether the vocabulary has it.
func (t *Tokenizer) BOS() (id int32, ok bool) { return t.special, t.special >= 0 }

// Encode returns the ids of a text; EndOfText written out in it becomes its
// token. Bytes that are no UTF-8 count as U+FFFD. The time it takes is
// proportional to n log n of the longest word.
func (t *Tokenizer) Encode(text string) []int32 {
	ids := []int32{}
	for text != "" {
		part, rest, found := text, "", false
		if t.special >= 0 {
			part, rest, found = strings.Cut(text, EndOfText)
		}
		// The pattern cannot fail: it sets no time limit, the only error there is.
		for m, _ := words.FindStringMatch(part); m != nil; m, _ = words.FindNextMatch(m) {
			ids = t.mergeBytes(ids, m.String())
		}
		if found {
			ids = append(ids, t.special)
		}
		text = rest
	}
	return ids
}

// Prompt returns the ids that a model is run on for a text: EndOfText, where
// the vocabulary has it, then the text. Empty text is EndOfText alone. A text
// that begins with EndOfText gets no second one.
func (t *Tokenizer) Prompt(text string) []int32 {
	ids := t.Encode(text)
	if t.special < 0 || len(ids) > 0 && ids[0] == t.special {
		return ids
	}
	return append([]int32{t.special}, ids...)
}

// Decode returns the text of ids, exactly the bytes of their tokens; an id that
// no token has reads as U+FFFD.
func (t *Tokenizer) Decode(ids []int32) string {
	var text strings.Builder
	for _, id := range ids {
		if token, ok := t.token(id); ok {
			text.WriteString(token)
		} else {
			text.WriteRune(utf8.RuneError)
		}
	}
	return text.String()
}

// Token returns one token as a label: its text, with bytes that are no UTF-8
// as \xNN and unprintable characters as Go escapes them. An id that no token
// has is shown as [id].
func (t *Tokenizer) Token(id int32) string {
	token, ok := t.token(id)
	if !ok {
		return fmt.Sprintf("[%d]", id)
	}
	var label strings.Builder
	for len(token) > 0 {
		r, size := utf8.DecodeRuneInString(token)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&label, `\x%02x`, token[0])
		case unicode.IsPrint(r):
			label.WriteRune(r)
		default:
			label.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
		token = token[size:]
	}
	return label.String()
}

func (t *Tokenizer) token(id int32) (string, bool) {
	if id < 0 || int(id) >= len(t.tokens) || t.tokens[id] == "" {
		return "", false
	}
	return t.tokens[id], true
}
