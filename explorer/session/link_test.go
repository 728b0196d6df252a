package session

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"headscope/explorer/expr"
	"headscope/explorer/mmtest"
)

func TestWhatCanBeOpened(t *testing.T) {
	file, err := open(t, "from = A @ file").File()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "a@b.json")
	if err := os.WriteFile(path, file, 0o666); err != nil {
		t.Fatal(err)
	}
	const params = `{"name": "out", "left": {"name": "A"}}`
	source := fake(map[string]string{
		"https://x.org/mm/a.json": params, "https://x.org/b.json": params, "c.json": params, "s.json": string(file),
	})
	for _, c := range []struct {
		text   string
		source Source
		want   string
	}{
		{"", Files, "L @ R"},
		{" https://bhosmer.github.io/mm/ ", Files, "L @ R"},
		{"https://bhosmer.github.io/mm/?", Files, "L @ R"},
		{"https://x/?params=" + escape(params), Files, "out = A @ R"},
		{"https://x/?params=" + escape(params) + "#frag", Files, "out = A @ R"},
		{"file:///home/me/mm/index.html?params=" + escape(params), Files, "out = A @ R"},
		{"?params=" + params, Files, "out = A @ R"},
		{"params=" + params, Files, "out = A @ R"},
		{"a=b&params=" + params, source, ""},
		{"?a=b&params=" + params, source, "out = A @ R"},
		{"https://x.org/mm/?config=a.json", source, "out = A @ R"},
		{"https://x.org/mm/?config=/b.json", source, "out = A @ R"},
		{"https://y.org/mm/?config=https%3A%2F%2Fx.org%2Fb.json", source, "out = A @ R"},
		{"https://x.org/b.json", source, "out = A @ R"},
		{"?config=c.json", source, "out = A @ R"},
		{"config=s.json", source, "from = A @ file"},
		{"c.json", source, "out = A @ R"},
		{"0=out&1.0=A&name=0&left=1", Files, "out = A @ R"},
		{"?0=out&1.0=A&name=0&left=1&utm_source=mail", Files, "out = A @ R"},
		{path, Files, "from = A @ file"},
		{"file://" + path, Files, "from = A @ file"},
		{"A @ B", Files, "A @ B"},
		{"1=A@B", Files, "1 = A @ B"},
		{"A/b.c @ B", Files, "A/b.c @ B"},
	} {
		s, err := Open(c.text, c.source)
		if c.want == "" {
			if err == nil {
				t.Errorf("%q opens as %s", c.text, s.Root)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
		} else if got := s.Root.String(); got != c.want {
			t.Errorf("%q opens as %s, want %s", c.text, got, c.want)
		}
	}
}

func TestUnescape(t *testing.T) {
	for in, want := range map[string]string{
		"a+b%20c": "a b c", "%41%e2%82%AC": "A€", "100%": "100%", "%": "%", "% 2)": "% 2)", "%zz%4": "%zz%4", "%ff": "\uFFFD", "a;b": "a;b",
	} {
		if got := unescape(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

func TestHostileInput(t *testing.T) {
	file := func(text string) Source { return fake(map[string]string{"f": text}) }
	for _, c := range []struct {
		text   string
		source Source
		want   string
	}{
		{"nowhere.json", Files, `"nowhere.json" is no link, no expression such as A @ B, none of the sessions attngpt2, attnqkov, layer, blockwise, decode, lora, and no file: no such file`},
		{"A @", Files, "expression, column 4: found the end"},
		{"A\x00 @ B", Files, "column 2"},
		{"f", file(""), "session f: line 1, column 1: the JSON ends too early"},
		{"f", file("{\n \"left\": {,}}"), "session f: line 2, column 11: invalid character ','"},
		{"f", file(`{"é": x}`), "line 1, column 7: invalid character 'x'"},
		{"f", file(`{"é": 1e999}`), "line 1, column 7: the number 1e999 is too large"},
		{"f", file("[]"), "a list, expected a JSON object"},
		{"f", file("{} {}"), "line 1, column 3: something follows"},
		{"f", file(`{"left": {"h": true}}`), "session f: left.h is true, expected a number"},
		{"f", file(strings.Repeat(`{"a":`, 20000)), "exceeded max depth"},
		{"f", file(strings.Repeat(" ", MaxBytes+1)), "more than 8388608 bytes"},
		{"f", file(`{"headscope": 2}`), "headscope is 2, expected 1"},
		{"f", file(`{"headscope": 1, "params": 5}`), "params is 5, expected an object"},
		{"f", file(`{"headscope": 1, "params": {"cam": {"x": "far"}}}`), `params: cam.x is "far", expected a number`},
		{"f", file(`{"headscope": 1, "head": 5}`), "head is 5, expected a text"},
		{"f", file(`{"headscope": 1, "heads": "L1H1"}`), `unknown key "heads"`},
		{"f", file(`{"headscope": 1, "selection": {"path": "left.left"}}`), `selection.path is "left.left"`},
		{"f", file(`{"headscope": 1, "selection": {"path": "left", "i": 32}}`), `"L" is 32 x 32`},
		{"f", file(`{"headscope": 1, "selection": {"path": "left", "i": 0.5}}`), "selection.i is 0.5, expected a whole number"},
		{"f", file(`{"headscope": 1, "selection": {"i": 1}}`), `selection.path is ""`},
		{"f", file(`{"headscope": 1, "selection": {"row": 1}}`), `unknown key "selection.row"`},
		{"f", file(`{"headscope": 1, "head": "5.4"}`), `head is "5.4", expected a form like L5H4`},
		{"f", file(`{"headscope": 1, "view": "heads"}`), `view is "heads", expected one of atlas, head, compare, bench`},
		{"f", file(`{"headscope": 1, "form": "attn"}`), `form is "attn", expected one of attngpt2, attnqkov`},
		{"f", file(`{"headscope": 1, "sample": -1}`), "sample is -1, expected a whole number from 0 to 999999999"},
		{"f", file(`{"headscope": 1, "no_bias": 1}`), "no_bias is 1, expected true or false"},
		{"f", file(`{"headscope": 1, "token": -2}`), "token is -2, expected a whole number from -1"},
		{"f", file(`{"headscope": 1, "token": 1e300}`), "token is 1e+300, expected a whole number"},
		{"f", file(`{"headscope": 1, "token": "5"}`), `token is "5", expected a number`},
		{"f", file(`{"headscope": 1, "inputs": null}`), "inputs is null, expected a text"},
		{"f", file(`{"headscope": 1, "light": "yes"}`), `light is "yes", expected true or false`},
		{"f", file(`{"headscope": 1, "atlas": []}`), "atlas is a list, expected an object"},
		{"f", file(`{"headscope": 1, "atlas": {"sort": "a\nb"}}`), `atlas.sort is "a\nb", expected at most 64 printable letters`},
		{"f", file(`{"headscope": 1, "atlas": {"trait": "` + strings.Repeat("é", 65) + `"}}`), "atlas.trait is"},
		{"f", file(`{"headscope": 1, "atlas": {"max": true}}`), "atlas.max is true, expected a number"},
		{"f", file(`{"headscope": 1, "atlas": {"zoom": 0}}`), "atlas.zoom is 0, expected a number above 0"},
		{"f", file(`{"headscope": 1, "atlas": {"z": 0}}`), `unknown key "atlas.z"`},
		{"f", file(`{"headscope": 1, "compare": {"panes": {}}}`), "compare.panes is an object, expected a list of at most 4"},
		{"f", file(`{"headscope": 1, "compare": {"panes": [{}, {}, {}, {}, {}]}}`), "compare.panes is a list, expected a list of at most 4"},
		{"f", file(`{"headscope": 1, "compare": {"panes": [{}, 5]}}`), "compare.panes[1] is 5, expected an object"},
		{"f", file(`{"headscope": 1, "compare": {"panes": [{"head": "H4"}]}}`), `compare.panes[0].head is "H4", expected a form like L5H4`},
		{"f", file(`{"headscope": 1, "compare": {"panes": [{"heads": 1}]}}`), `unknown key "compare.panes[0].heads"`},
		{"f", file(`{"headscope": 1, "compare": {"space": 1}}`), "compare.space is 1, expected true or false"},
		{"f", file(`{"headscope": 1, "params": null}`), "params is null, expected an object"},
		{"f", func(string) (io.ReadCloser, error) { return io.NopCloser(failing{}), nil }, "cannot read the session f: it broke"},
		{strings.Repeat("a", MaxBytes+1), Files, "bytes, expected at most"},
		{"?params={", Files, "the link's params, line 1, column 2: the JSON ends too early"},
		{`?params={"cam": 5}`, Files, "the link's cam is 5, expected an object"},
		{`?params={"cam": {"target": []}}`, Files, "the link's cam.target is a list, expected an object"},
		{`?params={"cam": {"x": 1e300}}`, Files, "camera position"},
		{`?params={"diag": {"url": 1}}`, Files, "the link's diag.url is 1, expected a text"},
		{"https://x/?utm=1", Files, `the link has no session: its query begins "utm=1"`},
		{"https://x/?config=y.json", Files, "https://x/y.json is not on this machine"},
		{"https://x/y.json", Files, "https://x/y.json is not on this machine"},
		{"?config=nowhere.json", Files, "cannot read the session nowhere.json: no such file"},
		{"?0=x", Files, `pair 0="x": the link does not say what number 0 stands for`},
		{"?0=0", Files, "does not say what number 0"},
		{"?0.1=x&left=0", Files, "does not say what number 1"},
		{"?0=x&name=0&epilog=0", Files, `number 0 stands for both "name" and "epilog"`},
		{"?0=x&00=y&name=0&name=00", Files, `"name" is given twice`},
		{"?0=x&0.1=y&left=0&name=1", Files, `"left" has a value, and keys below it`},
		{"?0.1=y&0=x&left=0&name=1", Files, `"left" is given twice, or has a value`},
		{"?0.1=x&left=0&h=1", Files, `the link's left.h is "x", expected a number`},
		{"?0.1=0x10&left=0&h=1", Files, `left.h is "0x10"`},
		{"?0.1=yes&left=0&matmul=1", Files, `left.matmul is "yes", expected true or false`},
		{"?0.0=x&" + strings.Repeat("left.", 300) + "h=0", Files, "more than 272 parts"},
		{"?0.1=1&left.left=0&h=1", Files, "left is a matmul, expected both a left and a right"},
		{"?" + strings.Repeat("A@", 300) + "A", Files, "the link has no session"},
		{strings.Repeat("A@", 300) + "A", Files, "more than 256 matrices deep"},
		{"?0.1=1&.=0&..=1", Files, ""},
		{"a@b", func(string) (io.ReadCloser, error) { return nil, fs.ErrPermission }, "permission denied"},
		{"new\nline", func(string) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("[")), nil }, `session "new\nline": line 1`},
		{"?config=a%0Ab", Files, `cannot read the session "a\nb"`},
		{"?0.1=x%0A&a%0Ab=0", Files, `pair 0.1="x\n"`},
		{"?0=x&0.0=y&a%0Ab=0", Files, `"a\nb" has a value`},
	} {
		_, err := Open(c.text, c.source)
		if c.want == "" {
			if err != nil {
				t.Errorf("%.60q: %v", c.text, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.60q: %v, want %s", c.text, err, c.want)
		} else if strings.Contains(err.Error(), "\n") || len(err.Error()) > 500 {
			t.Errorf("%.60q: the error is no short line: %v", c.text, err)
		}
	}
}

// What a paste can do to a session: each is one short line that says where.
func TestDamagedInput(t *testing.T) {
	check := func(text, want string) {
		t.Helper()
		_, err := Open(text, Files)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %v, want %s", text, err, want)
		} else if strings.Contains(err.Error(), "\n") || len(err.Error()) > 500 {
			t.Errorf("%.60q: the error is no short line: %v", text, err)
		}
	}
	for _, link := range mmtest.Links(t) {
		for _, n := range []int{len(link) / 2, len(link) * 9 / 10} {
			check(link[:n], "the link's ")
		}
	}
	values, _, _ := strings.Cut(mmtest.Links(t)[42], "&expr=0&") // the table
	check(values, "the link does not say what number 0 stands for: is its end missing?")
	check("https://x/?params=%7B%zz", "params, line 1, column 2: invalid character '%'")
	check("https://x/?params=%7B%22name%22%3A%7", "params, line 1, column 9: invalid character '%'")
	check("https://x/?%zz%4=5", `the link has no session: its query begins "%zz%4=5"`)
	check(`?params={"left":{"h":"5"}}`, `left.h is "5", expected a number`)
	check(`?params={"left":[]}`, "left is a list, expected an object")
	check(`?params={"layout":{"gap":null}}`, "layout.gap is null, expected a number")
	check(`?params={"name":["L"]}`, "name is a list, expected a text")
	check(`?params={"left":{"w":5}}`, `right: R (column 5 of "L @ R") has 32 rows, expected 5, the columns of its left factor L`)
	for _, side := range []string{"h", "w"} {
		for _, size := range []string{"0", "-1", "-32", "0.5", "1048577"} {
			check(fmt.Sprintf(`?params={"left":{"%s":%s}}`, side, size), "left."+side+" is ")
			check(fmt.Sprintf("?0.1=%s&right=0&%s=1", size, side), "expected a whole number from 1 to 1048576")
		}
	}
	check("out = (A @ B", `column 13: found the end, expected "@" or ")"`)
	check("A @ (B @ C", `column 11: found the end, expected "@" or ")"`)
	check("A @ B)", `column 6: found ")"`)
	check(strings.Repeat("(", 10000)+"A @ B"+strings.Repeat(")", 10000), "column 256: more than 256 parentheses deep")
	check(strings.Repeat("(", 10000)+"A @ B", "column 256: more than 256 parentheses deep")
	check("?params="+strings.Repeat(`{"right":{},"left":`, 9000)+"{}"+strings.Repeat("}", 9000), "more than 256 matrices deep")
	check("atngpt2", `"atngpt2" is no link, no expression such as A @ B, none of the sessions attngpt2, attnqkov, layer, blockwise, decode, lora, and no file`)
}

// Leaves of one name may have two shapes, as input has in link 34: a row where the query comes
// from, whole for the values.
func TestOneNameWithTwoShapes(t *testing.T) {
	s := open(t, mmtest.Links(t)[33])
	row, whole := s.Root.At("left.left.left.left"), s.Root.At("left.right.left")
	if row.Name != "input_0_5" || whole.Name != row.Name || row.H != 1 || whole.H != 256 {
		t.Errorf("%s is %d x %d, %s is %d x %d", row.Name, row.H, row.W, whole.Name, whole.H, whole.W)
	}
	if err := s.Edit("out = " + strings.TrimPrefix(s.Root.String(), "out = ") + " @ X"); err != nil {
		t.Fatal(err)
	}
	if row, whole := s.Root.At("left.left.left.left.left"), s.Root.At("left.left.right.left"); row.H != 1 || whole.H != 256 {
		t.Errorf("edited, they have %d and %d rows", row.H, whole.H)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, fmt.Errorf("it broke") }

func TestWhatCannotBeWritten(t *testing.T) {
	for _, key := range []string{"5", "1e5", "a.b", "", "params", "config"} {
		s := Default()
		s.Root.Extra = map[string]any{"future": map[string]any{key: "x"}}
		if _, err := s.Link(Compressed); err == nil || !strings.Contains(err.Error(), "future."+key) {
			t.Errorf("%q: %v", key, err)
		}
		link, err := s.Link(JSON)
		if err != nil {
			t.Fatal(err)
		}
		if d := diff(s, open(t, link)); d != "" {
			t.Error(d)
		}
	}
	s := Default()
	s.Root.Left.Min = -1 / (s.Root.Left.Dropout) // -Inf
	for _, form := range []Form{JSON, Compressed} {
		if _, err := s.Link(form); err == nil || !strings.Contains(err.Error(), "left.min is -Inf") {
			t.Error(err)
		}
	}
	if _, err := s.File(); err == nil {
		t.Error("an infinity is written")
	}
}

// A compressed link has only texts: values of unknown keys come back as such.
func TestUnknownKeysInACompressedLink(t *testing.T) {
	link, err := open(t, `?params={"future":{"n":5,"yes":true,"list":[1,2],"gap":"wide"},"folder":"open"}`).Link(Compressed)
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Root.Extra = map[string]any{"folder": "open", "future": map[string]any{"n": "5", "yes": "true", "list": "[1,2]", "gap": "wide"}}
	if d := diff(want, open(t, link)); d != "" {
		t.Error(d)
	}
}

func FuzzLink(f *testing.F) {
	for _, i := range []int{0, 10, 15, 41, 42} {
		f.Add(mmtest.Links(f)[i])
	}
	for _, s := range []string{
		"A @ B", "?params={}", `?params={"left":{"left":{},"right":{}}}`, `{"headscope":1,"params":{},"selection":{"path":"left","i":1,"j":2}}`,
		`{"headscope":1,"head":"L5H4","token":3,"atlas":{"trait":"x","x":0.25,"zoom":3},"compare":{"panes":[{"model":"m"},{}],"space":true}}`,
		"0=x&name=0&", "?0.1=3&left=0&h=1", `{"cam":{"x":1,"target":{"y":2}},"folder":{"a":[{}]}}`, "?params=%7b%", `{"name":"A @ B","left":{"name":"é"}}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		// The text is what is pasted, and also the content of the file it may name.
		content := func(string) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }
		s, err := Open(text, content)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Fatalf("the error is no line: %v", err)
			}
			return
		}
		file, err := s.File()
		if err != nil {
			t.Fatal(err)
		}
		again, err := readFile(io.NopCloser(bytes.NewReader(file)), "again")
		if err != nil {
			t.Fatalf("%v in %s", err, file)
		}
		if twice, err := again.File(); err != nil || !bytes.Equal(file, twice) {
			t.Fatalf("%s\nbecame\n%s\n%v", file, twice, err)
		}
		if _, err := expr.Parse(s.Root.String()); err != nil && !strings.Contains(err.Error(), "give its parts names") {
			t.Fatal(err)
		}
		link, err := s.Link(Compressed)
		if err != nil {
			return // a key it cannot hold
		}
		if again, err = Open(link, Files); err != nil {
			t.Fatalf("%v in %s", err, link)
		}
		if twice, err := again.Link(Compressed); err != nil || link != twice {
			t.Fatalf("%s\nbecame\n%s\n%v", link, twice, err)
		}
	})
}
