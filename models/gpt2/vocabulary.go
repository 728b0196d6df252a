package gpt2

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// maxVocab bounds the ids of a vocabulary file; GPT-2 has 50257 tokens.
const maxVocab = 1 << 20

// NewTokenizer makes a tokenizer of the files vocab.json (token to id) and
// merges.txt (one pair of tokens a line, in the order they were learned), both
// in GPT-2's spelling of bytes as printable characters. All 256 bytes must have
// a token.
func NewTokenizer(vocab, merges File) (*Tokenizer, error) {
	ids, err := parseVocab(vocab)
	if err != nil {
		return nil, err
	}
	size := 0
	for _, id := range ids {
		size = max(size, int(id)+1)
	}
	t := &Tokenizer{tokens: make([]string, size), special: -1}
	alphabet := byteLetters()
	spelled := make(map[rune]byte, 256)
	for b, letter := range alphabet {
		spelled[letter] = byte(b)
		id, ok := ids[string(letter)]
		if !ok {
			return nil, fmt.Errorf("%s: no token for byte %d, which is written %q", vocab.Name, b, letter)
		}
		t.bytes[b] = id
	}
	for token, id := range ids {
		t.tokens[id] = unspell(token, spelled)
	}
	if id, ok := ids[EndOfText]; ok {
		t.special = id
	}
	t.merges, err = parseMerges(merges, ids)
	return t, err
}

func parseVocab(f File) (map[string]int32, error) {
	d := json.NewDecoder(bytes.NewReader(f.Data))
	d.UseNumber()
	fail := func(format string, args ...any) error {
		line := 1 + bytes.Count(f.Data[:min(int(d.InputOffset()), len(f.Data))], []byte("\n"))
		return fmt.Errorf("%s:%d: %s", f.Name, line, fmt.Sprintf(format, args...))
	}
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, fail(`expected a JSON object from token to id, such as {"a": 0}`)
	}
	ids, owners := make(map[string]int32), make(map[int32]string)
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, fail("no JSON: %v", err)
		}
		token, _ := key.(string) // the decoder accepts nothing else as a key
		value, err := d.Token()
		if err != nil {
			return nil, fail("no JSON after token %q: %v", token, err)
		}
		number, _ := value.(json.Number)
		id, err := strconv.ParseInt(string(number), 10, 32)
		if err != nil || id < 0 || id >= maxVocab {
			return nil, fail("token %q has id %v, expected a whole number from 0 to %d", token, value, maxVocab-1)
		}
		if other, taken := owners[int32(id)]; taken {
			return nil, fail("tokens %q and %q share id %d", other, token, id)
		}
		if _, twice := ids[token]; twice || token == "" {
			return nil, fail("token %q is empty or listed twice", token)
		}
		ids[token], owners[int32(id)] = int32(id), token
	}
	if _, err := d.Token(); err != nil {
		return nil, fail("the JSON object does not end: %v", err)
	}
	return ids, nil
}

func parseMerges(f File, ids map[string]int32) (map[pair]merge, error) {
	merges := make(map[pair]merge)
	line := 0
	for text := range strings.Lines(string(f.Data)) {
		line++
		text = strings.TrimRight(text, "\r\n")
		if text == "" || line == 1 && strings.HasPrefix(text, "#version") {
			continue
		}
		fail := func(format string, args ...any) error {
			return fmt.Errorf("%s:%d: %s", f.Name, line, fmt.Sprintf(format, args...))
		}
		left, right, ok := strings.Cut(text, " ")
		if !ok || left == "" || right == "" || strings.Contains(right, " ") {
			return nil, fail("expected two tokens with a space between, got %.80q", text)
		}
		for _, token := range []string{left, right, left + right} {
			if _, ok := ids[token]; !ok {
				return nil, fail("token %.80q is not in the vocabulary; vocab.json and merges.txt must be of one model", token)
			}
		}
		p := pair{ids[left], ids[right]}
		if _, twice := merges[p]; twice {
			return nil, fail("the merge %.80q is listed twice", text)
		}
		merges[p] = merge{rank: int32(line), id: ids[left+right]}
	}
	return merges, nil
}

// byteLetters is GPT-2's spelling of bytes as printable characters
// (bytes_to_unicode in encoder.py): Latin-1's visible characters stand for
// themselves, the others, in order, for U+0100 onwards.
func byteLetters() (letters [256]rune) {
	next := rune(0x100)
	for b := range letters {
		switch {
		case '!' <= b && b <= '~', 0xa1 <= b && b <= 0xac, 0xae <= b:
			letters[b] = rune(b)
		default:
			letters[b] = next
			next++
		}
	}
	return letters
}

// unspell returns the bytes a spelled token stands for. A token with characters
// that stand for no byte was added by hand and is its own text.
func unspell(token string, spelled map[rune]byte) string {
	text := make([]byte, 0, len(token))
	for _, letter := range token {
		b, ok := spelled[letter]
		if !ok {
			return token
		}
		text = append(text, b)
	}
	return string(text)
}
