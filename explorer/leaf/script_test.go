package leaf_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"headscope/explorer/expr"
	"headscope/explorer/leaf"
)

func script(text string, h, w int) *expr.Node {
	n := node("expr", h, w)
	n.Expr = text
	return n
}

func TestScripts(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for text, want := range map[string]func(i, j, h, w float64) float64{
		"(i + j) % 2 ? 1 : -1":   func(i, j, h, w float64) float64 { return 2*math.Mod(i+j, 2) - 1 },
		"Math.sin(i/10)":         func(i, j, h, w float64) float64 { return math.Sin(i / 10) },
		"i == j ? 1 : 0":         func(i, j, h, w float64) float64 { return truth(i == j) },
		"i === j":                func(i, j, h, w float64) float64 { return truth(i == j) },
		"i * w + j - h;":         func(i, j, h, w float64) float64 { return i*w + j - h },
		"i // the row":           func(i, j, h, w float64) float64 { return i },
		"i\n+ /* and */\nj ; ; ": func(i, j, h, w float64) float64 { return i + j },
		"1 / 3":                  func(i, j, h, w float64) float64 { return 1.0 / 3 },
		"j / i":                  func(i, j, h, w float64) float64 { return j / i },
		"-1 / 0":                 func(i, j, h, w float64) float64 { return -inf },
		"NaN":                    func(i, j, h, w float64) float64 { return nan },
		"1e300":                  func(i, j, h, w float64) float64 { return inf },
		"isNaN(undefined)":       func(i, j, h, w float64) float64 { return 1 },
		"i, j":                   func(i, j, h, w float64) float64 { return j },
		"[3, -1, 4][j % 3]":      func(i, j, h, w float64) float64 { return []float64{3, -1, 4}[int(j)%3] },
		"[1, 4].includes(j)":     func(i, j, h, w float64) float64 { return truth(j == 1 || j == 4) },
		"[i, j, 2].map(x => x * x).reduce((a, b) => a + b)":                      func(i, j, h, w float64) float64 { return i*i + j*j + 4 },
		"(() => { let s = 0; for (let k = 0; k <= j; k++) s += k; return s })()": func(i, j, h, w float64) float64 { return j * (j + 1) / 2 },
		"(function f(n) { return n < 2 ? n : f(n - 1) + f(n - 2) })(10)":         func(i, j, h, w float64) float64 { return 55 },
		"(n => { var c = 0; do { c += 2; if (c > 9) break } while (true); switch (n) { case 0: return c; default: return -c } })(i)": func(i, j, h, w float64) float64 {
			return 10 * (2*truth(i == 0) - 1)
		},
		"//# sourceMappingURL=nowhere.map\n1": func(i, j, h, w float64) float64 { return 1 },
		"1 //# sourceMappingURL=nowhere.map":  func(i, j, h, w float64) float64 { return 1 },
	} {
		const h, w = 3, 5
		v := values(t, &leaf.Source{}, script(text, h, w))
		for k, got := range v {
			i, j := k/w, k%w
			if want := float32(want(float64(i), float64(j), h, w)); got != want && !(got != got && want != want) {
				t.Errorf("%s at (%d, %d): %v, want %v", text, i, j, got, want)
			}
		}
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func TestMathRandomIsUniform(t *testing.T) {
	sum := 0.0
	for _, v := range values(t, &leaf.Source{Seed: 9}, script("Math.random()", 100, 100)) {
		if v < 0 || v > 1 {
			t.Fatalf("%v is not from 0 to 1", v)
		}
		sum += float64(v)
	}
	if mean := sum / 1e4; math.Abs(mean-0.5) > 0.02 {
		t.Errorf("mean %v, want 0.5", mean)
	}
}

// Every text ends in an error that says what and where.
func TestBadScripts(t *testing.T) {
	for text, want := range map[string][]string{
		"":                                       {"empty"},
		" ; ":                                    {"empty"},
		"i +":                                    {`"i +"`, "too early"},
		"i $ j":                                  {"line 1, column 3"},
		"i +\n* j":                               {"line 2, column 1"},
		"(i":                                     {"too early"},
		"1) + (2":                                {"line 1, column 2"},
		"1] + 0[2":                               {"single expression"},
		"1][2":                                   {"single expression"},
		"1]; return 0[2":                         {"single expression"},
		"1] }), (function () { return 0[2":       {"single expression"},
		"if (i) 1":                               {"column 1"},
		"i j":                                    {"line 1, column 3"},
		"010":                                    {"expression"},
		"foo + i":                                {"at (0, 0)", "foo is not defined"},
		"i + j < 3 ? 1 : foo":                    {"at (1, 2)", "foo"},
		"s = i":                                  {"s is not defined"},
		"null.x":                                 {".x", "column 6"},
		"undefined.length":                       {"at (0, 0)", "TypeError"},
		"(() => { throw 7 })()":                  {"at (0, 0)", "throws 7"},
		"(() => { throw [1] })()":                {"at (0, 0)", "throws an array"},
		"(() => { throw undefined })()":          {"throws undefined"},
		"(() => {})()":                           {"at (0, 0)", "undefined"},
		"j ? null : 1":                           {"at (0, 1)", "null"},
		"[1]":                                    {"array"},
		"i => i":                                 {"function"},
		"Math":                                   {"expected a number"},
		"[1] + [2]":                              {"TypeError"},
		"Math.sin + 1":                           {"TypeError"},
		"(() => 1) + Math":                       {"TypeError"},
		"Math.sine(i)":                           {".sine", "column 6"},
		"const x = 1":                            {"column 1"},
		`"text"`:                                 {"string literal"},
		"`${i}`":                                 {"template literal"},
		"/a/":                                    {"reg exp literal"},
		"({})":                                   {"object literal"},
		"10n ** 10n":                             {"bigint literal", "line 1, column 1"},
		"typeof i":                               {"unary expression"},
		"this":                                   {"this expression"},
		"new Array(3)":                           {"new expression"},
		"class {}":                               {"class literal"},
		"async () => 1":                          {"arrow function literal"},
		"(function* () {})()":                    {"function literal"},
		"Math.max(...[1, 2])":                    {"spread element"},
		"([a] = [1])":                            {"assign expression"},
		"(([a]) => a)([1])":                      {"array pattern"},
		"(a => { a[9e9] = 1 })([])":              {"assign expression"},
		"(a => { a[0]++ })([])":                  {"unary expression"},
		"(a => { a.length = 9e9 })([])":          {"assign expression"},
		"(() => { try { f() } catch { } })()":    {"try statement"},
		"(() => { for (const k of [1]) ; })()":   {"for of statement"},
		"(() => { for (const k in [1]) ; })()":   {"for in statement"},
		"Math.constructor(1)":                    {".constructor"},
		"(f => f.constructor)(Math.sin)":         {".constructor"},
		"[].push(1)":                             {".push"},
		"Math.max.apply(0, [1])":                 {".apply"},
		"eval(1)":                                {"eval is not defined"},
		"Function(1)":                            {"Function is not defined"},
		"Array(9)":                               {"Array is not defined"},
		"Date()":                                 {"Date is not defined"},
		"globalThis":                             {"globalThis is not defined"},
		strings.Repeat("i + ", 5000) + "i":       {"20001 bytes", "expected at most"},
		"(" + strings.Repeat("!", 8000) + "foo)": {"foo is not defined"},
		strings.Repeat("(", 4000) + "foo" + strings.Repeat(")", 4000): {"foo is not defined"},
		strings.Repeat("[", 4000) + strings.Repeat("]", 4000):         {"array"},
		strings.Repeat("(()=>", 1600) + "1":                           {"too early"},
		"foo\x00":                                                     {"line 1"},
		"\xff":                                                        {"line 1"},
	} {
		fails(t, &leaf.Source{}, script(text, 2, 3), append(want, `leaf "A": `)...)
	}
}

// What would take a machine down ends in an error.
func TestRunawayScripts(t *testing.T) {
	for text, want := range map[string]string{
		`"x".repeat(1e9)`:                                         ".repeat",
		"new Array(1e9).fill(0)":                                  ".fill",
		"Array(1e9).fill(0)":                                      ".fill",
		"new Uint8Array(1e9)":                                     "cannot be used",
		"2n ** 1000000000n":                                       "cannot be used",
		"(() => { const a = []; for (;;) a.push(1) })()":          ".push",
		"(() => { let a = [1]; for (;;) a = [a, a] })()":          "MiB",
		"(() => { let f = 0; for (;;) f = (g => () => g)(f) })()": "MiB",
		"(function f() { return f() })()":                         "calls go more than 1000 deep",
		"(function f() { return [1].map(f) })()":                  "calls go more than 1000 deep",
	} {
		fails(t, &leaf.Source{Timeout: time.Minute}, script(text, 2, 2), want)
	}
	for _, text := range []string{
		"(() => { while (true); })()",
		"(() => { for (;;) [1, 2, 3].map(x => x) })()",
		"[1].map(() => { for (;;); })",
	} {
		s := &leaf.Source{Timeout: 30 * time.Millisecond}
		fails(t, s, script(text, 2, 2), "at (0, 0)", "took longer than 30ms")
		fails(t, s, script("i + j < 2 ? 1 : "+text, 2, 2), "at (1, 1)", "took longer than 30ms")
	}
	fails(t, &leaf.Source{Timeout: time.Millisecond}, script("Math.sin(i + j)", 5000, 5000), "took longer than 1ms")
}

// Much garbage is not much memory.
func TestGarbageDoesNotCount(t *testing.T) {
	text := "(() => { let s = 0; for (let k = 0; k < 1e6; k++) s += [k, k, k, k, k, k, k, k, k, k, k, k, k, k, k, k].length; return s })()"
	if v := values(t, &leaf.Source{Timeout: time.Minute}, script(text, 1, 1)); v[0] != 16e6 {
		t.Errorf("%v, want 16e6", v[0])
	}
}

func TestScriptIsCancelled(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := (&leaf.Source{Timeout: time.Minute}).Values(ctx, script("(() => { for (;;); })()", 1, 1))
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, want that the deadline is over", err)
	}
}

func FuzzScript(f *testing.F) {
	for _, text := range []string{
		"(i + j) % 2 ? 1 : -1", "Math.sin(i/10)", "[1, 2][j]", "(() => { let s = 0; for (let k = 0; k < 9; k++) s += k; return s })()",
		"(function f(n) { return n ? f(n - 1) : 0 })(3)", "(x => { switch (x) { case 1: throw x; default: return -x } })(i)", "a: 1", "i?.x",
		"(() => { l: while (1) { break l } })()", "0x1f | 0b1", "i ?? j", "(a, b = 2, ...c) => a", "1n", "`a`", "/a/g", "'a'", "({a: 1})", "arguments[0]",
		"1); (2", "//# sourceMappingURL=data:x", "\\u0061", "new.target", "super.x", "await 1", "yield", "x = 1", "i++",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := &leaf.Source{Timeout: 100 * time.Millisecond}
		v, err := s.Values(t.Context(), script(text, 2, 3))
		if (err == nil) != (len(v) == 6) {
			t.Fatalf("%d values and the error %v", len(v), err)
		}
		if err != nil && strings.ContainsAny(err.Error(), "\n\r") {
			t.Errorf("%q is more than one line", err)
		}
	})
}

func BenchmarkScript(b *testing.B) {
	n := script("Math.sin(i/10) + (i == j ? 1 : 0)", 1000, 1000)
	for b.Loop() {
		values(b, &leaf.Source{}, n)
	}
}
