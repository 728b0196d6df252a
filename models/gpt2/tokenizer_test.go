package gpt2

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func readFile(t testing.TB, path string) File {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return File{Name: filepath.Base(path), Data: data}
}

func demoTokenizer(t testing.TB) *Tokenizer {
	t.Helper()
	tok, err := NewTokenizer(readFile(t, "../demo/vocab.json"), readFile(t, "../demo/merges.txt"))
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func TestTokenizerOfVocabAndMerges(t *testing.T) {
	tok := demoTokenizer(t)
	var cases []struct {
		Text string
		IDs  []int32
	}
	if err := json.Unmarshal(readFile(t, "../demo/testdata/tokenizer.json").Data, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) < 20 {
		t.Fatalf("%d recorded texts, want at least 20", len(cases))
	}
	for _, c := range cases {
		if got := tok.Encode(c.Text); !slices.Equal(got, c.IDs) {
			t.Errorf("Encode(%q) = %v, want %v", c.Text, got, c.IDs)
		}
		if got := tok.Decode(c.IDs); got != c.Text {
			t.Errorf("Decode of %q gives %q", c.Text, got)
		}
	}
	if tok.Vocab() != 512 {
		t.Errorf("%d tokens, want 512", tok.Vocab())
	}
}

func TestR50k(t *testing.T) {
	tok := R50k()
	// Ids as published for GPT-2 (openai/tiktoken, transformers' documentation).
	for text, want := range map[string][]int32{
		"":                      {},
		"Hello world":           {15496, 995},
		"hello world":           {31373, 995},
		"Hello, my dog is cute": {15496, 11, 616, 3290, 318, 13779},
		"The quick brown fox jumps over the lazy dog": {464, 2068, 7586, 21831, 18045, 625, 262, 16931, 3290},
		"<|endoftext|>":   {50256},
		"a<|endoftext|>b": {64, 50256, 65},
		"0 1 2":           {15, 352, 362},
		"\n\n":            {628},
		"    ":            {220, 220, 220, 220},
	} {
		if got := tok.Encode(text); !slices.Equal(got, want) {
			t.Errorf("Encode(%q) = %v, want %v", text, got, want)
		}
	}
	if tok.Vocab() != R50kSize {
		t.Errorf("%d tokens, want %d", tok.Vocab(), R50kSize)
	}
	// Every token that can follow from its own bytes must come back as itself:
	// the merges recovered from the table are GPT-2's.
	if len(tok.merges) != 50000 {
		t.Errorf("%d merges, want 50000", len(tok.merges))
	}
	for id, token := range tok.tokens[:R50kSize-1] {
		if got := tok.mergeBytes(nil, token); len(got) != 1 || got[0] != int32(id) {
			t.Fatalf("token %d %q merges to %v", id, token, got)
		}
	}
}

func TestDecodeInvertsEncode(t *testing.T) {
	tok := demoTokenizer(t)
	rapid.Check(t, func(t *rapid.T) {
		text := strings.ToValidUTF8(rapid.String().Draw(t, "text"), "\uFFFD")
		if got := tok.Decode(tok.Encode(text)); got != text {
			t.Fatalf("%q comes back as %q", text, got)
		}
	})
}

func TestMergesAreTakenInTheirOrder(t *testing.T) {
	// A word's tokens must be those of the plain algorithm: again and again the
	// leftmost pair of the lowest rank.
	tok := demoTokenizer(t)
	plain := func(word string) []int32 {
		var ids []int32
		for _, b := range []byte(word) {
			ids = append(ids, tok.bytes[b])
		}
		for {
			at, best := -1, merge{}
			for i := range len(ids) - 1 {
				if m, ok := tok.merges[pair{ids[i], ids[i+1]}]; ok && (at < 0 || m.rank < best.rank) {
					at, best = i, m
				}
			}
			if at < 0 {
				return ids
			}
			ids = slices.Replace(ids, at, at+2, best.id)
		}
	}
	letters := rapid.SampledFrom([]byte(" thearindousl"))
	rapid.Check(t, func(t *rapid.T) {
		word := string(rapid.SliceOfN(letters, 1, 60).Draw(t, "word"))
		if got, want := tok.mergeBytes(nil, word), plain(word); !slices.Equal(got, want) {
			t.Fatalf("%q: %v, want %v", word, got, want)
		}
	})
}

func TestLongWords(t *testing.T) {
	// A merge that looked at the whole word each time would need 1e10 steps.
	tok := R50k()
	const n = 100_000
	for _, word := range []string{strings.Repeat("a", n), strings.Repeat("antidisestablishment", n/20), strings.Repeat(" ", n), strings.Repeat("é", n/2)} {
		ids := tok.Encode(word)
		if tok.Decode(ids) != word {
			t.Errorf("%.20q... does not come back", word)
		}
		if len(ids) >= len(word) && word[0] != ' ' { // r50k merges no spaces
			t.Errorf("%.20q...: %d tokens, nothing was merged", word, len(ids))
		}
	}
}

func TestPromptBeginsWithEndOfText(t *testing.T) {
	tok := demoTokenizer(t)
	for text, want := range map[string][]int32{
		"":                    {511},
		"a":                   {511, 64},
		EndOfText + "a":       {511, 64},
		EndOfText + EndOfText: {511, 511},
	} {
		if got := tok.Prompt(text); !slices.Equal(got, want) {
			t.Errorf("Prompt(%q) = %v, want %v", text, got, want)
		}
	}
}

func TestTokenLabels(t *testing.T) {
	tok := R50k()
	for id, want := range map[int32]string{
		995: " world", 198: `\n`, 50256: EndOfText, 94: `\xa1`, 220: " ", -1: "[-1]", R50kSize: "[50257]",
	} {
		if got := tok.Token(id); got != want {
			t.Errorf("Token(%d) = %q, want %q", id, got, want)
		}
	}
	if got := tok.Decode([]int32{64, 99999, 65}); got != "a\uFFFDb" {
		t.Errorf("Decode with an unknown id gives %q", got)
	}
}

// tinyVocab is a vocabulary of all bytes and some more tokens.
func tinyVocab(more string) string {
	var b strings.Builder
	b.WriteString("{")
	letters := byteLetters()
	for i, r := range letters {
		key, _ := json.Marshal(string(r))
		if i > 0 {
			b.WriteString(",\n")
		}
		b.Write(key)
		b.WriteString(": ")
		number, _ := json.Marshal(i)
		b.Write(number)
	}
	b.WriteString(more + "}")
	return b.String()
}

func TestBadVocabularies(t *testing.T) {
	good := tinyVocab(`, "ab": 256`)
	for _, c := range []struct{ vocab, merges, want string }{
		{``, ``, "vocab.json:1: expected a JSON object"},
		{`[]`, ``, "vocab.json:1: expected a JSON object"},
		{`{"a": 0`, ``, "vocab.json:1: the JSON object does not end"},
		{"{\"a\": 0,\n\"b\": \"1\"}", ``, `vocab.json:2: token "b" has id 1, expected a whole number`},
		{`{"a": -1}`, ``, `token "a" has id -1`},
		{`{"a": 1.5}`, ``, `token "a" has id 1.5`},
		{`{"a": 1e300}`, ``, `token "a" has id`},
		{`{"a": 999999999}`, ``, `token "a" has id 999999999`},
		{`{"a": {"b": 0}}`, ``, `token "a" has id`},
		{`{"a": 0, "b": 0}`, ``, `tokens "a" and "b" share id 0`},
		{`{"a": 0, "a": 1}`, ``, `token "a" is empty or listed twice`},
		{`{"a": 0}`, ``, `vocab.json: no token for byte 0`},
		{good, "#version: 0.2\na b\nab", `merges.txt:3: expected two tokens with a space between, got "ab"`},
		{good, "a  b", `merges.txt:1: expected two tokens`},
		{good, "a c", `merges.txt:1: token "ac" is not in the vocabulary`},
		{good, "a b\na b", `merges.txt:2: the merge "a b" is listed twice`},
		{good, "\x00", `merges.txt:1: expected two tokens`},
	} {
		_, err := NewTokenizer(File{"vocab.json", []byte(c.vocab)}, File{"merges.txt", []byte(c.merges)})
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%.40q, %q: error %v, want %q", c.vocab, c.merges, err, c.want)
		}
	}
}

func TestVocabularyWithoutEndOfText(t *testing.T) {
	tok, err := NewTokenizer(File{"v", []byte(tinyVocab(`, "ab": 300, "né w": 301, "日": 302`))}, File{"m", []byte("a b\r\n")})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := tok.BOS(); ok {
		t.Error("a vocabulary without <|endoftext|> has a beginning-of-text token")
	}
	if got := tok.Prompt(""); len(got) != 0 {
		t.Errorf("Prompt(\"\") = %v, want none", got)
	}
	if got := tok.Encode("ab"); !slices.Equal(got, []int32{300}) {
		t.Errorf("Encode(ab) = %v", got)
	}
	if tok.Vocab() != 303 || tok.Token(302) != "日" || tok.Token(299) != "[299]" {
		t.Errorf("%d tokens, %q, %q", tok.Vocab(), tok.Token(302), tok.Token(299))
	}
}

func FuzzVocabMerges(f *testing.F) {
	f.Add(tinyVocab(`, "ab": 256`), "#version: 0.2\na b\n", "abba")
	f.Add(`{"a": 0}`, "a b", "")
	f.Add(`{"a": 0, "b": 99999999999}`, "\n\n", "x")
	f.Fuzz(func(t *testing.T, vocab, merges, text string) {
		tok, err := NewTokenizer(File{"vocab.json", []byte(vocab)}, File{"merges.txt", []byte(merges)})
		if err != nil {
			return
		}
		for _, id := range tok.Encode(text) {
			if id < 0 || int(id) >= tok.Vocab() {
				t.Fatalf("id %d of %d tokens", id, tok.Vocab())
			}
			tok.Token(id)
		}
	})
}
