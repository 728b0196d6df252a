package session

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"regexp"
	"strings"
)

// Page is where mm runs: links are queries to it.
const Page = "https://bhosmer.github.io/mm/index.html"

// Source opens what a session names: a path, or a URL.
type Source func(name string) (io.ReadCloser, error)

// Files is the [Source] of paths and file: URLs. It does not go to the network.
func Files(name string) (io.ReadCloser, error) {
	if u, err := url.Parse(name); err == nil && u.Scheme == "file" {
		name = u.Path
	} else if isURL(name) {
		return nil, fmt.Errorf("%s is not on this machine: allow fetching it, or save it and name the file", show(name))
	}
	return os.Open(name)
}

func isURL(s string) bool { return webURL.MatchString(s) }

var webURL = regexp.MustCompile(`^(?i)https?://`)

// Open reads a session from what a user gives: a link, or its query alone; the path or URL
// of a JSON file, with mm's params or of [Session.File]; an expression, which is what has an @ and
// is no file; the name of a built-in session ([Builtin]), if no file has it; nothing, for
// the default. Files are opened through source.
func Open(text string, source Source) (*Session, error) {
	text = strings.TrimSpace(text)
	if len(text) > MaxBytes {
		return nil, fmt.Errorf("the session has %d bytes, expected at most %d", len(text), MaxBytes)
	}
	if text == "" {
		return Default(), nil
	}
	if bareQuery.MatchString(text) {
		return openQuery(strings.TrimPrefix(text, "?"), "", source)
	}
	if isURL(text) || strings.HasPrefix(text, "file:") {
		text, _, _ = strings.Cut(text, "#")
		page, query, isLink := strings.Cut(text, "?")
		if isLink || !strings.HasSuffix(page, ".json") && isURL(page) {
			return openQuery(query, page, source)
		}
		return openFile(page, source)
	}
	f, err := source(text)
	switch {
	case err == nil:
		return readFile(f, text)
	case errors.Is(err, fs.ErrPermission):
	case strings.Contains(text, "@"):
		return FromExpression(text)
	case IsBuiltin(text):
		return Builtin(text, Shape{})
	}
	return nil, fmt.Errorf("%.80q is no link, no expression such as A @ B, none of the sessions %s, and no file: %w",
		text, list(builtinNames()), cause(err))
}

// bareQuery tells a query without a page from a path and from an expression such as 1=A@B.
var bareQuery = regexp.MustCompile(`^(\?|params=|config=|[0-9]+(\.[0-9]+)?=[^&]*&)`)

// show prints a name for an error of one line: as it is if it is short and plain.
func show(name string) string {
	if quoted := fmt.Sprintf("%.200q", name); quoted != `"`+name+`"` {
		return quoted
	}
	return name
}

// cause is an error of the file system without the path.
func cause(err error) error {
	var at *os.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

func openFile(name string, source Source) (*Session, error) {
	f, err := source(name)
	if err != nil {
		return nil, fmt.Errorf("cannot read the session %s: %w", show(name), cause(err))
	}
	return readFile(f, name)
}

// readFile reads a JSON file, ours or mm's, and closes it.
func readFile(f io.ReadCloser, name string) (*Session, error) {
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("cannot read the session %s: %w", show(name), cause(err))
	}
	if len(data) > MaxBytes {
		return nil, fmt.Errorf("session %s has more than %d bytes", show(name), MaxBytes)
	}
	object, err := decode(data)
	if err != nil {
		return nil, fmt.Errorf("session %s: %w", show(name), err)
	}
	read := fromParams
	if _, ok := object[version]; ok {
		read = fromFile
	}
	s, err := read(object)
	if err != nil {
		return nil, fmt.Errorf("session %s: %w", show(name), err)
	}
	return s, nil
}

// openQuery reads the session of a link, without its question mark. A page is what config=
// is relative to.
func openQuery(query, page string, source Source) (*Session, error) {
	pairs := splitQuery(query)
	numbered := false
	for _, p := range pairs {
		switch {
		case p.key == "params":
			params, err := decode([]byte(p.value))
			if err != nil {
				return nil, fmt.Errorf("the link's params, %w", err)
			}
			return linked(params)
		case p.key == "config":
			return openFile(relative(p.value, page), source)
		}
		numbered = numbered || numbers.MatchString(p.key)
	}
	if len(pairs) == 0 {
		return Default(), nil
	}
	if !numbered {
		return nil, fmt.Errorf("the link has no session: its query begins %.40q, expected params=, config= or numbered pairs", query)
	}
	params, err := readNumbered(pairs)
	if err != nil {
		return nil, fmt.Errorf("the link's %w", err)
	}
	return linked(params)
}

func linked(params map[string]any) (*Session, error) {
	s, err := fromParams(params)
	if err != nil {
		return nil, fmt.Errorf("the link's %w", err)
	}
	return s, nil
}

// relative resolves a name against the page whose link has it.
func relative(name, page string) string {
	base, err := url.Parse(page)
	if err != nil || page == "" {
		return name
	}
	u, err := base.Parse(name)
	if err != nil {
		return name
	}
	return u.String()
}

// splitQuery decodes a query as browsers do: what is no escape stays.
func splitQuery(query string) []pair {
	query, _, _ = strings.Cut(query, "#")
	var pairs []pair
	for part := range strings.SplitSeq(query, "&") {
		if part != "" {
			key, value, _ := strings.Cut(part, "=")
			pairs = append(pairs, pair{unescape(key), unescape(value)})
		}
	}
	return pairs
}

func unescape(s string) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+':
			b = append(b, ' ')
		case c == '%' && i+2 < len(s):
			decoded, err := hex.AppendDecode(b, []byte(s[i+1:i+3]))
			if err != nil {
				b = append(b, c)
				continue
			}
			b = decoded
			i += 2
		default:
			b = append(b, c)
		}
	}
	return string(bytes.ToValidUTF8(b, []byte("\uFFFD")))
}

func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// Form is one of the forms of a link.
type Form int

// The forms of a link.
const (
	Auto       Form = iota // JSON, or Compressed where that would pass 2,048 characters, as in mm
	JSON                   // params=, with the params as JSON
	Compressed             // numbered pairs
)

const maxJSONLink = 2048

// Link returns the session as a link that opens in mm. It holds what mm understands: the
// expression with its settings, the camera and the diagnostics. The compressed form turns values of unknown
// keys into texts and cannot hold every unknown key; the error says which.
func (s *Session) Link(form Form) (string, error) {
	if form != Compressed {
		var b bytes.Buffer
		if err := nest(s.keys()).write(&b, nil); err != nil {
			return "", err
		}
		link := Page + "?params=" + escape(b.String())
		if form == JSON || len(link) <= maxJSONLink {
			return link, nil
		}
	}
	pairs, err := writeNumbered(s.keys())
	if err != nil {
		return "", err
	}
	parts := make([]string, len(pairs))
	for i, p := range pairs {
		parts[i] = escape(p.key) + "=" + escape(p.value)
	}
	return Page + "?" + strings.Join(parts, "&"), nil
}
